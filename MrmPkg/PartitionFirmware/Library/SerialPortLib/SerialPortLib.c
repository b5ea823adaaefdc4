/** @file
  Polled 16550 UART that the hand-off names, in I/O or memory space, and the ring in which
  the controller keeps what was written; only the latter when the partition has no UART.

  EDK2's BaseSerialPortLib16550 takes its port from a PCD, which one firmware
  image shared by all partitions cannot have.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <PiDxe.h>
#include <Guid/MrmHandOff.h>
#include <Library/HobLib.h>
#include <Library/IoLib.h>
#include <Library/MrmTalkLib.h>
#include <Library/SerialPortLib.h>

#define UART_CLOCK                 1843200
#define UART_DATA                  0     ///< DLAB = 0
#define UART_DIVISOR_LOW           0     ///< DLAB = 1
#define UART_INTERRUPT_ENABLE      1     ///< DLAB = 0
#define UART_DIVISOR_HIGH          1     ///< DLAB = 1
#define UART_FIFO_CONTROL          2
#define   FIFO_ENABLE_AND_CLEAR    0x07
#define UART_LINE_CONTROL          3
#define   LINE_8N1                 0x03
#define   LINE_DLAB                0x80
#define UART_MODEM_CONTROL         4
#define   MODEM_DTR_RTS            0x03
#define UART_LINE_STATUS           5
#define   STATUS_DATA_READY        0x01
#define   STATUS_TRANSMIT_EMPTY    0x20
#define UART_FIFO_SIZE             16
#define UART_ABSENT                0xFF  ///< line status of a port nobody decodes

///
/// Polls of a transmitter that never becomes ready before the byte is dropped:
/// far more than one FIFO at 9600 baud needs, and an OS-less partition must not hang on it.
///
#define TRANSMIT_POLLS  1000000

STATIC MRM_CONSOLE  mUart;       ///< Kind MrmConsoleNone = no UART
STATIC MRM_RANGE    mRing;       ///< what was written, for the controller

/**
  Read a register of the UART.

  @param[in] Register  UART_*.
**/
STATIC
UINT8
ReadUart (
  IN UINTN  Register
  )
{
  return (mUart.Kind == MrmConsoleUart16550Io) ?
         IoRead8 ((UINTN)mUart.Base + Register) :
         MmioRead8 ((UINTN)mUart.Base + Register);
}

/**
  Write a register of the UART.

  @param[in] Register  UART_*.
  @param[in] Value     The value.
**/
STATIC
VOID
WriteUart (
  IN UINTN  Register,
  IN UINT8  Value
  )
{
  if (mUart.Kind == MrmConsoleUart16550Io) {
    IoWrite8 ((UINTN)mUart.Base + Register, Value);
  } else {
    MmioWrite8 ((UINTN)mUart.Base + Register, Value);
  }
}

