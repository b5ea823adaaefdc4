/** @file
  Prints the compiled plan as JSON, so that Python can compare what the C
  compiler made of the generated tables with the plan they were made from.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <MrmPlan.h>

#include <stdio.h>

/**
  Print a CHAR16 string of ASCII, or null.
**/
STATIC
VOID
PrintWide (
  IN CONST CHAR16  *Text
  )
{
  if (Text == NULL) {
    printf ("null");
    return;
  }

  putchar ('"');
  for ( ; *Text != 0; Text++) {
    if ((*Text == '\\') || (*Text == '"')) {
      putchar ('\\');
    }

    putchar (*Text);
  }

  putchar ('"');
}

/**
  Print a console.
**/
STATIC
VOID
PrintConsole (
  IN CONST MRM_PLAN_CONSOLE  *Console
  )
{
  if (Console->Kind == MrmConsoleNone) {
    printf ("null");
  } else {
    printf ("{\"io_base\": %u, \"baud\": %u}", Console->IoBase, Console->BaudRate);
  }
}

/**
  Print one partition.
**/
STATIC
VOID
PrintPartition (
  IN CONST MRM_PLAN_PARTITION  *Partition
  )
{
  UINT32  Index;

  printf ("{\"name\": \"%s\", \"by_count\": %s, \"apic_ids\": [", Partition->Name, Partition->ProcessorsByCount ? "true" : "false");
  for (Index = 0; Index < Partition->ProcessorCount; Index++) {
    printf ("%s%u", (Index == 0) ? "" : ", ", Partition->ApicIds[Index]);
  }

  printf ("], \"memory\": [");
  for (Index = 0; Index < Partition->MemoryCount; Index++) {
    printf (
      "%s[%d, %llu, %llu, %llu, %llu]",
      (Index == 0) ? "" : ", ",
      (int)Partition->Memory[Index].Purpose,
      Partition->Memory[Index].Size,
      Partition->Memory[Index].Alignment,
      Partition->Memory[Index].Minimum,
      Partition->Memory[Index].Limit
      );
  }

  printf ("], \"pci\": [");
  for (Index = 0; Index < Partition->PciBusCount; Index++) {
    printf ("%s[\"%s\", %u]", (Index == 0) ? "" : ", ", Partition->PciBuses[Index].RootPort, Partition->PciBuses[Index].Segment);
  }

  printf ("], \"console\": ");
  PrintConsole (&Partition->Console);
  printf (", \"loader\": ");
  PrintWide (Partition->Boot.Sources[0].Loader);
  printf (", \"initrd\": ");
  PrintWide (Partition->Boot.Sources[0].Initrd);
  printf (", \"options\": ");
  PrintWide (Partition->Boot.Sources[0].Options);
  printf (", \"dsdt\": \"");
  for (Index = 0; Index < Partition->DsdtSize; Index++) {
    printf ("%02x", Partition->Dsdt[Index]);
  }

  printf ("\", \"patches\": [");
  for (Index = 0; Index < Partition->DsdtPatchCount; Index++) {
    printf (
      "%s[%u, %u, %u, %d]",
      (Index == 0) ? "" : ", ",
      Partition->DsdtPatches[Index].Offset,
      Partition->DsdtPatches[Index].Width,
      Partition->DsdtPatches[Index].Index,
      (int)Partition->DsdtPatches[Index].Kind
      );
  }

  printf ("]}");
}

/**
  Print the plan.

  @retval 0  Always.
**/
int
main (
  void
  )
{
  UINT32  Index;

  printf ("{\"version\": %u, \"title\": \"%s\", \"console\": ", gMrmPlan.Version, gMrmPlan.Title);
  PrintConsole (&gMrmPlan.Console);
  printf (", \"partitions\": [");
  for (Index = 0; Index < gMrmPlan.PartitionCount; Index++) {
    printf ("%s", (Index == 0) ? "" : ", ");
    PrintPartition (&gMrmPlan.Partitions[Index]);
  }

  printf ("]}\n");
  return 0;
}
