/** @file
  Finds the section of a PE image that carries a plan.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmPlanLib.h>
#include <IndustryStandard/PeImage.h>
#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>

CONST UINT8 *
EFIAPI
MrmPlanFindSection (
  IN  CONST UINT8  *Image,
  IN  UINTN        ImageSize,
  OUT UINTN        *BlobSize
  )
{
  EFI_IMAGE_DOS_HEADER         Dos;
  EFI_IMAGE_NT_HEADERS64       Nt;
  EFI_IMAGE_SECTION_HEADER     Section;
  UINT64                       At;
  UINT16                       Index;

  if (ImageSize < sizeof (Dos)) {
    return NULL;
  }

  CopyMem (&Dos, Image, sizeof (Dos));
  if ((Dos.e_magic != EFI_IMAGE_DOS_SIGNATURE) || (Dos.e_lfanew > ImageSize) || (ImageSize - Dos.e_lfanew < sizeof (Nt))) {
    return NULL;
  }

  CopyMem (&Nt, Image + Dos.e_lfanew, sizeof (Nt));
  if (  (Nt.Signature != EFI_IMAGE_NT_SIGNATURE)
     || (Nt.OptionalHeader.Magic != EFI_IMAGE_NT_OPTIONAL_HDR64_MAGIC))
  {
    return NULL;
  }

  At  = (UINT64)Dos.e_lfanew + sizeof (Nt.Signature) + sizeof (Nt.FileHeader);
  At += Nt.FileHeader.SizeOfOptionalHeader;
  for (Index = 0; Index < Nt.FileHeader.NumberOfSections; Index++) {
    if ((At > ImageSize) || (ImageSize - At < sizeof (Section))) {
      return NULL;
    }

    CopyMem (&Section, Image + At, sizeof (Section));
    At += sizeof (Section);
    if (CompareMem (Section.Name, MRM_PLAN_SECTION, sizeof (Section.Name)) != 0) {
      continue;
    }

    if (  (Section.VirtualAddress > ImageSize)
       || (Section.Misc.VirtualSize > ImageSize - Section.VirtualAddress))
    {
      return NULL;
    }

    *BlobSize = Section.Misc.VirtualSize;
    return Image + Section.VirtualAddress;
  }

  return NULL;
}
