/** @file
  Headers of a tar archive.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmArchiveLib.h>
#include <Library/BaseMemoryLib.h>

#define MODE          0x1A4   ///< the owner may write, everybody may read
#define REGULAR_FILE  '0'
#define MARK          "ustar"
#define VERSION       "00"

///
/// A header: numbers are octal digits with a zero byte behind them.
///
typedef struct {
  CHAR8    Name[MRM_ARCHIVE_NAME_LENGTH];
  CHAR8    Mode[8];
  CHAR8    Owner[8];
  CHAR8    Group[8];
  CHAR8    Size[12];
  CHAR8    Time[12];
  CHAR8    Checksum[8];      ///< sum of all bytes, these eight taken for blanks
  CHAR8    Kind;
  CHAR8    LinkName[100];
  CHAR8    Mark[6];
  CHAR8    Version[2];
  CHAR8    OwnerName[32];
  CHAR8    GroupName[32];
  CHAR8    DeviceMajor[8];
  CHAR8    DeviceMinor[8];
  CHAR8    Prefix[155];
  CHAR8    Filling[12];
} HEADER;

STATIC_ASSERT (sizeof (HEADER) == MRM_ARCHIVE_BLOCK, "a header is one block");

/**
  Write a number.

  @param[out] Field   Receives its octal digits; the last byte stays as it is.
  @param[in]  Size    Bytes of the field.
  @param[in]  Number  The number.
**/
STATIC
VOID
Octal (
  OUT CHAR8   *Field,
  IN  UINTN   Size,
  IN  UINT64  Number
  )
{
  UINTN  Index;

  for (Index = Size - 1; Index > 0; Index--) {
    Field[Index - 1] = (CHAR8)('0' + (Number & 7));
    Number         >>= 3;
  }
}

RETURN_STATUS
EFIAPI
MrmArchiveHeader (
  IN  CONST CHAR8  *Name,
  IN  UINT64       Size,
  OUT UINT8        *Header
  )
{
  HEADER  *Fields;
  UINTN   Length;
  UINTN   Index;
  UINT32  Sum;

  for (Length = 0; (Length <= MRM_ARCHIVE_NAME_LENGTH) && (Name[Length] != '\0'); Length++) {
  }

  if ((Length == 0) || (Length > MRM_ARCHIVE_NAME_LENGTH) || (Size > MRM_ARCHIVE_LARGEST_FILE)) {
    return RETURN_INVALID_PARAMETER;
  }

  Fields = (HEADER *)Header;
  ZeroMem (Fields, sizeof (*Fields));
  CopyMem (Fields->Name, Name, Length);
  Octal (Fields->Mode, sizeof (Fields->Mode), MODE);
  Octal (Fields->Owner, sizeof (Fields->Owner), 0);
  Octal (Fields->Group, sizeof (Fields->Group), 0);
  Octal (Fields->Size, sizeof (Fields->Size), Size);
  Octal (Fields->Time, sizeof (Fields->Time), 0);
  Fields->Kind = REGULAR_FILE;
  CopyMem (Fields->Mark, MARK, sizeof (Fields->Mark));
  CopyMem (Fields->Version, VERSION, sizeof (Fields->Version));

  SetMem (Fields->Checksum, sizeof (Fields->Checksum), ' ');
  Sum = 0;
  for (Index = 0; Index < sizeof (*Fields); Index++) {
    Sum += Header[Index];
  }

  // Six digits, a zero byte, a blank.
  Octal (Fields->Checksum, sizeof (Fields->Checksum) - 1, Sum);
  Fields->Checksum[sizeof (Fields->Checksum) - 2] = '\0';
  return RETURN_SUCCESS;
}

UINTN
EFIAPI
MrmArchivePadding (
  IN UINT64  Size
  )
{
  return (UINTN)((MRM_ARCHIVE_BLOCK - Size % MRM_ARCHIVE_BLOCK) % MRM_ARCHIVE_BLOCK);
}
