/** @file
  The partitions on the live machine.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PARTITION_H_
#define MRM_CONTROLLER_PARTITION_H_

#include <PiDxe.h>
#include <MrmPlan.h>
#include <Guid/MrmHandOff.h>
#include <Library/MrmGuardHostLib.h>
#include <Library/MrmIommuLib.h>
#include <Library/MrmLayoutLib.h>
#include <Library/MrmLifecycleLib.h>
#include <Library/MrmLogLib.h>
#include <Library/MrmPciLib.h>
#include <Library/MrmRangeLib.h>
#include <Protocol/PciRootBridgeIo.h>

#define MRM_MAX_FUNCTIONS     32      ///< PCI functions behind one port
#define MRM_REASON_SIZE       384     ///< failure text of a partition, cut to this

///
/// One PCI function behind an owned port, with the configuration the PC's
/// firmware gave it, restored after each reset.
///
typedef struct {
  MRM_PCI_ADDRESS         Address;
  BOOLEAN                 Disabled;              ///< no way to interrupt: it stays switched off
  UINTN                   BarCount;              ///< given away by itself: what it decodes ...
  MRM_PCI_BAR             Bars[MRM_PCI_BARS];    ///< ... with an address each
  MRM_PCI_CAPABILITIES    Capabilities;
  UINT32                  Config[MRM_PCI_CONFIG_DWORDS];
} MRM_PCI_FUNCTION;

///
/// A root port or a downstream port of a switch, and everything behind it; or functions by themselves.
///
typedef struct {
  BOOLEAN                            ByFunction; ///< functions of one bus, which others have functions on, too
  EFI_PCI_ROOT_BRIDGE_IO_PROTOCOL    *RootBridge;
  MRM_PCI_ADDRESS                    Address;    ///< of the port itself; ByFunction: of the first function
  UINTN                              FunctionCount;
  MRM_PCI_FUNCTION                   Functions[MRM_MAX_FUNCTIONS];
} MRM_PCI_PORT;

typedef struct _MRM_PARTITION_STORE    MRM_PARTITION_STORE;
typedef struct _MRM_PARTITION_CONTROL  MRM_PARTITION_CONTROL;
typedef struct _MRM_PARTITION_AREA     MRM_PARTITION_AREA;
typedef struct _MRM_PARTITION_CARDS    MRM_PARTITION_CARDS;
typedef struct _MRM_PARTITION_DISKS    MRM_PARTITION_DISKS;
typedef struct _MRM_MEDIUM             MRM_MEDIUM;
typedef struct _MRM_CONFINEMENT        MRM_CONFINEMENT;
typedef struct _MRM_PARTITION_CHIPSET  MRM_PARTITION_CHIPSET;

///
/// One partition on the live machine.
///
typedef struct {
  CONST MRM_PLAN_PARTITION    *Plan;
  CONST MRM_PLAN_POLICY       *Policy;                       ///< in force (Policy.h); what is Plan's is structural
  MRM_LIFECYCLE               Life;
  UINT32                      ApicIds[MRM_MAX_PROCESSORS];   ///< Plan->ProcessorCount of them, first boots
  UINT64                      LocalApicTimerFrequency;       ///< Hz
  UINT32                      MemoryBound;                   ///< bit n: request n of the plan was judged
  UINTN                       PieceCount;
  MRM_RANGE                   Pieces[MRM_MAX_PIECES];        ///< memory; the low slice first
  UINT32                      PciBusCount;
  MRM_PCI_BUS                 PciBuses[MRM_MAX_PCI_BUSES];   ///< that of its cards and served disks after the others
  MRM_PCI_PORT                *PciPorts;                     ///< PciBusCount elements
  BOOLEAN                     Confinable;                    ///< an IOMMU is to confine DMA of its functions
  BOOLEAN                     Steered;                       ///< ... and to lead their interrupts to its own processors
  MRM_CONFINEMENT             *Confinement;                  ///< the controller's: how it does (Pci/Confine.h), or NULL
  MRM_RANGE                   CardArea;                      ///< of its cards and served disks; empty without any
  MRM_PARTITION_AREA          *Area;                         ///< the controller's: that it is shared (Talk/Area.h)
  MRM_PARTITION_CARDS         *Cards;                        ///< the controller's: these cards (Talk/Cards.h)
  MRM_RANGE                   CardPages;                     ///< where these lie, with Cards
  MRM_MEDIUM                  *Media[MRM_MAX_DISKS];         ///< the controller's: of Plan->Disks (Media/Medium.h)
  MRM_PARTITION_DISKS         *Disks;                        ///< the controller's: these disks (Talk/Disk.h)
  MRM_GUARD                   *Guard;                        ///< the controller's: beneath it (Guard/Guard.h), or NULL
  MRM_GUARD_COUNTS            Exits;                         ///< what that has counted, as it was told last
  MRM_IOMMU_COUNTS            Denied;                        ///< what its functions were denied, as it was told last
  MRM_RANGE                   GuardBlock;                    ///< where that lies
  MRM_RANGE                   GuardTables;                   ///< page tables of the guard itself ...
  UINTN                       GuardRoot;                     ///< ... and the first of them
  MRM_PARTITION_CHIPSET       *Chipset;                      ///< the controller's: that it owns (Chipset/Chipset.h), or NULL
  CONST MRM_PCI_PORT          *Rest;                         ///< functions that it has as its owner, or NULL
  MRM_RANGE                   Shared[MRM_MAX_SHARED];        ///< Plan->SharedCount of them, in the plan's order
  MRM_CONSOLE                 Console;                       ///< as the live machine has it
  CONST MRM_PCI_PORT          *ConsolePort;                  ///< port of a console on a PCI card, or NULL
  CONST MRM_PCI_FUNCTION      *ConsoleFunction;              ///< that card
  UINT16                      ConsoleSegment;                ///< as the partition sees it
  MRM_BOOT_FILES              BootFiles[MRM_MAX_BOOT_SOURCES];
  MRM_MAILBOX                 *Mailbox;                      ///< in the partition's memory, as all below; not trusted
  MRM_RANGE                   VariableStore;
  MRM_PARTITION_STORE         *Store;                        ///< the controller's: what is committed (Talk/Variables.h)
  MRM_CONTROL_AREA            *ControlArea;
  MRM_RING                    *ConsoleRing;
  UINT32                      ConsoleRingSize;               ///< bytes of its data, as the controller made it
  MRM_RING                    *EventRing;
  UINT32                      EventRingSize;                 ///< bytes of its data, as the controller made it
  MRM_PARTITION_CONTROL       *Control;                      ///< the controller's: control variables (Talk/Control.h)
  MRM_TEXT                    Audit;                         ///< what was promised and found
  CHAR8                       Words[MRM_REASON_SIZE];        ///< why it is in its state
  BOOLEAN                     Quiesced;                      ///< its devices wait for a start
  BOOLEAN                     Lost;                          ///< a processor did not stop: nobody else may have what it has
  BOOLEAN                     MemoryUsed;                    ///< some has been another's: it is zeroed before the next start
  UINT64                      Scrubbed;                      ///< bytes of its memory zeroed before the next start
  UINT64                      StartTsc;
} MRM_PARTITION;

extern MRM_PARTITION  *gPartitions;
extern UINTN          gPartitionCount;

/**
  How many PCI host bridges a partition sees: one for each port, and one if it has cards on networks or served disks.

  @param[in] Partition  The partition.
**/
UINT32
HostBridgeCount (
  IN CONST MRM_PARTITION  *Partition
  );

