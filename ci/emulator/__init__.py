# SPDX-License-Identifier: BSD-2-Clause-Patent
"""QEMU: which one boots machines, how it gets there, and the proof that it is sound.

`emulator` only looks. `python -m ci.emulator` makes sure that there is one: the installed one if it is as new
as `ci/versions.yaml` says, else Debian's, unpacked to `Build/emulator` and not installed.
"""
