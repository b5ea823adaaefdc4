;------------------------------------------------------------------------------
; Start-up code of a partition's first processor, copied to the start of the
; partition's low slice: real mode, protected mode, long mode on temporary page
; tables, long mode on the partition's own page tables, first C code.
;
; Position-independent; everything that differs is in TRAMPOLINE_DATA at
; DATA_OFFSET (Trampoline.c).
;
; SPDX-License-Identifier: BSD-2-Clause-Patent
;------------------------------------------------------------------------------

DEFAULT REL
SECTION .text

%define DATA_OFFSET           0x800
%define DATA_TEMPORARY_GDTR   DATA_OFFSET + 0x00
%define DATA_PROTECTED_ENTRY  DATA_OFFSET + 0x08
%define DATA_LONG_ENTRY       DATA_OFFSET + 0x10
%define DATA_TEMPORARY_CR3    DATA_OFFSET + 0x18
%define DATA_EFER             DATA_OFFSET + 0x1C
%define DATA_CR3              DATA_OFFSET + 0x20
%define DATA_STACK            DATA_OFFSET + 0x28
%define DATA_ENTRY            DATA_OFFSET + 0x30
%define DATA_PARAMETER        DATA_OFFSET + 0x38
%define DATA_GDTR             DATA_OFFSET + 0x40
%define DATA_IDTR             DATA_OFFSET + 0x50

%define TEMPORARY_DATA_SELECTOR  0x10
%define CODE_SELECTOR            0x38       ; MRM_SELECTOR_* of MrmStart.h
%define DATA_SELECTOR            0x30

%define CR0_PE                0x00000001
%define CR0_CACHE_ON          0x9FFFFFFF    ; clears CD and NW, which INIT sets or keeps
%define CR0_LONG_MODE         0x80010033    ; PG, WP, NE, ET, MP, PE
%define CR4_LONG_MODE         0x00000620    ; OSXMMEXCPT, OSFXSR, PAE
%define MSR_EFER              0xC0000080
%define MXCSR_DEFAULT         0x1F80

global ASM_PFX(MrmTrampoline)
global ASM_PFX(MrmTrampolineProtected)
global ASM_PFX(MrmTrampolineLong)
global ASM_PFX(MrmTrampolineEnd)

BITS 16
ASM_PFX(MrmTrampoline):
    cli
    cld
    mov     ax, cs
    mov     ds, ax
    xor     ebx, ebx
    mov     bx, ax
    shl     ebx, 4                              ; EBX = address of this page
    o32 lgdt [DATA_TEMPORARY_GDTR]
    mov     eax, cr0
    and     eax, CR0_CACHE_ON
    or      eax, CR0_PE
    mov     cr0, eax
    o32 jmp far [DATA_PROTECTED_ENTRY]

BITS 32
ASM_PFX(MrmTrampolineProtected):
    mov     ax, TEMPORARY_DATA_SELECTOR
    mov     ds, ax
    mov     es, ax
    mov     ss, ax
    mov     fs, ax
    mov     gs, ax
    mov     eax, CR4_LONG_MODE
    mov     cr4, eax
    mov     eax, [ebx + DATA_TEMPORARY_CR3]
    mov     cr3, eax
    mov     ecx, MSR_EFER
    rdmsr
    or      eax, [ebx + DATA_EFER]
    wrmsr
    mov     eax, CR0_LONG_MODE
    mov     cr0, eax
    jmp     far [ebx + DATA_LONG_ENTRY]

BITS 64
ASM_PFX(MrmTrampolineLong):
    mov     ebx, ebx                            ; upper half is undefined after the switch
    mov     rax, [rbx + DATA_CR3]
    mov     cr3, rax                            ; this page is mapped by both tables
    mov     rsp, [rbx + DATA_STACK]
    lgdt    [rbx + DATA_GDTR]
    lidt    [rbx + DATA_IDTR]
    push    CODE_SELECTOR
    lea     rax, [.codeLoaded]
    push    rax
    o64 retf
.codeLoaded:
    mov     ax, DATA_SELECTOR
    mov     ds, ax
    mov     es, ax
    mov     ss, ax
    mov     fs, ax
    mov     gs, ax
    fninit
    push    MXCSR_DEFAULT
    ldmxcsr [rsp]
    pop     rax
    mov     rcx, [rbx + DATA_PARAMETER]
    mov     rax, [rbx + DATA_ENTRY]
    sub     rsp, 0x20                           ; home space of the callee
    call    rax
.stop:
    cli
    hlt
    jmp     .stop
ASM_PFX(MrmTrampolineEnd):
