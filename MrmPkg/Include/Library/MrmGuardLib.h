/** @file
  What is decided about guarded partitions: what they reach, and what becomes of what they try beyond it.
  Pure: no globals, no I/O, no waiting.

  The guard is code of the controller that stays beneath a guarded partition.  Its processors run in guest mode, where
  nested page tables and permission maps say what they reach.  All else ends in an exit, and this library says what the
  guard answers.  "APM" is AMD's Architecture Programmer's Manual, volume 2; "SDM" Intel's Software Developer's Manual.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_GUARD_LIB_H_
#define MRM_GUARD_LIB_H_

#include <Guid/MrmHandOff.h>
#include <Library/MrmGuardExit.h>
#include <Library/MrmGuardMessage.h>

#define MRM_GUARD_READ     BIT0
#define MRM_GUARD_WRITE    BIT1
#define MRM_GUARD_EXECUTE  BIT2

//
// Types of memory, by their numbers in MTRRs (SDM 3, 12.11.1).
//
#define MRM_GUARD_UNCACHED       0
#define MRM_GUARD_WRITE_THROUGH  4
#define MRM_GUARD_WRITE_BACK     6

#define MRM_GUARD_PAGE          SIZE_4KB
#define MRM_GUARD_LIMIT         BIT48             ///< first guest-physical address that tables cannot map
#define MRM_GUARD_IO_MAP_SIZE   (3 * SIZE_4KB)    ///< APM 15.10.1
#define MRM_GUARD_MSR_MAP_SIZE  (2 * SIZE_4KB)    ///< APM 15.11

//
// A page of AMD's chipsets that Linux reads on each Zen processor, from 6.16 on (print_s5_reset_status_mmio): why the PC
// was reset last.  All ones tell nothing.
//
#define MRM_GUARD_RESET_STATUS  0xFED80000

//
// What a partition has of each kind at most, and the ranges that it reaches then.  Whatever lies in the first MiB or in
// configuration space may have a hole before it, which is one more range; so may the end of each of these stretches.
// Pages that are watched divide a range in three.
//
#define MRM_GUARD_MAX_MEMORY   33
#define MRM_GUARD_MAX_CHIPSET  96     ///< of the owner of the chipset
#define MRM_GUARD_MAX_WINDOWS  (224 + MRM_GUARD_MAX_CHIPSET)
#define MRM_GUARD_MAX_BUSES    16
#define MRM_GUARD_MAX_ECAM     8
#define MRM_GUARD_MAX_PAGES    (MRM_GUARD_MAX_BUSES + 2 * MRM_GUARD_MAX_FUNCTIONS)
#define MRM_GUARD_MAX_RANGES   (3 + MRM_GUARD_MAX_MEMORY + MRM_GUARD_MAX_WINDOWS + MRM_GUARD_MAX_PAGES \
                                + (MRM_GUARD_MAX_MEMORY + 1) + (MRM_GUARD_MAX_PAGES + MRM_GUARD_MAX_ECAM) \
                                + 2 * MRM_GUARD_MAX_MESSAGES)

///
/// Memory that a partition reaches.
///
typedef struct {
  UINT64     Base;                                ///< as the partition sees it, a multiple of 4 KiB
  UINT64     Length;                              ///< bytes, a multiple of 4 KiB, not zero
  UINT64     Host;                                ///< where it is, a multiple of 4 KiB
  UINT32     Access;                              ///< MRM_GUARD_READ and others; READ is always among them
  UINT32     MemoryType;                          ///< MRM_GUARD_UNCACHED, _WRITE_THROUGH, _WRITE_BACK
  BOOLEAN    Repeat;                              ///< TRUE: each page of it is the one page at Host
} MRM_GUARD_RANGE;

///
/// What the controller knows of a partition's memory.  All ranges are whole pages.
///
typedef struct {
  CONST MRM_RANGE    *Memory;                     ///< its own, low slice and areas it shares with the controller included
  UINTN              MemoryCount;
  CONST MRM_RANGE    *Windows;                    ///< of its ports, and of UARTs in memory
  UINTN              WindowCount;
  CONST MRM_RANGE    *Ecam;                       ///< configuration space of its own buses
  UINTN              EcamCount;
  CONST MRM_RANGE    *Functions;                  ///< configuration space of functions that it has by themselves
  UINTN              FunctionCount;
  CONST MRM_RANGE    *StandIns;                   ///< pages that all show the one at StandIn
  UINTN              StandInCount;
  UINT64             StandIn;                     ///< of a function 0 that stands in for one that it does not have
  CONST MRM_RANGE    *AllEcam;                    ///< configuration space of all buses of the PC
  UINTN              AllEcamCount;
  CONST MRM_RANGE    *Watched;                    ///< pages of the above that can be read only, as they hold messages
  UINTN              WatchedCount;
  UINT64             LocalApic;                   ///< of its processors
  UINT32             LocalApicAccess;             ///< MRM_GUARD_READ while its writes are looked at
  UINT64             PageZero;                    ///< the page that it has instead of the PC's page 0
  UINT64             Ones;                        ///< a page of all ones, which nobody writes
} MRM_GUARD_VIEW;

///
/// I/O ports, First to Last.
///
typedef struct {
  UINT16    First;
  UINT16    Last;
} MRM_GUARD_PORTS;

///
/// Model-specific registers, First to Last.
///
typedef struct {
  UINT32    First;
  UINT32    Last;
  UINT32    Access;                               ///< MRM_GUARD_READ, MRM_GUARD_WRITE, or both
} MRM_GUARD_MSRS;

/**
  Say what a partition reaches: its own memory, windows and configuration space; its local APIC; a page 0 of its own.
  Configuration space of functions that it has by themselves, and what is watched, can be read only.  The rest of the
  first MiB, the configuration space of foreign buses, and the page MRM_GUARD_RESET_STATUS unless it has that, read as
  all ones.

  @param[in]  View      What the controller knows.  No two of its ranges overlap, but for Ecam and AllEcam; and those of
                        Watched lie in windows, in Ecam or in Functions.
  @param[out] Ranges    Receives them in ascending order.
  @param[in]  Capacity  Elements of Ranges.
  @param[out] Count     How many there are.

  @retval RETURN_SUCCESS            Done.
  @retval RETURN_INVALID_PARAMETER  Two ranges overlap, or one is not whole pages below MRM_GUARD_LIMIT; or something
                                    of Watched is not the partition's own.
  @retval RETURN_BUFFER_TOO_SMALL   There are more than Capacity.
**/
RETURN_STATUS
EFIAPI
MrmGuardRanges (
  IN  CONST MRM_GUARD_VIEW  *View,
  OUT MRM_GUARD_RANGE       *Ranges,
  IN  UINTN                 Capacity,
  OUT UINTN                 *Count
  );

