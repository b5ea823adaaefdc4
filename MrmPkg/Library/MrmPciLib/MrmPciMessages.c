/** @file
  Where a function has the messages by which it interrupts.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPciInternal.h"

#define MSI_ADDRESS     4
#define   MSI_WIDE      BIT7         ///< of MSI_CONTROL: the address has two dwords (PCI 6.8.1.3)
#define MSIX_ENTRIES    0x07FF       ///< of MSIX_CONTROL: how many there are, less one (PCI 6.8.2.3)
#define MSIX_TABLE      4            ///< register: where the table is (PCI 6.8.2.4)
#define   TABLE_BAR     7
#define MEMORY_ADDRESS  (~(UINT32)0xF)

BOOLEAN
EFIAPI
MrmPciMessageTable (
  IN  CONST MRM_PCI_CAPABILITIES  *Capabilities,
  IN  CONST UINT32                *Config,
  OUT UINT64                      *Address,
  OUT UINT32                      *Count
  )
{
  UINT32   Table;
  UINT32   Low;
  UINTN    Bar;
  UINTN    Index;
  BOOLEAN  Upper;

  *Address = 0;
  *Count   = 0;
  if (  (Capabilities->MsiX == 0)
     || (Capabilities->MsiX + MSIX_TABLE + sizeof (UINT32) > MRM_PCI_CONFIG_DWORDS * sizeof (UINT32)))
  {
    return FALSE;
  }

  Table = Config[(Capabilities->MsiX + MSIX_TABLE) / 4];
  Bar   = Table & TABLE_BAR;
  if (Bar >= Capabilities->Bars) {
    return FALSE;
  }

  Upper = FALSE;
  for (Index = 0; Index < Bar; Index++) {
    Upper = (BOOLEAN)(!Upper && ((Config[PCI_BAR / 4 + Index] & (BAR_IO | BAR_64)) == BAR_64));
  }

  Low      = Config[PCI_BAR / 4 + Bar];
  *Address = Low & MEMORY_ADDRESS;
  if (((Low & BAR_64) != 0) && (Bar + 1 < Capabilities->Bars)) {
    *Address |= (UINT64)Config[PCI_BAR / 4 + Bar + 1] << 32;
  }

  if (Upper || ((Low & BAR_IO) != 0) || (*Address == 0)) {
    *Address = 0;
    return FALSE;
  }

  *Address += Table & ~(UINT32)TABLE_BAR;
  *Count    = (MrmPciWord (Config, Capabilities->MsiX + MSIX_CONTROL) & MSIX_ENTRIES) + 1;
  return TRUE;
}

BOOLEAN
EFIAPI
MrmPciMessageRegisters (
  IN  CONST MRM_PCI_CAPABILITIES  *Capabilities,
  IN  CONST UINT32                *Config,
  OUT UINT32                      *Offset,
  OUT BOOLEAN                     *Wide
  )
{
  *Offset = Capabilities->Msi + MSI_ADDRESS;
  *Wide   = FALSE;
  if (Capabilities->Msi == 0) {
    return FALSE;
  }

  *Wide = (BOOLEAN)((MrmPciWord (Config, Capabilities->Msi + MSI_CONTROL) & MSI_WIDE) != 0);
  return (BOOLEAN)(*Offset + (*Wide ? 3 : 2) * sizeof (UINT32) <= MRM_PCI_CONFIG_DWORDS * sizeof (UINT32));
}
