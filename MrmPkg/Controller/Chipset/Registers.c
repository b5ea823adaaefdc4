/** @file
  Registers of the chipset that its owner changes: saved once, and written back whenever it ends.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Chipset/Registers.h"
#include <IndustryStandard/Acpi63.h>
#include <IndustryStandard/HighPrecisionEventTimerTable.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/IoLib.h>
#include <Library/UefiBootServicesTableLib.h>

//
// 8259s (Intel 82C59A): command and mask ports, and what sets them up.
//
#define MASTER        0x20
#define SLAVE         0xA0
#define ICW1          0x11    ///< edge triggered, cascade, ICW4 follows
#define ICW4          0x01    ///< 8086 mode
#define MASTER_BASE   0x68    ///< vectors, as EDK2's firmware has them
#define SLAVE_BASE    0x70
#define CASCADE       2       ///< input of the master
#define LEVELS        0x4D0

//
// 8254: ports, and what leaves a counter standing.
//
#define TIMER_MODE     0x43
#define TIMER_COUNTER  0x40
#define COUNTERS       2
#define ONE_SHOT       0x30   ///< both bytes, mode 0: nothing counts before a value is written

#define CONTROL_B  0x61

//
// RTC and CMOS (MC146818A).
//
#define CMOS_INDEX      0x70
#define CMOS_DATA       0x71
#define NMI_OFF         BIT7
#define RTC_A           0x0A
#define RTC_B           0x0B
#define RTC_C           0x0C
#define CMOS_SHUTDOWN   0x0F

//
// Controller of PS/2 keyboards (8042).
//
#define KEYBOARD_DATA      0x60
#define KEYBOARD_COMMAND   0x64
#define OUTPUT_FULL        BIT0
#define INPUT_FULL         BIT1
#define NOBODY_DECODES     0xFF
#define READ_COMMAND_BYTE  0x20
#define WRITE_COMMAND_BYTE 0x60
#define ENABLE_KEYBOARD    0xAE
#define RESET_DEVICE       0xF6  ///< keyboard: set defaults, which keeps it scanning
#define KEYBOARD_TRIES     1000  ///< of STEP microseconds
#define STEP               50
#define DRAIN_TRIES        64

//
// I/O APIC (Intel 82093AA).
//
#define IO_APIC_SELECT   0x00
#define IO_APIC_WINDOW   0x10
#define IO_APIC_VERSION  1
#define IO_APIC_PIN      0x10
#define PIN_MASKED       BIT16

//
// HPET (IA-PC HPET 1.0a section 2.3).
//
#define HPET_CAPABILITIES  0x00
#define HPET_CONFIG        0x10
#define HPET_STATUS        0x20
#define HPET_TIMER(Index)  (0x100 + (Index) * 0x20)
#define HPET_COMPARATOR    8
#define HPET_ENABLE        BIT0
#define HPET_INTERRUPT     BIT2
#define HPET_VALUE_SET     BIT6

//
// TCO watchdog (Intel ICH9 datasheet, 13.9).
//
#define TCO_STATUS   0x04
#define TCO_CONTROL  0x08
#define TCO_HALT     BIT11

//
// Watchdog of AMD's chipsets: its control register.
//
#define WATCHDOG_RUNS  BIT0
#define NO_WATCHDOG    MAX_UINT32

#define ACPI_MODE_TRIES  1000 ///< milliseconds

/**
  An I/O port of a FADT: newer ones may have the wide address only (ACPI 6.3 section 5.2.9).

  @param[in] Port  Of ACPI 1.0's field.
  @param[in] Wide  The other field.
**/
STATIC
UINT16
PortOf (
  IN UINT32                                  Port,
  IN EFI_ACPI_6_3_GENERIC_ADDRESS_STRUCTURE  Wide
  )
{
  return (UINT16)(((Port == 0) && (Wide.AddressSpaceId == EFI_ACPI_6_3_SYSTEM_IO)) ? Wide.Address : Port);
}

