/** @file
  What functions of partitions reach by DMA, where the PC has an IOMMU.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Pci/Confine.h"
#include "Pci/Iommu.h"
#include "Pci/Messages.h"
#include "Pci/Source.h"
#include "Partition/Verdict.h"
#include "Core/Clock.h"
#include "Core/Facts.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmRangeLib.h>
#include <Library/PrintLib.h>

#define LARGEST_APIC_ID   254     ///< that an entry of an interrupt table can name
#define LINES_AT_ONCE     4
#define LINE_PERIOD       1000    ///< milliseconds
#define EVENTS_AT_ONCE    64
#define LAST_FUNCTION     0xFF    ///< of a bus, as the lower half of a device ID

///
/// What functions of a partition reach now.
///
typedef enum {
  MrmReachAll,
  MrmReachNothing,
  MrmReachOwn
} MRM_REACH;

struct _MRM_CONFINEMENT {
  MRM_IOMMU_TABLES           Tables;
  UINTN                      Pages;         ///< at Tables.Pages, the interrupt table behind them included
  UINT16                     Domain;
  MRM_IOMMU_INTERRUPTS_OF    Interrupts;
  UINT64                     Table;         ///< address of the interrupt table
  MRM_REACH                  Reach;
  BOOLEAN                    Unsettled;     ///< an IOMMU has not answered: it may still use Tables.Pages
  MRM_IOMMU_COUNTS           Counts;        ///< since the last start
  MRM_RATE                   Rate;          ///< of lines in the log
};

///
/// The last number of a domain that was given; no two sets of page tables that are in use may have the same.
///
STATIC UINT16  mDomain;

/**
  A device ID.

  @param[in] Address  The function.
**/
STATIC
UINT16
DeviceOf (
  IN CONST MRM_PCI_ADDRESS  *Address
  )
{
  return (UINT16)((Address->Bus << 8) | (Address->Device << 3) | Address->Function);
}

/**
  Check whether a device ID is one of a partition.  Of a port it has all of the buses behind it: a bridge there may put
  its own ID upon requests.

  @param[in] Partition  The partition.
  @param[in] Device     The device ID.
**/
STATIC
BOOLEAN
HasDevice (
  IN CONST MRM_PARTITION  *Partition,
  IN UINT16               Device
  )
{
  CONST MRM_PCI_PORT  *Port;
  UINTN               Index;
  UINTN               Function;

  for (Index = 0; Index < Partition->PciBusCount; Index++) {
    Port = &Partition->PciPorts[Index];
    if (!Port->ByFunction) {
      if (  ((Device >> 8) >= Partition->PciBuses[Index].FirstBus)
         && ((Device >> 8) <= Partition->PciBuses[Index].LastBus))
      {
        return TRUE;
      }

      continue;
    }

    for (Function = 0; Function < Port->FunctionCount; Function++) {
      if (DeviceOf (&Port->Functions[Function].Address) == Device) {
        return TRUE;
      }
    }
  }

  return FALSE;
}

/**
  Say why functions of a partition cannot be confined.

  @param[in] Partition  The partition.

  @return  In words, for "found %a"; NULL: they can.
**/
STATIC
CONST CHAR8 *
ConfinementLack (
  IN CONST MRM_PARTITION  *Partition
  )
{
  CONST MRM_PCI_PORT  *Port;
  CONST CHAR8         *Lack;
  UINTN               Index;
  UINTN               Function;
  UINT16              Source;

  Lack = IommuLack ();
  for (Index = 0; (Lack == NULL) && (Index < Partition->PciBusCount); Index++) {
    Port = &Partition->PciPorts[Index];
    for (Function = 0; (Lack == NULL) && (Function < Port->FunctionCount); Function++) {
      if (!MrmIommuSource (
             gMachine.Ivrs,
             gMachine.IvrsSize,
             (UINT16)Port->RootBridge->SegmentNumber,
             DeviceOf (&Port->Functions[Function].Address),
             &Source
             ))
      {
        Lack = "a function that no IOMMU looks at";
      } else if (!HasDevice (Partition, Source)) {
        Lack = "a function that the IOMMU cannot tell from one of others";
      }
    }
  }

  return Lack;
}

