/** @file
  An EFI application of the tests: leaves its partition's firmware, and does from ring 0 what it is told at its console's
  UART, one command a line.  It answers each with a line: `HOSTILE name value vector`.  The vector is that of an
  exception, which ends a command; 0: there was none.

    r ADDRESS WIDTH         read memory             i PORT WIDTH           read a port
    w ADDRESS WIDTH VALUE   write memory            o PORT WIDTH VALUE     write a port
    x ADDRESS               jump there              m REGISTER             RDMSR
    v NUMBER                an instruction, below   s REGISTER VALUE       WRMSR
    p                       page of the code for other processors; r there: how many run it
    b                       pages for a device, PAGES of them
    a MODE                  mode of the local APIC: 1 is x2APIC; what APIC_BASE says of it then
    n                       an NMI to itself, in whose handler two more: how many came << 8, how deep they were nested
    t                       triple fault            h                      CLI, HLT
    l                       CLI, and an endless loop

  Started as `hostile.efi PORT`: the UART's first port.  All numbers are hexadecimal.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Uefi.h>
#include <Library/BaseLib.h>
#include <Protocol/LoadedImage.h>

#define MAP_SIZE      SIZE_64KB
#define LINE          80
#define WORDS         4
#define LINE_STATUS   5            ///< of a 16550: register, and its bits
#define HAS_RECEIVED  BIT0
#define CAN_SEND      BIT5
#define EXCEPTIONS    32
#define GATES         256
#define GATE          0x8E00       ///< present, ring 0, interrupt gate
#define PRESENT       (BIT0 | BIT1 | BIT7)    ///< writable, and large where that has a meaning
#define GIGABYTES     512
#define PAGES         3            ///< for a device

//
// Registers of the local APIC, and what wakes this processor to look at its UART: a hundred times a second in QEMU.
//
#define LOCAL_APIC     0xFEE00000
#define APIC_ID        0x020
#define SPURIOUS       0x0F0
#define COMMAND_LOW    0x300
#define COMMAND_HIGH   0x310
#define LOCAL_TIMER    0x320
#define TIMER_COUNT    0x380
#define TIMER_DIVISOR  0x3E0
#define ENABLED        0x1FF
#define PERIODIC       0x20020
#define BY_ONE         0xB
#define PERIOD         10000000
#define SEND_NMI       0x4400
#define SOME_TIME      10000

#define MSR_APIC_BASE  0x1B
#define MSR_X2APIC     0x800       ///< register 0 of the local APIC in x2APIC mode, one for each 16 bytes of the page
#define X2APIC         BIT10       ///< of APIC_BASE
#define MODE           (BIT10 | BIT11)

#pragma pack(1)
typedef struct {
  UINT16    OffsetLow;
  UINT16    Selector;
  UINT16    Attributes;
  UINT16    OffsetHigh;
  UINT32    OffsetUpper;
  UINT32    Reserved;
} GATE_64;

typedef struct {
  UINT16    Limit;
  UINT64    Base;
} TABLE;
#pragma pack()

//
// Assembler code below knows these: what came, where a command goes on after it, and whether the local APIC is in
// x2APIC mode.
//
UINT64  gVector __attribute__ ((visibility ("hidden")));
UINT64  gGoOn   __attribute__ ((visibility ("hidden")));
UINT8   gX2Apic __attribute__ ((visibility ("hidden")));

//
// NMIs that came, how many of them have not returned, and the most of these.
//
volatile UINT32  gNmis    __attribute__ ((visibility ("hidden")));
volatile UINT32  gDepth   __attribute__ ((visibility ("hidden")));
volatile UINT32  gDeepest __attribute__ ((visibility ("hidden")));

STATIC UINT16   mPort;
STATIC UINT64   mLow;
STATIC UINT8    mMap[MAP_SIZE];
STATIC GATE_64  mIdt[GATES] __attribute__ ((aligned (16)));
STATIC UINT64   mRoot[512]  __attribute__ ((aligned (4096)));
STATIC UINT64   mLarge[GIGABYTES] __attribute__ ((aligned (4096)));
STATIC UINT8    mPages[PAGES][SIZE_4KB] __attribute__ ((aligned (4096)));

//
// What another processor runs from its first instruction on: it counts itself, and never answers again.
// lock inc word [cs:0x10]; cli; jmp $
//
STATIC CONST UINT8  mStub[] = { 0xF0, 0x2E, 0xFF, 0x06, 0x10, 0x00, 0xFA, 0xEB, 0xFE };

/**
  The compiler calls these for loops that set and copy bytes.
**/
VOID *
memset (
  VOID   *Buffer,
  INT32  Value,
  UINTN  Length
  )
{
  __asm__ volatile ("rep stosb" : "=D" (Buffer), "+c" (Length) : "0" (Buffer), "a" (Value) : "memory");
  return (UINT8 *)Buffer - Length;
}

