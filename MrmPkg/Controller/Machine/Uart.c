/** @file
  UARTs that change hands.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/Uart.h"
#include "Partition/Partition.h"
#include "Partition/Verdict.h"
#include "Core/Drivers.h"
#include <IndustryStandard/Acpi.h>
#include <IndustryStandard/Pci.h>
#include <Library/IoLib.h>
#include <Library/MrmMachineLib.h>
#include <Protocol/SuperIo.h>

#define UART_LINE_STATUS  5
#define NOBODY_DECODES    0xFF
#define SERIAL_CLASS      0x0700   ///< simple communication, serial (PCI Local Bus 3.0 appendix D)

/**
  Bind a console on a PCI card.

  @param[in,out] Partition  Receives Console, or is refused.
**/
STATIC
VOID
BindPciConsole (
  IN OUT MRM_PARTITION  *Partition
  )
{
  CONST MRM_PLAN_CONSOLE  *Console;
  UINT64                  Base;
  BOOLEAN                 Io;

  Console = &Partition->Plan->Console;
  if (Partition->ConsoleFunction == NULL) {
    Refuse (
      Partition,
      MRM_RULE_CONSOLE_EXISTS,
      "promised the UART %a, found no such function behind the partition's root ports",
      Console->Function
      );
    return;
  }

  Base = MrmPciFirstBar (Partition->ConsoleFunction->Config, &Io);
  if (  ((Partition->ConsoleFunction->Config[PCI_REVISION_ID_OFFSET / 4] >> 16) != SERIAL_CLASS)
     || (Base == 0)
     || (Io && (Base > MAX_UINT16)))
  {
    Refuse (
      Partition,
      MRM_RULE_CONSOLE_EXISTS,
      "promised the UART %a, found a function of class %06x with address 0x%lx",
      Console->Function,
      Partition->ConsoleFunction->Config[PCI_REVISION_ID_OFFSET / 4] >> 8,
      Base
      );
    return;
  }

  Partition->Console.Kind     = Io ? MrmConsoleUart16550Io : MrmConsoleUart16550Memory;
  Partition->Console.Base     = Base;
  Partition->Console.BaudRate = Console->BaudRate;
  Keep (Partition, MRM_RULE_CONSOLE_EXISTS, "UART %a at %a 0x%lx", Console->Function, Io ? "I/O port" : "address", Base);
}

BOOLEAN
IsUart (
  IN UINT16  IoBase
  )
{
  return (BOOLEAN)(IoRead8 (IoBase + UART_LINE_STATUS) != NOBODY_DECODES);
}

VOID
BindConsole (
  IN OUT MRM_PARTITION  *Partition
  )
{
  CONST MRM_PLAN_CONSOLE  *Console;

  Console = &Partition->Plan->Console;
  if (Console->Kind == MrmConsoleUart16550Pci) {
    BindPciConsole (Partition);
    return;
  }

  if (Console->Kind != MrmConsoleUart16550Io) {
    return;
  }

  if (!IsUart (Console->IoBase)) {
    Refuse (Partition, MRM_RULE_CONSOLE_EXISTS, "promised a UART at I/O port 0x%x, found none", Console->IoBase);
  } else {
    Partition->Console.Kind     = Console->Kind;
    Partition->Console.Base     = Console->IoBase;
    Partition->Console.BaudRate = Console->BaudRate;
    Keep (Partition, MRM_RULE_CONSOLE_EXISTS, "UART at I/O port 0x%x", Console->IoBase);
  }
}

/**
  TRUE if a device is the partition's UART.

  @param[in] Interface  Its EFI_SIO_PROTOCOL.
  @param[in] Context    The partition.
**/
STATIC
BOOLEAN
IsItsUart (
  IN VOID        *Interface,
  IN CONST VOID  *Context
  )
{
  EFI_SIO_PROTOCOL          *Sio;
  CONST MRM_PARTITION       *Partition;
  ACPI_RESOURCE_HEADER_PTR  Resources;

  Sio       = Interface;
  Partition = Context;
  return !EFI_ERROR (Sio->GetResources (Sio, &Resources))
         && MrmUsesIoBase (Resources.SmallHeader, Partition->Plan->Console.IoBase);
}

VOID
ClaimConsole (
  IN CONST MRM_PARTITION  *Partition
  )
{
  if (Partition->Plan->Console.Kind == MrmConsoleUart16550Io) {
    MoveDrivers (&gEfiSioProtocolGuid, IsItsUart, Partition, FALSE);
  }
}

VOID
ReleaseConsole (
  IN CONST MRM_PARTITION  *Partition
  )
{
  if (Partition->Plan->Console.Kind == MrmConsoleUart16550Io) {
    MoveDrivers (&gEfiSioProtocolGuid, IsItsUart, Partition, TRUE);
  }
}

BOOLEAN
GivesUart (
  IN CONST MRM_PLAN  *Plan,
  IN UINT16          IoBase
  )
{
  UINT32  Index;

  for (Index = 0; Index < Plan->PartitionCount; Index++) {
    if (  (Plan->Partitions[Index].Console.Kind == MrmConsoleUart16550Io)
       && (Plan->Partitions[Index].Console.IoBase == IoBase))
    {
      return TRUE;
    }
  }

  return FALSE;
}
