/** @file
  Processors, memory, UARTs, for a scan.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_HARDWARE_H_
#define MRM_CONTROLLER_HARDWARE_H_

#include <Uefi.h>

/**
  Add the processors as the MP services of the PC's firmware show them, and what CPUID tells of the boot processor.
**/
VOID
AddProcessors (
  VOID
  );

/**
  Add the memory map of the PC's firmware.
**/
VOID
AddMemoryMap (
  VOID
  );

/**
  Add the UARTs at the usual I/O ports.
**/
VOID
AddUarts (
  VOID
  );

#endif
