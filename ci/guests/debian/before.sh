# SPDX-License-Identifier: BSD-2-Clause-Patent
# Runs on the host before packages are installed into the system in folder $1.
set -eu
# The drivers of every disk this system may be put on, and no more: a small initrd is loaded quickly.
mkdir -p "$1/etc/initramfs-tools/conf.d"
echo 'MODULES=list' >"$1/etc/initramfs-tools/conf.d/modules"
printf '%s\n' nvme ahci sd_mod virtio_pci virtio_blk virtio_scsi xhci_pci usb_storage ext4 >"$1/etc/initramfs-tools/modules"
