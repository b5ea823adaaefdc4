/* SPDX-License-Identifier: BSD-2-Clause-Patent
 *
 * Requests from outside the emulator, as lines through a Unix socket.
 */
#ifndef CONTROL_H_
#define CONTROL_H_

#include <stdbool.h>

/* Serves the socket in a thread of its own: each line is given to `answer`, then "done" is sent.  False if it cannot. */
bool control_listen(const char *path, void (*answer)(const char *request));

#endif
