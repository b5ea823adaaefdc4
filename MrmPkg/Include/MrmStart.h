/** @file
  The start block: what the first C code on a partition's first processor is
  given (in RCX).  Written by the controller before each start.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_START_H_
#define MRM_START_H_

#include <Uefi/UefiBaseType.h>
#include <Library/MtrrLib.h>

#define MRM_START_VERSION  2

typedef struct {
  UINT32           Version;         ///< MRM_START_VERSION
  UINT32           Size;            ///< sizeof (MRM_START)
  UINT64           HobList;         ///< physical address of the HOB list
  UINT64           DxeCoreEntry;    ///< physical address of the DXE core's entry point
  UINT64           Mailbox;         ///< physical address of MRM_MAILBOX
  UINT64           ApicMode;        ///< LOCAL_APIC_MODE_* of the machine's boot processor
  UINT64           Pat;             ///< IA32_PAT of the machine's boot processor
  MTRR_SETTINGS    Mtrrs;           ///< MTRRs of the machine's boot processor
} MRM_START;

#endif
