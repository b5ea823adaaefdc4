/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Writing of JSON (RFC 8259). What JSON demands is escaped; other control characters are left out. */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include "text.h"

/* A text as a JSON string; null for NULL. */
void json_string(text_t *out, const char *text);

/* A file's first line without blanks at its end; null if the file cannot be read. */
void json_file(text_t *out, const char *path);

/* `"key":`, after a comma unless it is the first after `{`. */
void json_key(text_t *out, const char *key);

/* `"key":"text"`, `"key":number`, `"key":true`. */
void json_text(text_t *out, const char *key, const char *text);
void json_number(text_t *out, const char *key, unsigned long long number);
void json_boolean(text_t *out, const char *key, bool value);

/* A comma, unless the last character opens an array or object: to be called before each element. */
void json_next(text_t *out);

#endif
