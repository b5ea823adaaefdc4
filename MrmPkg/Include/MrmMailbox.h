/** @file
  What the controller and one partition firmware share: the mailbox, two rings
  of text, the control area and the UEFI variable store.

  All lie in the partition's own memory (EfiRuntimeServicesData), so an OS sees them
  as firmware data.  The controller trusts nothing in them: it copies what it needs
  and judges the copy (MrmLifecycleLib).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_MAILBOX_H_
#define MRM_MAILBOX_H_

#include <Uefi/UefiBaseType.h>

#define MRM_MAILBOX_SIGNATURE  SIGNATURE_32 ('M', 'R', 'M', 'B')
#define MRM_MAILBOX_VERSION    6
#define MRM_MAILBOX_SIZE       SIZE_8KB
#define MRM_MAILBOX_TEXT_SIZE  1024

///
/// How far the partition firmware has come; only ever increases between two starts.
///
typedef enum {
  MrmPhaseNone,            ///< written by the controller before each start
  MrmPhaseEntry,           ///< first C code on the partition's first processor
  MrmPhaseDxe,             ///< DXE drivers are being dispatched
  MrmPhaseBds,             ///< boot manager entered
  MrmPhaseLoader,          ///< StartImage of the loader is next
  MrmPhaseRunning,         ///< ExitBootServices done: the OS has the partition
  MrmPhaseMax
} MRM_PHASE;

///
/// What the partition asks of the controller; written last, once per start.
///
typedef enum {
  MrmRequestNone,
  MrmRequestShutdown,      ///< ResetSystem (EfiResetShutdown)
  MrmRequestColdReset,     ///< ResetSystem (EfiResetCold or EfiResetPlatformSpecific)
  MrmRequestWarmReset,     ///< ResetSystem (EfiResetWarm)
  MrmRequestFailed,        ///< firmware or loader cannot continue; Status and Text say why
  MrmRequestMax
} MRM_REQUEST;

///
/// Registers of the watchdog a WDAT table describes (Microsoft "Hardware Watchdog Timers
/// Design Specification" 1.01): each a 32-bit word the OS writes and the controller polls.
///
typedef struct {
  volatile UINT32    Ping;                         ///< OS writes 1; the controller clears it
  volatile UINT32    Countdown;                    ///< units of MRM_WATCHDOG_PERIOD until the partition has failed
  volatile UINT32    Remaining;                    ///< kept by the controller
  volatile UINT32    Running;                      ///< OS writes 1 to run, 0 to stop
  volatile UINT32    Fired;                        ///< 1 after a start that the watchdog caused; OS writes 0
} MRM_WATCHDOG;

#define MRM_WATCHDOG_PERIOD     100                ///< milliseconds
#define MRM_WATCHDOG_MAXIMUM    36000              ///< units: one hour
#define MRM_WATCHDOG_MINIMUM    10                 ///< units: one second

///
/// Register of a panic device as QEMU's pvpanic has it (QEMU docs/specs/pvpanic.rst): the byte that a kernel's
/// driver reads says which events are understood; it writes the event that happened.
///
#define MRM_PANIC_PANICKED      BIT0
#define MRM_PANIC_CRASH_LOADED  BIT1               ///< and the kernel saves a dump by itself
#define MRM_PANIC_NONE          (MRM_PANIC_PANICKED | MRM_PANIC_CRASH_LOADED)

///
/// Registers of the thermal zone in the DSDT (ACPI 6.5 section 11), which an OS reads once a second of its own accord:
/// a critical temperature is how hardware without interrupts asks it to shut down.
///
typedef struct {
  volatile UINT32    Temperature;                  ///< tenths of a kelvin; kept by the controller
  volatile UINT32    Readings;                     ///< counted up, modulo 2^32, by _TMP whenever the OS reads the temperature
} MRM_THERMAL;

#define MRM_THERMAL_NORMAL    2982                 ///< 25 degrees Celsius
#define MRM_THERMAL_CRITICAL  3732                 ///< _CRT: 100 degrees Celsius
#define MRM_THERMAL_FATAL     3832                 ///< 110 degrees Celsius: shut down

///
/// Sleep registers of the FADT (ACPI 6.3 sections 4.8.3.7, 5.2.9), for an OS that cannot call ResetSystem: whatever is
/// written with SLP_EN is S5, there is no other state.  The partition that owns the chipset has a PM1 control register
/// instead (ACPI 6.3 section 4.8.3.2.1), whose higher byte has the same bits.
///
typedef struct {
  volatile UINT8    Pm1Low;                        ///< MRM_SLEEP_SCI_ENABLE; never looked at
  volatile UINT8    Control;
  volatile UINT8    Status;                        ///< never looked at
  volatile UINT8    Reset;                         ///< reset register of the owner of the chipset: MRM_SLEEP_RESET
} MRM_SLEEP;

#define MRM_SLEEP_SCI_ENABLE  BIT0                 ///< SCI_EN of Pm1Low
#define MRM_SLEEP_TYPE_S5     5                    ///< SLP_TYPx in _S5 of the DSDT
#define MRM_SLEEP_ENABLE      BIT5                 ///< SLP_EN of Control
#define MRM_SLEEP_RESET       0x52                 ///< of Reset

///
/// A question of the partition's runtime services that the controller answers: the partition
/// writes Sequence last, the controller Answered = Sequence after Status.
///
typedef struct {
  volatile UINT32    Sequence;                     ///< counted up by the partition
  volatile UINT32    Answered;                     ///< Sequence of the last answer, by the controller
  volatile UINT64    Status;                       ///< EFI_STATUS of the answer
  volatile UINT64    AskedTsc;                     ///< time-stamp counter when it was asked, by the partition
} MRM_CALL;

///
/// A kernel's turn at what it shares with all others while it boots: CMOS clock, 8254, the warm-reset
/// vector.  The partition firmware asks at ExitBootServices and waits; the turn is over with the first
/// variable service the kernel calls, which Linux does when its processors run.
///
typedef struct {
  volatile UINT32    Asked;                        ///< 1 from ExitBootServices on, by the partition
  volatile UINT32    Granted;                      ///< 1 when it may go on, by the controller
  volatile UINT32    Over;                         ///< 1 when others may, by the partition
} MRM_TURN;

///
/// Text on its way from the partition to the controller: Data[Written % Size] comes next.
/// Old bytes are overwritten when nobody reads.
///
typedef struct {
  UINT32             Size;                         ///< bytes in Data, a power of two; set by the controller
  volatile UINT32    Written;                      ///< bytes ever written, modulo 2^32
  // CHAR8           Data[Size];
} MRM_RING;

///
/// The control area: variables of gMrmVariableGuid as the controller wants this partition's
/// OS to see them, read-only for the partition but for what it writes.
///
#define MRM_CONTROL_SIZE          SIZE_256KB
#define MRM_CONTROL_MAX_ITEMS     32
#define MRM_CONTROL_NAME_SIZE     32               ///< CHAR16 with terminating zero
#define MRM_CONTROL_REQUEST_SIZE  SIZE_64KB        ///< bytes, the last of the area

///
/// Attributes of every variable of the controller (UEFI 2.10 section 8.2).
///
#define MRM_CONTROL_ATTRIBUTES  (EFI_VARIABLE_BOOTSERVICE_ACCESS | EFI_VARIABLE_RUNTIME_ACCESS)

typedef struct {
  CHAR16    Name[MRM_CONTROL_NAME_SIZE];
  UINT32    Attributes;                            ///< EFI_VARIABLE_*
  UINT32    Offset;                                ///< of the data, from the start of the area
  UINT32    Size;                                  ///< bytes
  UINT32    Writable;                              ///< bytes of what SetVariable() is given that reach the controller; 0 = it cannot be written
} MRM_CONTROL_ITEM;

typedef struct {
  volatile UINT32     Sequence;                    ///< odd while the controller writes: read again
  UINT32              Count;
  MRM_CONTROL_ITEM    Items[MRM_CONTROL_MAX_ITEMS];
  CHAR16              RequestName[MRM_CONTROL_NAME_SIZE];     ///< variable written, by the partition
  UINT32              RequestSize;                 ///< bytes SetVariable() was given, by the partition; MRM_MAILBOX.Control tells
  UINT32              RequestAttributes;           ///< attributes it was given, by the partition
  UINT32              RequestOffset;               ///< of the data written, from the start of the area; by the controller
  UINT32              Reserved;
  // data of the items; at RequestOffset what the partition writes
} MRM_CONTROL_AREA;

#pragma pack(1)
typedef struct {
  UINT32             Signature;                    ///< MRM_MAILBOX_SIGNATURE
  UINT32             Version;                      ///< MRM_MAILBOX_VERSION
  volatile UINT32    Phase;                        ///< MRM_PHASE
  volatile UINT32    Request;                      ///< MRM_REQUEST
  volatile UINT64    Status;                       ///< EFI_STATUS that goes with Request
  volatile UINT64    PhaseTsc[MrmPhaseMax];        ///< time-stamp counter on entering each phase
  volatile UINT32    TextLength;                   ///< bytes used in Text, at most MRM_MAILBOX_TEXT_SIZE
  volatile UINT32    Heartbeat;                    ///< counted up by the firmware's timer until ExitBootServices
  CHAR8              Text[MRM_MAILBOX_TEXT_SIZE];  ///< reason for MrmRequestFailed, ASCII, not terminated
  MRM_WATCHDOG       Watchdog;
  volatile UINT32    Panic;                        ///< MRM_PANIC_NONE until the OS writes another MRM_PANIC_* to its first byte
  MRM_CALL           Store;                        ///< "commit my variable store": answered when it is
  MRM_CALL           Control;                      ///< "there is a request in the control area"
  MRM_TURN           Turn;
  UINT8              Unused[SIZE_4KB - 1188];      ///< an OS maps pages: those registers uncached, these by the cache
  MRM_THERMAL        Thermal;
  MRM_SLEEP          Sleep;
} MRM_MAILBOX;
#pragma pack()

STATIC_ASSERT (sizeof (MRM_MAILBOX) <= MRM_MAILBOX_SIZE, "the mailbox is two pages");
STATIC_ASSERT (sizeof (MRM_CONTROL_AREA) <= SIZE_4KB, "one page leaves the rest of the control area to data");
STATIC_ASSERT (OFFSET_OF (MRM_MAILBOX, Store) % 8 == 0, "aligned");
STATIC_ASSERT (OFFSET_OF (MRM_MAILBOX, Watchdog) % 4 == 0, "aligned");
STATIC_ASSERT (OFFSET_OF (MRM_MAILBOX, Thermal) == SIZE_4KB, "a page of its own");
STATIC_ASSERT (OFFSET_OF (MRM_MAILBOX, Sleep) % 2 == 0, "aligned: PM1 control has two bytes");

#endif
