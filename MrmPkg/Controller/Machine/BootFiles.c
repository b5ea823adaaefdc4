/** @file
  Boot files of partitions, read from the volume Mrm.efi came from.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Machine/BootFiles.h"
#include "Partition/Partition.h"
#include "Partition/Verdict.h"
#include "Core/Facts.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/FileHandleLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>

/**
  Read a whole file that is open.

  @param[in]  File  The file.
  @param[out] Blob  Receives address and size; the memory belongs to the controller.

  @retval EFI_SUCCESS           Read.
  @retval EFI_END_OF_FILE       It is empty, or shorter than its file system says.
  @retval EFI_OUT_OF_RESOURCES  No memory for it.
  @return Other                 Status of the file system.
**/
STATIC
EFI_STATUS
ReadOpenFile (
  IN  EFI_FILE_PROTOCOL  *File,
  OUT MRM_RANGE          *Blob
  )
{
  EFI_STATUS  Status;
  UINT64      Size;
  UINTN       Read;
  VOID        *Buffer;

  Status = FileHandleGetSize (File, &Size);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  if (Size == 0) {
    return EFI_END_OF_FILE;
  }

  Buffer = AllocatePages (EFI_SIZE_TO_PAGES ((UINTN)Size));
  if (Buffer == NULL) {
    return EFI_OUT_OF_RESOURCES;
  }

  Read   = (UINTN)Size;
  Status = File->Read (File, &Read, Buffer);
  if (!EFI_ERROR (Status) && (Read != Size)) {
    Status = EFI_END_OF_FILE;
  }

  if (EFI_ERROR (Status)) {
    // Read says how much came, not how much was allocated.
    FreePages (Buffer, EFI_SIZE_TO_PAGES ((UINTN)Size));
    return Status;
  }

  Blob->Base = (UINTN)Buffer;
  Blob->Size = Size;
  return EFI_SUCCESS;
}

/**
  Read a whole file.

  @param[in]  Path  Path on the volume.
  @param[out] Blob  Receives address and size; the memory belongs to the controller.

  @retval EFI_SUCCESS    Read.
  @retval EFI_NOT_FOUND  There is no such file.
  @return Other          As ReadOpenFile().
**/
STATIC
EFI_STATUS
ReadFile (
  IN  CONST CHAR16  *Path,
  OUT MRM_RANGE     *Blob
  )
{
  EFI_STATUS         Status;
  EFI_FILE_PROTOCOL  *File;

  Status = gMachine.Esp->Open (gMachine.Esp, &File, (CHAR16 *)Path, EFI_FILE_MODE_READ, 0);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Status = ReadOpenFile (File, Blob);
  File->Close (File);
  return Status;
}

/**
  Free what ReadFile() gave.

  @param[in,out] Blob  Becomes empty; may be empty.
**/
STATIC
VOID
FreeBlob (
  IN OUT MRM_RANGE  *Blob
  )
{
  if (Blob->Size != 0) {
    FreePages ((VOID *)(UINTN)Blob->Base, EFI_SIZE_TO_PAGES ((UINTN)Blob->Size));
    Blob->Size = 0;
  }
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
  CHAR8       Reason[64];

  Status = ReadFile (Path, Blob);
  if (!EFI_ERROR (Status)) {
    Keep (Partition, Rule, "%a %s, %ld bytes", What, Path, Blob->Size);
    return TRUE;
  }

  if (Status == EFI_NOT_FOUND) {
    AsciiStrCpyS (Reason, sizeof (Reason), "not found");
  } else if (Status == EFI_END_OF_FILE) {
    AsciiStrCpyS (Reason, sizeof (Reason), "is empty, or shorter than its folder says");
  } else {
    AsciiSPrint (Reason, sizeof (Reason), "cannot be read: %r", Status);
  }

  if (Partition->Plan->Boot.SourceCount == 1) {
    Refuse (Partition, Rule, "%a %s %a", What, Path, Reason);
  } else {
    Say ("%a: %a %s %a; this boot source is left out", Partition->Plan->Name, What, Path, Reason);
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
      FreeBlob (&Files->Loader);
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
    FreeBlob (&Partition->BootFiles[Index].Loader);
    FreeBlob (&Partition->BootFiles[Index].Initrd);
  }
}
