/** @file
  Which volume is written to when Mrm.efi came from a server.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Pci/Volume.h"
#include "Pci/Config.h"
#include "Pci/Find.h"
#include "Partition/Plan.h"
#include "Core/Esp.h"
#include "Core/Facts.h"
#include "Core/Log.h"
#include "Core/Origin.h"
#include <IndustryStandard/Pci.h>
#include <Library/DevicePathLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/UefiBootServicesTableLib.h>

/**
  Whether a disk is what a bus of a partition has, or lies behind it.

  @param[in] Bus   The bus of the plan.
  @param[in] Disk  Where the function of the disk is.
**/
STATIC
BOOLEAN
HasDisk (
  IN CONST MRM_PLAN_PCI_BUS  *Bus,
  IN CONST MRM_PCI_ADDRESS   *Disk
  )
{
  MRM_PCI_PORT  Port;
  UINT32        Index;
  UINT32        Buses;

  for (Index = 0; Index < Bus->FunctionCount; Index++) {
    if (  !EFI_ERROR (FindFunction (Bus->Functions[Index].Path, &Port.RootBridge, &Port.Address))
       && IsSameFunction (&Port.Address, Disk))
    {
      return TRUE;
    }
  }

  if ((Bus->RootPort == NULL) || EFI_ERROR (FindFunction (Bus->RootPort, &Port.RootBridge, &Port.Address))) {
    return FALSE;
  }

  Buses = ReadConfig (Port.RootBridge, &Port.Address, PCI_BRIDGE_PRIMARY_BUS_REGISTER_OFFSET);
  return (BOOLEAN)(  (Disk->Segment == Port.Address.Segment)
                  && (Disk->Bus >= (UINT8)(Buses >> 8))
                  && (Disk->Bus <= (UINT8)(Buses >> 16)));
}

/**
  Whether a device lies behind a port that the plan gives to a partition.

  @param[in] Device  The device.

  @retval TRUE   It does.
  @retval FALSE  It does not, or is on no PCI function.
**/
STATIC
BOOLEAN
IsGivenAway (
  IN EFI_HANDLE  Device
  )
{
  MRM_PCI_ADDRESS           Disk;
  CONST MRM_PLAN_PARTITION  *Partition;
  UINT32                    Index;
  UINT32                    Bus;

  if ((gPlan == NULL) || EFI_ERROR (FindFunctionOf (Device, &Disk))) {
    return FALSE;
  }

  for (Index = 0; Index < gPlan->PartitionCount; Index++) {
    Partition = &gPlan->Partitions[Index];
    for (Bus = 0; Bus < Partition->PciBusCount; Bus++) {
      if (HasDisk (&Partition->PciBuses[Bus], &Disk)) {
        return TRUE;
      }
    }
  }

  return FALSE;
}

/**
  Open a volume, if it is one to write to.

  @param[in] Device  The volume.

  @return  Its root; NULL when it is not.
**/
STATIC
EFI_FILE_PROTOCOL *
OpenMrmVolume (
  IN EFI_HANDLE  Device
  )
{
  EFI_STATUS                       Status;
  EFI_SIMPLE_FILE_SYSTEM_PROTOCOL  *FileSystem;
  EFI_FILE_PROTOCOL                *Root;
  EFI_FILE_PROTOCOL                *Folder;

  Status = gBS->HandleProtocol (Device, &gEfiSimpleFileSystemProtocolGuid, (VOID **)&FileSystem);
  if (EFI_ERROR (Status) || EFI_ERROR (FileSystem->OpenVolume (FileSystem, &Root))) {
    return NULL;
  }

  Status = Root->Open (Root, &Folder, MRM_FOLDER, EFI_FILE_MODE_READ, 0);
  if (EFI_ERROR (Status)) {
    Root->Close (Root);
    return NULL;
  }

  Folder->Close (Folder);
  return Root;
}

VOID
ChooseVolume (
  VOID
  )
{
  EFI_HANDLE  *Handles;
  UINTN       Count;
  UINTN       Index;
  CHAR16      *Text;

  if (EFI_ERROR (gBS->LocateHandleBuffer (ByProtocol, &gEfiSimpleFileSystemProtocolGuid, NULL, &Count, &Handles))) {
    Handles = NULL;
    Count   = 0;
  }

  for (Index = 0; (Index < Count) && (gMachine.Esp == NULL); Index++) {
    if (!IsRamDisk (Handles[Index]) && !IsGivenAway (Handles[Index])) {
      gMachine.Esp       = OpenMrmVolume (Handles[Index]);
      gMachine.EspDevice = (gMachine.Esp == NULL) ? NULL : Handles[Index];
    }
  }

  if (Handles != NULL) {
    FreePool (Handles);
  }

  if (gMachine.Esp == NULL) {
    Say (
      "warning: no disk that stays with the PC has the folder \\EFI\\MRM: variables of partitions, reloads and the "
      "report are lost when the PC is switched off"
      );
    return;
  }

  Text = ConvertDevicePathToText (DevicePathFromHandle (gMachine.EspDevice), FALSE, FALSE);
  Say ("variables, reloads and the report are kept in \\EFI\\MRM on %s", (Text == NULL) ? L"a disk" : Text);
  if (Text != NULL) {
    FreePool (Text);
  }
}
