/** @file
  What DHCP and servers say of where Mrm.efi is: MrmServerOf…(), and what is asked for then.
  The first byte says which one it is.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Fuzz.h"
#include <Library/MrmServerLib.h>

STATIC CONST CHAR16  mPath[] = L"\\EFI\\MRM\\steady\\initrd of 6.12";

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  MRM_SERVER     Server;
  RETURN_STATUS  Status;
  CHAR8          Place[MRM_SERVER_PLACE_SIZE];
  CHAR8          Host[MRM_SERVER_HOST_SIZE];
  UINT8          *Bytes;
  UINTN          Index;
  UINT64         Length;

  if (Size == 0) {
    return 0;
  }

  Size--;
  Bytes = FuzzExact (Data + 1, Size);
  switch (Data[0] % 3) {
    case 0:
      Status = MrmServerOfUri (Bytes, Size, &Server);
      break;
    case 1:
      Status = MrmServerOfDhcp4 (Bytes, Size, &Server);
      break;
    default:
      Status = MrmServerOfDhcp6 (Bytes, Size, &Server);
      break;
  }

  free (Bytes);
  if (Status == RETURN_SUCCESS) {
    FUZZ_CHECK (strlen (Server.Folder) < sizeof (Server.Folder));
    for (Index = 0; Server.Folder[Index] != '\0'; Index++) {
      FUZZ_CHECK (Server.Folder[Index] > ' ' && Server.Folder[Index] < 0x7F);
    }

    FUZZ_CHECK (MrmServerPlace (&Server, mPath, Place) == RETURN_SUCCESS);
    FUZZ_CHECK (strncmp (Place, Server.Folder, Index) == 0);
    MrmServerHost (Place, Host);
    FUZZ_CHECK (strlen (Host) < sizeof (Host));
    MrmServerAddress (&Server, Host);
    FUZZ_CHECK (strlen (Host) < sizeof (Host));
    MrmServerLength (Server.Folder, &Length);
  }

  return 0;
}
