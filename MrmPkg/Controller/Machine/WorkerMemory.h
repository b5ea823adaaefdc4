/** @file
  What a processor that works for the controller reaches: page tables of its own.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_WORKER_MEMORY_H_
#define MRM_CONTROLLER_WORKER_MEMORY_H_

#include "Machine/Worker.h"
#include <Library/CpuPageTableLib.h>

/**
  Make page tables that map this image, the local APIC and some memory, one to one, and nothing else.

  @param[in]  Mode      What they are for: FirmwarePagingMode(), or that of a processor that starts on them.
  @param[in]  Own       The processor's own memory: whole pages.
  @param[in]  OwnCount  Elements of Own.
  @param[in]  Memory    What its work looks at: whole pages.
  @param[in]  Count     Elements of Memory.
  @param[out] Tables    Receives where the page tables are; they belong to the caller: FreeWorkerMap().
  @param[out] Root      Receives the address of the first one.

  @retval EFI_SUCCESS           Made.
  @retval EFI_OUT_OF_RESOURCES  There is no memory for them.
  @return Other                 Status of PageTableMap(), or of the boot services.
**/
EFI_STATUS
MakeWorkerMap (
  IN  PAGING_MODE            Mode,
  IN  CONST MRM_WORK_MEMORY  *Own,
  IN  UINTN                  OwnCount,
  IN  CONST MRM_WORK_MEMORY  *Memory,
  IN  UINTN                  Count,
  OUT MRM_RANGE              *Tables,
  OUT UINTN                  *Root
  );

/**
  Free page tables.

  @param[in,out] Tables  Where they are; becomes empty.  May be empty.
**/
VOID
FreeWorkerMap (
  IN OUT MRM_RANGE  *Tables
  );

#endif
