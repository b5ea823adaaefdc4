/** @file
  What opening and committing share.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_JOURNAL_INTERNAL_H_
#define MRM_JOURNAL_INTERNAL_H_

#include <Library/MrmJournalLib.h>

///
/// What precedes the bytes that a CRC covers: Signature and Crc.
///
#define CRC_START  (2 * sizeof (UINT32))

/**
  Offset of the records in a file.

  @param[in] ImageSize  Bytes of the image.
**/
UINT32
MrmJournalRecordsStart (
  IN UINT32  ImageSize
  );

#endif
