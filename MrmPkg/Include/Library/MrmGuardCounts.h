/** @file
  How often the processors of a guarded partition left guest mode.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_GUARD_COUNTS_H_
#define MRM_GUARD_COUNTS_H_

#include <Library/MrmGuardExit.h>

///
/// Exits, counted since the partition was started.
///
typedef struct {
  UINT64    Kinds[MrmExitKinds];   ///< by MRM_GUARD_EXIT_KIND
  UINT64    Caches;                ///< WBINVD and INVD
  UINT64    Denied;                ///< of all exits: what was tried had no effect
} MRM_GUARD_COUNTS;

#endif
