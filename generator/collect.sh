#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause-Patent
#
# Collects the facts of a machine for `python -m generator scan --from`.  Runs on any Linux that has a POSIX
# shell and cat, ls, mkdir, rm (busybox will do), changes nothing, needs root to see everything.
#
#   sh collect.sh [NAME]
#
# writes NAME.tar.gz, NAME.tar where gzip is missing, or the folder NAME where tar is missing as well.
# NAME is mrm-collection by default.  Symbolic links become text files NAME.link; what could not be read
# is listed in unreadable.txt.  Serial numbers of NVMe drives are collected, and the UUID of the machine, by which
# MRM knows it again; its serial numbers are not.

set -u
LC_ALL=C
export LC_ALL
umask 077

name=${1:-mrm-collection}
case $name in
  /*) ;;
  *) name=$PWD/$name ;;
esac
if [ -e "$name" ] || [ -e "$name.tar" ] || [ -e "$name.tar.gz" ]; then
  echo "collect.sh: $name is there already: remove it or give another name" >&2
  exit 1
fi
# Tests collect from a tree that looks like a machine.
root=${MRM_COLLECT_ROOT:-}

# Half a collection is of no use, and keeps the next one from its name.
trap 'rm -rf "$name" "$name.tar"; echo "collect.sh: interrupted" >&2; exit 1' HUP INT TERM

mkdir -p "$name" || exit 1
: >"$name/unreadable.txt" || exit 1
if ! : >"$name/a:b" 2>/dev/null; then
  echo "collect.sh: the file system of $name does not take names with a colon: use another folder" >&2
  exit 1
fi
rm -f "$name/a:b"

have() {
  command -v "$1" >/dev/null 2>&1
}

# Folder of a path, without the program dirname.
folder_of() {
  folder=${1%/*}
  [ -d "$name/$folder" ] || mkdir -p "$name/$folder"
}

# file PATH: copy one file; many in sysfs are there and give an error when read.
file() {
  [ -f "$root/$1" ] || return 0
  folder_of "$1"
  if ! cat "$root/$1" >"$name/$1" 2>/dev/null; then
    rm -f "$name/$1"
    [ -r "$root/$1" ] || echo "/$1" >>"$name/unreadable.txt"
  fi
}

# files FOLDER NAME...: copy those that are there.
files() {
  from=$1
  shift
  for each in "$@"; do
    file "$from/$each"
  done
}

# link PATH: write down where a symbolic link leads.
link() {
  [ -L "$root/$1" ] || return 0
  folder_of "$1"
  if have readlink; then
    readlink "$root/$1" >"$name/$1.link"
  else
    line=$(ls -ld "$root/$1")
    echo "${line##* -> }" >"$name/$1.link"
  fi
}

# entries FOLDER: names in a folder, by the shell itself.
entries() {
  for entry in "$root/$1"/*; do
    [ -e "$entry" ] || [ -L "$entry" ] || continue
    echo "${entry##*/}"
  done
}

# Only tables that are read: some others hold licence keys.
tables() {
  for table in $(entries sys/firmware/acpi/tables); do
    case $table in
      APIC* | FACP* | MCFG* | SRAT* | SLIT* | SPCR* | DBG2* | HPET* | DMAR* | IVRS* | WDAT*)
        file "sys/firmware/acpi/tables/$table"
        ;;
    esac
  done
}

memory_map() {
  for range in $(entries sys/firmware/memmap); do
    files "sys/firmware/memmap/$range" start end type
  done
  file proc/iomem
}

processors() {
  file proc/cpuinfo
  files sys/devices/system/cpu/smt active control
  files sys/devices/system/cpu online present possible
  for cpu in $(entries sys/devices/system/cpu); do
    case $cpu in
      cpu[0-9]*)
        files "sys/devices/system/cpu/$cpu" online
        files "sys/devices/system/cpu/$cpu/topology" physical_package_id die_id core_id thread_siblings_list
        ;;
    esac
  done
  for node in $(entries sys/devices/system/node); do
    case $node in
      node[0-9]*) files "sys/devices/system/node/$node" cpulist distance ;;
    esac
  done
}

