;------------------------------------------------------------------------------
; Runs on a processor of a partition that has been stopped: says that it is
; here, waits until that was seen, says that it goes, and waits for INIT.
;
; SPDX-License-Identifier: BSD-2-Clause-Patent
;------------------------------------------------------------------------------

DEFAULT REL
SECTION .text

%define STEP_OFFSET      0x80                   ; as in Stop.c
%define SEEN_OFFSET      0x81
%define CLEAR_OFFSET     0x82
%define STEP_HERE        1
%define STEP_GOES        2
%define IA32_MCG_STATUS  0x17A

global ASM_PFX(MrmStopped)
global ASM_PFX(MrmStoppedEnd)

BITS 16
ASM_PFX(MrmStopped):
    cli
    mov     ax, cs
    mov     ds, ax
    cmp     byte [CLEAR_OFFSET], 0
    je      .here
    mov     ecx, IA32_MCG_STATUS
    xor     eax, eax
    xor     edx, edx
    wrmsr
.here:
    mov     byte [STEP_OFFSET], STEP_HERE
.look:
    pause
    cmp     byte [SEEN_OFFSET], 0
    je      .look
    mov     byte [STEP_OFFSET], STEP_GOES
.wait:
    hlt
    jmp     .wait
ASM_PFX(MrmStoppedEnd):
