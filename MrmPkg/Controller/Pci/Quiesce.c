/** @file
  Devices of partitions between two owners: quiesced before every start.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Pci/Quiesce.h"
#include "Pci/Config.h"
#include "Pci/Reset.h"
#include "Partition/Partition.h"
#include "Core/Log.h"
#include <IndustryStandard/Pci.h>
#include <Library/UefiBootServicesTableLib.h>

/**
  Say what is wrong with a function.

  @param[in] Partition  The partition.
  @param[in] Function   The function.
  @param[in] What       What is wrong.
**/
STATIC
VOID
Complain (
  IN CONST MRM_PARTITION     *Partition,
  IN CONST MRM_PCI_FUNCTION  *Function,
  IN CONST CHAR8             *What
  )
{
  Say (
    "%a: %02x:%02x.%x (%04x:%04x) %a",
    Partition->Plan->Name,
    Function->Address.Bus,
    Function->Address.Device,
    Function->Address.Function,
    Function->Config[0] & 0xFFFF,
    Function->Config[0] >> 16,
    What
    );
}

/**
  Turn bus mastering and decoding of all functions off, what is behind a bridge before
  the bridge.

  @param[in] Partition  The partition.
**/
STATIC
VOID
Silence (
  IN CONST MRM_PARTITION  *Partition
  )
{
  CONST MRM_PCI_PORT  *Port;
  UINTN               Index;
  UINTN               Function;

  for (Index = 0; Index < Partition->PciBusCount; Index++) {
    Port = &Partition->PciPorts[Index];
    for (Function = Port->FunctionCount; Function > 0; Function--) {
      WriteCommand (Port->RootBridge, &Port->Functions[Function - 1].Address, 0);
    }
  }
}

/**
  Bring a function back after the reset of its bus: answering, reset, configured.

  @param[in] Partition  The partition.
  @param[in] Port       Its port; the bridges above the function are back.
  @param[in] Function   The function.

  @retval TRUE   It is back.
  @retval FALSE  It is not; that was said.
**/
STATIC
BOOLEAN
BringBack (
  IN CONST MRM_PARTITION     *Partition,
  IN CONST MRM_PCI_PORT      *Port,
  IN CONST MRM_PCI_FUNCTION  *Function
  )
{
  UINT32         Config[MRM_PCI_CONFIG_DWORDS];
  MRM_PCI_WRITE  Writes[MRM_PCI_MAX_WRITES];
  MRM_PCI_RESET  Reset;
  UINTN          Count;
  UINTN          Index;

  for (Reset = MrmPciResetBus; ; ) {
    if (!WaitForFunction (Port, Function)) {
      Complain (Partition, Function, "did not come back from its reset");
      return FALSE;
    }

    CopyConfig (Port->RootBridge, &Function->Address, Config);
    if (MrmPciWasReset (Function->Config, Config)) {
      break;
    }

    Reset = MrmPciNextReset (&Function->Capabilities, Reset);
    if (Reset == MrmPciResetFailed) {
      // It is silent, so it harms nobody; its next driver may find it in any state.
      Complain (Partition, Function, "could not be reset");
      break;
    }

    ResetFunction (Port, Function, Reset);
  }

  Count = MrmPciRestore (Function->Config, Writes);
  for (Index = 0; Index < Count; Index++) {
    WriteConfig (Port->RootBridge, &Function->Address, &Writes[Index]);
  }

  CopyConfig (Port->RootBridge, &Function->Address, Config);
  if (!MrmPciIsRestored (Function->Config, Config)) {
    Complain (Partition, Function, "did not take its configuration back");
    return FALSE;
  }

  return TRUE;
}

EFI_STATUS
QuiescePci (
  IN CONST MRM_PARTITION  *Partition
  )
{
  CONST MRM_PCI_PORT  *Port;
  EFI_STATUS          Status;
  UINTN               Index;
  UINTN               Function;

  Status = EFI_SUCCESS;
  Silence (Partition);
  WaitForTransactions (Partition);
  ResetBuses (Partition);
  for (Index = 0; Index < Partition->PciBusCount; Index++) {
    Port = &Partition->PciPorts[Index];
    // In ascending order of buses: a bridge is back before what is behind it.
    for (Function = 0; Function < Port->FunctionCount; Function++) {
      if (!BringBack (Partition, Port, &Port->Functions[Function]) && !Port->Functions[Function].Disabled) {
        Status = EFI_DEVICE_ERROR;
      }
    }
  }

  if (!EFI_ERROR (Status) && (Partition->ConsoleFunction != NULL)) {
    WriteCommand (
      Partition->ConsolePort->RootBridge,
      &Partition->ConsoleFunction->Address,
      (Partition->Console.Kind == MrmConsoleUart16550Io) ? EFI_PCI_COMMAND_IO_SPACE : EFI_PCI_COMMAND_MEMORY_SPACE
      );
  }

  return Status;
}
