/** @file
  Writes to configuration space of functions that a partition has by itself.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmGuardLib.h>
#include <Library/BaseMemoryLib.h>

#define COMMAND           1           ///< dword of the command register, and of the status register above it
#define COMMAND_DECODES   (BIT0 | BIT1)
#define COMMAND_NO_LINE   BIT10       ///< disables the interrupt line
#define STATUS            0xFFFF0000
#define FIRST_BAR         4           ///< dword of the first base address register
#define BAR_IO            BIT0
#define BAR_64            BIT2
#define BITS_OF_BYTE      8
#define NOBODY            0xFFFF      ///< vendor that is read where no function answers ...
#define NOT_READY         0x0001      ///< ... or not yet (PCIe 2.3.2)

CONST MRM_GUARD_FUNCTION *
EFIAPI
MrmGuardFindFunction (
  IN CONST MRM_GUARD_FUNCTION  *Functions,
  IN UINTN                     Count,
  IN UINT64                    Address
  )
{
  UINTN  Index;

  for (Index = 0; Index < Count; Index++) {
    if ((Address & ~(UINT64)(MRM_GUARD_PAGE - 1)) == Functions[Index].Page) {
      return &Functions[Index];
    }
  }

  return NULL;
}

/**
  The bits of a base address register that hold an address: the lowest ones are read-only.

  @param[in] Function  The function.
  @param[in] Index     Which register.
**/
STATIC
UINT32
AddressBits (
  IN CONST MRM_GUARD_FUNCTION  *Function,
  IN UINTN                     Index
  )
{
  UINTN    Before;
  BOOLEAN  Upper;

  Upper = FALSE;
  for (Before = 0; Before < Index; Before++) {
    Upper = (BOOLEAN)(!Upper && ((Function->Bars[Before] & (BAR_IO | BAR_64)) == BAR_64));
  }

  if (Upper) {
    return MAX_UINT32;
  }

  return ((Function->Bars[Index] & BAR_IO) != 0) ? ~(UINT32)0x3 : ~(UINT32)0xF;
}

/**
  Check whether all base address registers have their own values.

  @param[in] Function  The function.
  @param[in] Header    Its header, as it is.
**/
STATIC
BOOLEAN
IsAtHome (
  IN CONST MRM_GUARD_FUNCTION  *Function,
  IN CONST UINT32              *Header
  )
{
  UINTN  Index;

  for (Index = 0; Index < MRM_GUARD_BARS; Index++) {
    if (((Header[FIRST_BAR + Index] ^ Function->Bars[Index]) & AddressBits (Function, Index)) != 0) {
      return FALSE;
    }
  }

  return TRUE;
}

/**
  Judge the value that a base address register would have.

  @param[in] Function  The function.
  @param[in] Index     Which register.
  @param[in] Decodes   Whether the function decodes addresses.
  @param[in] Wanted    The value.

  @retval TRUE  It may have it.
**/
STATIC
BOOLEAN
MayHave (
  IN CONST MRM_GUARD_FUNCTION  *Function,
  IN UINTN                     Index,
  IN BOOLEAN                   Decodes,
  IN UINT32                    Wanted
  )
{
  if (((Wanted ^ Function->Bars[Index]) & AddressBits (Function, Index)) == 0) {
    return TRUE;
  }

  return (BOOLEAN)(!Decodes && (Wanted == MAX_UINT32));
}

/**
  Bits of the command and status registers that may change now.

  @param[in] Function  The function.
  @param[in] Header    Its header, as it is.
  @param[in] Set       Bits that are set, or are written.

  @return  A mask.
**/
STATIC
UINT32
OpenOfCommand (
  IN CONST MRM_GUARD_FUNCTION  *Function,
  IN CONST UINT32              *Header,
  IN UINT32                    Set
  )
{
  // A write to the lower byte only does not disable the line, which a reset has enabled.
  if ((Set & COMMAND_NO_LINE) == 0) {
    return STATUS;
  }

  return IsAtHome (Function, Header) ? MAX_UINT32 : ~(UINT32)COMMAND_DECODES;
}

/**
  Check whether a function answers: what is read of one in a reset are ones.

  @param[in] Header  Its header, as it is.
**/
STATIC
BOOLEAN
Answers (
  IN CONST UINT32  *Header
  )
{
  UINT16  Vendor;

  Vendor = (UINT16)Header[0];
  return (BOOLEAN)((Vendor != NOBODY) && (Vendor != NOT_READY));
}

VOID
EFIAPI
MrmGuardJudgeConfig (
  IN  CONST MRM_GUARD_FUNCTION  *Function,
  IN  UINT32                    Offset,
  IN  UINT32                    Width,
  IN  UINT32                    Value,
  IN  CONST UINT32              *Header,
  IN  UINT32                    Now,
  OUT MRM_GUARD_CONFIG_ANSWER   *Answer
  )
{
  UINT32   Register;
  UINT32   Shift;
  UINT32   Lanes;
  UINT32   Wanted;
  UINT32   Open;
  UINT32   Result;
  BOOLEAN  Decodes;

  ZeroMem (Answer, sizeof (*Answer));
  Register = Offset / sizeof (UINT32);
  if (  ((Width != 1) && (Width != 2) && (Width != 4))
     || (Offset % Width != 0)
     || (Register >= MRM_GUARD_CONFIG_DWORDS)
     || !Answers (Header))
  {
    Answer->Denied = TRUE;
    return;
  }

  Shift   = (Offset % sizeof (UINT32)) * BITS_OF_BYTE;
  Lanes   = ((Width == 4) ? MAX_UINT32 : ((UINT32)1 << (Width * BITS_OF_BYTE)) - 1) << Shift;
  Wanted  = (Now & ~Lanes) | ((Value << Shift) & Lanes);
  Decodes = (BOOLEAN)((Header[COMMAND] & COMMAND_DECODES) != 0);
  if ((Register >= FIRST_BAR) && (Register < FIRST_BAR + MRM_GUARD_BARS)) {
    Answer->Write = MayHave (Function, Register - FIRST_BAR, Decodes, Wanted);
    Result        = Answer->Write ? Wanted : Now;
  } else {
    Open = Function->Open[Register];
    if (Register == COMMAND) {
      // Who enables the line gets no interrupt by it: that is no attempt at anything.
      Wanted |= COMMAND_NO_LINE & Lanes;
      Open   &= OpenOfCommand (Function, Header, Lanes | Now);
    } else if (  (Register == Function->PayloadRegister)
              && (((Wanted ^ Function->Payload) & Function->PayloadBits) == 0))
    {
      Open |= Function->PayloadBits;
    }

    Answer->Write = (BOOLEAN)((Open & Lanes) != 0);
    Result        = (Now & ~Open) | (Wanted & Open);
    if ((Register == COMMAND) && ((Open & COMMAND_DECODES) == 0)) {
      Result &= ~(UINT32)COMMAND_DECODES;
    }
  }

  Answer->Denied = (BOOLEAN)(((Result ^ Wanted) & Lanes) != 0);
  Answer->Value  = (Result & Lanes) >> Shift;
}
