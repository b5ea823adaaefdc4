// SPDX-License-Identifier: BSD-2-Clause-Patent

#include "control.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_SIZE 256

static int listener = -1;
static void (*answer_request)(const char *request);

static void *serve(void *unused)
{
    (void)unused;
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection < 0) {
            return NULL;
        }
        FILE *stream = fdopen(connection, "r+");
        char line[LINE_SIZE];
        while (stream && fgets(line, sizeof line, stream)) {
            line[strcspn(line, "\n")] = 0;
            answer_request(line);
            if (write(connection, "done\n", 5) != 5) {
                break;
            }
        }
        if (stream) {
            fclose(stream);
        }
    }
}

bool control_listen(const char *path, void (*answer)(const char *request))
{
    answer_request = answer;
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address.sun_path) {
        return false;
    }
    strcpy(address.sun_path, path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unlink(path);
    pthread_t thread;
    return listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
           listen(listener, 1) == 0 && pthread_create(&thread, NULL, serve, NULL) == 0;
}
