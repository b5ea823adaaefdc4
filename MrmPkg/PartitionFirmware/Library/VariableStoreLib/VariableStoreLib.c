/** @file
  Gives EDK2's variable driver, which is linked with it, the partition's own store.

  The size of the store is patchable, not dynamic: only the driver's own copy counts,
  which this library shares.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <PiDxe.h>
#include <Guid/VariableFormat.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MrmHandOffLib.h>
#include <Library/MrmPartitionLib.h>
#include <Library/PcdLib.h>

/**
  Runs before the driver's entry point.

  @param[in] ImageHandle  Not used.
  @param[in] SystemTable  Not used.

  @retval EFI_SUCCESS    The driver will keep variables where the controller commits them from.
  @retval EFI_NOT_FOUND  There is no hand-off.
  @return Other          Status of the PCD database.
**/
EFI_STATUS
EFIAPI
MrmVariableStoreLibConstructor (
  IN EFI_HANDLE        ImageHandle,
  IN EFI_SYSTEM_TABLE  *SystemTable
  )
{
  CONST MRM_HAND_OFF  *HandOff;
  VOID                *Store;

  HandOff = MrmGetHandOff ();
  if (HandOff == NULL) {
    return EFI_NOT_FOUND;
  }

  if (HandOff->VariableStore.Size <= sizeof (VARIABLE_STORE_HEADER)) {
    // Variables last until the partition ends.
    return EFI_SUCCESS;
  }

  Store = (VOID *)(UINTN)HandOff->VariableStore.Base;
  if (!MrmVariableStoreIsSound (Store, (UINTN)HandOff->VariableStore.Size)) {
    MrmEvent ("variables: the store is damaged; a new one is begun");
    SetMem (Store, (UINTN)HandOff->VariableStore.Size, 0xFF);
  }

  PatchPcdSet32 (PcdVariableStoreSize, (UINT32)HandOff->VariableStore.Size);
  return PcdSet64S (PcdEmuVariableNvStoreReserved, HandOff->VariableStore.Base);
}
