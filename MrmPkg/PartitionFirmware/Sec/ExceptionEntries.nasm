;------------------------------------------------------------------------------
; Where the gates of the exceptions lead: one entry of EXCEPTION_ENTRY_SIZE bytes
; for each vector, then the first C code (Exception.c).  There is no way back.
;
; SPDX-License-Identifier: BSD-2-Clause-Patent
;------------------------------------------------------------------------------

DEFAULT REL
SECTION .text

%define EXCEPTIONS            32            ; as in Sec.h
%define EXCEPTION_ENTRY_SIZE  16
%define HAS_ERROR_CODE        0x60227D00    ; bit n: vector n (Intel SDM volume 3, table 6-1)

extern ASM_PFX(OnEarlyException)
global ASM_PFX(MrmExceptionEntries)

ALIGN EXCEPTION_ENTRY_SIZE
ASM_PFX(MrmExceptionEntries):
%assign vector 0
%rep EXCEPTIONS
    ALIGN   EXCEPTION_ENTRY_SIZE
%if (HAS_ERROR_CODE >> vector) & 1 == 0
    push    0
%endif
    push    vector
    jmp     toFirstCode
%assign vector vector + 1
%endrep

ALIGN EXCEPTION_ENTRY_SIZE
toFirstCode:
    cld
    pop     rcx                             ; vector
    pop     rdx                             ; error code
    mov     r8, [rsp]                       ; RIP
    mov     r9, cr2
    and     rsp, -16
    sub     rsp, 0x20                       ; home space of the callee
    call    ASM_PFX(OnEarlyException)
.stop:
    cli
    hlt
    jmp     .stop
