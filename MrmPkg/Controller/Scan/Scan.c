/** @file
  Scanning the PC: what its firmware knows, written down for `python -m generator scan`.

  The archive looks like a collection of generator/collect.sh: what Linux has a file for has the name of that
  file, the rest is below uefi/.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Scan/Scan.h"
#include "Scan/Archive.h"
#include "Scan/Functions.h"
#include "Scan/Hardware.h"
#include "Scan/Tables.h"
#include "Core/Esp.h"
#include "Core/Facts.h"
#include "Core/Log.h"
#include <Library/MemoryAllocationLib.h>

#define SCAN_FILE  MRM_FOLDER L"\\machine.tar"

EFI_STATUS
ScanMachine (
  VOID
  )
{
  EFI_STATUS  Status;
  VOID        *Archive;
  UINTN       Size;

  AddTables ();
  AddIdentity ();
  AddProcessors ();
  AddMemoryMap ();
  AddFunctions ();
  AddUarts ();

  BeginFile ("uefi/boot-device");
  AddDevicePath (gMachine.EspDevice);
  EndFile ();
  BeginFile ("sys/firmware/efi/fw_platform_size");
  AddLine ("%d", 8 * sizeof (UINTN));
  EndFile ();

  // Written last: an archive that has it is whole.
  BeginFile ("collection.txt");
  AddLine ("format 1");
  AddLine ("firmware");
  EndFile ();

  Status = EndArchive (&Archive, &Size);
  if (!EFI_ERROR (Status)) {
    Status = WriteEspFile (SCAN_FILE, Archive, Size);
    FreePool (Archive);
  }

  if (EFI_ERROR (Status)) {
    Say ("scan: \\EFI\\MRM\\machine.tar cannot be written to the ESP: %r", Status);
  } else {
    Say ("scan: what this PC is was written to \\EFI\\MRM\\machine.tar (%d KiB)", Size / SIZE_1KB);
    Say ("scan: read it by `python -m generator scan --from machine.tar --output platforms/NAME.yaml`");
  }

  return Status;
}