VOID
FindRegisters (
  IN  CONST VOID             *Fadt,
  IN  CONST VOID             *Madt,
  IN  CONST VOID             *Hpet,
  OUT MRM_CHIPSET_REGISTERS  *Registers
  )
{
  EFI_ACPI_6_3_FIXED_ACPI_DESCRIPTION_TABLE  Facts;
  CONST EFI_ACPI_6_3_IO_APIC_STRUCTURE       *IoApic;
  CONST UINT8                                *Entry;
  UINT32                                     Length;

  ZeroMem (Registers, sizeof (*Registers));
  ZeroMem (&Facts, sizeof (Facts));
  CopyMem (&Length, (CONST UINT8 *)Fadt + 4, sizeof (Length));
  CopyMem (&Facts, Fadt, MIN (Length, sizeof (Facts)));
  Registers->Pm1Event[0]   = PortOf (Facts.Pm1aEvtBlk, Facts.XPm1aEvtBlk);
  Registers->Pm1Event[1]   = PortOf (Facts.Pm1bEvtBlk, Facts.XPm1bEvtBlk);
  Registers->Pm1EventHalf  = Facts.Pm1EvtLen / 2;
  Registers->Pm1Control[0] = PortOf (Facts.Pm1aCntBlk, Facts.XPm1aCntBlk);
  Registers->Pm1Control[1] = PortOf (Facts.Pm1bCntBlk, Facts.XPm1bCntBlk);
  Registers->Gpe[0]        = PortOf (Facts.Gpe0Blk, Facts.XGpe0Blk);
  Registers->Gpe[1]        = PortOf (Facts.Gpe1Blk, Facts.XGpe1Blk);
  Registers->GpeHalf[0]    = MIN (Facts.Gpe0BlkLen / 2, sizeof (Registers->GpeEnable[0]));
  Registers->GpeHalf[1]    = MIN (Facts.Gpe1BlkLen / 2, sizeof (Registers->GpeEnable[1]));
  Registers->SmiCommand    = (UINT16)Facts.SmiCmd;
  Registers->Reset         = PortOf (0, Facts.ResetReg);
  Registers->AcpiEnable    = Facts.AcpiEnable;
  Registers->AcpiDisable   = Facts.AcpiDisable;
  if (Hpet != NULL) {
    Registers->Hpet = ((CONST EFI_ACPI_HIGH_PRECISION_EVENT_TIMER_TABLE_HEADER *)Hpet)->BaseAddressLower32Bit.Address;
  }

  CopyMem (&Length, (CONST UINT8 *)Madt + 4, sizeof (Length));
  for (  Entry = (CONST UINT8 *)Madt + sizeof (EFI_ACPI_6_3_MULTIPLE_APIC_DESCRIPTION_TABLE_HEADER);
         (Entry + 2 <= (CONST UINT8 *)Madt + Length) && (Entry[1] >= 2);
         Entry += Entry[1])
  {
    IoApic = (CONST VOID *)Entry;
    if (  (Entry[0] == EFI_ACPI_6_3_IO_APIC)
       && (Entry + sizeof (*IoApic) <= (CONST UINT8 *)Madt + Length)
       && (Registers->IoApicCount < MRM_CHIPSET_IO_APICS))
    {
      Registers->IoApics[Registers->IoApicCount++].Base = IoApic->IoApicAddress;
    }
  }
}

/**
  Read a register of clock and CMOS memory.

  @param[in] Register  Its number.
**/
STATIC
UINT8
ReadCmos (
  IN UINT8  Register
  )
{
  IoWrite8 (CMOS_INDEX, Register | NMI_OFF);
  return IoRead8 (CMOS_DATA);
}

/**
  Write a register of clock and CMOS memory.

  @param[in] Register  Its number.
  @param[in] Value     The value.
**/
STATIC
VOID
WriteCmos (
  IN UINT8  Register,
  IN UINT8  Value
  )
{
  IoWrite8 (CMOS_INDEX, Register | NMI_OFF);
  IoWrite8 (CMOS_DATA, Value);
}

