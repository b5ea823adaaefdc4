/** @file
  The GUIDs that the decide libraries name: what EDK2's build writes into AutoGen.c
  from the .dec files, here from the macros of the same headers.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <PiPei.h>
#include <Uefi.h>
#include <Guid/MemoryAllocationHob.h>
#include <Guid/MemoryTypeInformation.h>
#include <Guid/MrmHandOff.h>
#include <Guid/VariableFormat.h>
#include <Ppi/VectorHandoffInfo.h>

EFI_GUID  gEfiAuthenticatedVariableGuid = EFI_AUTHENTICATED_VARIABLE_GUID;
EFI_GUID  gEfiHobMemoryAllocModuleGuid  = EFI_HOB_MEMORY_ALLOC_MODULE_GUID;
EFI_GUID  gEfiHobMemoryAllocStackGuid   = EFI_HOB_MEMORY_ALLOC_STACK_GUID;
EFI_GUID  gEfiMemoryTypeInformationGuid = EFI_MEMORY_TYPE_INFORMATION_GUID;
EFI_GUID  gEfiVectorHandoffInfoPpiGuid  = EFI_PEI_VECTOR_HANDOFF_INFO_PPI_GUID;
EFI_GUID  gMrmHandOffGuid               = MRM_HAND_OFF_GUID;
