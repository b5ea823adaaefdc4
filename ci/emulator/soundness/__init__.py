# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Whether a QEMU keeps a machine's processors apart: a bare program (`program.c`) provokes what it can."""

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

from ci.progress import SetupError, program
from ci.qemu.timing import scaled

HERE = Path(__file__).resolve().parent
CHANGES = 4000
"""Changes of the memory map that the program makes."""
PROCESSORS = 3
NETWORK_CARDS = 10
"""Behind one bridge, so that a change of the bridge moves many regions at once."""
SECONDS = 120
"""Limit; it takes ten on two idle cores."""
_SAID = re.compile(r"processors (\d+) changes (\d+) reads (\d+) wrong (\d+)")
_EXIT_STATUS = 1
"""Of a QEMU that its guest ended through the debug exit device with the value 0."""


def digest() -> str:
    """Return a digest of the program's sources and of this file."""
    sources = sorted(path for path in HERE.iterdir() if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


def problem(binary: Path, folder: Path) -> str:
    """Run the program; return what is wrong, or nothing when the QEMU is sound.

    Args:
        binary: The QEMU.
        folder: Made anew for the program and what it says.

    Raises:
        SetupError: The program does not compile.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _compile(folder)
    output = folder / "output.txt"
    try:
        done = subprocess.run(
            [binary, *_arguments(folder / "program.elf", output)],
            capture_output=True,
            text=True,
            timeout=scaled(SECONDS),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it stood still: the program did not end within {scaled(SECONDS):.0f} s"
    except OSError as error:
        return f"it does not start: {error.strerror}"
    said = output.read_text() if output.is_file() else ""
    complaint = (done.stderr.strip().splitlines() or [""])[-1]
    return verdict(done.returncode, said, complaint)


def verdict(status: int, said: str, complaint: str = "") -> str:
    """Judge a run of the program.

    Args:
        status: QEMU's exit status; negative for a signal.
        said: What the program printed.
        complaint: QEMU's last message.

    Returns:
        What is wrong, or nothing.
    """
    numbers = _SAID.search(said)
    if status != _EXIT_STATUS or numbers is None:
        return f"it ended with status {status} amid the program" + (f" ({complaint})" if complaint else "")
    processors, changes, reads, wrong = (int(number) for number in numbers.groups())
    if wrong:
        return f"{wrong} of {reads} reads went to another device during {changes} changes of the memory map"
    if (processors, changes) != (PROCESSORS, CHANGES) or reads < CHANGES:
        return f"the program could not try: {numbers[0]}"
    return ""


def _compile(folder: Path) -> None:
    start, compiled = folder / "start.o", folder / "program.o"
    options = ["-m32", "-ffreestanding", "-fno-pic", "-fno-stack-protector", "-O2", f"-DCHANGES={CHANGES}"]
    linker: list[str | Path] = ["-m", "elf_i386", "--no-warn-rwx-segments", "-T", HERE / "link.ld"]
    commands: list[list[str | Path]] = [
        ["nasm", "-f", "elf32", HERE / "start.nasm", "-o", start],
        ["gcc", *options, "-c", HERE / "program.c", "-o", compiled],
        ["ld", *linker, start, compiled, "-o", folder / "program.elf"],
    ]
    for command in commands:
        words = [program(str(command[0])), *command[1:]]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SetupError(f"{command[0]} failed on the soundness program:\n{done.stderr.strip()}")


def _arguments(image: Path, output: Path) -> list[str]:
    cards = [f"e1000,bus=bridge,addr={slot},romfile=" for slot in range(1, NETWORK_CARDS + 1)]
    devices = ["pci-bridge,id=bridge,chassis_nr=1,addr=4", *cards]
    devices += ["isa-debugcon,iobase=0xe9,chardev=said", "isa-debug-exit,iobase=0xf4"]
    return [
        *("-nodefaults", "-no-user-config", "-machine", "q35", "-accel", "tcg,thread=multi", "-cpu", "max"),
        *("-smp", str(PROCESSORS), "-m", "128", "-display", "none", "-no-reboot"),
        *("-chardev", f"file,id=said,path={output}"),
        *(word for device in devices for word in ("-device", device)),
        *("-kernel", str(image)),
    ]
