/** @file
  What is decided about served disks: NVMe controllers that exist in memory only.  Pure: no globals, no I/O, no waiting.

  A disk is a PCI function in RAM (MrmFunctionLib), in the area of the partition behind its network cards.  It is a
  controller after NVM Express 1.4 ("NVMe") with one namespace.  Its blocks are the medium's.  Memory and files have
  blocks of 512 bytes, because ordinary tools write partition tables and boot sectors for such blocks.  A partition of
  the PC's disk has the blocks of that disk.  Each register is constant, or one that the driver waits for, so that no
  access need be trapped.

  Layout: device n of the bus is disk n - (network cards).  Its part of the window has 16 KiB: registers at 0, doorbells
  at 0x1000 (both BAR 0, 8 KiB), MSI-X table at 0x2000 (BAR 4, 4 KiB).  A doorbell has a cache line (CAP.DSTRD = 4).

  The caller knows what the medium is: it gives functions that read and write.  Each is called from MrmDiskServe() and
  MrmDiskFlush() only, and returns when it is done.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_DISK_LIB_H_
#define MRM_DISK_LIB_H_

#include <Library/MrmFunctionLib.h>

//
// Append-only: what a partition has written stays as it is.
//   - A block that was written never changes: Write, Write Zeroes and Deallocate refuse it.  To write once more what it
//     holds is no error, for a driver that does not know whether its command was done.
//   - A block that was not written reads as zeros from Next on; Next is the block behind the furthest one written.
//     Identify Namespace tells it as NUSE ("usage"), so that a tool knows where to go on.
//   - Blocks may be written in any order, but those more than MRM_DISK_WINDOW before Next are closed, written or not.
//   - Only Next is kept for the next start of the PC.  After that all blocks before Next are closed, written or not.
//   - Next is durable when Flush, or a write with FUA, has completed, and after what was written before it.  After a
//     power cut, blocks that were not durable may be written again; those that were may not.
// A failed write leaves its blocks as not written.
//

#define MRM_DISK_TRANSFER      SIZE_128KB   ///< bytes of one command, and of one call of a medium, at most
#define MRM_DISK_REGISTERS     SIZE_8KB     ///< bytes of BAR 0, where a disk's part of the window begins
#define MRM_DISK_QUEUES        8            ///< pairs for reading and writing
#define MRM_DISK_VECTORS       (MRM_DISK_QUEUES + 1)
#define MRM_DISK_ENTRIES       256          ///< of one queue, at most
#define MRM_DISK_EVENTS        4            ///< requests for events that are kept
#define MRM_DISK_ERRORS        4            ///< entries of the error log
#define MRM_DISK_FEATURES      12           ///< identifiers of features below this one are known
#define MRM_DISK_WINDOW        SIZE_64KB    ///< blocks; 32 MiB if they have 512 bytes
#define MRM_DISK_SERIAL_SIZE   20

#define MRM_DISK_COMMANDS      8            ///< administrative commands of one disk in one round, at most
#define MRM_DISK_BURST         16           ///< reads and writes of one disk in one round, at most

#define MRM_DISK_MARKS         2            ///< places where the mark of an append-only medium is, in turn
#define MRM_DISK_MARK_PLACE    SIZE_4KB     ///< bytes from one place to the next; the first follows the last block
#define MRM_DISK_MARK_SIZE     512          ///< bytes of a mark; the rest of its place is not used

/**
  Read blocks of a medium.

  @param[in]  Context  The medium's.
  @param[in]  Block    The first one.
  @param[in]  Count    How many, MRM_DISK_TRANSFER bytes at most; all of them are the medium's.
  @param[out] Bytes    Receives them.

  @retval RETURN_SUCCESS    Read.
  @retval RETURN_NOT_READY  Not now: the system is told to try again.
  @retval others         Not read.
**/
typedef
RETURN_STATUS
(EFIAPI *MRM_DISK_READ)(
  IN  VOID    *Context,
  IN  UINT64  Block,
  IN  UINT32  Count,
  OUT VOID    *Bytes
  );

