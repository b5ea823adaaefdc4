/** @file
  A function 0 that stands in for one that a system does not have.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPciInternal.h"

#define PCI_CLASS          0x08
#define STAND_IN_ID        0x0000FFFE    ///< the last vendor, and a device that it has not; vendor 1 is "not ready yet"
#define STAND_IN_CLASS     0xFF000000    ///< fits in no class (PCI appendix D), revision 0
#define STAND_IN_HEADER    0x00800000    ///< type 0, and the device has more functions (PCI 6.2.1)

VOID
EFIAPI
MrmPciStandIn (
  OUT UINT32  *Config
  )
{
  ZeroMem (Config, MRM_PCI_CONFIG_DWORDS * sizeof (*Config));
  Config[0]                  = STAND_IN_ID;
  Config[PCI_CLASS / 4]      = STAND_IN_CLASS;
  Config[PCI_CACHE_LINE / 4] = STAND_IN_HEADER;
}
