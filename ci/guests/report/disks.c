/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

#define QUARTERS 40
#define QUARTERS_AT_LEAST 8

/* The paths of a multi-path disk (nvme0c0n1) are not disks. */
static bool is_path(const char *name) {
  const char *path = strchr(name, 'c');
  return strncmp(name, "nvme", 4) == 0 && path != NULL && strchr(path, 'n') != NULL;
}

char **disk_names(void) {
  static const char *const prefixes[] = {"nvme", "sd", "vd"};
  static char *names[256];
  size_t count = 0;
  for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
    for (char **name = list("/sys/block", prefixes[i]); *name != NULL; name++)
      if (!is_path(*name) && count + 1 < sizeof names / sizeof *names)
        names[count++] = *name;
  names[count] = NULL;
  return names;
}

/* The device in sysfs that a disk hangs on: that of an NVMe subsystem, by however many paths, is its first
   controller. */
static const char *disk_device(const char *disk) {
  static char place[PATH_MAX], controller[PATH_MAX];
  if (realpath(path_of("/sys/block/%s", disk), place) == NULL)
    return "";
  if (strstr(place, "/nvme-subsystem/") == NULL)
    return place;
  *strrchr(place, '/') = '\0';
  for (char **name = list(place, "nvme"); *name != NULL; name++)
    if (is_number(*name + 4) && realpath(path_of("%s/%s", place, *name), controller) != NULL)
      return controller;
  return place;
}

/* Domain, bus, device and function, as in 0000:00:1f.2; domains may have more digits. */
static bool is_pci_address(const char *text) {
  unsigned domain, bus, device, function;
  int end = 0;
  return sscanf(text, "%x:%2x:%2x.%1u%n", &domain, &bus, &device, &function, &end) == 4 && text[end] == '\0';
}

const char *disk_function(const char *disk) {
  static char found[64];
  char place[PATH_MAX];
  snprintf(place, sizeof place, "%s", disk_device(disk));
  found[0] = '\0';
  for (char *part = strtok(place, "/"); part != NULL; part = strtok(NULL, "/"))
    if (is_pci_address(part))
      snprintf(found, sizeof found, "%s", part);
  return found;
}

/* ATA and SCSI disks say their serial number in vital product data, page 0x80, behind four bytes; others, or what they
   hang on (USB), in a file of that name. */
static char *disk_serial(const char *disk) {
  size_t size = 0;
  char *page = read_file(path_of("/sys/block/%s/device/vpd_pg80", disk), &size);
  if (page != NULL) {
    text_t serial = {0};
    text_add(&serial, "", 0);
    for (size_t i = 4; i < size; i++)
      if (page[i] != '\0' && page[i] != ' ')
        text_add(&serial, page + i, 1);
    return serial.data;
  }
  char place[PATH_MAX];
  if (realpath(path_of("/sys/block/%s", disk), place) == NULL)
    return NULL;
  while (place[0] != '\0') {
    char *serial = read_line(path_of("%s/serial", place));
    if (serial == NULL)
      serial = read_line(path_of("%s/device/serial", place));
    if (serial != NULL)
      return serial;
    *strrchr(place, '/') = '\0';
  }
  return "";
}

void add_disks(text_t *out) {
  for (char **disk = disk_names(); *disk != NULL; disk++) {
    json_next(out);
    text_print(out, "{");
    json_text(out, "name", *disk);
    json_text(out, "function", disk_function(*disk));
    json_key(out, "model");
    json_file(out, path_of("/sys/block/%s/device/model", *disk));
    json_text(out, "serial", disk_serial(*disk));
    json_number(out, "size", read_number(path_of("/sys/block/%s/size", *disk)) * 512);
    text_print(out, "}");
  }
}

/* Looks at what there is now: how many disks are to be expected, and whether they may come late. */
static size_t disks_expected(bool *late) {
  size_t expected = 0;
  *late = false;
  for (char **function = list("/sys/bus/pci/devices", ""); *function != NULL; function++) {
    unsigned long long class = read_number(path_of("/sys/bus/pci/devices/%s/class", *function));
    if (class >> 8 == 0x0100 || class >> 8 == 0x0108)
      expected++;
    if (class >> 8 == 0x0106 || class == 0x0c0330)
      *late = true;
  }
  for (char **device = list("/sys/class/ata_device", ""); *device != NULL; device++) {
    char *class = read_line(path_of("/sys/class/ata_device/%s/class", *device));
    if (class != NULL && strcmp(class, "ata") == 0)
      expected++;
  }
  for (char **drive = list("/sys/bus/usb/drivers/usb-storage", ""); *drive != NULL; drive++)
    if (isdigit((unsigned char)**drive))
      expected++;
  return expected;
}

void wait_for_disks(void) {
  for (int waited = 0; waited < QUARTERS; waited++) {
    bool late;
    size_t expected = disks_expected(&late), found = 0;
    for (char **disk = disk_names(); *disk != NULL; disk++)
      found++;
    if (found >= expected && !(late && waited < QUARTERS_AT_LEAST))
      return;
    usleep(250000);
  }
}
