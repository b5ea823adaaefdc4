/** @file
  Instructions that move between a register, or a constant, and memory.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_GUARD_MOVE_H_
#define MRM_GUARD_MOVE_H_

#include <Library/MrmGuardLib.h>

///
/// Such an instruction.
///
typedef struct {
  UINTN      Length;      ///< bytes of the instruction
  UINTN      Width;       ///< bytes in memory
  UINTN      Target;      ///< bytes in the register
  UINTN      Register;    ///< as MrmGuardGet()
  UINT64     Constant;    ///< if there is no register
  BOOLEAN    High;        ///< as MrmGuardGet()
  BOOLEAN    Read;        ///< memory is read
  BOOLEAN    Write;       ///< memory is written; XCHG does both
  BOOLEAN    IsConstant;
} MRM_GUARD_MOVE;

/**
  Decode MOV (88 to 8B, A0 to A3, C6, C7), XCHG (86, 87) or MOVZX (0F B6, 0F B7) with an operand in memory.

  @param[in]  State     Registers: which kind of code it is.
  @param[in]  Code      The instruction.
  @param[in]  CodeSize  How many bytes there are.
  @param[out] Move      Receives it.

  @retval FALSE  It is none of these, has a prefix that changes more than sizes, or there are too few bytes.
**/
BOOLEAN
MrmGuardDecodeMove (
  IN  CONST MRM_GUARD_STATE  *State,
  IN  CONST UINT8            *Code,
  IN  UINTN                  CodeSize,
  OUT MRM_GUARD_MOVE         *Move
  );

#endif
