/** @file
  Inside of MrmFatLib: a FAT volume as it is written, and what the files share.  Numbers are little endian.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_FAT_INTERNAL_H_
#define MRM_FAT_INTERNAL_H_

#include <Base.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/MrmFatLib.h>

#define SECTOR         512   ///< bytes: the least that a sector can have, and what reads are multiples of
#define FIRST_CLUSTER  2

#define CHAIN_END      MAX_UINT32   ///< what MrmFatNext() tells behind the last cluster

/**
  Read a few bytes.

  @param[in,out] Fat     The volume; its window follows.
  @param[in]     Offset  The first one.
  @param[in]     Size    How many, 64 at most.
  @param[out]    Bytes   Receives them.

  @retval RETURN_SUCCESS           Read.
  @retval RETURN_VOLUME_CORRUPTED  They are not all on the volume.
  @return Other                    Status of reading.
**/
RETURN_STATUS
MrmFatRead (
  IN OUT MRM_FAT  *Fat,
  IN     UINT64   Offset,
  IN     UINTN    Size,
  OUT    VOID     *Bytes
  );

/**
  TRUE if there is a cluster of this number.

  @param[in] Fat      The volume.
  @param[in] Cluster  The number.
**/
BOOLEAN
MrmFatIsCluster (
  IN CONST MRM_FAT  *Fat,
  IN UINT32         Cluster
  );

/**
  Where a cluster lies on the volume.

  @param[in] Fat      The volume.
  @param[in] Cluster  Its number; there is such a cluster.
**/
UINT64
MrmFatPlace (
  IN CONST MRM_FAT  *Fat,
  IN UINT32         Cluster
  );

/**
  Find the cluster that follows another one.

  @param[in,out] Fat      The volume.
  @param[in]     Cluster  The other one; there is such a cluster.
  @param[out]    Next     Receives the number, or CHAIN_END.

  @retval RETURN_SUCCESS           Found.
  @retval RETURN_VOLUME_CORRUPTED  What follows is no cluster.
  @return Other                    Status of reading.
**/
RETURN_STATUS
MrmFatNext (
  IN OUT MRM_FAT  *Fat,
  IN     UINT32   Cluster,
  OUT    UINT32   *Next
  );

#endif
