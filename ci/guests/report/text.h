/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Reading of small files and of folders, as procfs and sysfs have them. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define PATH_SIZE 512

/* A growing text that ends with a zero byte. All zero is an empty one; `data` is the owner's to free. */
typedef struct {
  char *data;
  size_t size;
  size_t room;
} text_t;

/* Adds `size` bytes, or what printf would print. The program ends with a message where there is no memory left. */
void text_add(text_t *text, const char *bytes, size_t size);
void text_print(text_t *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A path made as printf prints it, in one of 16 buffers that are used in turn. */
const char *path_of(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A file's contents, which the caller frees; NULL if it cannot be read. `size`, if not NULL, gets the size in bytes. */
char *read_file(const char *path, size_t *size);

/* A file's first line without blanks at its end, which the caller frees; NULL if it cannot be read. */
char *read_line(const char *path);

/* A file's number, decimal or 0x...; 0 if it cannot be read or is none. */
unsigned long long read_number(const char *path);

/* Names in a folder that begin with `prefix`, sorted, the last followed by NULL; a missing folder has none.
   Never freed: a report is made once by a program that then ends. */
char **list(const char *folder, const char *prefix);

/* Calls `visit` with each line of a text, without its end; the text is changed. */
void each_line(char *text, void (*visit)(char *line, void *context), void *context);

/* Whether all characters of a text that is not empty are digits. */
bool is_number(const char *text);

#endif
