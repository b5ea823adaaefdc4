/** @file
  The live machine as the PC's firmware describes it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_FACTS_H_
#define MRM_CONTROLLER_FACTS_H_

#include <PiDxe.h>
#include <Library/MrmMachineLib.h>
#include <Protocol/MpService.h>
#include <Protocol/SimpleFileSystem.h>

///
/// One processor of the machine; more is in MRM_PROCESSOR_FACTS.
///
typedef struct {
  UINTN               Number;               ///< of the PC's MP services
  BOOLEAN             Claimed;              ///< taken from them
  volatile BOOLEAN    Parked;               ///< set by the processor itself
  VOID                (EFIAPI *Work)(VOID); ///< what it does then, for ever; NULL: it waits for a SIPI
  MRM_CLOCK_RESULT    LocalApicTimer;       ///< at divide-by-1, measured on it
} MRM_PROCESSOR;

///
/// The live machine as the PC's firmware describes it.
///
typedef struct {
  EFI_MP_SERVICES_PROTOCOL    *Mp;
  UINTN                       ProcessorCount;
  MRM_PROCESSOR               *Processors;       ///< ProcessorCount of them
  MRM_PROCESSOR_FACTS         *ProcessorFacts;   ///< as many, in the same order
  UINT32                      BspApicId;
  UINT8                       PhysicalAddressBits;
  EFI_GUID                    Uuid;              ///< of the PC, zero when unknown
  CHAR8                       System[MRM_SYSTEM_LENGTH + 1];   ///< maker and product of the PC; empty when unknown
  UINT64                      LocalApicAddress;
  UINT32                      WakeVector;        ///< interrupt by which partitions wake the controller; 0: none is free
  BOOLEAN                     NoExecute;         ///< pages can be closed to code: by the firmware set-up, too
  UINT64                      TscFrequency;      ///< Hz, measured
  MRM_CLOCK_RESULT            Tsc;               ///< that measurement against the PM timer
  MRM_CLOCK_CLAIM             Claim;             ///< what the processor says of its clocks
  MRM_PM_TIMER                PmTimer;
  CONST VOID                  *Mcfg;             ///< table, or NULL
  CONST VOID                  *Srat;
  UINTN                       SratSize;          ///< bytes; 0 when there is none
  CONST VOID                  *Slit;
  UINTN                       SlitSize;          ///< bytes; 0 when there is none
  CONST VOID                  *Ivrs;
  UINTN                       IvrsSize;          ///< bytes; 0 when there is none
  EFI_FILE_PROTOCOL           *Esp;              ///< root of the volume that is written to; NULL: there is none
  EFI_HANDLE                  EspDevice;         ///< that volume, or NULL
  BOOLEAN                     VerifyOnly;        ///< load option "verify": judge, report, change nothing
  BOOLEAN                     ScanOnly;          ///< load option "scan": write down what the PC is, nothing else
} MRM_MACHINE;

///
/// Filled in by SurveyMachine(); WakeVector by CatchStrayInterrupts().
///
extern MRM_MACHINE  gMachine;

#endif
