/** @file
  What must hold before tables are written.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmAcpiInternal.h"

BOOLEAN
MrmAcpiOwnsProcessor (
  IN CONST MRM_ACPI_FACTS  *Facts,
  IN UINT32                ApicId
  )
{
  UINT32  Index;

  for (Index = 0; Index < Facts->ProcessorCount; Index++) {
    if (Facts->ApicIds[Index] == ApicId) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Check the processors: some, not too many, all different, none of them the
  controller's (the MADT would have an OS start it, which resets the machine).

  @param[in] Facts  The facts.

  @retval RETURN_SUCCESS            They are as they should be.
  @retval RETURN_INVALID_PARAMETER  They are not.
  @retval RETURN_UNSUPPORTED        An APIC ID is not one of a processor.
**/
STATIC
RETURN_STATUS
AcpiCheckProcessors (
  IN CONST MRM_ACPI_FACTS  *Facts
  )
{
  UINT32  Index;
  UINT32  Other;

  if ((Facts->ProcessorCount == 0) || (Facts->ProcessorCount > MRM_MAX_PROCESSORS)) {
    return RETURN_INVALID_PARAMETER;
  }

  if ((Facts->BspApicId == MRM_ACPI_BROADCAST_ID) || MrmAcpiOwnsProcessor (Facts, MRM_ACPI_BROADCAST_ID)) {
    return RETURN_UNSUPPORTED;
  }

  if (MrmAcpiOwnsProcessor (Facts, Facts->BspApicId)) {
    return RETURN_INVALID_PARAMETER;
  }

  for (Index = 1; Index < Facts->ProcessorCount; Index++) {
    for (Other = 0; Other < Index; Other++) {
      if (Facts->ApicIds[Index] == Facts->ApicIds[Other]) {
        return RETURN_INVALID_PARAMETER;
      }
    }
  }

  return RETURN_SUCCESS;
}

/**
  Check the PCI buses: a segment each, not segment zero (where an OS looks for
  everyone's devices), ECAM that does not wrap.

  @param[in] Facts  The facts.

  @retval TRUE   They are as they should be.
  @retval FALSE  They are not.
**/
STATIC
BOOLEAN
AcpiBusesAgree (
  IN CONST MRM_ACPI_FACTS  *Facts
  )
{
  UINT32             Index;
  UINT32             Other;
  CONST MRM_PCI_BUS  *Bus;

  if (Facts->PciBusCount > MRM_MAX_PCI_BUSES) {
    return FALSE;
  }

  for (Index = 0; Index < Facts->PciBusCount; Index++) {
    Bus = &Facts->PciBuses[Index];
    if (  (Bus->Segment == 0)
       || (Bus->FirstBus > Bus->LastBus)
       || ((Bus->EcamBase & (MRM_ACPI_ECAM_BUS_SIZE - 1)) != 0)
       || (Bus->EcamBase > MAX_UINT64 - (((UINT64)Bus->LastBus + 1) * MRM_ACPI_ECAM_BUS_SIZE - 1)))
    {
      return FALSE;
    }

    if (  ((Bus->Memory.Size != 0) && (Bus->Memory.Base > MAX_UINT64 - (Bus->Memory.Size - 1)))
       || (  (Bus->Prefetchable.Size != 0)
          && (Bus->Prefetchable.Base > MAX_UINT64 - (Bus->Prefetchable.Size - 1)))
       || ((Bus->Io.Size != 0) && (Bus->Io.Base > MAX_UINT64 - (Bus->Io.Size - 1))))
    {
      return FALSE;
    }

    for (Other = 0; Other < Index; Other++) {
      if (Facts->PciBuses[Other].Segment == Bus->Segment) {
        return FALSE;
      }
    }
  }

  return TRUE;
}

RETURN_STATUS
MrmAcpiCheckFacts (
  IN CONST MRM_ACPI_FACTS  *Facts
  )
{
  UINTN          Index;
  RETURN_STATUS  Status;

  Status = AcpiCheckProcessors (Facts);
  if (RETURN_ERROR (Status)) {
    return Status;
  }

  if ((Facts->LocalApicAddress == 0) || ((Facts->LocalApicAddress & (SIZE_4KB - 1)) != 0)) {
    return RETURN_INVALID_PARAMETER;
  }

  for (Index = 0; Index < Facts->MemoryCount; Index++) {
    if (  (Facts->Memory[Index].Size != 0)
       && (Facts->Memory[Index].Base > MAX_UINT64 - (Facts->Memory[Index].Size - 1)))
    {
      return RETURN_INVALID_PARAMETER;
    }
  }

  if (  !AcpiBusesAgree (Facts)
     || !MrmAcpiConsoleIsValid (Facts)
     || !MrmAcpiWatchdogIsValid (Facts)
     || !MrmAcpiSharedIsValid (Facts))
  {
    return RETURN_INVALID_PARAMETER;
  }

  if ((Facts->Plan == NULL) || !MrmAcpiDsdtIsValid (Facts)) {
    return RETURN_INVALID_PARAMETER;
  }

  if ((Facts->Chipset != NULL) && !MrmAcpiChipsetIsValid (Facts)) {
    return RETURN_INVALID_PARAMETER;
  }

  return RETURN_SUCCESS;
}
