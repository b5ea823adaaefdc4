/** @file
  How the controller and a partition firmware talk: both ends of the rings of text and of the control area, and the
  controller's answers to calls.  Pure: no globals, no I/O; the partition's ends work also at run time of its OS.

  The controller trusts nothing that the partition can write, nor does the partition firmware trust what its OS may have
  overwritten.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_TALK_LIB_H_
#define MRM_TALK_LIB_H_

#include <MrmMailbox.h>

//
// MrmCall.c: questions of the partition that the controller answers
//

/**
  Answer a question of a partition, which may ask the next one at once.

  @param[in,out] Call      The call in its mailbox.
  @param[in]     Sequence  The question that is answered, as it was copied from the mailbox.
  @param[in]     Status    The answer.
**/
VOID
EFIAPI
MrmCallAnswer (
  IN OUT MRM_CALL       *Call,
  IN     UINT32         Sequence,
  IN     RETURN_STATUS  Status
  );

//
// MrmRing.c: text on its way to the controller
//

#define MRM_LINE_SIZE  384   ///< of a ring: all registers of an exception, a boot source with its reason

///
/// The reading end of an MRM_RING of lines.
///
typedef struct {
  UINT32     Read;              ///< bytes ever read, modulo 2^32
  UINT32     Length;            ///< characters in Line
  BOOLEAN    Skipping;          ///< bytes were lost: up to the next line feed it is no whole line
  CHAR8      Line[MRM_LINE_SIZE];
} MRM_RING_READER;

/**
  Begin a ring, empty.  The controller does so before each start.

  @param[out] Ring  The ring.
  @param[in]  Room  Bytes of memory at Ring, more than sizeof (MRM_RING), at most 2 GiB.

  @return  Bytes of its data: the largest power of two that there is room for.
**/
UINT32
EFIAPI
MrmRingBegin (
  OUT MRM_RING  *Ring,
  IN  UINT64    Room
  );

/**
  Append text to a ring; the oldest is overwritten.  The partition firmware does so.

  @param[in,out] Ring      The ring; nothing is written unless it fits into Room.
  @param[in]     Room      Bytes of memory at Ring.
  @param[in]     Text      The text.
  @param[in]     Length    Bytes of it.
**/
VOID
EFIAPI
MrmRingWrite (
  IN OUT MRM_RING     *Ring,
  IN     UINT64       Room,
  IN     CONST CHAR8  *Text,
  IN     UINTN        Length
  );

/**
  Take the next line out of a ring.  The controller does so.

  @param[in,out] Reader   The reading end; Line receives the line, printable, cut to its size.
  @param[in]     Ring     The ring, written by somebody who is not trusted.
  @param[in]     Size     Bytes of its data as MrmRingBegin() has told; what the ring says does not count.

  @retval TRUE   Line is a line.
  @retval FALSE  There is no whole line yet.
**/
BOOLEAN
EFIAPI
MrmRingNextLine (
  IN OUT MRM_RING_READER  *Reader,
  IN     CONST MRM_RING   *Ring,
  IN     UINT32           Size
  );

//
// MrmAreaController.c: the control area as the controller writes it, and reads what an OS asks
//

///
/// A variable that an OS has written.
///
typedef struct {
  CHAR16    Name[MRM_CONTROL_NAME_SIZE];
  UINT32    Size;                                  ///< bytes SetVariable() was given; the area holds fewer if they are too many
  UINT32    Attributes;                            ///< it was given
} MRM_AREA_REQUEST;

/**
  Begin a control area without items.

  @param[out] Area  MRM_CONTROL_SIZE bytes, the controller's own; becomes zero but for RequestOffset.
**/
VOID
EFIAPI
MrmAreaBegin (
  OUT MRM_CONTROL_AREA  *Area
  );

/**
  Add an item.

  @param[in,out] Area      The area.
  @param[in]     Name      Name of the variable, shorter than MRM_CONTROL_NAME_SIZE.
  @param[in]     Data      Its data; may be NULL when Size is zero.
  @param[in]     Size      Bytes of it; zero for one that can only be written.
  @param[in]     Writable  Bytes that may be written to it, at most MRM_CONTROL_REQUEST_SIZE; 0 = it cannot.

  @retval RETURN_SUCCESS           Added.
  @retval RETURN_BUFFER_TOO_SMALL  There is no room for it; nothing was added.
**/
RETURN_STATUS
EFIAPI
MrmAreaAdd (
  IN OUT MRM_CONTROL_AREA  *Area,
  IN     CONST CHAR16      *Name,
  IN     CONST VOID        *Data,
  IN     UINTN             Size,
  IN     UINTN             Writable
  );

/**
  Put the items of an area where a partition reads them, which may be reading just then.

  @param[in,out] Area  The partition's area, MRM_CONTROL_SIZE bytes.
  @param[in]     New   The controller's own, with the items.
**/
VOID
EFIAPI
MrmAreaPublish (
  IN OUT MRM_CONTROL_AREA        *Area,
  IN     CONST MRM_CONTROL_AREA  *New
  );

