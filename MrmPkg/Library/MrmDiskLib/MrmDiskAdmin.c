/** @file
  Administrative commands (NVMe 5), but for those with data and those about queues.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#include "MrmDiskInternal.h"

///
/// Features (NVMe 5.21.1).
///
#define FEATURE_ARBITRATION   0x01
#define FEATURE_POWER         0x02
#define FEATURE_TEMPERATURE   0x04
#define FEATURE_RECOVERY      0x05
#define FEATURE_CACHE         0x06
#define FEATURE_QUEUES        0x07
#define FEATURE_COALESCING    0x08
#define FEATURE_VECTOR        0x09
#define FEATURE_ATOMICITY     0x0A
#define FEATURE_EVENTS        0x0B

#define SET_SAVE              BIT31            ///< command dword 10
#define GET_SELECT            0x700
#define POWER_STATE           0x1F
#define TEMPERATURE_SENSOR    0xF0000
#define TEMPERATURE_LOW       BIT20
#define TEMPERATURE           0xFFFF
#define RECOVERY_DEALLOCATED  BIT16
#define CACHE_ENABLED         BIT0
#define VECTOR_ALONE          BIT16            ///< no coalescing for this one

///
/// Queues there are, less one: of completion, and of submission.
///
#define QUEUES                (((MRM_DISK_QUEUES - 1) << 16) | (MRM_DISK_QUEUES - 1))

#define NOT_ABORTED           1                ///< what Abort returns: it was too late

/**
  TRUE if there is a queue for reading and writing.

  @param[in] Disk  The disk.
**/
STATIC
BOOLEAN
HasQueues (
  IN CONST MRM_DISK  *Disk
  )
{
  UINTN  Index;

  for (Index = 1; Index <= MRM_DISK_QUEUES; Index++) {
    if (Disk->Submission[Index].Live || Disk->Completion[Index].Live) {
      return TRUE;
    }
  }

  return FALSE;
}

/**
  Set the temperature a system wants to be told of: there is no thermometer.

  @param[in,out] Disk   The disk.
  @param[in]     Value  What it wants.

  @return  The command's status.
**/
STATIC
UINT16
SetTemperature (
  IN OUT MRM_DISK  *Disk,
  IN     UINT32    Value
  )
{
  if ((Value & TEMPERATURE_SENSOR) != 0) {
    return STATUS_FIELD;
  }

  if ((Value & TEMPERATURE_LOW) != 0) {
    Disk->LowTemperature = Value & TEMPERATURE;
  } else {
    Disk->Features[FEATURE_TEMPERATURE] = Value & TEMPERATURE;
  }

  return STATUS_SUCCESS;
}

/**
  Set a feature.

  @param[in,out] Disk     The disk.
  @param[in]     Feature  Which.
  @param[in]     Value    What it is to be; of FEATURE_VECTOR, a vector that there is.
  @param[out]    Result   Receives what the command returns.

  @return  Its status.
**/
STATIC
UINT16
SetFeature (
  IN OUT MRM_DISK  *Disk,
  IN     UINT32    Feature,
  IN     UINT32    Value,
  OUT    UINT32    *Result
  )
{
  UINT32  Vector;

  Vector = Value & MAX_UINT16;
  switch (Feature) {
    case FEATURE_POWER:
      return ((Value & POWER_STATE) == 0) ? STATUS_SUCCESS : STATUS_FIELD;
    case FEATURE_TEMPERATURE:
      return SetTemperature (Disk, Value);
    case FEATURE_CACHE:
      if (!Disk->Medium->Cached || Disk->ReadOnly) {
        return STATUS_FIELD;
      }

      Disk->WriteThrough = (Value & CACHE_ENABLED) == 0;
      return STATUS_SUCCESS;
    case FEATURE_QUEUES:
      *Result = QUEUES;
      return HasQueues (Disk) ? STATUS_SEQUENCE : STATUS_SUCCESS;
    case FEATURE_VECTOR:
      Disk->Features[Feature] &= ~(1U << Vector);
      Disk->Features[Feature] |= ((Value & VECTOR_ALONE) != 0) ? (1U << Vector) : 0;
      return STATUS_SUCCESS;
    case FEATURE_RECOVERY:
    case FEATURE_ARBITRATION:
    case FEATURE_COALESCING:
    case FEATURE_ATOMICITY:
    case FEATURE_EVENTS:
      if ((Feature == FEATURE_RECOVERY) && ((Value & RECOVERY_DEALLOCATED) != 0)) {
        return STATUS_FIELD;
      }

      // Other values are remembered, and change nothing.
      Disk->Features[Feature] = Value;
      return STATUS_SUCCESS;
    default:
      return STATUS_FIELD;
  }
}

