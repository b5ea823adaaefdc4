# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What guests report with: the program, here on this host, and functions of the shell, by their busybox."""

import gzip
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ci.guests.build import OUTPUT, look
from ci.guests.program import compile_program
from ci.progress import PROJECT
from ci.qemu.stream import StreamDecoder
from tests.ci.guests.test_build import parse_newc

SCRIPT = PROJECT / "ci/guests/lib/report.sh"
REPORT = PROJECT / "ci/guests/report"
WRITER = """
#include <stdio.h>
#include "json.h"
int main(int count, char **arguments) {
  text_t out = {0};
  for (int i = 1; i < count; i++)
    json_string(&out, arguments[i]);
  for (int i = 1; i < count; i++)
    json_file(&out, arguments[i]);
  fputs(out.data, stdout);
}
"""


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a program that prints its argument as JSON, and the first line of the file of that name."""
    folder = tmp_path_factory.mktemp("writer")
    for name in ("json.c", "json.h", "text.c", "text.h"):
        shutil.copy(REPORT / name, folder)
    (folder / "writer.c").write_text(WRITER)
    return compile_program(folder.glob("*.c"), folder / "writer")


@pytest.fixture(scope="module")
def seen() -> dict[str, Any]:
    """Return what the guests' program says of this host."""
    return dict(json.loads(subprocess.run([look()], stdout=subprocess.PIPE, check=True).stdout))


@pytest.fixture(scope="module")
def busybox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with busybox, taken from a guest's initrd."""
    folder = tmp_path_factory.mktemp("busybox")
    entries = parse_newc(gzip.decompress((OUTPUT / "linux-6.1/initrd.img").read_bytes()))
    program = next(entry for entry in entries if entry.path == "bin/busybox")
    (folder / "busybox").write_bytes(program.data)
    (folder / "busybox").chmod(0o755)
    return folder


def strings(writer: Path, text: str) -> tuple[str, str | None]:
    """Return a text, and the first line of the file of that name, as they come back from JSON."""
    said = subprocess.run([writer, text], stdout=subprocess.PIPE, check=True).stdout.decode()
    first, end = json.JSONDecoder().raw_decode(said)
    return first, json.loads(said[end:])


TEXTS = [
    "",
    "plain",
    'said "no"',
    r"C:\EFI\BOOT & \& \\ \n",
    "tab\there",
    "two\nlines",
    "äöü → 10⁵",
    "percent %s %d",
    "{}[],:",
]


@pytest.mark.parametrize("text", TEXTS)
def test_text_as_json(writer: Path, text: str) -> None:
    assert strings(writer, text) == (text, None)


def test_control_characters_are_left_out(writer: Path) -> None:
    assert strings(writer, "a\x1b[1mb\x07c\r")[0] == "a[1mbc"


def test_first_line_of_a_file(writer: Path, tmp_path: Path) -> None:
    (tmp_path / "model").write_text('QEMU "x" \t \nmore')
    assert strings(writer, str(tmp_path / "model"))[1] == 'QEMU "x"'


@pytest.mark.parametrize("text", TEXTS)
def test_report_arrives(busybox: Path, writer: Path, text: str) -> None:
    """From the program to the harness's decoder, whatever is in it."""
    said = json.dumps(strings(writer, text)[0], ensure_ascii=False)
    sent = subprocess.run(
        [busybox / "busybox", "sh", "-c", f'. {SCRIPT}\nevent MRM-TICK "$1"', "sh", f'{{"text":{said}}}'],
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    decoded = StreamDecoder().feed(sent)
    (report,) = decoded.reports
    assert (report.name, report.data, decoded.text) == ("MRM-TICK", {"text": text}, "")


@pytest.mark.parametrize(
    ("line", "value"),
    [("quiet mrm.exit=reboot", "reboot"), ("mrm.exit=x mrm.exit=*", "*"), ("xmrm.exit=y", ""), ("", "")],
)
def test_kernel_parameter(busybox: Path, tmp_path: Path, line: str, value: str) -> None:
    (tmp_path / "cmdline").write_text(f"{line}\n")
    script = tmp_path / "report.sh"
    script.write_text(SCRIPT.read_text().replace("/proc/cmdline", str(tmp_path / "cmdline")))
    command = f'. {script}\nprintf %s "$(kernel_parameter mrm.exit)"'
    said = subprocess.run([busybox / "busybox", "sh", "-c", command], stdout=subprocess.PIPE, check=True)
    assert said.stdout.decode() == value


def test_what_it_says_of_this_host(seen: dict[str, Any]) -> None:
    system = os.uname()
    assert (seen["kernel"], seen["version"]) == (system.release, system.version)
    assert seen["boot"] == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert seen["cpus_online"] == len(seen["apic_ids"]) == os.sysconf("SC_NPROCESSORS_ONLN")
    assert (
        abs(seen["mem_total_kib"] * 1024 - os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")) < 2**20
    )
    assert seen["efi"] == Path("/sys/firmware/efi").is_dir()
    functions = sorted(path.name for path in Path("/sys/bus/pci/devices").glob("*"))
    assert [function["address"] for function in seen["pci"]] == functions
    assert [disk["name"] for disk in seen["disks"]] == [test["disk"] for test in seen["disk_test"]]


def test_wrong_use_is_told() -> None:
    done = subprocess.run([look(), "wiat"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "usage: look [wait]\n")
