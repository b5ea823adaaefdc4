/** @file
  The keys of a policy: what can change while a plan runs.

  generator/emit/policy_text.py has the same keys in the same order; a test holds both together.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPolicyInternal.h"

#define HOUR  3600000   ///< milliseconds

#define CONTROLLER(Field)  (UINT32)OFFSET_OF (MRM_POLICY, Field)
#define PARTITION(Field)   (UINT32)OFFSET_OF (MRM_PLAN_POLICY, Field)
#define TRUTH              { "false", "true", NULL, NULL }
#define NOTHING            { NULL, NULL, NULL, NULL }

STATIC CONST POLICY_KEY  mControllerKeys[] = {
  { "all_off",      PolicyChoice, CONTROLLER (AllOff),      0, 0, 0, { "stay",   "power-off", "reboot", "menu" } },
  { "power_button", PolicyTruth,  CONTROLLER (PowerButton), 0, 0, 0, { "ignore", "shutdown",  NULL,     NULL   } }
};

// Permissions: the bits of MRM_PERMIT_*.
STATIC CONST POLICY_KEY  mPartitionKeys[] = {
  { "restart",     PolicyChoice,  PARTITION (Restart),              0,    0,    0, { "never", "on-failure", "always", NULL } },
  { "limit",       PolicyNumber,  PARTITION (RestartLimit),         0,    1000, 0, NOTHING },
  { "backoff",     PolicyNumber,  PARTITION (BackOffMilliseconds),  0,    HOUR, 0, NOTHING },
  { "scrub",       PolicyTruth,   PARTITION (Scrub),                0,    0,    0, TRUTH   },
  { "autostart",   PolicyTruth,   PARTITION (AutoStart),            0,    0,    0, TRUTH   },
  { "after",       PolicyAfter,   PARTITION (After),                0,    0,    0, NOTHING },
  { "delay",       PolicyNumber,  PARTITION (DelayMilliseconds),    0,    HOUR, 0, NOTHING },
  { "shutdown",    PolicyNumber,  PARTITION (ShutdownMilliseconds), 1000, HOUR, 0, NOTHING },
  { "firmware",    PolicyNumber,  PARTITION (FirmwareMilliseconds), 1000, HOUR, 0, NOTHING },
  { "nmi",         PolicyTruth,   PARTITION (Nmi),                  0,    0,    0, TRUTH   },
  { "may_start",   PolicyPermits, PARTITION (Permits),              0,    0,    0, NOTHING },
  { "may_stop",    PolicyPermits, PARTITION (Permits),              0,    0,    1, NOTHING },
  { "may_restart", PolicyPermits, PARTITION (Permits),              0,    0,    2, NOTHING },
  { "may_nmi",     PolicyPermits, PARTITION (Permits),              0,    0,    3, NOTHING },
  { "may_pc",      PolicySet,     PARTITION (PcPermits),            0,    0,    0, { "reboot", "power-off", NULL, NULL } },
  { "may_reload",  PolicyBit,     PARTITION (PcPermits),            0,    0,    2, TRUTH   }
};

CONST POLICY_KEY *
MrmPolicyKeys (
  IN  UINT32  Owner,
  OUT UINT32  *Count
  )
{
  *Count = (Owner == MRM_MAX_PARTITIONS) ? ARRAY_SIZE (mControllerKeys) : ARRAY_SIZE (mPartitionKeys);
  return (Owner == MRM_MAX_PARTITIONS) ? mControllerKeys : mPartitionKeys;
}
