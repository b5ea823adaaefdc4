// SPDX-License-Identifier: BSD-2-Clause-Patent
  //
  // What lies behind one PCI port, or functions of one bus: these have memory that cannot be prefetched above
  // 4 GiB, too, so the window there is not called prefetchable. A window that the port does not forward has
  // length zero and is left out.
  //
  Device (${NAME})
  {
    Name (_HID, EisaId ("PNP0A08"))
    Name (_CID, EisaId ("PNP0A03"))
    Name (_UID, ${UID})
    Name (_SEG, ${SEGMENT})
    Name (_BBN, ${BASE_BUS})

    Name (BUSR, ResourceTemplate ()
    {
      WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,
        0, ${BUS_FIRST}, ${BUS_LAST}, 0, ${BUS_LENGTH})
    })
    Name (MEMR, ResourceTemplate ()
    {
      DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,
        0, ${MEMORY_FIRST}, ${MEMORY_LAST}, 0, ${MEMORY_LENGTH}, , , MEMW)
    })
    Name (PREF, ResourceTemplate ()
    {
      QWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, Prefetchable, ReadWrite,
        0, ${PREFETCHABLE_FIRST}, ${PREFETCHABLE_LAST}, 0, ${PREFETCHABLE_LENGTH}, , , PREW)
    })
    Name (IORS, ResourceTemplate ()
    {
      WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,
        0, ${IO_FIRST}, ${IO_LAST}, 0, ${IO_LENGTH}, , , IOWI)
    })

    //
    // Interrupt lines of all 32 devices are connected to nothing: to a number that no interrupt controller
    // has.  Devices use MSI or MSI-X.  Bridges pass the lines on.
    //
    Method (_PRT, 0, Serialized)
    {
      Local0 = Package (128) {}
      Local1 = 0
      While (Local1 < 128)
      {
        Local2 = Package (4) { 0, 0, 0, 0x7FFFFFFF }
        Local2 [0] = ((Local1 >> 2) << 16) | 0xFFFF
        Local2 [1] = Local1 & 3
        Local0 [Local1] = Local2
        Local1++
      }
      Return (Local0)
    }

    Method (_CRS, 0, Serialized)
    {
      CreateDWordField (MEMR, ^MEMW._LEN, MLEN)
      CreateQWordField (PREF, ^PREW._LEN, PLEN)
      CreateWordField (IORS, ^IOWI._LEN, ILEN)
      Local0 = BUSR
      If (MLEN != 0)
      {
        Local0 = ConcatenateResTemplate (Local0, MEMR)
      }
      If (PLEN != 0)
      {
        Local0 = ConcatenateResTemplate (Local0, PREF)
      }
      If (ILEN != 0)
      {
        Local0 = ConcatenateResTemplate (Local0, IORS)
      }
      Return (Local0)
    }

    //
    // The root port is the controller's, and with it hot plug, PME, AER and LTR.
    // What can be granted is control of the functions' own capability structures.
    //
    Method (_OSC, 4)
    {
      CreateDWordField (Arg3, 0, CDW1)
      If (Arg0 != ToUUID ("33DB4D5B-1FF7-401C-9657-7441C03DD766"))
      {
        CDW1 |= 0x04  // unrecognized UUID
        Return (Arg3)
      }
      If (Arg1 != 1)
      {
        CDW1 |= 0x08  // unrecognized revision
      }
      If (Arg2 > 2)
      {
        CreateDWordField (Arg3, 8, CDW3)
        If ((CDW3 & ~0x10) & 0xFFFFFFFF)
        {
          CDW1 |= 0x10  // capabilities masked
          CDW3 &= 0x10
        }
      }
      Return (Arg3)
    }
  }