/**
  Say why interrupts of a partition's functions cannot be led to its own processors.

  @param[in] Partition  The partition.

  @return  In words, for "found %a"; NULL: they can.
**/
STATIC
CONST CHAR8 *
SteeringLack (
  IN CONST MRM_PARTITION  *Partition
  )
{
  MRM_GUARD_MESSAGES  Messages[MRM_GUARD_MAX_MESSAGES];
  UINTN               Index;

  if (Partition->Plan->ProcessorCount > MRM_IOMMU_PROCESSORS) {
    return "an IOMMU that confines interrupts of functions to two processors at most";
  }

  for (Index = 0; Index < Partition->Plan->ProcessorCount; Index++) {
    if (Partition->ApicIds[Index] > LARGEST_APIC_ID) {
      return "an IOMMU that knows no APIC ID above 254";
    }
  }

  if ((Partition->Plan->ProcessorCount > 1) && !CollectMessages (Partition, Messages, &Index)) {
    return "more functions with messages than its guard can look at";
  }

  return NULL;
}

VOID
BindDma (
  IN OUT MRM_PARTITION  *Partition
  )
{
  CONST CHAR8  *Lack;
  BOOLEAN      Contained;

  if ((Partition->Plan->Isolation == MrmIsolationCooperative) || (Partition->PciBusCount == 0)) {
    return;
  }

  Contained             = (BOOLEAN)(Partition->Plan->Isolation == MrmIsolationContained);
  Lack                  = ConfinementLack (Partition);
  Partition->Confinable = (BOOLEAN)(Lack == NULL);
  if (Contained && (Lack == NULL)) {
    Lack               = SteeringLack (Partition);
    Partition->Steered = (BOOLEAN)(Lack == NULL);
  }

  if (Contained && (Lack == NULL) && CanForgeSource (Partition)) {
    Lack = "a bridge behind a port that does not check whose requests it forwards";
  }

  if (Contained && (Lack != NULL) && !Partition->Plan->DmaTrusted) {
    Partition->Confinable = FALSE;
    Partition->Steered    = FALSE;
    Refuse (Partition, MRM_RULE_DMA, "promised isolation 'contained' of its PCI functions, found %a", Lack);
  } else if (Partition->Confinable) {
    Keep (
      Partition,
      MRM_RULE_DMA,
      "DMA of its PCI functions is confined%a by AMD's IOMMU",
      (Contained && (Lack == NULL)) ? ", and their interrupts are," : ""
      );
  } else if (Contained) {
    Keep (Partition, MRM_RULE_DMA, "DMA of its PCI functions is trusted: found %a", Lack);
  }
}

/**
  Collect what functions of a partition reach: its memory, and what it shares with others.

  @param[in]     Partition  The partition.
  @param[in,out] Set        Receives it.

  @return  Status of MrmRangeAdd().
**/
STATIC
EFI_STATUS
CollectReach (
  IN     CONST MRM_PARTITION  *Partition,
  IN OUT MRM_RANGE_SET        *Set
  )
{
  EFI_STATUS  Status;
  UINTN       Index;

  Status = EFI_SUCCESS;
  for (Index = 0; !EFI_ERROR (Status) && (Index < Partition->PieceCount); Index++) {
    Status = MrmRangeAdd (Set, Partition->Pieces[Index].Base, Partition->Pieces[Index].Size);
  }

  for (Index = 0; !EFI_ERROR (Status) && (Index < Partition->Plan->SharedCount); Index++) {
    Status = MrmRangeAdd (Set, Partition->Shared[Index].Base, Partition->Shared[Index].Size);
  }

  return Status;
}

