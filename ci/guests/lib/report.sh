# SPDX-License-Identifier: BSD-2-Clause-Patent
# shellcheck shell=sh
#
# What a guest says of the machine it woke up on.  Needs json.sh, disks.sh and shared.sh.

kernel_parameter() {
  tr ' ' '\n' </proc/cmdline | sed -n "s/^$1=//p" | tail -n 1
}

boot_id() {
  cat /proc/sys/kernel/random/boot_id
}

uptime_seconds() {
  read -r up idle </proc/uptime
  echo "$up"
}

# The PCI functions in sysfs, one a line: address, vendor, device, class, kind of interrupts, driver, interrupt numbers.
pci_lines() {
  for function in /sys/bus/pci/devices/*; do
    [ -e "$function/vendor" ] || continue
    read -r vendor <"$function/vendor"
    read -r device <"$function/device"
    read -r class <"$function/class"
    driver=-
    while IFS='=' read -r key value; do
      [ "$key" != DRIVER ] || driver=$value
    done <"$function/uevent"
    kind=none
    numbers=
    for line in "$function"/msi_irqs/*; do
      [ -e "$line" ] || continue
      read -r kind <"$line"
      numbers="$numbers ${line##*/}"
    done
    echo "${function##*/} $vendor $device $class $kind $driver$numbers"
  done
}

pci_functions() {
  pci_lines | awk '
    FILENAME != "-" { for (i = 2; $i ~ /^[0-9]+$/; i++) sums[$1] += $i; next }
    {
      count = 0
      for (i = 7; i <= NF; i++) count += sums[$i ":"]
      printf "%s{\"address\":\"%s\",\"vendor\":\"%s\",\"device\":\"%s\",", separator, $1, $2, $3
      printf "\"class\":\"%s\",\"interrupts\":\"%s\",", $4, $5
      printf "\"driver\":\"%s\",\"count\":%d}", ($6 == "-" ? "" : $6), count
      separator = ","
    }' /proc/interrupts -
}

# Network interfaces other than the loop.
network_names() {
  for interface in /sys/class/net/*; do
    [ -e "$interface/device" ] && echo "${interface##*/}"
  done
}

network() {
  separator=
  for interface in $(network_names); do
    printf '%s{"name":"%s","mac":"%s","addresses":%s}' "$separator" "$interface" \
      "$(cat "/sys/class/net/$interface/address")" \
      "$(ip -4 addr show dev "$interface" | sed -n 's/^ *inet \([0-9.]*\).*/\1/p' | json_lines)"
    separator=,
  done
}

# Interrupts by message: one count per online processor.
interrupts() {
  awk '
    NR == 1 { processors = NF; next }
    /MSI/ {
      irq = $1
      sub(/:$/, "", irq)
      counts = ""
      for (i = 2; i < 2 + processors; i++) counts = counts (i > 2 ? "," : "") $i
      printf "%s{\"irq\":\"%s\",\"name\":\"%s\",\"chip\":\"%s\",\"counts\":[%s]}", separator, irq, $NF, $i, counts
      separator = ","
    }' /proc/interrupts
}

# The UARTs the kernel drives; those it merely reserved a name for have no port.
uarts() {
  separator=
  for uart in /sys/class/tty/ttyS*; do
    [ -r "$uart/port" ] && read -r port <"$uart/port" || continue
    case "$port" in ''|0x0|0) continue ;; esac
    read -r irq <"$uart/irq"
    printf '%s{"name":"%s","port":"%s","irq":%s}' "$separator" "${uart##*/}" "$port" "$irq"
    separator=,
  done
}

dmi() {
  separator=
  for name in sys_vendor product_name product_version product_serial product_uuid product_family \
    board_name chassis_type bios_vendor bios_version bios_date; do
    [ -r "/sys/class/dmi/id/$name" ] || continue
    printf '%s"%s":%s' "$separator" "$name" "$(json_file "/sys/class/dmi/id/$name")"
    separator=,
  done
}

# What this machine looks like from inside, as one JSON object.
report() {
  disk_test=$(disk_tests)
  printf '{"boot":"%s","up":%s,' "$(boot_id)" "$(uptime_seconds)"
  printf '"kernel":%s,"version":%s,' "$(uname -r | json_string)" "$(uname -v | json_string)"
  printf '"system":%s,' "$(sed -n 's/^PRETTY_NAME="\(.*\)"/\1/p' /etc/os-release 2>/dev/null | json_string)"
  printf '"realtime":%s,' "$(json_boolean grep -q PREEMPT_RT /proc/version)"
  printf '"cpus_online":%s,' "$(grep -c '^processor' /proc/cpuinfo)"
  printf '"apic_ids":[%s],' "$(sed -n 's/^apicid[^0-9]*//p' /proc/cpuinfo | tr '\n' ',' | sed 's/,$//')"
  printf '"mem_total_kib":%s,' "$(sed -n 's/^MemTotal:[^0-9]*\([0-9]*\).*/\1/p' /proc/meminfo)"
  printf '"iomem":%s,' "$(grep '^[^ ].*System RAM' /proc/iomem | json_lines)"
  printf '"shared":[%s],"nfit":%s,' "$(shared_memories)" "$(json_boolean test -e /sys/firmware/acpi/tables/NFIT)"
  printf '"persistent":%s,' "$(grep 'Persistent Memory' /proc/iomem | json_lines)"
  printf '"pci":[%s],"disks":[%s],"network":[%s],' "$(pci_functions)" "$(disks)" "$(network)"
  printf '"disk_test":[%s],"interrupts":[%s],' "$disk_test" "$(interrupts)"
  printf '"consoles":%s,"uarts":[%s],' "$(json_lines </proc/consoles)" "$(uarts)"
  printf '"framebuffer":%s,' "$(json_file /sys/class/graphics/fb0/name)"
  printf '"efi":%s,' "$(json_boolean test -d /sys/firmware/efi)"
  printf '"clocksource":%s,' "$(json_file /sys/devices/system/clocksource/clocksource0/current_clocksource)"
  printf '"dmi":{%s},"product":%s,' "$(dmi)" "$(json_file /sys/class/dmi/id/product_name)"
  printf '"cmdline":%s,' "$(json_file /proc/cmdline)"
  # <N> in front of a raw line: N modulo 8 is the level, 4 a warning, less is worse.
  printf '"warnings":%s}' "$(dmesg -r | awk -F '[<>]' '/^<[0-9]+>/ && $2 % 8 <= 4' |
    sed 's/^<[0-9]*>//' | tail -n 60 | json_lines)"
}

# A kernel message in the middle of a report would spoil it, so the kernel says only
# what is fatal until the UART has sent everything (stty waits for that).
emit_report() {
  text=$(report)
  dmesg -n 1
  event MRM-GUEST "$text"
  stty echo </dev/console
  dmesg -n 4
}

emit_boot() {
  event MRM-BOOT "{\"boot\":\"$(boot_id)\",\"up\":$(uptime_seconds)}"
}

wait_a_second() {
  sleep 1
}

# While /run/ticks exists.
ticker() {
  boot=$(boot_id)
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
      report
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
