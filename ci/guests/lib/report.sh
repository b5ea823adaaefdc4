# SPDX-License-Identifier: BSD-2-Clause-Patent
# shellcheck shell=sh
#
# Reports of a guest, for busybox as for Debian's own tools. $lib is the folder that this file is in, and the program
# `look` (ci/guests/report), which says what the machine looks like.
#
# To start a program costs an emulated machine some 20 ms of its host: so what the shell can do by itself, it does.
#
# Reports are OSC sequences, ESC ] 5380 ; NAME JSON BEL: terminals ignore them, so
# the shell beside them stays usable; whoever holds the line finds them in the
# stream (ci/qemu/console.py).  Names and their JSON:
#   MRM-BOOT   {"boot", "up"}             the guest's user space has begun; boot: id of this boot, up: seconds
#   MRM-GUEST  {"boot", "kernel", ...}    what this machine looks like from inside, see ci/guests/report
#   MRM-TICK   {"boot", "n", "up"}        every second; n counts from 1 in each boot
#   MRM-DONE   {"token", "status"}        command "mrm-done TOKEN STATUS" marks the end of a typed command

# Control sequences that no user of a line editor meets by chance; see above.
event() {
  printf '\033]5380;%s %s\007' "$1" "$2"
}

# The value of kernel parameter $1; the last counts. To be called in a subshell, as in $(...).
kernel_parameter() {
  set -f
  value=
  read -r line </proc/cmdline
  for word in $line; do
    case "$word" in "$1="*) value=${word#*=} ;; esac
  done
  echo "$value"
}

# Network interfaces other than the loop.
network_names() {
  for interface in /sys/class/net/*; do
    [ -e "$interface/device" ] && echo "${interface##*/}"
  done
}

# A kernel message in the middle of a report would spoil it, so the kernel says only
# what is fatal until the UART has sent everything (stty waits for that).
emit_report() {
  text=$("$lib/look")
  dmesg -n 1
  event MRM-GUEST "$text"
  stty echo </dev/console
  dmesg -n 4
}

emit_boot() {
  read -r boot </proc/sys/kernel/random/boot_id
  read -r up idle </proc/uptime
  event MRM-BOOT "{\"boot\":\"$boot\",\"up\":$up}"
}

wait_a_second() {
  sleep 1
}

# While /run/ticks exists.
ticker() {
  read -r boot </proc/sys/kernel/random/boot_id
  n=0
  while :; do
    n=$((n + 1))
    read -r up idle </proc/uptime
    [ -e /run/ticks ] && event MRM-TICK "{\"boot\":\"$boot\",\"n\":$n,\"up\":$up}"
    wait_a_second
  done
}

# A partition of MRM carries its name as serial number of the system (SMBIOS type 1).
machine_name() {
  vendor= serial=
  [ ! -r /sys/class/dmi/id/sys_vendor ] || read -r vendor </sys/class/dmi/id/sys_vendor
  if [ "$vendor" = MRM ]; then
    read -r serial </sys/class/dmi/id/product_serial
    echo "$serial"
  else
    echo bare
  fi
}

# The commands of both kinds of guests besides the system's own.
command_of_name() {
  case "$1" in
    report)
      "$lib/look"
      echo
      ;;
    ticks)
      case "${2:-}" in
        on) : >/run/ticks ;;
        off) rm -f /run/ticks ;;
        *) echo 'usage: ticks on|off'; exit 1 ;;
      esac
      ;;
    panic) echo c >/proc/sysrq-trigger ;;
    mrm-done) event MRM-DONE "{\"token\":\"${2:-}\",\"status\":${3:-0}}" ;;
  esac
}
