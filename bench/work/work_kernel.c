// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Rows that call the kernel and come back at once.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "work.h"

static int zero = -1;

static bool run_null(uint64_t repetitions)
{
    while (repetitions--) {
        syscall(SYS_getppid);
    }
    return true;
}

static bool open_zero(const Settings *settings)
{
    (void)settings;
    zero = open("/dev/zero", O_RDONLY);
    return zero >= 0;
}

static void close_zero(void)
{
    close(zero);
}

static bool run_read(uint64_t repetitions)
{
    char byte;
    while (repetitions--) {
        if (read(zero, &byte, 1) != 1) {
            return false;
        }
    }
    return true;
}

static bool run_stat(uint64_t repetitions)
{
    struct stat found;
    while (repetitions--) {
        if (stat("/proc/self", &found) != 0) {
            return false;
        }
    }
    return true;
}

const Row kernel_rows[] = {
    { .name = "null-syscall", .unit = "ns", .counted = 250, .run = run_null },
    { .name = "read", .unit = "ns", .counted = 250, .prepare = open_zero, .run = run_read, .finish = close_zero },
    { .name = "stat", .unit = "ns", .counted = 80, .run = run_stat },
    { 0 },
};
