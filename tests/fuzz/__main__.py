# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`make fuzz`: fuzz every parser of foreign bytes for a while; see `python -m tests.fuzz --help`.

Inputs that reach something new are kept in Build/fuzz/corpus, where the next run begins; one that fails is
kept in Build/fuzz/crashes.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tests.firmware_host.decide import PROJECT
from tests.fuzz.build import TARGETS, Builder, run
from tests.fuzz.python_side import EXAMPLES, FOLDERS
from tests.fuzz.seeds import write


def fuzz_target(builder: Builder, name: str, folder: Path, seconds: int) -> bool:
    """Fuzz a C target, print a line about it and return whether nothing failed."""
    corpus = folder / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    seeds = write(name, folder / "seeds" / name)
    outcome = run(
        builder.target(name),
        [corpus, seeds],
        folder / "crashes",
        f"-max_total_time={seconds}",
        "-max_len=4096",
    )
    result = "passed" if outcome.passed else f"FAILED {outcome.crash or ''}"
    print(f"{name:<14} {outcome.runs:>10} runs {outcome.coverage:>5} edges  {result}", flush=True)
    if not outcome.passed:
        print(outcome.text, file=sys.stderr)
    return outcome.passed


def fuzz_python(examples: int) -> bool:
    """Run the tests by hypothesis with more examples; print a line and return whether all passed."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--hypothesis-seed=random",
        "--timeout=0",
        "-p",
        "no:cacheprovider",
    ]
    command += ["-p", "tests.fuzz.python_side", "-m", "not boot", *FOLDERS]
    environment = {**os.environ, EXAMPLES: str(examples)}
    result = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, errors="replace", check=False
    )
    passed = result.returncode == 0
    print(
        f"{'Python':<14} {examples:>10} examples of each test  {'passed' if passed else 'FAILED'}", flush=True
    )
    if not passed:
        print(result.stdout, result.stderr, sep="\n", file=sys.stderr)
    return passed


def main() -> int:
    """Fuzz; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description="Fuzz the parsers of foreign bytes."
    )
    parser.add_argument("--seconds", type=int, default=60, help="for each C target (default 60)")
    parser.add_argument("--examples", type=int, default=2000, help="for each test of a Python parser")
    parser.add_argument("targets", nargs="*", help=f"which; default all: {' '.join(TARGETS)} Python")
    arguments = parser.parse_args()
    wanted = arguments.targets or [*TARGETS, "Python"]
    unknown = [name for name in wanted if name not in (*TARGETS, "Python")]
    if unknown or arguments.seconds < 1 or arguments.examples < 1:
        parser.error(f"no such target: {', '.join(unknown)}" if unknown else "times and numbers begin at 1")
    folder = PROJECT / "Build/fuzz"
    passed = True
    if wanted != ["Python"]:
        builder = Builder(folder / "programs")
        for name in wanted:
            if name != "Python":
                passed = fuzz_target(builder, name, folder, arguments.seconds) and passed
    if "Python" in wanted:
        passed = fuzz_python(arguments.examples) and passed
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
