// SPDX-License-Identifier: BSD-2-Clause-Patent
  //
  // Soft off, by the sleep control register of the FADT.
  //
  Name (\_S5, Package () {5, 0, 0, 0})
