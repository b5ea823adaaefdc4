/** @file
  What is decided about AMD's IOMMU: which there are, and the tables by which it confines PCI functions.  Pure: no
  globals, no I/O, no waiting.

  "AMD" is AMD I/O Virtualization Technology (IOMMU) Specification, 3.08.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_IOMMU_LIB_H_
#define MRM_IOMMU_LIB_H_

#include <Guid/MrmHandOff.h>

#define MRM_IOMMU_DEVICES        SIZE_64KB    ///< device IDs of a segment: bus << 8 | device << 3 | function
#define MRM_IOMMU_INTERRUPTS     512          ///< entries of an interrupt table that messages can lead to
#define MRM_IOMMU_PROCESSORS     2            ///< of a partition, that an interrupt table can lead to
#define MRM_IOMMU_RING_ENTRIES   256          ///< of the command buffer and of the event log: 4 KiB each
#define MRM_IOMMU_PAGE           SIZE_4KB
#define MRM_IOMMU_LIMIT          BIT48        ///< first address that page tables of four levels cannot map
#define MRM_IOMMU_MAX_UNITS      8

//
// Flags of a unit in IVRS (AMD 5.2.2.1).
//
#define MRM_IOMMU_TUNNEL         BIT0
#define MRM_IOMMU_PASS           BIT1
#define MRM_IOMMU_RESPONSE_PASS  BIT2
#define MRM_IOMMU_ISOCHRONOUS    BIT3

///
/// An IOMMU, as IVRS tells of it.
///
typedef struct {
  UINT64    Address;                          ///< of its registers
  UINT16    Segment;
  UINT8     Flags;                            ///< MRM_IOMMU_TUNNEL and others
} MRM_IOMMU_UNIT;

///
/// Entry of the device table (AMD 2.2.2.1).
///
typedef struct {
  UINT64    Quad[4];
} MRM_IOMMU_DEVICE;

///
/// A command, or a record of the event log (AMD 2.4, 2.5).
///
typedef struct {
  UINT32    Word[4];
} MRM_IOMMU_RECORD;

///
/// Page tables of four levels (AMD 2.2.3).
///
typedef struct {
  UINT64    *Pages;                           ///< the tables, a multiple of 4 KiB; the caller's
  UINT64    Physical;                         ///< where they lie for the IOMMU
  UINTN     PageCount;                        ///< how many pages there are
  UINTN     Used;                             ///< how many of them are tables; the first one is the root
} MRM_IOMMU_TABLES;

///
/// What becomes of interrupts that a function sends as messages.
///
typedef enum {
  MrmIommuDropped,                            ///< none arrives
  MrmIommuPassed,                             ///< they go where they say
  MrmIommuRemapped                            ///< they go where the interrupt table says; nothing else arrives
} MRM_IOMMU_INTERRUPTS_OF;

///
/// What a record of the event log tells.
///
typedef enum {
  MrmIommuNothing,                            ///< the record is not written yet
  MrmIommuAccess,                             ///< a function reached for memory that it may not reach
  MrmIommuInterrupt,                          ///< a function sent an interrupt that it may not send
  MrmIommuRequest,                            ///< a function sent something else that it may not send
  MrmIommuOwnFault                            ///< the IOMMU met a wrong table or command, or a hardware error
} MRM_IOMMU_EVENT_KIND;

///
/// A record of the event log, understood.
///
typedef struct {
  MRM_IOMMU_EVENT_KIND    Kind;
  UINT8                   Code;               ///< of the event (AMD 2.5)
  UINT16                  Device;             ///< whose request it was, unless Kind is MrmIommuOwnFault
  BOOLEAN                 Write;              ///< MrmIommuAccess: it wanted to write
  UINT64                  Address;            ///< what it reached for, where that is told
} MRM_IOMMU_EVENT;

///
/// What was denied to PCI functions of a partition since it was started.
///
typedef struct {
  UINT64    Faults;                           ///< requests
  UINT64    Address;                          ///< what the last one reached for
  UINT16    Device;                           ///< whose that was
} MRM_IOMMU_COUNTS;

/**
  Find an IOMMU in IVRS.

  @param[in]  Ivrs    The table, or NULL.
  @param[in]  Size    Bytes of it that can be read.
  @param[in]  Number  Which one, from 0 on; one that is described several times counts once.
  @param[out] Unit    Receives it.

  @retval TRUE   It is there.
  @retval FALSE  There are not that many.
**/
BOOLEAN
EFIAPI
MrmIommuFind (
  IN  CONST VOID      *Ivrs OPTIONAL,
  IN  UINTN           Size,
  IN  UINTN           Number,
  OUT MRM_IOMMU_UNIT  *Unit
  );

/**
  Say by which device ID an IOMMU knows requests of a function.

  @param[in]  Ivrs     The table, or NULL.
  @param[in]  Size     Bytes of it that can be read.
  @param[in]  Segment  Of the function.
  @param[in]  Device   Its own device ID.
  @param[out] Source   Receives the device ID, which is another one behind some bridges.

  @retval TRUE   An IOMMU looks at its requests.
  @retval FALSE  None does.
**/
BOOLEAN
EFIAPI
MrmIommuSource (
  IN  CONST VOID  *Ivrs OPTIONAL,
  IN  UINTN       Size,
  IN  UINT16      Segment,
  IN  UINT16      Device,
  OUT UINT16      *Source
  );

