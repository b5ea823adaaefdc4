/** @file
  Judges what a plan says of the disks that the controller serves.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPlanJudge.h"

#define FOLDER        L"\\EFI\\MRM\\"
#define SUFFIX        L".img"
#define LONGEST_PATH  120         ///< characters
#define LEAST_SIZE    SIZE_1MB
#define LARGEST_FILE  (SIZE_4GB - SIZE_4KB)   ///< FAT has no larger ones

BOOLEAN
MrmPlanHasChannels (
  IN CONST MRM_PLAN_PARTITION  *Partition
  )
{
  return (BOOLEAN)((Partition->CardCount != 0) || (Partition->DiskCount != 0));
}

/**
  Make a letter small.

  @param[in] Letter  A character.

  @return  The small letter, or the character itself.
**/
STATIC
CHAR16
Small (
  IN CHAR16  Letter
  )
{
  return (CHAR16)(((Letter >= L'A') && (Letter <= L'Z')) ? Letter - L'A' + L'a' : Letter);
}

/**
  Whether two texts are the same.

  @param[in] One       One text.
  @param[in] Other     Another one.
  @param[in] AnyCase   Capital and small letters are the same, as for FAT.

  @retval TRUE   They are.
  @retval FALSE  They are not.
**/
STATIC
BOOLEAN
SameWide (
  IN CONST CHAR16  *One,
  IN CONST CHAR16  *Other,
  IN BOOLEAN       AnyCase
  )
{
  UINTN  Index;

  for (Index = 0; One[Index] != 0; Index++) {
    if ((One[Index] != Other[Index]) && (!AnyCase || (Small (One[Index]) != Small (Other[Index])))) {
      return FALSE;
    }
  }

  return (BOOLEAN)(Other[Index] == 0);
}

/**
  Whether a character can stand in the name of a folder or file.

  @param[in] Letter  The character.

  @retval TRUE   It is a letter, a digit, a hyphen or an underscore.
  @retval FALSE  It is not.
**/
STATIC
BOOLEAN
IsOfName (
  IN CHAR16  Letter
  )
{
  return (BOOLEAN)(  ((Small (Letter) >= L'a') && (Small (Letter) <= L'z'))
                  || ((Letter >= L'0') && (Letter <= L'9'))
                  || (Letter == L'-')
                  || (Letter == L'_'));
}

/**
  Whether a path can be that of a served disk: in MRM's folder or below, and nothing else of MRM.

  @param[in] Path  The path.

  @retval TRUE   It can.
  @retval FALSE  It cannot.
**/
STATIC
BOOLEAN
IsPath (
  IN CONST CHAR16  *Path
  )
{
  UINTN    Length;
  UINTN    Index;
  BOOLEAN  Named;

  for (Length = 0; Path[Length] != 0; Length++) {
  }

  if (  (Length <= ARRAY_SIZE (FOLDER) - 1 + ARRAY_SIZE (SUFFIX) - 1)
     || (Length > LONGEST_PATH)
     || !SameWide (&Path[Length - (ARRAY_SIZE (SUFFIX) - 1)], SUFFIX, TRUE))
  {
    return FALSE;
  }

  Length -= ARRAY_SIZE (SUFFIX) - 1;
  for (Index = 0; Index < ARRAY_SIZE (FOLDER) - 1; Index++) {
    if (Small (Path[Index]) != Small (FOLDER[Index])) {
      return FALSE;
    }
  }

  Named = FALSE;
  for ( ; Index < Length; Index++) {
    if ((Path[Index] == L'\\') ? !Named : !IsOfName (Path[Index])) {
      return FALSE;
    }

    Named = (BOOLEAN)(Path[Index] != L'\\');
  }

  return Named;
}

/**
  Judge one disk.

  @param[in] Disk  The disk.

  @return  What is wrong; NULL for nothing.
**/
STATIC
CONST CHAR8 *
JudgeDisk (
  IN CONST MRM_PLAN_DISK  *Disk
  )
{
  UINTN  Length;

  if (((Disk->Size % SIZE_4KB) != 0) || ((Disk->Size != 0) && (Disk->Size < LEAST_SIZE))) {
    return "the size of a served disk is not a multiple of 4 KiB, or less than 1 MiB";
  }

  switch (Disk->Kind) {
    case MrmDiskMemory:
      if ((Disk->Medium != NULL) || (Disk->Size == 0) || (Disk->Mode != MrmDiskReadWrite)) {
        return "a served disk in memory has a name, no size, or does not let its partition write";
      }

      return NULL;
    case MrmDiskFile:
      if ((Disk->Medium == NULL) || !IsPath (Disk->Medium)) {
        return "the file of a served disk is not \\EFI\\MRM\\....img";
      }

      if ((Disk->Size > LARGEST_FILE) || ((Disk->Size == 0) && (Disk->Mode != MrmDiskReadOnly))) {
        return "the file of a served disk is larger than FAT allows, or has no size";
      }

      return NULL;
    default:
      for (Length = 0; (Disk->Medium != NULL) && (Disk->Medium[Length] != 0); Length++) {
      }

      if ((Length == 0) || (Length > MRM_DISK_LABEL) || (Disk->Size != 0)) {
        return "a served GPT partition has no PARTUUID or label, or a size";
      }

      return NULL;
  }
}

/**
  Whether two disks can be there at once.

  @param[in] One    One disk.
  @param[in] Other  Another one.

  @retval TRUE   They are different media, or nobody changes what the other one reads.
  @retval FALSE  They cannot.
**/
STATIC
BOOLEAN
DisksAgree (
  IN CONST MRM_PLAN_DISK  *One,
  IN CONST MRM_PLAN_DISK  *Other
  )
{
  if (  (One->Kind != Other->Kind)
     || (One->Kind == MrmDiskMemory)
     || !SameWide (One->Medium, Other->Medium, (BOOLEAN)(One->Kind == MrmDiskFile)))
  {
    return TRUE;
  }

  if ((One->Size != 0) && (Other->Size != 0) && (One->Size != Other->Size)) {
    return FALSE;
  }

  // A disk that somebody reads may grow, but not change.
  return (BOOLEAN)(  (One->Mode != MrmDiskReadWrite)
                  && (Other->Mode != MrmDiskReadWrite)
                  && ((One->Mode == MrmDiskReadOnly) || (Other->Mode == MrmDiskReadOnly)));
}

CONST CHAR8 *
MrmPlanJudgeDisks (
  IN CONST MRM_PLAN_PARTITION  *Partition
  )
{
  CONST CHAR8  *What;
  UINT32       Index;
  UINT32       Before;

  for (Index = 0; Index < Partition->DiskCount; Index++) {
    What = JudgeDisk (&Partition->Disks[Index]);
    if (What != NULL) {
      return What;
    }

    for (Before = 0; Before < Index; Before++) {
      if (!DisksAgree (&Partition->Disks[Index], &Partition->Disks[Before])) {
        return "it has a served disk twice, with two sizes, or could write on it";
      }
    }
  }

  return NULL;
}

BOOLEAN
MrmPlanDisksAgree (
  IN CONST MRM_PLAN_PARTITION  *One,
  IN CONST MRM_PLAN_PARTITION  *Other
  )
{
  UINT32  Index;
  UINT32  Against;

  for (Index = 0; Index < One->DiskCount; Index++) {
    for (Against = 0; Against < Other->DiskCount; Against++) {
      if (!DisksAgree (&One->Disks[Index], &Other->Disks[Against])) {
        return FALSE;
      }
    }
  }

  return TRUE;
}
