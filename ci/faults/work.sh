# SPDX-License-Identifier: BSD-2-Clause-Patent
#
# What a partition does while its neighbours fail: keeps its drive and its network busy, checks every byte and
# every answer, and tells the sums every few seconds, as a report called MRM-WORK (see ci/guests/init).  It rests in
# between, as the host has fewer processors than the machine:
#   {"boot", "rounds", "corrupt", "asked", "lost"}   64 KiB blocks written, read back, wrong; echoes asked, lost
disk=$1
gateway=$2
boot=$(cat /proc/sys/kernel/random/boot_id)
rounds=0 corrupt=0 asked=0 lost=0
while :; do
  dd if=/dev/urandom of=/run/work.block bs=64k count=1 2>/dev/null
  dd if=/run/work.block of="$disk" bs=64k seek=$((256 + rounds % 16)) oflag=direct 2>/dev/null
  dd if="$disk" of=/run/work.seen bs=64k count=1 skip=$((256 + rounds % 16)) iflag=direct 2>/dev/null
  rounds=$((rounds + 1))
  cmp -s /run/work.block /run/work.seen || corrupt=$((corrupt + 1))
  if [ -n "$gateway" ]; then
    asked=$((asked + 1))
    ping -c 1 -W 5 "$gateway" >/dev/null 2>&1 || lost=$((lost + 1))
  fi
  printf '\033]5380;MRM-WORK {"boot":"%s","rounds":%d,"corrupt":%d,"asked":%d,"lost":%d}\007' \
    "$boot" "$rounds" "$corrupt" "$asked" "$lost"
  sleep 3
done
