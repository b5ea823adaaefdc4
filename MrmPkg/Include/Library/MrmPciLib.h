/** @file
  What is decided about PCI functions, from copies of their configuration space.
  Pure: no globals, no I/O.

  Sections cited: "PCI" is PCI Local Bus 3.0, "PCIe" is PCI Express Base 5.0, "bridge"
  is PCI-to-PCI Bridge Architecture 1.2, "power" is PCI Power Management 1.2.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_PCI_LIB_H_
#define MRM_PCI_LIB_H_

#include <Guid/MrmHandOff.h>

#define MRM_PCI_CONFIG_DWORDS  64   ///< configuration space without its extension: 256 bytes
#define MRM_PCI_MAX_WRITES     32   ///< more than MrmPciRestore() ever returns

#define MRM_PCI_READY_MICROSECONDS  100000   ///< after a reset until it can be configured (PCIe 6.6.1, 6.6.2)

///
/// What a function can do; capabilities as offsets, 0 = none.
///
typedef struct {
  BOOLEAN    Bridge;               ///< type 1 header
  UINT8      Bars;                 ///< base address registers; 0 of a header that is neither a function's nor a bridge's
  BOOLEAN    Port;                 ///< root port, or downstream port of a switch: what is behind can be given away
  UINT8      InterruptPin;         ///< 1 to 4; 0 = none
  UINT8      Msi;
  UINT8      MsiX;
  UINT8      Power;
  UINT8      Pcie;
  UINT8      AdvancedFeatures;
  UINT8      FixedAddresses;       ///< enhanced allocation: addresses beside its base address registers
  BOOLEAN    FunctionReset;        ///< function-level reset by its PCIe capability
  BOOLEAN    AdvancedReset;        ///< function-level reset by its advanced features capability
  BOOLEAN    PowerReset;           ///< reset on the way from D3hot to D0
} MRM_PCI_CAPABILITIES;

///
/// Ways to reset a function, in the order they are tried.
///
typedef enum {
  MrmPciResetNone,
  MrmPciResetBus,                  ///< secondary bus reset of the port: everything behind it
  MrmPciResetFunction,             ///< function-level reset (PCIe 6.6.2)
  MrmPciResetAdvanced,             ///< function-level reset of a conventional function
  MrmPciResetPower,                ///< D3hot and back
  MrmPciResetFailed                ///< nothing left to try
} MRM_PCI_RESET;

///
/// How far a function has come back after the reset of its bus; zero at first, but for Alone.
///
typedef struct {
  BOOLEAN          Alone;          ///< its bus, which others have, too, was not reset: it is reset by its own means
  MRM_PCI_RESET    Tried;          ///< way it was tried to reset
  UINT32           Waited;         ///< looks in a row at which it did not answer
  BOOLEAN          NotReset;       ///< no way has reset it
  BOOLEAN          Restored;       ///< its configuration was written
} MRM_PCI_BACK;

typedef enum {
  MrmPciBackGoesOn,                ///< after what is to be written, look again
  MrmPciBackDone,                  ///< it answers, with the configuration it had
  MrmPciBackSilent,                ///< it does not answer, or something else does
  MrmPciBackLost                   ///< it did not take its configuration back
} MRM_PCI_BACK_VERDICT;

///
/// What becomes of a function's interrupts in a partition, which has no interrupt lines.
///
typedef enum {
  MrmPciInterruptsNone,            ///< it has none
  MrmPciInterruptsMessage,         ///< MSI or MSI-X
  MrmPciInterruptsLine             ///< a line only, which is connected to nothing
} MRM_PCI_INTERRUPTS;

///
/// One write to configuration space.
///
typedef struct {
  UINT8     Offset;
  UINT8     Width;                 ///< bytes: 1, 2 or 4; 0 = nothing is written, only waited
  UINT32    Value;
  UINT32    Wait;                  ///< microseconds to wait after it
} MRM_PCI_WRITE;

///
/// What a base address register of a function decodes.
///
typedef struct {
  UINT64     Base;                 ///< first byte, or I/O port; 0: the PC's firmware gave it none
  UINT64     Size;                 ///< bytes, or ports
  BOOLEAN    Io;
} MRM_PCI_BAR;

#define MRM_PCI_BARS  6            ///< base address registers of a function at most

///
/// What can be given away: everything on some buses, or one function.
///
typedef struct {
  UINT16     Segment;
  UINT8      FirstBus;
  UINT8      LastBus;              ///< Alone: as FirstBus
  BOOLEAN    Alone;                ///< one function
  UINT8      Device;
  UINT8      Function;
} MRM_PCI_SHARE;

/**
  Judge whether two shares have a function in common.

  @param[in] One    One share.
  @param[in] Other  The other one.

  @retval TRUE  They do, or would if there were one.
**/
BOOLEAN
EFIAPI
MrmPciSharesMeet (
  IN CONST MRM_PCI_SHARE  *One,
  IN CONST MRM_PCI_SHARE  *Other
  );

