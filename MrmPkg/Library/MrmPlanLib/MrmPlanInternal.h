/** @file
  How the description of the format looks to the reader.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_PLAN_INTERNAL_H_
#define MRM_PLAN_INTERNAL_H_

#include <Library/MrmPlanLib.h>

///
/// The types of generator/blob/types.py.
///
typedef enum {
  MrmFieldNumber,
  MrmFieldTruth,
  MrmFieldChoice,
  MrmFieldText,
  MrmFieldNumbers,
  MrmFieldRecords,
  MrmFieldInline
} MRM_PLAN_FIELD_KIND;

typedef struct _MRM_PLAN_RECORD MRM_PLAN_RECORD;

///
/// One field of a record.
///
typedef struct {
  CONST CHAR8              *Name;
  MRM_PLAN_FIELD_KIND      Kind;
  UINT32                   Offset;         ///< of the member in the C structure
  UINT32                   CountOffset;    ///< numbers, records: of the UINT32 that counts them
  UINT32                   Width;          ///< bytes: of a number in the blob, of a choice in C, of a character, of an element
  UINT64                   Minimum;        ///< lowest number, or fewest elements
  UINT64                   Maximum;        ///< highest number, most elements, or longest text in characters
  BOOLEAN                  Optional;       ///< the text may be absent
  BOOLEAN                  Policy;         ///< a running partition can have another value of it
  CONST MRM_PLAN_RECORD    *Record;        ///< records, inline: which
} MRM_PLAN_FIELD;

///
/// One record.
///
struct _MRM_PLAN_RECORD {
  CONST CHAR8             *Name;
  UINT32                  BlobSize;       ///< bytes in the blob
  UINT32                  Size;           ///< bytes in memory
  UINT32                  FieldCount;
  CONST MRM_PLAN_FIELD    *Fields;
};

///
/// The description of MRM_PLAN, and of the partitions in it; all others hang below them.
///
extern CONST MRM_PLAN_RECORD  gMrmPlanRecord;
extern CONST MRM_PLAN_RECORD  gMrmPlanPartition;

/**
  Judge what no single field tells: what the rules of the generator promise and the
  controller relies on.

  @param[in]     Plan   The plan; each of its fields is within its own bounds.
  @param[in,out] Fault  Receives what is wrong.

  @retval TRUE   Nothing is wrong.
  @retval FALSE  Fault says what is.
**/
BOOLEAN
MrmPlanJudge (
  IN     CONST MRM_PLAN  *Plan,
  IN OUT MRM_TEXT        *Fault
  );

#endif
