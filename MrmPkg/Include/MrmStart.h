/** @file
  What a partition's first processor starts with: the start block, which the first C code is
  given (in RCX), and the processor's descriptor tables.  Written by the controller before each start.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_START_H_
#define MRM_START_H_

#include <Uefi/UefiBaseType.h>
#include <Library/BaseLib.h>
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

///
/// Selectors: those of EDK2's CpuDxe, so that gates made before it loads its own GDT stay right.
///
#define MRM_SELECTOR_DATA  0x30
#define MRM_SELECTOR_CODE  0x38
#define MRM_SELECTOR_TASK  0x48
#define MRM_GDT_ENTRIES    11               ///< the task's descriptor takes two

#define MRM_IDT_ENTRIES    256
#define MRM_FAULT_STACK    1                ///< number in the interrupt stack table of the stack below

#pragma pack(1)
///
/// Descriptor tables, each in a page of its own, and a stack for exceptions: one that finds the
/// processor's stack used up would else be the end of the PC.
///
typedef struct {
  UINT64                      Gdt[MRM_GDT_ENTRIES];
  UINT8                       Reserved1[0x100 - MRM_GDT_ENTRIES * sizeof (UINT64)];
  IA32_TASK_STATE_SEGMENT     Task;
  UINT8                       Reserved2[SIZE_4KB - 0x100 - sizeof (IA32_TASK_STATE_SEGMENT)];
  IA32_IDT_GATE_DESCRIPTOR    Idt[MRM_IDT_ENTRIES];
  UINT8                       FaultStack[SIZE_8KB];
} MRM_DESCRIPTORS;
#pragma pack()

STATIC_ASSERT (OFFSET_OF (MRM_DESCRIPTORS, Idt) == SIZE_4KB, "a page of its own");
STATIC_ASSERT (sizeof (MRM_DESCRIPTORS) == SIZE_16KB, "whole pages");

#endif
