/** @file
  Reads instructions of the partition.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Common.h"
#include <Library/BaseMemoryLib.h>

/**
  MRM_GUARD_READ_MEMORY for the partition's own memory.

  @param[in]  Context  The MRM_GUARD.
  @param[in]  Address  As the partition sees it.
  @param[out] Buffer   Receives the bytes.
  @param[in]  Size     Bytes, within one page.

  @retval FALSE  It does not reach that, or it is no memory of its own.
**/
STATIC
BOOLEAN
EFIAPI
ReadMemory (
  IN  VOID    *Context,
  IN  UINT64  Address,
  OUT VOID    *Buffer,
  IN  UINTN   Size
  )
{
  CONST MRM_GUARD  *Guard;
  CONST MRM_RANGE  *Range;
  UINT64           Host;
  UINT32           Access;
  UINTN            Index;

  Guard = Context;
  if (!MrmGuardLookUp (&Guard->Tables, Address, &Host, &Access)) {
    return FALSE;
  }

  for (Index = 0; Index < Guard->MemoryCount; Index++) {
    Range = &Guard->Memory[Index];
    if ((Host >= Range->Base) && (Host - Range->Base < Range->Size) && (Range->Size - (Host - Range->Base) >= Size)) {
      CopyMem (Buffer, (VOID *)(UINTN)Host, Size);
      return TRUE;
    }
  }

  return FALSE;
}

UINTN
FetchCode (
  IN  CONST MRM_GUARD_PROCESSOR  *Processor,
  OUT UINT8                      *Code
  )
{
  return MrmGuardFetch (&Processor->Registers, ReadMemory, Processor->Guard, Code);
}
