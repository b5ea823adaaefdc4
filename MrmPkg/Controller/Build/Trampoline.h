/** @file
  Start-up code and descriptor tables of a partition's first processor.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_TRAMPOLINE_H_
#define MRM_CONTROLLER_TRAMPOLINE_H_

#include <MrmStart.h>
#include <Library/MrmRangeLib.h>

/**
  Write the descriptor tables of a partition's first processor: code, data and a task with a stack for exceptions.  The
  gates of the IDT are for its first C code to fill in.

  @param[out] Tables  Where they lie in the partition's memory.
**/
VOID
WriteDescriptors (
  OUT MRM_DESCRIPTORS  *Tables
  );

/**
  Write the start-up code of a partition's first processor into its low slice.

  @param[in] LowSlice   Low slice of the partition: at least 16 KiB, page-aligned, below 1 MiB.
  @param[in] Cr3        Page tables of the partition.
  @param[in] Tables     Its descriptor tables.
  @param[in] Stack      Top of its stack, 16-byte aligned.
  @param[in] Entry      First C code.
  @param[in] Parameter  Its argument.
**/
VOID
WriteTrampoline (
  IN CONST MRM_RANGE        *LowSlice,
  IN UINT64                 Cr3,
  IN CONST MRM_DESCRIPTORS  *Tables,
  IN UINT64                 Stack,
  IN UINT64                 Entry,
  IN UINT64                 Parameter
  );

#endif
