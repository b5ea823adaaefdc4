/** @file
  Polled 16550 UART that the hand-off names; silent when the partition has none.

  EDK2's BaseSerialPortLib16550 takes its port from a PCD, which one firmware
  image shared by all partitions cannot have.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <PiDxe.h>
#include <Guid/MrmHandOff.h>
#include <Library/HobLib.h>
#include <Library/IoLib.h>
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

STATIC UINT16  mIoBase;   ///< 0 = no console

/**
  Set the UART up as the hand-off says: 8N1, FIFOs on, interrupts off.

  @retval RETURN_SUCCESS    Ready.
  @retval RETURN_NOT_FOUND  The partition has no UART console.
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
  if ((HandOff->Console.Kind != MrmConsoleUart16550Io) || (HandOff->Console.BaudRate == 0)) {
    return RETURN_NOT_FOUND;
  }

  if (IoRead8 ((UINT16)HandOff->Console.Base + UART_LINE_STATUS) == UART_ABSENT) {
    return RETURN_NOT_FOUND;
  }

  mIoBase = (UINT16)HandOff->Console.Base;
  Divisor = UART_CLOCK / (HandOff->Console.BaudRate * 16);

  // Each module's instance comes by here: reprogram only what differs, so that no byte in flight is lost.
  if (  ((IoRead8 (mIoBase + UART_LINE_CONTROL) & 0x3F) == LINE_8N1)
     && ((IoRead8 (mIoBase + UART_MODEM_CONTROL) & MODEM_DTR_RTS) == MODEM_DTR_RTS)
     && (IoRead8 (mIoBase + UART_INTERRUPT_ENABLE) == 0))
  {
    return RETURN_SUCCESS;
  }

  IoWrite8 (mIoBase + UART_LINE_CONTROL, LINE_DLAB | LINE_8N1);
  IoWrite8 (mIoBase + UART_DIVISOR_HIGH, (UINT8)(Divisor >> 8));
  IoWrite8 (mIoBase + UART_DIVISOR_LOW, (UINT8)Divisor);
  IoWrite8 (mIoBase + UART_LINE_CONTROL, LINE_8N1);
  IoWrite8 (mIoBase + UART_INTERRUPT_ENABLE, 0);
  IoWrite8 (mIoBase + UART_FIFO_CONTROL, FIFO_ENABLE_AND_CLEAR);
  IoWrite8 (mIoBase + UART_MODEM_CONTROL, MODEM_DTR_RTS);
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

  if ((mIoBase == 0) || (Buffer == NULL)) {
    return 0;
  }

  for (Index = 0; Index < NumberOfBytes; Index++) {
    if (Index % UART_FIFO_SIZE == 0) {
      for (Polls = 0; (IoRead8 (mIoBase + UART_LINE_STATUS) & STATUS_TRANSMIT_EMPTY) == 0; Polls++) {
        if (Polls == TRANSMIT_POLLS) {
          return Index;
        }
      }
    }

    IoWrite8 (mIoBase + UART_DATA, Buffer[Index]);
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
    Buffer[Index] = IoRead8 (mIoBase + UART_DATA);
  }

  return Index;
}

BOOLEAN
EFIAPI
SerialPortPoll (
  VOID
  )
{
  return (mIoBase != 0) && ((IoRead8 (mIoBase + UART_LINE_STATUS) & STATUS_DATA_READY) != 0);
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
  return (mIoBase == 0) ? RETURN_UNSUPPORTED : RETURN_SUCCESS;
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
