/** @file
  Variable services as the partition sees them: EDK2's variable driver, whose store the
  controller commits to the PC's disk after each change, and the controller's own variables
  beside it.

  A commit costs the time of a disk.  What this firmware writes before the end of the DXE phase is committed in one piece
  at that end: until then nobody else's code runs in the partition, so nobody has been told that it is kept.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "VariableDxe.h"
#include <Guid/EventGroup.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/MrmTalkLib.h>
#include <Library/PcdLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiRuntimeLib.h>
#include <Library/UefiRuntimeServicesTableLib.h>

STATIC MRM_MAILBOX                 *mMailbox;
STATIC MRM_CONTROL_AREA            *mControl;       ///< NULL = no variables of the controller
STATIC UINTN                       mControlSize;
STATIC UINT64                      mTscFrequency;
STATIC UINT8                       *mOld;           ///< value of a variable before a change
STATIC UINTN                       mOldSize;        ///< bytes there are at mOld
STATIC BOOLEAN                     mTogether;       ///< the end of the DXE phase commits what has changed until then
STATIC EFI_GET_VARIABLE            mGetVariable;
STATIC EFI_GET_NEXT_VARIABLE_NAME  mGetNextVariableName;
STATIC EFI_SET_VARIABLE            mSetVariable;

/**
  Attributes a variable of the controller must have to be seen now.
**/
STATIC
UINT32
Needed (
  VOID
  )
{
  return EfiAtRuntime () ? EFI_VARIABLE_RUNTIME_ACCESS : EFI_VARIABLE_BOOTSERVICE_ACCESS;
}

/**
  The OS calls a variable service: as it does that only when it is well on its way, the next one's
  turn to boot has come.
**/
STATIC
VOID
EndTurn (
  VOID
  )
{
  if (EfiAtRuntime ()) {
    mMailbox->Turn.Over = 1;
  }
}

/**
  Whether a variable is the controller's.

  @param[in] VendorGuid  Its GUID.
**/
STATIC
BOOLEAN
IsControllers (
  IN CONST EFI_GUID  *VendorGuid
  )
{
  return (mControl != NULL) && CompareGuid (VendorGuid, &gMrmVariableGuid);
}

/**
  GetVariable() (UEFI 2.10 section 8.2.1).

  @param[in]     VariableName  Name.
  @param[in]     VendorGuid    GUID.
  @param[out]    Attributes    Receives attributes, or NULL.
  @param[in,out] DataSize      Bytes at Data; bytes of the variable on return.
  @param[out]    Data          Receives the variable.

  @return  As the specification says.
**/
STATIC
EFI_STATUS
EFIAPI
GetVariable (
  IN     CHAR16    *VariableName,
  IN     EFI_GUID  *VendorGuid,
  OUT    UINT32    *Attributes OPTIONAL,
  IN OUT UINTN     *DataSize,
  OUT    VOID      *Data OPTIONAL
  )
{
  EndTurn ();
  if ((VariableName == NULL) || (VendorGuid == NULL) || (DataSize == NULL) || !IsControllers (VendorGuid)) {
    return mGetVariable (VariableName, VendorGuid, Attributes, DataSize, Data);
  }

  return MrmAreaGet (mControl, mControlSize, Needed (), VariableName, Attributes, DataSize, Data);
}

