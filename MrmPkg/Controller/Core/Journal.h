/** @file
  A journal: an image in two files on the ESP.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_STORE_FILES_H_
#define MRM_CONTROLLER_STORE_FILES_H_

#include <Uefi.h>
#include <Library/MrmJournalLib.h>
#include <Protocol/SimpleFileSystem.h>

typedef struct {
  MRM_JOURNAL          Committed;
  EFI_FILE_PROTOCOL    *Files[MRM_JOURNAL_FILES];  ///< NULL: what is committed lives until the PC is switched off
  UINT64               FileTime;                   ///< microseconds that commits have spent in the file system
} MRM_ESP_JOURNAL;

/**
  Open a journal, or make a new one, and find the last committed state. Its space is taken in
  advance, so that a commit changes nothing of the file system but the time in a directory entry.

  @param[out] Journal     The journal; its memory is the controller's, for FreeJournal().
  @param[in]  Size        Bytes of its image, multiple of MRM_JOURNAL_BLOCK.
  @param[in]  Path        Of the files, without ".a" and ".b"; its folder exists.
  @param[out] FileStatus  Receives the status of the file system: without success there are no files.

  @retval EFI_SUCCESS           Found.
  @retval EFI_NOT_FOUND         It is new: all 0xFF.
  @retval EFI_BAD_BUFFER_SIZE   It begins anew: it had another size.
  @retval EFI_OUT_OF_RESOURCES  No memory.
**/
EFI_STATUS
OpenJournal (
  OUT MRM_ESP_JOURNAL  *Journal,
  IN  UINT32           Size,
  IN  CONST CHAR16     *Path,
  OUT EFI_STATUS       *FileStatus
  );

/**
  Commit a new state.

  @param[in,out] Journal  The journal.
  @param[in]     Image    The new state, as many bytes as its image has.

  @retval EFI_SUCCESS  It will be there after a power cut, or, without files, until the PC is switched off.
  @return Other        Status of the file system: nobody knows what is on the disk; the state before goes on.
**/
EFI_STATUS
CommitJournal (
  IN OUT MRM_ESP_JOURNAL  *Journal,
  IN     CONST UINT8      *Image
  );

/**
  Close the files of a journal.

  @param[in,out] Journal  The journal.
**/
VOID
CloseJournal (
  IN OUT MRM_ESP_JOURNAL  *Journal
  );

/**
  Free the memory of a journal.

  @param[in,out] Journal  The journal; its files are closed.
**/
VOID
FreeJournal (
  IN OUT MRM_ESP_JOURNAL  *Journal
  );

#endif