VOID *
memcpy (
  VOID        *To,
  CONST VOID  *From,
  UINTN       Length
  )
{
  VOID  *Begin = To;

  __asm__ volatile ("rep movsb" : "+D" (To), "+S" (From), "+c" (Length) : : "memory");
  return Begin;
}

STATIC
UINT8
In8 (
  IN UINT16  Port
  )
{
  UINT8  Value;

  __asm__ volatile ("inb %1, %0" : "=a" (Value) : "Nd" (Port));
  return Value;
}

STATIC
VOID
SayCharacter (
  IN CHAR8  Character
  )
{
  while ((In8 (mPort + LINE_STATUS) & CAN_SEND) == 0) {
  }

  __asm__ volatile ("outb %0, %1" : : "a" (Character), "Nd" (mPort));
}

STATIC
VOID
SayText (
  IN CONST CHAR8  *Text
  )
{
  for ( ; *Text != 0; Text++) {
    SayCharacter (*Text);
  }
}

STATIC
VOID
SayNumber (
  IN UINT64  Value
  )
{
  INTN  Shift;

  SayCharacter (' ');
  for (Shift = 60; Shift >= 0; Shift -= 4) {
    SayCharacter ("0123456789abcdef"[(Value >> Shift) & 0xF]);
  }
}

/**
  Answer a command.

  @param[in] Name   The command; what else it is about.
  @param[in] Value  What it found.
**/
STATIC
VOID
Say (
  IN CHAR8   Name,
  IN UINT64  Value
  )
{
  SayText ("\r\nHOSTILE ");
  SayCharacter (Name);
  SayNumber (Value);
  SayNumber (gVector);
  SayCharacter ('.');
}

//
// Exceptions: those with an error code, and those without.
//
__asm__ (
  ".pushsection .text.Exceptions, \"ax\"\n"
  ".hidden mPlain\n"
  ".hidden mCoded\n"
  ".align 32\n"
  "mPlain:\n"
  ".set number, 0\n"
  ".rept 32\n"
  ".align 32\n"
  "  movq $number, gVector(%rip)\n"
  "  jmp 1f\n"
  ".set number, number + 1\n"
  ".endr\n"
  "1:\n"
  "  push %rax\n"
  "  mov gGoOn(%rip), %rax\n"
  "  mov %rax, 8(%rsp)\n"
  "  pop %rax\n"
  "  iretq\n"
  ".align 32\n"
  "mCoded:\n"
  ".set number, 0\n"
  ".rept 32\n"
  ".align 32\n"
  "  movq $number, gVector(%rip)\n"
  "  jmp 1f\n"
  ".set number, number + 1\n"
  ".endr\n"
  "1:\n"
  "  add $8, %rsp\n"
  "  push %rax\n"
  "  mov gGoOn(%rip), %rax\n"
  "  mov %rax, 8(%rsp)\n"
  "  pop %rax\n"
  "  iretq\n"
  // Interrupts: only acknowledged.
  ".hidden mOther\n"
  "mOther:\n"
  "  push %rax\n"
  "  cmpb $0, gX2Apic(%rip)\n"
  "  jne 1f\n"
  "  mov $0xFEE000B0, %eax\n"
  "  movl $0, (%rax)\n"
  "  pop %rax\n"
  "  iretq\n"
  "1:\n"
  "  push %rcx\n"
  "  push %rdx\n"
  "  mov $0x80B, %ecx\n"
  "  xor %eax, %eax\n"
  "  xor %edx, %edx\n"
  "  wrmsr\n"
  "  pop %rdx\n"
  "  pop %rcx\n"
  "  pop %rax\n"
  "  iretq\n"
  // The first NMI sends two more, to the processor that the upper half of the command register names, and waits a while.
  ".hidden mNmi\n"
  "mNmi:\n"
  "  push %rax\n"
  "  push %rcx\n"
  "  incl gNmis(%rip)\n"
  "  incl gDepth(%rip)\n"
  "  mov gDepth(%rip), %eax\n"
  "  cmp gDeepest(%rip), %eax\n"
  "  jbe 1f\n"
  "  mov %eax, gDeepest(%rip)\n"
  "1:\n"
  "  cmpl $1, gNmis(%rip)\n"
  "  jne 3f\n"
  "  mov $0xFEE00300, %eax\n"
  "  movl $0x4400, (%rax)\n"
  "  movl $0x4400, (%rax)\n"
  "  mov $10000, %ecx\n"
  "2:\n"
  "  dec %ecx\n"
  "  jnz 2b\n"
  "3:\n"
  "  decl gDepth(%rip)\n"
  "  pop %rcx\n"
  "  pop %rax\n"
  "  iretq\n"
  ".popsection\n"
  );

