/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

#define FUNCTIONS "/sys/bus/pci/devices"

typedef struct {
  char **wanted;            /* interrupt numbers, the last followed by NULL */
  unsigned long long total;
} sum_t;

/* A line of /proc/interrupts: number, a colon, one count for each processor, text. */
static void sum_line(char *line, void *context) {
  sum_t *sum = context;
  char *rest = line;
  unsigned long number = strtoul(line, &rest, 10);
  if (rest == line || *rest != ':')
    return;
  for (char **wanted = sum->wanted; *wanted != NULL; wanted++) {
    if (strtoul(*wanted, NULL, 10) != number)
      continue;
    for (char *word = strtok(rest + 1, " "); word != NULL && is_number(word); word = strtok(NULL, " "))
      sum->total += strtoull(word, NULL, 10);
    return;
  }
}

unsigned long long function_interrupts(const char *address) {
  sum_t sum = {.wanted = list(path_of(FUNCTIONS "/%s/msi_irqs", address), "")};
  char *text = *sum.wanted == NULL ? NULL : read_file("/proc/interrupts", NULL);
  if (text != NULL)
    each_line(text, sum_line, &sum);
  free(text);
  return sum.total;
}

static void find_driver(char *line, void *context) {
  if (strncmp(line, "DRIVER=", 7) == 0)
    *(char **)context = line + 7;
}

void add_functions(text_t *out) {
  for (char **address = list(FUNCTIONS, ""); *address != NULL; address++) {
    char *vendor = read_line(path_of(FUNCTIONS "/%s/vendor", *address));
    if (vendor == NULL)
      continue;
    char *events = read_file(path_of(FUNCTIONS "/%s/uevent", *address), NULL);
    char **numbers = list(path_of(FUNCTIONS "/%s/msi_irqs", *address), "");
    char *driver = "", *kind = NULL;
    if (events != NULL)
      each_line(events, find_driver, &driver);
    if (*numbers != NULL)
      kind = read_line(path_of(FUNCTIONS "/%s/msi_irqs/%s", *address, *numbers));
    json_next(out);
    text_print(out, "{");
    json_text(out, "address", *address);
    json_text(out, "vendor", vendor);
    json_text(out, "device", read_line(path_of(FUNCTIONS "/%s/device", *address)));
    json_text(out, "class", read_line(path_of(FUNCTIONS "/%s/class", *address)));
    json_text(out, "interrupts", kind == NULL ? "none" : kind);
    json_text(out, "driver", driver);
    json_number(out, "count", function_interrupts(*address));
    text_print(out, "}");
  }
}

typedef struct {
  text_t *out;
  int processors; /* columns of counts; -1 before the first line, which has a name for each */
} table_t;

static void interrupt_line(char *line, void *context) {
  table_t *table = context;
  char *words[1024 + 16], *last = NULL;
  int count = 0;
  bool message = strstr(line, "MSI") != NULL;
  for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " ")) {
    if (count < (int)(sizeof words / sizeof *words))
      words[count++] = word;
    last = word;
  }
  if (table->processors < 0) {
    table->processors = count;
    return;
  }
  if (!message || count < table->processors + 2)
    return;
  words[0][strcspn(words[0], ":")] = '\0';
  json_next(table->out);
  text_print(table->out, "{");
  json_text(table->out, "irq", words[0]);
  json_text(table->out, "name", last);
  json_text(table->out, "chip", words[1 + table->processors]);
  json_key(table->out, "counts");
  text_print(table->out, "[");
  for (int i = 1; i <= table->processors; i++) {
    json_next(table->out);
    text_print(table->out, "%s", words[i]);
  }
  text_print(table->out, "]}");
}

void add_interrupts(text_t *out) {
  table_t table = {.out = out, .processors = -1};
  char *text = read_file("/proc/interrupts", NULL);
  if (text != NULL)
    each_line(text, interrupt_line, &table);
}

void add_network(text_t *out) {
  struct ifaddrs *addresses = NULL;
  if (getifaddrs(&addresses) != 0)
    addresses = NULL;
  for (char **name = list("/sys/class/net", ""); *name != NULL; name++) {
    if (access(path_of("/sys/class/net/%s/device", *name), F_OK) != 0)
      continue;
    json_next(out);
    text_print(out, "{");
    json_text(out, "name", *name);
    json_text(out, "mac", read_line(path_of("/sys/class/net/%s/address", *name)));
    json_key(out, "addresses");
    text_print(out, "[");
    for (struct ifaddrs *item = addresses; item != NULL; item = item->ifa_next) {
      if (item->ifa_addr == NULL || item->ifa_addr->sa_family != AF_INET || strcmp(item->ifa_name, *name) != 0)
        continue;
      char text[INET_ADDRSTRLEN];
      json_next(out);
      json_string(out, inet_ntop(AF_INET, &((struct sockaddr_in *)item->ifa_addr)->sin_addr, text, sizeof text));
    }
    text_print(out, "]}");
  }
}
