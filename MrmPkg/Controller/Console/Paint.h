/** @file
  The status screen on one console.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROLLER_PAINT_H_
#define MRM_CONTROLLER_PAINT_H_

#include <Uefi.h>
#include <Library/MrmScreenLib.h>
#include <Protocol/SerialIo.h>
#include <Protocol/SimpleTextOut.h>

///
/// One console of the PC: a terminal on a serial line, or a display with all keyboards.
///
typedef struct {
  EFI_HANDLE                         Handle;
  EFI_SIMPLE_TEXT_OUTPUT_PROTOCOL    *Out;
  EFI_SERIAL_IO_PROTOCOL             *Line;      ///< what is beneath a terminal; NULL for a display
  UINT32                             Printed;    ///< MRM_LOG.Added up to which the log was printed
  MRM_SCREEN                         Screen;
  MRM_GRID                           Shown;      ///< what is on it
  MRM_GRID                           Wanted;     ///< what is to be on it
  UINT32                             NextRow;    ///< to look at when painting
  UINTN                              Attribute;  ///< as last set
  CHAR8                              *Text;      ///< of the view
  UINT32                             TextOf;     ///< MRM_LOG.Added or MRM_RING.Written it was made of
  MRM_VIEW                           TextView;   ///< and for which view
  UINT32                             TextIndex;  ///< and for which partition
  BOOLEAN                            Stale;      ///< Wanted is to be rendered again
  UINT64                             Rendered;   ///< when it was
} MRM_CONSOLE_SCREEN;

/**
  Take a console for the screen, or find out about its size again.

  @param[in,out] Console  The console; Screen.TerminalRows counts if the terminal has told it.

  @retval TRUE   It can show the screen.
  @retval FALSE  There is no memory for it.
**/
BOOLEAN
BeginScreen (
  IN OUT MRM_CONSOLE_SCREEN  *Console
  );

/**
  Give a console back for the log.

  @param[in,out] Console  The console.
**/
VOID
EndScreen (
  IN OUT MRM_CONSOLE_SCREEN  *Console
  );

/**
  Free the memory of a console's screen.

  @param[in,out] Console  The console; its screen has ended.
**/
VOID
FreeScreen (
  IN OUT MRM_CONSOLE_SCREEN  *Console
  );

/**
  Ask a terminal for its size; the answer comes as keys.

  @param[in] Console  The console.
**/
VOID
AskSize (
  IN CONST MRM_CONSOLE_SCREEN  *Console
  );

/**
  Render a screen if there may be something new to show.

  @param[in,out] Console  The console.
**/
VOID
RenderScreen (
  IN OUT MRM_CONSOLE_SCREEN  *Console
  );

/**
  Paint what has changed, row by row, until a few milliseconds have gone.

  @param[in,out] Console  The console.

  @retval TRUE   There may be more to paint.
  @retval FALSE  The screen is as it is to be.
**/
BOOLEAN
PaintScreen (
  IN OUT MRM_CONSOLE_SCREEN  *Console
  );

#endif
