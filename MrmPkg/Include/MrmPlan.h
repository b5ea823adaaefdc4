/** @file
  The plan as the controller sees it, once MrmPlanLib has judged the blob that
  says it (docs/plan-format.md).

  Made by `python -m generator.blob` from generator/blob/form.py: change it there.

  Everything here is read-only data.  Names are physical: ports by UEFI device
  path, processors by local APIC ID.  What the PC's firmware counts anew at each
  boot (buses, indices) the controller finds on the live machine.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_PLAN_H_
#define MRM_PLAN_H_

#include <Uefi/UefiBaseType.h>

#define MRM_PLAN_VERSION  11
#define MRM_PLAN_FORMAT   0xA92A689AU
#define MRM_PLAN_MAGIC    SIGNATURE_64 ('M', 'R', 'M', ' ', 'p', 'l', 'a', 'n')

///
/// Limits of one plan; the generator's rules check them, MrmPlanLib judges them again.
///
#define MRM_MAX_PARTITIONS       64
#define MRM_MAX_PROCESSORS       256       ///< processors of one partition
#define MRM_MAX_PCI_BUSES        16        ///< PCI host bridges of one partition
#define MRM_MAX_PCI_FUNCTIONS    16        ///< functions of one bus that a partition has by themselves
#define MRM_NAME_LENGTH          32        ///< partition name with terminating zero
#define MRM_MAX_BOOT_SOURCES     8         ///< boot sources of one partition
#define MRM_MAX_CARDS            8         ///< networks one partition is on
#define MRM_MAX_NETWORKS         16        ///< networks in memory
#define MRM_MAX_DISKS            8         ///< disks the controller serves one partition
#define MRM_DISK_SERIAL          20        ///< characters of the serial number of a served disk
#define MRM_DISK_LABEL           36        ///< characters of the label of a GPT partition, and of a UUID
#define MRM_MAX_SHARED           16        ///< shared memories of a plan
#define MRM_SHARED_ALIGNMENT     2097152   ///< bytes; Linux maps persistent memory in such steps
#define MRM_DIGEST_LENGTH        16        ///< hexadecimal digits of a digest
#define MRM_PLAN_LARGEST         4194304   ///< bytes of a blob
#define MRM_UUID_SIZE            16        ///< bytes of a UUID
#define MRM_SYSTEM_LENGTH        80        ///< characters of what SMBIOS calls a PC
#define MRM_MAX_PC_PROCESSORS    8192      ///< processors of a PC that a plan can name

#define MRM_PERMIT_START         BIT0
#define MRM_PERMIT_STOP          BIT1
#define MRM_PERMIT_RESTART       BIT2
#define MRM_PERMIT_NMI           BIT3

#define MRM_PERMIT_PC_REBOOT     BIT0
#define MRM_PERMIT_PC_POWER_OFF  BIT1
#define MRM_PERMIT_RELOAD        BIT2      ///< put another policy in force, for all partitions

///
/// What one memory request is for; also its order in MRM_PLAN_PARTITION.Memory.
///
typedef enum {
  MrmMemoryLow,       ///< low slice below 0x90000: real-mode trampolines of firmware and OS
  MrmMemoryBelow1G,   ///< share below 1 GiB, for loaders that cannot place an initrd higher
  MrmMemoryMain       ///< everything else
} MRM_MEMORY_PURPOSE;

///
/// Where a console is.
///
typedef enum {
  MrmConsoleNone,
  MrmConsoleUart16550Io,       ///< 16550-compatible UART in I/O space, polled
  MrmConsoleUart16550Memory,   ///< the same in memory space; only on the live machine, never in a plan
  MrmConsoleUart16550Pci       ///< BAR 0 of a PCI serial function of the partition; only in a plan
} MRM_CONSOLE_KIND;

///
/// What a patch writes into the compiled DSDT (little endian, Width bytes).
/// Index selects the element of MRM_PLAN_PARTITION.PciBuses, one behind the last for its cards on
/// networks and its served disks; zero for the console.
///
typedef enum {
  MrmPatchBusFirst,             ///< first bus number
  MrmPatchBusLast,              ///< last bus number
  MrmPatchBusCount,             ///< number of buses
  MrmPatchEcamBase,             ///< address of the ECAM page of the first bus
  MrmPatchEcamLast,             ///< last byte of the ECAM range of the last bus
  MrmPatchEcamLength,           ///< bytes
  MrmPatchMemoryFirst,          ///< non-prefetchable window: first address
  MrmPatchMemoryLast,           ///< last address
  MrmPatchMemoryLength,         ///< bytes; zero when the window is closed
  MrmPatchPrefetchableFirst,    ///< prefetchable window: first address
  MrmPatchPrefetchableLast,     ///< last address
  MrmPatchPrefetchableLength,   ///< bytes; zero when the window is closed
  MrmPatchIoFirst,              ///< I/O window: first port
  MrmPatchIoLast,               ///< last port
  MrmPatchIoLength,             ///< ports; zero when the window is closed
  MrmPatchConsoleIoFirst,       ///< console: first I/O port; zero when it is in memory space
  MrmPatchConsoleIoLast,        ///< last port
  MrmPatchConsoleMemoryFirst,   ///< console: first address; zero when it is in I/O space
  MrmPatchConsoleMemoryLast,    ///< last address
  MrmPatchPanicFirst,           ///< register that tells a panic: first address
  MrmPatchPanicLast,            ///< last address
  MrmPatchThermal               ///< registers of the thermal zone: first address
} MRM_PATCH_KIND;

///
/// What a boot source is.
///
typedef enum {
  MrmBootFile,      ///< an EFI application on the PC's ESP
  MrmBootDisk,      ///< what is on the partition's own disks
  MrmBootNetwork,   ///< PXE or HTTP over the partition's own network interfaces
  MrmBootShell      ///< the UEFI shell on the PC's ESP
} MRM_BOOT_KIND;

///
/// Where the bytes of a served disk are.
///
typedef enum {
  MrmDiskMemory,   ///< in the PC's memory, until the controller ends
  MrmDiskFile,     ///< in a file on the PC's ESP
  MrmDiskGpt       ///< in a GPT partition of a drive that stays with the PC's firmware
} MRM_DISK_KIND;

///
/// What a partition may do with a served disk.
///
typedef enum {
  MrmDiskReadWrite,
  MrmDiskReadOnly,
  MrmDiskAppendOnly   ///< what has been written stays
} MRM_DISK_MODE;

///
/// What keeps a partition to what is its own.
///
typedef enum {
  MrmIsolationCooperative,   ///< its operating system itself
  MrmIsolationGuarded,       ///< guest mode of its processors
  MrmIsolationContained      ///< guest mode, and its interrupt commands are judged
} MRM_ISOLATION;

///
/// What happens when a partition ends.
///
///                | Never | OnFailure | Always
///   OS reset     | off   | restart   | restart
///   power-off    | off   | off       | restart
///   failure      | failed| restart   | restart
///
///
typedef enum {
  MrmRestartNever,
  MrmRestartOnFailure,
  MrmRestartAlways
} MRM_RESTART_POLICY;

///
/// What happens when the last partition has gone off.
///
typedef enum {
  MrmAllOffStay,       ///< the controller waits for orders
  MrmAllOffPowerOff,
  MrmAllOffReboot,
  MrmAllOffMenu        ///< back to the PC's own boot menu, as far as the firmware has one
} MRM_ALL_OFF;

#pragma pack (1)

///
/// What a blob begins with; the record MRM_PLAN follows.
///
typedef struct {
  UINT64    Magic;     ///< "MRM plan"
  UINT32    Version;   ///< MRM_PLAN_VERSION
  UINT32    Format;    ///< MRM_PLAN_FORMAT: a digest of the description both sides were made from
  UINT32    Size;      ///< bytes of the whole blob
  UINT32    Crc32;     ///< CRC-32 of all that follows this header
} MRM_PLAN_HEADER;

#pragma pack ()

///
/// Which PC a plan is for: by its UUID, else by what SMBIOS calls it and by its processors.
/// Without both the plan is for any PC.
///
typedef struct {
  UINT32          UuidSize;      ///< 0, or MRM_UUID_SIZE
  CONST UINT8     *Uuid;         ///< system UUID, in the order of bytes in which SMBIOS keeps it
  CONST CHAR8     *System;       ///< maker and product, as MrmPlanSystem() makes it
  UINT32          ApicIdCount;   ///< 0 without System
  CONST UINT32    *ApicIds;      ///< local APIC IDs of all its processors
} MRM_PLAN_IDENTITY;

///
/// A console.
///
typedef struct {
  MRM_CONSOLE_KIND    Kind;
  UINT16              IoBase;      ///< MrmConsoleUart16550Io: first I/O port; 8 ports
  UINT32              BaudRate;
  CONST CHAR8         *Function;   ///< MrmConsoleUart16550Pci: UEFI device path text; else NULL
} MRM_PLAN_CONSOLE;

///
/// The way out of a network: a network card that stays with the PC.
///
typedef struct {
  CONST CHAR8    *Network;   ///< name of the network
  CONST CHAR8    *Card;      ///< UEFI device path text of that card, e.g. "PciRoot(0x0)/Pci(0x1F,0x6)"
} MRM_PLAN_UPLINK;

///
/// Memory the controller finds at boot.
///
typedef struct {
  MRM_MEMORY_PURPOSE    Purpose;
  UINT64                Size;        ///< bytes, multiple of 4 KiB
  UINT64                Alignment;   ///< bytes, power of two, at least 4 KiB
  UINT64                Minimum;     ///< lowest acceptable address, bytes
  UINT64                Limit;       ///< first address above the acceptable range, bytes
} MRM_PLAN_MEMORY;

///
/// A function that a partition has by itself, with others on its bus that it does not have.
///
typedef struct {
  CONST CHAR8    *Path;   ///< UEFI device path text, e.g. "PciRoot(0x0)/Pci(0x1F,0x6)"
} MRM_PLAN_PCI_FUNCTION;

///
/// One owned bus range: everything below one root port, or one downstream port of a switch; or functions
/// of one bus.
///
typedef struct {
  CONST CHAR8                    *RootPort;       ///< UEFI device path text of that port, e.g. "PciRoot(0x0)/Pci(0x3,0x0)"; NULL: Functions
  UINT32                         FunctionCount;
  CONST MRM_PLAN_PCI_FUNCTION    *Functions;      ///< of one bus, those that the partition has by themselves
  UINT16                         Segment;         ///< PCI segment under which the partition sees it
} MRM_PLAN_PCI_BUS;

///
/// A card of a partition on a network in memory (docs/channels.md).
///
typedef struct {
  CONST CHAR8    *Network;   ///< name of the network
  UINT16         Mtu;        ///< bytes of the largest packet, the same for all on the network
  UINT64         Mac;        ///< first byte highest; 0: made of the PC's UUID and both names
} MRM_PLAN_CARD;

///
/// A disk that the controller serves a partition (docs/disks.md).
///
typedef struct {
  MRM_DISK_KIND    Kind;
  MRM_DISK_MODE    Mode;
  UINT64           Size;      ///< bytes, multiple of 4 KiB; 0 for what the medium has
  CONST CHAR16     *Medium;   ///< file: path on the PC's ESP; GPT: PARTUUID in small letters, or label; memory: NULL
  CONST CHAR8      *Serial;   ///< serial number that its partition sees
} MRM_PLAN_DISK;

///
/// A shared memory that a partition has (docs/channels.md).
///
typedef struct {
  CONST CHAR8    *Name;   ///< what partitions that have it call it
  UINT64         Size;    ///< bytes, a multiple of MRM_SHARED_ALIGNMENT, the same for all that have it
} MRM_PLAN_SHARED;

///
/// One boot source; a partition tries them in order.
///
typedef struct {
  MRM_BOOT_KIND    Kind;
  UINT16           Segment;    ///< disk, network: only behind the port seen as this segment; 0 = any
  CONST CHAR16     *Loader;    ///< file, shell: path on the PC's ESP, e.g. L"\\EFI\\MRM\\steady\\vmlinuz";
                               ///< disk: path on its ESP, or NULL for Boot####, then \EFI\BOOT\BOOTX64.EFI;
                               ///< network: URI of what HTTP fetches, or NULL for what DHCP names
  CONST CHAR16     *Initrd;    ///< file: path on the PC's ESP; else NULL
  CONST CHAR16     *Options;   ///< load options, or NULL; "{tsc_khz}" is replaced by the measured frequency
} MRM_PLAN_BOOT_SOURCE;

///
/// What a partition boots.
///
typedef struct {
  UINT32                        TimeoutSeconds;   ///< how long the console offers the choice; 0 = no choice
  UINT32                        SourceCount;      ///< 1 to MRM_MAX_BOOT_SOURCES
  CONST MRM_PLAN_BOOT_SOURCE    *Sources;
  CONST CHAR8                   *Expected;        ///< kernel parameters a Linux from the owner's own loader is to have,
                                                  ///< separated by spaces; it is warned of those that are missing
} MRM_PLAN_BOOT;

///
/// How a partition lives.
///
typedef struct {
  MRM_RESTART_POLICY    Restart;
  UINT32                RestartLimit;           ///< failures in a row after which it stays failed; 0 = no limit
  UINT32                BackOffMilliseconds;    ///< before a restart after a failure; doubled with each in a row
  BOOLEAN               Scrub;                  ///< zero its memory before each start
  BOOLEAN               AutoStart;              ///< started by the controller at boot
  BOOLEAN               Watchdog;               ///< offer the OS a watchdog (WDAT)
  BOOLEAN               Nmi;                    ///< NMIs of the machine go to its first processor
  UINT32                DelayMilliseconds;      ///< before its first start
  UINT32                FirmwareMilliseconds;   ///< firmware or loader without sign of life this long has failed; 0 = for ever
  UINT32                ShutdownMilliseconds;   ///< its OS may take this long to shut down when asked to; 0 = is not asked
  UINT32                AfterCount;
  CONST UINT16          *After;                 ///< indices of partitions that must run first
  UINT32                PermitCount;            ///< 0, or the number of partitions
  CONST UINT8           *Permits;               ///< MRM_PERMIT_* for each partition of the plan, or NULL for none
  UINT8                 PcPermits;              ///< MRM_PERMIT_PC_*, MRM_PERMIT_RELOAD
  UINT32                VariableQuota;          ///< bytes of its UEFI variable store, multiple of 4 KiB
} MRM_PLAN_POLICY;

///
/// A place in the DSDT that only the live machine can complete.
///
typedef struct {
  UINT32            Offset;   ///< byte offset in the AML table, header included
  UINT8             Width;    ///< 1, 2, 4 or 8
  UINT8             Index;    ///< which PCI bus
  MRM_PATCH_KIND    Kind;
} MRM_PLAN_AML_PATCH;

///
/// One partition.
///
typedef struct {
  CONST CHAR8                 *Name;               ///< partition name, ASCII, shorter than MRM_NAME_LENGTH
  UINT32                      ProcessorCount;      ///< at least 1; the first one starts the partition firmware
  CONST UINT32                *ApicIds;            ///< ProcessorCount local APIC IDs chosen by the planner
  BOOLEAN                     ProcessorsByCount;   ///< TRUE: any other free processors will do as well
  BOOLEAN                     SharedCores;         ///< TRUE: others that say so too may have threads of its cores
  MRM_ISOLATION               Isolation;
  BOOLEAN                     DmaTrusted;          ///< TRUE: what its PCI functions reach by DMA need not be confined
  BOOLEAN                     Chipset;             ///< it owns the PC's chipset: everything that nobody else has
  UINT32                      MemoryCount;
  CONST MRM_PLAN_MEMORY       *Memory;             ///< exactly one MrmMemoryLow, first
  UINT32                      PciBusCount;
  CONST MRM_PLAN_PCI_BUS      *PciBuses;
  UINT16                      ChannelSegment;      ///< PCI segment of its cards and served disks; 0 without any
  UINT32                      CardCount;           ///< device n of that segment is the n-th
  CONST MRM_PLAN_CARD         *Cards;
  UINT32                      DiskCount;
  CONST MRM_PLAN_DISK         *Disks;              ///< device CardCount + n of that segment is the n-th
  UINT32                      SharedCount;         ///< an OS sees them in this order
  CONST MRM_PLAN_SHARED       *Shared;
  MRM_PLAN_CONSOLE            Console;
  BOOLEAN                     Display;             ///< owns the display function among its PCI functions
  MRM_PLAN_BOOT               Boot;
  MRM_PLAN_POLICY             Policy;
  UINT32                      DsdtSize;            ///< bytes
  CONST UINT8                 *Dsdt;               ///< AML, compiled by iasl when the generator was built, not yet patched
  UINT32                      DsdtPatchCount;
  CONST MRM_PLAN_AML_PATCH    *DsdtPatches;
} MRM_PLAN_PARTITION;

///
/// The plan.
///
typedef struct {
  UINT64                      Made;               ///< when it was made, in seconds since 1970 began, UTC
  CONST CHAR8                 *Title;             ///< name of the partition file
  CONST CHAR8                 *Machine;           ///< name of the machine it is for
  MRM_PLAN_IDENTITY           Identity;           ///< how the controller knows that machine
  MRM_ALL_OFF                 AllOff;             ///< when the last partition has gone off
  BOOLEAN                     PowerButton;        ///< the power button asks all partitions to shut down
  BOOLEAN                     ChannelProcessor;   ///< a processor of the controller's own serves channels
  UINT32                      ChannelApicId;      ///< its local APIC ID, chosen by the planner; 0 without one
  BOOLEAN                     ChannelByCount;     ///< TRUE: any other free processor will do as well
  UINT32                      JsonSize;           ///< bytes
  CONST UINT8                 *Json;              ///< MrmPlan.json, for those who ask; printable ASCII
  MRM_PLAN_CONSOLE            Console;            ///< UART the controller keeps (report only)
  UINT32                      UplinkCount;
  CONST MRM_PLAN_UPLINK       *Uplinks;
  UINT32                      PartitionCount;
  CONST MRM_PLAN_PARTITION    *Partitions;
  CONST CHAR8                 *Structure;         ///< digest of all that a reload cannot change
  CONST CHAR8                 *BuiltInPolicy;     ///< digest of that and of the policy in this plan
} MRM_PLAN;

#endif
