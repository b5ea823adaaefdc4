/** @file
  How an SMBIOS structure is laid out: a formatted area, then its strings, each
  terminated by a zero, then another zero; without strings two zeros
  (DSP0134 section 6.1.3).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmSmbiosInternal.h"

SMBIOS_TABLE_STRING
MrmSmbiosString (
  IN OUT MRM_SMBIOS_STRINGS  *Strings,
  IN     CONST CHAR8         *String OPTIONAL
  )
{
  if ((String == NULL) || (String[0] == '\0') || (Strings->Count == MRM_SMBIOS_MAX_STRINGS)) {
    return 0;
  }

  Strings->Strings[Strings->Count] = String;
  Strings->Count++;
  return (SMBIOS_TABLE_STRING)Strings->Count;
}

/**
  Append one byte.

  @param[in,out] Writer  The table.
  @param[in]     Byte    The byte.
**/
STATIC
VOID
SmbiosByte (
  IN OUT MRM_SMBIOS_WRITER  *Writer,
  IN     UINT8              Byte
  )
{
  if (Writer->Buffer != NULL) {
    Writer->Buffer[Writer->Used] = Byte;
  }

  Writer->Used++;
}

SMBIOS_HANDLE
MrmSmbiosAppend (
  IN OUT MRM_SMBIOS_WRITER         *Writer,
  IN     SMBIOS_TYPE               Type,
  IN OUT VOID                      *Structure,
  IN     UINTN                     Size,
  IN     CONST MRM_SMBIOS_STRINGS  *Strings OPTIONAL
  )
{
  SMBIOS_STRUCTURE  *Header;
  UINTN             Index;
  UINTN             Position;
  CHAR8             Character;

  Header         = Structure;
  Header->Type   = Type;
  Header->Length = (UINT8)Size;
  Header->Handle = Writer->NextHandle;
  Writer->NextHandle++;

  for (Index = 0; Index < Size; Index++) {
    SmbiosByte (Writer, ((UINT8 *)Structure)[Index]);
  }

  if ((Strings == NULL) || (Strings->Count == 0)) {
    SmbiosByte (Writer, 0);
  } else {
    for (Index = 0; Index < Strings->Count; Index++) {
      for (Position = 0; Position < MRM_SMBIOS_STRING_LENGTH; Position++) {
        Character = Strings->Strings[Index][Position];
        if (Character == '\0') {
          break;
        }

        SmbiosByte (Writer, ((Character >= 0x20) && (Character <= 0x7E)) ? (UINT8)Character : (UINT8)'?');
      }

      SmbiosByte (Writer, 0);
    }
  }

  SmbiosByte (Writer, 0);
  return Header->Handle;
}
