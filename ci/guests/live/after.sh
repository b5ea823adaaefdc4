# SPDX-License-Identifier: BSD-2-Clause-Patent
# Runs on the host after the packages have been installed into the system in folder $1.
set -eu
# What packages enabled although they were told not to; the socket of ssh and the network are for every role.
rm -rf "$1"/etc/systemd/system/*.wants
chroot "$1" systemctl --quiet enable systemd-networkd ssh.socket
chroot "$1" systemctl --quiet disable systemd-networkd-wait-online
# What is for a system that is installed once and then lives, or for devices and tools that no role has. Each unit left
# out is a quarter of a second of an emulated processor at each start.
chroot "$1" systemctl --quiet mask systemd-pstore.service systemd-hwdb-update.service ldconfig.service \
  systemd-journal-catalog-update.service systemd-update-done.service systemd-random-seed.service \
  systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-machine-id-commit.service \
  systemd-firstboot.service systemd-sysusers.service systemd-repart.service systemd-boot-system-token.service \
  systemd-journal-flush.service systemd-network-generator.service systemd-remount-fs.service \
  systemd-sysctl.service systemd-modules-load.service systemd-tmpfiles-setup-dev.service kmod-static-nodes.service \
  getty-static.service modprobe@.service dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount \
  sys-kernel-tracing.mount sys-kernel-config.mount sys-fs-fuse-connections.mount e2scrub_reap.service \
  e2scrub_all.timer fstrim.timer dpkg-db-backup.timer
# Each start is a machine of its own: it makes its own identity and its own host key.
: >"$1/etc/machine-id"
rm -f "$1"/etc/ssh/ssh_host_*
# What was only needed to install.
rm -rf "$1"/var/cache/apt "$1"/var/lib/apt/lists "$1"/var/log/apt "$1"/var/log/*.log
