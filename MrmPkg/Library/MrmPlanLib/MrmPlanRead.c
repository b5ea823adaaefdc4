/** @file
  Reads the records of a plan, as the description of the format says they lie.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPlanInternal.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>

#define REFERENCE_SIZE  8   ///< bytes: offset and count of what is referred to
#define ALIGNMENT       8   ///< of what is referred to, and of records in memory

///
/// One reading.
///
typedef struct {
  CONST UINT8    *Blob;
  UINTN          BlobSize;
  UINT8          *Room;
  UINTN          RoomSize;
  UINTN          Used;             ///< bytes of Room; goes on counting when there is no more
  MRM_TEXT       *Fault;
} READER;

/**
  Read a little-endian number.

  @param[in] Bytes  Where it lies.
  @param[in] Width  Its bytes, 1 to 8.

  @return  The number.
**/
STATIC
UINT64
ReadNumber (
  IN CONST UINT8  *Bytes,
  IN UINT32       Width
  )
{
  UINT64  Value;

  Value = 0;
  while (Width > 0) {
    Width--;
    Value = (Value << 8) | Bytes[Width];
  }

  return Value;
}

/**
  Say what is wrong with a field.

  @param[in,out] Reader  Its Fault receives it.
  @param[in]     Record  The record.
  @param[in]     Field   The field.
  @param[in]     At      Where the field lies in the blob, bytes.
  @param[in]     Found   The number that is wrong.
  @param[in]     What    What was expected of it.

  @return  FALSE.
**/
STATIC
BOOLEAN
Wrong (
  IN OUT READER                 *Reader,
  IN     CONST MRM_PLAN_RECORD  *Record,
  IN     CONST MRM_PLAN_FIELD   *Field,
  IN     UINTN                  At,
  IN     UINT64                 Found,
  IN     CONST CHAR8            *What
  )
{
  MrmTextAdd (Reader->Fault, Record->Name);
  MrmTextAdd (Reader->Fault, ".");
  MrmTextAdd (Reader->Fault, Field->Name);
  MrmTextAdd (Reader->Fault, " at byte ");
  MrmTextAddHex (Reader->Fault, At);
  MrmTextAdd (Reader->Fault, ": found ");
  MrmTextAddHex (Reader->Fault, Found);
  MrmTextAdd (Reader->Fault, ", expected ");
  MrmTextAdd (Reader->Fault, What);
  return FALSE;
}

/**
  Take room for records or a part of them.

  @param[in,out] Reader  The reading.
  @param[in]     Size    Bytes.

  @return  The room, zeroed; NULL when there is not that much. It is counted all the same.
**/
STATIC
UINT8 *
TakeRoom (
  IN OUT READER  *Reader,
  IN     UINTN   Size
  )
{
  UINTN  Start;

  Start        = Reader->Used;
  Reader->Used = Start + ALIGN_VALUE (Size, ALIGNMENT);
  if (Reader->Used > Reader->RoomSize) {
    return NULL;
  }

  ZeroMem (Reader->Room + Start, Size);
  return Reader->Room + Start;
}

