/** @file
  The PC's IOMMUs: switched on, given tables, commands and an ear for their events.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_IOMMU_H_
#define MRM_CONTROLLER_IOMMU_H_

#include <PiDxe.h>
#include <Library/MrmIommuLib.h>

/**
  Say why the PC's IOMMUs cannot confine anything.  Nothing is changed.

  @return  In words, for "found %a"; NULL: they can.
**/
CONST CHAR8 *
IommuLack (
  VOID
  );

/**
  Switch the PC's IOMMUs on, unless they are.  Until a function's entry is set, its requests and interrupts pass.

  @retval EFI_SUCCESS           They are on.
  @retval EFI_OUT_OF_RESOURCES  There is no memory for their tables.
  @retval EFI_TIMEOUT           One does not answer; they are off.
  @retval EFI_UNSUPPORTED       IommuLack() says why.
**/
EFI_STATUS
OpenIommus (
  VOID
  );

/**
  Switch the PC's IOMMUs off, if they are on: requests of all functions pass.
**/
VOID
CloseIommus (
  VOID
  );

/**
  Physical address of page tables that lead nowhere.  The IOMMUs are on.
**/
UINT64
EmptyIommuTables (
  VOID
  );

/**
  Set the entry of a function in the device table.  Before SettleIommus() the old one may still hold.

  @param[in] Device  Its device ID.
  @param[in] Entry   The entry; NULL: its requests pass.
**/
VOID
SetIommuDevice (
  IN UINT16                  Device,
  IN CONST MRM_IOMMU_DEVICE  *Entry OPTIONAL
  );

/**
  Have all IOMMUs do what was set and told, and wait until they have.

  @param[in] Domain  All translations of it are dropped.

  @retval EFI_SUCCESS  They have.
  @retval EFI_TIMEOUT  One does not answer.
**/
EFI_STATUS
SettleIommus (
  IN UINT16  Domain
  );

/**
  Take the next record from the event logs.

  @param[out] Event  Receives it.

  @retval TRUE   There was one.
  @retval FALSE  There is none now.
**/
BOOLEAN
TakeIommuEvent (
  OUT MRM_IOMMU_EVENT  *Event
  );

#endif