/**
  Write blocks of a medium.  Any of them may be half old, half new if it fails.

  @param[in] Context  The medium's.
  @param[in] Block    The first one.
  @param[in] Count    How many, MRM_DISK_TRANSFER bytes at most; all of them are the medium's.
  @param[in] Bytes    What to write.

  @retval RETURN_SUCCESS          Written; durable after a flush, or at once if the medium is not Cached.
  @retval RETURN_WRITE_PROTECTED  It can only be read.
  @retval RETURN_VOLUME_FULL      There is no room.
  @retval RETURN_NOT_READY        Not now: the system is told to try again.
  @retval others               Not written.
**/
typedef
RETURN_STATUS
(EFIAPI *MRM_DISK_WRITE)(
  IN VOID        *Context,
  IN UINT64      Block,
  IN UINT32      Count,
  IN CONST VOID  *Bytes
  );

/**
  Make durable all that was written, and after it, for an append-only medium, the mark (MrmDiskMarkWrite()).

  @param[in] Context  The medium's.
  @param[in] Next     The mark; 0 unless AppendOnly.

  @retval RETURN_SUCCESS  Durable.
  @retval others       As for writing.
**/
typedef
RETURN_STATUS
(EFIAPI *MRM_DISK_FLUSH)(
  IN VOID    *Context,
  IN UINT64  Next
  );

/**
  Whether a round has taken as long as it may: after the command that is being done, it is others' turn.

  @retval TRUE   It has.
  @retval FALSE  It has not.
**/
typedef
BOOLEAN
(EFIAPI *MRM_DISK_IS_LATE)(
  VOID
  );

///
/// What holds the blocks.  Several disks may have the same one: those that only read it, and one that writes.
///
typedef struct {
  VOID              *Context;                        ///< the caller's
  MRM_DISK_READ     Read;
  MRM_DISK_WRITE    Write;                           ///< NULL if no disk writes
  MRM_DISK_FLUSH    Flush;                           ///< NULL if no disk writes, or nothing outlives the PC
  UINT64            Blocks;                          ///< 1 or more
  UINT32            BlockSize;                       ///< 512 or 4096
  BOOLEAN           Cached;                          ///< a write is durable after a flush only
  BOOLEAN           AppendOnly;
  BOOLEAN           Dirty;                           ///< something was written since the last flush
  UINT64            Next;                            ///< append-only: the block behind the furthest one written
  UINT64            Floor;                           ///< append-only: blocks before this one are closed
  UINT8             Written[MRM_DISK_WINDOW / 8];    ///< of blocks from Floor to Next: bit (block % window)
} MRM_DISK_MEDIUM;

///
/// A queue as the driver has made it.
///
typedef struct {
  BOOLEAN    Live;
  BOOLEAN    Broken;                                 ///< its doorbell made no sense: nothing more is taken from it
  BOOLEAN    Interrupts;                             ///< completion queue
  UINT8      Phase;                                  ///< completion queue
  UINT16     Peer;                                   ///< submission queue: its completion queue; else: how many use it
  UINT16     Vector;                                 ///< completion queue
  UINT32     Entries;
  UINT32     Place;                                  ///< the next entry to be read or written
  UINT64     Ring;                                   ///< address
} MRM_DISK_QUEUE;

///
/// A command that takes several rounds: Write Zeroes.
///
typedef struct {
  BOOLEAN    Live;
  BOOLEAN    Durable;
  UINT16     Queue;                                  ///< its submission queue
  UINT16     Command;                                ///< as the driver calls it
  UINT64     Block;
  UINT32     Left;                                   ///< blocks
} MRM_DISK_WORK;

///
/// An entry of the error log.
///
typedef struct {
  UINT64    Number;                                  ///< 1 and up; 0 = none
  UINT16    Queue;
  UINT16    Command;
  UINT16    Status;                                  ///< as in a completion
  UINT64    Block;
} MRM_DISK_ERROR;

