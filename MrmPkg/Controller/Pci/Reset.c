/** @file
  Resets of PCI functions, and the waiting around them.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Pci/Reset.h"
#include "Pci/Config.h"
#include "Partition/Partition.h"
#include <IndustryStandard/Pci.h>
#include <Library/UefiBootServicesTableLib.h>

#define BRIDGE_CONTROL_RESET      BIT6     ///< PCI-to-PCI Bridge Architecture 1.2 section 3.2.5.18
#define RESET_HOLD_MICROSECONDS   2000     ///< PCIe 5.0 section 6.6.1: at least 1 ms
#define RESET_READY_MICROSECONDS  100000   ///< PCIe 5.0 sections 6.6.1 and 6.6.2: configuration after 100 ms
#define READY_TRIES               10       ///< of RESET_READY_MICROSECONDS: a second (section 6.6.1)
#define POWER_MICROSECONDS        10000    ///< PCI Power Management 1.2 table 5-6: D3hot to D0 and back
#define PENDING_MICROSECONDS      1000
#define PENDING_TRIES             1000

#define PCIE_DEVICE_CONTROL       0x08     ///< PCIe 5.0 section 7.5.3.4; device status above it
#define   DEVICE_CONTROL_FLR      BIT15
#define   STATUS_PENDING          BIT21
#define ADVANCED_CONTROL          0x04     ///< PCI ECN "Advanced Capabilities for Conventional PCI"
#define   ADVANCED_FLR            BIT0
#define   ADVANCED_PENDING        BIT8
#define POWER_CONTROL             0x04     ///< PCI Power Management 1.2 section 3.2.4
#define   POWER_STATE             (BIT0 | BIT1)
#define   POWER_D3HOT             (BIT0 | BIT1)

/**
  Change the bits of a register of a function and leave what lies above it alone.

  @param[in] Port      Its port.
  @param[in] Function  The function.
  @param[in] Offset    Register, dword-aligned.
  @param[in] Width     Bytes written: 1 or 2.
  @param[in] Mask      Bits that change.
  @param[in] Value     What they become.
**/
STATIC
VOID
ChangeBits (
  IN CONST MRM_PCI_PORT      *Port,
  IN CONST MRM_PCI_FUNCTION  *Function,
  IN UINT8                   Offset,
  IN UINT8                   Width,
  IN UINT32                  Mask,
  IN UINT32                  Value
  )
{
  MRM_PCI_WRITE  Write;

  Write.Offset = Offset;
  Write.Width  = Width;
  Write.Value  = (ReadConfig (Port->RootBridge, &Function->Address, Offset) & ~Mask) | Value;
  WriteConfig (Port->RootBridge, &Function->Address, &Write);
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

VOID
ResetBuses (
  IN CONST MRM_PARTITION  *Partition
  )
{
  UINTN  Index;

  if (Partition->PciBusCount == 0) {
    return;
  }

  for (Index = 0; Index < Partition->PciBusCount; Index++) {
    SetBusReset (&Partition->PciPorts[Index], TRUE);
  }

  gBS->Stall (RESET_HOLD_MICROSECONDS);
  for (Index = 0; Index < Partition->PciBusCount; Index++) {
    SetBusReset (&Partition->PciPorts[Index], FALSE);
  }

  gBS->Stall (RESET_READY_MICROSECONDS);
}

VOID
ResetFunction (
  IN CONST MRM_PCI_PORT      *Port,
  IN CONST MRM_PCI_FUNCTION  *Function,
  IN MRM_PCI_RESET           Reset
  )
{
  CONST MRM_PCI_CAPABILITIES  *Can;

  Can = &Function->Capabilities;
  switch (Reset) {
    case MrmPciResetFunction:
      ChangeBits (Port, Function, Can->Pcie + PCIE_DEVICE_CONTROL, 2, DEVICE_CONTROL_FLR, DEVICE_CONTROL_FLR);
      gBS->Stall (RESET_READY_MICROSECONDS);
      break;
    case MrmPciResetAdvanced:
      ChangeBits (Port, Function, Can->AdvancedFeatures + ADVANCED_CONTROL, 1, ADVANCED_FLR, ADVANCED_FLR);
      gBS->Stall (RESET_READY_MICROSECONDS);
      break;
    case MrmPciResetPower:
      ChangeBits (Port, Function, Can->Power + POWER_CONTROL, 2, POWER_STATE, POWER_D3HOT);
      gBS->Stall (POWER_MICROSECONDS);
      ChangeBits (Port, Function, Can->Power + POWER_CONTROL, 2, POWER_STATE, 0);
      gBS->Stall (POWER_MICROSECONDS);
      break;
    default:
      break;
  }
}

BOOLEAN
WaitForFunction (
  IN CONST MRM_PCI_PORT      *Port,
  IN CONST MRM_PCI_FUNCTION  *Function
  )
{
  UINTN  Try;

  for (Try = 0; Try < READY_TRIES; Try++) {
    if (ReadConfig (Port->RootBridge, &Function->Address, PCI_VENDOR_ID_OFFSET) == Function->Config[0]) {
      return TRUE;
    }

    gBS->Stall (RESET_READY_MICROSECONDS);
  }

  return FALSE;
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
  CONST MRM_PCI_CAPABILITIES  *Can;
  UINT32                      Value;
  UINT32                      Bit;

  Can = &Function->Capabilities;
  if (Can->Pcie != 0) {
    Value = ReadConfig (Port->RootBridge, &Function->Address, Can->Pcie + PCIE_DEVICE_CONTROL);
    Bit   = STATUS_PENDING;
  } else if (Can->AdvancedReset) {
    Value = ReadConfig (Port->RootBridge, &Function->Address, Can->AdvancedFeatures + ADVANCED_CONTROL);
    Bit   = ADVANCED_PENDING;
  } else {
    return FALSE;
  }

  return (BOOLEAN)((Value != MAX_UINT32) && ((Value & Bit) != 0));
}

VOID
WaitForTransactions (
  IN CONST MRM_PARTITION  *Partition
  )
{
  CONST MRM_PCI_PORT  *Port;
  UINTN               Index;
  UINTN               Function;
  UINTN               Try;

  Try = 0;
  for (Index = 0; Index < Partition->PciBusCount; Index++) {
    Port = &Partition->PciPorts[Index];
    for (Function = 0; Function < Port->FunctionCount; Function++) {
      while ((Try < PENDING_TRIES) && IsPending (Port, &Port->Functions[Function])) {
        gBS->Stall (PENDING_MICROSECONDS);
        Try++;
      }
    }
  }
}