/**
  Say how many pages the tables of some ranges need.

  @param[in]  Ranges  In ascending order, disjoint.
  @param[in]  Count   How many.
  @param[out] Pages   Receives the number of pages.

  @retval RETURN_SUCCESS            Done.
  @retval RETURN_INVALID_PARAMETER  The ranges are not as described.
**/
RETURN_STATUS
EFIAPI
MrmGuardTablesSize (
  IN  CONST MRM_GUARD_RANGE  *Ranges,
  IN  UINTN                  Count,
  OUT UINTN                  *Pages
  );

/**
  Make tables that lead to some ranges, and nowhere else.  Accessed and dirty bits are set, all is user memory.

  @param[in]     Ranges  In ascending order, disjoint.
  @param[in]     Count   How many.
  @param[in,out] Tables  Pages, Physical and PageCount are the caller's; receives the tables.

  @retval RETURN_SUCCESS            Done.
  @retval RETURN_INVALID_PARAMETER  The ranges are not as described.
  @retval RETURN_BUFFER_TOO_SMALL   PageCount does not suffice.
**/
RETURN_STATUS
EFIAPI
MrmGuardBuildTables (
  IN     CONST MRM_GUARD_RANGE  *Ranges,
  IN     UINTN                  Count,
  IN OUT MRM_GUARD_TABLES       *Tables
  );

