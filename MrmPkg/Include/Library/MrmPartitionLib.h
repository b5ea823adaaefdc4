/** @file
  What partition firmware decides: about variable stores, waking the controller, and kernel parameters.  Pure; also at
  run time of the OS.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_PARTITION_LIB_H_
#define MRM_PARTITION_LIB_H_

#include <MrmMailbox.h>
#include <Guid/MrmHandOff.h>

/**
  Judge a variable store as EDK2's variable driver keeps it, before that driver believes it.

  @param[in] Store  The store.
  @param[in] Size   Bytes of memory at Store.

  @retval TRUE   It is sound, or all 0xFF as a new one is.
  @retval FALSE  It is neither.
**/
BOOLEAN
EFIAPI
MrmVariableStoreIsSound (
  IN CONST VOID  *Store,
  IN UINTN       Size
  );

///
/// How a processor can interrupt the boot processor.
///
typedef enum {
  MrmWakeNone,               ///< it cannot
  MrmWakeByRegisters,        ///< xAPIC mode: by the registers of its local APIC in memory
  MrmWakeByMsr               ///< x2APIC mode
} MRM_WAKE_WAY;

/**
  Choose how a processor can interrupt the boot processor, in whichever mode the OS has its local APIC.

  @param[in] ApicBase   IA32_APIC_BASE of the processor that sends.
  @param[in] Registers  Physical address of the local APIC's registers that are mapped; 0 = none are.
  @param[in] ApicId     APIC ID of the boot processor.
  @param[in] Vector     Vector of the interrupt; 0 = the boot processor has none for this.

  @return  The way.
**/
MRM_WAKE_WAY
EFIAPI
MrmWakeWay (
  IN UINT64  ApicBase,
  IN UINT64  Registers,
  IN UINT32  ApicId,
  IN UINT32  Vector
  );

/**
  Take the next word of a text.

  @param[in]  Text    The text.
  @param[out] Length  Receives the length of the word.

  @return  Its beginning; NULL when there is none left.
**/
CONST CHAR8 *
EFIAPI
MrmNextWord (
  IN  CONST CHAR8  *Text,
  OUT UINTN        *Length
  );

/**
  Whether a text contains a word as a whole, or followed by a comma and more values.

  @param[in] Text    The text.
  @param[in] Size    Bytes at Text; it may end earlier by a zero.
  @param[in] Word    The word, without blanks.
  @param[in] Length  Its length.
**/
BOOLEAN
EFIAPI
MrmHasWord (
  IN CONST CHAR8  *Text,
  IN UINTN        Size,
  IN CONST CHAR8  *Word,
  IN UINTN        Length
  );

///
/// Bytes of boot_params that are looked at.
///
#define MRM_LINUX_BOOT_PARAMS  0x230

///
/// Alignment of what GRUB and compilers place, and more than enough for the stub's boot_params.
///
#define MRM_PLACE_STEP  16

/**
  Find the next place of a loader's memory that is worth a look: anywhere else MrmLinuxCommandLine(),
  MrmIsGrubCommandLine(), MrmIsMemtest() and MrmIsMach() find nothing.

  @param[in] Memory  The memory.
  @param[in] Offset  Where to begin: a multiple of MRM_PLACE_STEP.
  @param[in] Size    Bytes at Memory.

  @return  Offset of the place, with MRM_LINUX_BOOT_PARAMS bytes there; Size when there is none any more.
**/
UINTN
EFIAPI
MrmNextPlace (
  IN CONST UINT8  *Memory,
  IN UINTN        Offset,
  IN UINTN        Size
  );

/**
  Find the command line of a Linux kernel that is about to take over, by the boot_params
  structure its loader or stub has filled in (Documentation/arch/x86/boot.rst).

  @param[in] Params  MRM_LINUX_BOOT_PARAMS bytes that may be that structure.

  @return  Physical address of the command line; 0 when they are not.
**/
UINT64
EFIAPI
MrmLinuxCommandLine (
  IN CONST UINT8  *Params
  );

/**
  Whether these are boot_params that the EFI stub of a kernel has filled in for itself.  They lie at the beginning of a
  page, and their kernel runs next: nothing of a loader's needs to be looked for.

  @param[in] Params  MRM_LINUX_BOOT_PARAMS bytes.
**/
BOOLEAN
EFIAPI
MrmIsStubBootParams (
  IN CONST UINT8  *Params
  );

/**
  Whether this is a command line as GRUB makes it.

  @param[in] Text  12 bytes or more.
**/
BOOLEAN
EFIAPI
MrmIsGrubCommandLine (
  IN CONST UINT8  *Text
  );

///
/// Where a kernel parameter says a UART is.
///
typedef enum {
  MrmSerialPort,      ///< at an I/O port
  MrmSerialMemory,    ///< in memory
  MrmSerialCard       ///< on a PCI card, looked for by the ports CF8 and CFC
} MRM_SERIAL_KIND;

///
/// A kernel parameter, and the UART it means.
///
typedef struct {
  CONST CHAR8        *Word;     ///< not terminated
  UINTN              Length;
  MRM_SERIAL_KIND    Kind;
  UINT64             Base;      ///< port or address
} MRM_SERIAL_WORD;

/**
  Find the next parameter by which a starting Linux drives a UART that is not the
  partition's console: console=ttyS0, earlycon=, earlyprintk=, kgdboc=.  What comes
  after "--" is the first process's.

  @param[in]     Text    The command line; not trusted.
  @param[in]     Size    Bytes at Text; it may end earlier by a zero.
  @param[in]     Own     The partition's console.
  @param[in,out] Offset  Where to begin, 0 for the first, at most Size; behind the word found on return.
  @param[out]    Found   Receives the parameter.

  @retval TRUE   Found.
  @retval FALSE  There is none any more.
**/
BOOLEAN
EFIAPI
MrmForeignSerialWord (
  IN     CONST CHAR8        *Text,
  IN     UINTN              Size,
  IN     CONST MRM_CONSOLE  *Own,
  IN OUT UINTN              *Offset,
  OUT    MRM_SERIAL_WORD    *Found
  );

/**
  Whether this is Memtest86+, which looks like a Linux and says in the place of its version
  what it is.

  @param[in] Image  Where an image may begin.
  @param[in] Size   Bytes there, MRM_LINUX_BOOT_PARAMS or more.
**/
BOOLEAN
EFIAPI
MrmIsMemtest (
  IN CONST UINT8  *Image,
  IN UINTN        Size
  );

///
/// Bytes that tell GNU Mach.
///
#define MRM_MACH_MARK  16

/**
  Whether this is the version that GNU Mach carries.  A menu may contain the same words, so it
  counts only where no Linux is started.

  @param[in] Text  MRM_MACH_MARK bytes, where a compiler puts such a text: at a multiple of 16.
**/
BOOLEAN
EFIAPI
MrmIsMach (
  IN CONST UINT8  *Text
  );

#endif
