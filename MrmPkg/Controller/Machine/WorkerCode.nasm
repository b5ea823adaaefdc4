;------------------------------------------------------------------------------
; Where interrupts and exceptions of the channel processor go (WorkerLoop.c).
;
; SPDX-License-Identifier: BSD-2-Clause-Patent
;------------------------------------------------------------------------------

DEFAULT REL
SECTION .text

%define EXCEPTIONS  32

extern ASM_PFX(MrmWorkerAcknowledge)
extern ASM_PFX(MrmWorkerFault)

global ASM_PFX(MrmWorkerNmi)
global ASM_PFX(MrmWorkerInterrupt)
global ASM_PFX(MrmWorkerExceptions)

; Nobody has a reason to send one: it is passed over.
ASM_PFX(MrmWorkerNmi):
    iretq

; The processor has pushed five words onto a stack aligned to 16 bytes (Intel SDM volume 3, section 6.14.2); with
; these seven it is aligned again.
ASM_PFX(MrmWorkerInterrupt):
    push    rax
    push    rcx
    push    rdx
    push    r8
    push    r9
    push    r10
    push    r11
    cld
    sub     rsp, 0x20
    call    ASM_PFX(MrmWorkerAcknowledge)
    add     rsp, 0x20
    pop     r11
    pop     r10
    pop     r9
    pop     r8
    pop     rdx
    pop     rcx
    pop     rax
    iretq

; One entry of 16 bytes for each exception: its number goes onto the stack, on top of an error code if
; there is one.
align 16
ASM_PFX(MrmWorkerExceptions):
%assign Number 0
%rep EXCEPTIONS
    align   16
    push    Number
    jmp     Fault
%assign Number Number + 1
%endrep

Fault:
    mov     rcx, rsp
    and     rsp, -16
    sub     rsp, 0x20
    call    ASM_PFX(MrmWorkerFault)
.forever:
    cli
    hlt
    jmp     .forever
