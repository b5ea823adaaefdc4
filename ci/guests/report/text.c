/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "text.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(void) {
  fputs("report: no memory left\n", stderr);
  exit(1);
}

static void make_room(text_t *text, size_t more) {
  size_t needed = text->size + more + 1;
  if (needed <= text->room)
    return;
  text->room = needed * 2;
  text->data = realloc(text->data, text->room);
  if (text->data == NULL)
    fail();
}

void text_add(text_t *text, const char *bytes, size_t size) {
  make_room(text, size);
  memcpy(text->data + text->size, bytes, size);
  text->size += size;
  text->data[text->size] = '\0';
}

void text_print(text_t *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (size < 0)
    fail();
  make_room(text, (size_t)size);
  va_start(arguments, format);
  vsnprintf(text->data + text->size, (size_t)size + 1, format, arguments);
  va_end(arguments);
  text->size += (size_t)size;
}

const char *path_of(const char *format, ...) {
  static char buffers[16][PATH_SIZE];
  static unsigned next;
  char *buffer = buffers[next++ % 16];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(buffer, PATH_SIZE, format, arguments);
  va_end(arguments);
  return buffer;
}

char *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "r");
  if (file == NULL)
    return NULL;
  text_t text = {0};
  char part[4096];
  size_t count;
  text_add(&text, "", 0);
  while ((count = fread(part, 1, sizeof part, file)) > 0)
    text_add(&text, part, count);
  bool failed = ferror(file) != 0;
  fclose(file);
  if (failed && text.size == 0) {
    free(text.data);
    return NULL;
  }
  if (size != NULL)
    *size = text.size;
  return text.data;
}

char *read_line(const char *path) {
  char *text = read_file(path, NULL);
  if (text == NULL)
    return NULL;
  size_t length = strcspn(text, "\n");
  while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
    length--;
  text[length] = '\0';
  return text;
}

unsigned long long read_number(const char *path) {
  char *text = read_file(path, NULL);
  unsigned long long number = text == NULL ? 0 : strtoull(text, NULL, 0);
  free(text);
  return number;
}

static int compare(const void *one, const void *other) {
  return strcmp(*(char *const *)one, *(char *const *)other);
}

char **list(const char *folder, const char *prefix) {
  size_t count = 0, room = 16;
  char **names = malloc(room * sizeof *names);
  DIR *entries = opendir(folder);
  struct dirent *entry;
  while (names != NULL && entries != NULL && (entry = readdir(entries)) != NULL) {
    if (entry->d_name[0] == '.' || strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
      continue;
    if (count + 1 == room) {
      room *= 2;
      names = realloc(names, room * sizeof *names);
      if (names == NULL)
        break;
    }
    names[count] = strdup(entry->d_name);
    if (names[count++] == NULL)
      fail();
  }
  if (names == NULL)
    fail();
  if (entries != NULL)
    closedir(entries);
  qsort(names, count, sizeof *names, compare);
  names[count] = NULL;
  return names;
}

void each_line(char *text, void (*visit)(char *line, void *context), void *context) {
  while (*text != '\0') {
    size_t length = strcspn(text, "\n");
    bool last = text[length] == '\0';
    text[length] = '\0';
    visit(text, context);
    text += last ? length : length + 1;
  }
}

bool is_number(const char *text) {
  return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}
