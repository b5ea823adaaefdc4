/** @file
  What a loader left behind: boot_params and a command line.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Fuzz.h"
#include <Library/BaseMemoryLib.h>
#include <Library/MrmPartitionLib.h>

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  STATIC CHAR8     Word[0x100];
  STATIC UINT8     Params[MRM_LINUX_BOOT_PARAMS];
  FUZZ             Fuzz = { Data, Size };
  CHAR8            *Text;
  UINT8            *Page;
  CONST CHAR8      *Next;
  UINTN            Length;
  UINTN            Offset;
  MRM_CONSOLE      Own;
  MRM_SERIAL_WORD  Found;

  FuzzTake (&Fuzz, Word, FuzzNumber (&Fuzz, 1));
  Text = FuzzExact (Fuzz.Data, Fuzz.Size);
  Next = MrmNextWord (Word, &Length);
  while (Next != NULL) {
    FUZZ_CHECK (Length != 0 && Next >= Word && Next + Length < Word + sizeof (Word));
    MrmHasWord (Text, Fuzz.Size, Next, Length);
    Next = MrmNextWord (Next + Length, &Length);
  }

  if (Fuzz.Size >= 12) {
    MrmIsGrubCommandLine ((CONST UINT8 *)Text);
  }

  if (Fuzz.Size >= MRM_MACH_MARK) {
    MrmIsMach ((CONST UINT8 *)Text);
  }

  if (Fuzz.Size >= MRM_LINUX_BOOT_PARAMS) {
    MrmIsMemtest ((CONST UINT8 *)Text, Fuzz.Size);
  }

  ZeroMem (&Own, sizeof (Own));
  Own.Kind = (Fuzz.Size % 2 == 0) ? MrmConsoleUart16550Io : MrmConsoleNone;
  Own.Base = 0x2F8;
  for (Offset = 0; MrmForeignSerialWord (Text, Fuzz.Size, &Own, &Offset, &Found); ) {
    FUZZ_CHECK (Found.Length != 0 && Found.Word >= Text && Found.Word + Found.Length == Text + Offset);
    FUZZ_CHECK (Found.Kind != MrmSerialPort || Own.Kind == MrmConsoleNone || Found.Base != Own.Base);
  }

  free (Text);
  FuzzTake (&Fuzz, Params, sizeof (Params));
  Page = FuzzExact (Params, sizeof (Params));
  if (MrmLinuxCommandLine (Page) != 0) {
    FUZZ_CHECK ((Params[0x1FE] == 0x55 && Params[0x1FF] == 0xAA) || Params[0x210] == 0x21);
  }

  if (MrmIsStubBootParams (Page)) {
    FUZZ_CHECK (MrmLinuxCommandLine (Page) != 0);
  }

  free (Page);
  return 0;
}
