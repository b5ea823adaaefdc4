/** @file
  Which interrupts a partition is sent: what its driver wrote into the MSI-X table is judged like all it writes.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmFunctionInternal.h"

#define CONTROL_ENABLE        BIT31        ///< message control is the upper half of the capability's first dword
#define CONTROL_MASK          BIT30

#define ADDRESS_FIXED         0xFFF00000U
#define ADDRESS_VALUE         0xFEE00000U
#define ADDRESS_LOGICAL       BIT2
#define DATA_DELIVERY         0x700        ///< 0 = fixed, 0x100 = lowest priority
#define DATA_LOWEST           0x100
#define DATA_LEVEL            BIT15
#define FIRST_VECTOR          0x20

/**
  TRUE if a processor is the partition's.

  @param[in] Function  The function.
  @param[in] ApicId    The processor.
**/
STATIC
BOOLEAN
IsOwn (
  IN CONST MRM_FUNCTION  *Function,
  IN UINT32              ApicId
  )
{
  UINT32  Index;

  for (Index = 0; Index < Function->ApicIdCount; Index++) {
    if (Function->ApicIds[Index] == ApicId) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Judge an MSI-X entry (SDM 11.11.1 and 11.11.2).

  @param[in]  Function   The function.
  @param[in]  Number     Which entry.
  @param[out] Interrupt  Receives what it stands for.

  @retval TRUE   A fixed, edge-triggered interrupt to a processor of the partition.
  @retval FALSE  Anything else.
**/
STATIC
BOOLEAN
ReadEntry (
  IN  CONST MRM_FUNCTION      *Function,
  IN  UINTN                   Number,
  OUT MRM_FUNCTION_INTERRUPT  *Interrupt
  )
{
  UINT32  Address;
  UINT32  Upper;
  UINT32  Data;
  UINT32  Delivery;

  Address           = Function->Table[Number * ENTRY_DWORDS];
  Upper             = Function->Table[Number * ENTRY_DWORDS + ENTRY_UPPER];
  Data              = Function->Table[Number * ENTRY_DWORDS + ENTRY_DATA];
  Delivery          = Data & DATA_DELIVERY;
  Interrupt->ApicId = (Address >> 12) & 0xFF;
  Interrupt->Vector = (UINT8)Data;
  return (Upper == 0)
         && ((Address & ADDRESS_FIXED) == ADDRESS_VALUE)
         && ((Address & ADDRESS_LOGICAL) == 0)
         && ((Delivery == 0) || (Delivery == DATA_LOWEST))
         && ((Data & DATA_LEVEL) == 0)
         && (Interrupt->Vector >= FIRST_VECTOR)
         && IsOwn (Function, Interrupt->ApicId);
}

/**
  TRUE if a vector is masked by the system: the interrupt is kept until it is not.

  @param[in] Function  The function.
  @param[in] Number    The vector.
**/
STATIC
BOOLEAN
IsMasked (
  IN CONST MRM_FUNCTION  *Function,
  IN UINTN               Number
  )
{
  return ((Function->Config[CONFIG_MSIX / 4] & CONTROL_MASK) != 0)
         || ((Function->Table[Number * ENTRY_DWORDS + ENTRY_CONTROL] & ENTRY_MASK) != 0);
}

UINTN
EFIAPI
MrmFunctionInterrupts (
  IN OUT MRM_FUNCTION            *Function,
  OUT    MRM_FUNCTION_INTERRUPT  *Interrupts,
  IN OUT UINT64                  *Refused
  )
{
  UINTN    Number;
  UINTN    Count;
  BOOLEAN  Enabled;

  Count   = 0;
  Enabled = (Function->Config[CONFIG_MSIX / 4] & CONTROL_ENABLE) != 0;
  for (Number = 0; (Number < Function->Vectors) && (Function->Wanted != 0); Number++) {
    if ((Function->Wanted & (1U << Number)) == 0) {
      continue;
    }

    if (!Enabled) {
      Function->Wanted &= ~(1U << Number);
    } else if (!IsMasked (Function, Number)) {
      Function->Wanted &= ~(1U << Number);
      if (ReadEntry (Function, Number, &Interrupts[Count])) {
        Count++;
      } else {
        (*Refused)++;
      }
    }
  }

  // The system may look which vectors are pending (PCIe 7.7.2.9).
  Function->Table[PENDING_OFFSET / sizeof (UINT32)] = Function->Wanted;
  return Count;
}