/**
  Read a dword of an I/O APIC.

  @param[in] Base      Its address.
  @param[in] Register  Which one.
**/
STATIC
UINT32
ReadIoApic (
  IN UINT64  Base,
  IN UINT32  Register
  )
{
  MmioWrite32 ((UINTN)Base + IO_APIC_SELECT, Register);
  return MmioRead32 ((UINTN)Base + IO_APIC_WINDOW);
}

/**
  Write a dword of an I/O APIC.

  @param[in] Base      Its address.
  @param[in] Register  Which one.
  @param[in] Value     The value.
**/
STATIC
VOID
WriteIoApic (
  IN UINT64  Base,
  IN UINT32  Register,
  IN UINT32  Value
  )
{
  MmioWrite32 ((UINTN)Base + IO_APIC_SELECT, Register);
  MmioWrite32 ((UINTN)Base + IO_APIC_WINDOW, Value);
}

/**
  Wait until the keyboard's controller has taken what was written.

  @retval FALSE  It does not.
**/
STATIC
BOOLEAN
KeyboardTakes (
  VOID
  )
{
  UINTN  Try;

  for (Try = 0; Try < KEYBOARD_TRIES; Try++) {
    if ((IoRead8 (KEYBOARD_COMMAND) & INPUT_FULL) == 0) {
      return TRUE;
    }

    gBS->Stall (STEP);
  }

  return FALSE;
}

/**
  Throw away what the keyboard's controller has to say.
**/
STATIC
VOID
DrainKeyboard (
  VOID
  )
{
  UINTN  Try;

  for (Try = 0; (Try < DRAIN_TRIES) && ((IoRead8 (KEYBOARD_COMMAND) & OUTPUT_FULL) != 0); Try++) {
    IoRead8 (KEYBOARD_DATA);
    gBS->Stall (STEP);
  }
}

/**
  Read the command byte of the keyboard's controller.

  @param[in,out] Registers  Receives Keyboard and KeyboardCommand.
**/
STATIC
VOID
SaveKeyboard (
  IN OUT MRM_CHIPSET_REGISTERS  *Registers
  )
{
  UINTN  Try;

  Registers->Keyboard = FALSE;
  if ((IoRead8 (KEYBOARD_COMMAND) == NOBODY_DECODES) || !KeyboardTakes ()) {
    return;
  }

  DrainKeyboard ();
  IoWrite8 (KEYBOARD_COMMAND, READ_COMMAND_BYTE);
  for (Try = 0; Try < KEYBOARD_TRIES; Try++) {
    if ((IoRead8 (KEYBOARD_COMMAND) & OUTPUT_FULL) != 0) {
      Registers->KeyboardCommand = IoRead8 (KEYBOARD_DATA);
      Registers->Keyboard        = TRUE;
      return;
    }

    gBS->Stall (STEP);
  }
}

/**
  Write the command byte of the keyboard's controller back, and let the keyboard go on.

  @param[in] Registers  What was saved.
**/
STATIC
VOID
RestoreKeyboard (
  IN CONST MRM_CHIPSET_REGISTERS  *Registers
  )
{
  if (!Registers->Keyboard || !KeyboardTakes ()) {
    return;
  }

  DrainKeyboard ();
  IoWrite8 (KEYBOARD_COMMAND, WRITE_COMMAND_BYTE);
  if (KeyboardTakes ()) {
    IoWrite8 (KEYBOARD_DATA, Registers->KeyboardCommand);
  }

  if (KeyboardTakes ()) {
    IoWrite8 (KEYBOARD_COMMAND, ENABLE_KEYBOARD);
  }

  if (KeyboardTakes ()) {
    IoWrite8 (KEYBOARD_DATA, RESET_DEVICE);
  }

  gBS->Stall (STEP);
  DrainKeyboard ();
}

