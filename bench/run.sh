#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause-Patent
#
# Measures the Linux that it runs on: once in a partition, once on the same PC without MRM, and
# `python -m bench compare bare.jsonl partition.jsonl` sets both beside each other.
#
#     bench/run.sh [-o FILE] [-n ROUNDS] [-t MILLISECONDS] [-p PROCESSOR] [-d DEVICE] [-w PROGRAM] [-x] [ROW...]
#
#   -o  receives the figures, lines of JSON (figures.jsonl)
#   -n  how often each row is measured (15)
#   -t  how long one sample takes at least, in milliseconds (200)
#   -p  the processor that is used (0)
#   -d  a block device that is only read, such as /dev/nvme0n1; needs root
#   -w  the work program, if it is built already; else it is compiled from bench/work
#   -x  also have fio, stress-ng and openssl do work, with awk and taskset (work/tools.sh); what is not installed is
#       left out
#
# Needs: a POSIX shell, uname, sed, grep, and a C compiler (cc) unless there is -w.  A program compiled with -static on
# another PC will do.  Nothing is installed, and nothing but FILE is written.
#
# Measure on a quiet system, with the same kernel, the same processor frequency settings and the same number of
# processors both times.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
output=figures.jsonl rounds=15 time=200 processor=0 device='' program='' tools=''

fail() {
  echo "run.sh: $1" >&2
  exit 2
}

number() {
  case $2 in
    '' | *[!0-9]*) fail "$1 is '$2'; expected a number" ;;
  esac
}

while getopts o:n:t:p:d:w:x letter; do
  case $letter in
    o) output=$OPTARG ;;
    n) rounds=$OPTARG ;;
    t) time=$OPTARG ;;
    p) processor=$OPTARG ;;
    d) device=$OPTARG ;;
    w) program=$OPTARG ;;
    x) tools=yes ;;
    *) sed -n 's/^# \{0,1\}//; 3,23p' "$0" >&2; exit 2 ;;
  esac
done
shift $((OPTIND - 1))
number -n "$rounds"
number -t "$time"
number -p "$processor"

folder=
trap '[ -z "$folder" ] || rm -rf "$folder"' EXIT
if [ -z "$program" ]; then
  command -v cc >/dev/null || fail "there is no C compiler (cc); name a work program that is built already with -w"
  folder=$(mktemp -d)
  program=$folder/work
  (cd "$here/work" && cc -std=gnu11 -O2 ./*.c -o "$program")
fi
[ -x "$program" ] || fail "$program cannot be run"

# A value as text of JSON.
text() {
  printf '%s' "$1" | tr -d '\000-\037' | sed 's/\\/\\\\/g; s/"/\\"/g'
}

# The first line of a file that begins with a name, after its colon.
line_of() {
  sed -n "s/^$1[[:space:]]*:[[:space:]]*//p" "$2" 2>/dev/null | sed -n 1p
}

{
  printf '{"format": 1, "kernel": "%s", "processor": "%s", "processors": %s, "memory": "%s", "efi": %s, ' \
    "$(text "$(uname -sr)")" "$(text "$(line_of 'model name' /proc/cpuinfo)")" \
    "$(grep -c '^processor' /proc/cpuinfo)" "$(text "$(line_of MemTotal /proc/meminfo)")" \
    "$([ -d /sys/firmware/efi ] && echo true || echo false)"
  printf '"board": "%s", "command_line": "%s"}\n' \
    "$(text "$(cat /sys/class/dmi/id/board_name 2>/dev/null || echo unknown)")" "$(text "$(cat /proc/cmdline)")"
} >"$output"

if [ -n "$device" ]; then set -- -d "$device" "$@"; fi
known='stress-cpu stress-matrix stress-switch stress-vm openssl-sha256 openssl-aes'
[ -z "$device" ] || known="fio-4k-random fio-1m-sequential $known"
round=0
while [ "$round" -lt "$rounds" ]; do
  # A row that cannot be done here says so in a line of its own; the others are measured all the same.
  "$program" -t "$time" -p "$processor" "$@" | sed "s/^{/{\"round\": $round, /" >>"$output" || true
  # shellcheck disable=SC2086
  [ -z "$tools" ] || "$here/work/tools.sh" -t "$time" -p "$processor" ${device:+-d "$device"} $known |
    sed "s/^{/{\"round\": $round, /" >>"$output" || true
  round=$((round + 1))
  echo "round $round of $rounds" >&2
done
grep -q '"value"' "$output" || fail "no row could be measured; see $output"
