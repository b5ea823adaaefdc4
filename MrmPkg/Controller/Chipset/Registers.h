/** @file
  Registers of the chipset that its owner changes: saved once, and written back whenever it ends.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_CHIPSET_REGISTERS_H_
#define MRM_CONTROLLER_CHIPSET_REGISTERS_H_

#include <PiDxe.h>
#include <Library/MrmAcpiLib.h>

#define MRM_CHIPSET_IO_APICS  16
#define MRM_CHIPSET_PINS      240    ///< of an I/O APIC at most (its version register has 8 bits)
#define MRM_CHIPSET_TIMERS    32     ///< comparators of an HPET at most
#define MRM_CHIPSET_TCO       0x60   ///< the TCO watchdog in Intel's chipsets, behind PM1a events
#define MRM_CHIPSET_TCO_PORTS 0x20   ///< of the TCO watchdog
#define MRM_CHIPSET_WATCHDOG  0xFED80B00    ///< the watchdog in AMD's chipsets
#define MRM_CHIPSET_SMI       0x30   ///< behind PM1a events in Intel's chipsets: which SMIs there are
#define MRM_CHIPSET_SMI_PORTS 8

///
/// An I/O APIC.
///
typedef struct {
  UINT64    Base;
  UINT32    PinCount;
  UINT64    Pins[MRM_CHIPSET_PINS];
} MRM_CHIPSET_IO_APIC;

///
/// Where registers are, and what they held.
///
typedef struct {
  UINT16                 Pm1Event[2];       ///< I/O ports of PM1a and PM1b events; 0: there is none
  UINT16                 Pm1EventHalf;      ///< bytes of the status register; the enable register follows
  UINT16                 Pm1Control[2];     ///< of PM1a and PM1b control
  UINT16                 Gpe[2];            ///< of GPE0 and GPE1
  UINT16                 GpeHalf[2];        ///< bytes of their status registers
  UINT16                 Tco;               ///< of the watchdog in Intel's chipsets; 0: there is none
  UINT64                 Watchdog;          ///< address of the one in AMD's chipsets; 0: there is none
  UINT16                 SmiCommand;        ///< port, 0: there is none
  UINT16                 Reset;             ///< port of the reset register, 0: it has none
  UINT8                  AcpiEnable;
  UINT8                  AcpiDisable;
  BOOLEAN                WasAcpi;           ///< the PC was in ACPI mode
  UINT64                 Hpet;              ///< address, 0: there is none
  UINT64                 HpetConfig;
  UINT32                 HpetTimerCount;
  UINT64                 HpetTimers[MRM_CHIPSET_TIMERS];
  UINT64                 HpetComparators[MRM_CHIPSET_TIMERS];
  UINT32                 IoApicCount;
  MRM_CHIPSET_IO_APIC    IoApics[MRM_CHIPSET_IO_APICS];
  UINT8                  Masks[2];          ///< of the 8259s
  UINT8                  Levels[2];         ///< of their inputs (ELCR)
  UINT8                  ControlB;          ///< port 61h
  UINT8                  RtcA;
  UINT8                  RtcB;
  UINT8                  Shutdown;          ///< CMOS 0Fh
  UINT16                 Pm1Enable[2];
  UINT8                  GpeEnable[2][32];
  BOOLEAN                Keyboard;          ///< there is a controller of PS/2 keyboards
  UINT8                  KeyboardCommand;   ///< its command byte
} MRM_CHIPSET_REGISTERS;

/**
  Say where registers are.

  @param[in]  Fadt       FADT of the PC, sound.
  @param[in]  Madt       Its MADT, sound.
  @param[in]  Hpet       Its HPET table, or NULL.
  @param[out] Registers  Receives places but Tco and Watchdog, and nothing of what they hold.
**/
VOID
FindRegisters (
  IN  CONST VOID             *Fadt,
  IN  CONST VOID             *Madt,
  IN  CONST VOID             *Hpet,
  OUT MRM_CHIPSET_REGISTERS  *Registers
  );

/**
  Remember what registers hold, and bring the PC into ACPI mode, in which its owner expects it.

  @param[in,out] Registers  Places; receives what they hold.

  @retval TRUE   The PC is in ACPI mode.
  @retval FALSE  It does not go there.
**/
BOOLEAN
SaveRegisters (
  IN OUT MRM_CHIPSET_REGISTERS  *Registers
  );

/**
  Write back what was saved.  No interrupt of the chipset comes from here on, and no timer of it runs.

  @param[in] Registers  From SaveRegisters().
**/
VOID
RestoreRegisters (
  IN CONST MRM_CHIPSET_REGISTERS  *Registers
  );

/**
  Leave ACPI mode, if the PC was not in it.

  @param[in] Registers  From SaveRegisters().
**/
VOID
LeaveAcpiMode (
  IN CONST MRM_CHIPSET_REGISTERS  *Registers
  );

#endif
