/** @file
  Queues: commands out of a submission queue, completions into a completion queue (NVMe 4.1, 4.2, 4.6).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmDiskInternal.h"

#define CREATE_CONTIGUOUS  BIT0    ///< command dword 11
#define CREATE_INTERRUPTS  BIT1
#define NO_COMMAND         0xFFFF  ///< for the error log

///
/// A completion (NVMe 4.6).
///
typedef struct {
  UINT32    Result;
  UINT32    Reserved;
  UINT16    Head;                    ///< of the submission queue
  UINT16    Queue;
  UINT16    Command;
  UINT16    StatusAndPhase;          ///< written last, with Command
} COMPLETION;

STATIC_ASSERT (sizeof (COMPLETION) == 16, "a completion has 16 bytes");

/**
  Where a queue's doorbell is.

  @param[in] Disk        The disk.
  @param[in] Number      The queue's number.
  @param[in] Completion  Whether it is a completion queue.
**/
STATIC
volatile UINT32 *
DoorbellOf (
  IN CONST MRM_DISK  *Disk,
  IN UINTN           Number,
  IN BOOLEAN         Completion
  )
{
  return &Disk->Doorbells[(2 * Number + (Completion ? 1 : 0)) * DOORBELL_WORDS];
}

VOID
MrmDiskBeginQueue (
  IN OUT MRM_DISK        *Disk,
  OUT    MRM_DISK_QUEUE  *Queue,
  IN     UINTN           Number,
  IN     BOOLEAN         Completion,
  IN     UINT64          Ring,
  IN     UINT32          Entries
  )
{
  ZeroMem (Queue, sizeof (*Queue));
  Queue->Live                            = TRUE;
  Queue->Phase                           = 1;
  Queue->Ring                            = Ring;
  Queue->Entries                         = Entries;
  *DoorbellOf (Disk, Number, Completion) = 0;
}

/**
  Write an entry of the error log (NVMe 5.14.1.1).

  @param[in,out] Disk     The disk.
  @param[in]     Number   The queue.
  @param[in]     Command  As the driver calls it.
  @param[in]     Status   Its status.
  @param[in]     Block    Its first block.
**/
STATIC
VOID
LogError (
  IN OUT MRM_DISK  *Disk,
  IN     UINTN     Number,
  IN     UINT16    Command,
  IN     UINT16    Status,
  IN     UINT64    Block
  )
{
  MRM_DISK_ERROR  *Error;

  Error = &Disk->Errors[Disk->ErrorCount % MRM_DISK_ERRORS];
  Disk->ErrorCount++;
  Error->Number  = Disk->ErrorCount;
  Error->Queue   = (UINT16)Number;
  Error->Command = Command;
  Error->Status  = Status;
  Error->Block   = Block;
}

/**
  A doorbell has what is no place of its queue: use the queue no more, and tell.

  @param[in,out] Disk    The disk.
  @param[in,out] Queue   The queue.
  @param[in]     Number  Its number.
**/
STATIC
VOID
BreakQueue (
  IN OUT MRM_DISK        *Disk,
  IN OUT MRM_DISK_QUEUE  *Queue,
  IN     UINTN           Number
  )
{
  LogError (Disk, Number, NO_COMMAND, 0, 0);
  Queue->Broken = TRUE;
  Disk->Event   = EVENT_DOORBELL;
  Disk->Refused++;
}

BOOLEAN
MrmDiskSeesRoom (
  IN CONST MRM_DISK  *Disk,
  IN UINTN           Number
  )
{
  CONST MRM_DISK_QUEUE  *Queue;
  UINTN                 Peer;
  UINT32                Following;

  Peer      = Disk->Submission[Number].Peer;
  Queue     = &Disk->Completion[Peer];
  Following = (Queue->Place + 1 == Queue->Entries) ? 0 : Queue->Place + 1;
  return !Queue->Broken && (Following != *DoorbellOf (Disk, Peer, TRUE));
}

BOOLEAN
MrmDiskHasRoom (
  IN OUT MRM_DISK  *Disk,
  IN     UINTN     Number
  )
{
  MRM_DISK_QUEUE  *Queue;
  UINTN           Peer;

  Peer  = Disk->Submission[Number].Peer;
  Queue = &Disk->Completion[Peer];
  if (!Queue->Broken && (*DoorbellOf (Disk, Peer, TRUE) >= Queue->Entries)) {
    BreakQueue (Disk, Queue, Peer);
  }

  return MrmDiskSeesRoom (Disk, Number);
}

