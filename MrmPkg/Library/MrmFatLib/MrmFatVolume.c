/** @file
  A FAT volume: its first sector, its table, its clusters.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmFatInternal.h"

#define LEAST_16  4085   ///< clusters of a volume whose table has 16 bits for each; with less it has 12

#define MIRRORED_NOT  BIT7   ///< of the flags of a volume with 32 bits: one table counts, which the other bits name

#pragma pack(1)

///
/// The first sector, as far as it matters here (FAT specification, "Boot Sector and BPB").
///
typedef struct {
  UINT8     Jump[3];
  UINT8     Maker[8];
  UINT16    SectorSize;
  UINT8     ClusterSectors;
  UINT16    ReservedSectors;
  UINT8     Tables;
  UINT16    RootEntries;
  UINT16    Sectors16;
  UINT8     Media;
  UINT16    TableSectors16;
  UINT16    TrackSectors;
  UINT16    Heads;
  UINT32    HiddenSectors;
  UINT32    Sectors32;
  UINT32    TableSectors32;   ///< from here on: 32 bits only
  UINT16    Flags;
  UINT16    Version;
  UINT32    RootCluster;
} BOOT_SECTOR;

#pragma pack()

STATIC_ASSERT (OFFSET_OF (BOOT_SECTOR, RootCluster) == 44, "as in the specification");

RETURN_STATUS
MrmFatRead (
  IN OUT MRM_FAT  *Fat,
  IN     UINT64   Offset,
  IN     UINTN    Size,
  OUT    VOID     *Bytes
  )
{
  RETURN_STATUS  Status;
  UINT64         Begin;

  if ((Offset > Fat->Size) || (Size > Fat->Size - Offset)) {
    return RETURN_VOLUME_CORRUPTED;
  }

  if (  (Fat->WindowOffset == MAX_UINT64)
     || (Offset < Fat->WindowOffset)
     || (Offset + Size > Fat->WindowOffset + Fat->WindowSize))
  {
    Begin             = Offset & ~(UINT64)(SECTOR - 1);
    Fat->WindowSize   = (UINTN)MIN (Fat->Size - Begin, MRM_FAT_WINDOW);
    Fat->WindowOffset = MAX_UINT64;
    Status            = Fat->Read (Fat->Context, Begin, Fat->WindowSize, Fat->Window);
    if (RETURN_ERROR (Status)) {
      return Status;
    }

    Fat->WindowOffset = Begin;
  }

  CopyMem (Bytes, Fat->Window + (UINTN)(Offset - Fat->WindowOffset), Size);
  return RETURN_SUCCESS;
}

/**
  TRUE if a number of bytes is one that sectors or clusters can have.

  @param[in] Size   The number.
  @param[in] Most   The largest of them.
**/
STATIC
BOOLEAN
IsSize (
  IN UINT32  Size,
  IN UINT32  Most
  )
{
  return (Size >= SECTOR) && (Size <= Most) && ((Size & (Size - 1)) == 0);
}

