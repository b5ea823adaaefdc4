/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* What a guest says of the machine it woke up on: the parts of its report. `out` is an object or array under way. */
#ifndef REPORT_H
#define REPORT_H

#include "json.h"

/* machine.c: kernel, processors, memory, consoles, UARTs, SMBIOS, warnings of the kernel. */
void add_system(text_t *out);
void add_rest(text_t *out);

/* pci.c: PCI functions in sysfs with driver and delivered interrupts; interrupts by message; network cards. */
void add_functions(text_t *out);
void add_interrupts(text_t *out);
void add_network(text_t *out);

/* Interrupts that PCI function `address` has delivered by message so far. */
unsigned long long function_interrupts(const char *address);

/* disks.c: each disk with the PCI function it hangs on, model, serial number, size in bytes. */
void add_disks(text_t *out);

/* Names of the disks: NVMe, SCSI and ATA, virtio, in this order, the last followed by NULL. */
char **disk_names(void);

/* The address of the PCI function that a disk hangs on; an empty text if there is none. */
const char *disk_function(const char *disk);

/* Waits up to ten seconds until there is a disk for each NVMe or SCSI function, ATA or USB drive. With an AHCI or xHCI
   controller it waits two seconds at least: those find their drives after a while, all of them, or not at all. */
void wait_for_disks(void);

/* try.c: for each disk whether what was written to it can be read again. */
void add_disk_tests(text_t *out);

#endif
