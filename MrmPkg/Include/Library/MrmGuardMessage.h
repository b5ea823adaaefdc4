/** @file
  Messages by which functions of a contained partition with two processors interrupt.  Part of MrmGuardLib.

  The IOMMU selects an entry of its interrupt table by the lower bits of a message's data: the vector, and above that
  0 for fixed, 1 for lowest priority.  The entries of the first kind lead to the partition's first processor, those of
  the second to its second one (MrmIommuFillInterrupts()), and nothing else arrives.  So whatever a function sends stays
  in the partition.  For it to arrive where its system wants it, the guard looks at writes to registers that hold
  messages, and writes the number of the processor where the delivery mode is.

  "PCI" is PCI Local Bus 3.0, "SDM" Intel's Software Developer's Manual.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_GUARD_MESSAGE_H_
#define MRM_GUARD_MESSAGE_H_

#include <Library/MrmGuardExit.h>

#define MRM_GUARD_MAX_MESSAGES     64    ///< registers that a partition's functions have for messages: MRM_GUARD_MESSAGES
#define MRM_GUARD_MESSAGE_DWORDS   4     ///< of one message at most
#define MRM_GUARD_MESSAGE_TARGETS  2     ///< processors that messages can be told apart for

///
/// Registers that hold messages: an MSI-X table (PCI 6.8.2), or those of an MSI capability (PCI 6.8.1).  A message is
/// its address, one or two dwords; its data; and what else there is of it.
///
struct _MRM_GUARD_MESSAGES {
  UINT64    Address;           ///< of the first message, a multiple of 4
  UINT32    Count;             ///< how many messages
  UINT32    Dwords;            ///< of each
  UINT32    Data;              ///< which of them is the data: 1 or 2
};

///
/// What becomes of a write to a message.
///
typedef struct {
  UINT32     Value;            ///< what the whole dword gets
  UINT32     Data;             ///< what the data gets after that, if SetData
  BOOLEAN    SetData;
  BOOLEAN    Denied;           ///< no interrupt of a vector: it arrives nowhere
} MRM_GUARD_MESSAGE_ANSWER;

/**
  Find the message that an address is in.

  @param[in]  Messages  Registers of the partition's functions.
  @param[in]  Count     How many elements.
  @param[in]  Address   The address.
  @param[out] Place     Receives which dword of its message it is in.

  @return  The registers, or NULL: there is no message.
**/
CONST MRM_GUARD_MESSAGES *
EFIAPI
MrmGuardFindMessage (
  IN  CONST MRM_GUARD_MESSAGES  *Messages,
  IN  UINTN                     Count,
  IN  UINT64                    Address,
  OUT UINT32                    *Place
  );

/**
  The pages that hold messages.

  @param[in]  Messages  The registers.
  @param[out] Pages     Receives them.
**/
VOID
EFIAPI
MrmGuardMessagePages (
  IN  CONST MRM_GUARD_MESSAGES  *Messages,
  OUT MRM_RANGE                 *Pages
  );

/**
  Judge a write to a message.  Nobody else writes to it between the reading of Now and the write.

  - An interrupt, fixed or of lowest priority, gets the number of the partition's processor that its address names, and
    keeps its vector.  One that names none of the first MRM_GUARD_MESSAGE_TARGETS gets the first.
  - Of any other interrupt the data gets zero, which leads nowhere.
  - What is no interrupt by its address is written as it is.

  @param[in]  Facts     What the guard knows: the processors.
  @param[in]  Messages  The registers.
  @param[in]  Place     Which dword of the message is written.
  @param[in]  Shift     The lowest bit of it that is written.
  @param[in]  Width     Bytes: 1, 2, or 4 with Shift 0.
  @param[in]  Value     What the partition writes.
  @param[in]  Now       The message as it is: Messages->Dwords.
  @param[out] Answer    Receives what becomes of it.
**/
VOID
EFIAPI
MrmGuardJudgeMessage (
  IN  CONST MRM_GUARD_FACTS      *Facts,
  IN  CONST MRM_GUARD_MESSAGES   *Messages,
  IN  UINT32                     Place,
  IN  UINT32                     Shift,
  IN  UINT32                     Width,
  IN  UINT32                     Value,
  IN  CONST UINT32               *Now,
  OUT MRM_GUARD_MESSAGE_ANSWER   *Answer
  );

#endif