///
/// One disk of a partition: what the controller knows of it.  A partition reaches nothing of this.
///
typedef struct {
  MRM_FUNCTION       Function;                       ///< Memory, ApicIds, ApicIdCount are the caller's
  MRM_DISK_MEDIUM    *Medium;                        ///< the caller's
  BOOLEAN            ReadOnly;                       ///< the caller's: this disk writes nothing
  GUID               Uuid;                           ///< the caller's: of what is on the medium
  CHAR8              Serial[MRM_DISK_SERIAL_SIZE + 1]; ///< the caller's: printable ASCII
  UINT8              *Buffer;                        ///< the caller's: MRM_DISK_TRANSFER bytes, at a multiple of 4096;
                                                     ///< disks may share it
  MRM_DISK_IS_LATE   IsLate;                         ///< the caller's; NULL: a round takes as long as it takes
  volatile UINT32    *Registers;                     ///< BAR 0
  volatile UINT32    *Doorbells;                     ///< BAR 0, its second half
  BOOLEAN            Open;                           ///< its partition runs: the area is looked at
  BOOLEAN            Enabled;                        ///< a driver has enabled it
  BOOLEAN            Failed;                         ///< the driver's settings made no sense
  BOOLEAN            ShutDown;                       ///< the driver has said good-bye
  BOOLEAN            WriteThrough;                   ///< the driver wants no cache
  UINT16             Turn;                           ///< the queue that is looked at next
  UINT16             EventCount;
  UINT16             Events[MRM_DISK_EVENTS];        ///< commands that wait for something to happen
  UINT32             Event;                          ///< what has happened and is to be told; 0 = nothing
  UINT32             Features[MRM_DISK_FEATURES];
  UINT32             LowTemperature;
  MRM_DISK_QUEUE     Submission[MRM_DISK_QUEUES + 1];
  MRM_DISK_QUEUE     Completion[MRM_DISK_QUEUES + 1];
  MRM_DISK_WORK      Work;
  UINT64             Reads;                          ///< commands done
  UINT64             Writes;
  UINT64             BlocksRead;
  UINT64             BlocksWritten;
  UINT64             MediumErrors;
  UINT64             ErrorCount;
  MRM_DISK_ERROR     Errors[MRM_DISK_ERRORS];
  UINT64             Refused;                        ///< addresses, doorbells, writes, interrupts that must not be;
                                                     ///< not: questions that have no answer
} MRM_DISK;

/**
  Put disks into an area.

  @param[in,out] Area   The area, after MrmChannelBuildArea() or MrmFunctionClearArea().
  @param[in]     Base   Its address.
  @param[in]     First  Device number of the first disk: how many network cards there are.
  @param[in]     Count  Disks; First + Count is MRM_FUNCTION_MOST at most.
**/
VOID
EFIAPI
MrmDiskBuildArea (
  IN OUT UINT8   *Area,
  IN     UINT64  Base,
  IN     UINTN   First,
  IN     UINTN   Count
  );

/**
  Begin to use a medium.

  @param[in,out] Medium  The caller's fields are filled in (all but Dirty, Next, Floor, Written).
  @param[in]     Next    Append-only: the mark, as MrmDiskMarkRead() found it; 0 for a new one.
**/
VOID
EFIAPI
MrmDiskBeginMedium (
  IN OUT MRM_DISK_MEDIUM  *Medium,
  IN     UINT64           Next
  );

/**
  Make durable what was written to a medium, as Flush does.  Nothing is done if nothing was written.

  For the caller when a partition ends, and before the controller does.

  @param[in,out] Medium  The medium.

  @return  What the medium says.
**/
RETURN_STATUS
EFIAPI
MrmDiskFlush (
  IN OUT MRM_DISK_MEDIUM  *Medium
  );

/**
  Begin to look at a disk: its partition is about to start, its area is new.

  @param[in,out] Disk    What is the caller's is filled in; the rest is begun anew.  The medium stays as it is.
  @param[in]     Area    The area.
  @param[in]     Device  Device number of the disk.
**/
VOID
EFIAPI
MrmDiskOpen (
  IN OUT MRM_DISK  *Disk,
  IN     UINT8     *Area,
  IN     UINTN     Device
  );

