/** @file
  Inside of MrmFunctionLib: what its files share.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_FUNCTION_INTERNAL_H_
#define MRM_FUNCTION_INTERNAL_H_

#include <Base.h>
#include <IndustryStandard/Pci.h>
#include <Library/MrmFunctionLib.h>

#define CONFIG_MSIX     0x50    ///< offset of the MSI-X capability
#define PENDING_OFFSET  0x800   ///< of the pending bits, in the BAR of the MSI-X table

///
/// An MSI-X entry: address, upper address, data, vector control (PCIe 7.7.2).
///
#define ENTRY_DWORDS    4
#define ENTRY_UPPER     1
#define ENTRY_DATA      2
#define ENTRY_CONTROL   3
#define ENTRY_MASK      BIT0

#endif
