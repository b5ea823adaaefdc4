/** @file
  Control by UEFI variables: what an OS may ask for, what it is told, and where that lies
  in the control area.  Pure: no globals, no I/O, no clock.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROL_LIB_H_
#define MRM_CONTROL_LIB_H_

#include <Library/MrmLifecycleLib.h>
#include <Library/MrmLogLib.h>

///
/// Attributes of every variable of the controller (UEFI 2.10 section 8.2).
///
#define MRM_CONTROL_ATTRIBUTES  (EFI_VARIABLE_BOOTSERVICE_ACCESS | EFI_VARIABLE_RUNTIME_ACCESS)

typedef enum {
  MrmOrderPartition,       ///< Verb for partition Target
  MrmOrderPcReboot,
  MrmOrderPcPowerOff
} MRM_ORDER_KIND;

typedef struct {
  MRM_ORDER_KIND    Kind;
  MRM_VERB          Verb;
  UINT32            Target;       ///< index of the partition
  BOOLEAN           AtOnce;       ///< stop, restart, the PC's: no OS is asked to shut down before
} MRM_ORDER;

///
/// What is told of a partition.
///
typedef struct {
  CONST MRM_PLAN_PARTITION    *Plan;
  CONST MRM_LIFECYCLE         *Life;
  CONST CHAR8                 *Words;    ///< why it is in its state; may be empty
  UINT64                      Memory;    ///< bytes
} MRM_STATE_FACTS;

/**
  Understand a request.

    start NAME | stop NAME [now] | restart NAME [now] | nmi NAME | pc reboot [now] | pc power-off [now]

  Words are separated by blanks; zeros and white space at the end do not count.

  @param[in]  Bytes  The request; not trusted.
  @param[in]  Size   Bytes of it.
  @param[in]  Plan   The plan, with the partitions' names.
  @param[out] Order  Receives what is asked for.

  @retval RETURN_SUCCESS            Understood.
  @retval RETURN_NOT_FOUND          There is no partition of that name.
  @retval RETURN_INVALID_PARAMETER  Not a request.
**/
RETURN_STATUS
EFIAPI
MrmOrderParse (
  IN  CONST UINT8     *Bytes,
  IN  UINTN           Size,
  IN  CONST MRM_PLAN  *Plan,
  OUT MRM_ORDER       *Order
  );

/**
  Tell what is wrong with the form of a request, whatever it asks for.

  @param[in]  Size        Bytes of data that SetVariable() was given; not trusted.
  @param[in]  Attributes  Attributes it was given; not trusted.
  @param[in]  Longest     Bytes that are taken.
  @param[out] Result      Receives "refused: " and what is wrong; untouched when nothing is.
  @param[in]  ResultSize  Bytes at Result.

  @retval TRUE   Its form is right.
  @retval FALSE  It is not.
**/
BOOLEAN
EFIAPI
MrmRequestIsWellFormed (
  IN  UINT32  Size,
  IN  UINT32  Attributes,
  IN  UINT32  Longest,
  OUT CHAR8   *Result,
  IN  UINTN   ResultSize
  );

/**
  TRUE if the plan permits a partition's OS to give an order.

  @param[in] Policy  Policy of the partition that gives it.
  @param[in] Order   The order.
**/
BOOLEAN
EFIAPI
MrmOrderIsPermitted (
  IN CONST MRM_PLAN_POLICY  *Policy,
  IN CONST MRM_ORDER        *Order
  );

/**
  Tell the state of all partitions as JSON: one object, a line feed after it.

  @param[in]     Facts  What is known of each partition.
  @param[in]     Count  Their number.
  @param[in]     Now    Milliseconds.
  @param[in,out] Text   The text.
**/
VOID
EFIAPI
MrmStateRender (
  IN     CONST MRM_STATE_FACTS  *Facts,
  IN     UINTN                  Count,
  IN     UINT64                 Now,
  IN OUT MRM_TEXT               *Text
  );

/**
  Begin a control area without items.

  @param[out] Area  MRM_CONTROL_SIZE bytes, the controller's own; becomes zero but for RequestOffset.
**/
VOID
EFIAPI
MrmAreaBegin (
  OUT MRM_CONTROL_AREA  *Area
  );

/**
  Add an item.

  @param[in,out] Area      The area.
  @param[in]     Name      Name of the variable, shorter than MRM_CONTROL_NAME_SIZE.
  @param[in]     Data      Its data; may be NULL when Size is zero.
  @param[in]     Size      Bytes of it; zero for one that can only be written.
  @param[in]     Writable  Bytes that may be written to it, at most MRM_CONTROL_REQUEST_SIZE; 0 = it cannot.

  @retval RETURN_SUCCESS           Added.
  @retval RETURN_BUFFER_TOO_SMALL  There is no room for it; nothing was added.
**/
RETURN_STATUS
EFIAPI
MrmAreaAdd (
  IN OUT MRM_CONTROL_AREA  *Area,
  IN     CONST CHAR16      *Name,
  IN     CONST VOID        *Data,
  IN     UINTN             Size,
  IN     UINTN             Writable
  );

#endif
