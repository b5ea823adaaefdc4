/* SPDX-License-Identifier: BSD-2-Clause-Patent
 *
 * A row of the table: work of one kind, done again and again.
 */
#ifndef WORK_H_
#define WORK_H_

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What a row is given.  It returns false, with errno set, when the work cannot be done here. */
typedef struct {
    const char *device; /* block device that may be read, or NULL */
} Settings;

typedef struct {
    const char *name;
    const char *unit;  /* "ns" for each repetition, or "MB/s" */
    uint64_t bytes;    /* moved by one repetition, for MB/s; else 0 */
    uint64_t counted;  /* repetitions when instructions are counted */
    bool (*prepare)(const Settings *settings);
    bool (*run)(uint64_t repetitions);
    void (*finish)(void);
} Row;

extern const Row kernel_rows[];   /* work_kernel.c: calls of the kernel */
extern const Row process_rows[];  /* work_process.c: several processes */
extern const Row memory_rows[];   /* work_memory.c: processor and memory */
extern const Row device_rows[];   /* work_device.c: a block device */

#endif
