# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The functions the guests report with, run by the busybox the guests have."""

import gzip
import json
import subprocess
from pathlib import Path

import pytest

from ci.guests.build import OUTPUT
from ci.progress import PROJECT
from ci.qemu.stream import StreamDecoder
from tests.ci.guests.test_build import parse_newc

SCRIPTS = [PROJECT / "ci/guests/lib" / f"{name}.sh" for name in ("json", "disks", "report")]
APPLETS = ("awk", "cat", "sed", "tr", "tail", "head", "cut", "grep")


@pytest.fixture(scope="module")
def busybox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with busybox and some of its applets, taken from a guest's initrd."""
    folder = tmp_path_factory.mktemp("busybox")
    entries = parse_newc(gzip.decompress((OUTPUT / "linux-6.1/initrd.img").read_bytes()))
    program = next(entry for entry in entries if entry.path == "bin/busybox")
    (folder / "busybox").write_bytes(program.data)
    (folder / "busybox").chmod(0o755)
    for applet in APPLETS:
        (folder / applet).symlink_to("busybox")
    return folder


def call(busybox: Path, command: str, data: bytes = b"") -> bytes:
    """Run a command with the functions of the scripts."""
    functions = "\n".join(script.read_text() for script in SCRIPTS)
    return subprocess.run(
        [busybox / "busybox", "sh", "-c", f"{functions}\n{command}"],
        input=data,
        stdout=subprocess.PIPE,
        check=True,
        env={"PATH": str(busybox)},
    ).stdout


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
def test_text_as_json(busybox: Path, text: str) -> None:
    assert json.loads(call(busybox, "json_string", text.encode())) == text
    lines = text.split("\n") if text else []
    assert json.loads(call(busybox, "json_lines", text.encode())) == lines


def test_control_characters_are_left_out(busybox: Path) -> None:
    assert json.loads(call(busybox, "json_string", b"a\x1b[1mb\x07c\r")) == "a[1mbc"


def test_missing_file_is_null(busybox: Path) -> None:
    assert json.loads(call(busybox, "json_file /nowhere")) is None


@pytest.mark.parametrize("text", TEXTS)
def test_report_arrives(busybox: Path, text: str) -> None:
    """From the script's function to the harness's decoder, whatever is in it."""
    sent = call(busybox, 'event MRM-TICK "{\\"text\\":$(json_string)}"', text.encode())
    decoded = StreamDecoder().feed(sent)
    (report,) = decoded.reports
    assert (report.name, report.data, decoded.text) == ("MRM-TICK", {"text": text}, "")
