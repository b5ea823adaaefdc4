# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Disk images for machines in QEMU, made without root and the same bytes every time."""