/**
  Take what a partition's OS has written.

  @param[in]  Area     The partition's area; not trusted.
  @param[out] Request  Receives what was written; the name ends.
  @param[out] Bytes    Receives the data, at most MRM_CONTROL_REQUEST_SIZE bytes.

  @return  How many of them there are.
**/
UINT32
EFIAPI
MrmAreaTake (
  IN  CONST MRM_CONTROL_AREA  *Area,
  OUT MRM_AREA_REQUEST        *Request,
  OUT UINT8                   *Bytes
  );

//
// MrmAreaPartition.c: the control area as the partition firmware reads it, and writes what its OS asks
//

/**
  GetVariable() for the items of the control area (UEFI 2.10 section 8.2.1).

  @param[in]     Area        The control area; the controller may be writing it.
  @param[in]     AreaSize    Bytes of memory at Area, at least sizeof (MRM_CONTROL_AREA).
  @param[in]     Needed      Attributes an item must have to be seen.
  @param[in]     Name        Name of the variable.
  @param[out]    Attributes  Receives its attributes, or NULL.
  @param[in,out] DataSize    Bytes at Data; bytes of the variable on return.
  @param[out]    Data        Receives the variable.

  @retval RETURN_SUCCESS            Found.
  @retval RETURN_NOT_FOUND          There is no such item.
  @retval RETURN_BUFFER_TOO_SMALL   DataSize says how much is needed; Attributes are there.
  @retval RETURN_INVALID_PARAMETER  Data is NULL although DataSize is big enough.
  @retval RETURN_DEVICE_ERROR       The controller does not finish writing.
**/
RETURN_STATUS
EFIAPI
MrmAreaGet (
  IN     CONST MRM_CONTROL_AREA  *Area,
  IN     UINTN                   AreaSize,
  IN     UINT32                  Needed,
  IN     CONST CHAR16            *Name,
  OUT    UINT32                  *Attributes OPTIONAL,
  IN OUT UINTN                   *DataSize,
  OUT    VOID                    *Data OPTIONAL
  );

/**
  GetNextVariableName() for the items of the control area (UEFI 2.10 section 8.2.2).

  @param[in]     Area      The control area; the controller may be writing it.
  @param[in]     AreaSize  Bytes of memory at Area, at least sizeof (MRM_CONTROL_AREA).
  @param[in]     Needed    Attributes an item must have to be seen.
  @param[in,out] NameSize  Bytes at Name; bytes of the next name on return.
  @param[in,out] Name      Name before; empty gives the first.  Receives the next name.

  @retval RETURN_SUCCESS            Found.
  @retval RETURN_NOT_FOUND          That was the last.
  @retval RETURN_BUFFER_TOO_SMALL   NameSize says how much is needed; Name is unchanged.
  @retval RETURN_INVALID_PARAMETER  There is no item of that name, or it does not end.
  @retval RETURN_DEVICE_ERROR       The controller does not finish writing.
**/
RETURN_STATUS
EFIAPI
MrmAreaNext (
  IN     CONST MRM_CONTROL_AREA  *Area,
  IN     UINTN                   AreaSize,
  IN     UINT32                  Needed,
  IN OUT UINTN                   *NameSize,
  IN OUT CHAR16                  *Name
  );

/**
  Put what SetVariable() is given into the control area, for the controller to decide on.  Any length and attributes
  will do: the controller tells what is wrong with them.  An OS such as Linux keeps a file of a variable that could not be
  written, and protects it.

  @param[in,out] Area        The control area.
  @param[in]     AreaSize    Bytes of memory at Area, at least sizeof (MRM_CONTROL_AREA).
  @param[in]     Needed      Attributes an item must have to be seen.
  @param[in]     Name        Name of the variable.
  @param[in]     Attributes  Attributes given.
  @param[in]     DataSize    Bytes at Data; may be 0.
  @param[in]     Data        The data.  What is longer than MRM_CONTROL_ITEM.Writable is cut; its length is told.

  @retval RETURN_SUCCESS            The request is in the area: tell the controller.
  @retval RETURN_WRITE_PROTECTED    There is no such item, or it cannot be written.
  @retval RETURN_INVALID_PARAMETER  There is a length, but no data.
  @retval RETURN_DEVICE_ERROR       The controller does not finish writing, or the area is damaged.
**/
RETURN_STATUS
EFIAPI
MrmAreaRequest (
  IN OUT MRM_CONTROL_AREA  *Area,
  IN     UINTN             AreaSize,
  IN     UINT32            Needed,
  IN     CONST CHAR16      *Name,
  IN     UINT32            Attributes,
  IN     UINTN             DataSize,
  IN     CONST VOID        *Data
  );

#endif
