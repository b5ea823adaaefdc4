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
  } else if (Console->Kind == MrmConsoleUart16550Pci) {
    printf ("{\"pci\": \"%s\", \"baud\": %u}", Console->Function, Console->BaudRate);
  } else {
    printf ("{\"io_base\": %u, \"baud\": %u}", Console->IoBase, Console->BaudRate);
  }
}

/**
  Print the boot sources.
**/
STATIC
VOID
PrintBoot (
  IN CONST MRM_PLAN_BOOT  *Boot
  )
{
  UINT32                      Index;
  CONST MRM_PLAN_BOOT_SOURCE  *Source;

  printf ("{\"timeout\": %u, \"expected\": \"%s\", \"sources\": [", Boot->TimeoutSeconds, Boot->Expected);
  for (Index = 0; Index < Boot->SourceCount; Index++) {
    Source = &Boot->Sources[Index];
    printf ("%s[%d, %u, ", (Index == 0) ? "" : ", ", (int)Source->Kind, Source->Segment);
    PrintWide (Source->Loader);
    printf (", ");
    PrintWide (Source->Initrd);
    printf (", ");
    PrintWide (Source->Options);
    printf ("]");
  }

  printf ("]}");
}

/**
  Print a policy; Partitions is how many permissions there are.
**/
STATIC
VOID
PrintPolicy (
  IN CONST MRM_PLAN_POLICY  *Policy,
  IN UINT32                 Partitions
  )
{
  UINT32  Index;

  printf (
    "{\"values\": [%d, %u, %u, %d, %d, %d, %d, %u, %u, %u, %u, %u], \"after\": [",
    (int)Policy->Restart,
    Policy->RestartLimit,
    Policy->BackOffMilliseconds,
    Policy->Scrub,
    Policy->AutoStart,
    Policy->Watchdog,
    Policy->Nmi,
    Policy->DelayMilliseconds,
    Policy->FirmwareMilliseconds,
    Policy->ShutdownMilliseconds,
    Policy->PcPermits,
    Policy->VariableQuota
    );
  for (Index = 0; Index < Policy->AfterCount; Index++) {
    printf ("%s%u", (Index == 0) ? "" : ", ", Policy->After[Index]);
  }

  printf ("], \"permits\": [");
  for (Index = 0; (Policy->Permits != NULL) && (Index < Partitions); Index++) {
    printf ("%s%u", (Index == 0) ? "" : ", ", Policy->Permits[Index]);
  }

  printf ("]}");
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

  printf ("{\"name\": \"%s\", \"by_count\": %s, ", Partition->Name, Partition->ProcessorsByCount ? "true" : "false");
  printf ("\"shared_cores\": %s, \"apic_ids\": [", Partition->SharedCores ? "true" : "false");
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
  printf (", \"display\": %s, \"boot\": ", Partition->Display ? "true" : "false");
  PrintBoot (&Partition->Boot);
  printf (", \"policy\": ");
  PrintPolicy (&Partition->Policy, gMrmPlan.PartitionCount);
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

  printf ("{\"version\": %u, \"title\": \"%s\", \"json_size\": %u, ", gMrmPlan.Version, gMrmPlan.Title, gMrmPlan.JsonSize);
  printf ("\"json\": %s, \"all_off\": %d, ", gMrmPlan.Json, (int)gMrmPlan.AllOff);
  printf ("\"structure\": \"%s\", \"built_in_policy\": \"%s\", ", gMrmPlan.Structure, gMrmPlan.BuiltInPolicy);
  printf ("\"power_button\": %s, \"console\": ", gMrmPlan.PowerButton ? "true" : "false");
  PrintConsole (&gMrmPlan.Console);
  printf (", \"partitions\": [");
  for (Index = 0; Index < gMrmPlan.PartitionCount; Index++) {
    printf ("%s", (Index == 0) ? "" : ", ");
    PrintPartition (&gMrmPlan.Partitions[Index]);
  }

  printf ("]}\n");
  return 0;
}
