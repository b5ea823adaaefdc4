/** @file
  Configuration space of PCI functions: MrmPciLib.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Fuzz.h"
#include <Library/MrmPciLib.h>

#define SPACE  (MRM_PCI_CONFIG_DWORDS * sizeof (UINT32))

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  FUZZ                  Fuzz = { Data, Size };
  UINT32                Bytes[MRM_PCI_CONFIG_DWORDS];
  UINT32                *Saved;
  UINT32                *Now;
  MRM_PCI_CAPABILITIES  Found;
  MRM_PCI_BUS           Bus = { 0 };
  MRM_PCI_WRITE         *Writes;
  MRM_PCI_RESET         Reset;
  UINTN                 Count;
  UINTN                 Index;
  BOOLEAN               Io;
  BOOLEAN               Wide;
  UINT64                Table;
  UINT32                Messages;
  UINT32                Offset;

  FuzzTake (&Fuzz, Bytes, SPACE);
  Saved = FuzzExact (Bytes, SPACE);
  FuzzTake (&Fuzz, Bytes, SPACE);
  Now    = FuzzExact (Bytes, SPACE);
  Writes = malloc (MRM_PCI_MAX_WRITES * sizeof (*Writes));
  FUZZ_CHECK (Writes != NULL);
  MrmPciCapabilities (Saved, &Found);
  FUZZ_CHECK (Found.InterruptPin <= 4);
  FUZZ_CHECK ((UINT32)MrmPciInterrupts (&Found) <= MrmPciInterruptsLine);
  MrmPciWindows (Saved, &Bus);
  FUZZ_CHECK (Bus.Memory.Size == 0 || Bus.Memory.Base + (Bus.Memory.Size - 1) >= Bus.Memory.Base);
  FUZZ_CHECK (Bus.Prefetchable.Size == 0 || Bus.Prefetchable.Base + (Bus.Prefetchable.Size - 1) >= Bus.Prefetchable.Base);
  FUZZ_CHECK (Bus.Io.Size == 0 || Bus.Io.Base + Bus.Io.Size <= 0x10000);
  FUZZ_CHECK (MrmPciForwards (Saved, &Bus));
  MrmPciFirstBar (Saved, &Io);
  if (MrmPciMessageTable (&Found, Saved, &Table, &Messages)) {
    FUZZ_CHECK (Table % 8 == 0 && Messages > 0 && Messages <= 2048);
  }

  if (MrmPciMessageRegisters (&Found, Saved, &Offset, &Wide)) {
    FUZZ_CHECK (Offset % 4 == 0 && Offset >= 0x44 && Offset + (Wide ? 12 : 8) <= SPACE);
  }

  Reset = MrmPciResetNone;
  for (Index = 0; Reset != MrmPciResetFailed; Index++) {
    FUZZ_CHECK (Index <= MrmPciResetFailed);
    Reset = MrmPciNextReset (&Found, Reset);
    Count = MrmPciResetWrites (&Found, Reset, Now, Writes);
    FUZZ_CHECK (Count <= 2 && (Count == 0 || Writes[Count - 1].Offset + Writes[Count - 1].Width <= 256));
  }

  MrmPciWasReset (&Found, Saved, Now);
  MrmPciIsRestored (&Found, Saved, Now);
  FUZZ_CHECK (MrmPciIsRestored (&Found, Saved, Saved));
  Count = MrmPciRestore (&Found, Saved, Writes);
  FUZZ_CHECK (Count <= MRM_PCI_MAX_WRITES);
  for (Index = 0; Index < Count; Index++) {
    FUZZ_CHECK (Writes[Index].Width == 1 || Writes[Index].Width == 2 || Writes[Index].Width == 4);
    FUZZ_CHECK (Writes[Index].Offset + Writes[Index].Width <= 256 && Writes[Index].Offset % Writes[Index].Width == 0);
  }

  free (Saved);
  free (Now);
  free (Writes);
  return 0;
}
