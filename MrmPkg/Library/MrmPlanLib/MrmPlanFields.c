/** @file
  How the records of a plan lie in its blob, and in memory.

  Made by `python -m generator.blob` from generator/blob/form.py: change it there.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmPlanInternal.h"

STATIC CONST MRM_PLAN_FIELD  mIdentityFields[] = {
  {
    .Name = "Uuid", .Kind = MrmFieldNumbers, .Offset = OFFSET_OF (MRM_PLAN_IDENTITY, Uuid), .Width = 1, .CountOffset =
    OFFSET_OF (MRM_PLAN_IDENTITY, UuidSize), .Minimum = 0, .Maximum = 16
  },
  {
    .Name = "System", .Kind = MrmFieldText, .Offset = OFFSET_OF (MRM_PLAN_IDENTITY, System), .Width = 1, .Maximum = 80,
    .Optional = TRUE
  },
  {
    .Name = "ApicIds", .Kind = MrmFieldNumbers, .Offset = OFFSET_OF (MRM_PLAN_IDENTITY, ApicIds), .Width = 4,
    .CountOffset = OFFSET_OF (MRM_PLAN_IDENTITY, ApicIdCount), .Minimum = 0, .Maximum = 8192
  }
};

STATIC CONST MRM_PLAN_RECORD  mIdentity = {
  "MRM_PLAN_IDENTITY", 24, sizeof (MRM_PLAN_IDENTITY), ARRAY_SIZE (mIdentityFields), mIdentityFields
};

STATIC CONST MRM_PLAN_FIELD  mConsoleFields[] = {
  {
    .Name = "Kind", .Kind = MrmFieldChoice, .Offset = OFFSET_OF (MRM_PLAN_CONSOLE, Kind), .Width = sizeof
    (MRM_CONSOLE_KIND), .Maximum = MrmConsoleUart16550Pci
  },
  {
    .Name = "IoBase", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_CONSOLE, IoBase), .Width = 2, .Minimum = 0,
    .Maximum = 0xffffULL
  },
  {
    .Name = "BaudRate", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_CONSOLE, BaudRate), .Width = 4, .Minimum =
    0, .Maximum = 0xffffffffULL
  },
  {
    .Name = "Function", .Kind = MrmFieldText, .Offset = OFFSET_OF (MRM_PLAN_CONSOLE, Function), .Width = 1, .Maximum =
    511, .Optional = TRUE
  }
};

STATIC CONST MRM_PLAN_RECORD  mConsole = {
  "MRM_PLAN_CONSOLE", 15, sizeof (MRM_PLAN_CONSOLE), ARRAY_SIZE (mConsoleFields), mConsoleFields
};

STATIC CONST MRM_PLAN_FIELD  mUplinkFields[] = {
  {
    .Name = "Network", .Kind = MrmFieldText, .Offset = OFFSET_OF (MRM_PLAN_UPLINK, Network), .Width = 1, .Maximum = 31
  },
  {
    .Name = "Card", .Kind = MrmFieldText, .Offset = OFFSET_OF (MRM_PLAN_UPLINK, Card), .Width = 1, .Maximum = 511
  }
};

STATIC CONST MRM_PLAN_RECORD  mUplink = {
  "MRM_PLAN_UPLINK", 16, sizeof (MRM_PLAN_UPLINK), ARRAY_SIZE (mUplinkFields), mUplinkFields
};

STATIC CONST MRM_PLAN_FIELD  mMemoryFields[] = {
  {
    .Name = "Purpose", .Kind = MrmFieldChoice, .Offset = OFFSET_OF (MRM_PLAN_MEMORY, Purpose), .Width = sizeof
    (MRM_MEMORY_PURPOSE), .Maximum = MrmMemoryMain
  },
  {
    .Name = "Size", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_MEMORY, Size), .Width = 8, .Minimum =
    0x1000ULL, .Maximum = 0xffffffffffffffffULL
  },
  {
    .Name = "Alignment", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_MEMORY, Alignment), .Width = 8, .Minimum
    = 0x1000ULL, .Maximum = 0xffffffffffffffffULL
  },
  {
    .Name = "Minimum", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_MEMORY, Minimum), .Width = 8, .Minimum = 0,
    .Maximum = 0xffffffffffffffffULL
  },
  {
    .Name = "Limit", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_MEMORY, Limit), .Width = 8, .Minimum = 1,
    .Maximum = 0xffffffffffffffffULL
  }
};

STATIC CONST MRM_PLAN_RECORD  mMemory = {
  "MRM_PLAN_MEMORY", 33, sizeof (MRM_PLAN_MEMORY), ARRAY_SIZE (mMemoryFields), mMemoryFields
};

STATIC CONST MRM_PLAN_FIELD  mPciFunctionFields[] = {
  {
    .Name = "Path", .Kind = MrmFieldText, .Offset = OFFSET_OF (MRM_PLAN_PCI_FUNCTION, Path), .Width = 1, .Maximum = 511
  }
};

STATIC CONST MRM_PLAN_RECORD  mPciFunction = {
  "MRM_PLAN_PCI_FUNCTION", 8, sizeof (MRM_PLAN_PCI_FUNCTION), ARRAY_SIZE (mPciFunctionFields), mPciFunctionFields
};

STATIC CONST MRM_PLAN_FIELD  mPciBusFields[] = {
  {
    .Name = "RootPort", .Kind = MrmFieldText, .Offset = OFFSET_OF (MRM_PLAN_PCI_BUS, RootPort), .Width = 1, .Maximum =
    511, .Optional = TRUE
  },
  {
    .Name = "Functions", .Kind = MrmFieldRecords, .Offset = OFFSET_OF (MRM_PLAN_PCI_BUS, Functions), .CountOffset =
    OFFSET_OF (MRM_PLAN_PCI_BUS, FunctionCount), .Record = &mPciFunction, .Minimum = 0, .Maximum = 16
  },
  {
    .Name = "Segment", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_PCI_BUS, Segment), .Width = 2, .Minimum =
    1, .Maximum = 0xffffULL
  }
};

STATIC CONST MRM_PLAN_RECORD  mPciBus = {
  "MRM_PLAN_PCI_BUS", 18, sizeof (MRM_PLAN_PCI_BUS), ARRAY_SIZE (mPciBusFields), mPciBusFields
};

STATIC CONST MRM_PLAN_FIELD  mCardFields[] = {
  {
    .Name = "Network", .Kind = MrmFieldText, .Offset = OFFSET_OF (MRM_PLAN_CARD, Network), .Width = 1, .Maximum = 31
  },
  {
    .Name = "Mtu", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_CARD, Mtu), .Width = 2, .Minimum = 0x500ULL,
    .Maximum = 0x7ecULL
  },
  {
    .Name = "Mac", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_CARD, Mac), .Width = 8, .Minimum = 0, .Maximum
    = 0xffffffffffffULL
  }
};

STATIC CONST MRM_PLAN_RECORD  mCard = {
  "MRM_PLAN_CARD", 18, sizeof (MRM_PLAN_CARD), ARRAY_SIZE (mCardFields), mCardFields
};

STATIC CONST MRM_PLAN_FIELD  mDiskFields[] = {
  {
    .Name = "Kind", .Kind = MrmFieldChoice, .Offset = OFFSET_OF (MRM_PLAN_DISK, Kind), .Width = sizeof (MRM_DISK_KIND),
    .Maximum = MrmDiskGpt
  },
  {
    .Name = "Mode", .Kind = MrmFieldChoice, .Offset = OFFSET_OF (MRM_PLAN_DISK, Mode), .Width = sizeof (MRM_DISK_MODE),
    .Maximum = MrmDiskAppendOnly
  },
  {
    .Name = "Size", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_DISK, Size), .Width = 8, .Minimum = 0,
    .Maximum = 0xffffffffffffffffULL
  },
  {
    .Name = "Medium", .Kind = MrmFieldText, .Offset = OFFSET_OF (MRM_PLAN_DISK, Medium), .Width = 2, .Maximum = 511,
    .Optional = TRUE
  },
  {
    .Name = "Serial", .Kind = MrmFieldText, .Offset = OFFSET_OF (MRM_PLAN_DISK, Serial), .Width = 1, .Maximum = 20
  }
};

STATIC CONST MRM_PLAN_RECORD  mDisk = {
  "MRM_PLAN_DISK", 26, sizeof (MRM_PLAN_DISK), ARRAY_SIZE (mDiskFields), mDiskFields
};

STATIC CONST MRM_PLAN_FIELD  mSharedFields[] = {
  {
    .Name = "Name", .Kind = MrmFieldText, .Offset = OFFSET_OF (MRM_PLAN_SHARED, Name), .Width = 1, .Maximum = 31
  },
  {
    .Name = "Size", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_SHARED, Size), .Width = 8, .Minimum =
    0x200000ULL, .Maximum = 0x10000000000000ULL
  }
};

STATIC CONST MRM_PLAN_RECORD  mShared = {
  "MRM_PLAN_SHARED", 16, sizeof (MRM_PLAN_SHARED), ARRAY_SIZE (mSharedFields), mSharedFields
};

STATIC CONST MRM_PLAN_FIELD  mBootSourceFields[] = {
  {
    .Name = "Kind", .Kind = MrmFieldChoice, .Offset = OFFSET_OF (MRM_PLAN_BOOT_SOURCE, Kind), .Width = sizeof
    (MRM_BOOT_KIND), .Maximum = MrmBootShell
  },
  {
    .Name = "Segment", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_BOOT_SOURCE, Segment), .Width = 2, .Minimum
    = 0, .Maximum = 0xffffULL
  },
  {
    .Name = "Loader", .Kind = MrmFieldText, .Offset = OFFSET_OF (MRM_PLAN_BOOT_SOURCE, Loader), .Width = 2, .Maximum =
    65535, .Optional = TRUE
  },
  {
    .Name = "Initrd", .Kind = MrmFieldText, .Offset = OFFSET_OF (MRM_PLAN_BOOT_SOURCE, Initrd), .Width = 2, .Maximum =
    511, .Optional = TRUE
  },
  {
    .Name = "Options", .Kind = MrmFieldText, .Offset = OFFSET_OF (MRM_PLAN_BOOT_SOURCE, Options), .Width = 2, .Maximum =
    65535, .Optional = TRUE
  }
};

STATIC CONST MRM_PLAN_RECORD  mBootSource = {
  "MRM_PLAN_BOOT_SOURCE", 27, sizeof (MRM_PLAN_BOOT_SOURCE), ARRAY_SIZE (mBootSourceFields), mBootSourceFields
};

STATIC CONST MRM_PLAN_FIELD  mBootFields[] = {
  {
    .Name = "TimeoutSeconds", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_BOOT, TimeoutSeconds), .Width = 4,
    .Minimum = 0, .Maximum = 0xffffffffULL
  },
  {
    .Name = "Sources", .Kind = MrmFieldRecords, .Offset = OFFSET_OF (MRM_PLAN_BOOT, Sources), .CountOffset = OFFSET_OF
    (MRM_PLAN_BOOT, SourceCount), .Record = &mBootSource, .Minimum = 1, .Maximum = 8
  },
  {
    .Name = "Expected", .Kind = MrmFieldText, .Offset = OFFSET_OF (MRM_PLAN_BOOT, Expected), .Width = 1, .Maximum =
    65535
  }
};

STATIC CONST MRM_PLAN_RECORD  mBoot = {
  "MRM_PLAN_BOOT", 20, sizeof (MRM_PLAN_BOOT), ARRAY_SIZE (mBootFields), mBootFields
};

STATIC CONST MRM_PLAN_FIELD  mPolicyFields[] = {
  {
    .Name = "Restart", .Kind = MrmFieldChoice, .Offset = OFFSET_OF (MRM_PLAN_POLICY, Restart), .Width = sizeof
    (MRM_RESTART_POLICY), .Maximum = MrmRestartAlways, .Policy = TRUE
  },
  {
    .Name = "RestartLimit", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_POLICY, RestartLimit), .Width = 4,
    .Minimum = 0, .Maximum = 0xffffffffULL, .Policy = TRUE
  },
  {
    .Name = "BackOffMilliseconds", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_POLICY, BackOffMilliseconds),
    .Width = 4, .Minimum = 0, .Maximum = 0x5265c00ULL, .Policy = TRUE
  },
  {
    .Name = "Scrub", .Kind = MrmFieldTruth, .Offset = OFFSET_OF (MRM_PLAN_POLICY, Scrub), .Policy = TRUE
  },
  {
    .Name = "AutoStart", .Kind = MrmFieldTruth, .Offset = OFFSET_OF (MRM_PLAN_POLICY, AutoStart), .Policy = TRUE
  },
  {
    .Name = "Watchdog", .Kind = MrmFieldTruth, .Offset = OFFSET_OF (MRM_PLAN_POLICY, Watchdog)
  },
  {
    .Name = "Nmi", .Kind = MrmFieldTruth, .Offset = OFFSET_OF (MRM_PLAN_POLICY, Nmi), .Policy = TRUE
  },
  {
    .Name = "DelayMilliseconds", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_POLICY, DelayMilliseconds),
    .Width = 4, .Minimum = 0, .Maximum = 0x5265c00ULL, .Policy = TRUE
  },
  {
    .Name = "FirmwareMilliseconds", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_POLICY, FirmwareMilliseconds),
    .Width = 4, .Minimum = 0, .Maximum = 0x5265c00ULL, .Policy = TRUE
  },
  {
    .Name = "ShutdownMilliseconds", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_POLICY, ShutdownMilliseconds),
    .Width = 4, .Minimum = 0, .Maximum = 0x5265c00ULL, .Policy = TRUE
  },
  {
    .Name = "After", .Kind = MrmFieldNumbers, .Offset = OFFSET_OF (MRM_PLAN_POLICY, After), .Width = 2, .CountOffset =
    OFFSET_OF (MRM_PLAN_POLICY, AfterCount), .Minimum = 0, .Maximum = 64, .Policy = TRUE
  },
  {
    .Name = "Permits", .Kind = MrmFieldNumbers, .Offset = OFFSET_OF (MRM_PLAN_POLICY, Permits), .Width = 1, .CountOffset
    = OFFSET_OF (MRM_PLAN_POLICY, PermitCount), .Minimum = 0, .Maximum = 64, .Policy = TRUE
  },
  {
    .Name = "PcPermits", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_POLICY, PcPermits), .Width = 1, .Minimum
    = 0, .Maximum = 7, .Policy = TRUE
  },
  {
    .Name = "VariableQuota", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_POLICY, VariableQuota), .Width = 4,
    .Minimum = 0x1000ULL, .Maximum = 0x1000000ULL
  }
};

STATIC CONST MRM_PLAN_RECORD  mPolicy = {
  "MRM_PLAN_POLICY", 46, sizeof (MRM_PLAN_POLICY), ARRAY_SIZE (mPolicyFields), mPolicyFields
};

STATIC CONST MRM_PLAN_FIELD  mAmlPatchFields[] = {
  {
    .Name = "Offset", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_AML_PATCH, Offset), .Width = 4, .Minimum =
    0, .Maximum = 0xffffffffULL
  },
  {
    .Name = "Width", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_AML_PATCH, Width), .Width = 1, .Minimum = 1,
    .Maximum = 8
  },
  {
    .Name = "Index", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_AML_PATCH, Index), .Width = 1, .Minimum = 0,
    .Maximum = 0xfULL
  },
  {
    .Name = "Kind", .Kind = MrmFieldChoice, .Offset = OFFSET_OF (MRM_PLAN_AML_PATCH, Kind), .Width = sizeof
    (MRM_PATCH_KIND), .Maximum = MrmPatchThermal
  }
};

STATIC CONST MRM_PLAN_RECORD  mAmlPatch = {
  "MRM_PLAN_AML_PATCH", 7, sizeof (MRM_PLAN_AML_PATCH), ARRAY_SIZE (mAmlPatchFields), mAmlPatchFields
};

STATIC CONST MRM_PLAN_FIELD  mPartitionFields[] = {
  {
    .Name = "Name", .Kind = MrmFieldText, .Offset = OFFSET_OF (MRM_PLAN_PARTITION, Name), .Width = 1, .Maximum = 31
  },
  {
    .Name = "ApicIds", .Kind = MrmFieldNumbers, .Offset = OFFSET_OF (MRM_PLAN_PARTITION, ApicIds), .Width = 4,
    .CountOffset = OFFSET_OF (MRM_PLAN_PARTITION, ProcessorCount), .Minimum = 1, .Maximum = 256
  },
  {
    .Name = "ProcessorsByCount", .Kind = MrmFieldTruth, .Offset = OFFSET_OF (MRM_PLAN_PARTITION, ProcessorsByCount)
  },
  {
    .Name = "SharedCores", .Kind = MrmFieldTruth, .Offset = OFFSET_OF (MRM_PLAN_PARTITION, SharedCores)
  },
  {
    .Name = "Isolation", .Kind = MrmFieldChoice, .Offset = OFFSET_OF (MRM_PLAN_PARTITION, Isolation), .Width = sizeof
    (MRM_ISOLATION), .Maximum = MrmIsolationContained
  },
  {
    .Name = "DmaTrusted", .Kind = MrmFieldTruth, .Offset = OFFSET_OF (MRM_PLAN_PARTITION, DmaTrusted)
  },
  {
    .Name = "Chipset", .Kind = MrmFieldTruth, .Offset = OFFSET_OF (MRM_PLAN_PARTITION, Chipset)
  },
  {
    .Name = "Memory", .Kind = MrmFieldRecords, .Offset = OFFSET_OF (MRM_PLAN_PARTITION, Memory), .CountOffset =
    OFFSET_OF (MRM_PLAN_PARTITION, MemoryCount), .Record = &mMemory, .Minimum = 1, .Maximum = 8
  },
  {
    .Name = "PciBuses", .Kind = MrmFieldRecords, .Offset = OFFSET_OF (MRM_PLAN_PARTITION, PciBuses), .CountOffset =
    OFFSET_OF (MRM_PLAN_PARTITION, PciBusCount), .Record = &mPciBus, .Minimum = 0, .Maximum = 16
  },
  {
    .Name = "ChannelSegment", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN_PARTITION, ChannelSegment), .Width =
    2, .Minimum = 0, .Maximum = 0xffffULL
  },
  {
    .Name = "Cards", .Kind = MrmFieldRecords, .Offset = OFFSET_OF (MRM_PLAN_PARTITION, Cards), .CountOffset = OFFSET_OF
    (MRM_PLAN_PARTITION, CardCount), .Record = &mCard, .Minimum = 0, .Maximum = 8
  },
  {
    .Name = "Disks", .Kind = MrmFieldRecords, .Offset = OFFSET_OF (MRM_PLAN_PARTITION, Disks), .CountOffset = OFFSET_OF
    (MRM_PLAN_PARTITION, DiskCount), .Record = &mDisk, .Minimum = 0, .Maximum = 8
  },
  {
    .Name = "Shared", .Kind = MrmFieldRecords, .Offset = OFFSET_OF (MRM_PLAN_PARTITION, Shared), .CountOffset =
    OFFSET_OF (MRM_PLAN_PARTITION, SharedCount), .Record = &mShared, .Minimum = 0, .Maximum = 16
  },
  {
    .Name = "Console", .Kind = MrmFieldInline, .Offset = OFFSET_OF (MRM_PLAN_PARTITION, Console), .Record = &mConsole
  },
  {
    .Name = "Display", .Kind = MrmFieldTruth, .Offset = OFFSET_OF (MRM_PLAN_PARTITION, Display)
  },
  {
    .Name = "Boot", .Kind = MrmFieldInline, .Offset = OFFSET_OF (MRM_PLAN_PARTITION, Boot), .Record = &mBoot
  },
  {
    .Name = "Policy", .Kind = MrmFieldInline, .Offset = OFFSET_OF (MRM_PLAN_PARTITION, Policy), .Record = &mPolicy
  },
  {
    .Name = "Dsdt", .Kind = MrmFieldNumbers, .Offset = OFFSET_OF (MRM_PLAN_PARTITION, Dsdt), .Width = 1, .CountOffset =
    OFFSET_OF (MRM_PLAN_PARTITION, DsdtSize), .Minimum = 36, .Maximum = 1048576
  },
  {
    .Name = "DsdtPatches", .Kind = MrmFieldRecords, .Offset = OFFSET_OF (MRM_PLAN_PARTITION, DsdtPatches), .CountOffset
    = OFFSET_OF (MRM_PLAN_PARTITION, DsdtPatchCount), .Record = &mAmlPatch, .Minimum = 0, .Maximum = 1024
  }
};

CONST MRM_PLAN_RECORD  gMrmPlanPartition = {
  "MRM_PLAN_PARTITION", 161, sizeof (MRM_PLAN_PARTITION), ARRAY_SIZE (mPartitionFields), mPartitionFields
};

STATIC CONST MRM_PLAN_FIELD  mPlanFields[] = {
  {
    .Name = "Made", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN, Made), .Width = 8, .Minimum = 0, .Maximum =
    0xffffffffffffffffULL
  },
  {
    .Name = "Title", .Kind = MrmFieldText, .Offset = OFFSET_OF (MRM_PLAN, Title), .Width = 1, .Maximum = 65535
  },
  {
    .Name = "Machine", .Kind = MrmFieldText, .Offset = OFFSET_OF (MRM_PLAN, Machine), .Width = 1, .Maximum = 65535
  },
  {
    .Name = "Identity", .Kind = MrmFieldInline, .Offset = OFFSET_OF (MRM_PLAN, Identity), .Record = &mIdentity
  },
  {
    .Name = "AllOff", .Kind = MrmFieldChoice, .Offset = OFFSET_OF (MRM_PLAN, AllOff), .Width = sizeof (MRM_ALL_OFF),
    .Maximum = MrmAllOffMenu
  },
  {
    .Name = "PowerButton", .Kind = MrmFieldTruth, .Offset = OFFSET_OF (MRM_PLAN, PowerButton)
  },
  {
    .Name = "ChannelProcessor", .Kind = MrmFieldTruth, .Offset = OFFSET_OF (MRM_PLAN, ChannelProcessor)
  },
  {
    .Name = "ChannelApicId", .Kind = MrmFieldNumber, .Offset = OFFSET_OF (MRM_PLAN, ChannelApicId), .Width = 4, .Minimum
    = 0, .Maximum = 0xffffffffULL
  },
  {
    .Name = "ChannelByCount", .Kind = MrmFieldTruth, .Offset = OFFSET_OF (MRM_PLAN, ChannelByCount)
  },
  {
    .Name = "Json", .Kind = MrmFieldNumbers, .Offset = OFFSET_OF (MRM_PLAN, Json), .Width = 1, .CountOffset = OFFSET_OF
    (MRM_PLAN, JsonSize), .Minimum = 2, .Maximum = 1048576
  },
  {
    .Name = "Console", .Kind = MrmFieldInline, .Offset = OFFSET_OF (MRM_PLAN, Console), .Record = &mConsole
  },
  {
    .Name = "Uplinks", .Kind = MrmFieldRecords, .Offset = OFFSET_OF (MRM_PLAN, Uplinks), .CountOffset = OFFSET_OF
    (MRM_PLAN, UplinkCount), .Record = &mUplink, .Minimum = 0, .Maximum = 16
  },
  {
    .Name = "Partitions", .Kind = MrmFieldRecords, .Offset = OFFSET_OF (MRM_PLAN, Partitions), .CountOffset = OFFSET_OF
    (MRM_PLAN, PartitionCount), .Record = &gMrmPlanPartition, .Minimum = 1, .Maximum = 64
  },
  {
    .Name = "Structure", .Kind = MrmFieldText, .Offset = OFFSET_OF (MRM_PLAN, Structure), .Width = 1, .Maximum = 16
  },
  {
    .Name = "BuiltInPolicy", .Kind = MrmFieldText, .Offset = OFFSET_OF (MRM_PLAN, BuiltInPolicy), .Width = 1, .Maximum =
    16
  }
};

CONST MRM_PLAN_RECORD  gMrmPlanRecord = {
  "MRM_PLAN", 111, sizeof (MRM_PLAN), ARRAY_SIZE (mPlanFields), mPlanFields
};
