/** @file
  What the boot processor's local APIC has to do with the chipset: the tick of the PC's firmware, and the 8259.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_MACHINE_OWN_TICK_H_
#define MRM_CONTROLLER_MACHINE_OWN_TICK_H_

#include <PiDxe.h>

/**
  Whether the PC's firmware ticks by the local APIC timer of the boot processor, so that it can do without the chipset.
**/
BOOLEAN
TicksByLocalApic (
  VOID
  );

/**
  Let the boot processor take no interrupt of the 8259 any more.
**/
VOID
CloseLegacyInterrupts (
  VOID
  );

/**
  Let it take them as before CloseLegacyInterrupts().
**/
VOID
ReopenLegacyInterrupts (
  VOID
  );

#endif
