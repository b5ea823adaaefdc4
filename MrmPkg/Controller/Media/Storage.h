/** @file
  What holds the bytes of served disks: media, and what is beneath them, whichever kind it is.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_STORAGE_H_
#define MRM_STORAGE_H_

#include "Media/FileAccess.h"
#include "Partition/Partition.h"
#include <Library/MrmDiskLib.h>
#include <Library/MrmRangeLib.h>
#include <Protocol/BlockIo.h>

#define MRM_STORAGE_WORDS  160   ///< bytes of why it cannot be had, with the terminating zero

typedef struct _MRM_STORAGE MRM_STORAGE;

/**
  Read bytes.

  @param[in]  Storage  The storage.
  @param[in]  Offset   The first one; a multiple of the storage's BlockSize.
  @param[in]  Size     How many; a multiple of it, too.  All of them are there.
  @param[out] Bytes    Receives them; at a multiple of 4096.

  @return  Status of what holds them.
**/
typedef
EFI_STATUS
(*MRM_STORAGE_READ)(
  IN  CONST MRM_STORAGE  *Storage,
  IN  UINT64             Offset,
  IN  UINTN              Size,
  OUT VOID               *Bytes
  );

/**
  Write bytes; arguments and status as for reading.
**/
typedef
EFI_STATUS
(*MRM_STORAGE_WRITE)(
  IN CONST MRM_STORAGE  *Storage,
  IN UINT64             Offset,
  IN UINTN              Size,
  IN CONST VOID         *Bytes
  );

/**
  See that a power cut does not lose what was written.

  @param[in] Storage  The storage.

  @return  Status of what holds the bytes.
**/
typedef
EFI_STATUS
(*MRM_STORAGE_FLUSH)(
  IN CONST MRM_STORAGE  *Storage
  );

/**
  Let go of what holds the bytes.

  @param[in,out] Storage  The storage; it is used no more.
**/
typedef
VOID
(*MRM_STORAGE_CLOSE)(
  IN OUT MRM_STORAGE  *Storage
  );

///
/// Bytes, and how they are reached: at TPL_APPLICATION only, for the PC's drivers may be needed.
///
struct _MRM_STORAGE {
  UINT64                   Size;        ///< bytes
  UINT32                   BlockSize;   ///< 512 or 4096
  MRM_STORAGE_READ         Read;
  MRM_STORAGE_WRITE        Write;
  MRM_STORAGE_FLUSH        Flush;       ///< NULL: nothing outlives the controller
  MRM_STORAGE_CLOSE        Close;
  MRM_RANGE                Memory;      ///< in memory: where
  MRM_OPEN_FILE            *File;       ///< in a file: that file; NULL if it is only judged
  EFI_BLOCK_IO_PROTOCOL    *Blocks;     ///< in a GPT partition: that partition
  EFI_HANDLE               Handle;      ///< in a GPT partition: its handle
  GUID                     Uuid;        ///< in a GPT partition: its PARTUUID
  BOOLEAN                  Taken;       ///< in a GPT partition: from the PC's file systems
};

///
/// A medium with its users.
///
struct _MRM_MEDIUM {
  MRM_MEDIUM         *Next;      ///< of all that are open
  UINTN              Users;      ///< disks on it
  MRM_DISK_KIND      Kind;
  MRM_DISK_MODE      Mode;       ///< what the one that may do most with it may do
  CHAR16             *Name;      ///< path, PARTUUID or label; for FreePool; NULL in memory
  GUID               Uuid;
  MRM_STORAGE        Storage;
  MRM_DISK_MEDIUM    Disk;       ///< MrmDiskLib's; its context is this structure
  MRM_DISK_MARK      Mark;       ///< append-only: the last one that is durable
  BOOLEAN            Told;       ///< that it cannot be made durable
  UINT64             DirtyAt;    ///< milliseconds: it was seen Dirty first; 0 = it was not
};

#endif
