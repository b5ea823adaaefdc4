/** @file
  An EFI application of the benchmark: how fast the PC's firmware reads a file by its own file system and drivers.

  It reads \EFI\MRM\disks\bench.img of the volume it comes from, for ever: 4 KiB here and there, then 1 MiB after
  1 MiB, as work_device.c does with a disk.  For each it tells at COM1 what PERIOD milliseconds gave, a line each:
  `READ ROW VALUE`, in hexadecimal digits: nanoseconds for a read, or kilobytes a second.  If it cannot read, it says
  `READ failed STATUS`.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include <PiDxe.h>
#include <Protocol/LoadedImage.h>
#include <Protocol/SimpleFileSystem.h>

#define PERIOD       200                 ///< milliseconds of a sample
#define CALIBRATION  1000000             ///< microseconds in which the counter of the processor is compared
#define PORT         0x3F8               ///< of COM1
#define LINE_STATUS  5                   ///< of a 16550: register and bit
#define CAN_SEND     BIT5

STATIC EFI_SYSTEM_TABLE   *mSystem;
STATIC EFI_FILE_PROTOCOL  *mFile;
STATIC UINT64             mSize;         ///< bytes of the file
STATIC UINT64             mFrequency;    ///< counts of the processor in a second
STATIC UINT64             mState = 88172645463325252ULL;
STATIC UINT8              mBuffer[SIZE_1MB];
STATIC CHAR16             mPath[] = u"\\EFI\\MRM\\disks\\bench.img";
STATIC EFI_GUID           mImage = EFI_LOADED_IMAGE_PROTOCOL_GUID;
STATIC EFI_GUID           mVolume = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;

/**
  Read the counter of the processor.
**/
STATIC
UINT64
Count (
  VOID
  )
{
  UINT32  Low;
  UINT32  High;

  __asm__ volatile ("rdtsc" : "=a" (Low), "=d" (High));
  return ((UINT64)High << 32) | Low;
}

/**
  Send characters by the UART itself: nothing of the firmware's consoles is timed.

  @param[in] Text  The characters.
**/
STATIC
VOID
Send (
  IN CONST CHAR8  *Text
  )
{
  UINT8  Status;

  for (; *Text != 0; Text++) {
    do {
      __asm__ volatile ("inb %1, %0" : "=a" (Status) : "Nd" ((UINT16)(PORT + LINE_STATUS)));
    } while ((Status & CAN_SEND) == 0);

    __asm__ volatile ("outb %0, %1" : : "a" (*Text), "Nd" ((UINT16)PORT));
  }
}

/**
  Tell what was found.

  @param[in] Row    Of what.
  @param[in] Value  What was found.
**/
STATIC
VOID
Tell (
  IN CONST CHAR8  *Row,
  IN UINT64       Value
  )
{
  CHAR8  Digits[17];
  UINTN  Index;

  for (Index = 0; Index < 16; Index++) {
    Digits[Index] = "0123456789abcdef"[(Value >> (60 - 4 * Index)) & 0xF];
  }

  Digits[16] = 0;
  Send ("READ ");
  Send (Row);
  Send (" ");
  Send (Digits);
  Send (".\r\n");
}

/**
  Read bytes of the file.

  @param[in] Offset  The first one.
  @param[in] Size    How many, at most the buffer's.

  @retval EFI_SUCCESS       Read.
  @retval EFI_END_OF_FILE   There are fewer.
  @return Anything else is the file system's.
**/
STATIC
EFI_STATUS
Read (
  IN UINT64  Offset,
  IN UINTN   Size
  )
{
  EFI_STATUS  Status;
  UINTN       Done;

  Done   = Size;
  Status = mFile->SetPosition (mFile, Offset);
  if (!EFI_ERROR (Status)) {
    Status = mFile->Read (mFile, &Done, mBuffer);
  }

  return (!EFI_ERROR (Status) && (Done != Size)) ? EFI_END_OF_FILE : Status;
}

/**
  Read for some time, and tell how long a read took, or how much was read in a second.

  @param[in] Row   What it is called.
  @param[in] Size  Bytes of a read: SIZE_4KB somewhere, else one after the other.

  @return  Status of the first read that failed.
**/
STATIC
EFI_STATUS
Sample (
  IN CONST CHAR8  *Row,
  IN UINTN        Size
  )
{
  EFI_STATUS  Status;
  UINT64      Begin;
  UINT64      Taken;
  UINT64      Nanoseconds;
  UINT64      Reads;
  UINT64      Place;

  Begin = Count ();
  for (Reads = 0, Taken = 0; Taken < mFrequency / 1000 * PERIOD; Reads++) {
    mState ^= mState << 13;
    mState ^= mState >> 7;
    mState ^= mState << 17;
    Place   = (Size == SIZE_4KB) ? mState : Reads;
    Status  = Read (Place % (mSize / Size) * Size, Size);
    if (EFI_ERROR (Status)) {
      return Status;
    }

    Taken = Count () - Begin;
  }

  Nanoseconds = Taken * 1000 / (mFrequency / 1000000);
  Tell (Row, (Size == SIZE_4KB) ? Nanoseconds / Reads : Reads * Size * 1000000 / Nanoseconds);
  return EFI_SUCCESS;
}

/**
  Find the file, and how many counts the processor makes in a second.

  @param[in] Image  This application.

  @return  Status of what failed first.
**/
STATIC
EFI_STATUS
Open (
  IN EFI_HANDLE  Image
  )
{
  EFI_LOADED_IMAGE_PROTOCOL        *Loaded;
  EFI_SIMPLE_FILE_SYSTEM_PROTOCOL  *Volume;
  EFI_FILE_PROTOCOL                *Root;
  EFI_STATUS                       Status;
  UINT64                           Begin;

  Status = mSystem->BootServices->HandleProtocol (Image, &mImage, (VOID **)&Loaded);
  if (!EFI_ERROR (Status)) {
    Status = mSystem->BootServices->HandleProtocol (Loaded->DeviceHandle, &mVolume, (VOID **)&Volume);
  }

  if (!EFI_ERROR (Status)) {
    Status = Volume->OpenVolume (Volume, &Root);
  }

  if (!EFI_ERROR (Status)) {
    Status = Root->Open (Root, &mFile, mPath, EFI_FILE_MODE_READ, 0);
  }

  if (!EFI_ERROR (Status)) {
    // This position is the end.
    Status = mFile->SetPosition (mFile, MAX_UINT64);
  }

  if (!EFI_ERROR (Status)) {
    Status = mFile->GetPosition (mFile, &mSize);
  }

  Begin = Count ();
  mSystem->BootServices->Stall (CALIBRATION);
  mFrequency = (Count () - Begin) * 1000000 / CALIBRATION;
  return (!EFI_ERROR (Status) && (mSize < sizeof (mBuffer))) ? EFI_END_OF_FILE : Status;
}

EFI_STATUS
EFIAPI
Main (
  IN EFI_HANDLE        Image,
  IN EFI_SYSTEM_TABLE  *System
  )
{
  EFI_STATUS  Status;

  mSystem = System;
  System->BootServices->SetWatchdogTimer (0, 0, 0, NULL);
  Status = Open (Image);
  while (!EFI_ERROR (Status)) {
    Status = Sample ("disk-4k-random", SIZE_4KB);
    if (!EFI_ERROR (Status)) {
      Status = Sample ("disk-1m-sequential", SIZE_1MB);
    }
  }

  Tell ("failed", Status);
  return Status;
}
