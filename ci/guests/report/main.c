/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* `look`: prints what the machine looks like from inside, as one JSON object; `look wait`: waits for its disks.
   A program and no script: to start a program costs an emulated machine some 20 ms of its host, and a script of the
   shell starts a hundred for a report. ci/run/judge.py reads it. */
#include <stdio.h>
#include <string.h>

#include "report.h"

static void add_array(text_t *out, const char *key, void (*add)(text_t *out)) {
  json_key(out, key);
  text_print(out, "[");
  add(out);
  text_print(out, "]");
}

int main(int count, char **arguments) {
  if (count == 2 && strcmp(arguments[1], "wait") == 0) {
    wait_for_disks();
    return 0;
  }
  if (count != 1) {
    fputs("usage: look [wait]\n", stderr);
    return 2;
  }
  text_t tests = {0}, out = {0};
  text_print(&tests, "[");
  add_disk_tests(&tests);
  text_print(&out, "{");
  add_system(&out);
  add_array(&out, "pci", add_functions);
  add_array(&out, "disks", add_disks);
  add_array(&out, "network", add_network);
  json_key(&out, "disk_test");
  text_print(&out, "%s]", tests.data);
  add_array(&out, "interrupts", add_interrupts);
  add_rest(&out);
  text_print(&out, "}");
  return fwrite(out.data, 1, out.size, stdout) == out.size && fflush(stdout) == 0 ? 0 : 1;
}
