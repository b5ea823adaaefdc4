/** @file
  The local APIC of a partition in guest mode: what its interrupt commands reach, and what it may write there.

  Interrupts that start processors lead into guest mode again, at each level.  At the level contained all others go to
  the partition's own processors only: what a command says becomes a list of them, each of which is sent to by itself.
  The one by which a partition wakes the controller is the guard's to send.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmGuardLib.h>
#include <Library/BaseMemoryLib.h>
#include "MrmGuardInternal.h"

//
// The interrupt command register (SDM 3, 11.6.1).
//
#define COMMAND_VECTOR      0xFF
#define COMMAND_MODE        (7 << 8)
#define MODE_FIXED          (0 << 8)
#define MODE_LOWEST         (1 << 8)
#define MODE_NMI            (4 << 8)
#define MODE_INIT           (5 << 8)
#define MODE_STARTUP        (6 << 8)
#define MODE_EXTERNAL       (7 << 8)     ///< of a local vector table only
#define VECTOR_MASKED       BIT16        ///< the same
#define COMMAND_LOGICAL     BIT11
#define COMMAND_ASSERT      BIT14
#define COMMAND_SHORTHAND   (3 << 18)
#define TO_SELF             (1 << 18)
#define TO_ALL              (2 << 18)
#define TO_OTHERS           (3 << 18)

#define EVERYONE            0xFF         ///< as a destination, where the local APIC is a page
#define EVERYONE_X2         MAX_UINT32

//
// Registers of the page (SDM 3, table 11-1; APM 16.3.2).
//
#define APIC_PRIORITY       0x080
#define APIC_END            0x0B0
#define APIC_LOGICAL_ID     0x0D0
#define APIC_FORMAT         0x0E0
#define APIC_SPURIOUS       0x0F0
#define APIC_ERROR          0x280
#define APIC_LOCAL_CMCI     0x2F0
#define APIC_COMMAND_LOW    0x300
#define APIC_COMMAND_HIGH   0x310
#define APIC_LOCAL_TIMER    0x320        ///< its vector has no other mode
#define APIC_LOCAL_FIRST    0x330
#define APIC_LOCAL_LAST     0x370
#define APIC_TIMER_COUNT    0x380
#define APIC_TIMER_DIVISOR  0x3E0
#define APIC_SHIFT          24           ///< of an APIC ID, or of a logical one
#define RFLAGS_INTERRUPTS   BIT9

//
// Logical destinations where the local APIC is a page (SDM 3, 11.6.2.2).
//
#define FORMAT_SHIFT        28
#define FORMAT_CLUSTER      0
#define FORMAT_FLAT         0xF
#define CLUSTER             0xF0
#define MEMBERS             0x0F

/**
  Check whether a logical destination names a processor.

  @param[in] Facts        What the guard knows.
  @param[in] Index        Of the processor in ApicIds.
  @param[in] Destination  The destination.
**/
STATIC
BOOLEAN
IsLogical (
  IN CONST MRM_GUARD_FACTS  *Facts,
  IN UINTN                  Index,
  IN UINT32                 Destination
  )
{
  UINT32  Logical;

  if (Facts->X2Apic) {
    // The upper half is the cluster, 16 processors each (SDM 3, 11.12.10.2).
    return (BOOLEAN)((Destination == EVERYONE_X2) ||
                     ((Facts->ApicIds[Index] >> 4 == Destination >> 16) &&
                      ((Destination & (1U << (Facts->ApicIds[Index] & 0xF))) != 0)));
  }

  Logical = Facts->LogicalIds[Index] >> APIC_SHIFT;
  switch (Facts->Formats[Index] >> FORMAT_SHIFT) {
    case FORMAT_FLAT:
      return (BOOLEAN)((Destination & Logical) != 0);
    case FORMAT_CLUSTER:
      return (BOOLEAN)((((Destination & CLUSTER) == CLUSTER) || ((Destination & CLUSTER) == (Logical & CLUSTER))) &&
                       ((Destination & Logical & MEMBERS) != 0));
    default:
      return FALSE;
  }
}

