/** @file
  The NVMe controller as its driver sees it.

  Numbers are little endian.  "NVMe" is NVM Express Base Specification 1.4.

  SPDX-License-Identifier: BSD-2-Clause-Patent
**/

#ifndef MRM_DISK_NVME_H_
#define MRM_DISK_NVME_H_

#include <Base.h>

///
/// Registers of BAR 0, as indices of 32-bit words (NVMe 3.1).
///
#define REGISTER_CAP_LOW    0
#define REGISTER_CAP_HIGH   1
#define REGISTER_VS         2
#define REGISTER_CC         5
#define REGISTER_CSTS       7
#define REGISTER_AQA        9
#define REGISTER_ASQ_LOW    10
#define REGISTER_ASQ_HIGH   11
#define REGISTER_ACQ_LOW    12
#define REGISTER_ACQ_HIGH   13

#define VERSION             0x00010400
#define CC_ENABLE           BIT0
#define CC_SETTINGS         0x00003FF0   ///< command set, page size, arbitration: 0 is all there is
#define CC_SHUTDOWN         0x0000C000
#define CC_ENTRY_SIZES      0x00FF0000
#define CC_ENTRY_SIZES_GOOD 0x00460000   ///< 64 bytes of a submission, 16 of a completion
#define CSTS_READY          BIT0
#define CSTS_FATAL          BIT1
#define CSTS_SHUT_DOWN      BIT3

///
/// Places within a function's part of the window.
///
#define REGISTERS_OFFSET    0x0000
#define DOORBELLS_OFFSET    0x1000
#define TABLE_OFFSET        0x2000

#define DOORBELL_STRIDE     4            ///< CAP.DSTRD: 4 << 4 bytes, a cache line
#define DOORBELL_WORDS      16
#define NAMESPACE           1            ///< the only one
#define EVERY_NAMESPACE     MAX_UINT32

///
/// Status of a command: type << 8 | code (NVMe 4.6.1).
///
#define STATUS_SUCCESS            0x000
#define STATUS_OPCODE             0x001
#define STATUS_FIELD              0x002
#define STATUS_TRANSFER           0x004
#define STATUS_QUEUE_DELETED      0x008
#define STATUS_NAMESPACE          0x00B
#define STATUS_SEQUENCE           0x00C
#define STATUS_PRP_OFFSET         0x013
#define STATUS_WRITE_PROTECTED    0x020
#define STATUS_BLOCK_RANGE        0x080
#define STATUS_CAPACITY           0x081
#define STATUS_NOT_READY          0x082
#define STATUS_NO_COMPLETION      0x100
#define STATUS_QUEUE_NUMBER       0x101
#define STATUS_QUEUE_SIZE         0x102
#define STATUS_TOO_MANY_EVENTS    0x105
#define STATUS_VECTOR             0x108
#define STATUS_LOG_PAGE           0x109
#define STATUS_QUEUE_IN_USE       0x10C
#define STATUS_NOT_SAVEABLE       0x10D
#define STATUS_READ_ONLY_RANGE    0x182
#define STATUS_WRITE_FAULT        0x280
#define STATUS_READ_ERROR         0x281
#define STATUS_DIFFERENT          0x285
#define STATUS_LATER              0xFFFF   ///< not of NVMe: it is completed later

#define STATUS_TYPE               0x700
#define STATUS_TYPE_MEDIUM        0x200
#define STATUS_DO_NOT_RETRY       BIT14

///
/// What an event tells (NVMe 5.2): a doorbell was written with what is no place of its queue; the error log has more.
///
#define EVENT_DOORBELL            0x00010100

///
/// A command, copied before it is judged.
///
typedef struct {
  UINT8     Opcode;
  UINT8     Flags;                   ///< fused operation, and how data is described: 0 is all there is
  UINT16    Id;
  UINT32    Namespace;
  UINT64    Reserved;
  UINT64    Metadata;
  UINT64    Prp[2];
  UINT32    Dword[6];                ///< command dwords 10 to 15
} COMMAND;

STATIC_ASSERT (sizeof (COMMAND) == 64, "a command has 64 bytes");

#define DWORD(Command, Number)  ((Command)->Dword[(Number) - 10])

///
/// Administrative commands (NVMe 5).
///
#define OPCODE_DELETE_SUBMISSION  0x00
#define OPCODE_CREATE_SUBMISSION  0x01
#define OPCODE_LOG_PAGE           0x02
#define OPCODE_DELETE_COMPLETION  0x04
#define OPCODE_CREATE_COMPLETION  0x05
#define OPCODE_IDENTIFY           0x06
#define OPCODE_ABORT              0x08
#define OPCODE_SET_FEATURES       0x09
#define OPCODE_GET_FEATURES       0x0A
#define OPCODE_EVENT_REQUEST      0x0C

///
/// Commands that read and write (NVMe 6).
///
#define OPCODE_FLUSH              0x00
#define OPCODE_WRITE              0x01
#define OPCODE_READ               0x02
#define OPCODE_COMPARE            0x05
#define OPCODE_ZEROES             0x08
#define OPCODE_MANAGEMENT         0x09

#define DWORD12_DURABLE           BIT30   ///< FUA

#endif
