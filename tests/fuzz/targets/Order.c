/** @file
  Requests an OS writes into the control area: MrmOrderParse().

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Fuzz.h"
#include <Library/MrmControlLib.h>

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  MRM_PLAN_PARTITION  Partitions[3] = { { .Name = "steady" }, { .Name = "realtime" }, { .Name = "r" } };
  MRM_PLAN            Plan          = { .PartitionCount = 3, .Partitions = Partitions };
  MRM_ORDER           Order;
  UINT8               *Request;
  RETURN_STATUS       Status;

  Request = FuzzExact (Data, Size);
  Status  = MrmOrderParse (Request, Size, &Plan, &Order);
  free (Request);
  if (Status == RETURN_SUCCESS) {
    FUZZ_CHECK ((UINT32)Order.Kind <= MrmOrderPcPowerOff);
    FUZZ_CHECK (Order.AtOnce <= 1);
    if (Order.Kind == MrmOrderPartition) {
      FUZZ_CHECK (Order.Target < 3 && (UINT32)Order.Verb < MrmVerbMax);
      FUZZ_CHECK (!Order.AtOnce || (Order.Verb == MrmVerbStop) || (Order.Verb == MrmVerbRestart));
    }
  } else {
    FUZZ_CHECK (Status == RETURN_NOT_FOUND || Status == RETURN_INVALID_PARAMETER);
  }

  return 0;
}
