/** @file
  Life of one partition as a state machine over copies of its mailbox.  Pure: no
  globals, no I/O, no clock; the controller carries out the action it returns.

  All times are milliseconds since the controller started.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_LIFECYCLE_LIB_H_
#define MRM_LIFECYCLE_LIB_H_

#include <MrmMailbox.h>
#include <MrmPlan.h>

typedef enum {
  MrmStateAbsent,        ///< not yet bound to the machine
  MrmStateRefused,       ///< a promise cannot be kept; never started
  MrmStateStarting,      ///< SIPI sent, no sign of life yet
  MrmStateFirmware,      ///< partition firmware runs
  MrmStateLoading,       ///< loader runs
  MrmStateRunning,       ///< OS runs
  MrmStateStopping,      ///< OS has been asked to shut down, and may do so
  MrmStateOff,           ///< not running, and nothing is wrong
  MrmStateFailed,        ///< not running: it failed, and its policy starts it no more
  MrmStateRestarting,    ///< about to be started again
  MrmStateMax
} MRM_STATE;

///
/// Why a partition is off, failed or restarting; what is wrong with one that runs.
///
typedef enum {
  MrmCauseNone,
  MrmCauseShutdown,      ///< its OS, loader or firmware switched it off
  MrmCauseColdReset,
  MrmCauseWarmReset,
  MrmCauseReported,      ///< its firmware said why in MRM_MAILBOX.Text
  MrmCauseMailbox,       ///< its mailbox was overwritten before an OS ran
  MrmCauseSilence,       ///< no sign of life from its firmware or loader
  MrmCauseWatchdog,      ///< its OS let its watchdog run out
  MrmCausePanic,         ///< its OS has panicked
  MrmCauseBuild,         ///< its memory cannot hold what it starts with
  MrmCauseDevice,        ///< a device did not come back from its reset
  MrmCauseProcessor,     ///< a processor does not answer that it has stopped
  MrmCauseOrder,         ///< somebody who may has asked for it
  MrmCauseOverdue,       ///< asked to shut down, its OS did not in time
  MrmCauseResetEntry,    ///< its OS has restarted through the BIOS reset entry
  MrmCauseGuard,         ///< its guard ended it: it reached for what is not its own
  MrmCauseResetPort,     ///< guarded: it asked the chipset for a reset of the PC
  MrmCauseUnheard,       ///< running: its OS has stopped reading its temperature
  MrmCauseMax
} MRM_CAUSE;

typedef enum {
  MrmActionNone,
  MrmActionReport,       ///< state changed: tell the operator
  MrmActionStop          ///< state changed: reclaim the partition, tell the operator
} MRM_ACTION;

typedef enum {
  MrmVerbStart,
  MrmVerbStop,
  MrmVerbRestart,
  MrmVerbNmi,
  MrmVerbMax
} MRM_VERB;

///
/// An OS that has run this long has started well: failures in a row begin anew.
///
#define MRM_SETTLED_MILLISECONDS  60000

///
/// How long an OS that has panicked may still write messages and dumps, and reset itself.
///
#define MRM_PANIC_MILLISECONDS  5000

///
/// An OS that has read its temperature within this time can be asked to shut down.  Linux reads once a second, as the
/// DSDT says, FreeBSD every ten.
///
#define MRM_LISTENS_MILLISECONDS  15000

///
/// An OS that has read its temperature and then has not for this time sleeps or is stuck: the operator is told.  Longer
/// than the time above, for one that is only slow would be told of again and again.
///
#define MRM_UNHEARD_MILLISECONDS  20000

///
/// After how many readings of a fatal temperature, and how long, it is normal again: an OS has understood by then, and
/// would go on about it on all its terminals.  FreeBSD wants to see it three times in a row; programs that show
/// temperatures may read in between.
///
#define MRM_FATAL_READINGS      4
#define MRM_FATAL_MILLISECONDS  5000

///
/// The longest wait before a restart, unless the policy's first one is longer.
///
#define MRM_BACK_OFF_MAXIMUM  300000

typedef struct {
  MRM_STATE     State;
  MRM_CAUSE     Cause;              ///< that led to State
  EFI_STATUS    Status;             ///< that came with the cause
  MRM_PHASE     Phase;              ///< furthest phase seen since the last start
  UINT64        Since;              ///< when State was entered
  UINT32        Starts;             ///< times started
  UINT32        Failures;           ///< times failed
  UINT32        FailuresInRow;      ///< since an OS last ran for MRM_SETTLED_MILLISECONDS
  BOOLEAN       StartWanted;        ///< it is to be started when due
  BOOLEAN       StartTimed;         ///< StartAt counts: it waits for no other partition
  UINT64        StartAt;
  UINT64        SignOfLife;         ///< last change of phase or heartbeat
  UINT32        Heartbeat;          ///< as last seen
  BOOLEAN       WatchdogArmed;      ///< the OS's watchdog runs
  UINT64        WatchdogFed;        ///< when it was armed or last pinged
  UINT32        WatchdogRemaining;  ///< for MRM_WATCHDOG.Remaining
  BOOLEAN       Panicked;           ///< its OS has told a panic
  UINT64        PanickedAt;         ///< when that was seen
  BOOLEAN       Listens;            ///< its OS has read its temperature since the last start
  UINT32        Readings;           ///< MRM_THERMAL.Readings as last seen
  UINT64        ReadAt;             ///< when that last changed
  UINT32        Temperature;        ///< for MRM_THERMAL.Temperature
  MRM_VERB      Asked;              ///< MrmStateStopping: what was ordered, MrmVerbStop or MrmVerbRestart
  UINT64        AskedUntil;         ///< MrmStateStopping: when its time is over
  UINT32        AskedReadings;      ///< MrmStateStopping: Readings when it was asked
} MRM_LIFECYCLE;

/**
  TRUE while a partition has processors at work.

  @param[in] Lifecycle  State of the partition.
**/
BOOLEAN
EFIAPI
MrmLifecycleIsLive (
  IN CONST MRM_LIFECYCLE  *Lifecycle
  );

