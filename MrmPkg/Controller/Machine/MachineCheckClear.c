/** @file
  Machine checks that a partition's OS has not dealt with.

  A second machine check shuts a processor down while IA32_MCG_STATUS.MCIP says that it deals with the first (Intel SDM
  volume 3, section 16.3.1.2), and that resets the PC.  INIT does not clear the bit, nor does Linux when it starts a
  processor.  The first processor of a partition clears its own, in the partition firmware.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/MachineCheckClear.h"
#include "Partition/Partition.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/LocalApicLib.h>
#include <Library/MachineCheckBankLib.h>
#include <Library/TimerLib.h>

#define DONE_OFFSET            0x80     ///< as in MachineCheckClearCode.nasm
#define ANSWER_MICROSECONDS    100000
#define POLL_MICROSECONDS      10

extern CONST UINT8  MrmMachineCheckClear[];
extern CONST UINT8  MrmMachineCheckClearEnd[];

VOID
ClearMachineChecks (
  IN CONST MRM_PARTITION  *Partition
  )
{
  UINT8           *Page;
  volatile UINT8  *Done;
  UINTN           Index;
  UINTN           Waited;

  if (!MachineCheckIsSupported ()) {
    return;
  }

  Page = (UINT8 *)(UINTN)Partition->Pieces[0].Base;
  Done = Page + DONE_OFFSET;
  CopyMem (Page, MrmMachineCheckClear, (UINTN)(MrmMachineCheckClearEnd - MrmMachineCheckClear));
  for (Index = 1; Index < Partition->Plan->ProcessorCount; Index++) {
    *Done = 0;
    SendInitSipiSipi (Partition->ApicIds[Index], (UINT32)(UINTN)Page);
    for (Waited = 0; (*Done == 0) && (Waited < ANSWER_MICROSECONDS); Waited += POLL_MICROSECONDS) {
      MicroSecondDelay (POLL_MICROSECONDS);
    }

    SendInitIpi (Partition->ApicIds[Index]);
    if (*Done == 0) {
      Say ("%a: the processor with APIC ID %d does not answer", Partition->Plan->Name, Partition->ApicIds[Index]);
    }
  }
}