/**
  Say how many pages the tables of some ranges need.

  @param[in]  Ranges  In ascending order, disjoint, whole pages below MRM_IOMMU_LIMIT.
  @param[in]  Count   How many.
  @param[out] Pages   Receives the number of pages.

  @retval RETURN_SUCCESS            Done.
  @retval RETURN_INVALID_PARAMETER  The ranges are not as described.
**/
RETURN_STATUS
EFIAPI
MrmIommuTablesSize (
  IN  CONST MRM_RANGE  *Ranges,
  IN  UINTN            Count,
  OUT UINTN            *Pages
  );

/**
  Make page tables by which functions reach some ranges, at their own addresses, and nothing else.

  @param[in]     Ranges  In ascending order, disjoint, whole pages below MRM_IOMMU_LIMIT.  None: nothing is reached.
  @param[in]     Count   How many.
  @param[in,out] Tables  Pages, Physical and PageCount are the caller's; receives the tables.

  @retval RETURN_SUCCESS            Done.
  @retval RETURN_INVALID_PARAMETER  The ranges are not as described.
  @retval RETURN_BUFFER_TOO_SMALL   PageCount does not suffice.
**/
RETURN_STATUS
EFIAPI
MrmIommuBuildTables (
  IN     CONST MRM_RANGE   *Ranges,
  IN     UINTN             Count,
  IN OUT MRM_IOMMU_TABLES  *Tables
  );

/**
  Make the device table's entry of a confined function.  An entry of zeros confines nothing.

  @param[in]  Root        Physical address of page tables.
  @param[in]  Domain      Number by which the IOMMU remembers translations: one for each set of page tables.
  @param[in]  Interrupts  What becomes of interrupts.
  @param[in]  Table       Physical address of an interrupt table of MRM_IOMMU_INTERRUPTS entries, a multiple of 128;
                          MrmIommuRemapped only.
  @param[out] Entry       Receives it.
**/
VOID
EFIAPI
MrmIommuConfine (
  IN  UINT64                   Root,
  IN  UINT16                   Domain,
  IN  MRM_IOMMU_INTERRUPTS_OF  Interrupts,
  IN  UINT64                   Table,
  OUT MRM_IOMMU_DEVICE         *Entry
  );

/**
  Fill in an interrupt table for a partition: each vector arrives at one of its processors, as it was sent, whatever
  processor the message names.  Of two processors fixed interrupts arrive at the first one, and those of lowest priority
  at the second one: MrmGuardJudgeMessage() has a message say so.

  @param[in]  ApicIds  Its processors; below 255 each.
  @param[in]  Count    How many: 1 to MRM_IOMMU_PROCESSORS.
  @param[out] Table    MRM_IOMMU_INTERRUPTS entries.
**/
VOID
EFIAPI
MrmIommuFillInterrupts (
  IN  CONST UINT32  *ApicIds,
  IN  UINTN         Count,
  OUT UINT32        *Table
  );

/**
  Make the command that has an IOMMU write a value when it has done all commands before.

  @param[in]  Address  Where, a multiple of 8.
  @param[in]  Value    What.
  @param[out] Command  Receives it.
**/
VOID
EFIAPI
MrmIommuWait (
  IN  UINT64            Address,
  IN  UINT64            Value,
  OUT MRM_IOMMU_RECORD  *Command
  );

/**
  Make the command that has an IOMMU read the device table's entry of a function anew.

  @param[in]  Device   Its device ID.
  @param[out] Command  Receives it.
**/
VOID
EFIAPI
MrmIommuForgetDevice (
  IN  UINT16            Device,
  OUT MRM_IOMMU_RECORD  *Command
  );

/**
  Make the command that has an IOMMU read the interrupt table of a function anew.

  @param[in]  Device   Its device ID.
  @param[out] Command  Receives it.
**/
VOID
EFIAPI
MrmIommuForgetInterrupts (
  IN  UINT16            Device,
  OUT MRM_IOMMU_RECORD  *Command
  );

/**
  Make the command that has an IOMMU drop all translations of a domain.

  @param[in]  Domain   As in MrmIommuConfine().
  @param[out] Command  Receives it.
**/
VOID
EFIAPI
MrmIommuForgetPages (
  IN  UINT16            Domain,
  OUT MRM_IOMMU_RECORD  *Command
  );

/**
  Make the command that has an IOMMU drop all that it remembers (AMD 2.4.8); only where its features say so.

  @param[out] Command  Receives it.
**/
VOID
EFIAPI
MrmIommuForgetAll (
  OUT MRM_IOMMU_RECORD  *Command
  );

/**
  Understand a record of the event log.

  @param[in]  Record  The record; any bytes.
  @param[out] Event   Receives what it tells.
**/
VOID
EFIAPI
MrmIommuReadEvent (
  IN  CONST MRM_IOMMU_RECORD  *Record,
  OUT MRM_IOMMU_EVENT         *Event
  );

#endif
