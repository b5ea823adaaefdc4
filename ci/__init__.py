# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Everything around the build: set-up of a fresh machine, guests for tests, QEMU harness and `make run`."""
