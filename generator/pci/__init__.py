# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Readers of PCI configuration space, as defensive as those of ACPI tables: bytes in, dataclasses out."""
