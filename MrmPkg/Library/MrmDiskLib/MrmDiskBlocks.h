/** @file
  Inside of MrmDiskLib: blocks, and the commands about them.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_DISK_BLOCKS_H_
#define MRM_DISK_BLOCKS_H_

#include "MrmDiskInternal.h"

///
/// What a round has cost so far.
///
typedef struct {
  UINT32     Moved;                  ///< bytes
  BOOLEAN    Flushed;
} COST;

/**
  Carry out a command that reads or writes (NVMe 6).

  @param[in,out] Disk     The disk, enabled; no command of several rounds is under way.
  @param[in]     Number   Its submission queue.
  @param[in]     Command  A copy of the command.
  @param[in,out] Cost     Of the round.

  @return  Its status; STATUS_LATER if it takes several rounds.
**/
UINT16
MrmDiskIoCommand (
  IN OUT MRM_DISK       *Disk,
  IN     UINTN          Number,
  IN     CONST COMMAND  *Command,
  IN OUT COST           *Cost
  );

/**
  The status of a command, from what a medium says.

  @param[in,out] Disk    The disk.
  @param[in]     Status  What the medium says.
  @param[in]     Other   What it stands for, if there is no better word.
**/
UINT16
MrmDiskFromMedium (
  IN OUT MRM_DISK       *Disk,
  IN     RETURN_STATUS  Status,
  IN     UINT16         Other
  );

/**
  Make durable what was written.

  @param[in,out] Disk  The disk.
  @param[in,out] Cost  Of the round.

  @return  The command's status.
**/
UINT16
MrmDiskMakeDurable (
  IN OUT MRM_DISK  *Disk,
  IN OUT COST      *Cost
  );

/**
  Make durable what was written, if it must be when the command is done.

  @param[in,out] Disk     The disk.
  @param[in]     Durable  Whether the command says so.
  @param[in,out] Cost     Of the round.

  @return  The command's status.
**/
UINT16
MrmDiskSettle (
  IN OUT MRM_DISK  *Disk,
  IN     BOOLEAN   Durable,
  IN OUT COST      *Cost
  );

/**
  Read which blocks a command is about.

  @param[in]  Disk     The disk.
  @param[in]  Command  A copy of the command.
  @param[out] Block    Receives the first block.
  @param[out] Count    Receives how many.

  @return  STATUS_SUCCESS if the medium has them.
**/
UINT16
MrmDiskReadRange (
  IN  CONST MRM_DISK  *Disk,
  IN  CONST COMMAND   *Command,
  OUT UINT64          *Block,
  OUT UINT32          *Count
  );

/**
  Begin to write zeros.

  @param[in,out] Disk     The disk.
  @param[in]     Number   The submission queue.
  @param[in]     Command  A copy of the command.

  @return  Its status; STATUS_LATER if it has begun.
**/
UINT16
MrmDiskBeginZeroes (
  IN OUT MRM_DISK       *Disk,
  IN     UINTN          Number,
  IN     CONST COMMAND  *Command
  );

/**
  Take hints about blocks.  Nothing is given back: a deallocated block keeps what it has.  But the hint is refused
  where writing is.

  @param[in,out] Disk     The disk.
  @param[in]     Command  A copy of the command.
  @param[in,out] Cost     Of the round.

  @return  Its status.
**/
UINT16
MrmDiskManage (
  IN OUT MRM_DISK       *Disk,
  IN     CONST COMMAND  *Command,
  IN OUT COST           *Cost
  );

/**
  Go on with the command of several rounds.

  @param[in,out] Disk  The disk; Work is live.
  @param[in,out] Cost  Of the round.

  @return  Its status; STATUS_LATER if it is not done.
**/
UINT16
MrmDiskGoOn (
  IN OUT MRM_DISK  *Disk,
  IN OUT COST      *Cost
  );

/**
  Read blocks; those of an append-only medium that nobody can have written are zeros.

  @param[in]  Medium  The medium.
  @param[in]  Block   The first block.
  @param[in]  Count   How many; MRM_DISK_TRANSFER bytes at most.
  @param[out] Bytes   Receives them.

  @return  What the medium says.
**/
RETURN_STATUS
MrmDiskReadBlocks (
  IN  CONST MRM_DISK_MEDIUM  *Medium,
  IN  UINT64                 Block,
  IN  UINT32                 Count,
  OUT UINT8                  *Bytes
  );

/**
  TRUE if blocks may be written: always, but for an append-only medium.

  @param[in] Medium  The medium.
  @param[in] Block   The first block.
  @param[in] Count   How many; they are all the medium's.
**/
BOOLEAN
MrmDiskMayWrite (
  IN CONST MRM_DISK_MEDIUM  *Medium,
  IN UINT64                 Block,
  IN UINT32                 Count
  );

/**
  TRUE if blocks lie before Next: to write there what they hold changes nothing.

  @param[in] Medium  The medium, append-only.
  @param[in] Block   The first block.
  @param[in] Count   How many; they are all the medium's.
**/
BOOLEAN
MrmDiskIsBehind (
  IN CONST MRM_DISK_MEDIUM  *Medium,
  IN UINT64                 Block,
  IN UINT32                 Count
  );

/**
  Note which blocks of an append-only medium were written.

  @param[in,out] Medium  The medium, append-only.
  @param[in]     Block   The first block.
  @param[in]     Count   How many; less than MRM_DISK_WINDOW.
**/
VOID
MrmDiskNote (
  IN OUT MRM_DISK_MEDIUM  *Medium,
  IN     UINT64           Block,
  IN     UINT32           Count
  );

/**
  Write blocks.

  @param[in,out] Medium  The medium.
  @param[in]     Block   The first block.
  @param[in]     Count   How many; MRM_DISK_TRANSFER bytes at most, and MrmDiskMayWrite().
  @param[in]     Bytes   What to write.

  @return  What the medium says.
**/
RETURN_STATUS
MrmDiskWriteBlocks (
  IN OUT MRM_DISK_MEDIUM  *Medium,
  IN     UINT64           Block,
  IN     UINT32           Count,
  IN     CONST UINT8      *Bytes
  );

#endif
