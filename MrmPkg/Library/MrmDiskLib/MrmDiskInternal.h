/** @file
  Inside of MrmDiskLib: what its files share.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_DISK_INTERNAL_H_
#define MRM_DISK_INTERNAL_H_

#include <Base.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MrmDiskLib.h>
#include "MrmDiskNvme.h"

#define MRM_DISK_FIRMWARE  "1"       ///< firmware revision

#define PIECES  (MRM_DISK_TRANSFER / SIZE_4KB + 1)

///
/// Memory of the partition that a command names.
///
typedef struct {
  UINT32    Count;
  struct {
    UINT8     *Place;
    UINT32    Size;
  } Pieces[PIECES];
} MAP;

/**
  Forget all that a driver has told.

  @param[in,out] Disk  The disk.
**/
VOID
MrmDiskForgetDriver (
  IN OUT MRM_DISK  *Disk
  );

/**
  Obey the controller configuration register: enable, disable, shut down.

  @param[in,out] Disk  The disk, open.

  @retval TRUE   Something was done.
  @retval FALSE  All is as it was, or the driver's settings make no sense.
**/
BOOLEAN
MrmDiskObeyRegisters (
  IN OUT MRM_DISK  *Disk
  );

/**
  TRUE if MrmDiskObeyRegisters() would do something.

  @param[in] Disk  The disk, open.
**/
BOOLEAN
MrmDiskRegistersChanged (
  IN CONST MRM_DISK  *Disk
  );

/**
  Make a queue.

  @param[in,out] Disk        The disk.
  @param[out]    Queue       One of its queues.
  @param[in]     Number      The queue's number.
  @param[in]     Completion  Whether it is a completion queue.
  @param[in]     Ring        Its address, of the partition's memory.
  @param[in]     Entries     How many.
**/
VOID
MrmDiskBeginQueue (
  IN OUT MRM_DISK        *Disk,
  OUT    MRM_DISK_QUEUE  *Queue,
  IN     UINTN           Number,
  IN     BOOLEAN         Completion,
  IN     UINT64          Ring,
  IN     UINT32          Entries
  );

/**
  TRUE if a queue can be completed to.

  @param[in,out] Disk    The disk; a completion queue whose doorbell makes no sense becomes broken.
  @param[in]     Number  A submission queue.
**/
BOOLEAN
MrmDiskHasRoom (
  IN OUT MRM_DISK  *Disk,
  IN     UINTN     Number
  );

/**
  TRUE if a queue can be completed to, as far as is known.  Changes nothing.

  @param[in] Disk    The disk.
  @param[in] Number  A submission queue, live.
**/
BOOLEAN
MrmDiskSeesRoom (
  IN CONST MRM_DISK  *Disk,
  IN UINTN           Number
  );

/**
  TRUE if there is a command, and room for its completion.  Changes nothing.

  @param[in] Disk    The disk.
  @param[in] Number  A submission queue.
**/
BOOLEAN
MrmDiskIsPosted (
  IN CONST MRM_DISK  *Disk,
  IN UINTN           Number
  );

/**
  Take the next command.

  @param[in,out] Disk     The disk.
  @param[in]     Number   A submission queue.
  @param[out]    Command  Receives a copy.

  @retval TRUE   There is one, and room for its completion.
  @retval FALSE  There is not.
**/
BOOLEAN
MrmDiskFetch (
  IN OUT MRM_DISK  *Disk,
  IN     UINTN     Number,
  OUT    COMMAND   *Command
  );

/**
  Complete a command.

  @param[in,out] Disk     The disk; the submission queue has room (MrmDiskHasRoom()).
  @param[in]     Number   The submission queue.
  @param[in]     Command  As the driver calls it.
  @param[in]     Status   STATUS_*, not STATUS_LATER.
  @param[in]     Result   What the command returns.
  @param[in]     Block    For the error log.
**/
VOID
MrmDiskComplete (
  IN OUT MRM_DISK  *Disk,
  IN     UINTN     Number,
  IN     UINT16    Command,
  IN     UINT16    Status,
  IN     UINT32    Result,
  IN     UINT64    Block
  );

/**
  Carry out a command that makes or deletes a queue (NVMe 5.3 to 5.6).

  @param[in,out] Disk     The disk.
  @param[in]     Command  A copy of the command.

  @return  Its status.
**/
UINT16
MrmDiskQueueCommand (
  IN OUT MRM_DISK       *Disk,
  IN     CONST COMMAND  *Command
  );

/**
  Find the memory that a command names by its PRPs (NVMe 4.3).

  @param[in,out] Disk     The disk.
  @param[in]     Command  A copy of the command.
  @param[in]     Length   Bytes, 1 to MRM_DISK_TRANSFER.
  @param[out]    Map      Receives it: all of it is the partition's.

  @return  STATUS_SUCCESS, or what is wrong.
**/
UINT16
MrmDiskMap (
  IN OUT MRM_DISK       *Disk,
  IN     CONST COMMAND  *Command,
  IN     UINT32         Length,
  OUT    MAP            *Map
  );

/**
  Copy from the partition's memory.

  @param[in]  Map    The memory.
  @param[out] Bytes  Receives them.
**/
VOID
MrmDiskGather (
  IN  CONST MAP  *Map,
  OUT UINT8      *Bytes
  );

/**
  Copy to the partition's memory.

  @param[in] Map    The memory.
  @param[in] Bytes  What to copy.
**/
VOID
MrmDiskScatter (
  IN CONST MAP    *Map,
  IN CONST UINT8  *Bytes
  );

/**
  Answer an administrative command with data.

  @param[in,out] Disk     The disk.
  @param[in]     Command  A copy of the command.
  @param[in]     Bytes    The data; may be in Disk->Buffer.
  @param[in]     Length   Bytes, MRM_DISK_TRANSFER at most; none if 0.

  @return  The command's status.
**/
UINT16
MrmDiskAnswer (
  IN OUT MRM_DISK       *Disk,
  IN     CONST COMMAND  *Command,
  IN     CONST UINT8    *Bytes,
  IN     UINT32         Length
  );

/**
  Carry out an administrative command.

  @param[in,out] Disk     The disk, enabled.
  @param[in]     Command  A copy of the command.
  @param[out]    Result   Receives what the command returns.

  @return  Its status; STATUS_LATER if it is kept.
**/
UINT16
MrmDiskAdminCommand (
  IN OUT MRM_DISK       *Disk,
  IN     CONST COMMAND  *Command,
  OUT    UINT32         *Result
  );

/**
  Carry out Identify (NVMe 5.15).

  @param[in,out] Disk     The disk.
  @param[in]     Command  A copy of the command.

  @return  Its status.
**/
UINT16
MrmDiskIdentify (
  IN OUT MRM_DISK       *Disk,
  IN     CONST COMMAND  *Command
  );

/**
  Carry out Get Log Page (NVMe 5.14).

  @param[in,out] Disk     The disk.
  @param[in]     Command  A copy of the command.

  @return  Its status.
**/
UINT16
MrmDiskLogPage (
  IN OUT MRM_DISK       *Disk,
  IN     CONST COMMAND  *Command
  );

#endif
