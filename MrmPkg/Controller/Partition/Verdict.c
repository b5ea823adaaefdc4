/** @file
  What was promised and what was found.  A partition that cannot be given what it was promised is refused.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Partition/Verdict.h"
#include "Partition/Partition.h"
#include "Core/Log.h"
#include <Library/BaseLib.h>
#include <Library/PrintLib.h>

#define TEXT_SIZE  512

///
/// What an owner can do about a rule that does not hold.
///
typedef struct {
  CONST CHAR8    *Rule;
  CONST CHAR8    *Advice;
} MRM_WAY_OUT;

STATIC CONST MRM_WAY_OUT  mWaysOut[] = {
  { MRM_RULE_PM_TIMER,         "MRM needs a PC with one" },
  { MRM_RULE_CLOCKS,           "start again, with nothing else on a virtual machine's host; on a PC look for a firmware update" },
  { MRM_RULE_CONSOLE_EXISTS,   "turn it on in the firmware set-up, or name another console" },
  { MRM_RULE_BOOT_FILE,        "copy all of the build's ESP folder to this volume" },
  { MRM_RULE_BOOT_INITRD,      "copy all of the build's ESP folder to this volume" },
  { MRM_RULE_PROCESSOR_EXISTS, "scan this PC anew and build with that" },
  { MRM_RULE_PROCESSOR_BSP,    "scan this PC anew and build with that" },
  { MRM_RULE_PROCESSOR_OWNED,  "scan this PC anew and build with that" },
  { MRM_RULE_PROCESSOR_ENOUGH, "ask for fewer, or turn on in the firmware set-up what is off" },
  { MRM_RULE_PROCESSOR_CORE,   "scan this PC anew and build with that, or write 'allow_shared_cores: true' for both" },
  { MRM_RULE_PROCESSOR_USABLE, "turn it on in the firmware set-up, or plan without it" },
  { MRM_RULE_ISOLATION,        "write 'isolation: cooperative', if its system can be trusted to keep to its own" },
  { MRM_RULE_DMA,              "turn the IOMMU on in the firmware set-up, or write 'dma: trusted'" },
  { MRM_RULE_MEMORY_LOW,       "write 'low: 32 KiB' where only Linux's EFI stub boots, or have fewer partitions" },
  { MRM_RULE_MEMORY_BELOW_1G,  "lower 'below_1g' here or in other partitions" },
  { MRM_RULE_MEMORY,           "give it less, or raise 'firmware: memory:' in the machine file" },
  { MRM_RULE_SHARED,           "make it smaller, or give partitions less memory" },
  { MRM_RULE_PCI_EXISTS,       "scan this PC anew and build with that; a slot may be off in the firmware set-up" },
  { MRM_RULE_PCI_PORT,         "scan this PC anew and build with that" },
  { MRM_RULE_PCI_WINDOWS,      "name the port above it, which gives all that is behind it" },
  { MRM_RULE_PCI_BOOT_DEVICE,  "name another port, or start Mrm.efi from another disk" },
  { MRM_RULE_PCI_ECAM,         "scan this PC anew and build with that" },
  { MRM_RULE_PCI_MSI,          "give away another port, or move the card" },
  { MRM_RULE_PCI_POPULATED,    "plug the device in, or plan without this port" },
  { MRM_RULE_PCI_OWNED,        "name it for one partition only; the generator writes no such plan" },
  { MRM_RULE_PCI_FUNCTION,     "name another function, or a port with all that is behind it" },
  { MRM_RULE_CHIPSET,          "leave 'chipset' out, or change what is said of the PC in its firmware set-up" },
  { MRM_RULE_DISK_FILE,        "make room on the ESP, or correct the disk's 'file', 'size' or 'mode'" },
  { MRM_RULE_DISK_GPT,         "correct the disk's 'gpt', or turn fast boot off in the firmware set-up" },
  { MRM_RULE_CONTROLLER,       "give it fewer devices, or raise 'firmware: memory:' of the machine file" }
};

/**
  What an owner can do about a rule that does not hold.

  @param[in] Rule  MRM_RULE_*.
**/
STATIC
CONST CHAR8 *
WayOut (
  IN CONST CHAR8  *Rule
  )
{
  UINTN  Index;

  for (Index = 0; Index < ARRAY_SIZE (mWaysOut); Index++) {
    if (AsciiStrCmp (mWaysOut[Index].Rule, Rule) == 0) {
      return mWaysOut[Index].Advice;
    }
  }

  return "see docs/rules.md";
}

/**
  Add a line to what is told of a partition's promises.

  @param[in] Partition  The partition.
  @param[in] Verdict    "kept" or "refused".
  @param[in] Text       What was promised and found.
  @param[in] Rule       The rule.
**/
STATIC
VOID
Audit (
  IN CONST MRM_PARTITION  *Partition,
  IN CONST CHAR8          *Verdict,
  IN CONST CHAR8          *Text,
  IN CONST CHAR8          *Rule
  )
{
  MRM_TEXT  *Lines;

  // Judging a partition does not change it, but what is told of it.
  Lines = (MRM_TEXT *)&Partition->Audit;
  MrmTextAdd (Lines, Verdict);
  MrmTextAdd (Lines, ": ");
  MrmTextAdd (Lines, Text);
  MrmTextAdd (Lines, " [");
  MrmTextAdd (Lines, Rule);
  MrmTextAdd (Lines, "]\n");
}

VOID
EFIAPI
Keep (
  IN CONST MRM_PARTITION  *Partition,
  IN CONST CHAR8          *Rule,
  IN CONST CHAR8          *Format,
  ...
  )
{
  CHAR8    Text[TEXT_SIZE];
  VA_LIST  Marker;

  if (Partition->Life.State == MrmStateRefused) {
    return;
  }

  VA_START (Marker, Format);
  AsciiVSPrint (Text, sizeof (Text), Format, Marker);
  VA_END (Marker);
  Say ("%a: kept: %a [%a]", Partition->Plan->Name, Text, Rule);
  Audit (Partition, "kept", Text, Rule);
}

VOID
EFIAPI
Refuse (
  IN OUT MRM_PARTITION  *Partition,
  IN     CONST CHAR8    *Rule,
  IN     CONST CHAR8    *Format,
  ...
  )
{
  CHAR8    Text[TEXT_SIZE];
  UINTN    Length;
  VA_LIST  Marker;

  if (Partition->Life.State == MrmStateRefused) {
    return;
  }

  VA_START (Marker, Format);
  Length = AsciiVSPrint (Text, sizeof (Text), Format, Marker);
  VA_END (Marker);
  AsciiSPrint (Text + Length, sizeof (Text) - Length, ": %a", WayOut (Rule));
  Partition->Life.State = MrmStateRefused;
  AsciiSPrint (Partition->Words, sizeof (Partition->Words), "%a [%a]", Text, Rule);
  Say ("%a: %a: %a [%a]", Partition->Plan->Name, MrmStateName (MrmStateRefused), Text, Rule);
  Audit (Partition, MrmStateName (MrmStateRefused), Text, Rule);
}
