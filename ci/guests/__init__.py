# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Guests: unmodified Debian kernels with a busybox initrd, from packages that are unpacked, never installed.

`python -m ci.guests` makes for each kernel of `ci/versions.yaml` the folder `Build/guests/<name>/`:

* `vmlinuz`: the kernel, byte for byte from its package;
* `initrd.img`: busybox with all its applets, the modules of `ci/guests/modules.txt` with what they depend on,
  and `ci/guests/init` as the first process;
* `guest.json`: what it was made from.

`packages` downloads, `modules` selects kernel modules, `initrd` writes the archive, `build` joins them.
"""
