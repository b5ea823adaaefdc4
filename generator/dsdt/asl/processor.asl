// SPDX-License-Identifier: BSD-2-Clause-Patent
  //
  // A processor; _UID as in the MADT.
  //
  Device (${NAME})
  {
    Name (_HID, "ACPI0007")
    Name (_UID, ${UID})
  }
