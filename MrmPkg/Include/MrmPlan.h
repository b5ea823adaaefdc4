/** @file
  The plan as C tables: the one interface between the generator (which emits
  these tables into MrmPlanTables.c) and the controller (which reads them).

  Everything here is read-only data.  Names are physical, never accidental
  (DESIGN 6): the controller binds them to the live machine at boot.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_PLAN_H_
#define MRM_PLAN_H_

#include <Uefi/UefiBaseType.h>

#define MRM_PLAN_VERSION  1

///
/// Limits of one plan; the generator checks them, the controller relies on them.
///
#define MRM_MAX_PARTITIONS      64
#define MRM_MAX_PROCESSORS      256   ///< processors of one partition
#define MRM_MAX_MEMORY_REQUESTS 8     ///< memory requests of one partition
#define MRM_MAX_PCI_BUSES       16    ///< PCI host bridges of one partition
#define MRM_NAME_LENGTH         32    ///< partition name with terminating zero

///
/// What one memory request is for; also its order in MRM_PLAN_PARTITION.Memory.
///
typedef enum {
  MrmMemoryLow,       ///< low slice below 0x90000: real-mode trampolines of firmware and OS
  MrmMemoryBelow1G,   ///< share below 1 GiB, for loaders that cannot place an initrd higher
  MrmMemoryMain       ///< everything else
} MRM_MEMORY_PURPOSE;

typedef struct {
  MRM_MEMORY_PURPOSE    Purpose;
  UINT64                Size;        ///< bytes, multiple of 4 KiB
  UINT64                Alignment;   ///< bytes, power of two, at least 4 KiB
  UINT64                Minimum;     ///< lowest acceptable address, bytes
  UINT64                Limit;       ///< first address above the acceptable range, bytes
} MRM_PLAN_MEMORY;

///
/// One owned bus range: everything below one root port.
///
typedef struct {
  CONST CHAR8    *RootPort;          ///< UEFI device path text of the root port, e.g. "PciRoot(0x0)/Pci(0x3,0x0)"
  UINT16         Segment;            ///< non-zero PCI segment under which the partition sees it
} MRM_PLAN_PCI_BUS;

typedef enum {
  MrmConsoleNone,
  MrmConsoleUart16550Io              ///< 16550-compatible UART in I/O space, polled
} MRM_CONSOLE_KIND;

typedef struct {
  MRM_CONSOLE_KIND    Kind;
  UINT16              IoBase;        ///< first I/O port; 8 ports
  UINT32              BaudRate;
} MRM_PLAN_CONSOLE;

///
/// What a patch writes into the compiled DSDT (little endian, Width bytes).
/// Index selects the element of MRM_PLAN_PARTITION.PciBuses.
///
typedef enum {
  MrmPatchBusFirst,                  ///< first bus number
  MrmPatchBusLast,                   ///< last bus number
  MrmPatchBusCount,                  ///< number of buses
  MrmPatchEcamBase,                  ///< address of the ECAM page of the first bus
  MrmPatchEcamLast,                  ///< last byte of the ECAM range of the last bus
  MrmPatchEcamLength,                ///< bytes
  MrmPatchMemoryFirst,               ///< non-prefetchable window: first address
  MrmPatchMemoryLast,                ///< last address
  MrmPatchMemoryLength,              ///< bytes; zero when the window is closed
  MrmPatchPrefetchableFirst,         ///< prefetchable window: first address
  MrmPatchPrefetchableLast,          ///< last address
  MrmPatchPrefetchableLength         ///< bytes; zero when the window is closed
} MRM_PATCH_KIND;

typedef struct {
  UINT32            Offset;          ///< byte offset in the AML table, header included
  UINT8             Width;           ///< 1, 2, 4 or 8
  UINT8             Index;           ///< which PCI bus
  MRM_PATCH_KIND    Kind;
} MRM_PLAN_AML_PATCH;

typedef struct {
  CONST CHAR16    *Loader;           ///< path on the ESP, e.g. L"\\EFI\\MRM\\steady\\vmlinuz"
  CONST CHAR16    *Initrd;           ///< path on the ESP, or NULL
  CONST CHAR16    *Options;          ///< load options; "{tsc_khz}" is replaced by the measured frequency
} MRM_PLAN_BOOT;

typedef struct {
  CONST CHAR8                 *Name;            ///< partition name, ASCII, shorter than MRM_NAME_LENGTH
  UINT32                      ProcessorCount;   ///< at least 1; the first one starts the partition firmware
  CONST UINT32                *ApicIds;         ///< ProcessorCount local APIC IDs chosen by the planner
  BOOLEAN                     ProcessorsByCount;///< TRUE: any other free processors will do as well
  UINT32                      MemoryCount;
  CONST MRM_PLAN_MEMORY       *Memory;          ///< exactly one MrmMemoryLow, first
  UINT32                      PciBusCount;
  CONST MRM_PLAN_PCI_BUS      *PciBuses;
  MRM_PLAN_CONSOLE            Console;
  MRM_PLAN_BOOT               Boot;
  UINT32                      DsdtSize;         ///< bytes
  CONST UINT8                 *Dsdt;            ///< compiled by iasl, not yet patched
  UINT32                      DsdtPatchCount;
  CONST MRM_PLAN_AML_PATCH    *DsdtPatches;
} MRM_PLAN_PARTITION;

typedef struct {
  UINT32                      Version;          ///< MRM_PLAN_VERSION
  CONST CHAR8                 *Title;           ///< name of the partition file
  MRM_PLAN_CONSOLE            Console;          ///< UART the controller keeps (report only)
  UINT32                      PartitionCount;
  CONST MRM_PLAN_PARTITION    *Partitions;
} MRM_PLAN;

extern CONST MRM_PLAN  gMrmPlan;

#endif
