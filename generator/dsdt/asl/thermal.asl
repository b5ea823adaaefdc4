// SPDX-License-Identifier: BSD-2-Clause-Patent
  //
  // A thermal zone that an OS polls, without any interrupt: the controller asks it to shut down by a
  // temperature above _CRT, and knows from the count of readings whether anybody would notice.
  //
  ThermalZone (THRM)
  {
    OperationRegion (MBOX, SystemMemory, ${THERMAL}, 8)
    Field (MBOX, DWordAcc, NoLock, Preserve)
    {
      TEMP, 32,
      READ, 32
    }

    Name (_CRT, 3732)  // tenths of a kelvin: 100 degrees Celsius
    Name (_TZP, 10)    // tenths of a second

    Method (_TMP, 0, Serialized)
    {
      READ += 1
      Return (TEMP)
    }
  }
