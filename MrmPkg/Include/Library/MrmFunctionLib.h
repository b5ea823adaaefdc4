/** @file
  What is decided about PCI functions that are nothing but memory: network cards and disks that the controller serves.
  Pure: no globals, no I/O, no waiting.

  The area of a partition is MRM_FUNCTION_AREA_SIZE bytes: the ECAM of one PCI bus with a function in each device, then
  the window with their BARs, MRM_FUNCTION_WINDOW_SIZE bytes for each.  Devices 0 and up are network cards, in the order
  of the partition file; disks follow.  A partition writes all of it as it likes, and nothing there is believed.

  "PCIe" is PCI Express Base 5.0, "SDM" is Intel's Software Developer's Manual, volume 3.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_FUNCTION_LIB_H_
#define MRM_FUNCTION_LIB_H_

#include <Guid/MrmHandOff.h>
#include <Library/MrmLogLib.h>
#include <Library/MrmRangeLib.h>

#define MRM_FUNCTION_ECAM_SIZE    SIZE_1MB   ///< configuration space of one bus
#define MRM_FUNCTION_AREA_SIZE    SIZE_2MB   ///< ECAM, then the window
#define MRM_FUNCTION_WINDOW_SIZE  SIZE_16KB  ///< of the window, for each function
#define MRM_FUNCTION_MOST         32         ///< devices of a bus
#define MRM_FUNCTION_BARS         3          ///< of one function, at most
#define MRM_FUNCTION_NEWS         16         ///< lines about one function at once
#define MRM_FUNCTION_NEWS_PERIOD  5000       ///< milliseconds after which one more is allowed

///
/// A BAR at a fixed place.
///
typedef struct {
  UINT8     Bar;                               ///< 0 to 5
  UINT32    Offset;                            ///< within the function's part of the window
  UINT32    Size;                              ///< bytes, a power of two, 4 KiB or more
} MRM_FUNCTION_BAR;

///
/// What a function is.
///
typedef struct {
  UINT32              VendorAndDevice;         ///< as in configuration space
  UINT32              ClassAndRevision;        ///< as in configuration space
  UINT32              Vectors;                 ///< MSI-X vectors, 1 to 32
  UINT32              TableBar;                ///< which of Bars has the MSI-X table, from its first byte on
  UINT32              BarCount;
  MRM_FUNCTION_BAR    Bars[MRM_FUNCTION_BARS];
} MRM_FUNCTION_KIND;

///
/// A function of a running partition.
///
typedef struct {
  CONST MRM_RANGE_SET    *Memory;              ///< of its partition
  CONST UINT32           *ApicIds;             ///< processors of its partition
  UINT32                 ApicIdCount;
  UINT32                 Vectors;
  UINT32                 Wanted;               ///< bit n: vector n is to be sent
  volatile UINT32        *Config;              ///< its configuration space
  UINT8                  *Window;              ///< its part of the window
  volatile UINT32        *Table;               ///< MSI-X table and pending bits
} MRM_FUNCTION;

///
/// An interrupt that a partition may have: a fixed, edge-triggered one to a processor of its own.
///
typedef struct {
  UINT32    ApicId;
  UINT8     Vector;                            ///< 0x20 to 0xFF
} MRM_FUNCTION_INTERRUPT;

///
/// What people have been told of a function; all zero when its partition starts.
///
typedef struct {
  BOOLEAN     Used;
  BOOLEAN     Refused;
  MRM_RATE    Rate;
} MRM_FUNCTION_TOLD;

/**
  Make an area with no function in it.

  @param[out] Area  MRM_FUNCTION_AREA_SIZE bytes.
**/
VOID
EFIAPI
MrmFunctionClearArea (
  OUT UINT8  *Area
  );

/**
  Put a function into an area, as a system finds it after a reset.

  @param[in,out] Area    The area, below 4 GiB as the partition sees it.
  @param[in]     Base    Its address, a multiple of 1 MiB.
  @param[in]     Device  Which device it is, below MRM_FUNCTION_MOST.
  @param[in]     Kind    What it is.

  @return  Its part of the window: all zero but for the MSI-X table.
**/
UINT8 *
EFIAPI
MrmFunctionBuild (
  IN OUT UINT8                    *Area,
  IN     UINT64                   Base,
  IN     UINTN                    Device,
  IN     CONST MRM_FUNCTION_KIND  *Kind
  );

/**
  Find the parts of a function.

  @param[in,out] Function  Memory, ApicIds and ApicIdCount are the caller's; the rest is begun anew.
  @param[in]     Area      The area.
  @param[in]     Device    Which device it is.
  @param[in]     Kind      What it is.
**/
VOID
EFIAPI
MrmFunctionOpen (
  IN OUT MRM_FUNCTION             *Function,
  IN     UINT8                    *Area,
  IN     UINTN                    Device,
  IN     CONST MRM_FUNCTION_KIND  *Kind
  );

/**
  Reach memory of the function's partition.

  @param[in] Function  The function.
  @param[in] Address   What the partition names.
  @param[in] Size      Bytes.

  @return  The memory; NULL if not all of it is the partition's, or it is empty.
**/
VOID *
EFIAPI
MrmFunctionReach (
  IN CONST MRM_FUNCTION  *Function,
  IN UINT64              Address,
  IN UINT64              Size
  );

/**
  Decide which interrupts a partition is sent now (PCIe 6.1.4, SDM 11.11).  What its system masks is kept for later.

  @param[in,out] Function    Wanted keeps what is masked.
  @param[out]    Interrupts  As many elements as the function has vectors.
  @param[in,out] Refused     Counts those that must not be.

  @return  How many there are.
**/
UINTN
EFIAPI
MrmFunctionInterrupts (
  IN OUT MRM_FUNCTION            *Function,
  OUT    MRM_FUNCTION_INTERRUPT  *Interrupts,
  IN OUT UINT64                  *Refused
  );

/**
  Decide what people are told of a function, until there is nothing new.

  A driver can come and go as often as it likes, and a line of a serial console takes milliseconds.  So there are
  MRM_FUNCTION_NEWS lines at once, and then one each MRM_FUNCTION_NEWS_PERIOD: what it is then is told then.

  @param[in,out] Told     What they have been told.
  @param[in]     Used     A driver uses it.
  @param[in]     Refused  How much was refused to its driver.
  @param[in]     Now      Milliseconds.

  @return  The words; NULL when there is nothing new, or it waits.
**/
CONST CHAR8 *
EFIAPI
MrmFunctionNews (
  IN OUT MRM_FUNCTION_TOLD  *Told,
  IN     BOOLEAN            Used,
  IN     UINT64             Refused,
  IN     UINT64             Now
  );

/**
  Make a number out of names: the same at each start, another one for other names.

  @param[in] Machine    UUID of the PC.
  @param[in] Partition  Name of the partition.
  @param[in] Name       Name of the network or disk.
**/
UINT64
EFIAPI
MrmFunctionHash (
  IN CONST GUID   *Machine,
  IN CONST CHAR8  *Partition,
  IN CONST CHAR8  *Name
  );

#endif
