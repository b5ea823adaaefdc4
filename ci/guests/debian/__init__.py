# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A whole Debian as an owner would install it, without a machine to install it on.

`Build/guests/debian-6.12/` receives `root.tar`, the system that mmdebstrap made from downloaded packages
(`packages`, `root`), and `root.ext4`, the same with the files of `files/` as a file system (`build`); nothing
is mounted. ci/images/debian.py makes disks of it.
"""
