// SPDX-License-Identifier: BSD-2-Clause-Patent
  //
  // The UART of the console in I/O space; without interrupt, so it is polled.
  //
  Device (UART)
  {
    Name (_HID, EisaId ("PNP0501"))
    Name (_UID, 1)
    Name (_DDN, "console")
    Name (_CRS, ResourceTemplate ()
    {
      IO (Decode16, ${PORT}, ${PORT}, 0x01, 0x08)
    })
  }
