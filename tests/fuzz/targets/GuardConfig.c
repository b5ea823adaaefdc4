/** @file
  Configuration space of a function that a partition has by itself, whatever is written to it.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Fuzz.h"
#include <Library/MrmGuardLib.h>
#include <Library/MrmPciLib.h>

#define COMMAND     1
#define DECODES     3
#define NO_LINE     BIT10
#define BAR         4
#define FOREIGN     (BIT5 | BIT6 | BIT8 | BIT9)    ///< snooping, reports of errors, a bus that others are on

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  )
{
  FUZZ                     Fuzz = { Data, Size };
  UINT32                   Config[MRM_PCI_CONFIG_DWORDS];
  UINT32                   Home[MRM_PCI_CONFIG_DWORDS];
  UINT32                   *Header;
  MRM_PCI_CAPABILITIES     Capabilities;
  MRM_GUARD_FUNCTION       Function = { 0 };
  MRM_GUARD_CONFIG_ANSWER  Answer;
  UINT32                   Offset;
  UINT32                   Width;
  UINT32                   Value;
  UINT32                   Lanes;
  UINTN                    Index;

  FuzzTake (&Fuzz, Config, sizeof (Config));
  Config[COMMAND] &= ~(UINT32)DECODES;
  memcpy (Home, Config, sizeof (Home));
  MrmPciCapabilities (Config, &Capabilities);
  MrmPciOpen (&Capabilities, Config, Function.Open);
  Function.PayloadRegister = (UINT32)MrmPciPayload (&Capabilities, &Function.PayloadBits);
  Function.Payload         = Config[Function.PayloadRegister] & Function.PayloadBits;
  FUZZ_CHECK ((Function.PayloadRegister == 0) == (Function.PayloadBits == 0));
  FUZZ_CHECK (Function.Open[0] == 0 && (Function.Open[COMMAND] & FOREIGN) == 0);
  for (Index = 0; Index < MRM_GUARD_BARS; Index++) {
    Function.Bars[Index] = Config[BAR + Index];
    FUZZ_CHECK (Function.Open[BAR + Index] == 0);
  }

  while (Fuzz.Size != 0) {
    Offset = (UINT32)FuzzNumber (&Fuzz, 1) * (((Fuzz.Size & 7) == 0) ? 16 : 1);
    Width  = (UINT32)FuzzNumber (&Fuzz, 1) & 15;
    Value  = (UINT32)FuzzNumber (&Fuzz, 4);
    Header = FuzzExact (Config, MRM_GUARD_HEADER_DWORDS * sizeof (UINT32));
    MrmGuardJudgeConfig (&Function, Offset, Width, Value, Header, (Offset < 256) ? Config[Offset / 4] : 0, &Answer);
    free (Header);
    if (Answer.Write) {
      FUZZ_CHECK ((Width == 1 || Width == 2 || Width == 4) && Offset % Width == 0 && Offset + Width <= 256);
      Lanes = (Width == 4) ? MAX_UINT32 : ((UINT32)1 << (Width * 8)) - 1;
      FUZZ_CHECK ((Answer.Value & ~Lanes) == 0);
      Config[Offset / 4] = (Config[Offset / 4] & ~(Lanes << (Offset % 4 * 8))) | (Answer.Value << (Offset % 4 * 8));
    }

    if ((Config[COMMAND] & DECODES) != 0) {
      FUZZ_CHECK ((Config[COMMAND] & NO_LINE) != 0);
      for (Index = 0; Index < MRM_GUARD_BARS; Index++) {
        // What is different is read-only in a function: the kind of the register.
        FUZZ_CHECK (((Config[BAR + Index] ^ Home[BAR + Index]) & ~(UINT32)0xF) == 0);
      }
    }
  }

  return 0;
}