pci() {
  for function in $(entries sys/bus/pci/devices); do
    path=sys/bus/pci/devices/$function
    files "$path" config resource reset_method numa_node class vendor device
    link "$path/physfn"
    link "$path/iommu_group"
  done
  for bridge in $(entries sys/devices); do
    case $bridge in
      pci*) files "sys/devices/$bridge/firmware_node" uid hid path ;;
    esac
  done
  for drive in $(entries sys/class/nvme); do
    files "sys/class/nvme/$drive" serial address model
  done
}

uarts() {
  for terminal in $(entries sys/class/tty); do
    case $terminal in
      ttyS*)
        files "sys/class/tty/$terminal" port irq type
        link "sys/class/tty/$terminal/device"
        ;;
    esac
  done
  for device in $(entries sys/bus/pnp/devices); do
    files "sys/bus/pnp/devices/$device" id resources
  done
}

firmware() {
  files sys/firmware/efi fw_platform_size systab
  files sys/class/dmi/id sys_vendor product_name product_version product_uuid bios_vendor \
    bios_version bios_date board_name
  # The ESP is what matters, not what else is mounted.
  if [ -r "$root/proc/mounts" ]; then
    mkdir -p "$name/proc"
    while read -r device where kind rest; do
      [ "$kind" != vfat ] || echo "$device $where $kind ${rest%% *}"
    done <"$root/proc/mounts" >"$name/proc/mounts"
  fi
  if [ -r "$root/proc/self/mountinfo" ]; then
    mkdir -p "$name/proc/self"
    while read -r line; do
      case $line in
        *' - vfat '*) echo "$line" ;;
      esac
    done <"$root/proc/self/mountinfo" >"$name/proc/self/mountinfo"
  fi
  # What arrays and mapped devices are made of.
  for block in $(entries sys/class/block); do
    link "sys/class/block/$block"
    files "sys/class/block/$block" dev dm/name
    for member in $(entries "sys/class/block/$block/slaves"); do
      link "sys/class/block/$block/slaves/$member"
    done
  done
  for drive in $(entries sys/devices/virtual/nvme-subsystem); do
    for controller in $(entries "sys/devices/virtual/nvme-subsystem/$drive"); do
      link "sys/devices/virtual/nvme-subsystem/$drive/$controller"
    done
  done
  file proc/version
}

# A few lines of the kernel's log: all of it tells more about its owner than is needed.
kernel_log() {
  have dmesg || return 0
  if ! dmesg >"$name/all.txt" 2>/dev/null; then
    rm -f "$name/all.txt"
    echo /dev/kmsg >>"$name/unreadable.txt"
    return 0
  fi
  while read -r line; do
    case $line in
      *'Linux version'* | *[xX]2apic* | *'APIC routing'*) echo "$line" ;;
    esac
  done <"$name/all.txt" >"$name/dmesg.txt"
  rm -f "$name/all.txt"
}

tables
memory_map
processors
pci
uarts
firmware
[ -n "$root" ] || kernel_log
{
  echo 'format 1'
  have id && echo "user $(id -u)"
  have uname && echo "system $(uname -srm)"
} >"$name/collection.txt" 2>/dev/null

# The archive has one folder on top, whatever path was given, and collection.txt last: with it, all of it is there.
folder=${name##*/}
cd "${name%/*}" || exit 1
made=
set --
for each in "$folder"/*; do
  [ "$each" = "$folder/collection.txt" ] || set -- "$@" "$each"
done
if have tar && tar -cf "$folder.tar" "$@" "$folder/collection.txt" 2>/dev/null; then
  made=$folder.tar
  if have gzip && gzip -f "$folder.tar" 2>/dev/null; then
    made=$folder.tar.gz
  fi
fi
if [ -n "$made" ]; then
  rm -rf "$folder"
  echo "${name%/*}/$made"
else
  rm -f "$folder.tar"
  echo "$name"
fi
