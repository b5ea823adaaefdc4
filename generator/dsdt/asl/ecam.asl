// SPDX-License-Identifier: BSD-2-Clause-Patent
  //
  // The configuration space of exactly these buses is taken.
  //
  Device (${NAME})
  {
    Name (_HID, EisaId ("PNP0C02"))
    Name (_UID, ${UID})
    Name (_CRS, ResourceTemplate ()
    {
      QWordMemory (ResourceConsumer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
        0, ${ECAM_FIRST}, ${ECAM_LAST}, 0, ${ECAM_LENGTH})
    })
  }
