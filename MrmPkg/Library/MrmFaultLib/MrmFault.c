/** @file
  Puts an exception into words.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Base.h>
#include <Library/MrmFaultLib.h>

#define VECTOR_DOUBLE_FAULT  8
#define VECTOR_PAGE_FAULT    14
#define UPPER_HALF           0xFFFFFFFF00000000ULL

STATIC CONST CHAR8 *CONST  mVectorNames[] = {
  "division error",       "debug exception",   "NMI",                   "breakpoint",           "overflow",
  "bound exceeded",       "invalid opcode",    "no coprocessor",        "double fault",         "coprocessor overrun",
  "invalid task segment", "segment missing",   "stack fault",           "general protection",   "page fault",
  "exception",            "x87 error",         "misaligned access",     "machine check",        "SIMD error",
};

STATIC CONST CHAR8 *CONST  mCodeAdvice[] = {
  "",
  "; this is a defect of the partition firmware: please report it",
  "; the ROM is run only for the boot sources 'network' and 'shell', or for a display",
  "; another version of this loader, or another loader, may do"
};

/**
  TRUE if an address lies in a range.

  @param[in] Range    The range.
  @param[in] Address  The address.
**/
STATIC
BOOLEAN
IsIn (
  IN CONST MRM_RANGE  *Range,
  IN UINT64           Address
  )
{
  return (Address >= Range->Base) && (Address - Range->Base < Range->Size);
}

/**
  TRUE if an address lies in the partition's memory.

  @param[in] Fault    The facts.
  @param[in] Address  The address.
**/
STATIC
BOOLEAN
IsMemory (
  IN CONST MRM_FAULT  *Fault,
  IN UINT64           Address
  )
{
  UINTN  Index;

  for (Index = 0; Index < Fault->MemoryCount; Index++) {
    if (IsIn (&Fault->Memory[Index], Address)) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Segment of the device whose registers lie at an address.

  @param[in] Fault    The facts.
  @param[in] Address  The address.

  @return  The segment; 0 when there is none.
**/
STATIC
UINT16
DeviceSegment (
  IN CONST MRM_FAULT  *Fault,
  IN UINT64           Address
  )
{
  CONST MRM_PCI_BUS  *Bus;
  UINTN              Index;

  for (Index = 0; Index < MIN (Fault->HandOff->PciBusCount, MRM_MAX_PCI_BUSES); Index++) {
    Bus = &Fault->HandOff->PciBuses[Index];
    if (IsIn (&Bus->Memory, Address) || IsIn (&Bus->Prefetchable, Address)) {
      return Bus->Segment;
    }
  }

  return 0;
}

/**
  Say that the stack is used up, and why that may be.

  @param[in]     Fault  The facts.
  @param[in,out] Text   The text.
**/
STATIC
VOID
AddStackFull (
  IN     CONST MRM_FAULT  *Fault,
  IN OUT MRM_TEXT         *Text
  )
{
  MrmTextAdd (Text, "its stack of ");
  MrmTextAddNumber (Text, Fault->HandOff->Stack.Size / SIZE_1KB, 0, ' ');
  MrmTextAdd (Text, " KiB is used up; its calls nest too deep, as those of a script that runs itself");
}

/**
  Say what lies at the address of a page fault, and what can be done.

  @param[in]     Fault  The facts.
  @param[in,out] Text   The text.
**/
STATIC
VOID
AddPlace (
  IN     CONST MRM_FAULT  *Fault,
  IN OUT MRM_TEXT         *Text
  )
{
  CONST CHAR8  *Advice;
  UINT64       Whole;

  Advice = mCodeAdvice[MIN ((UINTN)Fault->Code, ARRAY_SIZE (mCodeAdvice) - 1)];
  Whole  = (Fault->Rsp & UPPER_HALF) | Fault->Address;
  if (IsIn (&Fault->HandOff->StackGuard, Fault->Address)) {
    AddStackFull (Fault, Text);
    return;
  }

  if (IsIn (&Fault->HandOff->PageTables, Fault->Address)) {
    MrmTextAdd (Text, "page tables are there, which are read-only");
  } else if (IsIn (&Fault->HandOff->Descriptors, Fault->Address)) {
    MrmTextAdd (Text, "descriptor tables are there, which are read-only");
  } else if (Fault->Address < SIZE_4KB) {
    MrmTextAdd (Text, "a null pointer");
  } else if (IsMemory (Fault, Fault->Address)) {
    MrmTextAdd (
      Text,
      ((Fault->ErrorCode & MRM_FAULT_EXECUTE) != 0) ? "data is there, no code" :
      ((Fault->ErrorCode & MRM_FAULT_WRITE) != 0) ? "code is there, which is read-only" : "memory is there that is closed"
      );
  } else if ((Fault->Address < SIZE_4GB) && (Whole != Fault->Address) && IsMemory (Fault, Whole)) {
    MrmTextAdd (Text, "the lower half of ");
    MrmTextAddHex (Text, Whole);
    Advice = "; this code keeps addresses in 32 bits: give the partition 64 MiB below 4 GiB, by 'below_4g'";
  } else if (DeviceSegment (Fault, Fault->Address) != 0) {
    MrmTextAdd (Text, "registers of PCI segment ");
    MrmTextAddNumber (Text, DeviceSegment (Fault, Fault->Address), 0, ' ');
    MrmTextAdd (Text, " are there, no code");
  } else if (Fault->Address < SIZE_1MB) {
    MrmTextAdd (Text, "what a PC's BIOS keeps there does not exist in a partition");
  } else {
    MrmTextAdd (Text, "this partition has neither memory nor a device there");
  }

  MrmTextAdd (Text, Advice);
}

VOID
EFIAPI
MrmFaultRender (
  IN     CONST MRM_FAULT  *Fault,
  IN OUT MRM_TEXT         *Text
  )
{
  MrmTextAdd (Text, "exception ");
  MrmTextAddNumber (Text, Fault->Vector, 0, ' ');
  MrmTextAdd (Text, " at ");
  MrmTextAddHex (Text, Fault->Rip);
  MrmTextAdd (Text, " in ");
  MrmTextAdd (Text, Fault->CodeName);
  MrmTextAdd (Text, ": ");
  if (Fault->Vector == VECTOR_PAGE_FAULT) {
    MrmTextAdd (
      Text,
      ((Fault->ErrorCode & MRM_FAULT_EXECUTE) != 0) ? "it jumped to " :
      ((Fault->ErrorCode & MRM_FAULT_WRITE) != 0) ? "it wrote to " : "it read "
      );
    MrmTextAddHex (Text, Fault->Address);
    MrmTextAdd (Text, ": ");
    AddPlace (Fault, Text);
  } else if ((Fault->Vector == VECTOR_DOUBLE_FAULT) && IsIn (&Fault->HandOff->StackGuard, Fault->Rsp)) {
    AddStackFull (Fault, Text);
  } else {
    MrmTextAdd (Text, (Fault->Vector < ARRAY_SIZE (mVectorNames)) ? mVectorNames[Fault->Vector] : "exception");
    MrmTextAdd (Text, mCodeAdvice[MIN ((UINTN)Fault->Code, ARRAY_SIZE (mCodeAdvice) - 1)]);
  }
}
