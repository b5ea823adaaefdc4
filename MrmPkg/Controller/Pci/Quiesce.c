/** @file
  Devices of partitions between two owners: quiesced before every start.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Pci/Quiesce.h"
#include "Pci/Config.h"
#include "Pci/Confine.h"
#include "Pci/Find.h"
#include "Partition/Partition.h"
#include "Core/Log.h"
#include <IndustryStandard/Pci.h>
#include <Library/BaseMemoryLib.h>
#include <Library/UefiBootServicesTableLib.h>

#define BRIDGE_CONTROL_RESET     BIT6     ///< PCI-to-PCI Bridge Architecture 1.2 section 3.2.5.18
#define COMMAND_NO_LINE          BIT10    ///< PCI Local Bus 3.0 section 6.2.2
#define RESET_HOLD_MICROSECONDS  2000     ///< PCIe 5.0 section 6.6.1: at least 1 ms
#define PENDING_MICROSECONDS     1000
#define PENDING_TRIES            1000
#define MAX_SPOILED              64

///
/// Functions that have had an owner, and that no way has reset since: whoever had one next would find what it left, such
/// as addresses for DMA.  Only the PC's reset ends that.
///
STATIC MRM_PCI_ADDRESS  mSpoiled[MAX_SPOILED];
STATIC UINTN            mSpoiledCount;    ///< above MAX_SPOILED: more than can be told apart

/**
  The command register of a function that does nothing.  Only a function by itself can have others beside it whom its
  interrupt line would disturb.

  @param[in] Port  Its port.
**/
STATIC
UINT16
QuietCommand (
  IN CONST MRM_PCI_PORT  *Port
  )
{
  return Port->ByFunction ? COMMAND_NO_LINE : 0;
}

/**
  Turn bus mastering and decoding of all functions off, what is behind a bridge before
  the bridge.

  @param[in] Ports  They, with their functions.
  @param[in] Count  How many ports.
**/
STATIC
VOID
Silence (
  IN CONST MRM_PCI_PORT  *Ports,
  IN UINTN               Count
  )
{
  CONST MRM_PCI_PORT  *Port;
  UINTN               Index;
  UINTN               Function;

  for (Index = 0; Index < Count; Index++) {
    Port = &Ports[Index];
    for (Function = Port->FunctionCount; Function > 0; Function--) {
      WriteCommand (Port->RootBridge, &Port->Functions[Function - 1].Address, QuietCommand (Port));
    }
  }
}

/**
  Check whether a function still expects an answer to a request of its own.

  @param[in] Port      Its port.
  @param[in] Function  The function.

  @retval TRUE   It does.
  @retval FALSE  It does not, does not answer or cannot tell.
**/
STATIC
BOOLEAN
IsPending (
  IN CONST MRM_PCI_PORT      *Port,
  IN CONST MRM_PCI_FUNCTION  *Function
  )
{
  UINT8   Register;
  UINT32  Bit;
  UINT32  Value;

  if (!MrmPciPending (&Function->Capabilities, &Register, &Bit)) {
    return FALSE;
  }

  Value = ReadConfig (Port->RootBridge, &Function->Address, Register);
  return (BOOLEAN)((Value != MAX_UINT32) && ((Value & Bit) != 0));
}

/**
  Wait until no function expects an answer to a request of its own any more, or a second
  has passed.

  @param[in] Ports  They, with their functions; bus mastering is off.
  @param[in] Count  How many ports.
**/
STATIC
VOID
WaitForTransactions (
  IN CONST MRM_PCI_PORT  *Ports,
  IN UINTN               Count
  )
{
  CONST MRM_PCI_PORT  *Port;
  UINTN               Index;
  UINTN               Function;
  UINTN               Try;

  Try = 0;
  for (Index = 0; Index < Count; Index++) {
    Port = &Ports[Index];
    for (Function = 0; Function < Port->FunctionCount; Function++) {
      while ((Try < PENDING_TRIES) && IsPending (Port, &Port->Functions[Function])) {
        gBS->Stall (PENDING_MICROSECONDS);
        Try++;
      }
    }
  }
}

/**
  Set or clear the secondary bus reset of a port.

  @param[in] Port    The port.
  @param[in] Active  TRUE: hold everything behind it in reset.
**/
STATIC
VOID
SetBusReset (
  IN CONST MRM_PCI_PORT  *Port,
  IN BOOLEAN             Active
  )
{
  MRM_PCI_WRITE  Write;
  UINT32         Control;

  Write.Offset = PCI_BRIDGE_CONTROL_REGISTER_OFFSET;
  Write.Width  = sizeof (UINT16);
  Control      = ReadConfig (Port->RootBridge, &Port->Address, PCI_INT_LINE_OFFSET) >> 16;
  Write.Value  = Active ? (Control | BRIDGE_CONTROL_RESET) : (Control & ~(UINT32)BRIDGE_CONTROL_RESET);
  WriteConfig (Port->RootBridge, &Port->Address, &Write);
}