/**
  Record that a partition is bound to the machine: it is off, and wants to be started if
  its policy says so.

  @param[in,out] Lifecycle  State of the partition: becomes MrmStateOff.
  @param[in]     Policy     Its policy.
  @param[in]     Now        Milliseconds.
**/
VOID
EFIAPI
MrmLifecycleBound (
  IN OUT MRM_LIFECYCLE          *Lifecycle,
  IN     CONST MRM_PLAN_POLICY  *Policy,
  IN     UINT64                 Now
  );

/**
  Say whether a partition is to be started now.

  @param[in,out] Lifecycle  State of the partition; when its first start no longer waits for
                            others, its delay begins.
  @param[in]     Policy     Its policy.
  @param[in]     Others     TRUE when all partitions it comes after run.
  @param[in]     Now        Milliseconds.
**/
BOOLEAN
EFIAPI
MrmLifecycleIsDue (
  IN OUT MRM_LIFECYCLE          *Lifecycle,
  IN     CONST MRM_PLAN_POLICY  *Policy,
  IN     BOOLEAN                Others,
  IN     UINT64                 Now
  );

/**
  Record that a partition is started with a fresh mailbox.

  @param[in,out] Lifecycle  State of the partition: becomes MrmStateStarting at its first start,
                            MrmStateRestarting later; Starts is counted.
  @param[in]     Now        Milliseconds.
**/
VOID
EFIAPI
MrmLifecycleStart (
  IN OUT MRM_LIFECYCLE  *Lifecycle,
  IN     UINT64         Now
  );

/**
  Record a failure that only the controller sees, such as MrmCauseBuild.

  @param[in,out] Lifecycle  State of the partition: restarting or failed after.
  @param[in]     Policy     Its policy.
  @param[in]     Cause      The cause.
  @param[in]     Status     What came with it.
  @param[in]     Now        Milliseconds.
**/
VOID
EFIAPI
MrmLifecycleFail (
  IN OUT MRM_LIFECYCLE          *Lifecycle,
  IN     CONST MRM_PLAN_POLICY  *Policy,
  IN     MRM_CAUSE              Cause,
  IN     EFI_STATUS             Status,
  IN     UINT64                 Now
  );

