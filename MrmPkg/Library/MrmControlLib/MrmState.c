/** @file
  What an OS is told of all partitions.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmControlLib.h>

STATIC CONST CHAR8  *CONST  mKinds[MrmExitKinds] = {
  "unknown", "kick", "shutdown", "io", "msr", "memory", "virtualization", "entry", "exception"
};

/**
  Add a count; one that does not fit 32 bits is told as the largest that does, for the text has a limit.

  @param[in]     Count  The count.
  @param[in,out] Text   The text.
**/
STATIC
VOID
AddCount (
  IN     UINT64    Count,
  IN OUT MRM_TEXT  *Text
  )
{
  MrmTextAddNumber (Text, MIN (Count, MAX_UINT32), 0, ' ');
}

/**
  Tell how often the processors of a guarded partition left guest mode.

  @param[in]     Exits  The counts.
  @param[in,out] Text   The text.
**/
STATIC
VOID
AddExits (
  IN     CONST MRM_GUARD_COUNTS  *Exits,
  IN OUT MRM_TEXT                *Text
  )
{
  UINTN  Kind;

  MrmTextAdd (Text, ",\"exits\":{");
  for (Kind = 0; Kind < MrmExitKinds; Kind++) {
    MrmTextAddJson (Text, mKinds[Kind]);
    MrmTextAdd (Text, ":");
    AddCount (Exits->Kinds[Kind], Text);
    MrmTextAdd (Text, ",");
  }

  MrmTextAdd (Text, "\"caches\":");
  AddCount (Exits->Caches, Text);
  MrmTextAdd (Text, "},\"denied\":");
  AddCount (Exits->Denied, Text);
}

/**
  Add a hexadecimal number of as many digits as are wanted.

  @param[in]     Number  The number.
  @param[in]     Digits  How many of its digits.
  @param[in,out] Text    The text.
**/
STATIC
VOID
AddDigits (
  IN     UINT32    Number,
  IN     UINTN     Digits,
  IN OUT MRM_TEXT  *Text
  )
{
  CHAR8  Digit[2];

  Digit[1] = '\0';
  while (Digits > 0) {
    Digits--;
    Digit[0] = "0123456789abcdef"[(Number >> (4 * Digits)) & 0xF];
    MrmTextAdd (Text, Digit);
  }
}

/**
  Tell what was denied to PCI functions of a partition.

  @param[in]     Denied  The counts.
  @param[in,out] Text    The text.
**/
STATIC
VOID
AddDenied (
  IN     CONST MRM_IOMMU_COUNTS  *Denied,
  IN OUT MRM_TEXT                *Text
  )
{
  MrmTextAdd (Text, ",\"dma\":{\"denied\":");
  AddCount (Denied->Faults, Text);
  if (Denied->Faults != 0) {
    MrmTextAdd (Text, ",\"function\":\"");
    AddDigits (Denied->Device >> 8, 2, Text);
    MrmTextAdd (Text, ":");
    AddDigits ((Denied->Device >> 3) & 0x1F, 2, Text);
    MrmTextAdd (Text, ".");
    AddDigits (Denied->Device & 7, 1, Text);
    MrmTextAdd (Text, "\",\"address\":\"");
    MrmTextAddHex (Text, Denied->Address);
    MrmTextAdd (Text, "\"");
  }

  MrmTextAdd (Text, "}");
}

/**
  Tell what moved through the channels of a partition, as far as it has any.

  @param[in]     Facts  What is known of the partition.
  @param[in,out] Text   The text.
**/
STATIC
VOID
AddMoved (
  IN     CONST MRM_STATE_FACTS  *Facts,
  IN OUT MRM_TEXT               *Text
  )
{
  CONST MRM_CHANNEL_COUNTS  *Moved;

  Moved = &Facts->Moved;
  if (Facts->Cards != 0) {
    MrmTextAdd (Text, ",\"cards\":{\"packets\":");
    MrmTextAddNumber (Text, Moved->Packets, 0, ' ');
    MrmTextAdd (Text, ",\"bytes\":");
    MrmTextAddNumber (Text, Moved->Bytes, 0, ' ');
    MrmTextAdd (Text, ",\"dropped\":");
    MrmTextAddNumber (Text, Moved->Dropped, 0, ' ');
    MrmTextAdd (Text, "}");
  }

  if (Facts->Disks != 0) {
    MrmTextAdd (Text, ",\"disks\":{\"reads\":");
    MrmTextAddNumber (Text, Moved->Reads, 0, ' ');
    MrmTextAdd (Text, ",\"writes\":");
    MrmTextAddNumber (Text, Moved->Writes, 0, ' ');
    MrmTextAdd (Text, ",\"errors\":");
    MrmTextAddNumber (Text, Moved->Errors, 0, ' ');
    MrmTextAdd (Text, "}");
  }
}

VOID
EFIAPI
MrmStateRender (
  IN     CONST MRM_STATE_FACTS  *Facts,
  IN     UINTN                  Count,
  IN     UINT64                 Now,
  IN OUT MRM_TEXT               *Text
  )
{
  UINTN                Index;
  CONST MRM_LIFECYCLE  *Life;

  MrmTextAdd (Text, "{\"uptime\":");
  MrmTextAddNumber (Text, Now / 1000, 0, ' ');
  MrmTextAdd (Text, ",\"partitions\":[");
  for (Index = 0; Index < Count; Index++) {
    Life = Facts[Index].Life;
    MrmTextAdd (Text, (Index == 0) ? "\n{\"name\":" : ",\n{\"name\":");
    MrmTextAddJson (Text, Facts[Index].Plan->Name);
    MrmTextAdd (Text, ",\"state\":");
    MrmTextAddJson (Text, MrmStateName (Life->State));
    MrmTextAdd (Text, ",\"seconds\":");
    MrmTextAddNumber (Text, (Now - Life->Since) / 1000, 0, ' ');
    MrmTextAdd (Text, ",\"cause\":");
    MrmTextAddJson (Text, Facts[Index].Words);
    MrmTextAdd (Text, ",\"starts\":");
    MrmTextAddNumber (Text, Life->Starts, 0, ' ');
    MrmTextAdd (Text, ",\"failures\":");
    MrmTextAddNumber (Text, Life->Failures, 0, ' ');
    MrmTextAdd (Text, ",\"processors\":");
    MrmTextAddNumber (Text, Facts[Index].Plan->ProcessorCount, 0, ' ');
    MrmTextAdd (Text, ",\"memory\":");
    MrmTextAddNumber (Text, Facts[Index].Memory, 0, ' ');
    MrmTextAdd (Text, Facts[Index].Lasting ? ",\"variables\":\"committed\"" : ",\"variables\":\"until power-off\"");
    if (Facts[Index].Exits != NULL) {
      AddExits (Facts[Index].Exits, Text);
    }

    if (Facts[Index].Denied != NULL) {
      AddDenied (Facts[Index].Denied, Text);
    }

    AddMoved (&Facts[Index], Text);
    MrmTextAdd (Text, "}");
  }

  MrmTextAdd (Text, "\n]}\n");
}
