/** @file
  Exits of a guarded partition: whatever its registers, its code and its page tables are.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Fuzz.h"
#include <Library/MrmGuardLib.h>

#define PROCESSORS   3
#define LOCAL_APIC   0xFEE00000
#define APIC_X2APIC  BIT10
#define APIC_ON      BIT11
#define LOST         0xB8000
#define LOST_SIZE    0x1000
#define ECAM         0xB0300000
#define ALONE        0xB0020000
#define ALONE_PLACE  0x20
#define WALK_LEVELS  5
#define WAKE_APIC_ID 0
#define WAKE_VECTOR  0xEF
#define TABLE        0xC0002000
#define TABLE_COUNT  3
#define MSI          (ECAM + 0x1054)
#define OWN          2            ///< processors that messages are told apart for
#define MOST_READS   (2 * (WALK_LEVELS + 1))

///
/// What the partition's memory says, again and again.
///
typedef struct {
  UINT8    Bytes[64];
  UINTN    Reads;
} FUZZ_MEMORY;

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
  FUZZ_MEMORY  *Memory = Context;
  UINTN        Index;

  FUZZ_CHECK (Size != 0 && (Address & (SIZE_4KB - 1)) + Size <= SIZE_4KB);
  FUZZ_CHECK (++Memory->Reads <= MOST_READS);
  for (Index = 0; Index < Size; Index++) {
    ((UINT8 *)Buffer)[Index] = Memory->Bytes[(Address + Index) % sizeof (Memory->Bytes)];
  }

  return (BOOLEAN)(Memory->Bytes[Address / 8 % sizeof (Memory->Bytes)] != 0xFF);
}

STATIC
BOOLEAN
MayGoOut (
  IN CONST MRM_GUARD_FACTS  *Facts,
  IN UINT64                 Command
  )
{
  // No INIT and no startup interrupt goes out as it is, and nothing at all of a contained partition.
  return (BOOLEAN)(!Facts->Contained && (((Command >> 8) & 7) < 5 || ((Command >> 8) & 7) == 7));
}

STATIC
BOOLEAN
IsCheck (
  IN CONST MRM_GUARD_FACTS  *Facts,
  IN UINT32                 Msr
  )
{
  // Registers of machine checks, of banks that there are.
  return (BOOLEAN)(  (Msr == 0x17A && Facts->CheckBanks != 0)
                  || (Msr >= 0x400 && Msr < MIN (0x400 + 4 * Facts->CheckBanks, 0x480))
                  || (Facts->ScalableChecks && Msr >= 0xC0002000 && Msr < 0xC0002000 + 16 * Facts->CheckBanks));
}

STATIC
VOID
CheckAnswer (
  IN CONST MRM_GUARD_FACTS   *Facts,
  IN CONST MRM_GUARD_ANSWER  *Answer
  )
{
  switch (Answer->Action) {
    case MrmGuardReadConfig:
    case MrmGuardWriteConfig:
      FUZZ_CHECK (Answer->Width == 1 || Answer->Width == 2 || Answer->Width == 4);
      FUZZ_CHECK (  (Answer->Address >= ECAM && Answer->Address + Answer->Width <= ECAM + 2 * SIZE_1MB)
                 || (Answer->Action == MrmGuardReadConfig && Answer->Address >> 12 == ALONE >> 12));
      FUZZ_CHECK (Answer->Address % Answer->Width == 0);
      break;
    case MrmGuardWriteFunction:
      FUZZ_CHECK (Answer->Address >= ALONE && Answer->Address < ALONE + SIZE_4KB);
      FUZZ_CHECK (Answer->Width == 1 || Answer->Width == 2 || Answer->Width == 4 || Answer->Width == 8);
      break;
    case MrmGuardWriteMessage:
      FUZZ_CHECK (Answer->Address >> 12 == TABLE >> 12 || Answer->Address >> 12 == MSI >> 12);
      FUZZ_CHECK (Answer->Width == 1 || Answer->Width == 2 || Answer->Width == 4 || Answer->Width == 8);
      FUZZ_CHECK (Answer->Address % Answer->Width == 0);
      break;
    case MrmGuardWriteApic:
      FUZZ_CHECK (Answer->Address >= LOCAL_APIC && Answer->Address + 4 <= LOCAL_APIC + SIZE_4KB);
      FUZZ_CHECK (Answer->Address % 16 == 0 && Answer->Value <= MAX_UINT32 && !Facts->X2Apic);
      FUZZ_CHECK (Answer->Address != LOCAL_APIC + 0x300 || MayGoOut (Facts, Answer->Value));
      break;
    case MrmGuardWriteMsr:
      FUZZ_CHECK ((Answer->Value & 0xFFF33000) == 0 || Answer->Msr != 0x830);
      FUZZ_CHECK (Answer->Msr != 0x830 || MayGoOut (Facts, Answer->Value));
      FUZZ_CHECK (
        Answer->Msr == 0x830 || (Answer->Msr >= 0x833 && Answer->Msr <= 0x837)
                  || (Answer->Value == 0 && IsCheck (Facts, Answer->Msr))
        );
      break;
    case MrmGuardReadMsr:
      FUZZ_CHECK (Answer->Msr >= 0xC0002000 && IsCheck (Facts, Answer->Msr));
      break;
    case MrmGuardSetApicMode:
      // The guard must not meet an exception, and nothing but the mode is the partition's.
      FUZZ_CHECK ((Answer->Value | APIC_X2APIC) == (LOCAL_APIC | APIC_X2APIC | APIC_ON));
      FUZZ_CHECK (Answer->Value != Facts->ApicBase);
      FUZZ_CHECK ((Answer->Value & APIC_X2APIC) == 0 || Facts->HasX2Apic);
      break;
    case MrmGuardSend:
      FUZZ_CHECK ((Answer->Value & ~(UINT64)0x4FF) == 0x4000);
      FUZZ_CHECK (Answer->Targets[0] != 0 && Answer->Targets[0] < 1 << PROCESSORS);
      break;
    case MrmGuardInitProcessors:
    case MrmGuardStartProcessors:
      FUZZ_CHECK (Answer->Targets[0] != 0 && Answer->Targets[0] < 1 << PROCESSORS);
      FUZZ_CHECK ((Answer->Targets[0] & 1) == 0);
      break;
    case MrmGuardWakeController:
      FUZZ_CHECK (Facts->Contained && !Facts->Waking && (Facts->X2Apic || Facts->IcrHigh >> 24 == WAKE_APIC_ID));
      break;
    case MrmGuardEnd:
      FUZZ_CHECK (Answer->Reason != MrmReasonNone);
      break;
    default:
      FUZZ_CHECK (Answer->Action == MrmGuardResume || Answer->Action == MrmGuardInject);
      break;
  }
}

STATIC
VOID
CheckMessage (
  IN CONST MRM_GUARD_FACTS   *Facts,
  IN CONST MRM_GUARD_ANSWER  *Answer,
  IN OUT UINT32              *Message
  )
{
  CONST MRM_GUARD_MESSAGES  *Found;
  MRM_GUARD_MESSAGE_ANSWER  Judged;
  UINT32                    *Now;
  UINT32                    Place;
  UINT32                    Data;

  Found = MrmGuardFindMessage (Facts->Messages, Facts->MessageCount, Answer->Address, &Place);
  if (Found == NULL || Answer->Width > 4) {
    FUZZ_CHECK (Found != NULL || Answer->Address < TABLE || Answer->Address >= TABLE + TABLE_COUNT * 16);
    return;
  }

  Now = FuzzExact (Message, Found->Dwords * sizeof (UINT32));
  MrmGuardJudgeMessage (
    Facts,
    Found,
    Place,
    (UINT32)(Answer->Address % 4) * 8,
    Answer->Width,
    (UINT32)Answer->Value,
    Now,
    &Judged
    );
  free (Now);
  FUZZ_CHECK (Place < Found->Data || !Judged.SetData);
  Message[Place]       = Judged.Value;
  Data                 = Judged.SetData ? Judged.Data : Message[Found->Data];
  Message[Found->Data] = Data;
  if (Place <= Found->Data && Message[0] >> 20 == 0xFEE && (Found->Data == 1 || Message[1] == 0)) {
    FUZZ_CHECK ((Data & 0xFFFF) >> 8 < OWN && (!Judged.Denied || (Data & 0xFFFF) == 0));
  }
}

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  STATIC CONST UINT32              ApicIds[PROCESSORS] = { 2, 3, 5 };
  STATIC CONST MRM_RANGE           Lost                = { LOST, LOST_SIZE };
  STATIC CONST MRM_GUARD_BUSES     Buses               = { .Ecam = ECAM, .FirstBus = 3, .LastBus = 4 };
  STATIC CONST MRM_GUARD_FUNCTION  Function            = { .Page = ALONE, .Place = ALONE_PLACE };
  STATIC CONST MRM_GUARD_MESSAGES  Messages[]          = { { TABLE, TABLE_COUNT, 4, 2 }, { MSI, 1, 2, 1 } };
  FUZZ                          Fuzz                = { Data, Size };
  MRM_GUARD_FACTS               Facts               = { 0 };
  MRM_GUARD_DEVICES             Devices             = { 0 };
  MRM_GUARD_STATE               State;
  MRM_GUARD_SVM_EXIT            Raw;
  MRM_GUARD_EXIT                Exit;
  MRM_GUARD_ANSWER              Answer;
  MRM_GUARD_FATAL               Fatal;
  FUZZ_MEMORY                   Memory;
  UINT32                        Message[MRM_GUARD_MESSAGE_DWORDS] = { 0 };
  UINT32                        LogicalIds[PROCESSORS];
  UINT32                        Formats[PROCESSORS];
  UINT8                         Room[MRM_GUARD_INSTRUCTION];
  UINT8                         *Code;
  UINTN                         CodeSize;

  Facts.ApicId        = ApicIds[0];
  Facts.ApicIds       = ApicIds;
  Facts.ApicIdCount   = PROCESSORS;
  Facts.LocalApic     = LOCAL_APIC;
  Facts.LogicalIds    = LogicalIds;
  Facts.Formats       = Formats;
  Facts.Ignored       = &Lost;
  Facts.IgnoredCount  = 1;
  Facts.Buses         = &Buses;
  Facts.BusCount      = 1;
  Facts.Functions     = &Function;
  Facts.FunctionCount = 1;
  Facts.Messages      = Messages;
  Facts.MessageCount  = ARRAY_SIZE (Messages);
  Facts.WakeApicId    = WAKE_APIC_ID;
  Facts.WakeVector    = WAKE_VECTOR;
  while (Fuzz.Size != 0) {
    FuzzTake (&Fuzz, &Raw, sizeof (Raw));
    FuzzTake (&Fuzz, &State, sizeof (State));
    FuzzTake (&Fuzz, Memory.Bytes, sizeof (Memory.Bytes));
    Facts.IcrHigh = (UINT32)FuzzNumber (&Fuzz, 4);
    Facts.Seconds = FuzzNumber (&Fuzz, 8);
    FuzzTake (&Fuzz, LogicalIds, sizeof (LogicalIds));
    FuzzTake (&Fuzz, Formats, sizeof (Formats));
    Facts.X2Apic    = (BOOLEAN)((Facts.Seconds & 1) == 0);
    Facts.Contained = (BOOLEAN)((Facts.Seconds & 2) == 0);
    Facts.Waking    = (BOOLEAN)((Facts.Seconds & 4) == 0);
    Facts.HasX2Apic = (BOOLEAN)(Facts.X2Apic || (Facts.Seconds & 8) == 0);
    Facts.CheckBanks     = (UINT8)LogicalIds[0];
    Facts.ScalableChecks = (BOOLEAN)((Facts.Seconds & 16) == 0);
    Facts.ApicBase  = LOCAL_APIC | APIC_ON | (Facts.X2Apic ? APIC_X2APIC : 0);
    Memory.Reads  = 0;
    CodeSize      = MrmGuardFetch (&State, ReadMemory, &Memory, Room);
    FUZZ_CHECK (CodeSize <= sizeof (Room));
    MrmGuardDecodeSvm (&Raw, &State, &Exit);
    Code = FuzzExact (Room, CodeSize);
    MrmGuardRecord (2, MrmReasonMemory, &Exit, &State, Code, CodeSize, &Fatal);
    MrmGuardDecide (&Facts, &Exit, Code, CodeSize, &Devices, &State, &Answer);
    CheckAnswer (&Facts, &Answer);
    if (Answer.Action == MrmGuardWriteMessage) {
      CheckMessage (&Facts, &Answer, Message);
    }

    free (Code);
  }

  return 0;
}
