// SPDX-License-Identifier: BSD-2-Clause-Patent
  //
  // A byte of the mailbox, as QEMU's pvpanic has it: Linux's stock driver tells a panic there, so that
  // the partition can be started again whatever the panic left behind.
  //
  Device (PANC)
  {
    Name (_HID, "QEMU0001")
    Name (_UID, 1)
    Name (_CRS, ResourceTemplate ()
    {
      QWordMemory (ResourceConsumer, PosDecode, MinFixed, MaxFixed, Cacheable, ReadWrite,
        0, ${PANIC_FIRST}, ${PANIC_LAST}, 0, ${PANIC_LENGTH})
    })
  }
