/** @file
  What the boot processor's local APIC has to do with the chipset (SDM volume 3, sections 11.5.1 and 11.5.4).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/OwnTick.h"
#include <Library/BaseLib.h>
#include <Library/IoLib.h>
#include <Library/LocalApicLib.h>

#define LVT_TIMER       0x320
#define LVT_LINT0       0x350
#define INITIAL_COUNT   0x380
#define LVT_MASKED      BIT16
#define X2APIC_MSR(Offset)  (0x800 + (Offset) / 16)

STATIC BOOLEAN  mClosed;
STATIC UINT32   mLint0;     ///< before it was closed

/**
  Read a register of this processor's local APIC.

  @param[in] Offset  Where it is in the page.
**/
STATIC
UINT32
Read (
  IN UINT32  Offset
  )
{
  if (GetApicMode () == LOCAL_APIC_MODE_X2APIC) {
    return AsmReadMsr32 (X2APIC_MSR (Offset));
  }

  return MmioRead32 (GetLocalApicBaseAddress () + Offset);
}

/**
  Write a register of this processor's local APIC.

  @param[in] Offset  Where it is in the page.
  @param[in] Value   The value.
**/
STATIC
VOID
Write (
  IN UINT32  Offset,
  IN UINT32  Value
  )
{
  if (GetApicMode () == LOCAL_APIC_MODE_X2APIC) {
    AsmWriteMsr64 (X2APIC_MSR (Offset), Value);
  } else {
    MmioWrite32 (GetLocalApicBaseAddress () + Offset, Value);
  }
}

BOOLEAN
TicksByLocalApic (
  VOID
  )
{
  return (BOOLEAN)(((Read (LVT_TIMER) & LVT_MASKED) == 0) && (Read (INITIAL_COUNT) != 0));
}

VOID
CloseLegacyInterrupts (
  VOID
  )
{
  if (!mClosed) {
    mLint0  = Read (LVT_LINT0);
    mClosed = TRUE;
    Write (LVT_LINT0, mLint0 | LVT_MASKED);
  }
}

VOID
ReopenLegacyInterrupts (
  VOID
  )
{
  if (mClosed) {
    Write (LVT_LINT0, mLint0);
    mClosed = FALSE;
  }
}
