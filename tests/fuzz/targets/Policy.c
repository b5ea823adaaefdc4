/** @file
  Policies an OS writes, and those kept on the ESP: MrmPolicyParse(), MrmPolicyUnpack().

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Fuzz.h"
#include <Library/MrmPolicyLib.h>

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  STATIC MRM_POLICY   Policy;
  STATIC MRM_POLICY   Again;
  STATIC CHAR8        Rendered[MRM_POLICY_TEXT_SIZE + 1];
  STATIC UINT8        Image[MRM_POLICY_IMAGE_SIZE];
  MRM_PLAN_PARTITION  Partitions[2] = { { .Name = "steady" }, { .Name = "r" } };
  MRM_PLAN            Plan          = {
    .PartitionCount = 2,
    .Partitions     = Partitions,
    .Structure      = "0123456789abcdef",
    .BuiltInPolicy  = "fedcba9876543210"
  };
  CHAR8               Reason[100];
  CHAR8               Who[MRM_NAME_LENGTH];
  MRM_TEXT            Text;
  MRM_TEXT            Fault;
  UINT32              Place;
  UINT8               *Bytes;
  RETURN_STATUS       Status;

  MrmTextBegin (&Fault, Reason, sizeof (Reason));
  Bytes  = FuzzExact (Data, Size);
  Status = MrmPolicyParse (&Plan, Bytes, Size, &Policy, &Fault);
  free (Bytes);
  FUZZ_CHECK ((Status == RETURN_SUCCESS) == (Fault.Length == 0));
  if (Status == RETURN_SUCCESS) {
    // What was taken is written as what is taken as the same.
    MrmTextBegin (&Text, Rendered, sizeof (Rendered));
    MrmPolicyRender (&Plan, &Policy, &Text);
    FUZZ_CHECK (!Text.Cut);
    FUZZ_CHECK (MrmPolicyParse (&Plan, (CONST UINT8 *)Rendered, Text.Length, &Again, &Fault) == RETURN_SUCCESS);
    Place = 0;
    FUZZ_CHECK (!MrmPolicyChange (&Plan, &Policy, &Again, &Place, &Fault));
  }

  memset (Image, 0, sizeof (Image));
  memcpy (Image, Data, MIN (Size, sizeof (Image)));
  Bytes = malloc (sizeof (Image));
  FUZZ_CHECK (Bytes != NULL);
  memcpy (Bytes, Image, sizeof (Image));
  MrmPolicyUnpack (&Plan, Bytes, &Policy, Who, &Fault);
  FUZZ_CHECK (strlen (Who) < sizeof (Who));
  free (Bytes);
  return 0;
}
