/** @file
  Control by UEFI variables: what an OS may ask for, and what it is told.  Pure: no globals, no I/O, no clock.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_CONTROL_LIB_H_
#define MRM_CONTROL_LIB_H_

#include <Library/MrmGuardCounts.h>
#include <Library/MrmIommuLib.h>
#include <Library/MrmLifecycleLib.h>
#include <Library/MrmLogLib.h>
#include <Library/MrmTalkLib.h>

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
/// What moved through a partition's channels since it was started: all its cards together, and all its disks.
///
typedef struct {
  UINT64    Packets;                     ///< frames that its cards were given
  UINT64    Bytes;                       ///< of these
  UINT64    Dropped;                     ///< frames for its cards that were not taken
  UINT64    Reads;                       ///< commands that its disks have done
  UINT64    Writes;
  UINT64    Errors;                      ///< of the media
} MRM_CHANNEL_COUNTS;

///
/// What is told of a partition.
///
typedef struct {
  CONST MRM_PLAN_PARTITION    *Plan;
  CONST MRM_LIFECYCLE         *Life;
  CONST CHAR8                 *Words;    ///< why it is in its state; may be empty
  UINT64                      Memory;    ///< bytes
  BOOLEAN                     Lasting;   ///< its variables are committed to the ESP; else they live until power-off
  CONST MRM_GUARD_COUNTS      *Exits;    ///< how often its processors left guest mode; NULL: it has no guard
  CONST MRM_IOMMU_COUNTS      *Denied;   ///< what its PCI functions were denied; NULL: nothing confines them
  UINTN                       Cards;     ///< how many it has
  UINTN                       Disks;     ///< how many it is served
  MRM_CHANNEL_COUNTS          Moved;
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

  @param[in]  Request     The request; not trusted.
  @param[in]  Longest     Bytes that are taken.
  @param[out] Result      Receives "refused: " and what is wrong; untouched when nothing is.
  @param[in]  ResultSize  Bytes at Result.

  @retval TRUE   Its form is right.
  @retval FALSE  It is not.
**/
BOOLEAN
EFIAPI
MrmRequestIsWellFormed (
  IN  CONST MRM_AREA_REQUEST  *Request,
  IN  UINT32                  Longest,
  OUT CHAR8                   *Result,
  IN  UINTN                   ResultSize
  );

/**
  TRUE if a partition's OS may give an order: the plan permits it, or it is for the partition itself and its OS could
  bring it about without asking.  That is an NMI (a panic), a restart unless its policy is never (a reset), a stop unless
  its policy is always (power-off); a start changes nothing, for it runs.

  @param[in] Policy  Policy of the partition that gives it.
  @param[in] Asker   Index of that partition.
  @param[in] Order   The order.
**/
BOOLEAN
EFIAPI
MrmOrderIsPermitted (
  IN CONST MRM_PLAN_POLICY  *Policy,
  IN UINT32                 Asker,
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

#endif