BOOLEAN
MrmDiskIsPosted (
  IN CONST MRM_DISK  *Disk,
  IN UINTN           Number
  )
{
  CONST MRM_DISK_QUEUE  *Queue;

  Queue = &Disk->Submission[Number];
  return Queue->Live
         && !Queue->Broken
         && (*DoorbellOf (Disk, Number, FALSE) != Queue->Place)
         && MrmDiskSeesRoom (Disk, Number);
}

BOOLEAN
MrmDiskFetch (
  IN OUT MRM_DISK  *Disk,
  IN     UINTN     Number,
  OUT    COMMAND   *Command
  )
{
  MRM_DISK_QUEUE  *Queue;
  UINT32          Tail;

  Queue = &Disk->Submission[Number];
  if (!Queue->Live || Queue->Broken) {
    return FALSE;
  }

  Tail = *DoorbellOf (Disk, Number, FALSE);
  if (Tail >= Queue->Entries) {
    BreakQueue (Disk, Queue, Number);
    return FALSE;
  }

  if ((Tail == Queue->Place) || !MrmDiskHasRoom (Disk, Number)) {
    return FALSE;
  }

  CopyMem (Command, (COMMAND *)(UINTN)Queue->Ring + Queue->Place, sizeof (*Command));
  Queue->Place = (Queue->Place + 1) % Queue->Entries;
  return TRUE;
}

/**
  TRUE if the error log tells of a status: not of questions that have no answer.

  @param[in] Status  The status.
**/
STATIC
BOOLEAN
IsNotable (
  IN UINT16  Status
  )
{
  return ((Status & STATUS_TYPE) == STATUS_TYPE_MEDIUM)
         || (Status == STATUS_TRANSFER)
         || (Status == STATUS_WRITE_PROTECTED)
         || (Status == STATUS_CAPACITY)
         || (Status == STATUS_READ_ONLY_RANGE);
}

VOID
MrmDiskComplete (
  IN OUT MRM_DISK  *Disk,
  IN     UINTN     Number,
  IN     UINT16    Command,
  IN     UINT16    Status,
  IN     UINT32    Result,
  IN     UINT64    Block
  )
{
  MRM_DISK_QUEUE  *Queue;
  COMPLETION      Completion;
  COMPLETION      *Place;

  if ((Status != STATUS_SUCCESS) && (Status != STATUS_NOT_READY) && (Status != STATUS_QUEUE_DELETED)) {
    Status |= STATUS_DO_NOT_RETRY;
  }

  if (IsNotable (Status & ~STATUS_DO_NOT_RETRY)) {
    LogError (Disk, Number, Command, Status, Block);
  }

  Queue                     = &Disk->Completion[Disk->Submission[Number].Peer];
  Completion.Result         = Result;
  Completion.Reserved       = 0;
  Completion.Head           = (UINT16)Disk->Submission[Number].Place;
  Completion.Queue          = (UINT16)Number;
  Completion.Command        = Command;
  Completion.StatusAndPhase = (UINT16)((Status << 1) | Queue->Phase);
  Place                     = (COMPLETION *)(UINTN)Queue->Ring + Queue->Place;
  CopyMem (Place, &Completion, OFFSET_OF (COMPLETION, Command));
  MemoryFence ();
  *(volatile UINT32 *)&Place->Command = Command | ((UINT32)Completion.StatusAndPhase << 16);

  Queue->Place++;
  if (Queue->Place == Queue->Entries) {
    Queue->Place  = 0;
    Queue->Phase ^= 1;
  }

  if (Queue->Interrupts) {
    Disk->Function.Wanted |= 1U << Queue->Vector;
  }
}

