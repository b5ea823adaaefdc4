;------------------------------------------------------------------------------
; Entering and leaving guest mode (APM 15.5), and what interrupts the guard.
;
; The global interrupt flag is clear while the guard works: an NMI waits until
; the partition runs again, and ends in an exit at once.  So none is lost.
;
; SPDX-License-Identifier: BSD-2-Clause-Patent
;------------------------------------------------------------------------------

DEFAULT REL
SECTION .text

; MRM_GUARD_PROCESSOR
%define PROCESSOR_RCX       0x08
%define PROCESSOR_RDX       0x10
%define PROCESSOR_RBX       0x18
%define PROCESSOR_RBP       0x28
%define PROCESSOR_RSI       0x30
%define PROCESSOR_RDI       0x38
%define PROCESSOR_R8        0x40
%define PROCESSOR_R9        0x48
%define PROCESSOR_R10       0x50
%define PROCESSOR_R11       0x58
%define PROCESSOR_R12       0x60
%define PROCESSOR_R13       0x68
%define PROCESSOR_R14       0x70
%define PROCESSOR_R15       0x78
%define PROCESSOR_VMCB      0x80
%define PROCESSOR_STATE     0x88
%define PROCESSOR_GUEST_FX  0x200
%define PROCESSOR_HOST_FX   0x400

%define STATE_RUNNING       3

extern ASM_PFX(MrmGuardOnFault)

global ASM_PFX(MrmGuardSvmRun)
global ASM_PFX(BackendTakeNmi)
global ASM_PFX(BackendHalt)
global ASM_PFX(BackendReadMsr)
global ASM_PFX(MrmGuardNmi)
global ASM_PFX(MrmGuardFault)

; BOOLEAN EFIAPI MrmGuardSvmRun (MRM_GUARD_PROCESSOR *Processor)
ASM_PFX(MrmGuardSvmRun):
    clgi
    xor     eax, eax
    cmp     dword [rcx + PROCESSOR_STATE], STATE_RUNNING
    jne     .out
    push    rbx
    push    rbp
    push    rsi
    push    rdi
    push    r12
    push    r13
    push    r14
    push    r15
    push    rcx
    ; The compiler may use SSE registers, which the partition owns.
    fxsave64  [rcx + PROCESSOR_HOST_FX]
    fxrstor64 [rcx + PROCESSOR_GUEST_FX]
    mov     rdx, [rcx + PROCESSOR_RDX]
    mov     rbx, [rcx + PROCESSOR_RBX]
    mov     rbp, [rcx + PROCESSOR_RBP]
    mov     rsi, [rcx + PROCESSOR_RSI]
    mov     rdi, [rcx + PROCESSOR_RDI]
    mov     r8,  [rcx + PROCESSOR_R8]
    mov     r9,  [rcx + PROCESSOR_R9]
    mov     r10, [rcx + PROCESSOR_R10]
    mov     r11, [rcx + PROCESSOR_R11]
    mov     r12, [rcx + PROCESSOR_R12]
    mov     r13, [rcx + PROCESSOR_R13]
    mov     r14, [rcx + PROCESSOR_R14]
    mov     r15, [rcx + PROCESSOR_R15]
    mov     rax, [rcx + PROCESSOR_VMCB]
    mov     rcx, [rcx + PROCESSOR_RCX]
    vmload
    vmrun
    vmsave
    xchg    rcx, [rsp]
    mov     [rcx + PROCESSOR_RDX], rdx
    mov     [rcx + PROCESSOR_RBX], rbx
    mov     [rcx + PROCESSOR_RBP], rbp
    mov     [rcx + PROCESSOR_RSI], rsi
    mov     [rcx + PROCESSOR_RDI], rdi
    mov     [rcx + PROCESSOR_R8],  r8
    mov     [rcx + PROCESSOR_R9],  r9
    mov     [rcx + PROCESSOR_R10], r10
    mov     [rcx + PROCESSOR_R11], r11
    mov     [rcx + PROCESSOR_R12], r12
    mov     [rcx + PROCESSOR_R13], r13
    mov     [rcx + PROCESSOR_R14], r14
    mov     [rcx + PROCESSOR_R15], r15
    pop     qword [rcx + PROCESSOR_RCX]
    fxsave64  [rcx + PROCESSOR_GUEST_FX]
    fxrstor64 [rcx + PROCESSOR_HOST_FX]
    pop     r15
    pop     r14
    pop     r13
    pop     r12
    pop     rdi
    pop     rsi
    pop     rbp
    pop     rbx
    cld
    mov     eax, 1
.out:
    ret

; VOID EFIAPI BackendTakeNmi (VOID)
ASM_PFX(BackendTakeNmi):
    stgi
    nop
    clgi
    ret

; VOID EFIAPI BackendHalt (VOID)
ASM_PFX(BackendHalt):
    stgi
HaltInstruction:
    hlt
    clgi
    ret

; UINT64 EFIAPI BackendReadMsr (UINT32 Msr)
ASM_PFX(BackendReadMsr):
ReadInstruction:
    rdmsr
    shl     rdx, 32
    or      rax, rdx
    ret
ReadFailed:
    xor     eax, eax
    ret

; An NMI that comes just before the halt ends it, too.
ASM_PFX(MrmGuardNmi):
    push    rax
    lea     rax, [HaltInstruction]
    cmp     [rsp + 8], rax
    jne     .done
    inc     qword [rsp + 8]
.done:
    pop     rax
    iretq

ASM_PFX(MrmGuardFault):
    ; Behind the error code lies the address.  Only this instruction may raise an exception.
    push    rax
    lea     rax, [ReadInstruction]
    cmp     [rsp + 0x10], rax
    jne     .fatal
    lea     rax, [ReadFailed]
    mov     [rsp + 0x10], rax
    pop     rax
    add     rsp, 8
    iretq
.fatal:
    pop     rax
    mov     rcx, rsp
    and     rsp, -16
    sub     rsp, 0x20
    call    ASM_PFX(MrmGuardOnFault)
    ; INIT is obeyed from here on.
    stgi
.forever:
    hlt
    jmp     .forever
