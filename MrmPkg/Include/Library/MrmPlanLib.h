/** @file
  Reads a plan from its blob (docs/plan-format.md), and uses no byte of it that it has not
  judged.  Pure, for firmware and host.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_PLAN_LIB_H_
#define MRM_PLAN_LIB_H_

#include <MrmPlan.h>
#include <Library/MrmLogLib.h>
#include <Library/MrmMachineLib.h>

#define MRM_PLAN_SECTION     ".mrmplan"   ///< name of a section, without a terminating zero
#define MRM_PLAN_NOBODY      MAX_UINT32
#define MRM_PLAN_NAMES       3     ///< of plans that a server is asked for
#define MRM_PLAN_NAME_SIZE   96    ///< bytes of the longest of them, with the terminating zero
#define MRM_PLAN_FAULT_SIZE  240   ///< bytes of the longest fault, with the terminating zero

///
/// What a PC tells of which one it is.
///
typedef struct {
  CONST UINT8                  *Uuid;         ///< MRM_UUID_SIZE bytes as SMBIOS keeps them
  CONST CHAR8                  *System;       ///< made by MrmPlanSystem()
  UINTN                        ProcessorCount;
  CONST MRM_PROCESSOR_FACTS    *Processors;   ///< all of them
} MRM_PLAN_PC;

///
/// How well a plan fits a PC, worst first.
///
typedef enum {
  MrmFitNot,      ///< it is for another one
  MrmFitAny,      ///< it is for any PC
  MrmFitMachine,  ///< it is for PCs of this make, with these processors
  MrmFitUuid      ///< it is for this very one
} MRM_PLAN_FIT;

/**
  Read a plan.

  Every offset, count, text, number and enumeration is judged against the description of
  the format, and then the plan as a whole: names, references between partitions,
  processors, memory, PCI segments, boot sources, DSDT and its patches.

  @param[in]     Blob       The blob, at a multiple of 8. The plan refers to it: it must stay, unchanged.
  @param[in]     BlobSize   Its size in bytes; more than MRM_PLAN_LARGEST is refused.
  @param[out]    Room       Room for the records of the plan, at a multiple of 8; NULL when RoomSize is 0.
  @param[in]     RoomSize   Bytes of Room.
  @param[out]    Needed     Receives how many bytes of room the plan needs, unless the blob is refused.
  @param[out]    Plan       Receives the plan, at the start of Room.
  @param[in,out] Fault      Receives why the blob is refused; MRM_PLAN_FAULT_SIZE bytes are enough.

  @retval RETURN_SUCCESS               The plan can be relied on.
  @retval RETURN_BUFFER_TOO_SMALL      Needed says how much room it takes; the plan as a whole is not judged yet.
  @retval RETURN_INCOMPATIBLE_VERSION  It is a plan of another version.
  @retval RETURN_COMPROMISED_DATA      It is no plan, is damaged, or contradicts itself.
**/
RETURN_STATUS
EFIAPI
MrmPlanRead (
  IN     CONST UINT8     *Blob,
  IN     UINTN           BlobSize,
  OUT    VOID            *Room,
  IN     UINTN           RoomSize,
  OUT    UINTN           *Needed,
  OUT    CONST MRM_PLAN  **Plan,
  IN OUT MRM_TEXT        *Fault
  );

/**
  Find out which partitions of a new plan are the same machines as in the plan in force: of the
  same name, with the same promises. What is policy may differ, and which processors a
  partition gets that wants them by count.

  @param[in]  Old   The plan in force.
  @param[in]  New   The new one.
  @param[out] Same  New->PartitionCount elements; receives the index of the same partition in Old,
                    or MRM_PLAN_NOBODY.
**/
VOID
EFIAPI
MrmPlanMatch (
  IN  CONST MRM_PLAN  *Old,
  IN  CONST MRM_PLAN  *New,
  OUT UINT32          *Same
  );

/**
  Find the section of a loaded PE image that carries a plan: MRM_PLAN_SECTION
  (PE/COFF specification, "Section Table").

  @param[in]  Image      The image as its loader laid it out, headers first.
  @param[in]  ImageSize  Its size in bytes.
  @param[out] BlobSize   Receives the bytes of the plan.

  @return  The plan, inside the image; NULL when there is no such section, or the image is no PE32+.
**/
CONST UINT8 *
EFIAPI
MrmPlanFindSection (
  IN  CONST UINT8  *Image,
  IN  UINTN        ImageSize,
  OUT UINTN        *BlobSize
  );

//
// MrmPlanFit.c
//

/**
  Judge whether a plan is for a PC. A UUID in the plan decides alone; else what SMBIOS calls the PC, and the
  APIC IDs of its processors.

  @param[in]     Plan        The plan.
  @param[in]     Pc          The PC.
  @param[in,out] Difference  Receives what differs, for MrmFitNot; MRM_PLAN_FAULT_SIZE bytes are enough.

  @return  How well it fits.
**/
MRM_PLAN_FIT
EFIAPI
MrmPlanFit (
  IN     CONST MRM_PLAN     *Plan,
  IN     CONST MRM_PLAN_PC  *Pc,
  IN OUT MRM_TEXT           *Difference
  );

/**
  Which of two plans for a PC is carried out: the one that names it more closely, then the newer one.

  @param[in] Plan      A plan.
  @param[in] Fit       How well it fits.
  @param[in] Other     Another plan.
  @param[in] OtherFit  How well that fits.

  @retval TRUE   The plan.
  @retval FALSE  The other one.
**/
BOOLEAN
EFIAPI
MrmPlanGoesBefore (
  IN CONST MRM_PLAN  *Plan,
  IN MRM_PLAN_FIT    Fit,
  IN CONST MRM_PLAN  *Other,
  IN MRM_PLAN_FIT    OtherFit
  );

/**
  Names of plans that a server is asked for, which cannot be listed: by the UUID of the PC, by what the PC is called,
  and the one for any PC.

  @param[in]     Index  Which name, less than MRM_PLAN_NAMES; the closest comes first.
  @param[in]     Pc     The PC.
  @param[in,out] Name   Receives the path below `\EFI\MRM`; MRM_PLAN_NAME_SIZE bytes are enough.

  @retval TRUE   There is such a name.
  @retval FALSE  The PC tells nothing to make it of; Name is not complete.
**/
BOOLEAN
EFIAPI
MrmPlanFileName (
  IN     UINTN              Index,
  IN     CONST MRM_PLAN_PC  *Pc,
  IN OUT MRM_TEXT           *Name
  );

/**
  Make the name of a PC: its maker and product, printable ASCII, single spaces between words, cut after
  MRM_SYSTEM_LENGTH characters. generator/model/identity.py makes the same.

  @param[in]  Vendor   Manufacturer of the system, as SMBIOS tells it (SMBIOS 3.3 section 7.2); may be empty.
  @param[in]  Product  Its product name; may be empty.
  @param[out] System   Receives the name; MRM_SYSTEM_LENGTH + 1 bytes.
**/
VOID
EFIAPI
MrmPlanSystem (
  IN  CONST CHAR8  *Vendor,
  IN  CONST CHAR8  *Product,
  OUT CHAR8        *System
  );

#endif
