# SPDX-License-Identifier: BSD-2-Clause-Patent
# shellcheck shell=sh
#
# Reports of a guest and the JSON in them; for busybox as for Debian's own tools.
#
# To start a program costs an emulated machine some 20 ms of its host, and a report is made at every boot: so what the
# shell can do by itself, it does.
#
# Reports are OSC sequences, ESC ] 5380 ; NAME JSON BEL: terminals ignore them, so
# the shell beside them stays usable; whoever holds the line finds them in the
# stream (ci/qemu/console.py).  Names and their JSON:
#   MRM-BOOT   {"boot", "up"}             the guest's user space has begun; boot: id of this boot, up: seconds
#   MRM-GUEST  {"boot", "kernel", ...}    what this machine looks like from inside, see report()
#   MRM-TICK   {"boot", "n", "up"}        every second; n counts from 1 in each boot
#   MRM-DONE   {"token", "status"}        command "mrm-done TOKEN STATUS" marks the end of a typed command

# Control sequences that no user of a line editor meets by chance; see above.
event() {
  printf '\033]5380;%s %s\007' "$1" "$2"
}

# The lines of standard input as one JSON string: escapes what JSON demands, drops other control characters.
json_string() {
  awk '
    BEGIN { printf "\"" }
    {
      if (NR > 1) printf "\\n"
      gsub(/\\/, "\\\\")
      gsub(/"/, "\\\"")
      gsub(/\t/, "\\t")
      gsub(/[[:cntrl:]]/, "")
      printf "%s", $0
    }
    END { printf "\"" }'
}

# The lines of standard input as a JSON array of strings.
json_lines() {
  awk '
    BEGIN { printf "[" }
    {
      gsub(/\\/, "\\\\")
      gsub(/"/, "\\\"")
      gsub(/\t/, "\\t")
      gsub(/[[:cntrl:]]/, "")
      printf "%s\"%s\"", (NR > 1 ? "," : ""), $0
    }
    END { printf "]" }'
}

# The text $1, one line, as a JSON string. Text without a character to escape takes no other program.
json_text() {
  case "$1" in
    *[\\\"[:cntrl:]]*) printf '%s' "$1" | json_string ;;
    *) printf '"%s"' "$1" ;;
  esac
}

# A file's first line as a JSON string, trailing blanks removed; null when there is no such file.
json_file() {
  if [ -r "$1" ]; then
    IFS= read -r text <"$1"
    json_text "${text%"${text##*[![:blank:]]}"}"
  else
    printf null
  fi
}

json_boolean() {
  if "$@"; then printf true; else printf false; fi
}
