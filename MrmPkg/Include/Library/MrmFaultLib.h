/** @file
  What an exception in firmware or loader means, in words for the owner of the partition.
  Pure: no globals, no I/O.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_FAULT_LIB_H_
#define MRM_FAULT_LIB_H_

#include <Guid/MrmHandOff.h>
#include <Library/MrmLogLib.h>

///
/// Whose code it was.
///
typedef enum {
  MrmCodeUnknown,
  MrmCodeFirmware,          ///< a module of the partition firmware
  MrmCodeOptionRom,         ///< a driver that a device brought along
  MrmCodeLoader             ///< a loader, or what it has loaded
} MRM_CODE;

///
/// Bits of a page fault's error code (Intel SDM volume 3, section 4.7).
///
#define MRM_FAULT_WRITE    BIT1
#define MRM_FAULT_EXECUTE  BIT4

typedef struct {
  CONST MRM_HAND_OFF    *HandOff;
  UINTN                 MemoryCount;
  CONST MRM_RANGE       *Memory;      ///< the partition's
  UINT32                Vector;
  UINT64                ErrorCode;
  UINT64                Address;      ///< CR2, for a page fault
  UINT64                Rip;
  UINT64                Rsp;
  MRM_CODE              Code;
  CONST CHAR8           *CodeName;
} MRM_FAULT;

/**
  Say what happened, in whose code, what lies at the address, and what the owner of the partition can do.

  @param[in]     Fault  The facts.
  @param[in,out] Text   Receives the words.
**/
VOID
EFIAPI
MrmFaultRender (
  IN     CONST MRM_FAULT  *Fault,
  IN OUT MRM_TEXT         *Text
  );

#endif
