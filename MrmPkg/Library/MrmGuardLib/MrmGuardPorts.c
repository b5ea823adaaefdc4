/** @file
  Ports that are not open to a guarded partition.  Those that a stock system uses by habit have an answer of their own:
  configuration space of its own functions, a clock, and what would reset the PC ends the partition.  The rest read as
  all ones, as ports do where no device is, and what is written to them is lost.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <Library/MrmGuardLib.h>
#include "MrmGuardInternal.h"

#define PORT_TIMER            0x40
#define PORT_TIMER_LAST       0x43
#define PORT_CONTROL_B        0x61
#define PORT_KEYBOARD         0x64
#define PORT_CMOS_INDEX       0x70
#define PORT_CMOS_DATA        0x71
#define PORT_CONTROL_A        0x92
#define PORT_LEVEL_LOW        0x4D0
#define PORT_LEVEL_HIGH       0x4D1
#define PORT_CONFIG_ADDRESS   0xCF8
#define PORT_RESET            0xCF9
#define PORT_CONFIG_DATA      0xCFC
#define PORT_CONFIG_END       0xD00

#define RESET_PROCESSOR    BIT2    ///< of the reset register
#define CONTROL_A_RESET    BIT0
#define KEYBOARD_OUTPUT    0xD1    ///< command: what is written to port 60 next is for the lines of reset and A20
#define KEYBOARD_PULSE     0xF0    ///< commands from here on pulse lines that are zero in their lower half
#define CONTROL_B_COUNTED  BIT5    ///< the timer has counted down: who waits for it goes on
#define CMOS_INDEX         0x7F
#define LEVEL_OF_SCI       BIT1    ///< interrupt 9, as the partition's FADT says: a kernel finds it as it wants it

#define CONFIG_ENABLE    BIT31
#define CONFIG_REGISTER  0xFC
#define CONFIG_FUNCTION  0xFF00

#define REGISTER_A     0
#define REGISTER_C     1
#define REGISTER_SI    6
#define REGISTER_DI    7
#define RFLAGS_DOWN    BIT10    ///< DF

/**
  The byte that an access writes to a port.

  @param[in]  Exit   The access.
  @param[in]  Value  What it writes.
  @param[in]  Port   The port.
  @param[out] Byte   Receives it.

  @retval FALSE  The access does not cover that port.
**/
STATIC
BOOLEAN
ByteFor (
  IN  CONST MRM_GUARD_EXIT  *Exit,
  IN  UINT32                Value,
  IN  UINT16                Port,
  OUT UINT8                 *Byte
  )
{
  *Byte = 0;
  if ((Port < Exit->Port) || ((UINTN)(Port - Exit->Port) >= Exit->Width)) {
    return FALSE;
  }

  *Byte = (UINT8)(Value >> ((Port - Exit->Port) * 8));
  return TRUE;
}

/**
  Check whether an access is to the address register of configuration space: only one of four bytes is (PCI 3.0,
  3.2.2.3.2), and it is none to the ports behind CF8.

  @param[in] Exit  The access.
**/
STATIC
BOOLEAN
IsConfigAddress (
  IN CONST MRM_GUARD_EXIT  *Exit
  )
{
  return (BOOLEAN)((Exit->Port == PORT_CONFIG_ADDRESS) && (Exit->Width == sizeof (UINT32)));
}

/**
  Check whether an access would reset the PC.

  @param[in] Exit   The access.
  @param[in] Value  What it writes.
**/
STATIC
BOOLEAN
Resets (
  IN CONST MRM_GUARD_EXIT  *Exit,
  IN UINT32                Value
  )
{
  UINT8  Byte;

  if (ByteFor (Exit, Value, PORT_RESET, &Byte) && !IsConfigAddress (Exit) && ((Byte & RESET_PROCESSOR) != 0)) {
    return TRUE;
  }

  if (ByteFor (Exit, Value, PORT_CONTROL_A, &Byte) && ((Byte & CONTROL_A_RESET) != 0)) {
    return TRUE;
  }

  return (BOOLEAN)(ByteFor (Exit, Value, PORT_KEYBOARD, &Byte) && (Byte >= KEYBOARD_PULSE) && ((Byte & 1) == 0));
}

/**
  Check whether a partition reaches a register of configuration space by memory.

  @param[in] Tables   What it reaches.
  @param[in] Address  Where the register is.
  @param[in] Write    TRUE: can write it.
**/
STATIC
BOOLEAN
IsReached (
  IN CONST MRM_GUARD_TABLES  *Tables,
  IN UINT64                  Address,
  IN BOOLEAN                 Write
  )
{
  UINT64  Host;
  UINT32  Access;

  // Pages of foreign functions show another page.
  return (BOOLEAN)(  MrmGuardLookUp (Tables, Address, &Host, &Access)
                  && (Host == Address)
                  && (!Write || ((Access & MRM_GUARD_WRITE) != 0)));
}

