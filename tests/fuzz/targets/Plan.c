/** @file
  Blobs of plans: MrmPlanRead(). Size and checksum are put right, so that what lies behind is reached.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Fuzz.h"
#include <Library/BaseLib.h>
#include <Library/MrmPlanLib.h>

STATIC CONST UINT8                mUuid[MRM_UUID_SIZE] = { 1, 2, 3 };
STATIC CONST MRM_PROCESSOR_FACTS  mProcessors[]        = { { .ApicId = 0 }, { .ApicId = 2 } };
STATIC CONST MRM_PLAN_PC          mPc                  = {
  mUuid, "ACME Server 9000", ARRAY_SIZE (mProcessors), mProcessors
};

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  CHAR8            Reason[MRM_PLAN_FAULT_SIZE];
  MRM_TEXT         Fault;
  MRM_PLAN_HEADER  *Header;
  CONST MRM_PLAN   *Plan;
  UINT8            *Blob;
  UINT8            *Sealed;
  VOID             *Room;
  UINTN            Needed;
  UINTN            Index;
  RETURN_STATUS    Status;
  volatile UINT32  Last;

  if (Size < sizeof (*Header)) {
    return 0;
  }

  Sealed = malloc (Size);
  FUZZ_CHECK (Sealed != NULL);
  memcpy (Sealed, Data, Size);
  Header        = (MRM_PLAN_HEADER *)Sealed;
  Header->Size  = (UINT32)Size;
  Header->Crc32 = CalculateCrc32 (Sealed + sizeof (*Header), Size - sizeof (*Header));
  Blob          = FuzzExact (Sealed, Size);
  free (Sealed);
  MrmTextBegin (&Fault, Reason, sizeof (Reason));
  Status = MrmPlanRead (Blob, Size, NULL, 0, &Needed, &Plan, &Fault);
  FUZZ_CHECK (Status != RETURN_SUCCESS);
  FUZZ_CHECK ((Status == RETURN_BUFFER_TOO_SMALL) == (Fault.Length == 0));
  if (Status == RETURN_BUFFER_TOO_SMALL) {
    Room = malloc (Needed);
    FUZZ_CHECK (Room != NULL);
    Status = MrmPlanRead (Blob, Size, Room, Needed, &Needed, &Plan, &Fault);
    FUZZ_CHECK ((Status == RETURN_SUCCESS) == (Fault.Length == 0));
    if (Status == RETURN_SUCCESS) {
      for (Index = 0; Index < Plan->PartitionCount; Index++) {
        FUZZ_CHECK (strlen (Plan->Partitions[Index].Name) < MRM_NAME_LENGTH);
        // The sanitizer sees it if it lies elsewhere than in the blob.
        Last = Plan->Partitions[Index].ApicIds[Plan->Partitions[Index].ProcessorCount - 1];
        (VOID)Last;
        FUZZ_CHECK (Plan->Partitions[Index].Memory[0].Purpose == MrmMemoryLow);
      }

      MrmTextBegin (&Fault, Reason, sizeof (Reason));
      FUZZ_CHECK ((MrmPlanFit (Plan, &mPc, &Fault) == MrmFitNot) == (Fault.Length != 0));
      FUZZ_CHECK (!Fault.Cut);
    }

    free (Room);
  }

  free (Blob);
  return 0;
}
