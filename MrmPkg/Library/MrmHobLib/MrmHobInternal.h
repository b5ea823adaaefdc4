/** @file
  What the two halves of MrmHobLib share.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_HOB_INTERNAL_H_
#define MRM_HOB_INTERNAL_H_

#include <PiPei.h>

#include <Guid/MemoryAllocationHob.h>
#include <Guid/MemoryTypeInformation.h>

#include <Library/BaseMemoryLib.h>
#include <Library/MrmHobLib.h>

#include <Ppi/VectorHandoffInfo.h>

///
/// Regions in use that MRM_HOB_FACTS names one by one, before its Allocations.
///
#define MRM_HOB_NAMED_REGIONS  4

///
/// What the DXE core wants for its first heap besides the bins of the memory
/// type information: MINIMUM_INITIAL_MEMORY_SIZE of MdeModulePkg/Core/Dxe/Gcd/Gcd.c.
///
#define MRM_HOB_FIRST_HEAP  SIZE_64KB

/**
  RAM that begins with one resource and goes on without a gap in others.  The DXE
  core looks at one resource descriptor at a time, so adjacent RAM becomes one.

  @param[in]  Facts  The facts; resources checked.
  @param[in]  Index  The resource.
  @param[out] Run    Receives the RAM.

  @retval TRUE   Run is set.
  @retval FALSE  The resource is empty, not RAM, or continues another one.
**/
BOOLEAN
MrmHobRamRun (
  IN  CONST MRM_HOB_FACTS  *Facts,
  IN  UINTN                Index,
  OUT MRM_RANGE            *Run
  );

/**
  Check that the facts agree with each other.

  @param[in] Facts  The facts.

  @retval RETURN_SUCCESS            They do.
  @retval RETURN_INVALID_PARAMETER  They do not: see MrmHobBuild().
**/
RETURN_STATUS
MrmHobCheckFacts (
  IN CONST MRM_HOB_FACTS  *Facts
  );

/**
  Check that the DXE core will find room for its first heap.

  CoreInitializeMemoryServices() (MdeModulePkg/Core/Dxe/Gcd/Gcd.c) does this: the
  first heap must hold 64 KiB and the bins of the memory type information.  It first
  looks at the RAM resource around the PHIT's free region.  There it tries the largest
  gap between allocation HOBs above EfiMemoryTop, then
  EfiFreeMemoryBottom..EfiFreeMemoryTop, then the largest gap below the HOB list.  If
  none of these is large enough it looks at the other RAM resources, and takes the
  largest gap of the highest that suffices.  The bins are carved from the top of the heap chosen, so runtime
  memory lies there.  Only tested RAM counts.

  @param[in] Facts      Facts that agree with each other.
  @param[in] ListSize   Bytes of the HOB list, a multiple of 8, at most Facts->Free.Size.
  @param[in] BinPages   Pages of all bins of the memory type information HOB.

  @retval TRUE   It will.
  @retval FALSE  It would stop in an assertion, silently in a RELEASE build.
**/
BOOLEAN
MrmHobHeapFits (
  IN CONST MRM_HOB_FACTS  *Facts,
  IN UINTN                ListSize,
  IN UINT64               BinPages
  );

#endif
