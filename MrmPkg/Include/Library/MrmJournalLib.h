/** @file
  A journal of an image, such as a variable store, on the PC's disk: a power cut at any instant
  leaves the last committed image.  Pure: says what to write where; the caller writes.

  Two files of fixed size, each

    block 0       MRM_JOURNAL_HEADER of a checkpoint
    block 1…      the checkpoint: the whole image
    then          records: MRM_JOURNAL_RECORD one after the other, each from a block of its own

  The file with the newer checkpoint counts.  A commit appends one record with the bytes that
  changed; when there is no room for it, it writes a checkpoint into the other file.  So nothing is
  ever overwritten that is needed, and no block that holds a committed record is written again.
  Whatever is on the disk is judged by its CRC before it is believed; records behind one
  that is damaged are left behind for good: the next commit is a checkpoint.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_JOURNAL_LIB_H_
#define MRM_JOURNAL_LIB_H_

#include <Uefi/UefiBaseType.h>

#define MRM_JOURNAL_BLOCK         SIZE_4KB     ///< what a power cut can damage beside what is being written
#define MRM_JOURNAL_RECORDS_SIZE  SIZE_256KB
#define MRM_JOURNAL_FILES         2
#define MRM_JOURNAL_MAX_WRITES    2            ///< of one commit

#define MRM_JOURNAL_HEADER_SIGNATURE  SIGNATURE_32 ('M', 'R', 'M', 'V')
#define MRM_JOURNAL_RECORD_SIGNATURE  SIGNATURE_32 ('M', 'R', 'M', 'J')
#define MRM_JOURNAL_VERSION           1

typedef struct {
  UINT32    Signature;                       ///< MRM_JOURNAL_HEADER_SIGNATURE
  UINT32    Crc;                             ///< of the bytes of this structure that follow
  UINT32    Version;                         ///< MRM_JOURNAL_VERSION
  UINT32    ImageSize;                       ///< bytes
  UINT64    Generation;                      ///< counts checkpoints, from 1
  UINT32    ImageCrc;
  UINT32    Reserved;
} MRM_JOURNAL_HEADER;

typedef struct {
  UINT32    Signature;                       ///< MRM_JOURNAL_RECORD_SIGNATURE
  UINT32    Crc;                             ///< of the bytes of the record that follow
  UINT32    Size;                            ///< bytes, this structure included
  UINT32    Sequence;                        ///< counts records of the generation, from 1
  UINT64    Generation;                      ///< of the checkpoint it changes
  // MRM_JOURNAL_CHANGE and its bytes, and so on, up to Size
} MRM_JOURNAL_RECORD;

typedef struct {
  UINT32    Offset;                          ///< in the image
  UINT32    Size;                            ///< bytes, at least 1
} MRM_JOURNAL_CHANGE;

///
/// One step of a commit; the file is to be flushed after it.
///
typedef struct {
  UINT32         File;                       ///< 0 or 1
  UINT32         Offset;                     ///< in the file, multiple of MRM_JOURNAL_BLOCK
  UINT32         Size;                       ///< bytes, multiple of MRM_JOURNAL_BLOCK
  CONST UINT8    *Data;
} MRM_JOURNAL_WRITE;

///
/// What is committed, and where the next commit goes.
///
typedef struct {
  UINT32    ImageSize;                       ///< bytes, multiple of MRM_JOURNAL_BLOCK
  UINT8     *Image;                          ///< the image as last committed
  UINT8     *Buffer;                         ///< MrmJournalBufferSize() bytes for the data of a commit
  UINT32    File;                            ///< that has the newest checkpoint
  UINT32    Sequence;                        ///< of the next record
  UINT32    Next;                            ///< offset in File of the next record
  UINT64    Generation;                      ///< the next checkpoint's less one; 0 = there is none yet
} MRM_JOURNAL;

/**
  Size of each of the two files.

  @param[in] ImageSize  Bytes of the image.
**/
UINT32
EFIAPI
MrmJournalFileSize (
  IN UINT32  ImageSize
  );

/**
  Size of MRM_JOURNAL.Buffer.

  @param[in] ImageSize  Bytes of the image.
**/
UINT32
EFIAPI
MrmJournalBufferSize (
  IN UINT32  ImageSize
  );

/**
  Find the last committed image.

  @param[in,out] Journal  ImageSize, Image and Buffer are set; receives everything else. Image
                          becomes the committed one, all 0xFF when there is none.
  @param[in]     Files    The contents of both files; NULL for one that cannot be read.
  @param[in]     Sizes    Their sizes in bytes.

  @retval RETURN_SUCCESS          Found.
  @retval RETURN_NOT_FOUND        Neither file has a checkpoint: new, or all of it is damaged.
  @retval RETURN_BAD_BUFFER_SIZE  The newest image has another size.
**/
RETURN_STATUS
EFIAPI
MrmJournalOpen (
  IN OUT MRM_JOURNAL          *Journal,
  IN     CONST UINT8  *CONST  *Files,
  IN     CONST UINTN          *Sizes
  );

/**
  Say what to write so that a new state is committed.

  When all of it is written, call MrmJournalCommitted(); when a write failed,
  MrmJournalFailed().

  @param[in,out] Journal  The journal; Buffer is used.
  @param[in]     Image    The new state, Journal->ImageSize bytes; must stay until all is written.
  @param[out]    Writes   Receives the steps, in order.

  @return  Number of steps; 0 when nothing has changed.
**/
UINTN
EFIAPI
MrmJournalCommit (
  IN OUT MRM_JOURNAL        *Journal,
  IN     CONST UINT8        *Image,
  OUT    MRM_JOURNAL_WRITE  *Writes
  );

/**
  Record that all steps of MrmJournalCommit() were carried out.

  @param[in,out] Journal  The journal.
  @param[in]     Image    The new state.
  @param[in]     Writes   The steps.
  @param[in]     Count    Their number.
**/
VOID
EFIAPI
MrmJournalCommitted (
  IN OUT MRM_JOURNAL              *Journal,
  IN     CONST UINT8              *Image,
  IN     CONST MRM_JOURNAL_WRITE  *Writes,
  IN     UINTN                    Count
  );

/**
  Record that a step of MrmJournalCommit() failed: nobody knows what is on the disk, so the
  next commit will be a checkpoint in the other file.

  @param[in,out] Journal  The journal.
**/
VOID
EFIAPI
MrmJournalFailed (
  IN OUT MRM_JOURNAL  *Journal
  );

#endif
