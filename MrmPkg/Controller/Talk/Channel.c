/** @file
  Networks in memory: the controller serves the partitions' cards, and MrmChannelLib decides.

  The boot processor looks at them in its rounds, at TPL_APPLICATION, and goes on without a pause while frames move.
  Between the rounds, and while a round takes long, it looks with each tick.  All look at TPL_NOTIFY, so that none
  comes amid another or amid the start of a partition.  If there is a channel processor, it alone looks.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Talk/Channel.h"
#include "Talk/Cards.h"
#include "Talk/ChannelProcessor.h"
#include "Talk/Uplink.h"
#include "Machine/Interrupt.h"
#include "Machine/Tick.h"
#include "Machine/Worker.h"
#include "Partition/Plan.h"
#include "Core/Clock.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/SynchronizationLib.h>
#include <Library/UefiBootServicesTableLib.h>

#define LOOK_PERIOD   (1 * 10000)   ///< 1 ms in units of 100 ns: how often the PC's timer ticks while frames move
#define QUIET_PERIOD  (2 * 10000)   ///< 2 ms: how often the PC's timer ticks when none have moved for a while
#define QUIET_AFTER   200           ///< milliseconds after the last frame; so long does the timer tick fast
#define LINGER        2             ///< milliseconds after the last frame that the next one is waited for
#define ROUND         5             ///< milliseconds after which everything else has its turn

///
/// A network with room for the cards of all partitions.
///
typedef struct {
  MRM_CHANNEL_NETWORK    Switch;
  CONST CHAR8            *Name;                    ///< the plan's
  MRM_CHANNEL_CARD       *Cards[MRM_MAX_PARTITIONS];
} NETWORK;

STATIC NETWORK         *mNetworks;           ///< those that partitions are on, or NULL
STATIC UINTN           mNetworkCount;
STATIC MRM_RANGE       mNetworkPages;        ///< where they lie, and behind them what their uplinks share with them
STATIC BOOLEAN         mElsewhere;           ///< the channel processor looks at them
STATIC MRM_TICK_WATCH  mWatch;
STATIC UINT32          mFence;
STATIC UINT64          mBusyAt;              ///< milliseconds
STATIC UINT64          mLookAt;              ///< TSC before which no tick looks

/**
  Send the interrupts that the cards of a network are to give.

  @param[in,out] Network  The network.
**/
STATIC
VOID
InterruptCards (
  IN OUT MRM_CHANNEL_NETWORK  *Network
  )
{
  MRM_FUNCTION_INTERRUPT  Interrupts[MRM_CHANNEL_VECTORS];
  UINTN                   Card;

  for (Card = 0; Card < Network->CardCount; Card++) {
    SendInterrupts (Interrupts, MrmChannelInterrupts (Network->Cards[Card], Interrupts));
  }
}

/**
  Look at all networks once, at TPL_NOTIFY.

  @param[in] Now  Milliseconds.

  @retval TRUE   Something was done.
  @retval FALSE  Nothing was.
**/
STATIC
BOOLEAN
ServeOnce (
  IN UINT64  Now
  )
{
  UINTN    Index;
  BOOLEAN  Busy;

  Busy = FALSE;
  for (Index = 0; Index < mNetworkCount; Index++) {
    Busy = MrmChannelServe (&mNetworks[Index].Switch, Now) || Busy;
  }

  // A driver lets interrupts come and looks then; what it is to see must be there before its doorbell is read.
  InterlockedIncrement (&mFence);
  for (Index = 0; Index < mNetworkCount; Index++) {
    InterruptCards (&mNetworks[Index].Switch);
  }

  if (Busy) {
    mBusyAt = Now;
  }

  return Busy;
}