/**
  Make the tables of a partition.

  @param[in,out] Partition  Receives Confinement, also if this fails.

  @retval EFI_SUCCESS           Done.
  @retval EFI_OUT_OF_RESOURCES  There is no memory for it.
  @return Other                 A library refused the facts.
**/
STATIC
EFI_STATUS
MakeConfinement (
  IN OUT MRM_PARTITION  *Partition
  )
{
  MRM_RANGE        Ranges[MRM_MAX_PIECES + MRM_MAX_SHARED];
  MRM_RANGE_SET    Set;
  MRM_CONFINEMENT  *Confinement;
  EFI_STATUS       Status;
  UINTN            Pages;

  Set.Ranges   = Ranges;
  Set.Count    = 0;
  Set.Capacity = ARRAY_SIZE (Ranges);
  Status       = CollectReach (Partition, &Set);
  if (!EFI_ERROR (Status)) {
    Status = MrmIommuTablesSize (Set.Ranges, Set.Count, &Pages);
  }

  if (EFI_ERROR (Status)) {
    return Status;
  }

  Confinement = AllocateZeroPool (sizeof (*Confinement));
  if (Confinement == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }

  mDomain                   = (UINT16)MAX (mDomain + 1, 1);
  Partition->Confinement    = Confinement;
  Confinement->Domain       = mDomain;
  Confinement->Pages        = Pages + 1;
  Confinement->Tables.Pages = AllocatePages (Confinement->Pages);
  if (Confinement->Tables.Pages == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }

  ZeroMem (Confinement->Tables.Pages, EFI_PAGES_TO_SIZE (Confinement->Pages));
  Confinement->Tables.Physical  = (UINTN)Confinement->Tables.Pages;
  Confinement->Tables.PageCount = Pages;
  Confinement->Table            = Confinement->Tables.Physical + EFI_PAGES_TO_SIZE (Pages);
  Confinement->Interrupts       = MrmIommuPassed;
  if (Partition->Steered) {
    Confinement->Interrupts = MrmIommuRemapped;
    MrmIommuFillInterrupts (
      Partition->ApicIds,
      Partition->Plan->ProcessorCount,
      (UINT32 *)(UINTN)Confinement->Table
      );
  }

  return MrmIommuBuildTables (Set.Ranges, Set.Count, &Confinement->Tables);
}

VOID
OpenConfinement (
  IN OUT MRM_PARTITION  *Partition
  )
{
  EFI_STATUS  Status;

  if (!Partition->Confinable) {
    return;
  }

  Status = OpenIommus ();
  if (!EFI_ERROR (Status)) {
    Status = MakeConfinement (Partition);
  }

  if (EFI_ERROR (Status)) {
    CloseConfinement (Partition);
    Refuse (Partition, MRM_RULE_CONTROLLER, "its PCI functions cannot be confined: %r", Status);
    return;
  }

  CheckSources (Partition);
}

/**
  Set the entries of all functions of a partition, and wait until they hold.

  @param[in] Partition  The partition.
  @param[in] Entry      The entry; NULL: they reach everything.

  @return  Status of SettleIommus().
**/
STATIC
EFI_STATUS
SetDevices (
  IN CONST MRM_PARTITION     *Partition,
  IN CONST MRM_IOMMU_DEVICE  *Entry OPTIONAL
  )
{
  CONST MRM_PCI_PORT  *Port;
  UINTN               Index;
  UINTN               Function;
  UINT32              Device;
  EFI_STATUS          Status;

  for (Index = 0; Index < Partition->PciBusCount; Index++) {
    Port = &Partition->PciPorts[Index];
    if (Port->ByFunction) {
      for (Function = 0; Function < Port->FunctionCount; Function++) {
        SetIommuDevice (DeviceOf (&Port->Functions[Function].Address), Entry);
      }

      continue;
    }

    for (Device = (UINT32)Partition->PciBuses[Index].FirstBus << 8;
         Device <= (((UINT32)Partition->PciBuses[Index].LastBus << 8) | LAST_FUNCTION);
         Device++)
    {
      SetIommuDevice ((UINT16)Device, Entry);
    }
  }

  Status = SettleIommus (Partition->Confinement->Domain);
  if (EFI_ERROR (Status)) {
    // For good: what is asked next says nothing about what was not answered.
    Partition->Confinement->Unsettled = TRUE;
  }

  return Status;
}

VOID
BlockDevices (
  IN CONST MRM_PARTITION  *Partition
  )
{
  MRM_IOMMU_DEVICE  Entry;

  if ((Partition->Confinement == NULL) || (Partition->Confinement->Reach == MrmReachNothing)) {
    return;
  }

  // What they did before that counts; what they try from now on does not, as nobody has told them to stop.
  PollConfinement ();
  Partition->Confinement->Reach = MrmReachNothing;
  MrmIommuConfine (EmptyIommuTables (), Partition->Confinement->Domain, MrmIommuDropped, 0, &Entry);
  if (EFI_ERROR (SetDevices (Partition, &Entry))) {
    Say ("%a: the IOMMU does not answer", Partition->Plan->Name);
  }
}

