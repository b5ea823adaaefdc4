# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Running a machine in QEMU under control: consoles, events, time limits, and no process left behind."""