/**
  Get a feature.

  @param[in]  Disk     The disk.
  @param[in]  Feature  Which.
  @param[in]  Value    Which part of it; of FEATURE_VECTOR, a vector that there is.
  @param[out] Result   Receives what the command returns.

  @return  Its status.
**/
STATIC
UINT16
GetFeature (
  IN  CONST MRM_DISK  *Disk,
  IN  UINT32          Feature,
  IN  UINT32          Value,
  OUT UINT32          *Result
  )
{
  UINT32  Vector;

  Vector = Value & MAX_UINT16;
  switch (Feature) {
    case FEATURE_TEMPERATURE:
      *Result = ((Value & TEMPERATURE_LOW) != 0) ? Disk->LowTemperature : Disk->Features[Feature];
      return ((Value & TEMPERATURE_SENSOR) == 0) ? STATUS_SUCCESS : STATUS_FIELD;
    case FEATURE_CACHE:
      *Result = Disk->WriteThrough ? 0 : CACHE_ENABLED;
      return (Disk->Medium->Cached && !Disk->ReadOnly) ? STATUS_SUCCESS : STATUS_FIELD;
    case FEATURE_QUEUES:
      *Result = QUEUES;
      return STATUS_SUCCESS;
    case FEATURE_VECTOR:
      *Result = Vector | (((Disk->Features[Feature] & (1U << Vector)) != 0) ? VECTOR_ALONE : 0);
      return STATUS_SUCCESS;
    case FEATURE_POWER:
    case FEATURE_RECOVERY:
    case FEATURE_ARBITRATION:
    case FEATURE_COALESCING:
    case FEATURE_ATOMICITY:
    case FEATURE_EVENTS:
      *Result = Disk->Features[Feature];
      return STATUS_SUCCESS;
    default:
      return STATUS_FIELD;
  }
}

/**
  Carry out Set Features or Get Features.

  @param[in,out] Disk     The disk.
  @param[in]     Command  A copy of the command.
  @param[out]    Result   Receives what it returns.

  @return  Its status.
**/
STATIC
UINT16
FeatureCommand (
  IN OUT MRM_DISK       *Disk,
  IN     CONST COMMAND  *Command,
  OUT    UINT32         *Result
  )
{
  BOOLEAN  Set;
  UINT32   Feature;
  UINT32   Value;

  Set     = Command->Opcode == OPCODE_SET_FEATURES;
  Feature = DWORD (Command, 10) & MAX_UINT8;
  Value   = DWORD (Command, 11);
  if ((DWORD (Command, 10) & (Set ? SET_SAVE : GET_SELECT)) != 0) {
    return Set ? STATUS_NOT_SAVEABLE : STATUS_FIELD;
  }

  if ((Feature == FEATURE_VECTOR) && ((Value & MAX_UINT16) >= MRM_DISK_VECTORS)) {
    return STATUS_FIELD;
  }

  return Set ? SetFeature (Disk, Feature, Value, Result) : GetFeature (Disk, Feature, Value, Result);
}

UINT16
MrmDiskAdminCommand (
  IN OUT MRM_DISK       *Disk,
  IN     CONST COMMAND  *Command,
  OUT    UINT32         *Result
  )
{
  *Result = 0;
  if (Command->Flags != 0) {
    return STATUS_FIELD;
  }

  switch (Command->Opcode) {
    case OPCODE_CREATE_COMPLETION:
    case OPCODE_CREATE_SUBMISSION:
    case OPCODE_DELETE_COMPLETION:
    case OPCODE_DELETE_SUBMISSION:
      return MrmDiskQueueCommand (Disk, Command);
    case OPCODE_IDENTIFY:
      return MrmDiskIdentify (Disk, Command);
    case OPCODE_LOG_PAGE:
      return MrmDiskLogPage (Disk, Command);
    case OPCODE_SET_FEATURES:
    case OPCODE_GET_FEATURES:
      return FeatureCommand (Disk, Command, Result);
    case OPCODE_ABORT:
      *Result = NOT_ABORTED;
      return STATUS_SUCCESS;
    case OPCODE_EVENT_REQUEST:
      if (Disk->EventCount == MRM_DISK_EVENTS) {
        return STATUS_TOO_MANY_EVENTS;
      }

      Disk->Events[Disk->EventCount++] = Command->Id;
      return STATUS_LATER;
    default:
      return STATUS_OPCODE;
  }
}
