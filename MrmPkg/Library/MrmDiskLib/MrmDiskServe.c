/** @file
  Rounds over a disk.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmDiskBlocks.h"

/**
  The first block a command is about, for the error log.

  @param[in] Command  A copy of the command.
**/
#define BLOCK_OF(Command)  (DWORD (Command, 10) | ((UINT64)DWORD (Command, 11) << 32))

/**
  Tell the driver what has happened, if it has asked to be told.

  @param[in,out] Disk  The disk, enabled.
**/
STATIC
VOID
TellEvent (
  IN OUT MRM_DISK  *Disk
  )
{
  if ((Disk->Event == 0) || (Disk->EventCount == 0) || !MrmDiskHasRoom (Disk, 0)) {
    return;
  }

  Disk->EventCount--;
  MrmDiskComplete (Disk, 0, Disk->Events[Disk->EventCount], STATUS_SUCCESS, Disk->Event, 0);
  Disk->Event = 0;
}

/**
  Carry out administrative commands, MRM_DISK_COMMANDS at most.

  @param[in,out] Disk  The disk, enabled.

  @return  How many were.
**/
STATIC
UINT64
ServeAdmin (
  IN OUT MRM_DISK  *Disk
  )
{
  COMMAND  Command;
  UINT32   Result;
  UINT64   Count;
  UINT16   Status;

  for (Count = 0; (Count < MRM_DISK_COMMANDS) && MrmDiskFetch (Disk, 0, &Command); Count++) {
    Status = MrmDiskAdminCommand (Disk, &Command, &Result);
    if (Status != STATUS_LATER) {
      MrmDiskComplete (Disk, 0, Command.Id, Status, Result, 0);
    }
  }

  return Count;
}

/**
  Take the next command of the queues for reading and writing: each queue in turn.

  @param[in,out] Disk     The disk.
  @param[out]    Command  Receives a copy.

  @return  Its submission queue; 0 if there is none.
**/
STATIC
UINTN
NextCommand (
  IN OUT MRM_DISK  *Disk,
  OUT    COMMAND   *Command
  )
{
  UINTN  Index;
  UINTN  Number;

  for (Index = 0; Index < MRM_DISK_QUEUES; Index++) {
    Number     = Disk->Turn % MRM_DISK_QUEUES + 1;
    Disk->Turn = (UINT16)Number;
    if (MrmDiskFetch (Disk, Number, Command)) {
      return Number;
    }
  }

  return 0;
}

/**
  Carry out commands that read and write, as many as a round may have.

  @param[in,out] Disk  The disk, enabled.

  @return  How many were, or were gone on with.
**/
STATIC
UINT64
ServeIo (
  IN OUT MRM_DISK  *Disk
  )
{
  COMMAND  Command;
  COST     Cost;
  UINTN    Number;
  UINT64   Count;
  UINT64   Block;
  UINT16   Id;
  UINT16   Status;

  Cost.Moved   = 0;
  Cost.Flushed = FALSE;
  for (Count = 0; (Count < MRM_DISK_BURST) && (Cost.Moved < MRM_DISK_TRANSFER) && !Cost.Flushed; Count++) {
    if ((Count != 0) && (Disk->IsLate != NULL) && Disk->IsLate ()) {
      break;
    }

    if (Disk->Work.Live) {
      Number = Disk->Work.Queue;
      Id     = Disk->Work.Command;
      Block  = Disk->Work.Block;
      if (!MrmDiskHasRoom (Disk, Number)) {
        break;
      }

      Status = MrmDiskGoOn (Disk, &Cost);
    } else {
      Number = NextCommand (Disk, &Command);
      if (Number == 0) {
        break;
      }

      Id     = Command.Id;
      Block  = BLOCK_OF (&Command);
      Status = MrmDiskIoCommand (Disk, Number, &Command, &Cost);
    }

    if (Status != STATUS_LATER) {
      MrmDiskComplete (Disk, Number, Id, Status, 0, Block);
    }
  }

  return Count;
}

BOOLEAN
EFIAPI
MrmDiskServe (
  IN OUT MRM_DISK  *Disk
  )
{
  UINT64   Refused;
  UINT64   Count;
  BOOLEAN  Changed;

  if (!Disk->Open) {
    return FALSE;
  }

  Changed = MrmDiskObeyRegisters (Disk);
  if (!Disk->Enabled || Disk->ShutDown) {
    return Changed;
  }

  Refused = Disk->Refused;
  Count   = ServeAdmin (Disk);
  Count  += ServeIo (Disk);
  TellEvent (Disk);
  return Changed || (Count > Disk->Refused - Refused);
}

BOOLEAN
EFIAPI
MrmDiskIsAsked (
  IN CONST MRM_DISK  *Disk
  )
{
  UINTN  Number;

  if (!Disk->Open) {
    return FALSE;
  }

  if (MrmDiskRegistersChanged (Disk)) {
    return TRUE;
  }

  if (!Disk->Enabled || Disk->ShutDown) {
    return FALSE;
  }

  if (Disk->Work.Live) {
    return MrmDiskIsPosted (Disk, 0) || MrmDiskSeesRoom (Disk, Disk->Work.Queue);
  }

  for (Number = 0; Number <= MRM_DISK_QUEUES; Number++) {
    if (MrmDiskIsPosted (Disk, Number)) {
      return TRUE;
    }
  }

  return FALSE;
}

BOOLEAN
EFIAPI
MrmDiskIsUsed (
  IN CONST MRM_DISK  *Disk
  )
{
  return Disk->Open && Disk->Enabled && !Disk->ShutDown;
}

UINTN
EFIAPI
MrmDiskInterrupts (
  IN OUT MRM_DISK                *Disk,
  OUT    MRM_FUNCTION_INTERRUPT  *Interrupts
  )
{
  if (!Disk->Open || (Disk->Function.Wanted == 0)) {
    return 0;
  }

  return MrmFunctionInterrupts (&Disk->Function, Interrupts, &Disk->Refused);
}