extern CONST UINT8  mPlain[] __attribute__ ((visibility ("hidden")));
extern CONST UINT8  mCoded[] __attribute__ ((visibility ("hidden")));
extern CONST UINT8  mOther[] __attribute__ ((visibility ("hidden")));
extern CONST UINT8  mNmi[]   __attribute__ ((visibility ("hidden")));

#define EXCEPTION_SIZE  32        ///< bytes of each of them
#define NMI_VECTOR      2
#define HAS_CODE        (BIT8 | BIT10 | BIT11 | BIT12 | BIT13 | BIT14 | BIT17 | BIT21)

/**
  Do something that may end in an exception: behind it in any case.
**/
#define TRY(Instruction, ...) \
  __asm__ volatile ( \
    "lea 9f(%%rip), %%r15\n mov %%r15, gGoOn(%%rip)\n" Instruction "\n 9:" \
    __VA_ARGS__ \
    )

STATIC
VOID
WriteApic (
  IN UINTN   Register,
  IN UINT32  Value
  )
{
  if (gX2Apic != 0) {
    __asm__ volatile ("wrmsr" : : "a" (Value), "d" (0), "c" (MSR_X2APIC + Register / 16) : "memory");
  } else {
    __asm__ volatile ("movl %0, (%1)" : : "r" (Value), "r" ((UINTN)LOCAL_APIC + Register) : "memory");
  }
}

/**
  Switch the local APIC on, and have it wake this processor.
**/
STATIC
VOID
StartTimer (
  VOID
  )
{
  WriteApic (SPURIOUS, ENABLED);
  WriteApic (TIMER_DIVISOR, BY_ONE);
  WriteApic (LOCAL_TIMER, PERIODIC);
  WriteApic (TIMER_COUNT, PERIOD);
}

/**
  Have an exception or an interrupt handled.

  @param[in] Vector   Its vector.
  @param[in] Handler  Where the handler is.
**/
STATIC
VOID
SetHandler (
  IN UINTN  Vector,
  IN UINTN  Handler
  )
{
  mIdt[Vector].OffsetLow   = (UINT16)Handler;
  mIdt[Vector].OffsetHigh  = (UINT16)(Handler >> 16);
  mIdt[Vector].OffsetUpper = (UINT32)(Handler >> 32);
}

