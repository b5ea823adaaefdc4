/** @file
  The hand-off: everything the partition firmware is told beyond standard HOBs,
  as one GUID HOB.  Written by the controller before each start, read-only after.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_HAND_OFF_H_
#define MRM_HAND_OFF_H_

#include <MrmPlan.h>

#define MRM_HAND_OFF_VERSION  1

#define MRM_HAND_OFF_GUID \
  { 0x6a2b6d0e, 0x3c1f, 0x4a55, { 0x9d, 0x1b, 0x52, 0x7e, 0x0c, 0x84, 0x31, 0xf7 } }

///
/// An address range, Base to Base + Size - 1; empty when Size is zero.
///
typedef struct {
  UINT64    Base;
  UINT64    Size;
} MRM_RANGE;

///
/// One owned bus range as the live machine has it (numbers and windows of the
/// PC's own firmware, which stay as they are).
///
typedef struct {
  UINT16       Segment;          ///< as the partition sees it, non-zero
  UINT8        FirstBus;
  UINT8        LastBus;
  UINT32       Reserved;
  UINT64       EcamBase;         ///< ECAM address of bus 0 of the machine's segment (MCFG convention)
  MRM_RANGE    Memory;           ///< non-prefetchable window of the root port
  MRM_RANGE    Prefetchable;     ///< prefetchable window of the root port
} MRM_PCI_BUS;

typedef struct {
  UINT32              Version;                        ///< MRM_HAND_OFF_VERSION
  UINT32              Size;                           ///< sizeof (MRM_HAND_OFF)
  CHAR8               PartitionName[MRM_NAME_LENGTH];
  UINT64              TscFrequency;                   ///< Hz, measured
  UINT64              LocalApicTimerFrequency;        ///< Hz at divide-by-1, measured
  UINT64              Mailbox;                        ///< physical address of MRM_MAILBOX
  UINT64              DxeCoreEntry;                   ///< physical address of the DXE core's entry point
  UINT64              Rsdp;                           ///< physical address of the ACPI RSDP
  UINT64              Smbios;                         ///< physical address of the SMBIOS 3 entry point
  MRM_PLAN_CONSOLE    Console;
  UINT16              PmTimerPort;                    ///< I/O port of the ACPI PM timer, 0 = none
  UINT16              Reserved;
  UINT32              BootProcessorApicId;
  UINT32              ProcessorCount;
  EFI_TIME            WallTime;                       ///< time of day at WallTimeTsc
  UINT64              WallTimeTsc;
  MRM_RANGE           Loader;                         ///< PE image of the loader
  MRM_RANGE           Initrd;
  MRM_RANGE           LoadOptions;                    ///< zero-terminated CHAR16 string
  UINT32              PciBusCount;
  UINT32              Reserved2;
  MRM_PCI_BUS         PciBuses[MRM_MAX_PCI_BUSES];
} MRM_HAND_OFF;

extern EFI_GUID  gMrmHandOffGuid;

#endif
