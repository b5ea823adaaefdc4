// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Does small pieces of work again and again, and prints a line of JSON for each kind:
//
//     work [-t MILLISECONDS] [-p PROCESSOR] [-d DEVICE] [-c | -m] [ROW…]
//
//   -t  how long one sample of a row takes at least (200)
//   -p  the processor that everything runs on (0)
//   -d  a block device that is read; without it rows about disks say that they cannot be done
//   -c  the same number of repetitions each time, for counting instructions: what it prints is no measurement
//   -m  as -c, but for many short samples, with a mark for bench/counter before and after each of them, and as root
//       with a real-time priority, so that only its rows decide when their processes take turns
//
// A line: {"row": NAME, "value": NUMBER, "unit": "ns" or "MB/s", "repetitions": NUMBER}
//     or: {"row": NAME, "error": TEXT}
//
// The exit status is 0 if each row could be done, 1 if one could not, 2 if the arguments are wrong.

#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <time.h>
#include <unistd.h>

#include "work.h"

static const Row *const tables[] = { kernel_rows, process_rows, memory_rows, device_rows };
static uint64_t least_nanoseconds = 200 * 1000000ull;
static bool counted, marked;

#define SAMPLES 200 // marked ones of a row: some of them are only what the row does

// What bench/counter/counter.c looks for: an instruction that does nothing, with a number in it.
#define MARK(number) __asm__ volatile("nopl 0x4D524D00 + " #number "(%%rax)" ::: "memory")

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// Runs a row once; returns nanoseconds, or 0 when it failed.
static uint64_t sample(const Row *row, uint64_t repetitions)
{
    uint64_t begin = now();
    if (!row->run(repetitions)) {
        return 0;
    }
    uint64_t end = now();
    return end > begin ? end - begin : 1;
}

static bool fail(const Row *row)
{
    printf("{\"row\": \"%s\", \"error\": \"%s\"}\n", row->name, strerror(errno));
    return false;
}

static void print(const Row *row, uint64_t repetitions, uint64_t nanoseconds)
{
    double value = row->bytes ? (double)row->bytes * (double)repetitions * 1000.0 / (double)nanoseconds
                              : (double)nanoseconds / (double)repetitions;
    printf("{\"row\": \"%s\", \"value\": %.3f, \"unit\": \"%s\", \"repetitions\": %llu}\n", row->name, value,
           row->unit, (unsigned long long)repetitions);
}

// Does a row with a fixed number of repetitions, after it has once been done to warm up.
static bool do_counted(const Row *row)
{
    uint64_t nanoseconds = sample(row, row->counted);
    for (int number = 0; number < SAMPLES && nanoseconds && marked; number++) {
        MARK(1);
        nanoseconds = sample(row, row->counted);
        MARK(2);
    }
    if (!nanoseconds) {
        return fail(row);
    }
    print(row, row->counted, nanoseconds);
    return true;
}

// Does a row for long enough: twice as often until a sample takes a quarter of the time, then as often as it needs.
static bool do_timed(const Row *row)
{
    uint64_t repetitions = 1, nanoseconds;
    while ((nanoseconds = sample(row, repetitions)) != 0 && nanoseconds < least_nanoseconds / 4) {
        repetitions *= 2;
    }
    if (nanoseconds && nanoseconds < least_nanoseconds) {
        repetitions = repetitions * (least_nanoseconds / nanoseconds + 1);
        nanoseconds = sample(row, repetitions);
    }
    if (!nanoseconds) {
        return fail(row);
    }
    print(row, repetitions, nanoseconds);
    return true;
}

static bool do_row(const Row *row, const Settings *settings)
{
    if (row->prepare && !row->prepare(settings)) {
        return fail(row);
    }
    bool done = counted ? do_counted(row) : do_timed(row);
    if (row->finish) {
        row->finish();
    }
    return done;
}

static bool wanted(const Row *row, char **names)
{
    bool any = !*names;
    for (; *names; names++) {
        any |= strcmp(*names, row->name) == 0;
    }
    return any;
}

// Makes each sample do the same, as far as this user may.  Processes of one real-time priority run until they wait for
// each other: the kernel does not judge who has run for how long.  Addresses are the same each time, which takes a new
// start.  Returns false, with errno set, when that cannot be had.
static bool be_the_same(char **argv)
{
    int persona = personality(0xFFFFFFFF);
    if (persona < 0) {
        return false;
    }
    if (!(persona & ADDR_NO_RANDOMIZE)) {
        if (personality((unsigned long)persona | ADDR_NO_RANDOMIZE) >= 0) {
            execv("/proc/self/exe", argv);
        }
        return false;
    }
    struct sched_param priority = { .sched_priority = 50 };
    return sched_setscheduler(0, SCHED_FIFO, &priority) == 0 || errno == EPERM;
}

static int usage(void)
{
    fprintf(stderr, "usage: work [-t MILLISECONDS] [-p PROCESSOR] [-d DEVICE] [-c | -m] [ROW...]\nrows:");
    for (size_t table = 0; table < sizeof tables / sizeof *tables; table++) {
        for (const Row *row = tables[table]; row->name; row++) {
            fprintf(stderr, " %s", row->name);
        }
    }
    fprintf(stderr, "\n");
    return 2;
}

int main(int argc, char **argv)
{
    Settings settings = { NULL };
    cpu_set_t processor;
    CPU_ZERO(&processor);
    CPU_SET(0, &processor);
    for (int letter; (letter = getopt(argc, argv, "t:p:d:cm")) != -1;) {
        switch (letter) {
        case 't':
            least_nanoseconds = strtoull(optarg, NULL, 10) * 1000000u;
            break;
        case 'p':
            CPU_ZERO(&processor);
            CPU_SET(strtoul(optarg, NULL, 10) % CPU_SETSIZE, &processor);
            break;
        case 'd':
            settings.device = optarg;
            break;
        case 'm':
            marked = true;
            counted = true;
            break;
        case 'c':
            counted = true;
            break;
        default:
            return usage();
        }
    }
    if (sched_setaffinity(0, sizeof processor, &processor) != 0) {
        perror("work: this processor cannot be used");
        return 2;
    }
    if (marked && !be_the_same(argv)) {
        perror("work: samples cannot be made the same");
        return 2;
    }
    mlockall(MCL_CURRENT);
    setvbuf(stdout, NULL, _IOLBF, 0);
    bool all = true;
    int rows = 0;
    for (size_t table = 0; table < sizeof tables / sizeof *tables; table++) {
        for (const Row *row = tables[table]; row->name; row++) {
            if (wanted(row, argv + optind)) {
                all &= do_row(row, &settings);
                rows++;
            }
        }
    }
    if (!rows) {
        return usage();
    }
    return all ? 0 : 1;
}
