// SPDX-License-Identifier: BSD-2-Clause-Patent
//
// Measures a network between two systems:
//
//     wire serve                               answers whoever asks, for ever
//     wire answer                              answers one connection, its standard input, until that ends
//     wire round-trip ADDRESS COUNT PAUSE      how long a message of 64 bytes and its answer take
//     wire stream ADDRESS MIB                  how fast data goes there
//
//   COUNT  messages, one after the other; the first is not counted, as it is the connection's
//   PAUSE  milliseconds between an answer and the next message
//
// It prints a line: {"row": NAME, "value": NUMBER, "unit": "ns" or "MB/s", "least": NUMBER, "most": NUMBER}
// A round trip's value is the median.  The exit status is 0 if it could be measured, 1 if not, 2 if the arguments
// are wrong.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT 7700
#define MESSAGE 64
#define PIECE (64u << 10)
#define ECHO 'e'
#define SINK 's'

static char buffer[PIECE];

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static bool send_all(int connection, size_t size)
{
    for (size_t sent = 0; sent < size;) {
        ssize_t done = write(connection, buffer + sent, size - sent);
        if (done <= 0) {
            return false;
        }
        sent += (size_t)done;
    }
    return true;
}

static bool receive_all(int connection, size_t size)
{
    for (size_t received = 0; received < size;) {
        ssize_t done = read(connection, buffer + received, size - received);
        if (done <= 0) {
            return false;
        }
        received += (size_t)done;
    }
    return true;
}

static void set_up(int connection)
{
    int one = 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static void answer(int connection)
{
    char kind;
    set_up(connection);
    if (read(connection, &kind, 1) != 1) {
        return;
    }
    if (kind == ECHO) {
        while (receive_all(connection, MESSAGE) && send_all(connection, MESSAGE)) {
        }
    } else if (kind == SINK) {
        while (read(connection, buffer, sizeof buffer) > 0) {
        }
        send_all(connection, 1);
    }
}

static int serve(void)
{
    struct sockaddr_in here = { .sin_family = AF_INET, .sin_port = htons(PORT) };
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) != 0 || listen(listener, 8) != 0) {
        perror("wire");
        return 1;
    }
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection >= 0 && fork() == 0) {
            answer(connection);
            _exit(0);
        }
        close(connection);
    }
}

// Returns a connection, or -1.
static int reach(const char *address, char kind)
{
    struct sockaddr_in there = { .sin_family = AF_INET, .sin_port = htons(PORT) };
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (inet_pton(AF_INET, address, &there.sin_addr) != 1) {
        errno = EINVAL;
        return -1;
    }
    if (connect(connection, (struct sockaddr *)&there, sizeof there) != 0 || write(connection, &kind, 1) != 1) {
        return -1;
    }
    set_up(connection);
    return connection;
}

static int compare(const void *one, const void *other)
{
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return a < b ? -1 : a > b;
}

static bool round_trip(const char *address, uint64_t count, uint64_t pause)
{
    int connection = reach(address, ECHO);
    uint64_t *taken = calloc(count, sizeof *taken);
    if (connection < 0 || !taken) {
        return false;
    }
    for (uint64_t number = 0; number <= count; number++) {
        usleep((useconds_t)(pause * 1000));
        uint64_t begin = now();
        if (!send_all(connection, MESSAGE) || !receive_all(connection, MESSAGE)) {
            return false;
        }
        if (number > 0) {
            taken[number - 1] = now() - begin;
        }
    }
    qsort(taken, count, sizeof *taken, compare);
    printf("{\"row\": \"round-trip\", \"value\": %llu, \"unit\": \"ns\", \"least\": %llu, \"most\": %llu}\n",
           (unsigned long long)taken[count / 2], (unsigned long long)taken[0],
           (unsigned long long)taken[count - 1]);
    return true;
}

static bool stream(const char *address, uint64_t mebibytes)
{
    int connection = reach(address, SINK);
    if (connection < 0) {
        return false;
    }
    uint64_t begin = now();
    for (uint64_t piece = 0; piece < mebibytes * ((1u << 20) / PIECE); piece++) {
        if (!send_all(connection, PIECE)) {
            return false;
        }
    }
    if (shutdown(connection, SHUT_WR) != 0 || !receive_all(connection, 1)) {
        return false;
    }
    double value = (double)(mebibytes << 20) * 1000.0 / (double)(now() - begin);
    printf("{\"row\": \"stream\", \"value\": %.3f, \"unit\": \"MB/s\", \"least\": %.3f, \"most\": %.3f}\n", value,
           value, value);
    return true;
}

int main(int count, char **words)
{
    bool done;
    if (count == 2 && strcmp(words[1], "serve") == 0) {
        return serve();
    }
    if (count == 2 && strcmp(words[1], "answer") == 0) {
        answer(STDIN_FILENO);
        return 0;
    }
    if (count == 5 && strcmp(words[1], "round-trip") == 0 && strtoull(words[3], NULL, 10) > 0) {
        done = round_trip(words[2], strtoull(words[3], NULL, 10), strtoull(words[4], NULL, 10));
    } else if (count == 4 && strcmp(words[1], "stream") == 0) {
        done = stream(words[2], strtoull(words[3], NULL, 10));
    } else {
        fprintf(stderr, "usage: wire serve | wire answer | wire round-trip ADDRESS COUNT PAUSE | wire stream ADDRESS MIB\n");
        return 2;
    }
    if (!done) {
        perror("wire");
    }
    return done ? 0 : 1;
}
