/** @file
  What an OS may ask for.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmControlLib.h>

#define MAX_WORDS  3
#define BLANKS     " \t"

STATIC CONST CHAR8  *CONST  mVerbs[MrmVerbMax] = { "start", "stop", "restart", "nmi" };
STATIC CONST UINT8          mPermits[MrmVerbMax] = {
  MRM_PERMIT_START, MRM_PERMIT_STOP, MRM_PERMIT_RESTART, MRM_PERMIT_NMI
};

/**
  Cut a request into words.

  @param[in]  Bytes  The request.
  @param[in]  Size   Bytes of it.
  @param[out] Words  Receives MAX_WORDS words.

  @return  Number of words; MAX_WORDS + 1 when there are more.
**/
STATIC
UINTN
SplitWords (
  IN  CONST UINT8  *Bytes,
  IN  UINTN        Size,
  OUT MRM_WORD     *Words
  )
{
  MRM_WORD  Rest;
  MRM_WORD  Word;
  UINTN     Count;

  while (  (Size > 0)
        && (  (Bytes[Size - 1] == ' ') || (Bytes[Size - 1] == '\t') || (Bytes[Size - 1] == '\0')
           || (Bytes[Size - 1] == '\n') || (Bytes[Size - 1] == '\r')))
  {
    Size--;
  }

  Rest.Start  = Bytes;
  Rest.Length = Size;
  Count       = 0;
  for (Word = MrmWordNext (&Rest, BLANKS); Word.Length != 0; Word = MrmWordNext (&Rest, BLANKS)) {
    if (Count == MAX_WORDS) {
      return MAX_WORDS + 1;
    }

    Words[Count++] = Word;
  }

  return Count;
}

RETURN_STATUS
EFIAPI
MrmOrderParse (
  IN  CONST UINT8     *Bytes,
  IN  UINTN           Size,
  IN  CONST MRM_PLAN  *Plan,
  OUT MRM_ORDER       *Order
  )
{
  MRM_WORD  Words[MAX_WORDS];
  UINTN     Count;
  UINT32    Verb;

  Count         = SplitWords (Bytes, Size, Words);
  Order->AtOnce = (BOOLEAN)((Count == 3) && MrmWordIs (&Words[2], "now"));
  if ((Count != 2) && !Order->AtOnce) {
    return RETURN_INVALID_PARAMETER;
  }

  Order->Verb   = MrmVerbMax;
  Order->Target = 0;
  if (MrmWordIs (&Words[0], "pc")) {
    Order->Kind = MrmWordIs (&Words[1], "reboot") ? MrmOrderPcReboot : MrmOrderPcPowerOff;
    return ((Order->Kind == MrmOrderPcReboot) || MrmWordIs (&Words[1], "power-off"))
           ? RETURN_SUCCESS : RETURN_INVALID_PARAMETER;
  }

  for (Verb = 0; (Verb < MrmVerbMax) && !MrmWordIs (&Words[0], mVerbs[Verb]); Verb++) {
  }

  if (  (Verb == MrmVerbMax)
     || (Order->AtOnce && (Verb != MrmVerbStop) && (Verb != MrmVerbRestart)))
  {
    return RETURN_INVALID_PARAMETER;
  }

  Order->Kind = MrmOrderPartition;
  Order->Verb = (MRM_VERB)Verb;
  for (Order->Target = 0; Order->Target < Plan->PartitionCount; Order->Target++) {
    if (MrmWordIs (&Words[1], Plan->Partitions[Order->Target].Name)) {
      return RETURN_SUCCESS;
    }
  }

  return RETURN_NOT_FOUND;
}

/**
  TRUE if a partition's OS could bring about by itself what it asks for.

  @param[in] Policy  Its policy.
  @param[in] Verb    What it asks for, for itself.
**/
STATIC
BOOLEAN
CouldDoItself (
  IN CONST MRM_PLAN_POLICY  *Policy,
  IN MRM_VERB               Verb
  )
{
  switch (Verb) {
    case MrmVerbStop:
      return Policy->Restart != MrmRestartAlways;
    case MrmVerbRestart:
      return Policy->Restart != MrmRestartNever;
    default:
      return TRUE;
  }
}

BOOLEAN
EFIAPI
MrmOrderIsPermitted (
  IN CONST MRM_PLAN_POLICY  *Policy,
  IN UINT32                 Asker,
  IN CONST MRM_ORDER        *Order
  )
{
  switch (Order->Kind) {
    case MrmOrderPcReboot:
      return (Policy->PcPermits & MRM_PERMIT_PC_REBOOT) != 0;
    case MrmOrderPcPowerOff:
      return (Policy->PcPermits & MRM_PERMIT_PC_POWER_OFF) != 0;
    default:
      return   ((Order->Target == Asker) && CouldDoItself (Policy, Order->Verb))
            || ((Policy->Permits != NULL) && ((Policy->Permits[Order->Target] & mPermits[Order->Verb]) != 0));
  }
}
