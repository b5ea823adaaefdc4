/** @file
  SRAT and SLIT: what the machine's tables say about the partition.
  ACPI 6.3 sections 5.2.16 and 5.2.17.

  The bytes come from the PC's firmware and are not trusted: nothing is read
  before it is known to lie inside the table, and a table with a fault is as good
  as none.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmAcpiInternal.h"
#include <Library/MrmMachineLib.h>

///
/// Distance of a proximity domain from itself.
///
#define MRM_ACPI_LOCAL_DISTANCE  10

///
/// The table being written; Bytes is NULL when it is only measured.
///
typedef struct {
  UINT8    *Bytes;
  UINTN    Length;
  UINTN    Processors;           ///< processor structures so far
  UINTN    Memories;             ///< memory structures so far
} MRM_ACPI_SRAT_WRITER;

/**
  Append one structure.

  @param[in,out] Writer     The table being written.
  @param[in]     Structure  The structure.
  @param[in]     Size       Its bytes.
**/
STATIC
VOID
SratAppend (
  IN OUT MRM_ACPI_SRAT_WRITER  *Writer,
  IN     CONST VOID            *Structure,
  IN     UINTN                 Size
  )
{
  if (Writer->Bytes != NULL) {
    CopyMem (Writer->Bytes + Writer->Length, Structure, Size);
  }

  Writer->Length += Size;
}

