/** @file
  Decisions about the live machine: how fast its clocks run, which processors and what memory a
  partition gets, what tables of its firmware say, what its load options ask for.  Pure: no
  globals, no I/O.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_MACHINE_LIB_H_
#define MRM_MACHINE_LIB_H_

#include <MrmPlan.h>
#include <Guid/MrmHandOff.h>
#include <Library/MrmRangeLib.h>

//
// MrmClock.c
//

#define MRM_CLOCK_READINGS     16       ///< of one measurement
#define MRM_CLOCK_STEADY       100      ///< parts per million: a measurement that is known better needs no repetition
#define MRM_CLOCK_CORRECTABLE  500      ///< parts per million: NTP corrects no more (RFC 5905, figure 4: MAXFREQ)
#define MRM_CLOCK_ABSURD       100000   ///< parts per million: no clock is that far from what the processor says of it
#define MRM_CLOCK_EXACT        1000     ///< parts per million: what CPUID 15h says may be off by this
#define MRM_CLOCK_ROUNDED      10000    ///< parts per million: what CPUID 16h says is rounded, and of the nominal base clock

///
/// A counter, read between two readings of the TSC: whatever held the processor up meanwhile is seen by how far
/// these lie apart.
///
typedef struct {
  UINT64    Before;     ///< TSC
  UINT64    Counter;
  UINT64    After;      ///< TSC
} MRM_CLOCK_READING;

///
/// What is measured: the one of the two frequencies that is 0.
///
typedef struct {
  UINT64    Mask;               ///< the counter counts up and starts anew behind this: 2^n - 1, at most 2^32 - 1
  UINT64    CounterFrequency;   ///< Hz
  UINT64    TscFrequency;       ///< Hz
} MRM_CLOCK;

typedef struct {
  UINT64    Frequency;   ///< Hz; 0 = not known
  UINT32    Spread;      ///< parts per million by which it may be off: the widest of the samples and their brackets
} MRM_CLOCK_RESULT;

///
/// What the processor says of its clocks.
///
typedef struct {
  UINT64     TscFrequency;       ///< Hz; 0 = nothing
  UINT64     CrystalFrequency;   ///< Hz, also that of the local APIC timers; 0 = nothing
  UINT32     Tolerance;          ///< parts per million by which TscFrequency may be off
} MRM_CLOCK_CLAIM;

typedef enum {
  MrmClockGood,
  MrmClockDoubtful,              ///< to be told; partitions can live with it
  MrmClockWrong                  ///< nothing may be started with it
} MRM_CLOCK_VERDICT;

/**
  Find a frequency from readings of two counters.

  Readings whose bracket is more than twice as wide as most are left out.  The others make samples, each over half of
  the time; their median counts.

  @param[in]  Clock     The counter, and the frequency that is known.
  @param[in]  Readings  The readings, in their order; between one and the next the counter has moved by less than Mask.
  @param[in]  Count     Their number, 4 to MRM_CLOCK_READINGS.
  @param[out] Result    Receives the frequency; zero on error.

  @retval RETURN_SUCCESS            Found.
  @retval RETURN_INVALID_PARAMETER  Clock or Count is not as described.
  @retval RETURN_DEVICE_ERROR       One of the counters stands still.
  @retval RETURN_ABORTED            The readings contradict each other: a pause was longer than the counter can tell.
**/
RETURN_STATUS
EFIAPI
MrmClockMeasure (
  IN  CONST MRM_CLOCK          *Clock,
  IN  CONST MRM_CLOCK_READING  *Readings,
  IN  UINTN                    Count,
  OUT MRM_CLOCK_RESULT         *Result
  );

/**
  How far two frequencies lie apart.

  @param[in] One      Hz.
  @param[in] Another  Hz.

  @return  Parts per million of Another; MAX_UINT32 when more, or Another is zero.
**/
UINT32
EFIAPI
MrmClockDistance (
  IN UINT64  One,
  IN UINT64  Another
  );

/**
  Understand what a processor says of its clocks (Intel SDM volume 2A, CPUID 15h and 16h).

  @param[in]  Denominator  CPUID 15h EAX; 0 where there is no such leaf, as the others.
  @param[in]  Numerator    CPUID 15h EBX.
  @param[in]  Crystal      CPUID 15h ECX, Hz.
  @param[in]  BaseMhz      CPUID 16h EAX.
  @param[out] Claim        Receives what is said; a processor that says nothing has zeros.
**/
VOID
EFIAPI
MrmClockClaim (
  IN  UINT32           Denominator,
  IN  UINT32           Numerator,
  IN  UINT32           Crystal,
  IN  UINT32           BaseMhz,
  OUT MRM_CLOCK_CLAIM  *Claim
  );

