// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Rows in which processes of one processor wait for each other, or begin and end.

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "work.h"

#define RING 8 // processes of the row context-switch

static int ours[2] = { -1, -1 }; // where we read from and write to
static pid_t children[RING];
static int child_count;

static bool move_byte(int from, int to)
{
    char byte;
    return read(from, &byte, 1) == 1 && write(to, &byte, 1) == 1;
}

// Starts a process that passes on each byte it is given, until there is no more.
static bool start_child(int from, int to, int unused_a, int unused_b)
{
    pid_t child = fork();
    if (child == 0) {
        close(unused_a);
        close(unused_b);
        while (move_byte(from, to)) {
        }
        _exit(0);
    }
    if (child > 0) {
        children[child_count++] = child;
    }
    return child > 0;
}

static void end_children(void)
{
    close(ours[1]);
    if (ours[0] != ours[1]) {
        close(ours[0]);
    }
    while (child_count) {
        waitpid(children[--child_count], NULL, 0);
    }
}

static bool prepare_ring(int processes)
{
    int first[2];
    if (pipe(first) != 0) {
        return false;
    }
    int from = first[0];
    ours[1] = first[1];
    for (int index = 0; index < processes; index++) {
        int next[2];
        if (pipe(next) != 0 || !start_child(from, next[1], ours[1], next[0])) {
            return false;
        }
        close(from);
        close(next[1]);
        from = next[0];
    }
    ours[0] = from;
    return true;
}

static bool prepare_pipe(const Settings *settings)
{
    (void)settings;
    return prepare_ring(1);
}

static bool prepare_contexts(const Settings *settings)
{
    (void)settings;
    return prepare_ring(RING - 1);
}

static bool prepare_unix(const Settings *settings)
{
    (void)settings;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || !start_child(pair[1], pair[1], pair[0], -1)) {
        return false;
    }
    close(pair[1]);
    ours[0] = ours[1] = pair[0];
    return true;
}

// One repetition of a ring is one switch, so the byte goes round once in RING of them.
static bool pass_round(uint64_t repetitions, uint64_t each)
{
    char byte = 0;
    for (uint64_t done = 0; done < repetitions; done += each) {
        if (write(ours[1], &byte, 1) != 1 || read(ours[0], &byte, 1) != 1) {
            return false;
        }
    }
    return true;
}

static bool run_round_trip(uint64_t repetitions)
{
    return pass_round(repetitions, 1);
}

static bool run_contexts(uint64_t repetitions)
{
    return pass_round(repetitions, RING);
}

static bool wait_for(pid_t child)
{
    int status;
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool run_fork(uint64_t repetitions)
{
    while (repetitions--) {
        pid_t child = fork();
        if (child == 0) {
            _exit(0);
        }
        if (!wait_for(child)) {
            return false;
        }
    }
    return true;
}

static bool run_shell(uint64_t repetitions)
{
    while (repetitions--) {
        pid_t child = fork();
        if (child == 0) {
            execl("/bin/sh", "sh", "-c", ":", (char *)NULL);
            _exit(127);
        }
        if (!wait_for(child)) {
            errno = ENOEXEC;
            return false;
        }
    }
    return true;
}

const Row process_rows[] = {
    { .name = "context-switch", .unit = "ns", .counted = 32, .prepare = prepare_contexts, .run = run_contexts,
      .finish = end_children },
    { .name = "pipe", .unit = "ns", .counted = 10, .prepare = prepare_pipe, .run = run_round_trip,
      .finish = end_children },
    { .name = "af-unix", .unit = "ns", .counted = 10, .prepare = prepare_unix, .run = run_round_trip,
      .finish = end_children },
    { .name = "fork-exit", .unit = "ns", .counted = 1, .run = run_fork },
    { .name = "fork-sh", .unit = "ns", .counted = 1, .run = run_shell },
    { 0 },
};
