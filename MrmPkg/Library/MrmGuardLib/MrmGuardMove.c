/** @file
  Decodes the few instructions with which systems reach registers in memory (APM volume 3, chapter 1).  Where the
  operand is in memory, the exit has told already: only its length counts here.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmGuardMove.h"
#include <Library/BaseMemoryLib.h>
#include "MrmGuardInternal.h"

#define CS_DEFAULT  BIT10

#define REX_W  BIT3
#define REX_R  BIT2

#define NO_SIB_REGISTER  4      ///< ModRM.rm that says: a SIB byte follows
#define DISPLACED        5      ///< base that means a displacement where mod is 0
#define DISPLACED_16     6      ///< the same in 16-bit code

///
/// An instruction as far as it is read.
///
typedef struct {
  CONST UINT8    *Code;
  UINTN          Size;
  UINTN          At;
  UINTN          Operand;        ///< bytes of an operand that is no byte
  UINTN          Address;        ///< bytes of an address: 2, 4 or 8
  UINT8          Rex;
} MRM_GUARD_CURSOR;

/**
  Read the next byte.

  @param[in,out] Cursor  The instruction.
  @param[out]    Byte    Receives it.

  @retval FALSE  There is none.
**/
STATIC
BOOLEAN
Next (
  IN OUT MRM_GUARD_CURSOR  *Cursor,
  OUT    UINT8             *Byte
  )
{
  *Byte = 0;
  if (Cursor->At >= Cursor->Size) {
    return FALSE;
  }

  *Byte = Cursor->Code[Cursor->At++];
  return TRUE;
}

/**
  Read prefixes and the first byte of the opcode.

  @param[in]     State   Registers.
  @param[in,out] Cursor  The instruction.
  @param[out]    Opcode  Receives that byte.

  @retval FALSE  It ends before, or has a prefix that changes more than sizes and segments.
**/
STATIC
BOOLEAN
ReadPrefixes (
  IN     CONST MRM_GUARD_STATE  *State,
  IN OUT MRM_GUARD_CURSOR       *Cursor,
  OUT    UINT8                  *Opcode
  )
{
  BOOLEAN  Is64;
  BOOLEAN  Is32;
  BOOLEAN  OtherOperand;
  BOOLEAN  OtherAddress;

  Is64         = MrmGuardIs64 (State);
  Is32         = (BOOLEAN)(Is64 || ((State->CsAttributes & CS_DEFAULT) != 0));
  OtherOperand = FALSE;
  OtherAddress = FALSE;
  while (Next (Cursor, Opcode)) {
    switch (*Opcode) {
      case 0x66:
        OtherOperand = TRUE;
        break;
      case 0x67:
        OtherAddress = TRUE;
        break;
      case 0x26:
      case 0x2E:
      case 0x36:
      case 0x3E:
      case 0x64:
      case 0x65:
        break;
      default:
        if (Is64 && ((*Opcode & 0xF0) == 0x40)) {
          Cursor->Rex = *Opcode;
          if (!Next (Cursor, Opcode)) {
            return FALSE;
          }
        }

        Cursor->Operand = (Is32 != OtherOperand) ? 4 : 2;
        Cursor->Operand = ((Cursor->Rex & REX_W) != 0) ? 8 : Cursor->Operand;
        Cursor->Address = Is64 ? (OtherAddress ? 4 : 8) : ((Is32 != OtherAddress) ? 4 : 2);
        return TRUE;
    }
  }

  return FALSE;
}

/**
  Read ModRM and what belongs to it: SIB, displacement.

  @param[in,out] Cursor    The instruction.
  @param[out]    Register  Receives the operand that is a register, or a part of the opcode.

  @retval FALSE  It ends before, or the other operand is no memory.
**/
STATIC
BOOLEAN
ReadModRm (
  IN OUT MRM_GUARD_CURSOR  *Cursor,
  OUT    UINTN             *Register
  )
{
  UINT8  ModRm;
  UINT8  Sib;
  UINTN  Mod;
  UINTN  Base;
  UINTN  Displacement;

  if (!Next (Cursor, &ModRm) || ((ModRm >> 6) == 3)) {
    return FALSE;
  }

  Mod       = ModRm >> 6;
  Base      = ModRm & 7;
  *Register = ((ModRm >> 3) & 7) | (((Cursor->Rex & REX_R) != 0) ? 8 : 0);
  if (Cursor->Address == 2) {
    Displacement = (Mod == 0) ? ((Base == DISPLACED_16) ? 2 : 0) : Mod;
  } else {
    if (Base == NO_SIB_REGISTER) {
      if (!Next (Cursor, &Sib)) {
        return FALSE;
      }

      Base = Sib & 7;
    }

    Displacement = (Mod == 0) ? ((Base == DISPLACED) ? 4 : 0) : ((Mod == 1) ? 1 : 4);
  }

  Cursor->At += Displacement;
  return (BOOLEAN)(Cursor->At <= Cursor->Size);
}