/**
  Read the capabilities of a function.

  @param[in]  Config        Its configuration space, MRM_PCI_CONFIG_DWORDS; untrusted.
  @param[out] Capabilities  Receives them.
**/
VOID
EFIAPI
MrmPciCapabilities (
  IN  CONST UINT32          *Config,
  OUT MRM_PCI_CAPABILITIES  *Capabilities
  );

/**
  Judge how a function can interrupt.

  @param[in] Capabilities  Its capabilities.

  @return  The best way it has.
**/
MRM_PCI_INTERRUPTS
EFIAPI
MrmPciInterrupts (
  IN CONST MRM_PCI_CAPABILITIES  *Capabilities
  );

/**
  Read the windows a port forwards (bridge 3.2.5.6 to 3.2.5.10).  A window whose
  decoding is off, that begins at 0 or that an x86 processor cannot reach is closed.

  @param[in]     Config  Configuration space of the port, MRM_PCI_CONFIG_DWORDS.
  @param[in,out] Bus     Receives Memory, Prefetchable and Io.
**/
VOID
EFIAPI
MrmPciWindows (
  IN     CONST UINT32  *Config,
  IN OUT MRM_PCI_BUS   *Bus
  );

/**
  Describe what a root bridge forwards by two windows, as EDK2's drivers know them: the longest stretch below 4 GiB as
  memory that is not prefetchable, the longest above as prefetchable.  One that crosses 4 GiB ends there.

  @param[in]     Forwarded  Memory that the root bridge forwards.
  @param[in]     Count      How many stretches.
  @param[in]     Top        Where the first window ends at the latest: at most 4 GiB.
  @param[in,out] Bus        Receives Memory and Prefetchable; without such a stretch they are closed.
**/
VOID
EFIAPI
MrmPciRootWindows (
  IN     CONST MRM_RANGE  *Forwarded,
  IN     UINTN            Count,
  IN     UINT64           Top,
  IN OUT MRM_PCI_BUS      *Bus
  );

/**
  Judge whether a bridge forwards all memory of a port behind it, and close the port's I/O
  window where it does not.  Firmware gives ports of a switch I/O that the root port above
  them has none of; devices that interrupt by messages do without.

  @param[in]     Config  Configuration space of the bridge, MRM_PCI_CONFIG_DWORDS.
  @param[in,out] Bus     The port's windows, from MrmPciWindows(); receives Io.

  @retval TRUE   It does.
  @retval FALSE  Some memory that the port forwards does not reach it.
**/
BOOLEAN
EFIAPI
MrmPciForwards (
  IN     CONST UINT32  *Config,
  IN OUT MRM_PCI_BUS   *Bus
  );

/**
  Judge whether what the PC's firmware says of a function's base address registers is all that they hold.

  @param[in] Config  Its configuration space, MRM_PCI_CONFIG_DWORDS; a header of type 0.
  @param[in] Bars    What the firmware says, in any order; those without an address do not count.
  @param[in] Count   How many.

  @retval TRUE   Each register that holds an address is among Bars, and Bars has no other.
  @retval FALSE  They differ.
**/
BOOLEAN
EFIAPI
MrmPciIsAllOf (
  IN CONST UINT32       *Config,
  IN CONST MRM_PCI_BAR  *Bars,
  IN UINTN              Count
  );

/**
  The pages of memory that hold registers, or their I/O ports.

  @param[in]  Bar    What a base address register decodes.
  @param[out] Range  Receives first page and bytes, whole pages; or first port and ports.
**/
VOID
EFIAPI
MrmPciPages (
  IN  CONST MRM_PCI_BAR  *Bar,
  OUT MRM_RANGE          *Range
  );

