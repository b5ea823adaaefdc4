// SPDX-License-Identifier: BSD-2-Clause-Patent
  //
  // The UART of a PCI serial card, in I/O or in memory space; without interrupt, so it is polled.
  //
  Device (UART)
  {
    Name (_HID, EisaId ("PNP0501"))
    Name (_UID, 1)
    Name (_DDN, "PCI serial card")
    Name (UIOR, ResourceTemplate ()
    {
      WordIO (ResourceConsumer, MinFixed, MaxFixed, PosDecode, EntireRange,
        0, ${CONSOLE_IO_FIRST}, ${CONSOLE_IO_LAST}, 0, ${CONSOLE_IO_LENGTH}, , , PORT)
    })
    Name (UMER, ResourceTemplate ()
    {
      QWordMemory (ResourceConsumer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
        0, ${CONSOLE_MEMORY_FIRST}, ${CONSOLE_MEMORY_LAST}, 0, ${CONSOLE_MEMORY_LENGTH})
    })

    Method (_CRS, 0, Serialized)
    {
      CreateWordField (UIOR, ^PORT._MIN, PMIN)
      If (PMIN != 0)
      {
        Return (UIOR)
      }
      Return (UMER)
    }
  }