/**
  Say where an address of a partition leads.

  @param[in]  Tables   Its tables.
  @param[in]  Address  As the partition sees it.
  @param[out] Host     Receives where it is.
  @param[out] Access   Receives MRM_GUARD_READ and others.

  @retval TRUE   It leads there.
  @retval FALSE  It leads nowhere; Host and Access are zero.
**/
BOOLEAN
EFIAPI
MrmGuardLookUp (
  IN  CONST MRM_GUARD_TABLES  *Tables,
  IN  UINT64                  Address,
  OUT UINT64                  *Host,
  OUT UINT32                  *Access
  );

/**
  Change what a partition may do with one page.  Processors that have translated it must drop that.

  @param[in,out] Tables   Its tables.
  @param[in]     Address  In that page, as the partition sees it.
  @param[in]     Access   MRM_GUARD_READ and others; zero for nothing at all.

  @retval RETURN_SUCCESS      Done.
  @retval RETURN_NOT_FOUND    The page is not mapped by an entry of its own.
**/
RETURN_STATUS
EFIAPI
MrmGuardSetAccess (
  IN OUT MRM_GUARD_TABLES  *Tables,
  IN     UINT64            Address,
  IN     UINT32            Access
  );

/**
  Make the map of I/O ports: a set bit ends in an exit.  An access to several ports does so if any of them does.

  @param[in]  Open   The ports that are open; they may overlap.
  @param[in]  Count  How many elements.
  @param[out] Map    MRM_GUARD_IO_MAP_SIZE bytes.
**/
VOID
EFIAPI
MrmGuardBuildIoMap (
  IN  CONST MRM_GUARD_PORTS  *Open,
  IN  UINTN                  Count,
  OUT UINT8                  *Map
  );

/**
  Have more ports end in an exit.

  @param[in]     Closed  The ports; they may overlap.
  @param[in]     Count   How many elements.
  @param[in,out] Map     MRM_GUARD_IO_MAP_SIZE bytes, as MrmGuardBuildIoMap() made it.
**/
VOID
EFIAPI
MrmGuardClosePorts (
  IN     CONST MRM_GUARD_PORTS  *Closed,
  IN     UINTN                  Count,
  IN OUT UINT8                  *Map
  );

/**
  The ports of every PC that the owner of the chipset does not reach without an exit: they could reset or halt the PC,
  reach what is not its own, or have somebody do so for it.

  @param[out] Count  How many elements.
**/
CONST MRM_GUARD_PORTS *
EFIAPI
MrmGuardChipsetPorts (
  OUT UINTN  *Count
  );

/**
  Make the map of model-specific registers: a set bit ends in an exit.  Registers that the map does not have always do.

  @param[in]  Open   What is open; it may overlap.
  @param[in]  Count  How many elements.
  @param[out] Map    MRM_GUARD_MSR_MAP_SIZE bytes.

  @retval RETURN_SUCCESS            Done.
  @retval RETURN_INVALID_PARAMETER  An element has a register that the map does not have, or is empty.
**/
RETURN_STATUS
EFIAPI
MrmGuardBuildMsrMap (
  IN  CONST MRM_GUARD_MSRS  *Open,
  IN  UINTN                 Count,
  OUT UINT8                 *Map
  );

/**
  The registers that every guarded partition may reach without an exit.

  @param[out] Count  How many elements.
**/
CONST MRM_GUARD_MSRS *
EFIAPI
MrmGuardOpenMsrs (
  OUT UINTN  *Count
  );

/**
  Have those registers of the x2APIC end in an exit when they are written that interrupt others, or leave guest mode:
  for a contained partition.

  @param[in,out] Map  MRM_GUARD_MSR_MAP_SIZE bytes, as MrmGuardBuildMsrMap() made it.
**/
VOID
EFIAPI
MrmGuardConfineMsrs (
  IN OUT UINT8  *Map
  );

#endif