/**
  Find what a reference names.

  @param[in,out] Reader    The reading.
  @param[in]     Record    The record of the field.
  @param[in]     Field     The field, a reference.
  @param[in]     At        Where the reference lies in the blob, bytes.
  @param[in]     Size      Bytes of an element.
  @param[in]     Extra     Elements behind the counted ones: 1 for the zero of a text.
  @param[out]    Count     Receives the number of elements.
  @param[out]    Target    Receives where they lie; NULL when there are none.

  @retval TRUE   All of it lies in the blob, at a multiple of ALIGNMENT.
  @retval FALSE  It does not; the fault says so.
**/
STATIC
BOOLEAN
Follow (
  IN OUT READER                 *Reader,
  IN     CONST MRM_PLAN_RECORD  *Record,
  IN     CONST MRM_PLAN_FIELD   *Field,
  IN     UINTN                  At,
  IN     UINT64                 Size,
  IN     UINT64                 Extra,
  OUT    UINT32                 *Count,
  OUT    CONST UINT8            **Target
  )
{
  UINT64  Offset;

  Offset  = ReadNumber (Reader->Blob + At, 4);
  *Count  = (UINT32)ReadNumber (Reader->Blob + At + 4, 4);
  *Target = NULL;
  if (*Count > Field->Maximum) {
    return Wrong (Reader, Record, Field, At, *Count, "fewer elements");
  }

  if ((Extra == 0) && (*Count < Field->Minimum)) {
    return Wrong (Reader, Record, Field, At, *Count, "more elements");
  }

  if ((Offset == 0) && (*Count == 0) && ((Extra == 0) || Field->Optional)) {
    return TRUE;
  }

  if ((Offset % ALIGNMENT) != 0) {
    return Wrong (Reader, Record, Field, At, Offset, "an offset that is a multiple of 8");
  }

  // Count and size are small: their product cannot wrap.
  if ((Offset < sizeof (MRM_PLAN_HEADER)) || (Offset > Reader->BlobSize) || ((*Count + Extra) * Size > Reader->BlobSize - Offset)) {
    return Wrong (Reader, Record, Field, At, Offset, "an offset of what lies in the blob");
  }

  *Target = Reader->Blob + Offset;
  return TRUE;
}

/**
  Judge and take a text.

  @param[in,out] Reader  The reading.
  @param[in]     Record  The record of the field.
  @param[in]     Field   The field.
  @param[in]     At      Where it lies in the blob, bytes.
  @param[out]    Member  Receives the address of the text; NULL when there is no room.

  @retval TRUE   It is printable ASCII with a zero behind it, or it is absent and may be.
  @retval FALSE  It is not; the fault says so.
**/
STATIC
BOOLEAN
ReadText (
  IN OUT READER                 *Reader,
  IN     CONST MRM_PLAN_RECORD  *Record,
  IN     CONST MRM_PLAN_FIELD   *Field,
  IN     UINTN                  At,
  OUT    UINT8                  *Member OPTIONAL
  )
{
  CONST UINT8  *Target;
  UINT32       Length;
  UINT32       Index;
  UINT64       Character;

  if (!Follow (Reader, Record, Field, At, Field->Width, 1, &Length, &Target)) {
    return FALSE;
  }

  if (Target != NULL) {
    for (Index = 0; Index < Length; Index++) {
      Character = ReadNumber (Target + (UINTN)Index * Field->Width, Field->Width);
      if ((Character < ' ') || (Character > '~')) {
        return Wrong (Reader, Record, Field, At, Character, "printable ASCII");
      }
    }

    Character = ReadNumber (Target + (UINTN)Length * Field->Width, Field->Width);
    if (Character != 0) {
      return Wrong (Reader, Record, Field, At, Character, "a zero behind the text");
    }
  }

  if (Member != NULL) {
    CopyMem (Member, &Target, sizeof (Target));
  }

  return TRUE;
}

STATIC
BOOLEAN
ReadRecord (
  IN OUT READER                 *Reader,
  IN     CONST MRM_PLAN_RECORD  *Record,
  IN     UINTN                  At,
  OUT    UINT8                  *Target OPTIONAL
  );

/**
  Judge and take a list of numbers or records.

  @param[in,out] Reader  The reading.
  @param[in]     Record  The record of the field.
  @param[in]     Field   The field.
  @param[in]     At      Where it lies in the blob, bytes.
  @param[out]    Target  The record in memory; NULL when there is no room.

  @retval TRUE   Taken.
  @retval FALSE  Something is wrong with it; the fault says what.
**/
STATIC
BOOLEAN
ReadList (
  IN OUT READER                 *Reader,
  IN     CONST MRM_PLAN_RECORD  *Record,
  IN     CONST MRM_PLAN_FIELD   *Field,
  IN     UINTN                  At,
  OUT    UINT8                  *Target OPTIONAL
  )
{
  CONST UINT8  *Elements;
  UINT8        *Taken;
  UINT32       Count;
  UINT32       Index;
  UINT64       Size;

  Size = (Field->Kind == MrmFieldRecords) ? Field->Record->BlobSize : Field->Width;
  if (!Follow (Reader, Record, Field, At, Size, 0, &Count, &Elements)) {
    return FALSE;
  }

  if (Target != NULL) {
    CopyMem (Target + Field->CountOffset, &Count, sizeof (Count));
  }

  if (Count == 0) {
    return TRUE;
  }

  if (Field->Kind == MrmFieldNumbers) {
    // Both sides are little-endian: the numbers stay where they are.
    if (Target != NULL) {
      CopyMem (Target + Field->Offset, &Elements, sizeof (Elements));
    }

    return TRUE;
  }

  Taken = TakeRoom (Reader, (UINTN)Count * Field->Record->Size);
  for (Index = 0; Index < Count; Index++) {
    if (!ReadRecord (
           Reader,
           Field->Record,
           (UINTN)(Elements - Reader->Blob) + (UINTN)Index * Field->Record->BlobSize,
           (Taken == NULL) ? NULL : Taken + (UINTN)Index * Field->Record->Size
           ))
    {
      return FALSE;
    }
  }

  if (Target != NULL) {
    CopyMem (Target + Field->Offset, &Taken, sizeof (Taken));
  }

  return TRUE;
}

