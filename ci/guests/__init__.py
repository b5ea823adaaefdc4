# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Guests: unmodified Debian systems from packages that are unpacked or installed into an image, never here.

`python -m ci.guests` makes for each kernel of `ci/versions.yaml` the folder `Build/guests/<name>/`:

* `vmlinuz`: the kernel, byte for byte from its package;
* `initrd.img`: busybox with all its applets, the modules of `ci/guests/modules.txt` with what they depend on,
  and `ci/guests/init` as the first process, with `ci/guests/lib` and the program of `ci/guests/report`;
* `guest.json`: what it was made from.

`packages` downloads, `modules` selects kernel modules, `initrd` writes the archive, `build` joins them. The
folder `debian` makes a whole Debian, `loaders` unpacks the boot loaders that start either from a disk.
"""
