# SPDX-License-Identifier: BSD-2-Clause-Patent
# shellcheck shell=sh
#
# The disks of a guest: which there are, and whether what is written to them can be read again.

# Name of each disk; the paths of a multi-path disk (nvme0c0n1) are not disks.
disk_names() {
  for disk in /sys/block/nvme* /sys/block/sd* /sys/block/vd*; do
    case "${disk##*/}" in
      nvme*c*n*|*'*') ;;
      *) echo "${disk##*/}" ;;
    esac
  done
}

# How many disks are to be expected: one behind each SCSI or NVMe function, one for each ATA or USB drive found.
disks_expected() {
  {
    grep -h '^0x010[08]' /sys/bus/pci/devices/*/class
    grep -h '^ata$' /sys/class/ata_device/*/class
    ls -d /sys/bus/usb/drivers/usb-storage/*:*
  } 2>/dev/null | wc -l
}

# Disks are found in the background: those behind AHCI and USB after a while, all of them, or not at all, within ten
# seconds.  One that is missing shows as such in the report.
wait_for_disks() {
  waited=0
  least=0
  ! grep -q '^0x0106\|^0x0c0330' /sys/bus/pci/devices/*/class 2>/dev/null || least=8
  while [ $waited -lt $least ] || { [ "$(disk_names | wc -l)" -lt "$(disks_expected)" ] && [ $waited -lt 40 ]; }; do
    sleep 0.25
    waited=$((waited + 1))
  done
}

# The device in sysfs that disk $1 hangs on: that of an NVMe subsystem, by however many paths, is its first controller.
disk_device() {
  place=$(readlink -f "/sys/block/$1")
  case "$place" in
    */nvme-subsystem/*)
      for controller in "${place%/*}"/nvme*; do
        case "${controller##*/nvme}" in
          *[!0-9]*) ;;
          *) readlink -f "$controller"; return ;;
        esac
      done ;;
  esac
  echo "$place"
}

# The PCI function disk $1 hangs on.
disk_function() {
  disk_device "$1" | tr '/' '\n' | grep '^[0-9a-f]*:[0-9a-f]*:[0-9a-f]*\.[0-7]$' | tail -n 1
}

# ATA and SCSI disks say their serial number in vital product data, page 0x80; others, or what they hang on (USB), in a
# file of that name.
disk_serial() {
  if [ -r "/sys/block/$1/device/vpd_pg80" ]; then
    tail -c +5 "/sys/block/$1/device/vpd_pg80" | tr -d '\0 ' | json_string
    return
  fi
  place=$(readlink -f "/sys/block/$1")
  while [ "$place" != / ] && [ ! -r "$place/serial" ] && [ ! -r "$place/device/serial" ]; do
    place=$(dirname "$place")
  done
  cat "$place/serial" "$place/device/serial" 2>/dev/null | sed 's/[[:blank:]]*$//' | head -n 1 | json_string
}

disks() {
  separator=
  for disk in $(disk_names); do
    printf '%s{"name":"%s","function":"%s","model":%s,"serial":%s,"size":%s}' "$separator" "$disk" \
      "$(disk_function "$disk")" "$(json_file "/sys/block/$disk/device/model")" "$(disk_serial "$disk")" \
      "$(($(cat "/sys/block/$disk/size") * 512))"
    separator=,
  done
}

# Interrupts that PCI function $1 has delivered by message so far.
function_interrupts() {
  numbers=
  for line in "/sys/bus/pci/devices/$1/msi_irqs"/*; do
    numbers="$numbers ${line##*/}"
  done
  awk -v numbers="$numbers" '
    BEGIN { split(numbers, list, " "); for (i in list) wanted[list[i] ":"] = 1 }
    ($1 in wanted) { for (i = 2; $i ~ /^[0-9]+$/; i++) sum += $i }
    END { print sum + 0 }' /proc/interrupts
}

is_test_area() {
  [ -r "$1" ] && [ "$(head -c 19 "$1" | tr -d '\0')" = 'MRM test disk image' ]
}

# Where on disk $1 may be written: a device that says so, disk or partition, or a file if the root file system is there.
test_area() {
  for area in "/dev/$1" "/dev/$1"p[0-9]* "/dev/$1"[0-9]*; do
    if is_test_area "$area"; then
      echo "$area"
      return
    fi
  done
  case "$(sed -n 's,^/dev/\([^ ]*\) / .*,\1,p' /proc/mounts)" in
    "$1"*)
      dd if=/dev/zero of=/var/tmp/mrm-test bs=1M count=16 2>/dev/null && echo /var/tmp/mrm-test ;;
  esac
}

# Size in MiB of a device or file.
area_size() {
  case "$1" in
    /dev/*)
      read -r sectors <"/sys/class/block/${1##*/}/size"
      echo $((sectors / 2048)) ;;
    *) echo $(($(wc -c <"$1") / 1048576)) ;;
  esac
}

# Writes 512 KiB of random data in four places spread over a test area of disk $1, reads them back past the page
# cache, compares.
test_disk() {
  area=$(test_area "$1")
  if [ -z "$area" ]; then
    printf '{"disk":"%s","ok":false,"bytes":0,"reason":"no MRM test disk: left alone"}' "$1"
    return
  fi
  chunks=4
  bytes=131072
  mebibytes=$(area_size "$area")
  function=$(disk_function "$1")
  before=$(function_interrupts "$function")
  ok=true
  reason=
  dd if=/dev/urandom of=/run/written bs=$bytes count=$chunks 2>/dev/null
  chunk=0
  while [ $chunk -lt $chunks ]; do
    place=$((1 + chunk * (mebibytes - 1) / chunks))
    dd if=/run/written of="$area" bs=$bytes count=1 skip=$chunk seek=$((place * 1048576 / bytes)) conv=notrunc oflag=direct 2>/run/error ||
      { ok=false; reason="write at $place MiB: $(cat /run/error)"; }
    chunk=$((chunk + 1))
  done
  chunk=0
  : >/run/read
  while [ $chunk -lt $chunks ]; do
    place=$((1 + chunk * (mebibytes - 1) / chunks))
    dd if="$area" bs=$bytes count=1 skip=$((place * 1048576 / bytes)) iflag=direct 2>/run/error >>/run/read ||
      { ok=false; reason="read at $place MiB: $(cat /run/error)"; }
    chunk=$((chunk + 1))
  done
  if ! cmp /run/written /run/read 2>/run/error; then
    ok=false
    reason="${reason:-what was read is not what was written: $(cat /run/error)}"
  fi
  rm -f /run/written /run/read /var/tmp/mrm-test
  printf '{"disk":"%s","ok":%s,"bytes":%s,"interrupts":%s,"reason":%s}' "$1" "$ok" $((chunks * bytes)) \
    $(($(function_interrupts "$function") - before)) "$(printf '%s' "$reason" | json_string)"
}

disk_tests() {
  separator=
  for disk in $(disk_names); do
    printf '%s%s' "$separator" "$(test_disk "$disk")"
    separator=,
  done
}
