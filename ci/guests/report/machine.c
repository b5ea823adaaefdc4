/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "report.h"

#define READ_ALL 3 /* syslog(2): SYSLOG_ACTION_READ_ALL, SYSLOG_ACTION_SIZE_BUFFER */
#define SIZE_BUFFER 10
#define WARNINGS 60

typedef struct {
  text_t *out;
  const char *word; /* lines that have it, ... */
  bool top;         /* ... if so, only those that are not indented */
} wanted_t;

static void add_if_wanted(char *line, void *context) {
  wanted_t *wanted = context;
  if (strstr(line, wanted->word) == NULL || (wanted->top && *line == ' '))
    return;
  json_next(wanted->out);
  json_string(wanted->out, line);
}

static void add_lines(text_t *out, const char *key, const char *path, const char *word, bool top) {
  wanted_t wanted = {out, word, top};
  char *text = read_file(path, NULL);
  json_key(out, key);
  text_print(out, "[");
  if (text != NULL)
    each_line(text, add_if_wanted, &wanted);
  text_print(out, "]");
  free(text);
}

typedef struct {
  unsigned count;
  text_t apic_ids;
} processors_t;

static void processor_line(char *line, void *context) {
  processors_t *processors = context;
  if (strncmp(line, "processor", 9) == 0)
    processors->count++;
  if (strncmp(line, "apicid", 6) == 0) {
    json_next(&processors->apic_ids);
    text_print(&processors->apic_ids, "%s", line + strcspn(line, "0123456789"));
  }
}

static void add_processors(text_t *out) {
  processors_t processors = {0};
  char *text = read_file("/proc/cpuinfo", NULL);
  text_print(&processors.apic_ids, "[");
  if (text != NULL)
    each_line(text, processor_line, &processors);
  json_number(out, "cpus_online", processors.count);
  json_key(out, "apic_ids");
  text_print(out, "%s]", processors.apic_ids.data);
}

/* The value of NAME="..." in /etc/os-release. */
static char *system_name(void) {
  static const char name[] = "PRETTY_NAME=\"";
  char *text = read_file("/etc/os-release", NULL);
  char *begin = text == NULL ? NULL : strstr(text, name);
  if (begin == NULL)
    return "";
  begin += sizeof name - 1;
  begin[strcspn(begin, "\"\n")] = '\0';
  return begin;
}

static unsigned long long memory_total(void) {
  char *text = read_file("/proc/meminfo", NULL);
  char *total = text == NULL ? NULL : strstr(text, "MemTotal:");
  return total == NULL ? 0 : strtoull(total + 9, NULL, 10);
}

static void add_shared(text_t *out) {
  json_key(out, "shared");
  text_print(out, "[");
  for (char **name = list("/sys/block", "pmem"); *name != NULL; name++) {
    json_next(out);
    text_print(out, "{");
    json_text(out, "name", *name);
    json_number(out, "base", read_number(path_of("/sys/block/%s/device/resource", *name)));
    json_number(out, "size", read_number(path_of("/sys/block/%s/size", *name)) * 512);
    text_print(out, "}");
  }
  text_print(out, "]");
}

void add_system(text_t *out) {
  struct utsname kernel;
  char *uptime = read_line("/proc/uptime");
  char *version = read_file("/proc/version", NULL);
  uname(&kernel);
  json_text(out, "boot", read_line("/proc/sys/kernel/random/boot_id"));
  json_key(out, "up");
  text_print(out, "%.*s", (int)strcspn(uptime == NULL ? "0" : uptime, " "), uptime == NULL ? "0" : uptime);
  json_text(out, "kernel", kernel.release);
  json_text(out, "version", kernel.version);
  json_text(out, "system", system_name());
  json_boolean(out, "realtime", version != NULL && strstr(version, "PREEMPT_RT") != NULL);
  add_processors(out);
  json_number(out, "mem_total_kib", memory_total());
  add_lines(out, "iomem", "/proc/iomem", "System RAM", true);
  add_shared(out);
  json_boolean(out, "nfit", access("/sys/firmware/acpi/tables/NFIT", F_OK) == 0);
  add_lines(out, "persistent", "/proc/iomem", "Persistent Memory", false);
}

/* The UARTs the kernel drives; those it merely reserved a name for have no port. */
static void add_uarts(text_t *out) {
  json_key(out, "uarts");
  text_print(out, "[");
  for (char **name = list("/sys/class/tty", "ttyS"); *name != NULL; name++) {
    char *port = read_line(path_of("/sys/class/tty/%s/port", *name));
    if (port == NULL || *port == '\0' || strcmp(port, "0x0") == 0 || strcmp(port, "0") == 0)
      continue;
    json_next(out);
    text_print(out, "{");
    json_text(out, "name", *name);
    json_text(out, "port", port);
    json_number(out, "irq", read_number(path_of("/sys/class/tty/%s/irq", *name)));
    text_print(out, "}");
  }
  text_print(out, "]");
}

static void add_smbios(text_t *out) {
  static const char *const names[] = {"sys_vendor",     "product_name", "product_version", "product_serial",
                                      "product_uuid",   "product_family", "board_name",    "chassis_type",
                                      "bios_vendor",    "bios_version", "bios_date"};
  json_key(out, "dmi");
  text_print(out, "{");
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char *value = read_line(path_of("/sys/class/dmi/id/%s", names[i]));
    if (value != NULL)
      json_text(out, names[i], value);
  }
  text_print(out, "}");
}

typedef struct {
  char *lines[WARNINGS];
  size_t count; /* of all; the last WARNINGS of them are kept */
} warnings_t;

/* <N> in front of a raw line: N modulo 8 is the level, 4 a warning, less is worse. */
static void warning_line(char *line, void *context) {
  warnings_t *warnings = context;
  char *end;
  if (*line != '<')
    return;
  unsigned long number = strtoul(line + 1, &end, 10);
  if (end != line + 1 && *end == '>' && number % 8 <= 4)
    warnings->lines[warnings->count++ % WARNINGS] = end + 1;
}

static void add_warnings(text_t *out) {
  warnings_t warnings = {0};
  int size = klogctl(SIZE_BUFFER, NULL, 0);
  char *log = size > 0 ? malloc((size_t)size + 1) : NULL;
  int count = log == NULL ? 0 : klogctl(READ_ALL, log, size);
  if (count > 0) {
    log[count] = '\0';
    each_line(log, warning_line, &warnings);
  }
  json_key(out, "warnings");
  text_print(out, "[");
  for (size_t i = warnings.count > WARNINGS ? warnings.count - WARNINGS : 0; i < warnings.count; i++) {
    json_next(out);
    json_string(out, warnings.lines[i % WARNINGS]);
  }
  text_print(out, "]");
}

void add_rest(text_t *out) {
  add_lines(out, "consoles", "/proc/consoles", "", false);
  add_uarts(out);
  json_key(out, "framebuffer");
  json_file(out, "/sys/class/graphics/fb0/name");
  json_boolean(out, "efi", access("/sys/firmware/efi", F_OK) == 0);
  json_key(out, "clocksource");
  json_file(out, "/sys/devices/system/clocksource/clocksource0/current_clocksource");
  add_smbios(out);
  json_key(out, "product");
  json_file(out, "/sys/class/dmi/id/product_name");
  json_key(out, "cmdline");
  json_file(out, "/proc/cmdline");
  add_warnings(out);
}