/**
  Judge a measurement by itself, and by what is said elsewhere.

  @param[in] Result     The measurement.
  @param[in] Said       The same frequency from elsewhere, Hz; 0 = nothing is said.
  @param[in] Tolerance  Parts per million by which that may be off.

  @return  The verdict.
**/
MRM_CLOCK_VERDICT
EFIAPI
MrmClockJudge (
  IN CONST MRM_CLOCK_RESULT  *Result,
  IN UINT64                  Said,
  IN UINT32                  Tolerance
  );

//
// MrmProcessors.c
//

#define MRM_NOBODY      MAX_UINTN
#define MRM_CONTROLLER  (MAX_UINTN - 1)   ///< the owner of the channel processor

///
/// A processor of the live machine.
///
typedef struct {
  UINT32     ApicId;
  UINT32     Package;   ///< where it is; processors with the same Package and Core share a core
  UINT32     Core;
  UINT32     Thread;
  UINT32     Domain;    ///< NUMA node, as the PC's SRAT numbers them; 0 where it is not told
  BOOLEAN    Bsp;       ///< the boot processor, the controller's own
  BOOLEAN    Usable;    ///< enabled, healthy, and not the boot processor
  UINTN      Owner;     ///< index of a partition, MRM_CONTROLLER, or MRM_NOBODY
} MRM_PROCESSOR_FACTS;

typedef enum {
  MrmProcessorsFound,
  MrmProcessorsMissing,   ///< no processor ApicId
  MrmProcessorsBsp,       ///< ApicId is the boot processor
  MrmProcessorsUnusable,  ///< ApicId is disabled or unhealthy
  MrmProcessorsOwned,     ///< ApicId belongs to another partition
  MrmProcessorsCore,      ///< ApicId shares a core with Sibling, which is somebody else's
  MrmProcessorsFew        ///< only Found of them are free, in whole cores unless it shares
} MRM_PROCESSORS_VERDICT;

typedef struct {
  MRM_PROCESSORS_VERDICT    Verdict;
  UINT32                    ApicId;
  UINT32                    Sibling;
  UINTN                     Found;
} MRM_PROCESSORS_RESULT;

/**
  Where several processors are said to be in the same place, believe none of it: each gets a core of its own.

  @param[in,out] Processors  The processors of the machine.
  @param[in]     Count       Their number.

  @retval TRUE   The places are all different, and were left alone.
  @retval FALSE  They were not.
**/
BOOLEAN
EFIAPI
MrmProcessorsLocate (
  IN OUT MRM_PROCESSOR_FACTS  *Processors,
  IN     UINTN                Count
  );

/**
  Choose the processors of a partition: those of its plan.  Where the plan says "by count" and one of them cannot be
  had, another: as the planner does one of its own cores, then one of a core that is nobody's, then, if both share
  cores, one beside others; of these near its memory first, then in the order of the machine.  What the plan gives to
  other partitions is theirs, whether they have taken it yet or not.  The channel processor is chosen in the same way,
  as if the controller were a partition that shares no cores.

  @param[in]  Processors  The processors of the machine, with the owners so far.
  @param[in]  Count       Their number.
  @param[in]  Plan        The plan.
  @param[in]  Partition   Index of the partition in it; or MRM_CONTROLLER, if the plan wants a channel processor.
  @param[in]  Domain      NUMA node of its memory; NULL if that is not on one node, or not known.
  @param[out] Chosen      Receives as many indices of Processors as it has processors; undefined unless all were found.
  @param[out] Result      Receives what was found, or what is wrong.
**/
VOID
EFIAPI
MrmProcessorsChoose (
  IN  CONST MRM_PROCESSOR_FACTS  *Processors,
  IN  UINTN                      Count,
  IN  CONST MRM_PLAN             *Plan,
  IN  UINTN                      Partition,
  IN  CONST UINT32               *Domain OPTIONAL,
  OUT UINTN                      *Chosen,
  OUT MRM_PROCESSORS_RESULT      *Result
  );

//
// MrmDomains.c
//

///
/// What a structure of the SRAT says: where a processor is, or where memory is.
///
typedef struct {
  CONST VOID    *Structure;   ///< in the table
  UINTN         Length;       ///< bytes of it
  UINT32        Domain;       ///< NUMA node
  UINT32        ApicId;       ///< of the processor
  UINT64        Base;         ///< of the memory
  UINT64        Size;         ///< bytes of the memory; 0 = it is a processor
} MRM_SRAT_ENTRY;

