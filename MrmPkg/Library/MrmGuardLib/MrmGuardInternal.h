/** @file
  What sources of MrmGuardLib share.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_GUARD_INTERNAL_H_
#define MRM_GUARD_INTERNAL_H_

#include <Library/MrmGuardLib.h>

#define MRM_GUARD_HOST_LIMIT  BIT52    ///< first address that no entry of a page table can hold

/**
  Check a range by itself.

  @param[in] Range  The range.

  @retval TRUE  It is whole pages that tables can map, READ is among its access, its type is known.
**/
BOOLEAN
MrmGuardIsRange (
  IN CONST MRM_GUARD_RANGE  *Range
  );

/**
  The bits of a value that so many bytes hold.

  @param[in] Width  Bytes: 1, 2, 4 or 8.
**/
UINT64
MrmGuardMask (
  IN UINTN  Width
  );

/**
  Go on behind an instruction.

  @param[in,out] State   Registers.
  @param[in]     Length  Bytes of the instruction.
**/
VOID
MrmGuardSkip (
  IN OUT MRM_GUARD_STATE  *State,
  IN     UINTN            Length
  );

/**
  Check whether a processor runs 64-bit code.

  @param[in] State  Registers.
**/
BOOLEAN
MrmGuardIs64 (
  IN CONST MRM_GUARD_STATE  *State
  );

/**
  Read a register as an operand.

  @param[in] State   Registers.
  @param[in] Number  Which one; for a byte without REX prefix 4 to 7 are AH, CH, DH, BH.
  @param[in] Width   Bytes.
  @param[in] High    TRUE: 4 to 7 are those.
**/
UINT64
MrmGuardGet (
  IN CONST MRM_GUARD_STATE  *State,
  IN UINTN                  Number,
  IN UINTN                  Width,
  IN BOOLEAN                High
  );

/**
  Write a register as an operand: one of 4 bytes clears the upper half, smaller ones leave the rest as it is.

  @param[in,out] State   Registers.
  @param[in]     Number  As MrmGuardGet().
  @param[in]     Width   Bytes.
  @param[in]     High    As MrmGuardGet().
  @param[in]     Value   The value.
**/
VOID
MrmGuardSet (
  IN OUT MRM_GUARD_STATE  *State,
  IN     UINTN            Number,
  IN     UINTN            Width,
  IN     BOOLEAN          High,
  IN     UINT64           Value
  );

/**
  Answer that a partition is ended.

  @param[out] Answer  The answer.
  @param[in]  Reason  Why.
**/
VOID
MrmGuardEndFor (
  OUT MRM_GUARD_ANSWER  *Answer,
  IN  MRM_GUARD_REASON  Reason
  );

/**
  Answer an access to a port that is not open.

  @param[in]     Facts    What the guard knows.
  @param[in]     Exit     The exit.
  @param[in,out] Devices  Devices of the partition.
  @param[in,out] State    Registers.
  @param[in,out] Answer   Zeroed; receives the answer.
**/
VOID
MrmGuardDecideIo (
  IN     CONST MRM_GUARD_FACTS  *Facts,
  IN     CONST MRM_GUARD_EXIT   *Exit,
  IN OUT MRM_GUARD_DEVICES      *Devices,
  IN OUT MRM_GUARD_STATE        *State,
  IN OUT MRM_GUARD_ANSWER       *Answer
  );

/**
  Answer an access to a model-specific register that is not open.

  @param[in]     Facts   What the guard knows.
  @param[in]     Exit    The exit.
  @param[in,out] State   Registers.
  @param[in,out] Answer  Zeroed; receives the answer.
**/
VOID
MrmGuardDecideMsr (
  IN     CONST MRM_GUARD_FACTS  *Facts,
  IN     CONST MRM_GUARD_EXIT   *Exit,
  IN OUT MRM_GUARD_STATE        *State,
  IN OUT MRM_GUARD_ANSWER       *Answer
  );

