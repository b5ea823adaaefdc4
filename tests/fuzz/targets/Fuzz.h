/** @file
  What the fuzz targets share: reading the fuzzer's input piece by piece, copies that end where
  they end, and checks.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef FUZZ_H_
#define FUZZ_H_

#include <Uefi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef FUZZ_PLANT
  #include <sanitizer/asan_interface.h>
#endif

///
/// Input that has not been used yet.
///
typedef struct {
  CONST UINT8    *Data;
  UINTN          Size;
} FUZZ;

#define FUZZ_CHECK(Expression)                                               \
  do {                                                                       \
    if (!(Expression)) {                                                     \
      fprintf (stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #Expression); \
      abort ();                                                              \
    }                                                                        \
  } while (0)

int
LLVMFuzzerTestOneInput (
  CONST UINT8  *Data,
  size_t       Size
  );

/**
  Copy bytes to memory that nothing can be read or written behind: the sanitizer sees it.
  With FUZZ_PLANT only half of it is there, which every target must find.  The other half stays allocated, and is
  forbidden: else what lies there would depend on inputs before.

  @param[in] Bytes  What to copy.
  @param[in] Size   Bytes.

  @return  The copy, for free().
**/
static inline VOID *
FuzzExact (
  IN CONST VOID  *Bytes,
  IN UINTN       Size
  )
{
  VOID  *Copy;

  Copy = malloc (Size);
  FUZZ_CHECK (Copy != NULL);
  if (Size != 0) {
    memcpy (Copy, Bytes, Size);
  }

 #ifdef FUZZ_PLANT
  __asan_poison_memory_region ((UINT8 *)Copy + Size / 2, Size - Size / 2);
 #endif
  return Copy;
}

/**
  Take bytes of the input; zeros when it is used up.

  @param[in,out] Fuzz   The input.
  @param[out]    Bytes  Receives them.
  @param[in]     Size   How many.
**/
static inline VOID
FuzzTake (
  IN OUT FUZZ   *Fuzz,
  OUT    VOID   *Bytes,
  IN     UINTN  Size
  )
{
  UINTN  Count;

  Count = Size < Fuzz->Size ? Size : Fuzz->Size;
  memset (Bytes, 0, Size);
  if (Count != 0) {
    memcpy (Bytes, Fuzz->Data, Count);
  }

  Fuzz->Data += Count;
  Fuzz->Size -= Count;
}

/**
  Take a number of the input.

  @param[in,out] Fuzz   The input.
  @param[in]     Width  Bytes, at most 8.
**/
static inline UINT64
FuzzNumber (
  IN OUT FUZZ   *Fuzz,
  IN     UINTN  Width
  )
{
  UINT64  Number;

  Number = 0;
  FuzzTake (Fuzz, &Number, Width);
  return Number;
}

#endif
