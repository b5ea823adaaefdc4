/** @file
  Which interrupts a partition is sent: what its driver wrote into the MSI-X table is judged like all it writes.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmChannelInternal.h"

#define CONTROL_ENABLE        BIT31        ///< message control is the upper half of the capability's first dword
#define CONTROL_MASK          BIT30
#define ENTRY_DWORDS          4            ///< address, upper address, data, vector control (PCIe 7.7.2)
#define ENTRY_MASK            BIT0

#define ADDRESS_FIXED         0xFFF00000U
#define ADDRESS_VALUE         0xFEE00000U
#define ADDRESS_LOGICAL       BIT2
#define DATA_DELIVERY         0x700        ///< 0 = fixed, 0x100 = lowest priority
#define DATA_LOWEST           0x100
#define DATA_LEVEL            BIT15
#define FIRST_VECTOR          0x20

/**
  TRUE if a processor is the partition's.

  @param[in] Port    The network card.
  @param[in] ApicId  The processor.
**/
STATIC
BOOLEAN
IsOwn (
  IN CONST MRM_CHANNEL_PORT  *Port,
  IN UINT32                  ApicId
  )
{
  UINT32  Index;

  for (Index = 0; Index < Port->ApicIdCount; Index++) {
    if (Port->ApicIds[Index] == ApicId) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Judge an MSI-X entry (SDM 11.11.1 and 11.11.2).

  @param[in]  Port       The network card.
  @param[in]  Number     Which entry.
  @param[out] Interrupt  Receives what it stands for.

  @retval TRUE   A fixed, edge-triggered interrupt to a processor of the partition.
  @retval FALSE  Anything else.
**/
STATIC
BOOLEAN
ReadEntry (
  IN  CONST MRM_CHANNEL_PORT  *Port,
  IN  UINTN                   Number,
  OUT MRM_CHANNEL_INTERRUPT   *Interrupt
  )
{
  UINT32  Address;
  UINT32  Upper;
  UINT32  Data;
  UINT32  Delivery;

  Address           = Port->Table[Number * ENTRY_DWORDS];
  Upper             = Port->Table[Number * ENTRY_DWORDS + 1];
  Data              = Port->Table[Number * ENTRY_DWORDS + 2];
  Delivery          = Data & DATA_DELIVERY;
  Interrupt->ApicId = (Address >> 12) & 0xFF;
  Interrupt->Vector = (UINT8)Data;
  return (Upper == 0)
         && ((Address & ADDRESS_FIXED) == ADDRESS_VALUE)
         && ((Address & ADDRESS_LOGICAL) == 0)
         && ((Delivery == 0) || (Delivery == DATA_LOWEST))
         && ((Data & DATA_LEVEL) == 0)
         && (Interrupt->Vector >= FIRST_VECTOR)
         && IsOwn (Port, Interrupt->ApicId);
}

/**
  TRUE if the driver looks for itself what a vector would tell it.

  @param[in] Port    The network card.
  @param[in] Number  The vector.
**/
STATIC
BOOLEAN
LooksAnyway (
  IN CONST MRM_CHANNEL_PORT  *Port,
  IN UINTN                   Number
  )
{
  return (Number < MRM_CHANNEL_NOTIFIERS)
         && ((SwapBytes32 (Port->Doorbells[DOORBELL_INTERRUPT + DOORBELL_STEP * Number]) & INTERRUPT_MASKED) != 0);
}

/**
  TRUE if a vector is masked by the system: the interrupt is kept until it is not.

  @param[in] Port    The network card.
  @param[in] Number  The vector.
**/
STATIC
BOOLEAN
IsMasked (
  IN CONST MRM_CHANNEL_PORT  *Port,
  IN UINTN                   Number
  )
{
  return ((Port->Config[CONFIG_MSIX / 4] & CONTROL_MASK) != 0)
         || ((Port->Table[Number * ENTRY_DWORDS + 3] & ENTRY_MASK) != 0);
}

UINTN
EFIAPI
MrmChannelInterrupts (
  IN OUT MRM_CHANNEL_PORT       *Port,
  OUT    MRM_CHANNEL_INTERRUPT  *Interrupts
  )
{
  UINTN    Number;
  UINTN    Count;
  BOOLEAN  Enabled;

  Count = 0;
  if (!Port->Open || (Port->Wanted == 0)) {
    return 0;
  }

  Enabled = (Port->Config[CONFIG_MSIX / 4] & CONTROL_ENABLE) != 0;
  for (Number = 0; Number < MRM_CHANNEL_VECTORS; Number++) {
    if ((Port->Wanted & (1U << Number)) == 0) {
      continue;
    }

    if (!Enabled || LooksAnyway (Port, Number)) {
      Port->Wanted &= ~(1U << Number);
    } else if (!IsMasked (Port, Number)) {
      Port->Wanted &= ~(1U << Number);
      if (ReadEntry (Port, Number, &Interrupts[Count])) {
        Count++;
      } else {
        Port->Refused++;
      }
    }
  }

  // The system may look which vectors are pending (PCIe 7.7.2.9).
  Port->Table[PENDING_OFFSET / sizeof (UINT32)] = Port->Wanted;
  return Count;
}
