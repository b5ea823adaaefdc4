;------------------------------------------------------------------------------
; What runs at the BIOS reset entry F000:FFF0 while MRM runs, copied to FF00:0000:
; marks the processor in the table there and waits for the INIT that follows.
;
; The table is MRM_RESET_ENTRY_TABLE at TABLE_OFFSET (ResetEntry.c).
;
; SPDX-License-Identifier: BSD-2-Clause-Patent
;------------------------------------------------------------------------------

DEFAULT REL
SECTION .text

%define TABLE_OFFSET            0x100
%define TABLE_COUNT             TABLE_OFFSET + 0x00
%define TABLE_PROCESSORS        TABLE_OFFSET + 0x08
%define PROCESSOR_APIC_ID       0x00
%define PROCESSOR_REACHED       0x04
%define PROCESSOR_SIZE          0x08

%define CPUID_VERSION_INFO      0x01
%define CPUID_TOPOLOGY          0x0B            ; EDX = all bits of the APIC ID, where EBX is not 0

global ASM_PFX(MrmResetEntry)
global ASM_PFX(MrmResetEntryEnd)

BITS 16
ASM_PFX(MrmResetEntry):
    cli
    cld
    mov     ax, cs
    mov     ds, ax
    xor     eax, eax
    cpuid
    cmp     eax, CPUID_TOPOLOGY
    jb      .short
    mov     eax, CPUID_TOPOLOGY
    xor     ecx, ecx
    cpuid
    test    ebx, ebx
    jnz     .known
.short:
    mov     eax, CPUID_VERSION_INFO
    cpuid
    shr     ebx, 24
    mov     edx, ebx
.known:
    mov     si, TABLE_PROCESSORS
    mov     cx, [TABLE_COUNT]
.next:
    jcxz    .wait
    cmp     edx, [si + PROCESSOR_APIC_ID]
    je      .found
    add     si, PROCESSOR_SIZE
    dec     cx
    jmp     .next
.found:
    mov     dword [si + PROCESSOR_REACHED], 1
.wait:
    hlt
    jmp     .wait
ASM_PFX(MrmResetEntryEnd):
