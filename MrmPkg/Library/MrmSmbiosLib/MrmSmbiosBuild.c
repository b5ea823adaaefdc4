/** @file
  Checks, the structure table as a whole, and its entry point.
  DSP0134 section 5.2.2.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmSmbiosInternal.h"

#define MRM_SMBIOS_MAJOR       3
#define MRM_SMBIOS_MINOR       3
#define MRM_SMBIOS_ALIGNMENT   16
#define MRM_SMBIOS_FIRST_YEAR  2023

///
/// More ranges than any partition has; keeps handles below the reserved ones.
///
#define MRM_SMBIOS_MAX_RANGES  4096

///
/// RAM ends below this: what x64 page tables can reach.
///
#define MRM_SMBIOS_MEMORY_END  (1ULL << 52)

/**
  Number that some decimal digits make.

  @param[in]  Digits  The digits.
  @param[in]  Count   How many there are.
  @param[out] Number  Receives the number.

  @retval TRUE   All are digits.
  @retval FALSE  One is not.
**/
STATIC
BOOLEAN
SmbiosNumber (
  IN  CONST CHAR8  *Digits,
  IN  UINTN        Count,
  OUT UINTN        *Number
  )
{
  UINTN  Index;

  *Number = 0;
  for (Index = 0; Index < Count; Index++) {
    if ((Digits[Index] < '0') || (Digits[Index] > '9')) {
      return FALSE;
    }

    *Number = *Number * 10 + (UINTN)(Digits[Index] - '0');
  }

  return TRUE;
}

/**
  Check a release date.

  @param[in] Date  The date.

  @retval TRUE   It is "mm/dd/yyyy" with a year an OS takes for a modern PC.
  @retval FALSE  It is not.
**/
STATIC
BOOLEAN
SmbiosDateIsValid (
  IN CONST CHAR8  *Date
  )
{
  UINTN  Month;
  UINTN  Day;
  UINTN  Year;

  //
  // Each test stops at the terminating zero, which is neither digit nor slash.
  //
  return (BOOLEAN)(  (Date != NULL)
                  && SmbiosNumber (Date, 2, &Month)
                  && (Date[2] == '/')
                  && SmbiosNumber (Date + 3, 2, &Day)
                  && (Date[5] == '/')
                  && SmbiosNumber (Date + 6, 4, &Year)
                  && (Date[10] == '\0')
                  && (Month >= 1)
                  && (Month <= 12)
                  && (Day >= 1)
                  && (Day <= 31)
                  && (Year >= MRM_SMBIOS_FIRST_YEAR));
}

/**
  Check that the facts make sense.

  @param[in] Facts  The facts.

  @retval TRUE   They do.
  @retval FALSE  They do not: see MrmSmbiosBuild().
**/
STATIC
BOOLEAN
SmbiosFactsAgree (
  IN CONST MRM_SMBIOS_FACTS  *Facts
  )
{
  UINTN            Index;
  UINTN            Other;
  CONST MRM_RANGE  *Range;

  if (  (Facts->PartitionName == NULL)
     || (Facts->PartitionName[0] == '\0')
     || (Facts->ProcessorCount == 0)
     || (Facts->ProcessorCount > MRM_MAX_PROCESSORS)
     || (Facts->MemoryCount == 0)
     || (Facts->MemoryCount > MRM_SMBIOS_MAX_RANGES)
     || !SmbiosDateIsValid (Facts->ReleaseDate))
  {
    return FALSE;
  }

  for (Index = 0; Index < Facts->MemoryCount; Index++) {
    Range = &Facts->Memory[Index];
    if (  (Range->Size == 0)
       || (((Range->Base | Range->Size) & (SIZE_4KB - 1)) != 0)
       || (Range->Base >= MRM_SMBIOS_MEMORY_END)
       || (Range->Size > MRM_SMBIOS_MEMORY_END - Range->Base))
    {
      return FALSE;
    }

    for (Other = 0; Other < Index; Other++) {
      if (  (Range->Base < Facts->Memory[Other].Base + Facts->Memory[Other].Size)
         && (Facts->Memory[Other].Base < Range->Base + Range->Size))
      {
        return FALSE;
      }
    }
  }

  return TRUE;
}

/**
  Write or measure the structure table.

  @param[in]  Facts   The facts, checked when Buffer is not NULL.
  @param[out] Buffer  Receives the table, or NULL.

  @return Bytes of the table.
**/
STATIC
UINTN
SmbiosTable (
  IN  CONST MRM_SMBIOS_FACTS  *Facts,
  OUT UINT8                   *Buffer OPTIONAL
  )
{
  MRM_SMBIOS_WRITER  Writer;

  Writer.Buffer     = Buffer;
  Writer.Used       = 0;
  Writer.NextHandle = 0;
  MrmSmbiosSystem (&Writer, Facts);
  MrmSmbiosProcessors (&Writer, Facts);
  MrmSmbiosMemory (&Writer, Facts);
  MrmSmbiosEnd (&Writer);
  return Writer.Used;
}

UINTN
EFIAPI
MrmSmbiosSize (
  IN CONST MRM_SMBIOS_FACTS  *Facts
  )
{
  if (!SmbiosFactsAgree (Facts)) {
    return 0;
  }

  return ALIGN_VALUE (sizeof (SMBIOS_TABLE_3_0_ENTRY_POINT), MRM_SMBIOS_ALIGNMENT) + SmbiosTable (Facts, NULL);
}

RETURN_STATUS
EFIAPI
MrmSmbiosBuild (
  IN  CONST MRM_SMBIOS_FACTS  *Facts,
  IN  UINT64                  Address,
  OUT VOID                    *Buffer,
  IN  UINTN                   Size
  )
{
  SMBIOS_TABLE_3_0_ENTRY_POINT  *Entry;
  UINTN                         TableOffset;
  UINTN                         Index;
  UINT8                         Sum;

  if (  !SmbiosFactsAgree (Facts)
     || ((Address & (MRM_SMBIOS_ALIGNMENT - 1)) != 0)
     || (Address > MAX_UINT64 - Size))
  {
    return RETURN_INVALID_PARAMETER;
  }

  if (Size < MrmSmbiosSize (Facts)) {
    return RETURN_BUFFER_TOO_SMALL;
  }

  Entry       = Buffer;
  TableOffset = ALIGN_VALUE (sizeof (*Entry), MRM_SMBIOS_ALIGNMENT);
  ZeroMem (Buffer, TableOffset);
  CopyMem (Entry->AnchorString, SMBIOS_3_0_ANCHOR_STRING, SMBIOS_3_0_ANCHOR_STRING_LENGTH);
  Entry->EntryPointLength   = sizeof (*Entry);
  Entry->MajorVersion       = MRM_SMBIOS_MAJOR;
  Entry->MinorVersion       = MRM_SMBIOS_MINOR;
  Entry->EntryPointRevision = 1;
  Entry->TableAddress       = Address + TableOffset;
  Entry->TableMaximumSize   = (UINT32)SmbiosTable (Facts, (UINT8 *)Buffer + TableOffset);

  Sum = 0;
  for (Index = 0; Index < sizeof (*Entry); Index++) {
    Sum = (UINT8)(Sum + ((UINT8 *)Buffer)[Index]);
  }

  Entry->EntryPointStructureChecksum = (UINT8)(0 - Sum);
  return RETURN_SUCCESS;
}