/**
  Set the UART up as the hand-off says: 8N1, FIFOs on, interrupts off.

  @retval RETURN_SUCCESS    Ready.
  @retval RETURN_NOT_FOUND  There is no hand-off; nothing is written anywhere.
**/
RETURN_STATUS
EFIAPI
SerialPortInitialize (
  VOID
  )
{
  EFI_HOB_GUID_TYPE   *Hob;
  CONST MRM_HAND_OFF  *HandOff;
  UINT32              Divisor;

  Hob = GetFirstGuidHob (&gMrmHandOffGuid);
  if (Hob == NULL) {
    return RETURN_NOT_FOUND;
  }

  HandOff = GET_GUID_HOB_DATA (Hob);
  mRing   = HandOff->ConsoleRing;
  mUart   = HandOff->Console;
  if ((mUart.BaudRate == 0) || ((mUart.Kind != MrmConsoleUart16550Io) && (mUart.Kind != MrmConsoleUart16550Memory))) {
    mUart.Kind = MrmConsoleNone;
  }

  if ((mUart.Kind == MrmConsoleNone) || (ReadUart (UART_LINE_STATUS) == UART_ABSENT)) {
    mUart.Kind = MrmConsoleNone;
    return RETURN_SUCCESS;
  }

  // The instance of each module comes here.  Reprogram the UART only if needed, so that no byte in flight is lost.
  if (  ((ReadUart (UART_LINE_CONTROL) & 0x3F) == LINE_8N1)
     && ((ReadUart (UART_MODEM_CONTROL) & MODEM_DTR_RTS) == MODEM_DTR_RTS)
     && (ReadUart (UART_INTERRUPT_ENABLE) == 0))
  {
    return RETURN_SUCCESS;
  }

  Divisor = UART_CLOCK / (mUart.BaudRate * 16);
  WriteUart (UART_LINE_CONTROL, LINE_DLAB | LINE_8N1);
  WriteUart (UART_DIVISOR_HIGH, (UINT8)(Divisor >> 8));
  WriteUart (UART_DIVISOR_LOW, (UINT8)Divisor);
  WriteUart (UART_LINE_CONTROL, LINE_8N1);
  WriteUart (UART_INTERRUPT_ENABLE, 0);
  WriteUart (UART_FIFO_CONTROL, FIFO_ENABLE_AND_CLEAR);
  WriteUart (UART_MODEM_CONTROL, MODEM_DTR_RTS);
  return RETURN_SUCCESS;
}

UINTN
EFIAPI
SerialPortWrite (
  IN UINT8  *Buffer,
  IN UINTN  NumberOfBytes
  )
{
  UINTN  Index;
  UINTN  Polls;

  if (Buffer == NULL) {
    return 0;
  }

  if (mRing.Base != 0) {
    MrmRingWrite ((MRM_RING *)(UINTN)mRing.Base, mRing.Size, (CHAR8 *)Buffer, NumberOfBytes);
  }

  for (Index = 0; mUart.Kind != MrmConsoleNone && Index < NumberOfBytes; Index++) {
    if (Index % UART_FIFO_SIZE == 0) {
      for (Polls = 0; (ReadUart (UART_LINE_STATUS) & STATUS_TRANSMIT_EMPTY) == 0; Polls++) {
        if (Polls == TRANSMIT_POLLS) {
          return NumberOfBytes;
        }
      }
    }

    WriteUart (UART_DATA, Buffer[Index]);
  }

  return NumberOfBytes;
}

UINTN
EFIAPI
SerialPortRead (
  OUT UINT8  *Buffer,
  IN  UINTN  NumberOfBytes
  )
{
  UINTN  Index;

  if (Buffer == NULL) {
    return 0;
  }

  for (Index = 0; Index < NumberOfBytes && SerialPortPoll (); Index++) {
    Buffer[Index] = ReadUart (UART_DATA);
  }

  return Index;
}

BOOLEAN
EFIAPI
SerialPortPoll (
  VOID
  )
{
  return (mUart.Kind != MrmConsoleNone) && ((ReadUart (UART_LINE_STATUS) & STATUS_DATA_READY) != 0);
}

RETURN_STATUS
EFIAPI
SerialPortSetControl (
  IN UINT32  Control
  )
{
  return RETURN_UNSUPPORTED;
}

RETURN_STATUS
EFIAPI
SerialPortGetControl (
  OUT UINT32  *Control
  )
{
  *Control = SerialPortPoll () ? 0 : EFI_SERIAL_INPUT_BUFFER_EMPTY;
  return RETURN_SUCCESS;
}

RETURN_STATUS
EFIAPI
SerialPortSetAttributes (
  IN OUT UINT64              *BaudRate,
  IN OUT UINT32              *ReceiveFifoDepth,
  IN OUT UINT32              *Timeout,
  IN OUT EFI_PARITY_TYPE     *Parity,
  IN OUT UINT8               *DataBits,
  IN OUT EFI_STOP_BITS_TYPE  *StopBits
  )
{
  // The partition file decides how the line is set.
  return RETURN_UNSUPPORTED;
}
