// SPDX-License-Identifier: BSD-2-Clause-Patent
  //
  // The root of persistent memory: Linux's nfit driver binds to it, and then reads the NFIT.
  //
  Device (NVDR)
  {
    Name (_HID, "ACPI0012")
  }
