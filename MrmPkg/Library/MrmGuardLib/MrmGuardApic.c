/** @file
  Interrupt commands that start processors: in a guarded partition they lead into guest mode again.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmGuardLib.h>
#include "MrmGuardInternal.h"

//
// The interrupt command register (SDM 3, 11.6.1).
//
#define COMMAND_VECTOR     0xFF
#define COMMAND_MODE       (7 << 8)
#define MODE_INIT          (5 << 8)
#define MODE_STARTUP       (6 << 8)
#define COMMAND_LOGICAL    BIT11
#define COMMAND_ASSERT     BIT14
#define COMMAND_SHORTHAND  (3 << 18)

BOOLEAN
MrmGuardDecideCommand (
  IN     CONST MRM_GUARD_FACTS  *Facts,
  IN     UINT32                 Command,
  IN     UINT32                 Destination,
  IN OUT MRM_GUARD_ANSWER       *Answer
  )
{
  UINT32  Mode;
  UINTN   Index;

  Mode = Command & COMMAND_MODE;
  if ((Mode != MODE_INIT) && (Mode != MODE_STARTUP)) {
    return FALSE;
  }

  Answer->Action = MrmGuardResume;
  if ((Mode == MODE_INIT) && ((Command & COMMAND_ASSERT) == 0)) {
    // The end of an INIT has no effect on any processor since long.
    return TRUE;
  }

  for (Index = 0; Index < Facts->ApicIdCount; Index++) {
    if ((Facts->ApicIds[Index] == Destination) && (Destination != Facts->ApicId) &&
        ((Command & (COMMAND_LOGICAL | COMMAND_SHORTHAND)) == 0))
    {
      Answer->Action = (Mode == MODE_INIT) ? MrmGuardInitProcessor : MrmGuardStartProcessor;
      Answer->ApicId = Destination;
      Answer->Vector = (UINT8)(Command & COMMAND_VECTOR);
      return TRUE;
    }
  }

  Answer->Denied = TRUE;
  return TRUE;
}
