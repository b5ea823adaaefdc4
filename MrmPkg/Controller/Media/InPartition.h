/** @file
  Served disks in GPT partitions of drives that stay with the PC's firmware.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_IN_PARTITION_H_
#define MRM_IN_PARTITION_H_

#include "Media/Storage.h"
#include <MrmPlan.h>

/**
  Find a GPT partition, and take it from the PC's file systems; with gMachine.VerifyOnly it is only judged.

  @param[in]  Name     Its PARTUUID in small letters, or its label.
  @param[in]  Mode     What may be done with it.
  @param[out] Storage  Receives it.
  @param[out] Words    MRM_STORAGE_WORDS bytes: receives why it cannot be had.

  @retval EFI_SUCCESS  Done.
  @return Other        Words says why not.
**/
EFI_STATUS
OpenGptStorage (
  IN  CONST CHAR16   *Name,
  IN  MRM_DISK_MODE  Mode,
  OUT MRM_STORAGE    *Storage,
  OUT CHAR8          *Words
  );

#endif
