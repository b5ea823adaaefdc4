# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Progress lines, logged commands and the one kind of error of the set-up.

Every line carries the seconds since the set-up began; `ci/setup.sh` passes its own beginning on in the
environment variable MRM_SETUP_BEGAN (seconds since the epoch), so that the numbers go on across processes.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
"""The project's folder: the one that holds `ci/`, `.downloads/` and `Build/`."""

DOWNLOADS = PROJECT / ".downloads"
"""What came over the network; survives `make clean`."""

LOGS = DOWNLOADS / "logs"
"""What the programs called by the set-up printed."""

_QUIET_SECONDS = 10.0
_TAIL_LINES = 20


class SetupError(Exception):
    """A failure the user can act on: the message, all that is shown, says what to do."""


def _began() -> float:
    try:
        return float(os.environ["MRM_SETUP_BEGAN"])
    except (KeyError, ValueError):
        os.environ["MRM_SETUP_BEGAN"] = str(time.time())
        return time.time()


def say(text: str) -> None:
    """Print one progress line."""
    print(f"[set-up {max(0, int(time.time() - _began())):4d} s] {text}", flush=True)


def program(name: str) -> str:
    """Return where a program is, looking also where Debian has those of the administrator.

    A plain user's PATH lacks these folders, but programs such as depmod and sgdisk work for anyone.

    Raises:
        SetupError: It is not installed.
    """
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))
    if found is None:
        raise SetupError(f"program {name} not found; run `make setup`")
    return found


def run_logged(
    command: Sequence[str | Path],
    log_name: str,
    *,
    what: str,
    cwd: Path | None = None,
) -> None:
    """Run a command with its output in `.downloads/logs/<log_name>.log`, with a line every ten seconds.

    Args:
        command: Program and arguments.
        log_name: Name of the log without its extension; an older log of that name is replaced.
        what: What is being done, for the progress lines, such as "building the BaseTools".
        cwd: Folder to run in.

    Raises:
        SetupError: The program is missing or failed; the message ends with the log's last lines.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{log_name}.log"
    words = [program(str(command[0])), *(str(word) for word in command[1:])]
    with log.open("wb") as output:
        process = subprocess.Popen(
            words, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            while True:
                try:
                    status = process.wait(_QUIET_SECONDS)
                    break
                except subprocess.TimeoutExpired:
                    say(f"  still {what} ...")
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if status != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])
        raise SetupError(f"{what} failed (exit status {status}); {log} ends with:\n{tail}")


def main(body: Callable[[], None]) -> int:
    """Run a set-up program's body.

    Returns:
        Exit status: 0, or 1 after printing a SetupError's message.
    """
    try:
        body()
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    return 0
