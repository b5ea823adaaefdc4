/** @file
  SRAT and SLIT: what the machine's tables say about the partition.
  ACPI 6.3 sections 5.2.16 and 5.2.17.

  The bytes come from the PC's firmware and are not trusted: nothing is read
  before it is known to lie inside the table, and a table with a fault is as good
  as none.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmAcpiInternal.h"

///
/// Distance of a proximity domain from itself.
///
#define MRM_ACPI_LOCAL_DISTANCE  10

///
/// What every SRAT structure begins with.
///
typedef struct {
  UINT8    Type;
  UINT8    Length;
} MRM_ACPI_AFFINITY_HEADER;

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
  Check a table of the PC's firmware as a whole.

  @param[in] Table      The table, or NULL.
  @param[in] Size       Bytes readable at Table.
  @param[in] Signature  Signature it must have.
  @param[in] Minimum    Least bytes it must have, at least the size of its header.

  @retval TRUE   Its Length lies between Minimum and Size and its bytes add up to zero.
  @retval FALSE  It is not usable.
**/
STATIC
BOOLEAN
AcpiTableIsSound (
  IN CONST VOID  *Table,
  IN UINTN       Size,
  IN UINT32      Signature,
  IN UINTN       Minimum
  )
{
  CONST EFI_ACPI_DESCRIPTION_HEADER  *Header;

  if ((Table == NULL) || (Size < Minimum)) {
    return FALSE;
  }

  Header = Table;
  return (BOOLEAN)(  (Header->Signature == Signature)
                  && (Header->Length >= Minimum)
                  && (Header->Length <= Size)
                  && (MrmAcpiChecksum (Table, Header->Length) == 0));
}

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
  Keep a processor if it is the partition's.

  @param[in]     Facts      The facts.
  @param[in,out] Writer     The table being written.
  @param[in]     Structure  Its structure.
  @param[in]     Size       Bytes of the structure.
  @param[in]     ApicId     Its APIC ID.
  @param[in]     Flags      Flags of the structure; bit 0 says that it is in use.
**/
STATIC
VOID
SratProcessor (
  IN     CONST MRM_ACPI_FACTS  *Facts,
  IN OUT MRM_ACPI_SRAT_WRITER  *Writer,
  IN     CONST VOID            *Structure,
  IN     UINTN                 Size,
  IN     UINT32                ApicId,
  IN     UINT32                Flags
  )
{
  if (((Flags & BIT0) != 0) && MrmAcpiOwnsProcessor (Facts, ApicId)) {
    SratAppend (Writer, Structure, Size);
    Writer->Processors++;
  }
}

/**
  Address range of a memory structure.

  @param[in]  Memory  The structure.
  @param[out] First   Receives the first byte.
  @param[out] Size    Receives the number of bytes, zero when the structure is not in use.
**/
STATIC
VOID
SratMemoryRange (
  IN  CONST EFI_ACPI_6_3_MEMORY_AFFINITY_STRUCTURE  *Memory,
  OUT UINT64                                        *First,
  OUT UINT64                                        *Size
  )
{
  *First = ((UINT64)Memory->AddressBaseHigh << 32) | Memory->AddressBaseLow;
  *Size  = ((UINT64)Memory->LengthHigh << 32) | Memory->LengthLow;
  if ((Memory->Flags & EFI_ACPI_6_3_MEMORY_ENABLED) == 0) {
    *Size = 0;
  }
}

