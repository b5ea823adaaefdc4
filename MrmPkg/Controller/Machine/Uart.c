/** @file
  UARTs that change hands.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/Uart.h"
#include "Partition/Partition.h"
#include "Partition/Verdict.h"
#include <IndustryStandard/Acpi.h>
#include <IndustryStandard/Pci.h>
#include <Library/IoLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmMachineLib.h>
#include <Library/UefiBootServicesTableLib.h>
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

  if (IoRead8 (Console->IoBase + UART_LINE_STATUS) == NOBODY_DECODES) {
    Refuse (Partition, MRM_RULE_CONSOLE_EXISTS, "promised a UART at I/O port 0x%x, found none", Console->IoBase);
  } else {
    Partition->Console.Kind     = Console->Kind;
    Partition->Console.Base     = Console->IoBase;
    Partition->Console.BaudRate = Console->BaudRate;
    Keep (Partition, MRM_RULE_CONSOLE_EXISTS, "UART at I/O port 0x%x", Console->IoBase);
  }
}

/**
  Have the PC's drivers leave, or come back to, the partition's UART.

  @param[in] Partition  The partition.
  @param[in] Connect    TRUE: come back.
**/
STATIC
VOID
MoveDrivers (
  IN CONST MRM_PARTITION  *Partition,
  IN BOOLEAN              Connect
  )
{
  EFI_STATUS                Status;
  EFI_HANDLE                *Handles;
  UINTN                     Count;
  UINTN                     Index;
  EFI_SIO_PROTOCOL          *Sio;
  ACPI_RESOURCE_HEADER_PTR  Resources;

  if (Partition->Plan->Console.Kind != MrmConsoleUart16550Io) {
    return;
  }

  Status = gBS->LocateHandleBuffer (ByProtocol, &gEfiSioProtocolGuid, NULL, &Count, &Handles);
  if (EFI_ERROR (Status)) {
    return;
  }

  for (Index = 0; Index < Count; Index++) {
    Status = gBS->HandleProtocol (Handles[Index], &gEfiSioProtocolGuid, (VOID **)&Sio);
    if (EFI_ERROR (Status) || EFI_ERROR (Sio->GetResources (Sio, &Resources))) {
      continue;
    }

    if (MrmUsesIoBase (Resources.SmallHeader, Partition->Plan->Console.IoBase)) {
      if (Connect) {
        gBS->ConnectController (Handles[Index], NULL, NULL, TRUE);
      } else {
        gBS->DisconnectController (Handles[Index], NULL, NULL);
      }
    }
  }

  FreePool (Handles);
}

VOID
ReleaseConsole (
  IN CONST MRM_PARTITION  *Partition
  )
{
  MoveDrivers (Partition, FALSE);
}

VOID
ReturnConsole (
  IN CONST MRM_PARTITION  *Partition
  )
{
  MoveDrivers (Partition, TRUE);
}
