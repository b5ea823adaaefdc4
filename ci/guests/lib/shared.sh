# SPDX-License-Identifier: BSD-2-Clause-Patent
# shellcheck shell=sh
#
# The shared memories of a guest: the ranges of its NFIT, as block devices.

# How many there are: a header of 40 bytes, then 56 for each.
shared_expected() {
  bytes=$(cat /sys/firmware/acpi/tables/NFIT 2>/dev/null | wc -c)
  [ "$bytes" -lt 40 ] && echo 0 || echo $(((bytes - 40) / 56))
}

shared_names() {
  for device in /sys/block/pmem*; do
    [ ! -e "$device" ] || echo "${device##*/}"
  done
}

# Drivers find them in the background; one that is missing after ten seconds shows as such in the report.
wait_for_shared() {
  waited=0
  while [ "$(shared_names | wc -l)" -lt "$(shared_expected)" ] && [ $waited -lt 40 ]; do
    modprobe -q -a nfit nd_pmem 2>/dev/null
    sleep 0.25
    waited=$((waited + 1))
  done
}
