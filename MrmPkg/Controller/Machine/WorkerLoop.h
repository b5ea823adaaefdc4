/** @file
  What runs on the channel processor.

  The boot processor asks by a number: an odd one means stand still, an even one means go on.  The channel processor
  answers between two rounds by writing the same number.  So an answer cannot be mistaken for an older one.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_WORKER_LOOP_H_
#define MRM_CONTROLLER_WORKER_LOOP_H_

#include "Machine/Worker.h"

#define WORKER_TABLES_PAGES  2    ///< of descriptor tables; a page without memory follows
#define WORKER_STACK_PAGES   16
#define WORKER_BLOCK_PAGES   (WORKER_TABLES_PAGES + 1 + WORKER_STACK_PAGES)

///
/// What an exception leaves.
///
typedef struct {
  volatile BOOLEAN    Happened;
  UINT64              Number;
  UINT64              Address;     ///< of the instruction
  UINT64              Data;        ///< CR2
} MRM_WORKER_FAULT;

///
/// What both processors look at.  The boot processor writes all but Answered, Rounds and Fault.
///
typedef struct {
  MRM_WORK            Work;              ///< a change is in force when it goes on
  UINT8               *Block;            ///< WORKER_BLOCK_PAGES: descriptor tables, nothing, stack
  UINTN               Processor;         ///< which one it is: index into gMachine.Processors
  volatile UINTN      Root;              ///< the first of its page tables; a change is in force when it goes on
  volatile UINT32     Asked;
  volatile UINT32     Answered;
  volatile UINT64     Rounds;            ///< how many it has begun
  MRM_WORKER_FAULT    Fault;             ///< after it, nothing is done any more
} MRM_WORKER_LOOP;

extern MRM_WORKER_LOOP  gWorkerLoop;

/**
  On the channel processor: leave the PC's firmware for good, and work until INIT comes.
**/
VOID
EFIAPI
BeginWork (
  VOID
  );

#endif
