#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause-Patent
# Sets up everything the project needs, on a bare Debian 12 or newer, as root or as a user who may use sudo:
#
#   packages   Debian packages of ci/debian-packages.txt
#   python     Python packages of pip-requirements.txt, in .venv
#   edk2       EDK2 source and its C BaseTools, in .downloads/edk2 (or where MRM_EDK2 says; see ci/edk2.py)
#   emulator   a QEMU that is new enough and sound, in Build/emulator unless the machine has one (ci/emulator)
#   guests     guest kernels and initrds, in Build/guests
#   grid       the head of a grid, for tests, in Build/grid (ci/grid.py)
#
# usage: ci/setup.sh [step…]     without steps: all of them
#
# Steps that are done are skipped without touching the network. It can be interrupted and repeated at any time.
set -eu
cd "$(dirname "$0")/.."
steps=${*:-packages python edk2 emulator guests grid}
MRM_SETUP_BEGAN=$(date +%s)
export MRM_SETUP_BEGAN

say () {
  printf '[set-up %4d s] %s\n' $(($(date +%s) - MRM_SETUP_BEGAN)) "$*"
}

fail () {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# run_logged <log name> <what> <command…>: output goes to a log; a line every ten seconds; the log's end on failure.
run_logged () {
  log=.downloads/logs/$1.log
  what=$2
  shift 2
  # The command stays in the foreground: Ctrl-C and sudo's question reach it.
  remind "$what" 9>&- &
  reminder=$!
  status=0
  "$@" >"$log" 2>&1 </dev/null || status=$?
  stop_reminder
  [ "$status" -eq 0 ] || tail -n 20 "$log" >&2
  return "$status"
}

remind () {
  while sleep 10 >/dev/null 2>&1; do
    say "  still $1 ..."
  done
}

reminder=
stop_reminder () {
  if [ -n "$reminder" ]; then
    kill "$reminder" 2>/dev/null || :
    reminder=
  fi
}
trap stop_reminder EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

as_root () {
  if [ "$(id -u)" -eq 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo env DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

check_machine () {
  [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || fail "this is $(uname -s) on $(uname -m); MRM is built on Linux on x86_64"
  command -v apt-get >/dev/null && command -v dpkg-query >/dev/null ||
    fail "apt-get not found: the set-up knows Debian (12 or newer) and what derives from it"
  case $(pwd -P) in
    *[[:space:]]*) fail "EDK2 does not build in a path with blanks: move this folder out of $(pwd -P)" ;;
  esac
}

missing_packages () {
  sed 's/#.*//' ci/debian-packages.txt | while read -r package; do
    [ -n "$package" ] || continue
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || status=absent
    [ "$status" = installed ] || printf '%s ' "$package"
  done
}

setup_packages () {
  missing=$(missing_packages)
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      fail "Debian packages are missing, and there is no sudo. As root: apt-get install --no-install-recommends $missing"
    say "asking sudo for the right to install Debian packages"
    sudo true || fail "sudo refused. As root: apt-get install --no-install-recommends $missing"
  fi
  say "fetching Debian's package lists"
  # A broken list of another vendor must not stop us; what is really missing shows at the next step.
  run_logged apt-lists "fetching package lists" as_root apt-get -o DPkg::Lock::Timeout=300 update ||
    say "apt-get update reported errors (above); going on with the lists there are"
  say "installing Debian packages: $missing"
  # $missing is a list of words.
  # shellcheck disable=SC2086
  set -- apt-get -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends $missing
  if ! run_logged apt-install "installing Debian packages" as_root "$@"; then
    say "trying again after dpkg --configure -a, in case an earlier installation was interrupted"
    run_logged dpkg-configure "configuring Debian packages" as_root dpkg --configure -a &&
      run_logged apt-install "installing Debian packages" as_root "$@" ||
      fail "installing Debian packages failed; see .downloads/logs/apt-install.log"
  fi
}

setup_python () {
  # A moved or copied environment is no good: its scripts name their interpreter by absolute path.
  wanted=$(
    pwd -P
    python3 --version
    cat pip-requirements.txt
  )
  if [ -f .venv/.mrm-built-for ] && [ "$(cat .venv/.mrm-built-for)" = "$wanted" ] && [ -x .venv/bin/python ]; then
    return 0
  fi
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$(python3 --version) found; 3.11 or newer is needed (Debian 12 has it)"
  say "making the Python environment .venv"
  rm -rf .venv
  run_logged venv "making .venv" python3 -m venv .venv ||
    fail "python3 -m venv failed; see .downloads/logs/venv.log"
  say "installing Python packages of pip-requirements.txt"
  run_logged pip "installing Python packages" .venv/bin/python -m pip --disable-pip-version-check \
    install --requirement pip-requirements.txt || fail "pip failed; see .downloads/logs/pip.log"
  printf '%s\n' "$wanted" >.venv/.mrm-built-for
}

check_repository () {
  # stuart asks git for the repository's state before it builds anything.
  problem=$(git rev-parse --quiet --verify HEAD 2>&1 >/dev/null) && return 0
  fail "stuart needs this folder to be a git repository with at least one commit; git says: ${problem:-no commit yet}" \
    "(unpacked without .git? git init && git add -A && git commit -m import)"
}

mkdir -p .downloads/logs
check_machine
# One set-up at a time: a second one waits, then finds everything done.
exec 9>.downloads/lock
if ! flock --nonblock 9; then
  say "waiting for another set-up in this folder"
  flock 9
fi

for step in $steps; do
  case $step in
    packages) setup_packages ;;
    python) setup_python ;;
    edk2) check_repository && .venv/bin/python -m ci.edk2 ;;
    emulator) .venv/bin/python -m ci.emulator ;;
    guests)
      .venv/bin/python -m ci.guests
      .venv/bin/python -m ci.guests.live
      ;;
    grid) .venv/bin/python -m ci.grid ;;
    *) fail "unknown step $step; known: packages python edk2 emulator guests grid" ;;
  esac
done