/**
  GetNextVariableName() (UEFI 2.10 section 8.2.2): the controller's variables come last.

  @param[in,out] VariableNameSize  Bytes at VariableName; bytes of the name on return.
  @param[in,out] VariableName      Name before; receives the next.
  @param[in,out] VendorGuid        GUID before; receives the next.

  @return  As the specification says.
**/
STATIC
EFI_STATUS
EFIAPI
GetNextVariableName (
  IN OUT UINTN     *VariableNameSize,
  IN OUT CHAR16    *VariableName,
  IN OUT EFI_GUID  *VendorGuid
  )
{
  EFI_STATUS  Status;
  CHAR16      First;

  EndTurn ();
  if (  (VariableNameSize == NULL)
     || (VariableName == NULL)
     || (VendorGuid == NULL)
     || (*VariableNameSize < sizeof (CHAR16))
     || (VariableName[0] == 0)
     || !IsControllers (VendorGuid))
  {
    Status = mGetNextVariableName (VariableNameSize, VariableName, VendorGuid);
    if ((Status != EFI_NOT_FOUND) || (mControl == NULL)) {
      return Status;
    }

    // EDK2 has no more variables: the controller's first one is next.
    First           = VariableName[0];
    VariableName[0] = 0;
    Status          = MrmAreaNext (mControl, mControlSize, Needed (), VariableNameSize, VariableName);
    if (EFI_ERROR (Status)) {
      VariableName[0] = First;
    } else {
      CopyGuid (VendorGuid, &gMrmVariableGuid);
    }

    return Status;
  }

  return MrmAreaNext (mControl, mControlSize, Needed (), VariableNameSize, VariableName);
}

/**
  Change a variable, and have the change committed.

  @param[in] VariableName  Name.
  @param[in] VendorGuid    GUID.
  @param[in] Attributes    Attributes.
  @param[in] DataSize      Bytes at Data.
  @param[in] Data          The data.

  @return  As the specification says of SetVariable().
**/
STATIC
EFI_STATUS
ChangeAndCommit (
  IN CHAR16    *VariableName,
  IN EFI_GUID  *VendorGuid,
  IN UINT32    Attributes,
  IN UINTN     DataSize,
  IN VOID      *Data
  )
{
  EFI_STATUS  Status;
  EFI_STATUS  OldStatus;
  UINT32      OldAttributes;
  UINTN       OldSize;

  OldAttributes = 0;
  OldSize       = mOldSize;
  OldStatus     = mGetVariable (VariableName, VendorGuid, &OldAttributes, &OldSize, mOld);
  Status        = mSetVariable (VariableName, VendorGuid, Attributes, DataSize, Data);
  if (EFI_ERROR (Status) || (((Attributes | OldAttributes) & EFI_VARIABLE_NON_VOLATILE) == 0)) {
    return Status;
  }

  // A commit costs time, so there is none for a variable that has not changed.
  if (  !EFI_ERROR (OldStatus)
     && (Attributes == OldAttributes)
     && (DataSize == OldSize)
     && (DataSize != 0)
     && (CompareMem (Data, mOld, DataSize) == 0))
  {
    return Status;
  }

  return mTogether ? EFI_SUCCESS : CallController (&mMailbox->Store, mTscFrequency);
}

/**
  SetVariable() (UEFI 2.10 section 8.2.3).

  @param[in] VariableName  Name.
  @param[in] VendorGuid    GUID.
  @param[in] Attributes    Attributes.
  @param[in] DataSize      Bytes at Data.
  @param[in] Data          The data.

  @return  As the specification says.
**/
STATIC
EFI_STATUS
EFIAPI
SetVariable (
  IN CHAR16    *VariableName,
  IN EFI_GUID  *VendorGuid,
  IN UINT32    Attributes,
  IN UINTN     DataSize,
  IN VOID      *Data
  )
{
  EFI_STATUS  Status;
  EFI_TPL     Tpl;
  BOOLEAN     Boot;

  EndTurn ();
  if ((VariableName == NULL) || (VariableName[0] == 0) || (VendorGuid == NULL)) {
    return EFI_INVALID_PARAMETER;
  }

  // Only one change at a time is allowed.  At run time the OS must ensure that (UEFI 2.10 section 8.1).
  Boot = !EfiAtRuntime ();
  Tpl  = Boot ? gBS->RaiseTPL (TPL_NOTIFY) : 0;
  if (IsControllers (VendorGuid)) {
    Status = MrmAreaRequest (mControl, mControlSize, Needed (), VariableName, Attributes, DataSize, Data);
    if (!EFI_ERROR (Status)) {
      Status = CallController (&mMailbox->Control, mTscFrequency);
    }
  } else {
    Status = ChangeAndCommit (VariableName, VendorGuid, Attributes, DataSize, Data);
  }

  if (Boot) {
    gBS->RestoreTPL (Tpl);
  }

  return Status;
}

