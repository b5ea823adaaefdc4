# SPDX-License-Identifier: BSD-2-Clause-Patent
# Runs on the host after the packages have been installed into the system in folder $1.
set -eu
uuid=4d524d20-6465-6269-616e-20726f6f7430
# Kernel parameters are put in place of the word when a disk is made (ci/images/debian.py).
mkdir -p "$1/etc/default/grub.d" "$1/boot/grub" "$1/boot/efi"
cat >"$1/etc/default/grub.d/mrm.cfg" <<EOF
# What this system needs as a partition of MRM; the partition's owner keeps it up to date: update-grub.
GRUB_CMDLINE_LINUX="@parameters@"
GRUB_TERMINAL=console
GRUB_TIMEOUT=1
GRUB_RECORDFAIL_TIMEOUT=1
GRUB_DISABLE_OS_PROBER=true
EOF
# GRUB's own script writes grub.cfg; what it would ask of the disk, which does not exist yet, is answered here.
mv "$1/usr/sbin/grub-probe" "$1/usr/sbin/grub-probe.real"
cat >"$1/usr/sbin/grub-probe" <<EOF
#!/bin/sh
for word; do
  case "\$word" in
    --target=device) echo /dev/disk/by-uuid/$uuid ;;
    --target=fs_uuid) echo $uuid ;;
    --target=fs) echo ext2 ;;
    --target=partmap) echo gpt ;;
    --target=partuuid|--target=hints_string|--target=compatibility_hint|--target=abstraction|--target=*) ;;
  esac
done
EOF
chmod 755 "$1/usr/sbin/grub-probe"
mkdir -p "$1/dev/disk/by-uuid"
: >"$1/dev/disk/by-uuid/$uuid"
chroot "$1" update-grub
rm -r "$1/dev/disk"
mv "$1/usr/sbin/grub-probe.real" "$1/usr/sbin/grub-probe"
grep -q "root=UUID=$uuid ro @parameters@" "$1/boot/grub/grub.cfg"
chroot "$1" grub-script-check /boot/grub/grub.cfg

# One kind of host key is enough, and quick to make; the other host keys of the package go.
rm -f "$1"/etc/ssh/ssh_host_*
chroot "$1" ssh-keygen -q -t ed25519 -N '' -C host -f /etc/ssh/ssh_host_ed25519_key
mkdir -p -m 700 "$1/root/.ssh"
chroot "$1" ssh-keygen -q -t ed25519 -N '' -C 'MRM demonstration' -f /root/.ssh/id_ed25519
cp "$1/root/.ssh/id_ed25519.pub" "$1/root/.ssh/authorized_keys"

chroot "$1" systemctl --quiet enable systemd-networkd systemd-resolved
# What waits for something that does not come, or works for the days after the demonstration.
chroot "$1" systemctl --quiet disable systemd-networkd-wait-online e2scrub_reap
chroot "$1" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
  fstrim.timer systemd-pstore.service systemd-hwdb-update.service ldconfig.service
