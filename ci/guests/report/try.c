/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "report.h"

/* What marks a disk that may be written to; ci/images/disks.py writes it. */
#define MARK "MRM test disk image"

#define MEBIBYTE (1024 * 1024)
#define CHUNKS 4
#define CHUNK (128 * 1024)
#define FILE_MEBIBYTES 16
#define SCRATCH "/var/tmp/mrm-test"

static bool is_test_area(const char *path) {
  char begin[sizeof MARK - 1];
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return false;
  ssize_t count = read(file, begin, sizeof begin);
  close(file);
  return count == (ssize_t)sizeof begin && memcmp(begin, MARK, sizeof begin) == 0;
}

/* Whether the root file system is on a disk. */
static bool has_root(const char *disk) {
  char *mounts = read_file("/proc/mounts", NULL);
  text_t wanted = {0};
  text_print(&wanted, "/dev/%s", disk);
  bool found = false;
  for (char *line = mounts; line != NULL && *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
    char *device_end = strchr(line, ' ');
    if (strncmp(line, wanted.data, wanted.size) == 0 && device_end != NULL && strncmp(device_end, " / ", 3) == 0)
      found = true;
  }
  return found;
}

/* A file of zeros; NULL if it cannot be made. */
static const char *make_file(void) {
  char zeros[16 * 1024] = {0};
  int file = open(SCRATCH, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0)
    return NULL;
  bool ok = true;
  for (size_t i = 0; i < FILE_MEBIBYTES * (MEBIBYTE / sizeof zeros); i++)
    ok = write(file, zeros, sizeof zeros) == (ssize_t)sizeof zeros && ok;
  return close(file) == 0 && ok ? SCRATCH : NULL;
}

/* Where on a disk may be written: a device that says so, disk or partition, or a file if the root file system is there;
   NULL if nowhere. `mebibytes` gets its size in MiB. */
static const char *test_area(const char *disk, unsigned long long *mebibytes) {
  for (char **name = list("/sys/class/block", disk); *name != NULL; name++) {
    const char *number = *name + strlen(disk);
    if (*number == 'p')
      number++;
    if (*number != '\0' && !is_number(number))
      continue;
    const char *path = path_of("/dev/%s", *name);
    if (is_test_area(path)) {
      *mebibytes = read_number(path_of("/sys/class/block/%s/size", *name)) / 2048;
      return strdup(path);
    }
  }
  *mebibytes = FILE_MEBIBYTES;
  return has_root(disk) ? make_file() : NULL;
}

/* Writes random data in four places spread over an area and reads it back past the page cache; returns what failed, an
   empty text if nothing did. */
static char *try_area(const char *area, unsigned long long mebibytes) {
  char *written, *found, *reason = "";
  if (posix_memalign((void **)&written, 4096, CHUNKS * CHUNK) != 0 ||
      posix_memalign((void **)&found, 4096, CHUNKS * CHUNK) != 0)
    return "no memory left";
  memset(found, 0, CHUNKS * CHUNK);
  for (size_t done = 0; done < CHUNKS * CHUNK;) {
    ssize_t count = getrandom(written + done, CHUNKS * CHUNK - done, 0);
    if (count < 0)
      return "no random data";
    done += (size_t)count;
  }
  int file = open(area, O_RDWR | O_DIRECT | O_CLOEXEC);
  if (file < 0)
    return strdup(path_of("%s cannot be opened: %s", area, strerror(errno)));
  for (int reading = 0; reading < 2; reading++) {
    for (unsigned chunk = 0; chunk < CHUNKS; chunk++) {
      unsigned long long place = 1 + chunk * (mebibytes - 1) / CHUNKS;
      off_t offset = (off_t)(place * MEBIBYTE);
      ssize_t count = reading ? pread(file, found + chunk * CHUNK, CHUNK, offset)
                              : pwrite(file, written + chunk * CHUNK, CHUNK, offset);
      if (count != CHUNK)
        reason = strdup(path_of("%s at %llu MiB: %s", reading ? "read" : "write", place,
                                count < 0 ? strerror(errno) : "not all of it"));
    }
  }
  close(file);
  if (*reason == '\0' && memcmp(written, found, CHUNKS * CHUNK) != 0)
    reason = "what was read is not what was written";
  free(written);
  free(found);
  return reason;
}

void add_disk_tests(text_t *out) {
  for (char **disk = disk_names(); *disk != NULL; disk++) {
    unsigned long long mebibytes;
    const char *area = test_area(*disk, &mebibytes);
    json_next(out);
    text_print(out, "{");
    json_text(out, "disk", *disk);
    if (area == NULL) {
      json_boolean(out, "ok", false);
      json_number(out, "bytes", 0);
      json_text(out, "reason", "no MRM test disk: left alone");
    } else {
      char *function = strdup(disk_function(*disk));
      unsigned long long before = function_interrupts(function);
      char *reason = try_area(area, mebibytes);
      json_boolean(out, "ok", *reason == '\0');
      json_number(out, "bytes", CHUNKS * CHUNK);
      json_number(out, "interrupts", function_interrupts(function) - before);
      json_text(out, "reason", reason);
      unlink(SCRATCH);
    }
    text_print(out, "}");
  }
}