/**
  Reset everything behind all ports of a partition at the same time by their secondary bus resets; nothing of functions
  by themselves, whose bus others have, too.

  @param[in] Ports  They.
  @param[in] Count  How many.
**/
STATIC
VOID
ResetBuses (
  IN CONST MRM_PCI_PORT  *Ports,
  IN UINTN               Count
  )
{
  UINTN  Index;
  UINTN  Reset;

  Reset = 0;
  for (Index = 0; Index < Count; Index++) {
    if (!Ports[Index].ByFunction) {
      SetBusReset (&Ports[Index], TRUE);
      Reset++;
    }
  }

  if (Reset == 0) {
    return;
  }

  gBS->Stall (RESET_HOLD_MICROSECONDS);
  for (Index = 0; Index < Count; Index++) {
    if (!Ports[Index].ByFunction) {
      SetBusReset (&Ports[Index], FALSE);
    }
  }

  gBS->Stall (MRM_PCI_READY_MICROSECONDS);
}

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

BOOLEAN
IsSpoiled (
  IN CONST MRM_PCI_ADDRESS  *Address
  )
{
  UINTN  Index;

  for (Index = 0; Index < MIN (mSpoiledCount, MAX_SPOILED); Index++) {
    if (IsSameFunction (&mSpoiled[Index], Address)) {
      return TRUE;
    }
  }

  return (BOOLEAN)(mSpoiledCount > MAX_SPOILED);
}

/**
  Remember a function by itself that could not be reset after its partition ran.

  @param[in] Partition  The partition.
  @param[in] Function   The function.
**/
STATIC
VOID
Spoil (
  IN CONST MRM_PARTITION     *Partition,
  IN CONST MRM_PCI_FUNCTION  *Function
  )
{
  if (IsSpoiled (&Function->Address)) {
    return;
  }

  if (mSpoiledCount < MAX_SPOILED) {
    mSpoiled[mSpoiledCount] = Function->Address;
  }

  mSpoiledCount++;
  Complain (Partition, Function, "goes to nobody else until the PC is reset");
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
  UINT32                Config[MRM_PCI_CONFIG_DWORDS];
  MRM_PCI_WRITE         Writes[MRM_PCI_MAX_WRITES];
  MRM_PCI_BACK          Back;
  MRM_PCI_BACK_VERDICT  Verdict;
  UINTN                 Count;

  ZeroMem (&Back, sizeof (Back));
  Back.Alone = Port->ByFunction;
  do {
    CopyConfig (Port->RootBridge, &Function->Address, Config);
    Verdict = MrmPciBackStep (&Function->Capabilities, Function->Config, Config, &Back, Writes, &Count);
    MakeWrites (Port->RootBridge, &Function->Address, Writes, Count);
  } while (Verdict == MrmPciBackGoesOn);

  if (Back.NotReset) {
    // It neither decodes nor masters the bus, so it disturbs nobody.  Its next driver may find it in any state.
    Complain (Partition, Function, "could not be reset");
    if (Port->ByFunction && (Partition->StartTsc != 0)) {
      Spoil (Partition, Function);
    }
  }

  if (Verdict == MrmPciBackSilent) {
    Complain (Partition, Function, "did not come back from its reset");
  } else if (Verdict == MrmPciBackLost) {
    Complain (Partition, Function, "did not take its configuration back");
  }

  return Verdict == MrmPciBackDone;
}

EFI_STATUS
QuiescePorts (
  IN CONST MRM_PARTITION  *Partition,
  IN CONST MRM_PCI_PORT   *Ports,
  IN UINTN                Count
  )
{
  CONST MRM_PCI_PORT  *Port;
  EFI_STATUS          Status;
  UINTN               Index;
  UINTN               Function;

  Status = EFI_SUCCESS;
  Silence (Ports, Count);
  WaitForTransactions (Ports, Count);
  ResetBuses (Ports, Count);
  for (Index = 0; Index < Count; Index++) {
    Port = &Ports[Index];
    // The functions are in ascending order of buses, so a bridge is back before the functions behind it.
    for (Function = 0; Function < Port->FunctionCount; Function++) {
      if (!BringBack (Partition, Port, &Port->Functions[Function]) && !Port->Functions[Function].Disabled) {
        Status = EFI_DEVICE_ERROR;
      }

      if (Port->ByFunction) {
        WriteCommand (Port->RootBridge, &Port->Functions[Function].Address, QuietCommand (Port));
      }
    }
  }

  return Status;
}

EFI_STATUS
QuiescePci (
  IN CONST MRM_PARTITION  *Partition
  )
{
  EFI_STATUS  Status;

  BlockDevices (Partition);
  Status = QuiescePorts (Partition, Partition->PciPorts, Partition->PciBusCount);
  if (!EFI_ERROR (Status) && (Partition->ConsoleFunction != NULL)) {
    WriteCommand (
      Partition->ConsolePort->RootBridge,
      &Partition->ConsoleFunction->Address,
      (Partition->Console.Kind == MrmConsoleUart16550Io) ? EFI_PCI_COMMAND_IO_SPACE : EFI_PCI_COMMAND_MEMORY_SPACE
      );
  }

  return Status;
}