/**
  Check whether an access is to a register of the chipset that its owner reaches through the guard: command and status of
  the keyboard controller, and the PM1 control registers of ACPI, which it only reads.

  @param[in] Chipset  What is known of the chipset.
  @param[in] Exit     The access.
  @param[in] Value    What it writes.
**/
STATIC
BOOLEAN
IsLetThrough (
  IN CONST MRM_GUARD_CHIPSET  *Chipset,
  IN CONST MRM_GUARD_EXIT     *Exit,
  IN UINT32                   Value
  )
{
  UINTN  Index;

  if (!Chipset->Owner) {
    return FALSE;
  }

  if ((Exit->Port == PORT_KEYBOARD) && (Exit->Width == 1)) {
    return (BOOLEAN)(!Exit->Write || (((UINT8)Value != KEYBOARD_OUTPUT) && ((UINT8)Value < KEYBOARD_PULSE)));
  }

  // SCI_EN is set, and stays so; with SLP_EN it would switch the PC off.  It has such a register in memory.
  for (Index = 0; !Exit->Write && (Index < ARRAY_SIZE (Chipset->Pm1Control)); Index++) {
    if ((Chipset->Pm1Control[Index] != 0) && (Exit->Port == Chipset->Pm1Control[Index]) && (Exit->Width <= 2)) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Find the configuration register that an access to the data ports is for.

  @param[in]  Facts    What the guard knows.
  @param[in]  Exit     The access.
  @param[in]  Select   What the address register holds.
  @param[out] Address  Receives where it is.
  @param[out] Judged   Receives whether it is of a function that the partition has by itself.

  @retval FALSE  It is none of the partition's functions, or not one access to one register.
**/
STATIC
BOOLEAN
FindConfig (
  IN  CONST MRM_GUARD_FACTS  *Facts,
  IN  CONST MRM_GUARD_EXIT   *Exit,
  IN  UINT32                 Select,
  OUT UINT64                 *Address,
  OUT BOOLEAN                *Judged
  )
{
  UINTN                  Index;
  UINT8                  Bus;
  CONST MRM_GUARD_BUSES  *Buses;

  *Address = 0;
  *Judged  = FALSE;
  if ((Exit->Port < PORT_CONFIG_DATA) || (Exit->Port >= PORT_CONFIG_END) || ((Select & CONFIG_ENABLE) == 0) ||
      (Exit->Port % Exit->Width != 0))
  {
    return FALSE;
  }

  Bus = (UINT8)(Select >> 16);
  for (Index = 0; Index < Facts->BusCount; Index++) {
    Buses = &Facts->Buses[Index];
    if ((Bus >= Buses->FirstBus) && (Bus <= Buses->LastBus)) {
      *Address = Buses->Ecam + (UINT64)(Bus - Buses->FirstBus) * SIZE_1MB + ((Select & CONFIG_FUNCTION) << 4) +
                 (Select & CONFIG_REGISTER) + (Exit->Port - PORT_CONFIG_DATA);
      return (BOOLEAN)(!Buses->Sparse || IsReached (Facts->Tables, *Address, Exit->Write));
    }
  }

  for (Index = 0; Index < Facts->FunctionCount; Index++) {
    if (((Select >> 8) & MAX_UINT16) == Facts->Functions[Index].Place) {
      *Judged  = TRUE;
      *Address = Facts->Functions[Index].Page + (Select & CONFIG_REGISTER) + (Exit->Port - PORT_CONFIG_DATA);
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Answer a write.

  @param[in]     Facts    What the guard knows.
  @param[in]     Exit     The access.
  @param[in]     Value    What it writes.
  @param[in,out] Devices  Devices of the partition.
  @param[in,out] Answer   The answer.
**/
STATIC
VOID
Write (
  IN     CONST MRM_GUARD_FACTS  *Facts,
  IN     CONST MRM_GUARD_EXIT   *Exit,
  IN     UINT32                 Value,
  IN OUT MRM_GUARD_DEVICES      *Devices,
  IN OUT MRM_GUARD_ANSWER       *Answer
  )
{
  UINT8    Byte;
  BOOLEAN  Taken;
  BOOLEAN  Judged;

  if (Resets (Exit, Value)) {
    MrmGuardEndFor (Answer, MrmReasonResetPort);
    return;
  }

  if (FindConfig (Facts, Exit, Devices->ConfigAddress, &Answer->Address, &Judged)) {
    Answer->Action = Judged ? MrmGuardWriteFunction
                     : MrmGuardIsWatched (Facts, Answer->Address) ? MrmGuardWriteMessage : MrmGuardWriteConfig;
    Answer->Value  = Value;
    Answer->Width  = Exit->Width;
    return;
  }

  if (IsLetThrough (&Facts->Chipset, Exit, Value)) {
    Answer->Action  = MrmGuardWritePort;
    Answer->Address = Exit->Port;
    Answer->Value   = Value;
    Answer->Width   = Exit->Width;
    return;
  }

  Taken = IsConfigAddress (Exit);
  if (Taken) {
    Devices->ConfigAddress = Value;
  }

  if (ByteFor (Exit, Value, PORT_CMOS_INDEX, &Byte)) {
    Devices->CmosIndex = Byte & CMOS_INDEX;
    Taken              = TRUE;
  }

  if (ByteFor (Exit, Value, PORT_CMOS_DATA, &Byte)) {
    MrmGuardWriteCmos (Devices, Facts->Seconds, Byte);
    Taken = TRUE;
  }

  Answer->Denied = (BOOLEAN)!Taken;
}

/**
  What a port reads as that is no part of configuration space.

  @param[in] Facts    What the guard knows.
  @param[in] Devices  Devices of the partition.
  @param[in] Port     The port.
**/
STATIC
UINT8
ReadByte (
  IN CONST MRM_GUARD_FACTS    *Facts,
  IN CONST MRM_GUARD_DEVICES  *Devices,
  IN UINT32                   Port
  )
{
  if (Port == PORT_CMOS_DATA) {
    return MrmGuardReadCmos (Devices, Facts->Seconds);
  }

  if (Port == PORT_CONTROL_B) {
    return CONTROL_B_COUNTED;
  }

  if (Port == PORT_LEVEL_HIGH) {
    return LEVEL_OF_SCI;
  }

  // Who waits for a bit to be cleared does not wait: a system that is about to reset the PC does.
  return (((Port >= PORT_TIMER) && (Port <= PORT_TIMER_LAST)) || (Port == PORT_KEYBOARD) ||
          (Port == PORT_CONTROL_A) || (Port == PORT_LEVEL_LOW) || (Port == PORT_RESET)) ? 0 : MAX_UINT8;
}

/**
  Pass a string instruction by, which moves nothing: memory stays as it is.  Addresses are taken as wide as the registers.

  @param[in]     Exit   The instruction.
  @param[in,out] State  Registers.
**/
STATIC
VOID
PassString (
  IN     CONST MRM_GUARD_EXIT  *Exit,
  IN OUT MRM_GUARD_STATE       *State
  )
{
  UINT64  Distance;
  UINTN   Index;

  Distance = Exit->Width;
  if (Exit->Repeat) {
    Distance                  *= State->General[REGISTER_C];
    State->General[REGISTER_C] = 0;
  }

  Index = Exit->Write ? REGISTER_SI : REGISTER_DI;
  if ((State->Rflags & RFLAGS_DOWN) != 0) {
    State->General[Index] -= Distance;
  } else {
    State->General[Index] += Distance;
  }

  State->Rip = Exit->NextRip;
}

VOID
MrmGuardDecideIo (
  IN     CONST MRM_GUARD_FACTS  *Facts,
  IN     CONST MRM_GUARD_EXIT   *Exit,
  IN OUT MRM_GUARD_DEVICES      *Devices,
  IN OUT MRM_GUARD_STATE        *State,
  IN OUT MRM_GUARD_ANSWER       *Answer
  )
{
  UINT32   Value;
  UINTN    Index;
  BOOLEAN  Judged;

  if (Exit->String && !Facts->Chipset.Owner) {
    MrmGuardEndFor (Answer, MrmReasonStringIo);
    return;
  }

  if ((Exit->Width != 1) && (Exit->Width != 2) && (Exit->Width != 4)) {
    MrmGuardEndFor (Answer, MrmReasonExit);
    return;
  }

  Answer->Action = MrmGuardResume;
  if (Exit->String) {
    // Its tables name devices that it does not have, and its drivers try them: QEMU's fw_cfg, for instance.
    Answer->Denied = TRUE;
    PassString (Exit, State);
    return;
  }

  if (Exit->Write) {
    Value = (UINT32)MrmGuardGet (State, REGISTER_A, Exit->Width, FALSE);
    Write (Facts, Exit, Value, Devices, Answer);
    if (Answer->Action == MrmGuardEnd) {
      return;
    }
  } else if (FindConfig (Facts, Exit, Devices->ConfigAddress, &Answer->Address, &Judged)) {
    Answer->Action = MrmGuardReadConfig;
    Answer->Width  = Exit->Width;
  } else if (IsLetThrough (&Facts->Chipset, Exit, 0)) {
    Answer->Action  = MrmGuardReadPort;
    Answer->Address = Exit->Port;
    Answer->Width   = Exit->Width;
  } else {
    Value = IsConfigAddress (Exit) ? Devices->ConfigAddress : 0;
    for (Index = 0; (Index < Exit->Width) && !IsConfigAddress (Exit); Index++) {
      Value |= (UINT32)ReadByte (Facts, Devices, Exit->Port + (UINT32)Index) << (Index * 8);
    }

    MrmGuardSet (State, REGISTER_A, Exit->Width, FALSE, Value);
  }

  State->Rip = Exit->NextRip;
}