/**
  Have the windows of a bus reach what a function decodes: I/O, memory below 4 GiB, or as prefetchable memory what lies
  above.  What lies between two of them is in the window, too.

  @param[in]     Bar  What it decodes.
  @param[in,out] Bus  Receives Memory, Prefetchable or Io.
**/
VOID
EFIAPI
MrmPciAddWindow (
  IN     CONST MRM_PCI_BAR  *Bar,
  IN OUT MRM_PCI_BUS        *Bus
  );

/**
  Say what the system that has a function by itself may write to its configuration space: what concerns that function
  only.  Base address registers and the expansion ROM are not among it.

  @param[in]  Capabilities  Its capabilities.
  @param[in]  Config        Its configuration space, MRM_PCI_CONFIG_DWORDS.
  @param[out] Open          Receives the bits of each register, MRM_PCI_CONFIG_DWORDS.
**/
VOID
EFIAPI
MrmPciOpen (
  IN  CONST MRM_PCI_CAPABILITIES  *Capabilities,
  IN  CONST UINT32                *Config,
  OUT UINT32                      *Open
  );

/**
  Say where a function has its MSI-X table (PCI 6.8.2).

  @param[in]  Capabilities  Its capabilities.
  @param[in]  Config        Its configuration space, MRM_PCI_CONFIG_DWORDS; untrusted.
  @param[out] Address       Receives where it is.
  @param[out] Count         Receives how many messages it has, of 16 bytes each: 2048 at most.

  @retval FALSE  It has none, or none in memory with an address.
**/
BOOLEAN
EFIAPI
MrmPciMessageTable (
  IN  CONST MRM_PCI_CAPABILITIES  *Capabilities,
  IN  CONST UINT32                *Config,
  OUT UINT64                      *Address,
  OUT UINT32                      *Count
  );

/**
  Say where a function has the address and the data of its MSI messages (PCI 6.8.1).

  @param[in]  Capabilities  Its capabilities.
  @param[in]  Config        Its configuration space, MRM_PCI_CONFIG_DWORDS; untrusted.
  @param[out] Offset        Receives the register with the address; the data follows.
  @param[out] Wide          Receives whether the address has two dwords.

  @retval FALSE  It has none.
**/
BOOLEAN
EFIAPI
MrmPciMessageRegisters (
  IN  CONST MRM_PCI_CAPABILITIES  *Capabilities,
  IN  CONST UINT32                *Config,
  OUT UINT32                      *Offset,
  OUT BOOLEAN                     *Wide
  );

/**
  Say where a function has the size of its payloads.  A function-level reset leaves it, and one on the way from D3hot
  does not (PCIe 6.6.2, power 5.4.1): who resets a function that way has to write it again.

  @param[in]  Capabilities  Its capabilities.
  @param[out] Bits          Receives the bits that are the size.

  @return  Number of the dword; 0 when it has none.
**/
UINTN
EFIAPI
MrmPciPayload (
  IN  CONST MRM_PCI_CAPABILITIES  *Capabilities,
  OUT UINT32                      *Bits
  );

/**
  Make the configuration space of a function 0 that stands in for one that a system does not have: systems look for
  other functions of a device only where there is a function 0 (PCI 3.2.2.3.4).  It has no registers, and an ID and a
  class that no driver knows.

  @param[out] Config  Receives MRM_PCI_CONFIG_DWORDS.
**/
VOID
EFIAPI
MrmPciStandIn (
  OUT UINT32  *Config
  );

/**
  Where the first base address register of a function points to (PCI 6.2.5.1).

  @param[in]  Config  Its configuration space, MRM_PCI_CONFIG_DWORDS.
  @param[out] Io      Receives TRUE for I/O space, FALSE for memory.

  @return  The address; 0 when it has none.
**/
UINT64
EFIAPI
MrmPciFirstBar (
  IN  CONST UINT32  *Config,
  OUT BOOLEAN       *Io
  );

/**
  The way to reset a function that is tried next.

  @param[in] Capabilities  Its capabilities.
  @param[in] Tried         The last way tried, in vain; MrmPciResetNone at first.

  @return  The next way; MrmPciResetFailed when none is left.
**/
MRM_PCI_RESET
EFIAPI
MrmPciNextReset (
  IN CONST MRM_PCI_CAPABILITIES  *Capabilities,
  IN MRM_PCI_RESET               Tried
  );