/**
  Remember what timers and I/O APICs hold.

  @param[in,out] Registers  Places; receives what they hold.
**/
STATIC
VOID
SaveMemory (
  IN OUT MRM_CHIPSET_REGISTERS  *Registers
  )
{
  MRM_CHIPSET_IO_APIC  *IoApic;
  UINT32               Index;
  UINT32               Pin;
  UINTN                Timer;

  for (Index = 0; Index < Registers->IoApicCount; Index++) {
    IoApic           = &Registers->IoApics[Index];
    IoApic->PinCount = ((ReadIoApic (IoApic->Base, IO_APIC_VERSION) >> 16) & 0xFF) + 1;
    IoApic->PinCount = MIN (IoApic->PinCount, MRM_CHIPSET_PINS);
    for (Pin = 0; Pin < IoApic->PinCount; Pin++) {
      IoApic->Pins[Pin] = ReadIoApic (IoApic->Base, IO_APIC_PIN + Pin * 2)
                          | LShiftU64 (ReadIoApic (IoApic->Base, IO_APIC_PIN + Pin * 2 + 1), 32);
    }
  }

  if (Registers->Hpet != 0) {
    Registers->HpetConfig     = MmioRead64 ((UINTN)Registers->Hpet + HPET_CONFIG);
    Registers->HpetTimerCount = ((UINT32)MmioRead64 ((UINTN)Registers->Hpet + HPET_CAPABILITIES) >> 8 & 0x1F) + 1;
    for (Index = 0; Index < Registers->HpetTimerCount; Index++) {
      Timer                             = (UINTN)Registers->Hpet + HPET_TIMER (Index);
      Registers->HpetTimers[Index]      = MmioRead64 (Timer);
      Registers->HpetComparators[Index] = MmioRead64 (Timer + HPET_COMPARATOR);
    }
  }
}

/**
  Write back what timers and I/O APICs held; no pin is open in between.

  @param[in] Registers  What was saved.
**/
STATIC
VOID
RestoreMemory (
  IN CONST MRM_CHIPSET_REGISTERS  *Registers
  )
{
  CONST MRM_CHIPSET_IO_APIC  *IoApic;
  UINT32                     Index;
  UINT32                     Pin;
  UINTN                      Timer;

  for (Index = 0; Index < Registers->IoApicCount; Index++) {
    IoApic = &Registers->IoApics[Index];
    // As an edge it forgets that a level was not acknowledged.
    for (Pin = 0; Pin < IoApic->PinCount; Pin++) {
      WriteIoApic (IoApic->Base, IO_APIC_PIN + Pin * 2, PIN_MASKED);
    }
  }

  if (Registers->Hpet != 0) {
    MmioWrite64 ((UINTN)Registers->Hpet + HPET_CONFIG, 0);
    for (Index = 0; Index < Registers->HpetTimerCount; Index++) {
      Timer = (UINTN)Registers->Hpet + HPET_TIMER (Index);
      MmioWrite64 (Timer, (Registers->HpetTimers[Index] & ~(UINT64)HPET_INTERRUPT) | HPET_VALUE_SET);
      MmioWrite64 (Timer + HPET_COMPARATOR, Registers->HpetComparators[Index]);
      MmioWrite64 (Timer, Registers->HpetTimers[Index]);
    }

    MmioWrite64 ((UINTN)Registers->Hpet + HPET_STATUS, MAX_UINT32);
    MmioWrite64 ((UINTN)Registers->Hpet + HPET_CONFIG, Registers->HpetConfig);
  }

  for (Index = 0; Index < Registers->IoApicCount; Index++) {
    IoApic = &Registers->IoApics[Index];
    for (Pin = 0; Pin < IoApic->PinCount; Pin++) {
      WriteIoApic (IoApic->Base, IO_APIC_PIN + Pin * 2 + 1, (UINT32)RShiftU64 (IoApic->Pins[Pin], 32));
      WriteIoApic (IoApic->Base, IO_APIC_PIN + Pin * 2, (UINT32)IoApic->Pins[Pin]);
    }
  }
}

