#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause-Patent
#
# Has tools that everybody knows do short pieces of work, and prints a line of JSON for each, as work.c does:
#
#     tools.sh [-t MILLISECONDS] [-p PROCESSOR] [-d DEVICE] ROW...
#
#   -t  how long one sample takes (1000); stress-ng and openssl take whole seconds
#   -p  the processor that is used (0)
#   -d  a block device that fio reads; it writes nothing
#
# Rows: fio-4k-random fio-1m-sequential stress-cpu stress-matrix stress-switch stress-vm openssl-sha256 openssl-aes
#
# Needs: a POSIX shell, awk, taskset, and the tool itself.  The exit status is 0 if each row could be done, 1 if one
# could not, 2 if the arguments are wrong.
set -u

time=1000 processor=0 device=''
while getopts t:p:d: letter; do
  case $letter in
    t) time=$OPTARG ;;
    p) processor=$OPTARG ;;
    d) device=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
case $time$processor in
  *[!0-9]*) echo "tools.sh: -t and -p take numbers" >&2; exit 2 ;;
esac
seconds=$(((time + 999) / 1000))
[ "$seconds" -gt 0 ] || seconds=1

on() {
  taskset "$(printf '%x' $((1 << processor)))" "$@" 2>&1
}

# Four reads at a time, past the page cache; of fio's terse line, version 3, field 7 is KiB/s and field 8 reads a second.
disk() {
  [ -n "$device" ] || { echo "no device was named"; return; }
  on fio --name=bench --readonly --filename="$device" --direct=1 --ioengine=libaio --iodepth=4 "$@" \
    --time_based --runtime="${time}ms" --minimal
}

# The column "bogo ops/s (real time)".
stress() {
  name=$1
  shift
  on stress-ng --"$name" 1 "$@" --timeout "$seconds" --metrics-brief
}

# Blocks of 8 KiB, by the clock on the wall.
crypt() {
  on openssl speed -elapsed -mr -seconds "$seconds" -bytes 8192 -evp "$1"
}

reads='/^3;/ { print $8 }'
kibibytes='/^3;/ { print $7 * 1.024 / 1000 }'
operations='$2 == "metrc:" && $4 == name { print $9 }'
bytes='/^[+]F:/ { print $4 / 1000000 }'

# Prints a row's unit, the separator of the fields of what its tool prints, and what finds the figure there.
meaning() {
  case $1 in
    fio-4k-random) echo '/s ;' "$reads" ;;
    fio-1m-sequential) echo 'MB/s ;' "$kibibytes" ;;
    stress-*) echo '/s -' "$operations" ;;
    openssl-*) echo 'MB/s :' "$bytes" ;;
    *) return 1 ;;
  esac
}

# The work of each is one fixed kind: what a tool's default chooses depends on its version.
do_row() {
  case $1 in
    fio-4k-random) disk --rw=randread --bs=4k --randrepeat=1 ;;
    fio-1m-sequential) disk --rw=read --bs=1m ;;
    stress-cpu) stress cpu --cpu-method int64 ;;
    stress-matrix) stress matrix --matrix-method prod --matrix-size 64 ;;
    stress-switch) stress switch --switch-method pipe ;;
    stress-vm) stress vm --vm-bytes 16m --vm-keep --vm-method write64 ;;
    openssl-sha256) crypt sha256 ;;
    openssl-aes) crypt aes-256-ctr ;;
  esac
}

[ $# -gt 0 ] || { echo "tools.sh: no row was named" >&2; exit 2; }
status=0
for row in "$@"; do
  meant=$(meaning "$row") || { echo "tools.sh: there is no row $row" >&2; exit 2; }
  unit=${meant%% *} meant=${meant#* }
  separator=${meant%% *} program=${meant#* }
  [ "$separator" != - ] || separator=' '
  said=$(do_row "$row")
  value=$(printf '%s\n' "$said" | awk -F "$separator" -v name="${row#stress-}" "$program")
  case $value in
    '' | 0 | 0.00 | *[!0-9.]*)
      said=$(printf '%s' "$said" | tr -d '\000-\037' | tail -c 200 | sed 's/\\/\\\\/g; s/"/\\"/g')
      printf '{"row": "%s", "error": "%s"}\n' "$row" "$said"
      status=1
      ;;
    *) printf '{"row": "%s", "value": %s, "unit": "%s"}\n' "$row" "$value" "$unit" ;;
  esac
done
exit $status