BOOLEAN
MrmGuardIsNamed (
  IN CONST MRM_GUARD_FACTS  *Facts,
  IN UINTN                  Index,
  IN BOOLEAN                Logical,
  IN UINT32                 Destination
  )
{
  if (Logical) {
    return IsLogical (Facts, Index, Destination);
  }

  return (BOOLEAN)((Destination == (Facts->X2Apic ? EVERYONE_X2 : EVERYONE)) ||
                   (Destination == Facts->ApicIds[Index]));
}

/**
  Check whether a command is for a processor of the partition.

  @param[in] Facts        What the guard knows.
  @param[in] Index        Of the processor in ApicIds.
  @param[in] Command      The command.
  @param[in] Destination  Its destination.
**/
STATIC
BOOLEAN
IsTarget (
  IN CONST MRM_GUARD_FACTS  *Facts,
  IN UINTN                  Index,
  IN UINT32                 Command,
  IN UINT32                 Destination
  )
{
  BOOLEAN  Self;

  Self = (BOOLEAN)(Facts->ApicIds[Index] == Facts->ApicId);
  switch (Command & COMMAND_SHORTHAND) {
    case TO_SELF:
      return Self;
    case TO_ALL:
      return TRUE;
    case TO_OTHERS:
      return (BOOLEAN)!Self;
    default:
      break;
  }

  return MrmGuardIsNamed (Facts, Index, (BOOLEAN)((Command & COMMAND_LOGICAL) != 0), Destination);
}

/**
  Check whether a command wakes the controller: as the partition's firmware sends it, and in no other way.

  @param[in] Facts        What the guard knows.
  @param[in] Command      The command.
  @param[in] Destination  Its destination.
**/
STATIC
BOOLEAN
IsWake (
  IN CONST MRM_GUARD_FACTS  *Facts,
  IN UINT32                 Command,
  IN UINT32                 Destination
  )
{
  return (BOOLEAN)(  (Facts->WakeVector != 0)
                  && (Command == (COMMAND_ASSERT | MODE_FIXED | Facts->WakeVector))
                  && (Destination == Facts->WakeApicId)
                  && (Destination != (Facts->X2Apic ? EVERYONE_X2 : EVERYONE)));
}

BOOLEAN
MrmGuardDecideCommand (
  IN     CONST MRM_GUARD_FACTS  *Facts,
  IN     UINT32                 Command,
  IN     UINT32                 Destination,
  IN OUT MRM_GUARD_ANSWER       *Answer
  )
{
  UINT32   Mode;
  UINTN    Index;
  BOOLEAN  Starts;
  BOOLEAN  Found;

  Mode   = Command & COMMAND_MODE;
  Starts = (BOOLEAN)((Mode == MODE_INIT) || (Mode == MODE_STARTUP));
  if (!Starts && !Facts->Contained) {
    return FALSE;
  }

  Answer->Action = MrmGuardResume;
  if ((Mode == MODE_INIT) && ((Command & COMMAND_ASSERT) == 0)) {
    // The end of an INIT has no effect on any processor since long.
    return TRUE;
  }

  if (!Starts && (Mode != MODE_FIXED) && (Mode != MODE_LOWEST) && (Mode != MODE_NMI)) {
    Answer->Denied = TRUE;
    return TRUE;
  }

  if (IsWake (Facts, Command, Destination)) {
    // Once for each look: whoever does it in a loop must not keep the boot processor from all else.
    Answer->Action = Facts->Waking ? MrmGuardResume : MrmGuardWakeController;
    return TRUE;
  }

  Found = FALSE;
  for (Index = 0; Index < Facts->ApicIdCount; Index++) {
    // Nobody starts itself; and of those that would take the one of lowest priority, any may have it.
    if (  !IsTarget (Facts, Index, Command, Destination)
       || (Starts && (Facts->ApicIds[Index] == Facts->ApicId))
       || (Found && (Mode == MODE_LOWEST)))
    {
      continue;
    }

    Answer->Targets[Index / 8] |= (UINT8)(1 << (Index % 8));
    Found                       = TRUE;
  }

  if (!Found) {
    // Who has no other processor may speak to all others.
    Answer->Denied = (BOOLEAN)((Command & COMMAND_SHORTHAND) != TO_OTHERS);
    return TRUE;
  }

  if (Starts) {
    Answer->Action = (Mode == MODE_INIT) ? MrmGuardInitProcessors : MrmGuardStartProcessors;
    Answer->Vector = (UINT8)(Command & COMMAND_VECTOR);
  } else {
    Answer->Action = MrmGuardSend;
    Answer->Value  = (Command & COMMAND_VECTOR) | ((Mode == MODE_NMI) ? MODE_NMI : MODE_FIXED) | COMMAND_ASSERT;
  }

  return TRUE;
}

