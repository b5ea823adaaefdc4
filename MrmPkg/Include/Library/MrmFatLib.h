/** @file
  Where a file of a FAT volume lies (Microsoft's FAT specification 1.03, 2000).  Pure: no globals, no I/O of its own;
  nothing that is read is believed, and each walk along the volume has an end.

  A file system driver knows that as well, but it does not tell.  It is for a driver that gives a file up for good
  when one of its sectors cannot be read.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_FAT_LIB_H_
#define MRM_FAT_LIB_H_

#include <Base.h>

#define MRM_FAT_WINDOW  4096   ///< bytes of the volume that are kept
#define MRM_FAT_PAGE    SIZE_64KB   ///< bytes that EDK2's driver may write together, counted from MRM_FAT.Grid

/**
  Read bytes of the volume.

  @param[in]  Context  MRM_FAT.Context.
  @param[in]  Offset   The first one; a multiple of 512.
  @param[in]  Size     How many; a multiple of 512, MRM_FAT_WINDOW at most.  All are on the volume.
  @param[out] Bytes    Receives them.

  @return  Status of what holds them.
**/
typedef
RETURN_STATUS
(EFIAPI *MRM_FAT_READ)(
  IN  VOID    *Context,
  IN  UINT64  Offset,
  IN  UINTN   Size,
  OUT VOID    *Bytes
  );

///
/// A volume.
///
typedef struct {
  MRM_FAT_READ    Read;
  VOID            *Context;
  UINT64          Size;                      ///< bytes of the volume
  UINT32          Bits;                      ///< of an entry of the table: 12, 16 or 32; the rest is filled in, too
  UINT32          ClusterSize;               ///< bytes
  UINT32          Clusters;                  ///< they are numbered from 2 on
  UINT32          RootCluster;               ///< 32 bits: where the root folder begins
  UINT64          RootOffset;                ///< 12 and 16 bits: where it is
  UINT32          RootSize;                  ///< and its bytes
  UINT64          TableOffset;               ///< of the first table
  UINT64          Grid;                      ///< where EDK2's driver begins to count pages
  UINT64          DataOffset;                ///< of cluster 2
  UINT64          WindowOffset;              ///< what Window holds; MAX_UINT64 = nothing
  UINTN           WindowSize;
  UINT8           Window[MRM_FAT_WINDOW];
} MRM_FAT;

///
/// Bytes of a file that lie side by side.
///
typedef struct {
  UINT64    Offset;    ///< on the volume
  UINT64    Size;      ///< bytes
} MRM_FAT_EXTENT;

/**
  Look at a volume's first sector.

  @param[in,out] Fat  Read, Context and Size are the caller's; the rest is filled in.

  @retval RETURN_SUCCESS           It is a FAT volume.
  @retval RETURN_VOLUME_CORRUPTED  It is not, or it contradicts itself.
  @retval RETURN_UNSUPPORTED       Another table than the first one counts.
  @return Other                    Status of reading.
**/
RETURN_STATUS
EFIAPI
MrmFatBegin (
  IN OUT MRM_FAT  *Fat
  );

/**
  Find a file.

  @param[in,out] Fat      A volume that MrmFatBegin() knows.
  @param[in]     Path     Its path, such as L"\\EFI\\MRM\\log.img": ASCII, in any case.
  @param[out]    Cluster  Receives where it begins; 0 if it is empty.
  @param[out]    Size     Receives its bytes.

  @retval RETURN_SUCCESS           Found.
  @retval RETURN_NOT_FOUND         There is no file of that path.
  @retval RETURN_VOLUME_CORRUPTED  The volume contradicts itself.
  @return Other                    Status of reading.
**/
RETURN_STATUS
EFIAPI
MrmFatFind (
  IN OUT MRM_FAT       *Fat,
  IN     CONST CHAR16  *Path,
  OUT    UINT32        *Cluster,
  OUT    UINT32        *Size
  );

/**
  Find where a file lies.

  @param[in,out] Fat      A volume that MrmFatBegin() knows.
  @param[in]     Cluster  Where the file begins.
  @param[in]     Size     Its bytes.
  @param[out]    Extents  Receives its bytes in their order; pieces that touch each other are one.
  @param[in,out] Count    How many there is room for; receives how many there are.

  @retval RETURN_SUCCESS           Found: the extents have Size bytes together.
  @retval RETURN_BUFFER_TOO_SMALL  It lies in more pieces than there is room for.
  @retval RETURN_VOLUME_CORRUPTED  The volume contradicts itself.
  @return Other                    Status of reading.
**/
RETURN_STATUS
EFIAPI
MrmFatLocate (
  IN OUT MRM_FAT         *Fat,
  IN     UINT32          Cluster,
  IN     UINT32          Size,
  OUT    MRM_FAT_EXTENT  *Extents,
  IN OUT UINTN           *Count
  );

/**
  Find the first bytes of a piece of a file that lie in one extent, and in pages of one kind.

  @param[in]  Extents  Where the file lies.
  @param[in]  Count    How many extents there are.
  @param[in]  Grid     MRM_FAT.Grid.
  @param[in]  Offset   Where the piece begins in the file.
  @param[in]  Size     Its bytes, one at least.
  @param[out] Place    Receives where these bytes lie on the volume.
  @param[out] Shared   Receives whether their pages hold something else as well.  If they do, these are bytes of a
                       single page.

  @return  How many there are; 0 if the file ends before.
**/
UINT64
EFIAPI
MrmFatPiece (
  IN  CONST MRM_FAT_EXTENT  *Extents,
  IN  UINTN                 Count,
  IN  UINT64                Grid,
  IN  UINT64                Offset,
  IN  UINT64                Size,
  OUT UINT64                *Place,
  OUT BOOLEAN               *Shared
  );

#endif
