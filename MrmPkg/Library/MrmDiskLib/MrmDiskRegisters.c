/** @file
  Drivers that come and go: the controller configuration register (NVMe 3.1.5, 7.6).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmDiskInternal.h"

#define AQA_SIZE         0xFFF
#define FEATURE_TEMPERATURE        0x04
#define NO_HIGH_TEMPERATURE        0xFFFF

VOID
MrmDiskForgetDriver (
  IN OUT MRM_DISK  *Disk
  )
{
  // An event may come amid this, and look (MrmDiskIsAsked()).
  Disk->Enabled   = FALSE;
  Disk->Work.Live = FALSE;
  MemoryFence ();
  ZeroMem (Disk->Submission, sizeof (Disk->Submission));
  ZeroMem (Disk->Completion, sizeof (Disk->Completion));
  ZeroMem (Disk->Features, sizeof (Disk->Features));
  Disk->Features[FEATURE_TEMPERATURE] = NO_HIGH_TEMPERATURE;
  Disk->LowTemperature                = 0;
  Disk->ShutDown                      = FALSE;
  Disk->WriteThrough                  = FALSE;
  Disk->Turn                          = 0;
  Disk->Event                         = 0;
  Disk->EventCount                    = 0;
  Disk->Function.Wanted               = 0;
}

/**
  Look at an administrative queue that a driver names.

  @param[in] Disk       The disk.
  @param[in] Low        Which register has the lower half of its address.
  @param[in] Shift      Where its size is in the queues' attributes.
  @param[in] EntrySize  Bytes of an entry.
  @param[out] Ring      Receives its address.
  @param[out] Entries   Receives how many entries it has.

  @retval TRUE   It is a queue.
  @retval FALSE  It is not, or not in the partition's memory.
**/
STATIC
BOOLEAN
ReadAdminQueue (
  IN  CONST MRM_DISK  *Disk,
  IN  UINTN           Low,
  IN  UINTN           Shift,
  IN  UINT32          EntrySize,
  OUT UINT64          *Ring,
  OUT UINT32          *Entries
  )
{
  *Entries = ((Disk->Registers[REGISTER_AQA] >> Shift) & AQA_SIZE) + 1;
  *Ring    = Disk->Registers[Low] | ((UINT64)Disk->Registers[Low + 1] << 32);
  return (*Entries >= 2)
         && ((*Ring & (SIZE_4KB - 1)) == 0)
         && (MrmFunctionReach (&Disk->Function, *Ring, (UINT64)*Entries * EntrySize) != NULL);
}

/**
  A driver wants to begin.

  @param[in,out] Disk           The disk, not enabled.
  @param[in]     Configuration  What it has written.

  @retval TRUE   It can.
  @retval FALSE  What it has written makes no sense.
**/
STATIC
BOOLEAN
Enable (
  IN OUT MRM_DISK  *Disk,
  IN     UINT32    Configuration
  )
{
  UINT64  Submission;
  UINT64  Completion;
  UINT32  SubmissionEntries;
  UINT32  CompletionEntries;
  UINTN   Index;

  if (  ((Configuration & CC_SETTINGS) != 0)
     || !ReadAdminQueue (Disk, REGISTER_ASQ_LOW, 0, sizeof (COMMAND), &Submission, &SubmissionEntries)
     || !ReadAdminQueue (Disk, REGISTER_ACQ_LOW, 16, 16, &Completion, &CompletionEntries))
  {
    Disk->Failed = TRUE;
    Disk->Refused++;
    Disk->Registers[REGISTER_CSTS] = CSTS_FATAL;
    return FALSE;
  }

  // Memory keeps what the last driver has written.
  for (Index = 0; Index < 2 * (MRM_DISK_QUEUES + 1); Index++) {
    Disk->Doorbells[Index * DOORBELL_WORDS] = 0;
  }

  MrmDiskForgetDriver (Disk);
  MrmDiskBeginQueue (Disk, &Disk->Submission[0], 0, FALSE, Submission, SubmissionEntries);
  MrmDiskBeginQueue (Disk, &Disk->Completion[0], 0, TRUE, Completion, CompletionEntries);
  Disk->Completion[0].Interrupts = TRUE;
  Disk->Completion[0].Peer       = 1;
  Disk->Enabled                  = TRUE;
  MemoryFence ();
  Disk->Registers[REGISTER_CSTS] = CSTS_READY;
  return TRUE;
}

BOOLEAN
MrmDiskRegistersChanged (
  IN CONST MRM_DISK  *Disk
  )
{
  UINT32  Configuration;

  Configuration = Disk->Registers[REGISTER_CC];
  if ((Configuration & CC_ENABLE) == 0) {
    return Disk->Enabled || Disk->Failed || (Disk->ShutDown != ((Configuration & CC_SHUTDOWN) != 0));
  }

  return (!Disk->Enabled && !Disk->Failed) || (((Configuration & CC_SHUTDOWN) != 0) && !Disk->ShutDown);
}

BOOLEAN
MrmDiskObeyRegisters (
  IN OUT MRM_DISK  *Disk
  )
{
  UINT32   Configuration;
  BOOLEAN  ShutDown;

  if (!MrmDiskRegistersChanged (Disk)) {
    return FALSE;
  }

  Configuration = Disk->Registers[REGISTER_CC];
  ShutDown      = (Configuration & CC_SHUTDOWN) != 0;
  if ((Configuration & CC_ENABLE) == 0) {
    MrmDiskForgetDriver (Disk);
    Disk->Failed = FALSE;
  } else if (!Disk->Enabled && !Disk->Failed && !Enable (Disk, Configuration)) {
    return FALSE;
  }

  // A driver that says good-bye waits until what it has written is durable; a flush that fails has no status here.
  if (ShutDown && !Disk->ReadOnly) {
    MrmDiskFlush (Disk->Medium);
  }

  Disk->ShutDown                 = ShutDown;
  Disk->Registers[REGISTER_CSTS] = (Disk->Enabled ? CSTS_READY : 0)
                                   | (Disk->Failed ? CSTS_FATAL : 0)
                                   | (ShutDown ? CSTS_SHUT_DOWN : 0);
  return TRUE;
}
