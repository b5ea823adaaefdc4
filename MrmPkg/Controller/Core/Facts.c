/** @file
  The live machine as the PC's firmware describes it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Core/Facts.h"

MRM_MACHINE  gMachine;
