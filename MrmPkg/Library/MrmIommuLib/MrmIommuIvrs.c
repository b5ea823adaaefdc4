/** @file
  IVRS: which IOMMUs there are, and at whose requests they look (AMD 5.2).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmIommuLib.h>
#include <Library/BaseMemoryLib.h>
#include <IndustryStandard/Acpi65.h>

#define FIRST_BLOCK  (sizeof (EFI_ACPI_DESCRIPTION_HEADER) + 12)

//
// Types of blocks, and where things are in those of an IOMMU.
//
#define BLOCK_UNIT        0x10
#define BLOCK_UNIT_WIDE   0x11
#define BLOCK_UNIT_NAMED  0x40
#define UNIT_FLAGS        1
#define UNIT_ADDRESS      8
#define UNIT_SEGMENT      16
#define UNIT_SIZE         24
#define UNIT_SIZE_WIDE    40

//
// Types of the entries that follow in such a block.
//
#define ENTRY_ALL          1
#define ENTRY_SELECT       2
#define ENTRY_START        3
#define ENTRY_END          4
#define ENTRY_ALIAS        66
#define ENTRY_ALIAS_START  67
#define ENTRY_LONG         70
#define ENTRY_LONG_START   71
#define ENTRY_NAMED        240
#define ENTRY_SHORTEST     4
#define NAMED_LENGTH       21           ///< where an ENTRY_NAMED has the bytes of its last field
#define NAMED_SIZE         22           ///< bytes before that

///
/// Bytes that are read from the beginning.
///
typedef struct {
  CONST UINT8    *Bytes;
  UINTN          Size;
} MRM_IOMMU_BYTES;

/**
  Read a number of two bytes.

  @param[in] At  Where it is.
**/
STATIC
UINT16
Read16 (
  IN CONST UINT8  *At
  )
{
  return (UINT16)(At[0] | (At[1] << 8));
}

