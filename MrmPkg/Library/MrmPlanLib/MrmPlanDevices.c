/** @file
  PCI devices that partitions of a plan have, by the text of their device paths.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPlanJudge.h"

/**
  Whether a device is a port, or lies behind it.

  @param[in] Device  Its device path text.
  @param[in] Port    The port's, or that of the same device.

  @retval TRUE   It is, or does.
  @retval FALSE  It does not.
**/
STATIC
BOOLEAN
IsBehind (
  IN CONST CHAR8  *Device,
  IN CONST CHAR8  *Port
  )
{
  UINTN  Index;

  for (Index = 0; Port[Index] != 0; Index++) {
    if (Device[Index] != Port[Index]) {
      return FALSE;
    }
  }

  return (BOOLEAN)((Device[Index] == 0) || (Device[Index] == '/'));
}

BOOLEAN
MrmPlanHasDevice (
  IN CONST MRM_PLAN_PCI_BUS  *Bus,
  IN CONST CHAR8             *Device
  )
{
  UINT32  Index;

  if ((Bus->RootPort != NULL) && IsBehind (Device, Bus->RootPort)) {
    return TRUE;
  }

  for (Index = 0; Index < Bus->FunctionCount; Index++) {
    if (IsBehind (Device, Bus->Functions[Index].Path)) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Whether one of two buses has a device that the other one is, or leads to.

  @param[in] One    One bus.
  @param[in] Other  The other one.

  @retval TRUE   It has.
  @retval FALSE  It has not.
**/
STATIC
BOOLEAN
Reaches (
  IN CONST MRM_PLAN_PCI_BUS  *One,
  IN CONST MRM_PLAN_PCI_BUS  *Other
  )
{
  UINT32  Index;

  if ((Other->RootPort != NULL) && MrmPlanHasDevice (One, Other->RootPort)) {
    return TRUE;
  }

  for (Index = 0; Index < Other->FunctionCount; Index++) {
    if (MrmPlanHasDevice (One, Other->Functions[Index].Path)) {
      return TRUE;
    }
  }

  return FALSE;
}

BOOLEAN
MrmPlanShareDevice (
  IN CONST MRM_PLAN_PCI_BUS  *One,
  IN CONST MRM_PLAN_PCI_BUS  *Other
  )
{
  return (BOOLEAN)(Reaches (One, Other) || Reaches (Other, One));
}

BOOLEAN
MrmPlanHasTwice (
  IN CONST MRM_PLAN_PCI_BUS  *Bus
  )
{
  UINT32  Index;
  UINT32  Before;

  for (Index = 0; Index < Bus->FunctionCount; Index++) {
    for (Before = 0; Before < Index; Before++) {
      if (MrmPlanSameText (Bus->Functions[Index].Path, Bus->Functions[Before].Path)) {
        return TRUE;
      }
    }
  }

  return FALSE;
}