/**
  Make a queue for reading and writing.

  @param[in,out] Disk        The disk.
  @param[in]     Command     A copy of the command.
  @param[in]     Completion  Whether it is a completion queue.

  @return  The command's status.
**/
STATIC
UINT16
Create (
  IN OUT MRM_DISK       *Disk,
  IN     CONST COMMAND  *Command,
  IN     BOOLEAN        Completion
  )
{
  MRM_DISK_QUEUE  *Queue;
  UINT32          Number;
  UINT32          Entries;
  UINT32          Upper;

  Number  = DWORD (Command, 10) & 0xFFFF;
  Entries = (DWORD (Command, 10) >> 16) + 1;
  Upper   = DWORD (Command, 11) >> 16;
  if ((Number == 0) || (Number > MRM_DISK_QUEUES)) {
    return STATUS_QUEUE_NUMBER;
  }

  Queue = Completion ? &Disk->Completion[Number] : &Disk->Submission[Number];
  if (Queue->Live) {
    return STATUS_QUEUE_NUMBER;
  }

  if ((Entries < 2) || (Entries > MRM_DISK_ENTRIES)) {
    return STATUS_QUEUE_SIZE;
  }

  if (!Completion && ((Upper == 0) || (Upper > MRM_DISK_QUEUES) || !Disk->Completion[Upper].Live)) {
    return STATUS_NO_COMPLETION;
  }

  if (Completion && (Upper >= MRM_DISK_VECTORS)) {
    return STATUS_VECTOR;
  }

  if (  ((DWORD (Command, 11) & CREATE_CONTIGUOUS) == 0)
     || ((Disk->Registers[REGISTER_CC] & CC_ENTRY_SIZES) != CC_ENTRY_SIZES_GOOD))
  {
    return STATUS_FIELD;
  }

  if ((Command->Prp[0] & (SIZE_4KB - 1)) != 0) {
    return STATUS_PRP_OFFSET;
  }

  if (MrmFunctionReach (
        &Disk->Function,
        Command->Prp[0],
        Entries * (Completion ? sizeof (COMPLETION) : sizeof (COMMAND))
        ) == NULL)
  {
    Disk->Refused++;
    return STATUS_FIELD;
  }

  MrmDiskBeginQueue (Disk, Queue, Number, Completion, Command->Prp[0], Entries);
  if (Completion) {
    Queue->Interrupts = (DWORD (Command, 11) & CREATE_INTERRUPTS) != 0;
    Queue->Vector     = (UINT16)Upper;
  } else {
    Queue->Peer = (UINT16)Upper;
    Disk->Completion[Upper].Peer++;
  }

  return STATUS_SUCCESS;
}

/**
  Delete a queue for reading and writing.

  @param[in,out] Disk        The disk.
  @param[in]     Command     A copy of the command.
  @param[in]     Completion  Whether it is a completion queue.

  @return  The command's status.
**/
STATIC
UINT16
Delete (
  IN OUT MRM_DISK       *Disk,
  IN     CONST COMMAND  *Command,
  IN     BOOLEAN        Completion
  )
{
  MRM_DISK_QUEUE  *Queue;
  UINT32          Number;

  Number = DWORD (Command, 10) & 0xFFFF;
  if ((Number == 0) || (Number > MRM_DISK_QUEUES)) {
    return STATUS_QUEUE_NUMBER;
  }

  Queue = Completion ? &Disk->Completion[Number] : &Disk->Submission[Number];
  if (!Queue->Live) {
    return STATUS_QUEUE_NUMBER;
  }

  if (Completion && (Queue->Peer != 0)) {
    return STATUS_QUEUE_IN_USE;
  }

  if (!Completion) {
    if (Disk->Work.Live && (Disk->Work.Queue == Number)) {
      Disk->Work.Live = FALSE;
      if (MrmDiskHasRoom (Disk, Number)) {
        MrmDiskComplete (Disk, Number, Disk->Work.Command, STATUS_QUEUE_DELETED, 0, 0);
      }
    }

    Disk->Completion[Queue->Peer].Peer--;
  }

  Queue->Live = FALSE;
  return STATUS_SUCCESS;
}

UINT16
MrmDiskQueueCommand (
  IN OUT MRM_DISK       *Disk,
  IN     CONST COMMAND  *Command
  )
{
  switch (Command->Opcode) {
    case OPCODE_CREATE_COMPLETION:
      return Create (Disk, Command, TRUE);
    case OPCODE_CREATE_SUBMISSION:
      return Create (Disk, Command, FALSE);
    case OPCODE_DELETE_COMPLETION:
      return Delete (Disk, Command, TRUE);
    default:
      return Delete (Disk, Command, FALSE);
  }
}