EFI_STATUS
ConfineDevices (
  IN CONST MRM_PARTITION  *Partition
  )
{
  MRM_CONFINEMENT   *Confinement;
  MRM_IOMMU_DEVICE  Entry;
  EFI_STATUS        Status;

  Confinement = Partition->Confinement;
  if ((Confinement == NULL) || (Confinement->Reach == MrmReachOwn)) {
    return EFI_SUCCESS;
  }

  MrmIommuConfine (
    Confinement->Tables.Physical,
    Confinement->Domain,
    Confinement->Interrupts,
    Confinement->Table,
    &Entry
    );
  Status = SetDevices (Partition, &Entry);
  PollConfinement ();
  Confinement->Reach = MrmReachOwn;
  ZeroMem (&Confinement->Counts, sizeof (Confinement->Counts));
  if (EFI_ERROR (Status)) {
    // The entries are in the device table, whether they hold already or not: they must not outlive the page tables.
    BlockDevices (Partition);
  }

  return Status;
}

VOID
FreeDevices (
  IN CONST MRM_PARTITION  *Partition
  )
{
  if ((Partition->Confinement != NULL) && (Partition->Confinement->Reach != MrmReachAll)) {
    Partition->Confinement->Reach = MrmReachAll;
    if (EFI_ERROR (SetDevices (Partition, NULL))) {
      Say ("%a: the IOMMU does not answer", Partition->Plan->Name);
    }
  }
}

VOID
CloseConfinement (
  IN OUT MRM_PARTITION  *Partition
  )
{
  if (Partition->Confinement == NULL) {
    return;
  }

  if (Partition->Confinement->Reach == MrmReachOwn) {
    BlockDevices (Partition);
  }

  // Pages that an IOMMU may still use are nobody else's until the PC is reset.
  if ((Partition->Confinement->Tables.Pages != NULL) && !Partition->Confinement->Unsettled) {
    FreePages (Partition->Confinement->Tables.Pages, Partition->Confinement->Pages);
  }

  FreePool (Partition->Confinement);
  Partition->Confinement = NULL;
}

/**
  Say what was denied to a function, unless much was said of its partition already.

  @param[in,out] Partition  The partition.
  @param[in]     Event      What.
**/
STATIC
VOID
SayFault (
  IN OUT MRM_PARTITION          *Partition,
  IN     CONST MRM_IOMMU_EVENT  *Event
  )
{
  CONST CHAR8  *What;

  if (!MrmRateTake (&Partition->Confinement->Rate, Milliseconds (), LINES_AT_ONCE, LINE_PERIOD)) {
    return;
  }

  switch (Event->Kind) {
    case MrmIommuAccess:
      What = Event->Write ? "wanted to write to" : "wanted to read";
      break;
    case MrmIommuInterrupt:
      What = "wanted to interrupt by";
      break;
    default:
      What = "sent what it may not send to";
      break;
  }

  Say (
    "%a: IOMMU: %02x:%02x.%x %a 0x%lx; denied, %ld since its start",
    Partition->Plan->Name,
    Event->Device >> 8,
    (Event->Device >> 3) & 0x1F,
    Event->Device & 7,
    What,
    Event->Address,
    Partition->Confinement->Counts.Faults
    );
}

VOID
PollConfinement (
  VOID
  )
{
  STATIC MRM_RATE  Rate;
  MRM_IOMMU_EVENT  Event;
  MRM_CONFINEMENT  *Confinement;
  UINTN            Index;
  UINTN            Count;

  for (Count = 0; (Count < EVENTS_AT_ONCE) && TakeIommuEvent (&Event); Count++) {
    if (Event.Kind == MrmIommuOwnFault) {
      if (MrmRateTake (&Rate, Milliseconds (), LINES_AT_ONCE, LINE_PERIOD)) {
        Say ("IOMMU: event %d, device 0x%04x, address 0x%lx", Event.Code, Event.Device, Event.Address);
      }

      continue;
    }

    for (Index = 0; (Event.Kind != MrmIommuNothing) && (Index < gPartitionCount); Index++) {
      Confinement = gPartitions[Index].Confinement;
      if ((Confinement != NULL) && (Confinement->Reach == MrmReachOwn) && HasDevice (&gPartitions[Index], Event.Device)) {
        Confinement->Counts.Faults++;
        Confinement->Counts.Device  = Event.Device;
        Confinement->Counts.Address = Event.Address;
        SayFault (&gPartitions[Index], &Event);
      }
    }
  }
}

BOOLEAN
ConfinementFaults (
  IN  CONST MRM_PARTITION  *Partition,
  OUT MRM_IOMMU_COUNTS     *Faults
  )
{
  if (Partition->Confinement == NULL) {
    return FALSE;
  }

  CopyMem (Faults, &Partition->Confinement->Counts, sizeof (*Faults));
  return TRUE;
}
