// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Rows that stay in the program: computing, and memory.

#include <string.h>
#include <sys/mman.h>

#include "work.h"

#define AREA (16u << 20)
#define LINE 64
#define LINES (AREA / LINE)
#define BLOCK (1u << 20)

static char *area;
static volatile uint64_t sink; // keeps results from being optimized away

static bool map_area(const Settings *settings)
{
    (void)settings;
    area = mmap(NULL, AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return area != MAP_FAILED;
}

static void unmap_area(void)
{
    munmap(area, AREA);
}

// Links all lines of the area into one cycle, in an order that no prefetcher guesses: Sattolo's shuffle, by a
// generator of our own, so that each run has the same order.
static bool map_chain(const Settings *settings)
{
    if (!map_area(settings)) {
        return false;
    }
    uint32_t *order = malloc(LINES * sizeof *order);
    if (!order) {
        return false;
    }
    uint64_t state = 88172645463325252u;
    for (uint32_t index = 0; index < LINES; index++) {
        order[index] = index;
    }
    for (uint32_t index = LINES - 1; index > 0; index--) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        uint32_t other = state % index, kept = order[index];
        order[index] = order[other];
        order[other] = kept;
    }
    for (uint32_t index = 0; index < LINES; index++) {
        *(void **)(area + (size_t)index * LINE) = area + (size_t)order[index] * LINE;
    }
    free(order);
    return true;
}

static bool run_latency(uint64_t repetitions)
{
    void **place = (void **)area;
    while (repetitions--) {
        place = *place;
    }
    sink = (uintptr_t)place;
    return true;
}

static bool run_read(uint64_t repetitions)
{
    uint64_t total = 0;
    while (repetitions--) {
        const uint64_t *words = (const uint64_t *)(area + repetitions * BLOCK % AREA);
        for (size_t index = 0; index < BLOCK / sizeof *words; index += 4) {
            total += words[index] + words[index + 1] + words[index + 2] + words[index + 3];
        }
    }
    sink = total;
    return true;
}

static bool run_write(uint64_t repetitions)
{
    while (repetitions--) {
        memset(area + repetitions * BLOCK % AREA, (int)repetitions, BLOCK);
    }
    sink = (uint64_t)area[0];
    return true;
}

static bool run_compute(uint64_t repetitions)
{
    uint64_t state = 1;
    for (uint64_t index = 0; index < repetitions * 1000; index++) {
        state = (state ^ index) * 0x9E3779B97F4A7C15u;
        state ^= state >> 29;
    }
    sink = state;
    return true;
}

const Row memory_rows[] = {
    { .name = "compute", .unit = "ns", .counted = 10, .run = run_compute },
    { .name = "memory-latency", .unit = "ns", .counted = 4000, .prepare = map_chain, .run = run_latency,
      .finish = unmap_area },
    { .name = "memory-read", .unit = "MB/s", .bytes = BLOCK, .counted = 1, .prepare = map_area, .run = run_read,
      .finish = unmap_area },
    { .name = "memory-write", .unit = "MB/s", .bytes = BLOCK, .counted = 4, .prepare = map_area, .run = run_write,
      .finish = unmap_area },
    { 0 },
};