/**
  Record that the OS of a partition restarts, as seen elsewhere than in its mailbox.  If it has told a panic, that is
  why.

  @param[in,out] Lifecycle  State of the partition; advanced if it is live.
  @param[in]     Policy     Its policy.
  @param[in]     Cause      Where it was seen.
  @param[in]     Now        Milliseconds.

  @return What the controller must do now: MrmActionStop, or MrmActionNone if it is not live.
**/
MRM_ACTION
EFIAPI
MrmLifecycleReset (
  IN OUT MRM_LIFECYCLE          *Lifecycle,
  IN     CONST MRM_PLAN_POLICY  *Policy,
  IN     MRM_CAUSE              Cause,
  IN     UINT64                 Now
  );

/**
  Judge a copy of the mailbox and advance the state.

  A damaged mailbox (signature, version, phase or request out of range, phase going
  back) of a partition that has not reached MrmPhaseRunning is a failure; of a running
  one it is ignored: the page is memory of the OS's machine and the OS keeps running.
  A partition that is not live has no mailbox to judge: nothing happens.

  @param[in,out] Lifecycle  State of the partition; advanced.
  @param[in]     Policy     Its policy.
  @param[in]     Snapshot   Copy of the mailbox; not trusted.
  @param[in]     Now        Milliseconds.

  @return What the controller must do now.
**/
MRM_ACTION
EFIAPI
MrmLifecycleStep (
  IN OUT MRM_LIFECYCLE          *Lifecycle,
  IN     CONST MRM_PLAN_POLICY  *Policy,
  IN     CONST MRM_MAILBOX      *Snapshot,
  IN     UINT64                 Now
  );

/**
  Carry out an order of somebody who may give it.

  An OS that listens is asked to shut down before a stop or restart: MrmStateStopping until it has ended, whatever
  way, or its time is over; then follows what was ordered, whatever its policy says.  Ordered again meanwhile, the
  last one counts, and the time goes on.

  @param[in,out] Lifecycle  State of the partition.
  @param[in]     Policy     Its policy.
  @param[in]     Verb       What is ordered.
  @param[in]     AtOnce     Stop, restart: TRUE if its OS is not to be asked.
  @param[in]     Now        Milliseconds.
  @param[out]    Action     What the controller must do now; for MrmVerbNmi nothing of this
                            library's: success says that the NMI may be sent.

  @retval RETURN_SUCCESS          It is or will be done.
  @retval RETURN_ALREADY_STARTED  Start: it runs.
  @retval RETURN_NOT_STARTED      Stop, NMI: it does not run.
  @retval RETURN_UNSUPPORTED      It was refused.
**/
RETURN_STATUS
EFIAPI
MrmLifecycleOrder (
  IN OUT MRM_LIFECYCLE          *Lifecycle,
  IN     CONST MRM_PLAN_POLICY  *Policy,
  IN     MRM_VERB               Verb,
  IN     BOOLEAN                AtOnce,
  IN     UINT64                 Now,
  OUT    MRM_ACTION             *Action
  );

/**
  What a partition that was given up for another plan is ordered, if that has a partition of its name.

  @param[in] Lifecycle  Its life when it was given up.
  @param[in] Ended      It ran, and was asked to shut down for the other plan.
  @param[in] Stopped    Somebody has ordered to stop it since.

  @retval MrmVerbStart  It ran, or was about to start again.
  @retval MrmVerbStop   The last order counts, whatever its policy says of the first start.
  @retval MrmVerbMax    Nothing: it starts by its policy.
**/
MRM_VERB
EFIAPI
MrmLifecycleAnew (
  IN CONST MRM_LIFECYCLE  *Lifecycle,
  IN BOOLEAN              Ended,
  IN BOOLEAN              Stopped
  );