/**
  Leave the firmware: own page tables, which lead everywhere, own handlers of exceptions, no interrupts but for the timer
  while nothing is to be done.

  @param[in] Image  This image.
  @param[in] Boot   Boot services.
**/
STATIC
VOID
Leave (
  IN EFI_HANDLE         Image,
  IN EFI_BOOT_SERVICES  *Boot
  )
{
  EFI_PHYSICAL_ADDRESS  Low;
  EFI_STATUS            Status;
  TABLE                 Idt;
  UINTN                 Size;
  UINTN                 Key;
  UINTN                 Each;
  UINTN                 Index;
  UINTN                 Handler;
  UINT32                Version;
  UINT16                Selector;

  Low = SIZE_1MB - 1;
  if (!EFI_ERROR (Boot->AllocatePages (AllocateMaxAddress, EfiLoaderCode, 1, &Low))) {
    mLow = Low;
  }

  do {
    Size   = sizeof (mMap);
    Status = Boot->GetMemoryMap (&Size, (EFI_MEMORY_DESCRIPTOR *)mMap, &Key, &Each, &Version);
    Status = EFI_ERROR (Status) ? Status : Boot->ExitBootServices (Image, Key);
  } while (Status == EFI_INVALID_PARAMETER);

  __asm__ volatile ("cli; mov %%cs, %0" : "=r" (Selector));
  for (Index = 0; Index < GIGABYTES; Index++) {
    mLarge[Index] = ((UINT64)Index << 30) | PRESENT;
  }

  mRoot[0] = (UINTN)mLarge | (PRESENT & ~BIT7);
  __asm__ volatile ("mov %0, %%cr3" : : "r" (mRoot) : "memory");
  for (Index = 0; Index < GATES; Index++) {
    Handler = (UINTN)mOther;
    if (Index < EXCEPTIONS) {
      Handler = (UINTN)(((HAS_CODE & (1U << Index)) != 0) ? mCoded : mPlain) + Index * EXCEPTION_SIZE;
    }

    mIdt[Index].Selector   = Selector;
    mIdt[Index].Attributes = GATE;
    SetHandler (Index, Handler);
  }

  Idt.Limit = sizeof (mIdt) - 1;
  Idt.Base  = (UINTN)mIdt;
  __asm__ volatile ("lidt %0" : : "m" (Idt));
  StartTimer ();
  if (mLow != 0) {
    memset ((VOID *)(UINTN)mLow, 0, SIZE_4KB);
    memcpy ((VOID *)(UINTN)mLow, mStub, sizeof (mStub));
  }
}

STATIC
UINT64
Memory (
  IN BOOLEAN  Write,
  IN UINT64   Address,
  IN UINT64   Width,
  IN UINT64   Value
  )
{
  if (Write && (Width == 1)) {
    TRY ("movb %%al, (%%rcx)", : : "a" (Value), "c" (Address) : "r15", "memory");
  } else if (Write && (Width == 2)) {
    TRY ("movw %%ax, (%%rcx)", : : "a" (Value), "c" (Address) : "r15", "memory");
  } else if (Write) {
    TRY ("movl %%eax, (%%rcx)", : : "a" (Value), "c" (Address) : "r15", "memory");
  } else if (Width == 1) {
    TRY ("movzbl (%%rcx), %%eax", : "+a" (Value) : "c" (Address) : "r15", "memory");
  } else if (Width == 2) {
    TRY ("movzwl (%%rcx), %%eax", : "+a" (Value) : "c" (Address) : "r15", "memory");
  } else {
    TRY ("movl (%%rcx), %%eax", : "+a" (Value) : "c" (Address) : "r15", "memory");
  }

  return Value;
}

STATIC
UINT64
Port (
  IN BOOLEAN  Write,
  IN UINT64   Number,
  IN UINT64   Width,
  IN UINT64   Value
  )
{
  if (Write && (Width == 1)) {
    TRY ("outb %%al, %%dx", : : "a" (Value), "d" (Number) : "r15");
  } else if (Write && (Width == 2)) {
    TRY ("outw %%ax, %%dx", : : "a" (Value), "d" (Number) : "r15");
  } else if (Write) {
    TRY ("outl %%eax, %%dx", : : "a" (Value), "d" (Number) : "r15");
  } else if (Width == 1) {
    TRY ("inb %%dx, %%al", : "+a" (Value) : "d" (Number) : "r15");
  } else if (Width == 2) {
    TRY ("inw %%dx, %%ax", : "+a" (Value) : "d" (Number) : "r15");
  } else {
    TRY ("inl %%dx, %%eax", : "+a" (Value) : "d" (Number) : "r15");
  }

  return Value;
}

STATIC
UINT64
ReadMsr (
  IN UINT64  Number
  )
{
  UINT64  Low  = 0;
  UINT64  High = 0;

  TRY ("rdmsr", : "+a" (Low), "+d" (High) : "c" (Number) : "r15");
  return (High << 32) | Low;
}

STATIC
UINT64
WriteMsr (
  IN UINT64  Number,
  IN UINT64  Value
  )
{
  TRY ("wrmsr", : : "a" ((UINT32)Value), "d" (Value >> 32), "c" (Number) : "r15", "memory");
  return Value;
}