/**
  Go on to the next block that describes an IOMMU.

  @param[in,out] Left    What is left of the table; receives what is left behind the block.
  @param[out]    Block   Receives the block.
  @param[out]    Unit    Receives the IOMMU.
  @param[out]    Header  Receives the bytes before the block's entries.

  @retval FALSE  There is none.
**/
STATIC
BOOLEAN
NextUnit (
  IN OUT MRM_IOMMU_BYTES  *Left,
  OUT    MRM_IOMMU_BYTES  *Block,
  OUT    MRM_IOMMU_UNIT   *Unit,
  OUT    UINTN            *Header
  )
{
  UINTN  Length;
  UINT8  Kind;

  while (Left->Size >= sizeof (UINT32)) {
    Kind   = Left->Bytes[0];
    Length = Read16 (Left->Bytes + 2);
    if ((Length < sizeof (UINT32)) || (Length > Left->Size)) {
      break;
    }

    Block->Bytes = Left->Bytes;
    Block->Size  = Length;
    Left->Bytes += Length;
    Left->Size  -= Length;
    if ((Kind != BLOCK_UNIT) && (Kind != BLOCK_UNIT_WIDE) && (Kind != BLOCK_UNIT_NAMED)) {
      continue;
    }

    *Header = (Kind == BLOCK_UNIT) ? UNIT_SIZE : UNIT_SIZE_WIDE;
    if (Length < *Header) {
      continue;
    }

    CopyMem (&Unit->Address, Block->Bytes + UNIT_ADDRESS, sizeof (Unit->Address));
    Unit->Segment = Read16 (Block->Bytes + UNIT_SEGMENT);
    Unit->Flags   = Block->Bytes[UNIT_FLAGS];
    if ((Unit->Address != 0) && ((Unit->Address & (MRM_IOMMU_PAGE - 1)) == 0)) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  The blocks of a table.

  @param[in]  Ivrs    The table, or NULL.
  @param[in]  Size    Bytes of it that can be read.
  @param[out] Blocks  Receives them.
**/
STATIC
VOID
FindBlocks (
  IN  CONST VOID       *Ivrs OPTIONAL,
  IN  UINTN            Size,
  OUT MRM_IOMMU_BYTES  *Blocks
  )
{
  Blocks->Size  = 0;
  Blocks->Bytes = Ivrs;
  if ((Ivrs != NULL) && (Size > FIRST_BLOCK)) {
    Blocks->Bytes += FIRST_BLOCK;
    Blocks->Size   = Size - FIRST_BLOCK;
  }
}

/**
  Whether a block before one describes the same IOMMU.

  @param[in] Blocks   All blocks.
  @param[in] End      Where the one begins.
  @param[in] Address  Of the IOMMU.
**/
STATIC
BOOLEAN
WasThere (
  IN CONST MRM_IOMMU_BYTES  *Blocks,
  IN CONST UINT8            *End,
  IN UINT64                 Address
  )
{
  MRM_IOMMU_BYTES  Left;
  MRM_IOMMU_BYTES  Block;
  MRM_IOMMU_UNIT   Unit;
  UINTN            Header;

  Left = *Blocks;
  while (NextUnit (&Left, &Block, &Unit, &Header) && (Block.Bytes < End)) {
    if (Unit.Address == Address) {
      return TRUE;
    }
  }

  return FALSE;
}

BOOLEAN
EFIAPI
MrmIommuFind (
  IN  CONST VOID      *Ivrs OPTIONAL,
  IN  UINTN           Size,
  IN  UINTN           Number,
  OUT MRM_IOMMU_UNIT  *Unit
  )
{
  MRM_IOMMU_BYTES  Blocks;
  MRM_IOMMU_BYTES  Left;
  MRM_IOMMU_BYTES  Block;
  UINTN            Header;
  UINTN            Found;

  ZeroMem (Unit, sizeof (*Unit));
  FindBlocks (Ivrs, Size, &Blocks);
  Left  = Blocks;
  Found = 0;
  while (NextUnit (&Left, &Block, Unit, &Header)) {
    if (WasThere (&Blocks, Block.Bytes, Unit->Address)) {
      continue;
    }

    if (Found == Number) {
      return TRUE;
    }

    Found++;
  }

  ZeroMem (Unit, sizeof (*Unit));
  return FALSE;
}

/**
  Bytes of an entry.

  @param[in] Left  The entry, and what follows; not empty.

  @return  It; 0 if it does not fit.
**/
STATIC
UINTN
EntrySize (
  IN CONST MRM_IOMMU_BYTES  *Left
  )
{
  UINTN  Size;
  UINT8  Kind;

  Kind = Left->Bytes[0];
  if (Kind == ENTRY_NAMED) {
    Size = (Left->Size > NAMED_LENGTH) ? NAMED_SIZE + (UINTN)Left->Bytes[NAMED_LENGTH] : 0;
  } else {
    // The two upper bits of the type are the binary logarithm of the size in units of four bytes.
    Size = (UINTN)ENTRY_SHORTEST << (Kind >> 6);
  }

  return (Size <= Left->Size) ? Size : 0;
}

/**
  Look for a function in the entries of an IOMMU.

  @param[in]     Entries  The entries.
  @param[in]     Device   Its device ID.
  @param[in,out] Source   Receives another device ID, if its requests have one.

  @retval TRUE  The IOMMU looks at its requests.
**/
STATIC
BOOLEAN
LooksAt (
  IN     CONST MRM_IOMMU_BYTES  *Entries,
  IN     UINT16                 Device,
  IN OUT UINT16                 *Source
  )
{
  MRM_IOMMU_BYTES  Left;
  UINTN            Size;
  UINT16           Number;
  UINT16           First;
  UINT16           Alias;
  BOOLEAN          HasAlias;
  BOOLEAN          InRange;
  BOOLEAN          Found;

  Found    = FALSE;
  InRange  = FALSE;
  HasAlias = FALSE;
  First    = 0;
  Alias    = 0;
  for (Left = *Entries; Left.Size > 0; Left.Bytes += Size, Left.Size -= Size) {
    Size = EntrySize (&Left);
    if (Size < ENTRY_SHORTEST) {
      break;
    }

    Number = Read16 (Left.Bytes + 1);
    switch (Left.Bytes[0]) {
      case ENTRY_ALL:
        Found = TRUE;
        break;
      case ENTRY_SELECT:
      case ENTRY_LONG:
        Found = (BOOLEAN)(Found || (Number == Device));
        break;
      case ENTRY_ALIAS:
        if (Number == Device) {
          Found   = TRUE;
          *Source = Read16 (Left.Bytes + 5);
        }

        break;
      case ENTRY_START:
      case ENTRY_LONG_START:
      case ENTRY_ALIAS_START:
        InRange  = TRUE;
        First    = Number;
        HasAlias = (BOOLEAN)(Left.Bytes[0] == ENTRY_ALIAS_START);
        Alias    = HasAlias ? Read16 (Left.Bytes + 5) : 0;
        break;
      case ENTRY_END:
        if (InRange && (Device >= First) && (Device <= Number)) {
          Found = TRUE;
          if (HasAlias) {
            *Source = Alias;
          }
        }

        InRange = FALSE;
        break;
      default:
        break;
    }
  }

  return Found;
}

BOOLEAN
EFIAPI
MrmIommuSource (
  IN  CONST VOID  *Ivrs OPTIONAL,
  IN  UINTN       Size,
  IN  UINT16      Segment,
  IN  UINT16      Device,
  OUT UINT16      *Source
  )
{
  MRM_IOMMU_BYTES  Left;
  MRM_IOMMU_BYTES  Block;
  MRM_IOMMU_UNIT   Unit;
  UINTN            Header;
  BOOLEAN          Found;

  *Source = Device;
  Found   = FALSE;
  FindBlocks (Ivrs, Size, &Left);
  while (NextUnit (&Left, &Block, &Unit, &Header)) {
    Block.Bytes += Header;
    Block.Size  -= Header;
    if ((Unit.Segment == Segment) && LooksAt (&Block, Device, Source)) {
      Found = TRUE;
    }
  }

  return Found;
}
