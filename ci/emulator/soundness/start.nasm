; SPDX-License-Identifier: BSD-2-Clause-Patent
; Entry of the soundness program: 32-bit protected mode, flat, no paging (Multiboot Specification 0.6.96).
;
; The first processor comes from QEMU's -kernel and runs first_processor(). The others come by SIPI to TRAMPOLINE
; and run other_processor().

TRAMPOLINE  equ 0x8000                  ; the SIPI vector is its page number, 8
STACK_BYTES equ 16384
OTHERS      equ 2

bits 32
section .multiboot
align 4
  dd 0x1BADB002, 0, -0x1BADB002

section .text
global _start
extern first_processor
extern other_processor
_start:
  mov esp, first_stack + STACK_BYTES
  mov esi, trampoline
  mov edi, TRAMPOLINE
  mov ecx, trampoline_end - trampoline
  rep movsb
  lgdt [descriptors_pointer]
  jmp 0x08:.flat
.flat:
  mov ax, 0x10
  mov ds, ax
  mov es, ax
  mov ss, ax
  call first_processor
.stop:
  hlt
  jmp .stop

other_flat:
  mov ax, 0x10
  mov ds, ax
  mov es, ax
  mov ss, ax
  mov eax, 1
  lock xadd [arrived], eax
  mov ecx, eax
  shl ecx, 14                           ; STACK_BYTES each
  lea esp, [other_stacks + ecx + STACK_BYTES]
  call other_processor
.stop:
  hlt
  jmp .stop

bits 16
trampoline:
  cli
  xor ax, ax
  mov ds, ax
  o32 lgdt [TRAMPOLINE + (trampoline_pointer - trampoline)]
  mov eax, cr0
  or al, 1
  mov cr0, eax
  jmp dword 0x08:other_flat
trampoline_pointer:
  dw 23
  dd descriptors
trampoline_end:

section .data
align 8
descriptors:
  dq 0, 0x00cf9a000000ffff, 0x00cf92000000ffff
descriptors_pointer:
  dw 23
  dd descriptors
global arrived
arrived:
  dd 0

section .bss
align 16
first_stack:
  resb STACK_BYTES
other_stacks:
  resb STACK_BYTES * OTHERS

section .note.GNU-stack noalloc noexec nowrite progbits
