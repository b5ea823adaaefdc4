/** @file
  The hand-off: everything the partition firmware is told beyond standard HOBs,
  as one GUID HOB.  Written by the controller before each start, read-only after.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_HAND_OFF_H_
#define MRM_HAND_OFF_H_

#include <MrmPlan.h>

#define MRM_HAND_OFF_VERSION  5

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
/// Where a PCI function is; Segment is the machine's or the partition's.
///
typedef struct {
  UINT16    Segment;
  UINT8     Bus;
  UINT8     Device;
  UINT8     Function;
} MRM_PCI_ADDRESS;

///
/// One owned bus range as the live machine has it (numbers and windows of the
/// PC's own firmware, which stay as they are).
///
typedef struct {
  UINT16       Segment;          ///< as the partition sees it; zero is bus 0 and what is behind it, of the chipset's owner
  UINT8        FirstBus;
  UINT8        LastBus;
  UINT32       Reserved;
  UINT64       EcamBase;         ///< ECAM address of bus 0 of the machine's segment (MCFG convention)
  MRM_RANGE    Memory;           ///< non-prefetchable window of the root port
  MRM_RANGE    Prefetchable;     ///< prefetchable window of the root port
  MRM_RANGE    Io;               ///< I/O window of the root port
} MRM_PCI_BUS;

///
/// The console as the live machine has it: MrmConsoleNone, -Uart16550Io or -Uart16550Memory.
///
typedef struct {
  MRM_CONSOLE_KIND    Kind;
  UINT32              BaudRate;
  UINT64              Base;      ///< first I/O port or address of 8 byte-wide registers
} MRM_CONSOLE;

///
/// One boot source with what the controller has read for it.
///
typedef struct {
  MRM_BOOT_KIND    Kind;
  UINT16           Segment;      ///< disk, network: 0 = any
  UINT16           Reserved;
  MRM_RANGE        Loader;       ///< file, shell: PE image, empty if the controller could not read it
  MRM_RANGE        Initrd;       ///< file
  MRM_RANGE        Options;      ///< zero-terminated CHAR16 string, or empty
  MRM_RANGE        Path;         ///< zero-terminated CHAR16 string: file, shell: where Loader was; disk: loader on it, or empty; network: URI, or empty
} MRM_BOOT_SOURCE;

typedef struct {
  UINT32              Version;                        ///< MRM_HAND_OFF_VERSION
  UINT32              Size;                           ///< sizeof (MRM_HAND_OFF)
  CHAR8               PartitionName[MRM_NAME_LENGTH];
  UINT64              TscFrequency;                   ///< Hz, measured
  UINT64              LocalApicTimerFrequency;        ///< Hz at divide-by-1, measured
  UINT64              Mailbox;                        ///< physical address of MRM_MAILBOX
  UINT64              LocalApic;                      ///< physical address of the local APIC's registers
  UINT32              WakeApicId;                     ///< an interrupt there has the controller look at the mailbox at once ...
  UINT32              WakeVector;                     ///< ... with this vector; 0 = it looks when it does
  UINT64              DxeCoreEntry;                   ///< physical address of the DXE core's entry point
  UINT64              Rsdp;                           ///< physical address of the ACPI RSDP
  UINT64              Smbios;                         ///< physical address of the SMBIOS 3 entry point
  MRM_CONSOLE         Console;
  BOOLEAN             Display;                        ///< its display function gets a GOP
  UINT8               Reserved[3];
  UINT32              BootTimeoutSeconds;             ///< 0 = boot the first source at once
  EFI_TIME            WallTime;                       ///< time of day at WallTimeTsc
  UINT64              WallTimeTsc;
  MRM_RANGE           ExpectedParameters;             ///< zero-terminated CHAR8 string, words separated by spaces
  MRM_RANGE           VariableStore;                  ///< UEFI variable store as last committed; all 0xFF when new
  MRM_RANGE           ControlArea;                    ///< MRM_CONTROL_AREA
  MRM_RANGE           ConsoleRing;                    ///< MRM_RING: everything written to the console before ExitBootServices
  MRM_RANGE           EventRing;                      ///< MRM_RING: lines for the controller's log, each ended by a line feed
  MRM_RANGE           Stack;                          ///< of the first processor
  MRM_RANGE           StackGuard;                     ///< below Stack; not mapped
  MRM_RANGE           PageTables;                     ///< as the controller made them; read-only
  MRM_RANGE           Descriptors;                    ///< MRM_DESCRIPTORS
  UINT64              Disks;                          ///< registers of the first served disk; the next one's are MRM_FUNCTION_WINDOW_SIZE further
  UINT32              DiskCount;                      ///< served disks
  UINT16              DiskSegment;                    ///< PCI segment they are in
  UINT16              Reserved2;
  UINT32              BootSourceCount;
  UINT32              PciBusCount;
  MRM_BOOT_SOURCE     BootSources[MRM_MAX_BOOT_SOURCES];
  MRM_PCI_BUS         PciBuses[MRM_MAX_PCI_BUSES];
} MRM_HAND_OFF;

extern EFI_GUID  gMrmHandOffGuid;

///
/// Vendor GUID of the variables by which an OS sees and steers MRM (docs/control.md).
///
extern EFI_GUID  gMrmVariableGuid;

#endif
