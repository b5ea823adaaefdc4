/** @file
  The virtual machine control block of SVM (APM appendix B), as far as the guard uses it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_GUARD_VMCB_H_
#define MRM_GUARD_VMCB_H_

#include <Library/MrmGuardHostLib.h>

#define CPUID_SVM  0x8000000AU

#define MSR_EFER         0xC0000080U
#define MSR_LSTAR        0xC0000082U
#define MSR_VM_CR        0xC0010114U
#define MSR_VM_HSAVE_PA  0xC0010117U

#define EFER_NXE   BIT11    ///< nested page tables forbid code where there is none
#define EFER_SVME  BIT12

//
// Exit codes (APM appendix C).
//
#define SVM_EXIT_DEBUG   0x041
#define SVM_EXIT_IRET    0x074
#define SVM_EXIT_INVD    0x076
#define SVM_EXIT_MSR     0x07C
#define SVM_EXIT_WBINVD  0x089

#pragma pack(1)
typedef struct {
  UINT16    Selector;
  UINT16    Attributes;
  UINT32    Limit;
  UINT64    Base;
} VMCB_SEGMENT;

typedef struct {
  UINT16          InterceptCrRead;         // 000
  UINT16          InterceptCrWrite;
  UINT16          InterceptDrRead;
  UINT16          InterceptDrWrite;
  UINT32          InterceptExceptions;     // 008
  UINT32          Intercept3;              // 00C
  UINT32          Intercept4;              // 010
  UINT8           Reserved014[0x040 - 0x014];
  UINT64          IoMap;                   // 040
  UINT64          MsrMap;                  // 048
  UINT64          TscOffset;               // 050
  UINT32          Asid;                    // 058
  UINT32          TlbControl;              // 05C
  UINT64          VirtualInterrupt;        // 060
  UINT64          InterruptShadow;         // 068
  UINT64          ExitCode;                // 070
  UINT64          ExitInfo1;               // 078
  UINT64          ExitInfo2;               // 080
  UINT64          ExitIntInfo;             // 088
  UINT64          NestedControl;           // 090
  UINT8           Reserved098[0x0A8 - 0x098];
  UINT64          EventInjection;          // 0A8
  UINT64          NestedCr3;               // 0B0
  UINT64          LbrControl;              // 0B8
  UINT64          Clean;                   // 0C0
  UINT64          NextRip;                 // 0C8
  UINT8           Reserved0D0[0x400 - 0x0D0];
  VMCB_SEGMENT    Es;                      // 400
  VMCB_SEGMENT    Cs;
  VMCB_SEGMENT    Ss;
  VMCB_SEGMENT    Ds;
  VMCB_SEGMENT    Fs;
  VMCB_SEGMENT    Gs;
  VMCB_SEGMENT    Gdtr;
  VMCB_SEGMENT    Ldtr;
  VMCB_SEGMENT    Idtr;
  VMCB_SEGMENT    Tr;                      // 490
  UINT8           Reserved4A0[0x4CB - 0x4A0];
  UINT8           Cpl;                     // 4CB
  UINT32          Reserved4CC;
  UINT64          Efer;                    // 4D0
  UINT8           Reserved4D8[0x548 - 0x4D8];
  UINT64          Cr4;                     // 548
  UINT64          Cr3;                     // 550
  UINT64          Cr0;                     // 558
  UINT64          Dr7;                     // 560
  UINT64          Dr6;                     // 568
  UINT64          Rflags;                  // 570
  UINT64          Rip;                     // 578
  UINT8           Reserved580[0x5D8 - 0x580];
  UINT64          Rsp;                     // 5D8
  UINT8           Reserved5E0[0x5F8 - 0x5E0];
  UINT64          Rax;                     // 5F8
  UINT64          Star;                    // 600
  UINT64          Lstar;                   // 608
  UINT64          Cstar;                   // 610
  UINT64          Sfmask;                  // 618
  UINT64          KernelGsBase;            // 620
  UINT64          SysenterCs;              // 628
  UINT64          SysenterEsp;             // 630
  UINT64          SysenterEip;             // 638
  UINT64          Cr2;                     // 640
  UINT8           Reserved648[0x668 - 0x648];
  UINT64          Pat;                     // 668
  UINT64          DebugControl;            // 670
} VMCB;
#pragma pack()

STATIC_ASSERT (OFFSET_OF (VMCB, NextRip) == 0x0C8, "APM appendix B");
STATIC_ASSERT (OFFSET_OF (VMCB, Tr) == 0x490, "APM appendix B");
STATIC_ASSERT (OFFSET_OF (VMCB, Efer) == 0x4D0, "APM appendix B");
STATIC_ASSERT (OFFSET_OF (VMCB, Rax) == 0x5F8, "APM appendix B");
STATIC_ASSERT (OFFSET_OF (VMCB, DebugControl) == 0x670, "APM appendix B");

#endif