/**
  Make room for the partitions of a plan.

  @param[in]  Plan        The plan.
  @param[out] Partitions  Receives Plan->PartitionCount partitions that are absent and have nothing.

  @retval EFI_SUCCESS           Partitions is there, for FreePartitions().
  @retval EFI_OUT_OF_RESOURCES  There is no memory for it.
**/
EFI_STATUS
AllocatePartitions (
  IN  CONST MRM_PLAN  *Plan,
  OUT MRM_PARTITION   **Partitions
  );

/**
  Free what AllocatePartitions() has made.

  @param[in] Partitions  The partitions; those whose Audit has no buffer have been moved elsewhere.
  @param[in] Count       Their number.
**/
VOID
FreePartitions (
  IN MRM_PARTITION  *Partitions,
  IN UINTN          Count
  );

/**
  Make room for the partitions of the plan in force.

  @retval EFI_SUCCESS           gPartitions is there.
  @retval EFI_OUT_OF_RESOURCES  There is no memory for it.
**/
EFI_STATUS
MakePartitions (
  VOID
  );

/**
  Free what MakePartitions() has made.
**/
VOID
FreeAllPartitions (
  VOID
  );

/**
  The configuration space of a function.

  @param[in] EcamBase  Address of bus 0 of its segment.
  @param[in] Bus       Bus number.
  @param[in] Device    Device number.
  @param[in] Function  Function number.
**/
MRM_RANGE
ConfigRange (
  IN UINT64  EcamBase,
  IN UINT8   Bus,
  IN UINTN   Device,
  IN UINTN   Function
  );

#endif