/**
  The end of the DXE phase: have committed what has changed until now, and each change from now on.

  @param[in] Event    The event; it is closed.
  @param[in] Context  Not used.
**/
STATIC
VOID
EFIAPI
OnEndOfDxe (
  IN EFI_EVENT  Event,
  IN VOID       *Context
  )
{
  gBS->CloseEvent (Event);
  mTogether = FALSE;
  // There always is a change, the monotonic counter's.  If no answer comes, the next commit includes it.
  CallController (&mMailbox->Store, mTscFrequency);
}

/**
  Follow the OS into virtual addressing.

  @param[in] Event    Not used.
  @param[in] Context  Not used.
**/
STATIC
VOID
EFIAPI
OnVirtualAddressChange (
  IN EFI_EVENT  Event,
  IN VOID       *Context
  )
{
  EfiConvertPointer (0, (VOID **)&mMailbox);
  EfiConvertPointer (EFI_OPTIONAL_PTR, (VOID **)&mControl);
  EfiConvertPointer (0, (VOID **)&mOld);
  EfiConvertPointer (0, (VOID **)&mGetVariable);
  EfiConvertPointer (0, (VOID **)&mGetNextVariableName);
  EfiConvertPointer (0, (VOID **)&mSetVariable);
  ConvertWake ();
}

/**
  Entry point: put these services in front of those there are.

  @param[in] ImageHandle  Not used.
  @param[in] SystemTable  Not used.

  @retval EFI_SUCCESS           Done.
  @retval EFI_NOT_FOUND         There is no hand-off.
  @retval EFI_OUT_OF_RESOURCES  No memory.
  @return Other                 Status of CreateEventEx.
**/
EFI_STATUS
EFIAPI
VariableDxeEntry (
  IN EFI_HANDLE        ImageHandle,
  IN EFI_SYSTEM_TABLE  *SystemTable
  )
{
  EFI_STATUS          Status;
  EFI_EVENT           Event;
  EFI_TPL             Tpl;
  CONST MRM_HAND_OFF  *HandOff;

  HandOff  = MrmGetHandOff ();
  mMailbox = MrmGetMailbox ();
  if ((HandOff == NULL) || (mMailbox == NULL)) {
    return EFI_NOT_FOUND;
  }

  mOldSize = PcdGet32 (PcdMaxVariableSize);
  mOld     = AllocateRuntimePool (mOldSize);
  if (mOld == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }

  mTscFrequency = HandOff->TscFrequency;
  PrepareWake (HandOff);
  if (HandOff->ControlArea.Size >= sizeof (MRM_CONTROL_AREA)) {
    mControl     = (MRM_CONTROL_AREA *)(UINTN)HandOff->ControlArea.Base;
    mControlSize = (UINTN)HandOff->ControlArea.Size;
  }

  Status = gBS->CreateEventEx (
                  EVT_NOTIFY_SIGNAL,
                  TPL_NOTIFY,
                  OnVirtualAddressChange,
                  NULL,
                  &gEfiEventVirtualAddressChangeGuid,
                  &Event
                  );
  if (EFI_ERROR (Status)) {
    return Status;
  }

  // At the level at which a change is made: none is made meanwhile.
  Status = gBS->CreateEventEx (EVT_NOTIFY_SIGNAL, TPL_NOTIFY, OnEndOfDxe, NULL, &gEfiEndOfDxeEventGroupGuid, &Event);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Tpl                      = gBS->RaiseTPL (TPL_HIGH_LEVEL);
  mGetVariable             = gRT->GetVariable;
  mGetNextVariableName     = gRT->GetNextVariableName;
  mSetVariable             = gRT->SetVariable;
  gRT->GetVariable         = GetVariable;
  gRT->GetNextVariableName = GetNextVariableName;
  gRT->SetVariable         = SetVariable;
  gRT->Hdr.CRC32           = 0;
  gBS->CalculateCrc32 (&gRT->Hdr, gRT->Hdr.HeaderSize, &gRT->Hdr.CRC32);
  mTogether = TRUE;
  gBS->RestoreTPL (Tpl);
  return EFI_SUCCESS;
}