/**
  Divide a volume as its first sector says.

  @param[in,out] Fat   Size is known; the rest is filled in.
  @param[in]     Boot  Its first sector.

  @retval TRUE   It fits together.
  @retval FALSE  It does not.
**/
STATIC
BOOLEAN
Divide (
  IN OUT MRM_FAT            *Fat,
  IN     CONST BOOT_SECTOR  *Boot
  )
{
  UINT64  Sectors;
  UINT64  TableSize;
  UINT64  Clusters;

  Sectors   = (Boot->Sectors16 != 0) ? Boot->Sectors16 : Boot->Sectors32;
  TableSize = (Boot->TableSectors16 != 0) ? Boot->TableSectors16 : Boot->TableSectors32;
  if (  !IsSize (Boot->SectorSize, SIZE_4KB)
     || !IsSize ((UINT32)Boot->SectorSize * Boot->ClusterSectors, SIZE_512KB)
     || (Boot->ReservedSectors == 0)
     || (Boot->Tables == 0)
     || (TableSize == 0)
     || (Sectors * Boot->SectorSize > Fat->Size))
  {
    return FALSE;
  }

  TableSize       *= Boot->SectorSize;
  Fat->ClusterSize = (UINT32)Boot->SectorSize * Boot->ClusterSectors;
  Fat->TableOffset = (UINT64)Boot->ReservedSectors * Boot->SectorSize;
  Fat->RootOffset  = Fat->TableOffset + Boot->Tables * TableSize;
  Fat->RootSize    = (UINT32)Boot->RootEntries * 32;
  Fat->Grid        = Fat->RootOffset;
  Fat->DataOffset  = ALIGN_VALUE (Fat->RootOffset + Fat->RootSize, Boot->SectorSize);
  if (Fat->DataOffset + Fat->ClusterSize > Sectors * Boot->SectorSize) {
    return FALSE;
  }

  Clusters = (Sectors * Boot->SectorSize - Fat->DataOffset) / Fat->ClusterSize;
  // EDK2's driver tells the kinds apart in this way, too.
  Fat->Bits        = (Boot->TableSectors16 == 0) ? 32 : (Clusters < LEAST_16) ? 12 : 16;
  Fat->RootCluster = (Fat->Bits == 32) ? Boot->RootCluster : 0;
  // The table has an entry for each cluster; some have fewer, and clusters without one are not used.
  Fat->Clusters = (UINT32)MIN (Clusters, MIN (TableSize * 8 / Fat->Bits, 0x0FFFFFF0) - FIRST_CLUSTER);
  return (Fat->Bits == 32) ? MrmFatIsCluster (Fat, Fat->RootCluster) : (Fat->RootSize != 0);
}

RETURN_STATUS
EFIAPI
MrmFatBegin (
  IN OUT MRM_FAT  *Fat
  )
{
  RETURN_STATUS  Status;
  BOOT_SECTOR    Boot;

  Fat->Size        &= ~(UINT64)(SECTOR - 1);
  Fat->WindowOffset = MAX_UINT64;
  Status            = MrmFatRead (Fat, 0, sizeof (Boot), &Boot);
  if (RETURN_ERROR (Status)) {
    return Status;
  }

  if (!Divide (Fat, &Boot)) {
    return RETURN_VOLUME_CORRUPTED;
  }

  return ((Fat->Bits == 32) && ((Boot.Flags & MIRRORED_NOT) != 0)) ? RETURN_UNSUPPORTED : RETURN_SUCCESS;
}

BOOLEAN
MrmFatIsCluster (
  IN CONST MRM_FAT  *Fat,
  IN UINT32         Cluster
  )
{
  return (Cluster >= FIRST_CLUSTER) && (Cluster - FIRST_CLUSTER < Fat->Clusters);
}

UINT64
MrmFatPlace (
  IN CONST MRM_FAT  *Fat,
  IN UINT32         Cluster
  )
{
  return Fat->DataOffset + (UINT64)(Cluster - FIRST_CLUSTER) * Fat->ClusterSize;
}

RETURN_STATUS
MrmFatNext (
  IN OUT MRM_FAT  *Fat,
  IN     UINT32   Cluster,
  OUT    UINT32   *Next
  )
{
  RETURN_STATUS  Status;
  UINT32         Entry;
  UINT32         Ends;

  Entry  = 0;
  Status = MrmFatRead (Fat, Fat->TableOffset + (UINT64)Cluster * Fat->Bits / 8, (Fat->Bits == 32) ? 4 : 2, &Entry);
  if (RETURN_ERROR (Status)) {
    return Status;
  }

  if (Fat->Bits == 12) {
    Entry = ((Cluster % 2) != 0) ? (Entry >> 4) : (Entry & 0xFFF);
    Ends  = 0xFF8;
  } else if (Fat->Bits == 16) {
    Ends = 0xFFF8;
  } else {
    Entry &= 0x0FFFFFFF;
    Ends   = 0x0FFFFFF8;
  }

  *Next = (Entry >= Ends) ? CHAIN_END : Entry;
  return ((Entry >= Ends) || MrmFatIsCluster (Fat, Entry)) ? RETURN_SUCCESS : RETURN_VOLUME_CORRUPTED;
}