/**
  Whether there is something to do for a card (MRM_TICK_IS_ASKED).  Most ticks find nothing: this is cheaper than to
  serve.

  @retval TRUE   There may be.
  @retval FALSE  There is not.
**/
STATIC
BOOLEAN
AreNetworksAsked (
  VOID
  )
{
  UINTN  Index;

  for (Index = 0; Index < mNetworkCount; Index++) {
    if (MrmChannelIsAsked (&mNetworks[Index].Switch)) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Look once with a tick, and end the pause if there is something to do.  What many cards have to do at once may take
  longer than a tick; then everything else has as much time as that took, before the next look.
**/
STATIC
VOID
LookByTick (
  VOID
  )
{
  UINT64  Begin;
  UINT64  End;

  Begin = AsmReadTsc ();
  if (Begin < mLookAt) {
    return;
  }

  if (ServeOnce (Milliseconds ())) {
    RequestPoll ();
  }

  End     = AsmReadTsc ();
  mLookAt = End + (End - Begin);
}

/**
  Have it looked with each tick.

  @return  Status of the boot services.
**/
STATIC
EFI_STATUS
WatchNetworks (
  VOID
  )
{
  mWatch.IsAsked = AreNetworksAsked;
  mWatch.Look    = LookByTick;
  mWatch.Tpl     = TPL_NOTIFY;
  mWatch.Period  = LOOK_PERIOD;
  return WatchByTimer (&mWatch);
}

/**
  On the channel processor: look at all networks once.

  @retval TRUE   A card has a driver: look again at once.
  @retval FALSE  None has.
**/
STATIC
BOOLEAN
EFIAPI
ServeAlone (
  VOID
  )
{
  UINTN  Index;

  ServeOnce (Milliseconds ());
  for (Index = 0; Index < mNetworkCount; Index++) {
    if (MrmChannelIsUsed (&mNetworks[Index].Switch)) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Find a network by its name, or begin it.

  @param[in] Name  The name.

  @return  The network; mNetworks has room for it.
**/
STATIC
NETWORK *
FindNetwork (
  IN CONST CHAR8  *Name
  )
{
  UINTN  Index;

  for (Index = 0; Index < mNetworkCount; Index++) {
    if (AsciiStrCmp (mNetworks[Index].Name, Name) == 0) {
      return &mNetworks[Index];
    }
  }

  mNetworks[Index].Name         = Name;
  mNetworks[Index].Switch.Cards = mNetworks[Index].Cards;
  mNetworkCount++;
  return &mNetworks[Index];
}

/**
  Open the ways out of networks.

  @param[in] Ways  Memory for as many as the plan has, zeroed.
**/
STATIC
VOID
OpenUplinks (
  IN MRM_CHANNEL_UPLINK  *Ways
  )
{
  UINTN  Index;

  for (Index = 0; Index < mNetworkCount; Index++) {
    if (OpenUplink (mNetworks[Index].Name, Ways)) {
      mNetworks[Index].Switch.Uplink = Ways;
      Ways++;
    }
  }
}

VOID
OpenNetworks (
  VOID
  )
{
  NETWORK     *Network;
  EFI_STATUS  Status;
  UINTN       Most;
  UINTN       Partition;
  UINTN       Index;

  Most = 0;
  for (Partition = 0; Partition < gPartitionCount; Partition++) {
    Most += CountCards (&gPartitions[Partition]);
  }

  if (Most == 0) {
    return;
  }

  // There are no more networks than cards.
  mNetworkPages.Size = EFI_PAGES_TO_SIZE (
                         EFI_SIZE_TO_PAGES (Most * sizeof (*mNetworks) + gPlan->UplinkCount * sizeof (MRM_CHANNEL_UPLINK))
                         );
  mNetworks          = AllocatePages (EFI_SIZE_TO_PAGES ((UINTN)mNetworkPages.Size));
  mNetworkPages.Base = (UINTN)mNetworks;
  Status             = EFI_OUT_OF_RESOURCES;
  if (mNetworks != NULL) {
    ZeroMem (mNetworks, (UINTN)mNetworkPages.Size);
    for (Partition = 0; Partition < gPartitionCount; Partition++) {
      for (Index = 0; Index < CountCards (&gPartitions[Partition]); Index++) {
        Network = FindNetwork (gPartitions[Partition].Plan->Cards[Index].Network);

        Network->Cards[Network->Switch.CardCount++] = GetCard (&gPartitions[Partition], Index);
      }
    }

    OpenUplinks ((MRM_CHANNEL_UPLINK *)(mNetworks + Most));
    mElsewhere = ServeElsewhere (ServeAlone, &mNetworkPages);
    Status     = mElsewhere ? EFI_SUCCESS : WatchNetworks ();
  }

  if (EFI_ERROR (Status)) {
    Say ("networks: %r: they are slow, or nobody is on one", Status);
  }
}

/**
  The channel processor has stopped, perhaps amid a round: nothing it had in hand can be relied on.  Cards are closed
  until their partitions start again; their systems see that the link is down.
**/
STATIC
VOID
CloseAllCards (
  VOID
  )
{
  UINTN  Partition;
  UINTN  Index;
  UINTN  Card;

  mElsewhere = FALSE;
  for (Index = 0; Index < mNetworkCount; Index++) {
    for (Card = 0; Card < mNetworks[Index].Switch.CardCount; Card++) {
      MrmChannelUnplug (mNetworks[Index].Cards[Card]);
    }

    InterruptCards (&mNetworks[Index].Switch);
  }

  for (Partition = 0; Partition < gPartitionCount; Partition++) {
    EndCards (&gPartitions[Partition]);
  }
}

VOID
CloseNetworks (
  VOID
  )
{
  IgnoreTimer (&mWatch);
  if (mNetworks != NULL) {
    // If there is a channel processor, it stands still from here on.
    if (mElsewhere && !HoldWorker ()) {
      CloseAllCards ();
    }

    mElsewhere = FALSE;
    HastenTick (MrmTickNetworks, 0);
    CloseUplinks ();
    FreePages (mNetworks, EFI_SIZE_TO_PAGES ((UINTN)mNetworkPages.Size));
    mNetworks     = NULL;
    mNetworkCount = 0;
  }
}

/**
  The channel processor has stopped: the boot processor serves those who start from now on; if there is no timer for
  it, in its rounds only.
**/
STATIC
VOID
TakeOver (
  VOID
  )
{
  CloseAllCards ();
  WatchNetworks ();
}

/**
  Have nobody look at any card.  This may find out that the channel processor has stopped by itself.

  @param[out] Stopped  Receives who has been stopped, for ResumeService().
**/
STATIC
VOID
StopCards (
  OUT MRM_STOPPED  *Stopped
  )
{
  StopService (Stopped);
  if (mElsewhere && !Stopped->Worker) {
    TakeOver ();
  }
}

VOID
StartCards (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_STOPPED  Stopped;

  if (CountCards (Partition) != 0) {
    StopCards (&Stopped);
    BeginCards (Partition);
    ResumeService (&Stopped);
  }
}

VOID
QuiesceCards (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_STOPPED  Stopped;

  if (CountCards (Partition) != 0) {
    StopCards (&Stopped);
    EndCards (Partition);
    ResumeService (&Stopped);
  }
}

BOOLEAN
PollNetworks (
  VOID
  )
{
  UINT64   Begin;
  UINT64   Now;
  UINTN    Index;
  BOOLEAN  Used;
  BOOLEAN  Parting;
  EFI_TPL  Tpl;

  if (mNetworks == NULL) {
    return FALSE;
  }

  if (mElsewhere && WorkerWorks ()) {
    HastenTick (MrmTickNetworks, PollUplinks () ? LOOK_PERIOD : 0);
    TellAllCards ();
    return FALSE;
  }

  if (mElsewhere) {
    TakeOver ();
  }

  Begin = Milliseconds ();
  do {
    // What comes in is given to cards at once; what they send leaves in the next turn, which follows then.
    PollUplinks ();
    // A tick may look before this does, and right after it: the time must not lie before what that has noted.
    Tpl = gBS->RaiseTPL (TPL_NOTIFY);
    ServeOnce (Milliseconds ());
    gBS->RestoreTPL (Tpl);
    Now     = Milliseconds ();
    Used    = FALSE;
    Parting = FALSE;
    for (Index = 0; Index < mNetworkCount; Index++) {
      Used    = MrmChannelIsUsed (&mNetworks[Index].Switch) || Used;
      Parting = MrmChannelIsParting (&mNetworks[Index].Switch, Now) || Parting;
    }

    CpuPause ();
  } while ((Parting || (Used && (Now - mBusyAt < LINGER))) && (Now - Begin < ROUND));

  TellAllCards ();
  HastenTick (MrmTickNetworks, !Used ? 0 : (Now - mBusyAt < QUIET_AFTER) ? LOOK_PERIOD : QUIET_PERIOD);
  return Parting || (Used && (Now - mBusyAt < LINGER));
}
