/** @file
  The PC's own consoles: each prints the log or shows the status screen.

  The firmware's console splitter sends one text to all consoles; here each is used by itself, which its drivers
  allow as long as nobody else writes.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "Console/Screen.h"
#include "Console/Keys.h"
#include "Console/Paint.h"
#include "Core/Clock.h"
#include "Core/Log.h"
#include <Guid/ConsoleInDevice.h>
#include <Guid/ConsoleOutDevice.h>
#include <Library/BaseMemoryLib.h>
#include <Library/DevicePathLib.h>
#include <Library/MemoryAllocationLib.h>
#include <Library/PrintLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiLib.h>

#define LINE_SIZE       544   ///< characters of a printed line
#define KEY_PERIOD      50    ///< milliseconds between two looks at the keys

STATIC MRM_CONSOLE_SCREEN  *mConsoles;
STATIC UINTN               mCount;
STATIC EFI_HANDLE          *mKeyboards;     ///< inputs without a console of their own
STATIC UINTN               mKeyboardCount;
STATIC EFI_EVENT           mNewKeyboard;
STATIC UINT64              mNextLook;       ///< when the consoles want to be looked at again

/**
  Print a line on one console.

  @param[in] Console  The console.
  @param[in] Format   Of PrintLib, with one ASCII string in it.
  @param[in] Line     That string.
**/
STATIC
VOID
PrintOn (
  IN CONST MRM_CONSOLE_SCREEN  *Console,
  IN CONST CHAR8               *Format,
  IN CONST CHAR8               *Line
  )
{
  CHAR16  Text[LINE_SIZE];

  UnicodeSPrintAsciiFormat (Text, sizeof (Text), Format, Line);
  Console->Out->OutputString (Console->Out, Text);
}

/**
  TRUE if a console is still there: those on USB can be pulled out.

  @param[in,out] Console  The console.
**/
STATIC
BOOLEAN
IsThere (
  IN OUT MRM_CONSOLE_SCREEN  *Console
  )
{
  return !EFI_ERROR (gBS->HandleProtocol (Console->Handle, &gEfiSimpleTextOutProtocolGuid, (VOID **)&Console->Out));
}

VOID
PrintLine (
  IN CONST CHAR8  *Line
  )
{
  UINTN   Index;
  UINT32  Added;

  if (mCount == 0) {
    AsciiPrint ("MRM: %a\n", Line);
    return;
  }

  Added = GetLog ()->Added;
  for (Index = 0; Index < mCount; Index++) {
    // A console that has missed lines prints these first (CatchUp).
    if (  (mConsoles[Index].Screen.View == MrmViewClosed)
       && (mConsoles[Index].Printed + 1 == Added)
       && IsThere (&mConsoles[Index]))
    {
      PrintOn (&mConsoles[Index], "MRM: %a\n", Line);
      mConsoles[Index].Printed = Added;
    }
  }
}

/**
  Print the next line of the log that a console has missed.

  @param[in,out] Console  The console.

  @retval TRUE   It has missed more.
  @retval FALSE  That was all.
**/
STATIC
BOOLEAN
CatchUp (
  IN OUT MRM_CONSOLE_SCREEN  *Console
  )
{
  CONST MRM_LOG        *Log;
  CONST MRM_LOG_ENTRY  *Entry;

  Log = GetLog ();
  if (Console->Printed == Log->Added) {
    return FALSE;
  }

  Entry = MrmLogEntry (Log, Log->Added - Console->Printed - 1);
  if (Entry == NULL) {
    PrintOn (Console, "%a\n", "(the log begins here; earlier lines are gone)");
    Console->Printed = Log->Added - Log->Count;
  } else {
    PrintOn (Console, "MRM: %a\n", Entry->Text);
    Console->Printed++;
  }

  return Console->Printed != Log->Added;
}

/**
  Find the serial line beneath a console.

  @param[in] Handle  The console.

  @return  The line; NULL for a display.
**/
STATIC
EFI_SERIAL_IO_PROTOCOL *
FindLine (
  IN EFI_HANDLE  Handle
  )
{
  EFI_DEVICE_PATH_PROTOCOL  *Path;
  EFI_HANDLE                Line;
  EFI_SERIAL_IO_PROTOCOL    *SerialIo;

  Path = DevicePathFromHandle (Handle);
  if (  (Path == NULL)
     || EFI_ERROR (gBS->LocateDevicePath (&gEfiSerialIoProtocolGuid, &Path, &Line))
     || EFI_ERROR (gBS->HandleProtocol (Line, &gEfiSerialIoProtocolGuid, (VOID **)&SerialIo)))
  {
    return NULL;
  }

  return SerialIo;
}

/**
  Find the inputs that belong to no serial console: they are the keyboards of the displays.
**/
STATIC
VOID
FindKeyboards (
  VOID
  )
{
  EFI_HANDLE  *Handles;
  UINTN       Count;
  UINTN       Index;

  if (EFI_ERROR (gBS->LocateHandleBuffer (ByProtocol, &gEfiConsoleInDeviceGuid, NULL, &Count, &Handles))) {
    return;
  }

  if (mKeyboards != NULL) {
    FreePool (mKeyboards);
  }

  mKeyboards     = Handles;
  mKeyboardCount = 0;
  for (Index = 0; Index < Count; Index++) {
    if (FindLine (Handles[Index]) == NULL) {
      mKeyboards[mKeyboardCount++] = Handles[Index];
    }
  }
}