/**
  Bring the local APIC into a mode; out of x2APIC mode by way of being off, as it has to be.

  @param[in] X2Apic  TRUE: x2APIC mode.

  @return  What APIC_BASE says of it then.
**/
STATIC
UINT64
SetMode (
  IN BOOLEAN  X2Apic
  )
{
  UINT64  Base;

  Base = ReadMsr (MSR_APIC_BASE);
  if (X2Apic) {
    WriteMsr (MSR_APIC_BASE, Base | X2APIC);
  } else {
    WriteMsr (MSR_APIC_BASE, Base & ~(UINT64)MODE);
    WriteMsr (MSR_APIC_BASE, Base & ~(UINT64)X2APIC);
  }

  Base    = ReadMsr (MSR_APIC_BASE) & MODE;
  gX2Apic = (UINT8)((Base & X2APIC) != 0);
  StartTimer ();
  return Base;
}

/**
  Execute an instruction; register A is the address of a page of the partition.

  @param[in] Number  Second and third byte of an SVM instruction; or the second byte of INVD, WBINVD.
**/
STATIC
VOID
Instruction (
  IN UINT64  Number
  )
{
  UINTN  Page = (UINTN)mMap & ~(UINTN)(SIZE_4KB - 1);

  switch (Number) {
    case 0x08:
      TRY ("invd", : : : "r15", "memory");
      break;
    case 0x09:
      TRY ("wbinvd", : : : "r15", "memory");
      break;
    case 0x01D8: // VMRUN (APM volume 3, appendix A)
      TRY (".byte 0x0f, 0x01, 0xd8", : : "a" (Page) : "r15", "memory");
      break;
    case 0x01D9: // VMMCALL (APM volume 3, appendix A)
      TRY (".byte 0x0f, 0x01, 0xd9", : : "a" (Page) : "r15", "memory");
      break;
    case 0x01DA: // VMLOAD (APM volume 3, appendix A)
      TRY (".byte 0x0f, 0x01, 0xda", : : "a" (Page) : "r15", "memory");
      break;
    case 0x01DB: // VMSAVE (APM volume 3, appendix A)
      TRY (".byte 0x0f, 0x01, 0xdb", : : "a" (Page) : "r15", "memory");
      break;
    case 0x01DC: // STGI (APM volume 3, appendix A)
      TRY (".byte 0x0f, 0x01, 0xdc", : : : "r15", "memory");
      break;
    case 0x01DD: // CLGI (APM volume 3, appendix A)
      TRY (".byte 0x0f, 0x01, 0xdd", : : : "r15", "memory");
      break;
    case 0x01DE: // SKINIT (APM volume 3, appendix A)
      TRY (".byte 0x0f, 0x01, 0xde", : : "a" (Page) : "r15", "memory");
      break;
    case 0x01DF: // INVLPGA (APM volume 3, appendix A)
      TRY (".byte 0x0f, 0x01, 0xdf", : : "a" (Page), "c" (1) : "r15", "memory");
      break;
    default:
      gVector = MAX_UINT64;
      break;
  }
}

/**
  Send an NMI to this processor, whose handler sends two more.

  @return  How many came << 8, and how deep they were nested.
**/
STATIC
UINT64
NestNmis (
  VOID
  )
{
  UINT32  Wait;

  gNmis    = 0;
  gDepth   = 0;
  gDeepest = 0;
  SetHandler (NMI_VECTOR, (UINTN)mNmi);
  WriteApic (COMMAND_HIGH, *(volatile UINT32 *)(UINTN)(LOCAL_APIC + APIC_ID));
  WriteApic (COMMAND_LOW, SEND_NMI);
  for (Wait = 0; Wait < SOME_TIME; Wait++) {
    __asm__ volatile ("pause");
  }

  SetHandler (NMI_VECTOR, (UINTN)mPlain + NMI_VECTOR * EXCEPTION_SIZE);
  return ((UINT64)gNmis << 8) | gDeepest;
}

STATIC
VOID
TripleFault (
  VOID
  )
{
  TABLE  None = { 0, 0 };

  __asm__ volatile ("lidt %0; int3" : : "m" (None));
}