/**
  TRUE if nothing runs any more, nothing is about to, and something did.

  @param[in] Lifecycles  State of each partition.
  @param[in] Count       Their number.
**/
BOOLEAN
EFIAPI
MrmLifecycleAllOff (
  IN CONST MRM_LIFECYCLE  *CONST  *Lifecycles,
  IN UINTN                Count
  );

/**
  Prepare a mailbox for a start: signature, version, a watchdog that is set to 30 s and does
  not run, no panic, a normal temperature, everything else zero.

  @param[out] Mailbox  The mailbox; nothing of the partition runs.
  @param[in]  Fired    TRUE if its watchdog is the cause of this start.
**/
VOID
EFIAPI
MrmMailboxInitialize (
  OUT MRM_MAILBOX  *Mailbox,
  IN  BOOLEAN      Fired
  );

/**
  Copy the failure text of a mailbox as printable, zero-terminated ASCII: bytes
  outside 0x20..0x7E become '?', TextLength is not trusted.

  @param[in]  Snapshot  Copy of the mailbox.
  @param[out] Text      Receives the text.
  @param[in]  Size      Bytes in Text, at least 1.
**/
VOID
EFIAPI
MrmMailboxText (
  IN  CONST MRM_MAILBOX  *Snapshot,
  OUT CHAR8              *Text,
  IN  UINTN              Size
  );

/**
  Name of a state for people, e.g. "running"; "unknown" when out of range.

  @param[in] State  The state.
**/
CONST CHAR8 *
EFIAPI
MrmStateName (
  IN MRM_STATE  State
  );

/**
  A cause in words, e.g. "cold reset"; "" for none and for what another text tells.

  @param[in] Cause  The cause.
**/
CONST CHAR8 *
EFIAPI
MrmCauseText (
  IN MRM_CAUSE  Cause
  );

///
/// How long a kernel may keep others from booting; an OS that calls no variable service keeps them as long.
///
#define MRM_TURN_MILLISECONDS  3000

///
/// What matters of a partition for the turns of booting kernels.
///
typedef struct {
  BOOLEAN    Live;
  UINT32     Starts;       ///< times started: tells one life from the next
  BOOLEAN    Waits;        ///< it asks for a turn and has not been granted one in this life
  BOOLEAN    Over;         ///< its kernel needs none any more
} MRM_TURN_FACTS;

///
/// Whose turn it is; zero at first.
///
typedef struct {
  BOOLEAN    Taken;        ///< by Holder in its life number Starts
  UINTN      Holder;
  UINT32     Starts;
  UINT64     Since;        ///< milliseconds
} MRM_TURNS;

/**
  Keep whose turn it is, while the partitions get other numbers: two kernels must not have a turn at a time.

  @param[in,out] Turns    Whose turn it is; nobody's when the holder is gone.
  @param[in]     Numbers  For each number a partition has had: its new one, or one not below MRM_MAX_PARTITIONS when it
                          is gone.
  @param[in]     Count    How many there are.
**/
VOID
EFIAPI
MrmTurnRenumber (
  IN OUT MRM_TURNS     *Turns,
  IN     CONST UINT32  *Numbers,
  IN     UINTN         Count
  );

/**
  Say which partition's kernel may boot now: one at a time, in the order of the plan.

  @param[in,out] Turns  Whose turn it is.
  @param[in]     Facts  Of each partition; what a mailbox says is not trusted and can at most change the order.
  @param[in]     Count  Their number.
  @param[in]     Now    Milliseconds.
  @param[out]    Next   Receives the index of the partition to be granted a turn.

  @retval TRUE   Next is to be granted one.
  @retval FALSE  Nobody is.
**/
BOOLEAN
EFIAPI
MrmTurnNext (
  IN OUT MRM_TURNS             *Turns,
  IN     CONST MRM_TURN_FACTS  *Facts,
  IN     UINTN                 Count,
  IN     UINT64                Now,
  OUT    UINTN                 *Next
  );

#endif
