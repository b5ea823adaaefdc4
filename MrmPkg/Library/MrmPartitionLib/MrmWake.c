/** @file
  How a processor can interrupt another one.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Uefi/UefiBaseType.h>
#include <Library/MrmPartitionLib.h>

///
/// IA32_APIC_BASE (Intel SDM volume 3, sections 11.4.4 and 11.12.1); the address may have up to 52 bits.
///
#define APIC_X2APIC   BIT10
#define APIC_ENABLED  BIT11
#define APIC_ADDRESS  0x000FFFFFFFFFF000ULL

#define XAPIC_EVERYBODY   0xFF           ///< as destination
#define X2APIC_EVERYBODY  MAX_UINT32

MRM_WAKE_WAY
EFIAPI
MrmWakeWay (
  IN UINT64  ApicBase,
  IN UINT64  Registers,
  IN UINT32  ApicId,
  IN UINT32  Vector
  )
{
  if ((Vector == 0) || ((ApicBase & APIC_ENABLED) == 0)) {
    return MrmWakeNone;
  }

  if ((ApicBase & APIC_X2APIC) != 0) {
    return (ApicId == X2APIC_EVERYBODY) ? MrmWakeNone : MrmWakeByMsr;
  }

  return ((Registers == 0) || ((ApicBase & APIC_ADDRESS) != Registers) || (ApicId >= XAPIC_EVERYBODY))
         ? MrmWakeNone : MrmWakeByRegisters;
}