/**
  Do what a line says, and answer.

  @param[in] Name   The command.
  @param[in] Words  Its numbers.
**/
STATIC
VOID
Obey (
  IN CHAR8         Name,
  IN CONST UINT64  *Words
  )
{
  UINT64  Value = 0;

  gVector = 0;
  switch (Name) {
    case 'r':
    case 'w':
      Value = Memory (Name == 'w', Words[0], Words[1], Words[2]);
      break;
    case 'i':
    case 'o':
      Value = Port (Name == 'o', Words[0], Words[1], Words[2]);
      break;
    case 'm':
      Value = ReadMsr (Words[0]);
      break;
    case 's':
      Value = WriteMsr (Words[0], Words[1]);
      break;
    case 'v':
      Instruction (Words[0]);
      break;
    case 'x':
      TRY ("jmp *%0", : : "r" (Words[0]) : "r15", "memory");
      break;
    case 'p':
      Value = mLow;
      break;
    case 'b':
      Value = (UINTN)mPages;
      break;
    case 'n':
      Value = NestNmis ();
      break;
    case 'a':
      Value = SetMode ((BOOLEAN)(Words[0] != 0));
      break;
    case 't':
      TripleFault ();
      break;
    case 'h':
      Say (Name, 0);
      __asm__ volatile ("cli; hlt");
      break;
    case 'l':
      Say (Name, 0);
      __asm__ volatile ("cli\n 1: jmp 1b");
      break;
    default:
      gVector = MAX_UINT64;
      break;
  }

  Say (Name, Value);
}

/**
  Read a line.

  @param[out] Line  Receives it.
**/
STATIC
VOID
ReadLine (
  OUT CHAR8  *Line
  )
{
  UINTN  Length = 0;
  CHAR8  Character;

  do {
    while ((In8 (mPort + LINE_STATUS) & HAS_RECEIVED) == 0) {
      __asm__ volatile ("sti; hlt; cli" : : : "memory");
    }

    Character = (CHAR8)In8 (mPort);
    if (Length < LINE - 1) {
      Line[Length++] = Character;
    }
  } while (Character != '\r');

  Line[Length] = 0;
}

/**
  Read a number.

  @param[in]  Text   Where it begins.
  @param[out] Value  Receives it; 0 if there is none.

  @return  Where it ends.
**/
STATIC
CONST CHAR8 *
ReadNumber (
  IN  CONST CHAR8  *Text,
  OUT UINT64       *Value
  )
{
  *Value = 0;
  while (*Text == ' ') {
    Text++;
  }

  for ( ; ; Text++) {
    if ((*Text >= '0') && (*Text <= '9')) {
      *Value = *Value * 16 + (UINT64)(*Text - '0');
    } else if ((*Text >= 'a') && (*Text <= 'f')) {
      *Value = *Value * 16 + (UINT64)(*Text - 'a' + 10);
    } else {
      return Text;
    }
  }
}

/**
  Entry point.

  @param[in] ImageHandle  This image.
  @param[in] SystemTable  The system table.

  @retval EFI_INVALID_PARAMETER  Nobody said where the UART is.
**/
EFI_STATUS
EFIAPI
Main (
  IN EFI_HANDLE        ImageHandle,
  IN EFI_SYSTEM_TABLE  *SystemTable
  )
{
  EFI_GUID                   Guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
  EFI_LOADED_IMAGE_PROTOCOL  *Loaded;
  CONST CHAR16               *Option;
  CHAR8                      Line[LINE];
  CONST CHAR8                *At;
  UINT64                     Words[WORDS];
  UINTN                      Index;

  if (EFI_ERROR (SystemTable->BootServices->HandleProtocol (ImageHandle, &Guid, (VOID **)&Loaded)) ||
      (Loaded->LoadOptions == NULL))
  {
    return EFI_INVALID_PARAMETER;
  }

  Option = Loaded->LoadOptions;
  for (Index = 0; (Index < LINE - 1) && (Option[Index] != 0); Index++) {
    Line[Index] = (CHAR8)Option[Index];
  }

  Line[Index] = 0;
  ReadNumber (Line, &Words[0]);
  mPort = (UINT16)Words[0];
  if (mPort == 0) {
    return EFI_INVALID_PARAMETER;
  }

  Leave (ImageHandle, SystemTable->BootServices);
  gVector = 0;
  Say ('!', 0);
  while (TRUE) {
    ReadLine (Line);
    At = &Line[1];
    for (Index = 0; Index < WORDS; Index++) {
      At = ReadNumber (At, &Words[Index]);
    }

    Obey (Line[0], Words);
  }
}
