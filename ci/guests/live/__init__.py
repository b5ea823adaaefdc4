# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A live Debian for the applications: a system in an initrd, told by a kernel parameter what it is to be.

`Build/guests/live-6.12/` receives `root.squashfs`, the system that mmdebstrap made from the packages of
`packages.txt`, and `initrd.img`: the small guest's initrd with that file system, the modules of
`modules.txt`, the files of `files/`, the roles of `roles/`, and `init`. `initrd-net.img` is the same without
the root file system, for a role that fetches that. The other folders `Build/guests/live-…/` have the same
with another kernel; root file system and key are those of the first.

A role is a folder: what is in its `files/` is put over the system before systemd starts, and the systemd
units that its `units` names are started. Its `init`, if there is one, says where the root file system comes
from and what is written goes to. The kernel parameter `mrm.role=NAME` chooses one.
"""
