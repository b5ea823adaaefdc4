/** @file
  Parts of the platform driver.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef PLATFORM_DXE_H_
#define PLATFORM_DXE_H_

#include <PiDxe.h>
#include <Library/MrmFaultLib.h>
#include <Library/MrmHandOffLib.h>
#include <Protocol/Cpu.h>

#define MRM_IMAGE_NAME_SIZE  128   ///< bytes of a name, with terminating zero

/**
  Make exceptions a failure the controller is told of, instead of a dead loop.

  @retval EFI_SUCCESS  They are from when the processor's driver runs.
  @return Other        Status of the event services.
**/
EFI_STATUS
CatchExceptions (
  VOID
  );

/**
  Name images of others from now on, when they are loaded.

  @retval EFI_SUCCESS           They are.
  @retval EFI_OUT_OF_RESOURCES  No memory.
**/
EFI_STATUS
NameImages (
  VOID
  );

/**
  Name of the image an address lies in, as far as it is known.  Takes no locks.

  @param[in]  Address  The address.
  @param[out] Name     Receives it, MRM_IMAGE_NAME_SIZE bytes.

  @return  Whose code it is.
**/
MRM_CODE
NameImage (
  IN  UINT64  Address,
  OUT CHAR8   *Name
  );

/**
  Close what firmware and loader could write over by mistake.

  @param[in] Cpu  The processor.
**/
VOID
ProtectMemory (
  IN EFI_CPU_ARCH_PROTOCOL  *Cpu
  );

/**
  Let PciBusDxe have the option ROMs that this start needs.

  @retval EFI_SUCCESS  Offered.
  @return Other        Status of InstallProtocolInterface.
**/
EFI_STATUS
OfferOptionRoms (
  VOID
  );

/**
  Let EDK2's NVMe driver have the served disks.

  @retval EFI_SUCCESS  It has, when it is connected to them.
  @return Other        Status of RegisterNonDiscoverableMmioDevice().
**/
EFI_STATUS
OfferDisks (
  VOID
  );

/**
  Prepare to have a kernel wait for its turn (MRM_TURN).

  @retval EFI_SUCCESS  It will, when its loader leaves boot services.
  @return Other        Status of the event services.
**/
EFI_STATUS
PrepareTurn (
  VOID
  );

/**
  Prepare to look for a kernel's command line.

  @retval EFI_SUCCESS           Ready.
  @retval EFI_OUT_OF_RESOURCES  No memory.
**/
EFI_STATUS
PrepareCommandLine (
  VOID
  );

/**
  At ExitBootServices: warn of a system that takes the whole PC for its own.  Of a Linux, warn
  of each parameter that the plan expects and that is missing, and of each by which it drives
  a UART of somebody else's.

  @param[in] Expected  Zero-terminated words; "" when the plan expects none.
  @param[in] Own       The partition's console.
**/
VOID
JudgeSystem (
  IN CONST CHAR8        *Expected,
  IN CONST MRM_CONSOLE  *Own
  );

#endif