/**
  Set one 8259 up anew.

  @param[in] Port    Its command port.
  @param[in] Vector  Vector of its first input.
  @param[in] Where   How it is connected to the other one.
  @param[in] Mask    Inputs that are masked.
**/
STATIC
VOID
WriteInterruptController (
  IN UINT16  Port,
  IN UINT8   Vector,
  IN UINT8   Where,
  IN UINT8   Mask
  )
{
  IoWrite8 (Port, ICW1);
  IoWrite8 (Port + 1, Vector);
  IoWrite8 (Port + 1, Where);
  IoWrite8 (Port + 1, ICW4);
  IoWrite8 (Port + 1, Mask);
}

/**
  Remember what events of ACPI are enabled.

  @param[in,out] Registers  Places; receives what they hold.
**/
STATIC
VOID
SaveEvents (
  IN OUT MRM_CHIPSET_REGISTERS  *Registers
  )
{
  UINTN  Index;
  UINTN  Byte;

  for (Index = 0; Index < ARRAY_SIZE (Registers->Pm1Event); Index++) {
    if (Registers->Pm1Event[Index] != 0) {
      Registers->Pm1Enable[Index] = IoRead16 (Registers->Pm1Event[Index] + Registers->Pm1EventHalf);
    }
  }

  for (Index = 0; Index < ARRAY_SIZE (Registers->Gpe); Index++) {
    for (Byte = 0; (Registers->Gpe[Index] != 0) && (Byte < Registers->GpeHalf[Index]); Byte++) {
      Registers->GpeEnable[Index][Byte] = IoRead8 (Registers->Gpe[Index] + Registers->GpeHalf[Index] + Byte);
    }
  }
}

/**
  Halt the watchdog that resets the PC.

  @param[in] Registers  Where registers are.
**/
STATIC
VOID
HaltWatchdog (
  IN CONST MRM_CHIPSET_REGISTERS  *Registers
  )
{
  UINT32  Control;

  if (Registers->Tco != 0) {
    IoWrite16 (Registers->Tco + TCO_CONTROL, IoRead16 (Registers->Tco + TCO_CONTROL) | TCO_HALT);
    IoWrite16 (Registers->Tco + TCO_STATUS, IoRead16 (Registers->Tco + TCO_STATUS));
  }

  if (Registers->Watchdog != 0) {
    Control = MmioRead32 ((UINTN)Registers->Watchdog);
    if ((Control != NO_WATCHDOG) && ((Control & WATCHDOG_RUNS) != 0)) {
      MmioWrite32 ((UINTN)Registers->Watchdog, Control & ~(UINT32)WATCHDOG_RUNS);
    }
  }
}

/**
  Disable all events of ACPI, forget those that came, and enable what was.

  @param[in] Registers  What was saved.
**/
STATIC
VOID
RestoreEvents (
  IN CONST MRM_CHIPSET_REGISTERS  *Registers
  )
{
  UINTN  Index;
  UINTN  Byte;

  for (Index = 0; Index < ARRAY_SIZE (Registers->Pm1Event); Index++) {
    if (Registers->Pm1Event[Index] != 0) {
      IoWrite16 (Registers->Pm1Event[Index] + Registers->Pm1EventHalf, 0);
      IoWrite16 (Registers->Pm1Event[Index], MAX_UINT16);
      IoWrite16 (Registers->Pm1Event[Index] + Registers->Pm1EventHalf, Registers->Pm1Enable[Index]);
    }
  }

  for (Index = 0; Index < ARRAY_SIZE (Registers->Gpe); Index++) {
    for (Byte = 0; (Registers->Gpe[Index] != 0) && (Byte < Registers->GpeHalf[Index]); Byte++) {
      IoWrite8 (Registers->Gpe[Index] + Registers->GpeHalf[Index] + Byte, 0);
      IoWrite8 (Registers->Gpe[Index] + Byte, MAX_UINT8);
      IoWrite8 (Registers->Gpe[Index] + Registers->GpeHalf[Index] + Byte, Registers->GpeEnable[Index][Byte]);
    }
  }
}

