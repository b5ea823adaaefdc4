/** @file
  Processors of a partition stop, and have stopped before anybody uses its memory.

  INIT may be obeyed late: a processor may be in system management mode.  QEMU obeys INIT before a SIPI that is pending
  since before, so that a processor which is stopped just when it is started starts after that.  It would run in memory
  that is another's by then, with page tables that are gone, and a triple fault resets the PC.  So each processor has to
  answer after its INIT.

  A second machine check shuts a processor down while IA32_MCG_STATUS.MCIP says that it deals with the first (Intel SDM
  volume 3, section 16.3.1.2), and that resets the PC, too.  INIT does not clear the bit, nor does Linux when it starts a
  processor.  So it is cleared here.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/Stop.h"
#include "Machine/Processor.h"
#include "Partition/Partition.h"
#include "Core/Clock.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/LocalApicLib.h>
#include <Library/MachineCheckBankLib.h>
#include <Library/TimerLib.h>

#define STEP_OFFSET          0x80      ///< as in StopCode.nasm
#define SEEN_OFFSET          0x81      ///< as in StopCode.nasm
#define CLEAR_OFFSET         0x82      ///< as in StopCode.nasm
#define STEP_NONE            0
#define STEP_HERE            1         ///< as in StopCode.nasm
#define STEP_GOES            2         ///< as in StopCode.nasm
#define ALL_MILLISECONDS     5000      ///< for all processors of a partition; a PC's take microseconds
#define ONE_MILLISECONDS     100       ///< for each, whatever the others took
#define POLL_MICROSECONDS    10

extern CONST UINT8  MrmStopped[];
extern CONST UINT8  MrmStoppedEnd[];

/**
  Wait for a step of a processor.

  @param[in] Page   The page with the code that it runs.
  @param[in] Step   STEP_HERE or STEP_GOES.
  @param[in] Until  How long, in milliseconds of Milliseconds().

  @retval TRUE   It has come so far.
  @retval FALSE  It does not answer.
**/
STATIC
BOOLEAN
WaitForStep (
  IN CONST volatile UINT8  *Page,
  IN UINT8                 Step,
  IN UINT64                Until
  )
{
  while ((Page[STEP_OFFSET] != Step) && (Milliseconds () < Until)) {
    MicroSecondDelay (POLL_MICROSECONDS);
  }

  return (BOOLEAN)(Page[STEP_OFFSET] == Step);
}

/**
  Have a processor answer that it has stopped.

  @param[in]     ApicId  The processor, after INIT.
  @param[in,out] Page    The page with the code.
  @param[in]     Until   How long to wait for it, in milliseconds of Milliseconds().

  @retval TRUE   It waits for a SIPI.
  @retval FALSE  It does not answer.
**/
STATIC
BOOLEAN
HearStopped (
  IN     UINT32          ApicId,
  IN OUT volatile UINT8  *Page,
  IN     UINT64          Until
  )
{
  BOOLEAN  Answers;

  Page[STEP_OFFSET] = STEP_NONE;
  Page[SEEN_OFFSET] = 0;
  SendInitSipiSipi (ApicId, (UINT32)(UINTN)Page);
  Until   = MAX (Until, Milliseconds () + ONE_MILLISECONDS);
  Answers = WaitForStep (Page, STEP_HERE, Until);
  // The second SIPI may still be pending.  When the processor goes on, it is not.
  Page[SEEN_OFFSET] = 1;
  Answers           = Answers && WaitForStep (Page, STEP_GOES, Until);
  SendInitIpi (ApicId);
  return Answers;
}

BOOLEAN
StopProcessors (
  IN CONST MRM_PARTITION  *Partition
  )
{
  UINT8    *Page;
  UINT64   Until;
  UINTN    Index;
  BOOLEAN  Stopped;

  // All of them first: one that still ran could start another again.
  ReclaimProcessors (Partition);
  Page = (UINT8 *)(UINTN)Partition->Pieces[0].Base;
  CopyMem (Page, MrmStopped, (UINTN)(MrmStoppedEnd - MrmStopped));
  Page[CLEAR_OFFSET] = MachineCheckIsSupported () ? 1 : 0;
  // Who did not answer the last time is not waited for so long again: the controller looks at nobody else meanwhile.
  Until   = Milliseconds () + (Partition->Lost ? 0 : ALL_MILLISECONDS);
  Stopped = TRUE;
  for (Index = 0; Index < Partition->Plan->ProcessorCount; Index++) {
    if (!HearStopped (Partition->ApicIds[Index], Page, Until)) {
      Stopped = FALSE;
      Say (
        "%a: the processor with APIC ID %d does not answer: nobody gets what the partition has until the PC is reset",
        Partition->Plan->Name,
        Partition->ApicIds[Index]
        );
    }
  }

  return Stopped;
}