/**
  TRUE if an SRAT can be read: it is whole, and so is each of its structures (ACPI 6.3 section 5.2.16).  Whether they
  contradict each other is not looked at.

  @param[in] Srat  The table, or NULL; not trusted.
  @param[in] Size  Bytes readable at Srat.
**/
BOOLEAN
EFIAPI
MrmSratIsSound (
  IN CONST VOID  *Srat OPTIONAL,
  IN UINTN       Size
  );

/**
  Read the next structure that tells where a processor or memory is which is in use.

  @param[in]     Srat    The table; MrmSratIsSound() says that it can be read.
  @param[in,out] Offset  0 for the first structure; where the next one begins after.
  @param[out]    Entry   Receives what it says.

  @retval TRUE   There is one.
  @retval FALSE  That was the last.
**/
BOOLEAN
EFIAPI
MrmSratNext (
  IN     CONST VOID      *Srat,
  IN OUT UINTN           *Offset,
  OUT    MRM_SRAT_ENTRY  *Entry
  );

/**
  Note on which NUMA nodes processors are.

  @param[in]     Srat        The PC's SRAT, or NULL; not trusted.
  @param[in]     Size        Bytes readable at Srat.
  @param[in,out] Processors  The processors of the machine; Domain becomes 0 where nothing is told.
  @param[in]     Count       Their number.
**/
VOID
EFIAPI
MrmDomainsOfProcessors (
  IN     CONST VOID           *Srat OPTIONAL,
  IN     UINTN                Size,
  IN OUT MRM_PROCESSOR_FACTS  *Processors,
  IN     UINTN                Count
  );

/**
  Find the NUMA node on which a partition is promised memory: that of everything but its small shares, which the last
  request of its plan asks for.

  @param[in]  Srat       The PC's SRAT, or NULL; not trusted.
  @param[in]  Size       Bytes readable at Srat.
  @param[in]  Partition  The partition.
  @param[out] Domain     Receives the node.

  @retval TRUE   There is one.
  @retval FALSE  The memory may be on several nodes, or nothing is known of it.
**/
BOOLEAN
EFIAPI
MrmDomainOfMemory (
  IN  CONST VOID                *Srat OPTIONAL,
  IN  UINTN                     Size,
  IN  CONST MRM_PLAN_PARTITION  *Partition,
  OUT UINT32                    *Domain
  );

//
// MrmLoadOptions.c
//

#define MRM_OPTION_SIZE  32   ///< characters of a word that is told, with terminating zero

typedef struct {
  BOOLEAN    Verify;                     ///< judge and report only
  BOOLEAN    Scan;                       ///< write down what the PC is only
  CHAR8      Unknown[MRM_OPTION_SIZE];   ///< first word with no meaning, cut to this; "" = there is none
} MRM_LOAD_OPTIONS;

/**
  Understand the load options: words separated by white space, as the UEFI Shell passes them, the image's name first,
  or without it as a boot option holds them.  Letters of either case; what is between quotation marks is one word.

  What is not text, as some firmware puts into the boot options it makes, means nothing.

  @param[in]  Options  CHAR16 text, not necessarily aligned or ended by a zero; may be NULL when Size is 0.
  @param[in]  Size     Bytes of it.
  @param[out] Parsed   Receives what is asked for.
**/
VOID
EFIAPI
MrmLoadOptionsParse (
  IN  CONST VOID        *Options,
  IN  UINTN             Size,
  OUT MRM_LOAD_OPTIONS  *Parsed
  );

//
// MrmMemory.c
//

///
/// Memory below 4 GiB that stays with the PC's firmware, which cannot use any above:
/// drivers of hot-plugged devices, file buffers, our own copies.
///
#define MRM_FIRMWARE_SHARE  SIZE_64MB

///
/// The memory requests of a partition, as far as they were judged.
///
typedef struct {
  CONST MRM_PLAN_PARTITION    *Plan;    ///< NULL: it gets none any more
  UINT32                      Judged;   ///< bit n: request n of the plan was
} MRM_MEMORY_REQUESTS;

/**
  Choose the next request to allocate memory for.  Low slices come first, then the lowest limit.  So a request that may
  lie anywhere does not get what another one must have.

  @param[in]  Partitions  The requests of the partitions.
  @param[in]  Count       Number of partitions.
  @param[out] Partition   Receives whose request it is.
  @param[out] Request     Receives its number in the partition's plan.

  @retval TRUE   There is one.
  @retval FALSE  Nothing is left.
**/
BOOLEAN
EFIAPI
MrmMemoryNext (
  IN  CONST MRM_MEMORY_REQUESTS  *Partitions,
  IN  UINTN                      Count,
  OUT UINTN                      *Partition,
  OUT UINTN                      *Request
  );

