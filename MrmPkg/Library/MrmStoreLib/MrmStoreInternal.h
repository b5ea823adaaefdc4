/** @file
  What opening and committing share.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_STORE_INTERNAL_H_
#define MRM_STORE_INTERNAL_H_

#include <Library/MrmStoreLib.h>

///
/// What precedes the bytes that a CRC covers: Signature and Crc.
///
#define CRC_START  (2 * sizeof (UINT32))

/**
  Offset of the journal in a file.

  @param[in] ImageSize  Bytes of the store.
**/
UINT32
MrmStoreJournalStart (
  IN UINT32  ImageSize
  );

#endif
