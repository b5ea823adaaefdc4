/** @file
  Builds ACPI tables of facts and judges them.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef ACPI_H_
#define ACPI_H_

#include "Fuzz.h"
#include <Library/MrmAcpiLib.h>

#define ADDRESS  0x7F000000ULL

/**
  The sum of bytes must be zero.

  @param[in] Bytes  The bytes.
  @param[in] Size   Their number.
**/
static inline VOID
CheckSum (
  IN CONST UINT8  *Bytes,
  IN UINTN        Size
  )
{
  UINT8  Sum;
  UINTN  Index;

  Sum = 0;
  for (Index = 0; Index < Size; Index++) {
    Sum = (UINT8)(Sum + Bytes[Index]);
  }

  FUZZ_CHECK (Sum == 0);
}

/**
  A table must lie in the buffer, with a sum of zero.

  @param[in] Buffer   The buffer.
  @param[in] Size     Bytes of it.
  @param[in] Pointer  Where the physical address of the table is.

  @return  The table.
**/
static inline CONST UINT8 *
CheckTable (
  IN CONST UINT8  *Buffer,
  IN UINTN        Size,
  IN CONST UINT8  *Pointer
  )
{
  UINT64  Address;
  UINT32  Length;

  memcpy (&Address, Pointer, sizeof (Address));
  FUZZ_CHECK (Address >= ADDRESS && Address - ADDRESS + 36 <= Size);
  memcpy (&Length, Buffer + (Address - ADDRESS) + 4, sizeof (Length));
  FUZZ_CHECK (Length >= 36 && Length <= Size - (Address - ADDRESS));
  CheckSum (Buffer + (Address - ADDRESS), Length);
  return Buffer + (Address - ADDRESS);
}

/**
  Build the tables; what is built must be sound.

  @param[in] Facts  The facts.

  @return  What MrmAcpiBuild() says.
**/
static inline RETURN_STATUS
BuildTables (
  IN CONST MRM_ACPI_FACTS  *Facts
  )
{
  UINTN          Size;
  UINT8          *Buffer;
  CONST UINT8    *Xsdt;
  UINT32         Length;
  UINTN          Offset;
  RETURN_STATUS  Status;

  Size   = MrmAcpiSize (Facts);
  Buffer = malloc (Size);
  FUZZ_CHECK (Buffer != NULL);
  Status = MrmAcpiBuild (Facts, ADDRESS, Buffer, Size);
  if (!RETURN_ERROR (Status)) {
    CheckSum (Buffer, 20);
    CheckSum (Buffer, 36);
    Xsdt = CheckTable (Buffer, Size, Buffer + 24);
    memcpy (&Length, Xsdt + 4, sizeof (Length));
    for (Offset = 36; Offset + 8 <= Length; Offset += 8) {
      CheckTable (Buffer, Size, Xsdt + Offset);
    }
  } else {
    FUZZ_CHECK (Status == RETURN_INVALID_PARAMETER || Status == RETURN_UNSUPPORTED);
  }

  free (Buffer);
  return Status;
}

#endif