/**
  Answer an access to memory.

  @param[in]     Facts     What the guard knows.
  @param[in]     Exit      The exit.
  @param[in]     Code      The instruction.
  @param[in]     CodeSize  How many bytes there are.
  @param[in,out] State     Registers.
  @param[in,out] Answer    Zeroed; receives the answer.
**/
VOID
MrmGuardDecideMemory (
  IN     CONST MRM_GUARD_FACTS  *Facts,
  IN     CONST MRM_GUARD_EXIT   *Exit,
  IN     CONST UINT8            *Code,
  IN     UINTN                  CodeSize,
  IN OUT MRM_GUARD_STATE        *State,
  IN OUT MRM_GUARD_ANSWER       *Answer
  );

/**
  Judge an interrupt command.  INIT and startup interrupts start the partition's own processors, in guest mode again.

  @param[in]     Facts        What the guard knows.
  @param[in]     Command      What is written to the lower half of the command register (SDM 3, 11.6.1).
  @param[in]     Destination  An APIC ID, or a logical destination.
  @param[in,out] Answer       Zeroed; receives the answer.

  @retval TRUE   It was answered.
  @retval FALSE  It is another interrupt, which may be sent.
**/
BOOLEAN
MrmGuardDecideCommand (
  IN     CONST MRM_GUARD_FACTS  *Facts,
  IN     UINT32                 Command,
  IN     UINT32                 Destination,
  IN OUT MRM_GUARD_ANSWER       *Answer
  );

/**
  Check whether the destination of an interrupt names a processor.

  @param[in] Facts        What the guard knows.
  @param[in] Index        Of the processor in ApicIds.
  @param[in] Logical      It is a logical destination.
  @param[in] Destination  It.
**/
BOOLEAN
MrmGuardIsNamed (
  IN CONST MRM_GUARD_FACTS  *Facts,
  IN UINTN                  Index,
  IN BOOLEAN                Logical,
  IN UINT32                 Destination
  );

/**
  Check whether an address is in a page that holds messages.

  @param[in] Facts    What the guard knows.
  @param[in] Address  As the partition sees it.
**/
BOOLEAN
MrmGuardIsWatched (
  IN CONST MRM_GUARD_FACTS  *Facts,
  IN UINT64                 Address
  );

/**
  Check whether an entry of the local vector table interrupts its own processor only: with a vector, as an NMI, or from
  an 8259, but not by INIT, which would take it out of guest mode, or SMI, which stops the PC.

  @param[in] Value  The entry.
**/
BOOLEAN
MrmGuardIsLocalVector (
  IN UINT32  Value
  );

/**
  Answer a write to a register of the local APIC, where it is a page.

  @param[in]     Facts     What the guard knows.
  @param[in]     Register  Its offset in the page, a multiple of 16.
  @param[in]     Value     What is written.
  @param[in,out] Answer    Receives the answer; its action is MrmGuardResume.
**/
VOID
MrmGuardWriteApicPage (
  IN     CONST MRM_GUARD_FACTS  *Facts,
  IN     UINT32                 Register,
  IN     UINT32                 Value,
  IN OUT MRM_GUARD_ANSWER       *Answer
  );

/**
  Read the partition's clock and CMOS memory.

  @param[in] Devices  Devices of the partition.
  @param[in] Seconds  Now, since 1970 began.
**/
UINT8
MrmGuardReadCmos (
  IN CONST MRM_GUARD_DEVICES  *Devices,
  IN UINT64                   Seconds
  );

/**
  Write the partition's clock and CMOS memory.

  @param[in,out] Devices  Devices of the partition.
  @param[in]     Seconds  Now, since 1970 began.
  @param[in]     Value    What is written.
**/
VOID
MrmGuardWriteCmos (
  IN OUT MRM_GUARD_DEVICES  *Devices,
  IN     UINT64             Seconds,
  IN     UINT8              Value
  );

#endif