/**
  What to write to reset a function.

  @param[in]  Capabilities  Its capabilities.
  @param[in]  Reset         The way: MrmPciResetFunction, -Advanced or -Power, as it can.
  @param[in]  Now           Its configuration space as it is, MRM_PCI_CONFIG_DWORDS; bus mastering is off.
  @param[out] Writes        Receives at most MRM_PCI_MAX_WRITES writes, to be made in this order.

  @return  Their number.
**/
UINTN
EFIAPI
MrmPciResetWrites (
  IN  CONST MRM_PCI_CAPABILITIES  *Capabilities,
  IN  MRM_PCI_RESET               Reset,
  IN  CONST UINT32                *Now,
  OUT MRM_PCI_WRITE               *Writes
  );

/**
  Judge whether a function was reset: its address registers, or the bus numbers of a
  bridge, went back to zero.  A function without either is taken as reset.

  @param[in] Capabilities  Its capabilities.
  @param[in] Saved         Its configuration space before, MRM_PCI_CONFIG_DWORDS.
  @param[in] Now           The same after the reset, before anything was written.

  @retval TRUE   It was.
  @retval FALSE  It still has what it had.
**/
BOOLEAN
EFIAPI
MrmPciWasReset (
  IN CONST MRM_PCI_CAPABILITIES  *Capabilities,
  IN CONST UINT32                *Saved,
  IN CONST UINT32                *Now
  );

/**
  What to write to give a function its configuration back.  Decoding, bus mastering and
  message interrupts are off after it, but for a bridge, which forwards as it did; the
  interrupt line names no interrupt.

  @param[in]  Capabilities  Its capabilities.
  @param[in]  Saved         Its configuration space as the PC's firmware left it, MRM_PCI_CONFIG_DWORDS.
  @param[out] Writes        Receives at most MRM_PCI_MAX_WRITES writes, to be made in this order.

  @return  Their number.
**/
UINTN
EFIAPI
MrmPciRestore (
  IN  CONST MRM_PCI_CAPABILITIES  *Capabilities,
  IN  CONST UINT32                *Saved,
  OUT MRM_PCI_WRITE               *Writes
  );

/**
  Judge whether a function took its configuration back.

  @param[in] Capabilities  Its capabilities.
  @param[in] Saved         Its configuration space as the PC's firmware left it, MRM_PCI_CONFIG_DWORDS.
  @param[in] Now           The same after the writes of MrmPciRestore().

  @retval TRUE   It is the same function, with the same addresses and bus numbers.
  @retval FALSE  It is not.
**/
BOOLEAN
EFIAPI
MrmPciIsRestored (
  IN CONST MRM_PCI_CAPABILITIES  *Capabilities,
  IN CONST UINT32                *Saved,
  IN CONST UINT32                *Now
  );

/**
  Where a function says that it expects an answer to a request of its own (PCIe 7.5.3.5, PCI ECN "Advanced Capabilities
  for Conventional PCI").

  @param[in]  Capabilities  Its capabilities.
  @param[out] Register      Receives the register, dword-aligned.
  @param[out] Bit           Receives the bit in it.

  @retval TRUE   There it says so.
  @retval FALSE  It cannot tell.
**/
BOOLEAN
EFIAPI
MrmPciPending (
  IN  CONST MRM_PCI_CAPABILITIES  *Capabilities,
  OUT UINT8                       *Register,
  OUT UINT32                      *Bit
  );

/**
  Decide what comes next for a function whose bus was reset: wait until it answers, at most a second; reset it by its
  own means if the bus did not; write its configuration; see that it took it.  One that is alone is reset by its own
  means whatever its registers say.

  @param[in]     Capabilities  Its capabilities.
  @param[in]     Saved         Its configuration space as the PC's firmware left it, MRM_PCI_CONFIG_DWORDS.
  @param[in]     Now           The same as it is; all ones where nothing answers.
  @param[in,out] Back          How far it has come.
  @param[out]    Writes        Receives at most MRM_PCI_MAX_WRITES writes, to be made in this order.
  @param[out]    Count         Receives their number.

  @return  What is known of it.
**/
MRM_PCI_BACK_VERDICT
EFIAPI
MrmPciBackStep (
  IN     CONST MRM_PCI_CAPABILITIES  *Capabilities,
  IN     CONST UINT32                *Saved,
  IN     CONST UINT32                *Now,
  IN OUT MRM_PCI_BACK                *Back,
  OUT    MRM_PCI_WRITE               *Writes,
  OUT    UINTN                       *Count
  );

#endif