/**
  Go on with a console that is known, or begin with a new one.

  @param[in]  Handle   The console.
  @param[out] Console  Receives it. What a known one had is this one's from now on.

  @retval TRUE   It can be used.
  @retval FALSE  It can not; Console->Handle is undefined.
**/
STATIC
BOOLEAN
OpenConsole (
  IN  EFI_HANDLE          Handle,
  OUT MRM_CONSOLE_SCREEN  *Console
  )
{
  EFI_SERIAL_IO_PROTOCOL  *Line;
  UINTN                   Index;

  Console->Handle = Handle;
  if (!IsThere (Console)) {
    return FALSE;
  }

  Line = FindLine (Handle);
  for (Index = 0; Index < mCount; Index++) {
    if ((mConsoles[Index].Handle == Handle) && (mConsoles[Index].Line == Line)) {
      CopyMem (Console, &mConsoles[Index], sizeof (*Console));
      ZeroMem (&mConsoles[Index], sizeof (mConsoles[Index]));
      return TRUE;
    }
  }

  Console->Line    = Line;
  Console->Printed = GetLog ()->Added;
  if (Line == NULL) {
    Console->Screen.Keyboard = TRUE;
    Console->Screen.View     = BeginScreen (Console) ? MrmViewStatus : MrmViewClosed;
  }

  return TRUE;
}

/**
  Find the consoles there are now: devices may have gone to a partition, or come back from one.
**/
STATIC
VOID
FindConsoles (
  VOID
  )
{
  EFI_HANDLE          *Handles;
  MRM_CONSOLE_SCREEN  *Consoles;
  UINTN               Found;
  UINTN               Count;
  UINTN               Index;

  if (EFI_ERROR (gBS->LocateHandleBuffer (ByProtocol, &gEfiConsoleOutDeviceGuid, NULL, &Count, &Handles))) {
    return;
  }

  Consoles = AllocateZeroPool (Count * sizeof (*Consoles));
  Found    = 0;
  for (Index = 0; (Consoles != NULL) && (Index < Count); Index++) {
    if (OpenConsole (Handles[Index], &Consoles[Found])) {
      Found++;
    }
  }

  FreePool (Handles);
  if (Consoles == NULL) {
    return;
  }

  for (Index = 0; Index < mCount; Index++) {
    FreeScreen (&mConsoles[Index]);
  }

  if (mConsoles != NULL) {
    FreePool (mConsoles);
  }

  mConsoles = Consoles;
  mCount    = Found;
}

VOID
OpenScreens (
  VOID
  )
{
  VOID  *Registration;

  FindConsoles ();
  FindKeyboards ();
  if (!EFI_ERROR (gBS->CreateEvent (0, 0, NULL, NULL, &mNewKeyboard))) {
    gBS->RegisterProtocolNotify (&gEfiConsoleInDeviceGuid, mNewKeyboard, &Registration);
  }
}

/**
  Read the keys of a console.

  @param[in,out] Console  The console.
  @param[in]     Handle   Its input.
**/
STATIC
VOID
ReadKeys (
  IN OUT MRM_CONSOLE_SCREEN  *Console,
  IN     EFI_HANDLE          Handle
  )
{
  EFI_SIMPLE_TEXT_INPUT_PROTOCOL  *In;

  // The protocol is looked up each time: a keyboard may have been pulled out.
  if (!EFI_ERROR (gBS->HandleProtocol (Handle, &gEfiSimpleTextInProtocolGuid, (VOID **)&In))) {
    PollKeys (Console, In);
  }
}

VOID
PollScreens (
  VOID
  )
{
  MRM_CONSOLE_SCREEN  *Console;
  MRM_CONSOLE_SCREEN  *Display;
  UINTN               Index;
  BOOLEAN             More;

  if (Milliseconds () < mNextLook) {
    return;
  }

  More    = FALSE;
  Display = NULL;
  for (Index = 0; Index < mCount; Index++) {
    Console = &mConsoles[Index];
    if (!IsThere (Console)) {
      continue;
    }

    if (Console->Line != NULL) {
      ReadKeys (Console, Console->Handle);
    } else if (Display == NULL) {
      Display = Console;
    }

    PassTime (Console);
    if (Console->Screen.View == MrmViewClosed) {
      More = CatchUp (Console) || More;
    } else {
      RenderScreen (Console);
      More = PaintScreen (Console) || More;
    }
  }

  if ((mNewKeyboard != NULL) && !EFI_ERROR (gBS->CheckEvent (mNewKeyboard))) {
    FindKeyboards ();
  }

  for (Index = 0; (Display != NULL) && (Index < mKeyboardCount); Index++) {
    ReadKeys (Display, mKeyboards[Index]);
  }

  mNextLook = Milliseconds () + (More ? 0 : KEY_PERIOD);
}

VOID
CloseScreens (
  VOID
  )
{
  UINTN  Index;

  for (Index = 0; Index < mCount; Index++) {
    if ((mConsoles[Index].Screen.View != MrmViewClosed) && IsThere (&mConsoles[Index])) {
      EndScreen (&mConsoles[Index]);
    }

    FreeScreen (&mConsoles[Index]);
  }

  if (mNewKeyboard != NULL) {
    gBS->CloseEvent (mNewKeyboard);
  }

  if (mKeyboards != NULL) {
    FreePool (mKeyboards);
  }

  if (mConsoles != NULL) {
    FreePool (mConsoles);
  }

  mCount = 0;
}

VOID
RenewScreens (
  VOID
  )
{
  UINTN  Index;

  FindConsoles ();
  FindKeyboards ();
  for (Index = 0; Index < mCount; Index++) {
    MrmScreenForget (&mConsoles[Index].Screen);
    // What its text was made of may be gone.
    mConsoles[Index].TextView  = MrmViewClosed;
    mConsoles[Index].TextIndex = MAX_UINT32;
  }
}