/**
  Choose pieces for a request.

  @param[in,out] Free        Free memory; what is chosen is removed.
  @param[in]     Request     The request.
  @param[in]     MaxPieces   Most pieces.
  @param[out]    Pieces      MaxPieces elements; receives the pieces.
  @param[out]    PieceCount  Receives their number.

  @retval RETURN_SUCCESS           Chosen.
  @retval RETURN_OUT_OF_RESOURCES  Not that much is free there, or less than MRM_FIRMWARE_SHARE would be left to the
                                   PC's firmware; Free is undefined.
  @return Other                    As MrmRangeAllocate().
**/
RETURN_STATUS
EFIAPI
MrmMemoryChoose (
  IN OUT MRM_RANGE_SET          *Free,
  IN     CONST MRM_PLAN_MEMORY  *Request,
  IN     UINTN                  MaxPieces,
  OUT    MRM_RANGE              *Pieces,
  OUT    UINTN                  *PieceCount
  );

//
// MrmTables.c
//

///
/// The ACPI PM timer.
///
typedef struct {
  UINT16     Port;        ///< 0 = there is none
  BOOLEAN    Is32Bit;
} MRM_PM_TIMER;

///
/// The power button of ACPI's fixed hardware.
///
typedef struct {
  UINT16    StatusPort;   ///< PM1 status register; 0 = there is none
  UINT16    EnablePort;   ///< PM1 enable register
} MRM_POWER_BUTTON;

/**
  Find the PM timer in the FADT (ACPI 6.5 section 5.2.9).

  @param[in]  Fadt   The table, as long as its header says, or NULL.
  @param[out] Timer  Receives it.
**/
VOID
EFIAPI
MrmFindPmTimer (
  IN  CONST VOID    *Fadt,
  OUT MRM_PM_TIMER  *Timer
  );

/**
  Find the power button in the FADT (ACPI 6.5 section 4.8.2.2.1): only one that is fixed hardware.

  @param[in]  Fadt    The table, as long as its header says, or NULL.
  @param[out] Button  Receives its registers.
**/
VOID
EFIAPI
MrmFindPowerButton (
  IN  CONST VOID        *Fadt,
  OUT MRM_POWER_BUTTON  *Button
  );

/**
  Find the ECAM address of bus 0 of a segment (PCI Firmware 3.3 section 4.1.2).

  @param[in] Mcfg      The table, as long as its header says, or NULL.
  @param[in] Segment   Segment of the machine.
  @param[in] FirstBus  First bus that must be covered.
  @param[in] LastBus   Last one.

  @return  The address; 0 when the table does not cover the buses by one entry.
**/
UINT64
EFIAPI
MrmFindEcam (
  IN CONST VOID  *Mcfg,
  IN UINT16      Segment,
  IN UINT8       FirstBus,
  IN UINT8       LastBus
  );

/**
  The configuration space that an entry of the table is about.

  @param[in]  Mcfg    The table, as long as its header says, or NULL.
  @param[in]  Number  Number of the entry, from 0.
  @param[out] Range   Receives it.

  @retval FALSE  There is no such entry, or it has no bus.
**/
BOOLEAN
EFIAPI
MrmEcamRange (
  IN  CONST VOID  *Mcfg,
  IN  UINTN       Number,
  OUT MRM_RANGE   *Range
  );

/**
  TRUE if a list of ACPI resources holds an I/O port range starting at IoBase
  (ACPI 6.5 sections 6.4.2.5 and 6.4.2.6).

  @param[in] Resources  The list, ended by an end tag.
  @param[in] IoBase     First port.
**/
BOOLEAN
EFIAPI
MrmUsesIoBase (
  IN CONST VOID  *Resources,
  IN UINT16      IoBase
  );

//
// MrmBootOptions.c
//

/**
  Make the options of a loader: {tsc_khz} becomes the measured frequency, {console} the place of the console, "io,0x2F8"
  or "mmio,0xFE000000", as Linux wants it after "uart8250,".

  @param[in]  Options   Options of the plan.
  @param[in]  TscKhz    The frequency.
  @param[in]  Console   The console.
  @param[out] Text      Receives the options, cut to Capacity.
  @param[in]  Capacity  CHAR16 in Text, at least 1.

  @return  Bytes of them, with the terminating zero.
**/
UINTN
EFIAPI
MrmBootOptions (
  IN  CONST CHAR16       *Options,
  IN  UINT64             TscKhz,
  IN  CONST MRM_CONSOLE  *Console,
  OUT CHAR16             *Text,
  IN  UINTN              Capacity
  );

#endif