/**
  Judge and take a number, a truth value or a number of an enumeration.

  @param[in,out] Reader  The reading.
  @param[in]     Record  The record of the field.
  @param[in]     Field   The field.
  @param[in]     At      Where it lies in the blob, bytes.
  @param[out]    Member  Receives the value; NULL when there is no room.

  @return  Bytes of the field in the blob; 0 when it is out of its bounds, and the fault says so.
**/
STATIC
UINT32
ReadScalar (
  IN OUT READER                 *Reader,
  IN     CONST MRM_PLAN_RECORD  *Record,
  IN     CONST MRM_PLAN_FIELD   *Field,
  IN     UINTN                  At,
  OUT    UINT8                  *Member OPTIONAL
  )
{
  UINT64  Value;
  UINT64  Maximum;
  UINT32  BlobWidth;
  UINT32  Width;

  BlobWidth = (Field->Kind == MrmFieldNumber) ? Field->Width : 1;
  Width     = (Field->Kind == MrmFieldTruth) ? sizeof (BOOLEAN) : Field->Width;
  Maximum   = (Field->Kind == MrmFieldTruth) ? 1 : Field->Maximum;
  Value     = ReadNumber (Reader->Blob + At, BlobWidth);
  if ((Value < Field->Minimum) || (Value > Maximum)) {
    Wrong (Reader, Record, Field, At, Value, (Value > Maximum) ? "less" : "more");
    return 0;
  }

  if (Member != NULL) {
    CopyMem (Member, &Value, Width);
  }

  return BlobWidth;
}

/**
  Judge and take a record.

  @param[in,out] Reader  The reading.
  @param[in]     Record  Its description.
  @param[in]     At      Where it lies in the blob, bytes; all of it lies there.
  @param[out]    Target  Receives it, was zeroed; NULL when there is no room.

  @retval TRUE   Taken.
  @retval FALSE  Something is wrong with it; the fault says what.
**/
STATIC
BOOLEAN
ReadRecord (
  IN OUT READER                 *Reader,
  IN     CONST MRM_PLAN_RECORD  *Record,
  IN     UINTN                  At,
  OUT    UINT8                  *Target OPTIONAL
  )
{
  CONST MRM_PLAN_FIELD  *Field;
  UINT32                Index;
  UINT32                Size;
  UINT8                 *Member;
  BOOLEAN               Good;

  for (Index = 0; Index < Record->FieldCount; Index++) {
    Field  = &Record->Fields[Index];
    Member = (Target == NULL) ? NULL : Target + Field->Offset;
    Size   = REFERENCE_SIZE;
    switch (Field->Kind) {
      case MrmFieldText:
        Good = ReadText (Reader, Record, Field, At, Member);
        break;
      case MrmFieldNumbers:
      case MrmFieldRecords:
        Good = ReadList (Reader, Record, Field, At, Target);
        break;
      case MrmFieldInline:
        Size = Field->Record->BlobSize;
        Good = ReadRecord (Reader, Field->Record, At, Member);
        break;
      default:
        Size = ReadScalar (Reader, Record, Field, At, Member);
        Good = (BOOLEAN)(Size != 0);
        break;
    }

    if (!Good) {
      return FALSE;
    }

    At += Size;
  }

  return TRUE;
}

