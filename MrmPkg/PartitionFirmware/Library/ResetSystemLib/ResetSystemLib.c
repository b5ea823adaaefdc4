/** @file
  ResetSystem of a partition: asks the controller by mailbox and parks the processor.

  It must neither return nor fault: an OS then falls back on the keyboard controller,
  port CF9 or a triple fault, which reset the whole machine.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <PiDxe.h>
#include <Guid/EventGroup.h>
#include <Library/BaseLib.h>
#include <Library/CpuLib.h>
#include <Library/MrmHandOffLib.h>
#include <Library/ResetSystemLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiRuntimeLib.h>

STATIC MRM_MAILBOX  *mMailbox;

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
}

/**
  Remember the mailbox while HOBs exist.

  @param[in] ImageHandle  Not used.
  @param[in] SystemTable  Not used.

  @retval EFI_SUCCESS  Ready, also at run time.
  @return Other        Status of CreateEventEx.
**/
EFI_STATUS
EFIAPI
MrmResetSystemLibConstructor (
  IN EFI_HANDLE        ImageHandle,
  IN EFI_SYSTEM_TABLE  *SystemTable
  )
{
  EFI_EVENT  Event;

  mMailbox = MrmGetMailbox ();
  return gBS->CreateEventEx (
                EVT_NOTIFY_SIGNAL,
                TPL_NOTIFY,
                OnVirtualAddressChange,
                NULL,
                &gEfiEventVirtualAddressChangeGuid,
                &Event
                );
}

/**
  Post a request and park this processor for good.

  @param[in] Request  MRM_REQUEST of the partition.
**/
STATIC
VOID
Post (
  IN MRM_REQUEST  Request
  )
{
  DisableInterrupts ();
  if (mMailbox != NULL) {
    mMailbox->Status = EFI_SUCCESS;
    MemoryFence ();
    mMailbox->Request = Request;
  }

  while (TRUE) {
    DisableInterrupts ();
    CpuSleep ();
  }
}

VOID
EFIAPI
ResetCold (
  VOID
  )
{
  Post (MrmRequestColdReset);
}

VOID
EFIAPI
ResetWarm (
  VOID
  )
{
  Post (MrmRequestWarmReset);
}

VOID
EFIAPI
ResetShutdown (
  VOID
  )
{
  Post (MrmRequestShutdown);
}

VOID
EFIAPI
ResetPlatformSpecific (
  IN UINTN  DataSize,
  IN VOID   *ResetData
  )
{
  Post (MrmRequestColdReset);
}

VOID
EFIAPI
ResetSystem (
  IN EFI_RESET_TYPE  ResetType,
  IN EFI_STATUS      ResetStatus,
  IN UINTN           DataSize,
  IN VOID            *ResetData OPTIONAL
  )
{
  switch (ResetType) {
    case EfiResetShutdown:
      Post (MrmRequestShutdown);
      break;
    case EfiResetWarm:
      Post (MrmRequestWarmReset);
      break;
    default:
      Post (MrmRequestColdReset);
      break;
  }
}