/**
  Read a constant that follows: of 8 bytes only the lower 4 are there, with a sign.

  @param[in,out] Cursor  The instruction.
  @param[in]     Width   Bytes of the operand.
  @param[out]    Value   Receives it.

  @retval FALSE  It ends before.
**/
STATIC
BOOLEAN
ReadConstant (
  IN OUT MRM_GUARD_CURSOR  *Cursor,
  IN     UINTN             Width,
  OUT    UINT64            *Value
  )
{
  UINTN  Index;
  UINT8  Byte;

  *Value = 0;
  for (Index = 0; Index < MIN (Width, sizeof (UINT32)); Index++) {
    if (!Next (Cursor, &Byte)) {
      return FALSE;
    }

    *Value |= (UINT64)Byte << (Index * 8);
  }

  if ((Width == sizeof (UINT64)) && ((*Value & BIT31) != 0)) {
    *Value |= ~(UINT64)MAX_UINT32;
  }

  return TRUE;
}

BOOLEAN
MrmGuardDecodeMove (
  IN  CONST MRM_GUARD_STATE  *State,
  IN  CONST UINT8            *Code,
  IN  UINTN                  CodeSize,
  OUT MRM_GUARD_MOVE         *Move
  )
{
  MRM_GUARD_CURSOR  Cursor;
  UINT8             Opcode;
  UINT8             Second;
  BOOLEAN           Known;

  ZeroMem (&Cursor, sizeof (Cursor));
  ZeroMem (Move, sizeof (*Move));
  Cursor.Code = Code;
  Cursor.Size = MIN (CodeSize, MRM_GUARD_INSTRUCTION);
  if (!ReadPrefixes (State, &Cursor, &Opcode)) {
    return FALSE;
  }

  Move->Width  = ((Opcode & 1) == 0) ? 1 : Cursor.Operand;
  Move->Target = Move->Width;
  Move->High   = (BOOLEAN)(Cursor.Rex == 0);
  switch (Opcode) {
    case 0x86:
    case 0x87:
      Move->Read  = TRUE;
      Move->Write = TRUE;
      Known       = ReadModRm (&Cursor, &Move->Register);
      break;
    case 0x88:
    case 0x89:
      Move->Write = TRUE;
      Known       = ReadModRm (&Cursor, &Move->Register);
      break;
    case 0x8A:
    case 0x8B:
      Move->Read = TRUE;
      Known      = ReadModRm (&Cursor, &Move->Register);
      break;
    case 0xA0:
    case 0xA1:
    case 0xA2:
    case 0xA3:
      Move->Read  = (BOOLEAN)(Opcode < 0xA2);
      Move->Write = (BOOLEAN)!Move->Read;
      Cursor.At  += Cursor.Address;
      Known       = TRUE;
      break;
    case 0xC6:
    case 0xC7:
      Move->Write      = TRUE;
      Move->IsConstant = TRUE;
      Known            = ReadModRm (&Cursor, &Move->Register) && ((Move->Register & 7) == 0) &&
                         ReadConstant (&Cursor, Move->Width, &Move->Constant);
      break;
    case 0x0F:
      Known        = Next (&Cursor, &Second) && ((Second == 0xB6) || (Second == 0xB7));
      Move->Read   = TRUE;
      Move->Width  = (Second == 0xB6) ? 1 : 2;
      Move->Target = Cursor.Operand;
      Known        = Known && ReadModRm (&Cursor, &Move->Register);
      break;
    default:
      Known = FALSE;
      break;
  }

  Move->Length = Cursor.At;
  return (BOOLEAN)(Known && (Cursor.At <= Cursor.Size));
}
