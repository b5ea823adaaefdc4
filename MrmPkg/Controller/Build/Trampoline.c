/** @file
  Places the start-up code and the descriptor tables of a partition's first processor.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Build/Trampoline.h"
#include "Core/Facts.h"
#include <Library/BaseMemoryLib.h>

#define DATA_OFFSET       0x800      ///< as in TrampolineCode.nasm
#define PAGE_PRESENT_RW   0x03
#define PAGE_LARGE        0x80
#define EFER_LME          BIT8
#define EFER_NXE          BIT11      ///< a processor without it would end in a triple fault

#define SELECTOR_CODE_32  0x08
#define SELECTOR_CODE_64  0x18

#pragma pack(1)
typedef struct {
  UINT16    Limit;
  UINT32    Base;
  UINT16    Padding;
} DESCRIPTOR_TABLE_32;

typedef struct {
  UINT16    Limit;
  UINT64    Base;
  UINT8     Padding[6];
} DESCRIPTOR_TABLE_64;

typedef struct {
  UINT32    Offset;
  UINT16    Selector;
  UINT16    Padding;
} FAR_POINTER;

///
/// The layout TrampolineCode.nasm reads.
///
typedef struct {
  DESCRIPTOR_TABLE_32    TemporaryGdtr;
  FAR_POINTER            ProtectedEntry;
  FAR_POINTER            LongEntry;
  UINT32                 TemporaryCr3;
  UINT32                 Efer;             ///< bits to set in IA32_EFER
  UINT64                 Cr3;
  UINT64                 Stack;
  UINT64                 Entry;
  UINT64                 Parameter;
  DESCRIPTOR_TABLE_64    Gdtr;
  DESCRIPTOR_TABLE_64    Idtr;
  UINT64                 TemporaryGdt[4];
} TRAMPOLINE_DATA;
#pragma pack()

STATIC_ASSERT (OFFSET_OF (TRAMPOLINE_DATA, LongEntry) == 0x10, "as in TrampolineCode.nasm");
STATIC_ASSERT (OFFSET_OF (TRAMPOLINE_DATA, Efer) == 0x1C, "as in TrampolineCode.nasm");
STATIC_ASSERT (OFFSET_OF (TRAMPOLINE_DATA, Cr3) == 0x20, "as in TrampolineCode.nasm");
STATIC_ASSERT (OFFSET_OF (TRAMPOLINE_DATA, Gdtr) == 0x40, "as in TrampolineCode.nasm");
STATIC_ASSERT (OFFSET_OF (TRAMPOLINE_DATA, Idtr) == 0x50, "as in TrampolineCode.nasm");

///
/// Descriptors (Intel SDM volume 3, section 3.4.5): flat, accessed, ring 0.
///
#define DESCRIPTOR_CODE_32  0x00CF9B000000FFFFULL
#define DESCRIPTOR_DATA     0x00CF93000000FFFFULL
#define DESCRIPTOR_CODE_64  0x00AF9B000000FFFFULL

#define ENTRY(Selector)  ((Selector) / sizeof (UINT64))

extern CONST UINT8  MrmTrampoline[];
extern CONST UINT8  MrmTrampolineProtected[];
extern CONST UINT8  MrmTrampolineLong[];
extern CONST UINT8  MrmTrampolineEnd[];

VOID
WriteDescriptors (
  OUT MRM_DESCRIPTORS  *Tables
  )
{
  IA32_TSS_DESCRIPTOR  *Task;
  UINT64               Address;

  ZeroMem (Tables, sizeof (*Tables));
  Tables->Gdt[ENTRY (MRM_SELECTOR_DATA)] = DESCRIPTOR_DATA;
  Tables->Gdt[ENTRY (MRM_SELECTOR_CODE)] = DESCRIPTOR_CODE_64;

  Address             = (UINTN)&Tables->Task;
  Task                = (IA32_TSS_DESCRIPTOR *)&Tables->Gdt[ENTRY (MRM_SELECTOR_TASK)];
  Task->Bits.LimitLow = sizeof (Tables->Task) - 1;
  Task->Bits.BaseLow  = (UINT16)Address;
  Task->Bits.BaseMidl = (UINT8)(Address >> 16);
  Task->Bits.BaseMidh = (UINT8)(Address >> 24);
  Task->Bits.BaseHigh = (UINT32)(Address >> 32);
  Task->Bits.Type     = IA32_GDT_TYPE_TSS;
  Task->Bits.P        = 1;

  Tables->Task.IOMapBaseAddress         = sizeof (Tables->Task);
  Tables->Task.IST[MRM_FAULT_STACK - 1] = (UINTN)Tables->FaultStack + sizeof (Tables->FaultStack);
}

VOID
WriteTrampoline (
  IN CONST MRM_RANGE        *LowSlice,
  IN UINT64                 Cr3,
  IN CONST MRM_DESCRIPTORS  *Tables,
  IN UINT64                 Stack,
  IN UINT64                 Entry,
  IN UINT64                 Parameter
  )
{
  UINT8            *Page;
  UINT64           *Temporary;
  UINT32           Base;
  TRAMPOLINE_DATA  *Data;

  Base = (UINT32)LowSlice->Base;
  Page = (UINT8 *)(UINTN)Base;
  ZeroMem (Page, SIZE_16KB);
  CopyMem (Page, MrmTrampoline, (UINTN)(MrmTrampolineEnd - MrmTrampoline));

  // CR3 is loaded in 32-bit mode first: page tables below 4 GiB that map the first 2 MiB.
  Temporary                       = (UINT64 *)(Page + SIZE_4KB);
  Temporary[0]                    = (Base + 2 * SIZE_4KB) | PAGE_PRESENT_RW;
  Temporary[SIZE_4KB / 8]         = (Base + 3 * SIZE_4KB) | PAGE_PRESENT_RW;
  Temporary[2 * SIZE_4KB / 8]     = PAGE_PRESENT_RW | PAGE_LARGE;

  Data                            = (TRAMPOLINE_DATA *)(Page + DATA_OFFSET);
  Data->TemporaryGdt[1]           = DESCRIPTOR_CODE_32;
  Data->TemporaryGdt[2]           = DESCRIPTOR_DATA;
  Data->TemporaryGdt[3]           = DESCRIPTOR_CODE_64;
  Data->TemporaryGdtr.Limit       = sizeof (Data->TemporaryGdt) - 1;
  Data->TemporaryGdtr.Base        = (UINT32)(UINTN)Data->TemporaryGdt;
  Data->ProtectedEntry.Offset     = Base + (UINT32)(MrmTrampolineProtected - MrmTrampoline);
  Data->ProtectedEntry.Selector   = SELECTOR_CODE_32;
  Data->LongEntry.Offset          = Base + (UINT32)(MrmTrampolineLong - MrmTrampoline);
  Data->LongEntry.Selector        = SELECTOR_CODE_64;
  Data->TemporaryCr3              = Base + SIZE_4KB;
  Data->Efer                      = EFER_LME | (gMachine.NoExecute ? EFER_NXE : 0);
  Data->Cr3                       = Cr3;
  Data->Stack                     = Stack;
  Data->Entry                     = Entry;
  Data->Parameter                 = Parameter;
  Data->Gdtr.Limit                = sizeof (Tables->Gdt) - 1;
  Data->Gdtr.Base                 = (UINTN)Tables->Gdt;
  Data->Idtr.Limit                = sizeof (Tables->Idt) - 1;
  Data->Idtr.Base                 = (UINTN)Tables->Idt;
}
