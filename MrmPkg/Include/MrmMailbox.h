/** @file
  The mailbox: the one page shared by the controller and one partition firmware.

  It lies in the partition's own memory (EfiRuntimeServicesData), so an OS sees
  it as firmware data.  The controller trusts nothing in it: it copies the page
  and judges the copy (MrmLifecycleLib).

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_MAILBOX_H_
#define MRM_MAILBOX_H_

#include <Uefi/UefiBaseType.h>

#define MRM_MAILBOX_SIGNATURE  SIGNATURE_32 ('M', 'R', 'M', 'B')
#define MRM_MAILBOX_VERSION    1
#define MRM_MAILBOX_SIZE       SIZE_4KB
#define MRM_MAILBOX_TEXT_SIZE  1024

///
/// How far the partition firmware has come; only ever increases between two starts.
///
typedef enum {
  MrmPhaseNone,            ///< written by the controller before each start
  MrmPhaseEntry,           ///< first C code on the partition's first processor
  MrmPhaseDxe,             ///< DXE drivers are being dispatched
  MrmPhaseBds,             ///< boot manager entered
  MrmPhaseLoader,          ///< StartImage of the loader is next
  MrmPhaseRunning,         ///< ExitBootServices done: the OS has the partition
  MrmPhaseMax
} MRM_PHASE;

///
/// What the partition asks of the controller; written last, once per start.
///
typedef enum {
  MrmRequestNone,
  MrmRequestShutdown,      ///< ResetSystem (EfiResetShutdown)
  MrmRequestColdReset,     ///< ResetSystem (EfiResetCold or EfiResetPlatformSpecific)
  MrmRequestWarmReset,     ///< ResetSystem (EfiResetWarm)
  MrmRequestFailed,        ///< firmware or loader cannot continue; Status and Text say why
  MrmRequestMax
} MRM_REQUEST;

#pragma pack(1)
typedef struct {
  UINT32             Signature;                    ///< MRM_MAILBOX_SIGNATURE
  UINT32             Version;                      ///< MRM_MAILBOX_VERSION
  volatile UINT32    Phase;                        ///< MRM_PHASE
  volatile UINT32    Request;                      ///< MRM_REQUEST
  volatile UINT64    Status;                       ///< EFI_STATUS that goes with Request
  volatile UINT64    PhaseTsc[MrmPhaseMax];        ///< time-stamp counter on entering each phase
  volatile UINT32    TextLength;                   ///< bytes used in Text, at most MRM_MAILBOX_TEXT_SIZE
  UINT32             Reserved;
  CHAR8              Text[MRM_MAILBOX_TEXT_SIZE];  ///< reason for MrmRequestFailed, ASCII, not terminated
} MRM_MAILBOX;
#pragma pack()

STATIC_ASSERT (sizeof (MRM_MAILBOX) <= MRM_MAILBOX_SIZE, "the mailbox is one page");

#endif