/**
  Check whether an earlier memory structure covers part of a range.

  @param[in] Srat   The machine's SRAT.
  @param[in] End    The structure to which the range belongs; those before it are known to be well-formed.
  @param[in] First  First byte of the range.
  @param[in] Last   Last byte.

  @retval TRUE   One does: the table says of one place that it is in two.
  @retval FALSE  None does.
**/
STATIC
BOOLEAN
SratIsTaken (
  IN CONST VOID                      *Srat,
  IN CONST MRM_ACPI_AFFINITY_HEADER  *End,
  IN UINT64                          First,
  IN UINT64                          Last
  )
{
  CONST UINT8                     *Place;
  CONST MRM_ACPI_AFFINITY_HEADER  *Structure;
  UINT64                          OtherFirst;
  UINT64                          OtherSize;

  Place = (CONST UINT8 *)Srat + sizeof (EFI_ACPI_6_3_SYSTEM_RESOURCE_AFFINITY_TABLE_HEADER);
  for ( ; Place < (CONST UINT8 *)End; Place += Structure->Length) {
    Structure = (CONST VOID *)Place;
    if (Structure->Type != EFI_ACPI_6_3_MEMORY_AFFINITY) {
      continue;
    }

    SratMemoryRange ((CONST VOID *)Structure, &OtherFirst, &OtherSize);
    if ((OtherSize != 0) && (First <= OtherFirst + (OtherSize - 1)) && (OtherFirst <= Last)) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Keep what a memory structure and the partition's memory have in common.

  @param[in]     Facts      The facts.
  @param[in,out] Writer     The table being written.
  @param[in]     Structure  The structure, of the right length.

  @retval TRUE   Done.
  @retval FALSE  The structure's range exceeds the address space or overlaps an earlier one.
**/
STATIC
BOOLEAN
SratMemory (
  IN     CONST MRM_ACPI_FACTS            *Facts,
  IN OUT MRM_ACPI_SRAT_WRITER            *Writer,
  IN     CONST MRM_ACPI_AFFINITY_HEADER  *Structure
  )
{
  EFI_ACPI_6_3_MEMORY_AFFINITY_STRUCTURE  Part;
  UINT64                                  Base;
  UINT64                                  Size;
  UINT64                                  First;
  UINT64                                  Last;
  UINT64                                  PartLast;
  UINTN                                   Index;

  SratMemoryRange ((CONST VOID *)Structure, &Base, &Size);
  if (Size == 0) {
    return TRUE;
  }

  if ((Base > MAX_UINT64 - (Size - 1)) || SratIsTaken (Facts->Srat, Structure, Base, Base + (Size - 1))) {
    return FALSE;
  }

  for (Index = 0; Index < Facts->MemoryCount; Index++) {
    if (Facts->Memory[Index].Size == 0) {
      continue;
    }

    First    = MAX (Base, Facts->Memory[Index].Base);
    Last     = Base + (Size - 1);
    PartLast = Facts->Memory[Index].Base + (Facts->Memory[Index].Size - 1);
    Last     = MIN (Last, PartLast);
    if (First > Last) {
      continue;
    }

    //
    // Memory of a partition comes and goes with it, never alone.
    //
    CopyMem (&Part, Structure, sizeof (Part));
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

/**
  Keep what one structure says about the partition.  Kinds that this machine cannot
  have or that name devices by numbers an OS of the partition does not see are
  dropped.

  @param[in]     Facts      The facts.
  @param[in,out] Writer     The table being written.
  @param[in]     Structure  The structure; its Length bytes are readable.

  @retval TRUE   Done.
  @retval FALSE  The structure is malformed.
**/
STATIC
BOOLEAN
SratStructure (
  IN     CONST MRM_ACPI_FACTS            *Facts,
  IN OUT MRM_ACPI_SRAT_WRITER            *Writer,
  IN     CONST MRM_ACPI_AFFINITY_HEADER  *Structure
  )
{
  CONST EFI_ACPI_6_3_PROCESSOR_LOCAL_APIC_SAPIC_AFFINITY_STRUCTURE  *Xapic;
  CONST EFI_ACPI_6_3_PROCESSOR_LOCAL_X2APIC_AFFINITY_STRUCTURE      *X2apic;

  switch (Structure->Type) {
    case EFI_ACPI_6_3_PROCESSOR_LOCAL_APIC_SAPIC_AFFINITY:
      Xapic = (CONST VOID *)Structure;
      if (Structure->Length != sizeof (*Xapic)) {
        return FALSE;
      }

      SratProcessor (Facts, Writer, Xapic, sizeof (*Xapic), Xapic->ApicId, Xapic->Flags);
      return TRUE;

    case EFI_ACPI_6_3_PROCESSOR_LOCAL_X2APIC_AFFINITY:
      X2apic = (CONST VOID *)Structure;
      if (Structure->Length != sizeof (*X2apic)) {
        return FALSE;
      }

      SratProcessor (Facts, Writer, X2apic, sizeof (*X2apic), X2apic->X2ApicId, X2apic->Flags);
      return TRUE;

    case EFI_ACPI_6_3_MEMORY_AFFINITY:
      if (Structure->Length != sizeof (EFI_ACPI_6_3_MEMORY_AFFINITY_STRUCTURE)) {
        return FALSE;
      }

      return SratMemory (Facts, Writer, Structure);

    default:
      return TRUE;
  }
}

UINTN
MrmAcpiSrat (
  IN  CONST MRM_ACPI_FACTS  *Facts,
  OUT VOID                  *Table OPTIONAL
  )
{
  CONST EFI_ACPI_DESCRIPTION_HEADER                     *Source;
  CONST MRM_ACPI_AFFINITY_HEADER                        *Structure;
  EFI_ACPI_6_3_SYSTEM_RESOURCE_AFFINITY_TABLE_HEADER    *Srat;
  MRM_ACPI_SRAT_WRITER                                  Writer;
  UINTN                                                 Offset;
  UINTN                                                 Left;

  if (!AcpiTableIsSound (
         Facts->Srat,
         Facts->SratSize,
         EFI_ACPI_6_3_SYSTEM_RESOURCE_AFFINITY_TABLE_SIGNATURE,
         sizeof (*Srat)
         ))
  {
    return 0;
  }

  Source = Facts->Srat;
  ZeroMem (&Writer, sizeof (Writer));
  Writer.Bytes  = Table;
  Writer.Length = sizeof (*Srat);
  for (Offset = sizeof (*Srat); Offset < Source->Length; Offset += Structure->Length) {
    Left      = Source->Length - Offset;
    Structure = (CONST VOID *)((CONST UINT8 *)Source + Offset);
    if (  (Left < sizeof (*Structure))
       || (Structure->Length < sizeof (*Structure))
       || (Structure->Length > Left)
       || !SratStructure (Facts, &Writer, Structure))
    {
      return 0;
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

  if (!AcpiTableIsSound (
         Facts->Slit,
         Facts->SlitSize,
         EFI_ACPI_6_3_SYSTEM_LOCALITY_INFORMATION_TABLE_SIGNATURE,
         sizeof (*Source)
         ))
  {
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
