# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Releases: `python -m ci.release`, which `make release` calls when a `Mrm.efi` for any plan is built.

`Build/release/` receives `Mrm.efi`, `Shell.efi`, the generator as a wheel with both inside, `collect.sh`, a
bill of materials and the checksums of all. `parts` writes what the wheel has and a checkout has not, of which
`man` and `completion` write what comes from the command line; `wheel` builds; `materials` writes the bill,
`modules` what is in the images; `trial` installs the wheel in bare Debian systems (`bare`) and compares what
it makes there. `version` is used by every build.
"""