/**
  Whether the PC is in ACPI mode: events come as SCI, not as SMI (ACPI 6.3 section 4.8.2.5).

  @param[in] Registers  Where registers are.
**/
STATIC
BOOLEAN
IsAcpiMode (
  IN CONST MRM_CHIPSET_REGISTERS  *Registers
  )
{
  return (BOOLEAN)((Registers->Pm1Control[0] != 0) && ((IoRead16 (Registers->Pm1Control[0]) & BIT0) != 0));
}

BOOLEAN
SaveRegisters (
  IN OUT MRM_CHIPSET_REGISTERS  *Registers
  )
{
  UINTN  Try;

  Registers->WasAcpi = IsAcpiMode (Registers);
  if (!Registers->WasAcpi && (Registers->SmiCommand != 0) && (Registers->AcpiEnable != 0)) {
    IoWrite8 (Registers->SmiCommand, Registers->AcpiEnable);
    for (Try = 0; (Try < ACPI_MODE_TRIES) && !IsAcpiMode (Registers); Try++) {
      gBS->Stall (1000);
    }
  }

  SaveMemory (Registers);
  SaveEvents (Registers);
  SaveKeyboard (Registers);
  Registers->Masks[0]  = IoRead8 (MASTER + 1);
  Registers->Masks[1]  = IoRead8 (SLAVE + 1);
  Registers->Levels[0] = IoRead8 (LEVELS);
  Registers->Levels[1] = IoRead8 (LEVELS + 1);
  Registers->ControlB  = IoRead8 (CONTROL_B) & 0x0F;
  Registers->RtcA      = ReadCmos (RTC_A) & 0x7F;
  Registers->RtcB      = ReadCmos (RTC_B);
  Registers->Shutdown  = ReadCmos (CMOS_SHUTDOWN);
  return IsAcpiMode (Registers);
}

VOID
RestoreRegisters (
  IN CONST MRM_CHIPSET_REGISTERS  *Registers
  )
{
  UINT8  Counter;

  RestoreMemory (Registers);
  WriteInterruptController (MASTER, MASTER_BASE, 1 << CASCADE, Registers->Masks[0]);
  WriteInterruptController (SLAVE, SLAVE_BASE, CASCADE, Registers->Masks[1]);
  IoWrite8 (LEVELS, Registers->Levels[0]);
  IoWrite8 (LEVELS + 1, Registers->Levels[1]);
  for (Counter = 0; Counter < COUNTERS; Counter++) {
    IoWrite8 (TIMER_MODE, ONE_SHOT | (UINT8)(Counter << 6));
  }

  IoWrite8 (CONTROL_B, Registers->ControlB);
  HaltWatchdog (Registers);
  RestoreEvents (Registers);
  WriteCmos (RTC_A, Registers->RtcA);
  WriteCmos (RTC_B, Registers->RtcB);
  ReadCmos (RTC_C);
  WriteCmos (CMOS_SHUTDOWN, Registers->Shutdown);
  // The index is written with NMI masked until here.
  IoWrite8 (CMOS_INDEX, RTC_C);
  IoRead8 (CMOS_DATA);
  RestoreKeyboard (Registers);
}

VOID
LeaveAcpiMode (
  IN CONST MRM_CHIPSET_REGISTERS  *Registers
  )
{
  if (!Registers->WasAcpi && (Registers->SmiCommand != 0) && (Registers->AcpiDisable != 0)) {
    IoWrite8 (Registers->SmiCommand, Registers->AcpiDisable);
  }
}
