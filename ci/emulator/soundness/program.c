/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/**
  Does what partitions do to each other's processors, and counts what an unsound QEMU gets wrong.

  Three processors run at the same time, on a q35 machine without an operating system. The first switches memory
  decoding of PCI devices off and on, so that the machine's memory map changes all the time. The others read
  registers of the HPET and of the local APIC, which never change: another value is a wrong read. An unsound QEMU
  sends such a read to another device, or crashes.

  After CHANGES changes of the memory map it writes one line to QEMU's debug console and ends QEMU through its
  debug exit device.
**/
#include <stdint.h>

// Changes of the memory map: CHANGES comes from the command line.

#define DEBUG_CONSOLE   0xE9
#define DEBUG_EXIT      0xF4
#define CONFIG_ADDRESS  0xCF8            // PCI Local Bus 3.0 section 3.2.2.3.2
#define CONFIG_DATA     0xCFC
#define CONFIG_ENABLE   0x80000000U
#define COMMAND         0x04
#define CLASS           0x08
#define MEMORY_SPACE    0x2U
#define CLASS_BRIDGE    0x0604
#define CLASS_ETHERNET  0x0200

#define HPET_CAPABILITIES  0xFED00000U   // IA-PC HPET 1.0a section 2.3.4
#define APIC_VERSION       0xFEE00030U   // Intel SDM volume 3, table 11-1
#define APIC_SPURIOUS      0xFEE000F0U
#define APIC_ICR_LOW       0xFEE00300U
#define APIC_ICR_HIGH      0xFEE00310U
#define APIC_ENABLE        0x1FFU
#define INIT_ALL_OTHERS    0xC4500U
#define SIPI_ALL_OTHERS    0xC4608U      // vector 8: start.nasm's trampoline
#define START_SPINS        3000000

#define REGISTER(Address)  (*(volatile uint32_t *)(uintptr_t)(Address))

extern volatile uint32_t  arrived;

static volatile uint32_t  mHpet, mApic;
static volatile uint32_t  mReads, mWrongReads;

static inline void
out8 (uint16_t port, uint8_t value)
{
  __asm__ volatile ("outb %0, %1" : : "a" (value), "Nd" (port));
}

static inline void
out32 (uint16_t port, uint32_t value)
{
  __asm__ volatile ("outl %0, %1" : : "a" (value), "Nd" (port));
}

static inline uint32_t
in32 (uint16_t port)
{
  uint32_t  value;

  __asm__ volatile ("inl %1, %0" : "=a" (value) : "Nd" (port));
  return value;
}

static void
say (const char *text)
{
  while (*text != 0) {
    out8 (DEBUG_CONSOLE, (uint8_t)*text++);
  }
}

static void
say_number (const char *name, uint32_t value)
{
  char  digits[11];
  int   at;

  at         = sizeof digits - 1;
  digits[at] = 0;
  do {
    digits[--at] = (char)('0' + value % 10);
    value       /= 10;
  } while (value != 0);
  say (name);
  say (&digits[at]);
}

static uint32_t
read_config (uint32_t device, uint32_t offset)
{
  out32 (CONFIG_ADDRESS, CONFIG_ENABLE | device << 11 | offset);
  return in32 (CONFIG_DATA);
}

static void
write_config (uint32_t device, uint32_t offset, uint32_t value)
{
  out32 (CONFIG_ADDRESS, CONFIG_ENABLE | device << 11 | offset);
  out32 (CONFIG_DATA, value);
}

static void
spin (uint32_t times)
{
  while (times-- != 0) {
    __asm__ volatile ("pause");
  }
}

static void
check (uint32_t found, uint32_t expected)
{
  mReads++;
  if (found != expected) {
    mWrongReads++;
  }
}

/// Run by each processor but the first. Does not return.
void
other_processor (void)
{
  for ( ; ; ) {
    check (REGISTER (HPET_CAPABILITIES), mHpet);
    check (REGISTER (APIC_VERSION), mApic);
  }
}

/// Run by the first processor: starts the others, changes the memory map, says what was counted. Ends QEMU.
void
first_processor (void)
{
  uint32_t  devices[32];
  uint32_t  count;
  uint32_t  device;
  uint32_t  class;
  uint32_t  command;
  uint32_t  changes;

  count = 0;
  for (device = 0; device < 32; device++) {
    class = read_config (device, CLASS) >> 16;
    if ((class == CLASS_BRIDGE) || (class == CLASS_ETHERNET)) {
      devices[count++] = device;
    }
  }

  mHpet = REGISTER (HPET_CAPABILITIES);
  mApic = REGISTER (APIC_VERSION);

  REGISTER (APIC_SPURIOUS) = APIC_ENABLE;
  REGISTER (APIC_ICR_HIGH) = 0;
  REGISTER (APIC_ICR_LOW)  = INIT_ALL_OTHERS;
  spin (START_SPINS);
  REGISTER (APIC_ICR_LOW) = SIPI_ALL_OTHERS;
  spin (START_SPINS);

  changes = 0;
  while ((count != 0) && (changes < CHANGES)) {
    device  = devices[changes / 2 % count];
    command = read_config (device, COMMAND) & 0xFFFF;
    write_config (device, COMMAND, command & ~MEMORY_SPACE);
    write_config (device, COMMAND, command | MEMORY_SPACE);
    changes += 2;
  }

  say_number ("processors ", arrived + 1);
  say_number (" changes ", changes);
  say_number (" reads ", mReads);
  say_number (" wrong ", mWrongReads);
  say ("\n");
  out8 (DEBUG_EXIT, 0);
}
