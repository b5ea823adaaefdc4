#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause-Patent
#
# Writes a UEFI variable ten times a second at most, each time another value, as long as the file $1 is there; prints
# how often, and the seconds of the clock at its beginning and its end.
# Not more often: at run time EDK2's store keeps the old values until the next boot, and would be full soon.
efivars=/sys/firmware/efi/efivars
file=$efivars/Latency-cfc8fc79-be2e-4ddc-97f0-9f98bfe298a0
count=0
read -r begin _ </proc/uptime
while [ -e "$1" ]; do
  # In one piece: efivarfs takes each write for a value of its own.
  printf '\007\000\000\000%s' $count >/run/value
  dd if=/run/value of=$file bs=200 2>/run/error || { cat /run/error; exit 1; }
  count=$((count + 1))
  sleep 0.1
done
read -r end _ </proc/uptime
echo "WRITES $count $begin $end"
