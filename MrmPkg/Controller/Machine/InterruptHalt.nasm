;------------------------------------------------------------------------------
; Waits for an interrupt without missing one: after STI none is taken before the
; next instruction, which is HLT (Intel SDM volume 2, STI).
;
; SPDX-License-Identifier: BSD-2-Clause-Patent
;------------------------------------------------------------------------------

DEFAULT REL
SECTION .text

global ASM_PFX(MrmEnableInterruptsAndHalt)
ASM_PFX(MrmEnableInterruptsAndHalt):
    sti
    hlt
    ret
