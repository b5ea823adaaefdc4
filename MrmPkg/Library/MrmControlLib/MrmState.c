/** @file
  What an OS is told of all partitions.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmControlLib.h>

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
    MrmTextAdd (Text, "}");
  }

  MrmTextAdd (Text, "\n]}\n");
}
