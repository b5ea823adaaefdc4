/** @file
  Configuration space of functions that a guarded partition has by itself, with others on their bus.  Part of
  MrmGuardLib.

  The partition reads it without an exit.  What it writes, the guard judges: the function never decodes other addresses
  than those that were promised, and what concerns others than the function stays as it is.

  "PCI" is PCI Local Bus 3.0.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_GUARD_CONFIG_H_
#define MRM_GUARD_CONFIG_H_

#include <Base.h>

#define MRM_GUARD_CONFIG_DWORDS  64    ///< configuration space without its extension, which is never written
#define MRM_GUARD_HEADER_DWORDS  10    ///< up to the last base address register
#define MRM_GUARD_BARS           6
#define MRM_GUARD_MAX_FUNCTIONS  32    ///< that a partition has by themselves

///
/// A function that a partition has by itself.
///
typedef struct {
  UINT64    Page;                              ///< address of its configuration space
  UINT32    Place;                             ///< bus << 8 | device << 3 | function, as CF8 has it
  UINT32    Bars[MRM_GUARD_BARS];              ///< its base address registers, as they stay
  UINT32    Open[MRM_GUARD_CONFIG_DWORDS];     ///< bits of each register that it may write; those of Bars do not count
  UINT32    PayloadRegister;                   ///< dword with the payload size; 0: none
  UINT32    PayloadBits;                       ///< its bits, which a reset clears: they may have their own value again ...
  UINT32    Payload;                           ///< ... which is this
} MRM_GUARD_FUNCTION;

///
/// What becomes of a write.
///
typedef struct {
  BOOLEAN    Write;                            ///< FALSE: nothing of it reaches the function
  BOOLEAN    Denied;                           ///< something that was tried has no effect
  UINT32     Value;                            ///< what is written instead, as wide as the partition wrote
} MRM_GUARD_CONFIG_ANSWER;

/**
  Find the function whose configuration space an address is in.

  @param[in] Functions  Those of the partition.
  @param[in] Count      How many.
  @param[in] Address    The address.

  @return  It, or NULL.
**/
CONST MRM_GUARD_FUNCTION *
EFIAPI
MrmGuardFindFunction (
  IN CONST MRM_GUARD_FUNCTION  *Functions,
  IN UINTN                     Count,
  IN UINT64                    Address
  );

/**
  Judge a write to configuration space.  Nobody else writes there between the reading of Header and Now and the write.

  - A function that does not answer takes nothing: the ones that are read would be written to it when it does.
  - A base address register takes its own value, and all ones while the function decodes nothing (PCI 6.2.5.1: so its
    size is found).
  - Decoding is turned on only while all base address registers have their own values.
  - The interrupt line is disabled (PCI 6.2.2, bit 10 of the command register) before anything else is turned on.
  - Of all other registers only bits in Open change.

  @param[in]  Function  The function.
  @param[in]  Offset    In its configuration space, bytes, below 4096.
  @param[in]  Width     Bytes: 1, 2, 4; others are denied.
  @param[in]  Value     What the partition writes.
  @param[in]  Header    The first MRM_GUARD_HEADER_DWORDS of its configuration space, as they are.
  @param[in]  Now       The dword at Offset, as it is.
  @param[out] Answer    Receives what becomes of it.
**/
VOID
EFIAPI
MrmGuardJudgeConfig (
  IN  CONST MRM_GUARD_FUNCTION  *Function,
  IN  UINT32                    Offset,
  IN  UINT32                    Width,
  IN  UINT32                    Value,
  IN  CONST UINT32              *Header,
  IN  UINT32                    Now,
  OUT MRM_GUARD_CONFIG_ANSWER   *Answer
  );

#endif
