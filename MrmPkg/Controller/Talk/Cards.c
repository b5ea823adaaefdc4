/** @file
  Cards on networks: what the controller has of them, by partition.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Talk/Cards.h"
#include "Talk/Area.h"
#include "Partition/Verdict.h"
#include "Core/Clock.h"
#include "Core/Facts.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>

///
/// A card, and what has been said of it.
///
typedef struct {
  MRM_CHANNEL_CARD     Card;
  MRM_FUNCTION_TOLD    Told;
} SERVED;

struct _MRM_PARTITION_CARDS {
  MRM_PARTITION_AREA    Reach;                     ///< its own: the channel processor looks at it, too
  UINTN                 Count;
  SERVED                Cards[MRM_MAX_CARDS];
};

STATIC_ASSERT (MRM_MAX_CARDS == MRM_CHANNEL_MAX_FUNCTIONS, "a card is a function");

/**
  Say what becomes of a card.

  @param[in] Partition  Whose.
  @param[in] Number     Which.
  @param[in] What       The words.
**/
STATIC
VOID
SayOfCard (
  IN CONST MRM_PARTITION  *Partition,
  IN UINTN                Number,
  IN CONST CHAR8          *What
  )
{
  Say ("%a: network %a: %a", Partition->Plan->Name, Partition->Plan->Cards[Number].Network, What);
}

/**
  Tell a card who it is.

  @param[in]     Partition  Whose.
  @param[in]     Plan       What the plan says of it.
  @param[in,out] Card       Receives its MAC and MTU.
**/
STATIC
VOID
NameCard (
  IN     CONST MRM_PARTITION  *Partition,
  IN     CONST MRM_PLAN_CARD  *Plan,
  IN OUT MRM_CHANNEL_CARD     *Card
  )
{
  UINTN  Index;

  Card->Mtu = Plan->Mtu;
  if (Plan->Mac == 0) {
    MrmChannelMac (&gMachine.Uuid, Partition->Plan->Name, Plan->Network, Card->Mac);
    return;
  }

  for (Index = 0; Index < sizeof (Card->Mac); Index++) {
    Card->Mac[Index] = (UINT8)RShiftU64 (Plan->Mac, (sizeof (Card->Mac) - 1 - Index) * 8);
  }
}

VOID
OpenCards (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_PARTITION_CARDS  *Cards;
  MRM_CHANNEL_CARD     *Card;
  UINTN                Index;

  if (Partition->Plan->CardCount == 0) {
    return;
  }

  Cards = AllocatePages (EFI_SIZE_TO_PAGES (sizeof (*Cards)));
  if (Cards == NULL) {
    Refuse (Partition, MRM_RULE_CONTROLLER, "no memory for its cards on networks");
    return;
  }

  ZeroMem (Cards, sizeof (*Cards));
  Cards->Count = Partition->Plan->CardCount;
  CollectArea (Partition, &Cards->Reach);
  for (Index = 0; Index < Cards->Count; Index++) {
    Card = &Cards->Cards[Index].Card;
    ReachArea (&Card->Function, Partition, &Cards->Reach);
    NameCard (Partition, &Partition->Plan->Cards[Index], Card);
  }

  Partition->Cards          = Cards;
  Partition->CardPages.Base = (UINTN)Cards;
  Partition->CardPages.Size = EFI_PAGES_TO_SIZE (EFI_SIZE_TO_PAGES (sizeof (*Cards)));
}

VOID
CloseCards (
  IN OUT MRM_PARTITION  *Partition
  )
{
  if (Partition->Cards != NULL) {
    FreePages (Partition->Cards, EFI_SIZE_TO_PAGES (sizeof (*Partition->Cards)));
    Partition->Cards = NULL;
  }
}

UINTN
CountCards (
  IN CONST MRM_PARTITION  *Partition
  )
{
  return (Partition->Cards != NULL) ? Partition->Cards->Count : 0;
}

MRM_CHANNEL_CARD *
GetCard (
  IN CONST MRM_PARTITION  *Partition,
  IN UINTN                Number
  )
{
  return &Partition->Cards->Cards[Number].Card;
}

VOID
AddCardCounts (
  IN     CONST MRM_PARTITION  *Partition,
  IN OUT MRM_CHANNEL_COUNTS   *Moved
  )
{
  CONST MRM_CHANNEL_CARD  *Card;
  UINTN                   Index;

  for (Index = 0; Index < CountCards (Partition); Index++) {
    Card            = GetCard (Partition, Index);
    Moved->Packets += Card->Frames;
    Moved->Bytes   += Card->FrameBytes;
    Moved->Dropped += Card->Dropped;
  }
}

VOID
BeginCards (
  IN OUT MRM_PARTITION  *Partition
  )
{
  UINTN  Index;

  for (Index = 0; Index < CountCards (Partition); Index++) {
    MrmChannelOpen (GetCard (Partition, Index), (UINT8 *)(UINTN)Partition->CardArea.Base, Index);
    ZeroMem (&Partition->Cards->Cards[Index].Told, sizeof (Partition->Cards->Cards[Index].Told));
  }
}

VOID
EndCards (
  IN OUT MRM_PARTITION  *Partition
  )
{
  UINTN  Index;

  for (Index = 0; Index < CountCards (Partition); Index++) {
    MrmChannelClose (GetCard (Partition, Index));
  }
}

VOID
TellAllCards (
  VOID
  )
{
  SERVED       *Served;
  CONST CHAR8  *News;
  UINTN        Partition;
  UINTN        Index;

  for (Partition = 0; Partition < gPartitionCount; Partition++) {
    for (Index = 0; Index < CountCards (&gPartitions[Partition]); Index++) {
      Served = &gPartitions[Partition].Cards->Cards[Index];
      do {
        News = MrmFunctionNews (&Served->Told, Served->Card.Attached, Served->Card.Refused, Milliseconds ());
        if (News != NULL) {
          SayOfCard (&gPartitions[Partition], Index, News);
        }
      } while (News != NULL);
    }
  }
}