/**
  Look at a disk no more: nothing in its partition's memory or area is touched from here on.

  @param[in,out] Disk  The disk.
**/
VOID
EFIAPI
MrmDiskClose (
  IN OUT MRM_DISK  *Disk
  );

/**
  One round over a disk: obey its driver, read and write.  Whatever a partition writes, a round has at most
  MRM_DISK_COMMANDS administrative commands, MRM_DISK_BURST others, two times MRM_DISK_TRANSFER bytes read or written,
  and one flush.

  After it, and after a fence that makes what was written visible, the caller asks MrmDiskInterrupts().

  @param[in,out] Disk  The disk; nothing is done if it is not open.

  @retval TRUE   Something was done that its driver had asked for rightly: more may follow at once.
  @retval FALSE  Nothing was, or only what was refused.
**/
BOOLEAN
EFIAPI
MrmDiskServe (
  IN OUT MRM_DISK  *Disk
  );

/**
  TRUE if MrmDiskServe() would find something new.  Only looks, and calls no medium: for an event that comes amid
  MrmDiskServe().

  @param[in] Disk  The disk.
**/
BOOLEAN
EFIAPI
MrmDiskIsAsked (
  IN CONST MRM_DISK  *Disk
  );

/**
  Decide which interrupts a partition is sent now.  What its system masks is kept for later.

  @param[in,out] Disk        The disk.
  @param[out]    Interrupts  MRM_DISK_VECTORS elements.

  @return  How many there are.
**/
UINTN
EFIAPI
MrmDiskInterrupts (
  IN OUT MRM_DISK                *Disk,
  OUT    MRM_FUNCTION_INTERRUPT  *Interrupts
  );

/**
  TRUE while a driver has enabled the disk: it needs looks soon.

  @param[in] Disk  The disk.
**/
BOOLEAN
EFIAPI
MrmDiskIsUsed (
  IN CONST MRM_DISK  *Disk
  );

/**
  Make the UUID of a medium that was given none: the same at each start, another one for each machine, partition and
  name.

  @param[in]  Machine    UUID of the PC.
  @param[in]  Partition  Name of the partition, or "" if the medium is named for all.
  @param[in]  Name       Name of the medium.
  @param[out] Uuid       Receives it.
**/
VOID
EFIAPI
MrmDiskUuid (
  IN  CONST GUID   *Machine,
  IN  CONST CHAR8  *Partition,
  IN  CONST CHAR8  *Name,
  OUT GUID         *Uuid
  );

///
/// The mark of an append-only medium, and how often it was written.
///
typedef struct {
  UINT64    Next;
  UINT64    Sequence;                                ///< 0 = never
} MRM_DISK_MARK;

/**
  Find the mark of an append-only medium.

  The marks lie behind its last block, so that the blocks begin where the file or partition does.  Each has a place of
  its own, and they are written in turn: a power cut spoils the one being written, never the other.

  @param[in]  First   The first place, MRM_DISK_MARK_SIZE bytes of it.
  @param[in]  Second  The second one.
  @param[in]  Blocks  Blocks of the medium.
  @param[out] Mark    Receives the mark; all zero if there was never one.

  @retval RETURN_SUCCESS           Found, or the medium is new: both are zeros, or only the first was ever begun.
  @retval RETURN_VOLUME_CORRUPTED  There were marks, and none is whole: nothing may be written to this medium.
**/
RETURN_STATUS
EFIAPI
MrmDiskMarkRead (
  IN  CONST UINT8    *First,
  IN  CONST UINT8    *Second,
  IN  UINT64         Blocks,
  OUT MRM_DISK_MARK  *Mark
  );

/**
  Make the next mark.  It counts as written when it is durable: if writing fails, the caller keeps the old Sequence.

  @param[in,out] Mark   Sequence is raised, Next becomes the new one.
  @param[in]     Next   The mark.
  @param[out]    Bytes  Receives MRM_DISK_MARK_SIZE bytes.

  @return  Which place they are for, 0 or 1.
**/
UINTN
EFIAPI
MrmDiskMarkWrite (
  IN OUT MRM_DISK_MARK  *Mark,
  IN     UINT64         Next,
  OUT    UINT8          *Bytes
  );

#endif
