/** @file
  Entries of nested page tables (APM 5.3.3): what the builder and the walker share.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_GUARD_ENTRY_H_
#define MRM_GUARD_ENTRY_H_

#include <Library/MrmGuardLib.h>

#define MRM_GUARD_LEVELS   4
#define MRM_GUARD_ENTRIES  512
#define LARGE_LEVEL        2        ///< level of the tables whose entries may be pages of 2 MiB
#define SMALL_LEVEL        3        ///< level of the tables whose entries are pages of 4 KiB

#define ENTRY_PRESENT   BIT0
#define ENTRY_WRITE     BIT1
#define ENTRY_USER      BIT2        ///< the processor takes each access of a guest for one of a user
#define ENTRY_PWT       BIT3
#define ENTRY_PCD       BIT4
#define ENTRY_ACCESSED  BIT5
#define ENTRY_DIRTY     BIT6
#define ENTRY_LARGE     BIT7
#define ENTRY_SHARED    BIT9        ///< software's own: the table it leads to has other entries that lead to it
#define ENTRY_NX        BIT63
#define ENTRY_ADDRESS   0x000FFFFFFFFFF000ULL

/**
  The lowest bit of an address that chooses an entry.

  @param[in] Level  Of the table: 0 for the root.
**/
UINTN
MrmGuardEntryShift (
  IN UINTN  Level
  );

/**
  Which entry an address chooses.

  @param[in] Level    Of the table: 0 for the root.
  @param[in] Address  The address.
**/
UINTN
MrmGuardEntryIndex (
  IN UINTN   Level,
  IN UINT64  Address
  );

/**
  An entry of a page with another access.

  @param[in] Entry   The entry.
  @param[in] Access  MRM_GUARD_READ and others; zero for nothing at all.
**/
UINT64
MrmGuardWithAccess (
  IN UINT64  Entry,
  IN UINT32  Access
  );

#endif
