/** @file
  Boot files of partitions, read from where Mrm.efi came from.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/BootFiles.h"
#include "Partition/Partition.h"
#include "Partition/Verdict.h"
#include "Core/Esp.h"
#include "Core/Log.h"
#include "Core/Origin.h"
#include <Library/BaseLib.h>
#include <Library/PrintLib.h>

/**
  The memory that a partition is promised: no file of it can have more.

  @param[in] Partition  The partition.

  @return  Bytes.
**/
STATIC
UINT64
PromisedMemory (
  IN CONST MRM_PARTITION  *Partition
  )
{
  UINT64  Size;
  UINT32  Index;

  Size = 0;
  for (Index = 0; Index < Partition->Plan->MemoryCount; Index++) {
    Size += Partition->Plan->Memory[Index].Size;
  }

  return Size;
}

/**
  Read a file a boot source needs.

  @param[in,out] Partition  Told what is kept; refused when it has no other source.
  @param[in]     Rule       Rule that promises the file.
  @param[in]     What       What the file is, for people.
  @param[in]     Path       Path on the ESP.
  @param[out]    Blob       Receives the file.

  @retval TRUE   Read.
  @retval FALSE  Not read; it was said.
**/
STATIC
BOOLEAN
BindFile (
  IN OUT MRM_PARTITION  *Partition,
  IN     CONST CHAR8    *Rule,
  IN     CONST CHAR8    *What,
  IN     CONST CHAR16   *Path,
  OUT    MRM_RANGE      *Blob
  )
{
  EFI_STATUS  Status;
  CHAR8       Reason[MRM_ORIGIN_REASON];
  CHAR8       Source[MRM_ORIGIN_PLACE];

  Status = ReadOriginFile (Path, PromisedMemory (Partition), Blob, Reason);
  DescribeOriginFile (Path, Source);
  if (!EFI_ERROR (Status)) {
    Keep (Partition, Rule, "%a %a, %ld bytes", What, Source, Blob->Size);
    return TRUE;
  }

  if (Partition->Plan->Boot.SourceCount == 1) {
    Refuse (Partition, Rule, "%a %a %a", What, Source, Reason);
  } else {
    Say ("%a: %a %a %a; this boot source is left out", Partition->Plan->Name, What, Source, Reason);
  }

  return FALSE;
}

VOID
BindFiles (
  IN OUT MRM_PARTITION  *Partition
  )
{
  CONST MRM_PLAN_BOOT_SOURCE  *Source;
  MRM_BOOT_FILES              *Files;
  UINT32                      Index;
  UINT32                      Left;

  Left = 0;
  for (Index = 0; Index < Partition->Plan->Boot.SourceCount; Index++) {
    Source = &Partition->Plan->Boot.Sources[Index];
    Files  = &Partition->BootFiles[Index];
    if ((Source->Kind != MrmBootFile) && (Source->Kind != MrmBootShell)) {
      Left++;
    } else if (  BindFile (Partition, MRM_RULE_BOOT_FILE, "loader", Source->Loader, &Files->Loader)
              && (  (Source->Initrd == NULL)
                 || BindFile (Partition, MRM_RULE_BOOT_INITRD, "initrd", Source->Initrd, &Files->Initrd)))
    {
      Left++;
    } else {
      FreeEspFile (&Files->Loader);
    }
  }

  if ((Left == 0) && (Partition->Life.State != MrmStateRefused)) {
    Refuse (Partition, MRM_RULE_BOOT_FILE, "none of %d boot sources is left", Partition->Plan->Boot.SourceCount);
  }
}

VOID
ReleaseFiles (
  IN OUT MRM_PARTITION  *Partition
  )
{
  UINTN  Index;

  for (Index = 0; Index < MRM_MAX_BOOT_SOURCES; Index++) {
    FreeEspFile (&Partition->BootFiles[Index].Loader);
    FreeEspFile (&Partition->BootFiles[Index].Initrd);
  }
}