/**
  Judge the header.

  @param[in]     Blob      The blob.
  @param[in]     BlobSize  Its size in bytes.
  @param[in,out] Fault     Receives why it is refused.

  @return  As MrmPlanRead().
**/
STATIC
RETURN_STATUS
JudgeHeader (
  IN     CONST UINT8  *Blob,
  IN     UINTN        BlobSize,
  IN OUT MRM_TEXT     *Fault
  )
{
  MRM_PLAN_HEADER  Header;

  if ((BlobSize < sizeof (Header) + gMrmPlanRecord.BlobSize) || (BlobSize > MRM_PLAN_LARGEST)) {
    MrmTextAdd (Fault, "it has a size no plan has: ");
    MrmTextAddNumber (Fault, BlobSize, 0, ' ');
    MrmTextAdd (Fault, " bytes");
    return RETURN_COMPROMISED_DATA;
  }

  CopyMem (&Header, Blob, sizeof (Header));
  if (Header.Magic != MRM_PLAN_MAGIC) {
    MrmTextAdd (Fault, "it does not begin as a plan does");
    return RETURN_COMPROMISED_DATA;
  }

  if ((Header.Version != MRM_PLAN_VERSION) || (Header.Format != MRM_PLAN_FORMAT)) {
    MrmTextAdd (Fault, "it is a plan of version ");
    MrmTextAddNumber (Fault, Header.Version, 0, ' ');
    MrmTextAdd (Fault, ", format ");
    MrmTextAddHex (Fault, Header.Format);
    MrmTextAdd (Fault, "; this controller reads version ");
    MrmTextAddNumber (Fault, MRM_PLAN_VERSION, 0, ' ');
    MrmTextAdd (Fault, ", format ");
    MrmTextAddHex (Fault, MRM_PLAN_FORMAT);
    return RETURN_INCOMPATIBLE_VERSION;
  }

  if (Header.Size != BlobSize) {
    MrmTextAdd (Fault, "it is cut or has something behind it: ");
    MrmTextAddNumber (Fault, BlobSize, 0, ' ');
    MrmTextAdd (Fault, " bytes, and says ");
    MrmTextAddNumber (Fault, Header.Size, 0, ' ');
    return RETURN_COMPROMISED_DATA;
  }

  if (CalculateCrc32 ((VOID *)(Blob + sizeof (Header)), BlobSize - sizeof (Header)) != Header.Crc32) {
    MrmTextAdd (Fault, "it is damaged: its checksum is another one");
    return RETURN_COMPROMISED_DATA;
  }

  return RETURN_SUCCESS;
}

RETURN_STATUS
EFIAPI
MrmPlanRead (
  IN     CONST UINT8     *Blob,
  IN     UINTN           BlobSize,
  OUT    VOID            *Room,
  IN     UINTN           RoomSize,
  OUT    UINTN           *Needed,
  OUT    CONST MRM_PLAN  **Plan,
  IN OUT MRM_TEXT        *Fault
  )
{
  RETURN_STATUS  Status;
  READER         Reader;
  UINT8          *Target;

  Status = JudgeHeader (Blob, BlobSize, Fault);
  if (RETURN_ERROR (Status)) {
    return Status;
  }

  Reader.Blob     = Blob;
  Reader.BlobSize = BlobSize;
  Reader.Room     = Room;
  Reader.RoomSize = RoomSize;
  Reader.Used     = 0;
  Reader.Fault    = Fault;
  Target          = TakeRoom (&Reader, gMrmPlanRecord.Size);
  if (!ReadRecord (&Reader, &gMrmPlanRecord, sizeof (MRM_PLAN_HEADER), Target)) {
    return RETURN_COMPROMISED_DATA;
  }

  *Needed = Reader.Used;
  if (Reader.Used > RoomSize) {
    return RETURN_BUFFER_TOO_SMALL;
  }

  *Plan = (CONST MRM_PLAN *)Target;
  return MrmPlanJudge (*Plan, Fault) ? RETURN_SUCCESS : RETURN_COMPROMISED_DATA;
}
