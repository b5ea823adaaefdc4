# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Readers of binary ACPI tables: pure functions from bytes to dataclasses and findings.

Firmware writes these tables and firmware errs, so nothing in them is believed: every reader takes any bytes
at all, never raises, and says as `Finding`s what is odd.  A reader gives no value only if the table cannot be
what it is called; otherwise what could be read is there.  Chapters are those of the ACPI specification 6.5.
"""
