;------------------------------------------------------------------------------
; Runs on a processor of a partition between two of its systems: says that the
; last machine check is dealt with, and waits for the INIT that follows.
;
; SPDX-License-Identifier: BSD-2-Clause-Patent
;------------------------------------------------------------------------------

DEFAULT REL
SECTION .text

%define DONE_OFFSET      0x80                   ; as in MachineCheckClear.c
%define IA32_MCG_STATUS  0x17A

global ASM_PFX(MrmMachineCheckClear)
global ASM_PFX(MrmMachineCheckClearEnd)

BITS 16
ASM_PFX(MrmMachineCheckClear):
    cli
    mov     ax, cs
    mov     ds, ax
    mov     ecx, IA32_MCG_STATUS
    xor     eax, eax
    xor     edx, edx
    wrmsr
    mov     byte [DONE_OFFSET], 1
.wait:
    hlt
    jmp     .wait
ASM_PFX(MrmMachineCheckClearEnd):
