/* SPDX-License-Identifier: BSD-2-Clause-Patent */
#include "json.h"

#include <stdlib.h>

void json_string(text_t *out, const char *text) {
  if (text == NULL) {
    text_print(out, "null");
    return;
  }
  text_print(out, "\"");
  for (; *text != '\0'; text++) {
    switch (*text) {
    case '"':
    case '\\':
      text_print(out, "\\%c", *text);
      break;
    case '\t':
      text_print(out, "\\t");
      break;
    case '\n':
      text_print(out, "\\n");
      break;
    default:
      if ((unsigned char)*text >= ' ' && *text != 0x7f)
        text_add(out, text, 1);
    }
  }
  text_print(out, "\"");
}

void json_file(text_t *out, const char *path) {
  char *line = read_line(path);
  json_string(out, line);
  free(line);
}

void json_next(text_t *out) {
  if (out->size > 0 && out->data[out->size - 1] != '{' && out->data[out->size - 1] != '[')
    text_print(out, ",");
}

void json_key(text_t *out, const char *key) {
  json_next(out);
  json_string(out, key);
  text_print(out, ":");
}

void json_text(text_t *out, const char *key, const char *text) {
  json_key(out, key);
  json_string(out, text);
}

void json_number(text_t *out, const char *key, unsigned long long number) {
  json_key(out, key);
  text_print(out, "%llu", number);
}

void json_boolean(text_t *out, const char *key, bool value) {
  json_key(out, key);
  text_print(out, value ? "true" : "false");
}
