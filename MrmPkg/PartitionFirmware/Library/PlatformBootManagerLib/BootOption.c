/** @file
  Boot options of the partition's own variables (UEFI 2.10 section 3.1).  They belong to
  its owner: nothing is created, changed or removed here but BootNext and BootCurrent.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "PlatformBootManager.h"
#include <Guid/GlobalVariable.h>
#include <Library/BaseLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiLib.h>
#include <Library/UefiRuntimeServicesTableLib.h>

#define OPTION_NAME_LENGTH  sizeof ("Boot####")

/**
  Set or clear BootCurrent.

  @param[in] Number  Number of the option; NULL clears.
**/
STATIC
VOID
SetBootCurrent (
  IN UINT16  *Number OPTIONAL
  )
{
  gRT->SetVariable (
         EFI_BOOT_CURRENT_VARIABLE_NAME,
         &gEfiGlobalVariableGuid,
         EFI_VARIABLE_BOOTSERVICE_ACCESS | EFI_VARIABLE_RUNTIME_ACCESS,
         (Number == NULL) ? 0 : sizeof (*Number),
         Number
         );
}

/**
  Boot one option if its device is there.

  @param[in]     Option   The option.
  @param[in]     Segment  Only disks behind this host bridge; 0 = any.
  @param[in,out] Reason   Why it is back; unchanged if it is not there.
**/
STATIC
VOID
BootOption (
  IN     EFI_BOOT_MANAGER_LOAD_OPTION  *Option,
  IN     UINT16                        Segment,
  IN OUT CHAR8                         *Reason
  )
{
  EFI_DEVICE_PATH_PROTOCOL  *Path;
  UINT16                    Number;

  Path = FindOnDisk (Option->FilePath, Segment);
  if (Path == NULL) {
    // A PC has USB disks ready before it passes over an option.
    ConnectDevices (MRM_DEVICES_USB, Segment);
    Path = FindOnDisk (Option->FilePath, Segment);
  }

  if (Path == NULL) {
    MrmEvent ("boot: Boot%04x \"%s\" is not there", Option->OptionNumber, Option->Description);
    return;
  }

  Number = (UINT16)Option->OptionNumber;
  SetBootCurrent (&Number);
  StartLoader (Path, NULL, 0, Option->OptionalData, Option->OptionalDataSize, Reason);
  SetBootCurrent (NULL);
  FreePool (Path);
  Tell ("boot: Boot%04x \"%s\": %a", Option->OptionNumber, Option->Description, Reason);
}

/**
  Boot what BootNext names, once.

  @param[in]     Segment  Only disks behind this host bridge; 0 = any.
  @param[in,out] Reason   Why it is back; unchanged if there is none.
**/
STATIC
VOID
BootNextOption (
  IN     UINT16  Segment,
  IN OUT CHAR8   *Reason
  )
{
  UINT16                        *Next;
  UINTN                         Size;
  CHAR16                        Name[OPTION_NAME_LENGTH];
  EFI_BOOT_MANAGER_LOAD_OPTION  Option;

  if (EFI_ERROR (GetEfiGlobalVariable2 (EFI_BOOT_NEXT_VARIABLE_NAME, (VOID **)&Next, &Size))) {
    return;
  }

  // Cleared first: it must not be tried again when it does not come back.
  gRT->SetVariable (EFI_BOOT_NEXT_VARIABLE_NAME, &gEfiGlobalVariableGuid, 0, 0, NULL);
  if (Size == sizeof (*Next)) {
    UnicodeSPrint (Name, sizeof (Name), L"Boot%04x", *Next);
    if (!EFI_ERROR (EfiBootManagerVariableToLoadOption (Name, &Option))) {
      BootOption (&Option, Segment, Reason);
      EfiBootManagerFreeLoadOption (&Option);
    }
  }

  FreePool (Next);
}

VOID
BootOptions (
  IN     UINT16  Segment,
  IN OUT CHAR8   *Reason
  )
{
  EFI_BOOT_MANAGER_LOAD_OPTION  *Options;
  UINTN                         Count;
  UINTN                         Index;

  BootNextOption (Segment, Reason);
  Options = EfiBootManagerGetLoadOptions (&Count, LoadOptionTypeBoot);
  for (Index = 0; Index < Count; Index++) {
    if (  ((Options[Index].Attributes & LOAD_OPTION_ACTIVE) != 0)
       && ((Options[Index].Attributes & LOAD_OPTION_CATEGORY) == LOAD_OPTION_CATEGORY_BOOT))
    {
      BootOption (&Options[Index], Segment, Reason);
    }
  }

  EfiBootManagerFreeLoadOptions (Options, Count);
}
