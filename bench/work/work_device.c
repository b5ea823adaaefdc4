// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Rows that read a block device past the page cache.  Nothing is written.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "work.h"

#define SMALL 4096u
#define LARGE (1u << 20)

static int device = -1;
static uint64_t size;
static void *buffer;

static bool open_device(const Settings *settings)
{
    if (!settings->device) {
        errno = ENODEV;
        return false;
    }
    device = open(settings->device, O_RDONLY | O_DIRECT);
    return device >= 0 && ioctl(device, BLKGETSIZE64, &size) == 0 && size >= 4 * LARGE &&
           (buffer = aligned_alloc(SMALL, LARGE)) != NULL;
}

static void close_device(void)
{
    close(device);
    free(buffer);
}

static bool run_random(uint64_t repetitions)
{
    uint64_t state = 88172645463325252u;
    while (repetitions--) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if (pread(device, buffer, SMALL, (off_t)(state % (size / SMALL) * SMALL)) != SMALL) {
            return false;
        }
    }
    return true;
}

static bool run_sequential(uint64_t repetitions)
{
    uint64_t blocks = size / LARGE;
    while (repetitions--) {
        if (pread(device, buffer, LARGE, (off_t)(repetitions % blocks * LARGE)) != LARGE) {
            return false;
        }
    }
    return true;
}

const Row device_rows[] = {
    { .name = "disk-4k-random", .unit = "ns", .counted = 500, .prepare = open_device, .run = run_random,
      .finish = close_device },
    { .name = "disk-1m-sequential", .unit = "MB/s", .bytes = LARGE, .counted = 32, .prepare = open_device,
      .run = run_sequential, .finish = close_device },
    { 0 },
};