BOOLEAN
MrmGuardIsLocalVector (
  IN UINT32  Value
  )
{
  UINT32  Mode;

  Mode = Value & COMMAND_MODE;
  if (Mode == MODE_EXTERNAL) {
    // It would take interrupts of the PC's 8259 away from the boot processor.
    return (BOOLEAN)((Value & VECTOR_MASKED) != 0);
  }

  return (BOOLEAN)((Mode == MODE_FIXED) || (Mode == MODE_NMI));
}

/**
  Check whether a contained partition may write a register of the page: those that concern its own processor only.  Its
  APIC ID is not among them; nor are registers that do not exist, or that AMD has added: more local vectors.

  @param[in] Register  Its offset.
  @param[in] Value     What is written.
**/
STATIC
BOOLEAN
MayWrite (
  IN UINT32  Register,
  IN UINT32  Value
  )
{
  switch (Register) {
    case APIC_PRIORITY:
    case APIC_END:
    case APIC_LOGICAL_ID:
    case APIC_FORMAT:
    case APIC_SPURIOUS:
    case APIC_ERROR:
    case APIC_COMMAND_HIGH:
    case APIC_LOCAL_TIMER:
    case APIC_TIMER_COUNT:
    case APIC_TIMER_DIVISOR:
      return TRUE;
    default:
      return (BOOLEAN)(  (  (Register == APIC_LOCAL_CMCI)
                         || ((Register >= APIC_LOCAL_FIRST) && (Register <= APIC_LOCAL_LAST)))
                      && MrmGuardIsLocalVector (Value));
  }
}

VOID
MrmGuardWriteApicPage (
  IN     CONST MRM_GUARD_FACTS  *Facts,
  IN     UINT32                 Register,
  IN     UINT32                 Value,
  IN OUT MRM_GUARD_ANSWER       *Answer
  )
{
  if (Facts->X2Apic) {
    // No local APIC answers there.  Behind it a write may be a message, as those of devices.
    Answer->Denied = TRUE;
    return;
  }

  if (  (Register == APIC_COMMAND_LOW)
     && MrmGuardDecideCommand (Facts, Value, Facts->IcrHigh >> APIC_SHIFT, Answer))
  {
    return;
  }

  if (Facts->Contained && !MayWrite (Register, Value)) {
    Answer->Denied = TRUE;
    return;
  }

  Answer->Action  = MrmGuardWriteApic;
  Answer->Address = Facts->LocalApic + Register;
  Answer->Value   = Value;
}

BOOLEAN
EFIAPI
MrmGuardHasStopped (
  IN CONST MRM_GUARD_STATE  *State,
  IN BOOLEAN                WasOn,
  IN BOOLEAN                IsOn
  )
{
  // A processor that starts takes no interrupts either, and has not switched it on yet.
  return (BOOLEAN)(WasOn && !IsOn && ((State->Rflags & RFLAGS_INTERRUPTS) == 0));
}