/**
  Check whether an earlier memory structure covers part of a range.

  @param[in] Srat   The machine's SRAT.
  @param[in] Entry  What the structure says to which the range belongs.

  @retval TRUE   One does: the table says of one place that it is in two.
  @retval FALSE  None does.
**/
STATIC
BOOLEAN
SratIsTaken (
  IN CONST VOID            *Srat,
  IN CONST MRM_SRAT_ENTRY  *Entry
  )
{
  MRM_SRAT_ENTRY  Other;
  UINTN           Offset;

  Offset = 0;
  while (MrmSratNext (Srat, &Offset, &Other) && (Other.Structure != Entry->Structure)) {
    if (  (Other.Size != 0)
       && (Entry->Base <= Other.Base + (Other.Size - 1))
       && (Other.Base <= Entry->Base + (Entry->Size - 1)))
    {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Keep what a memory structure and the partition's memory have in common.

  @param[in]     Facts   The facts.
  @param[in,out] Writer  The table being written.
  @param[in]     Entry   What the structure says.

  @retval TRUE   Done.
  @retval FALSE  The structure's range exceeds the address space or overlaps an earlier one.
**/
STATIC
BOOLEAN
SratMemory (
  IN     CONST MRM_ACPI_FACTS  *Facts,
  IN OUT MRM_ACPI_SRAT_WRITER  *Writer,
  IN     CONST MRM_SRAT_ENTRY  *Entry
  )
{
  EFI_ACPI_6_3_MEMORY_AFFINITY_STRUCTURE  Part;
  UINT64                                  First;
  UINT64                                  Last;
  UINT64                                  PartLast;
  UINTN                                   Index;

  if ((Entry->Base > MAX_UINT64 - (Entry->Size - 1)) || SratIsTaken (Facts->Srat, Entry)) {
    return FALSE;
  }

  for (Index = 0; Index < Facts->MemoryCount; Index++) {
    if (Facts->Memory[Index].Size == 0) {
      continue;
    }

    First    = MAX (Entry->Base, Facts->Memory[Index].Base);
    Last     = Entry->Base + (Entry->Size - 1);
    PartLast = Facts->Memory[Index].Base + (Facts->Memory[Index].Size - 1);
    Last     = MIN (Last, PartLast);
    if (First > Last) {
      continue;
    }

    //
    // A partition's memory is never hot-plugged.
    //
    CopyMem (&Part, Entry->Structure, sizeof (Part));
    Part.AddressBaseLow  = (UINT32)First;
    Part.AddressBaseHigh = (UINT32)(First >> 32);
    Part.LengthLow       = (UINT32)(Last - First + 1);
    Part.LengthHigh      = (UINT32)((Last - First + 1) >> 32);
    Part.Flags          &= (UINT32) ~EFI_ACPI_6_3_MEMORY_HOT_PLUGGABLE;
    SratAppend (Writer, &Part, sizeof (Part));
    Writer->Memories++;
  }

  return TRUE;
}

//
// Kinds that this machine cannot have, or that name devices by numbers an OS of the partition does not see, are dropped.
//
UINTN
MrmAcpiSrat (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  )
{
  EFI_ACPI_6_3_SYSTEM_RESOURCE_AFFINITY_TABLE_HEADER  *Srat;
  MRM_ACPI_SRAT_WRITER                                Writer;
  MRM_SRAT_ENTRY                                      Entry;
  UINTN                                               Offset;

  if (!MrmSratIsSound (Facts->Srat, Facts->SratSize)) {
    return 0;
  }

  ZeroMem (&Writer, sizeof (Writer));
  Writer.Bytes  = Table;
  Writer.Length = sizeof (*Srat);
  Offset        = 0;
  while (MrmSratNext (Facts->Srat, &Offset, &Entry)) {
    if (Entry.Size != 0) {
      if (!SratMemory (Facts, &Writer, &Entry)) {
        return 0;
      }
    } else if (MrmAcpiOwnsProcessor (Facts, Entry.ApicId)) {
      SratAppend (&Writer, Entry.Structure, Entry.Length);
      Writer.Processors++;
    }
  }

  if ((Writer.Processors == 0) || (Writer.Memories == 0)) {
    return 0;
  }

  if (Table != NULL) {
    Srat = Table;
    MrmAcpiHeader (
      &Srat->Header,
      EFI_ACPI_6_3_SYSTEM_RESOURCE_AFFINITY_TABLE_SIGNATURE,
      EFI_ACPI_6_3_SYSTEM_RESOURCE_AFFINITY_TABLE_REVISION,
      Writer.Length
      );
    Srat->Reserved1       = 1;
    Srat->Reserved2       = 0;
    Srat->Header.Checksum = MrmAcpiChecksum (Srat, Writer.Length);
  }

  return Writer.Length;
}

/**
  Check the SLIT of the PC's firmware as a whole.

  @param[in] Table  The table, or NULL.
  @param[in] Size   Bytes readable at Table.

  @retval TRUE   Its Length lies between its header and Size, and its bytes add up to zero.
  @retval FALSE  It is not usable.
**/
STATIC
BOOLEAN
SlitIsWhole (
  IN CONST VOID  *Table,
  IN UINTN       Size
  )
{
  CONST EFI_ACPI_6_3_SYSTEM_LOCALITY_DISTANCE_INFORMATION_TABLE_HEADER  *Slit;

  Slit = Table;
  return (BOOLEAN)(  (Slit != NULL)
                  && (Size >= sizeof (*Slit))
                  && (Slit->Header.Signature == EFI_ACPI_6_3_SYSTEM_LOCALITY_INFORMATION_TABLE_SIGNATURE)
                  && (Slit->Header.Length >= sizeof (*Slit))
                  && (Slit->Header.Length <= Size)
                  && (MrmAcpiChecksum (Slit, Slit->Header.Length) == 0));
}

UINTN
MrmAcpiSlit (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  )
{
  CONST EFI_ACPI_6_3_SYSTEM_LOCALITY_DISTANCE_INFORMATION_TABLE_HEADER  *Source;
  EFI_ACPI_6_3_SYSTEM_LOCALITY_DISTANCE_INFORMATION_TABLE_HEADER        *Slit;
  CONST UINT8                                                           *Distances;
  UINT64                                                                Count;
  UINT64                                                                Row;
  UINT64                                                                Column;
  UINT8                                                                 Distance;

  if (!SlitIsWhole (Facts->Slit, Facts->SlitSize)) {
    return 0;
  }

  //
  // Length has 32 bits, so Count is known to be small before it is squared.
  //
  Source = Facts->Slit;
  Count  = Source->NumberOfSystemLocalities;
  if ((Count == 0) || (Count > MAX_UINT16) || (Count * Count != Source->Header.Length - sizeof (*Source))) {
    return 0;
  }

  Distances = (CONST UINT8 *)(Source + 1);
  for (Row = 0; Row < Count; Row++) {
    for (Column = 0; Column < Count; Column++) {
      Distance = Distances[Row * Count + Column];
      if (  ((Row == Column) && (Distance != MRM_ACPI_LOCAL_DISTANCE))
         || ((Row != Column) && (Distance < MRM_ACPI_LOCAL_DISTANCE)))
      {
        return 0;
      }
    }
  }

  if (Table != NULL) {
    CopyMem (Table, Source, Source->Header.Length);
    Slit = Table;
    MrmAcpiHeader (
      &Slit->Header,
      EFI_ACPI_6_3_SYSTEM_LOCALITY_INFORMATION_TABLE_SIGNATURE,
      EFI_ACPI_6_3_SYSTEM_LOCALITY_DISTANCE_INFORMATION_TABLE_REVISION,
      Source->Header.Length
      );
    Slit->Header.Checksum = MrmAcpiChecksum (Slit, Source->Header.Length);
  }

  return Source->Header.Length;
}
