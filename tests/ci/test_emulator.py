# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Which QEMU boots machines, and what is said when none can."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from ci.emulator import choice, soundness, unpacked
from ci.emulator.choice import emulator, ensure, is_new_enough, parse_version, version_of
from ci.emulator.unpacked import NAME, FetchError, upstream
from ci.progress import SetupError
from ci.unpacked import Record
from ci.versions import EmulatorVersion, load

SOUND = f"processors 3 changes {soundness.CHANGES} reads 12601288 wrong 0\n"


def fake(folder: Path, version: str) -> Path:
    """Make a program that says it is a QEMU of some version, and can do nothing else."""
    folder.mkdir()
    program = folder / NAME
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] || exit 9\necho QEMU emulator version {version}\n')
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright 2003", (7, 2, 22)),
        ("QEMU emulator version 11.1.3 (Debian 1:11.1.3+ds-1~bpo13+1)", (11, 1, 3)),
        ("11.0", (11, 0)),
        ("no version", None),
    ],
)
def test_version_is_read(text: str, version: tuple[int, ...] | None) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("7.2.22", False),
        ("10.2.4", False),
        ("11.0", True),
        ("11.0.1", True),
        ("11.1.0", True),
        ("12.0", True),
    ],
)
def test_numbers_are_compared_as_numbers(version: str, enough: bool) -> None:
    assert is_new_enough(version, "11.0") == enough


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("1:11.1.3+ds-1~bpo13+1", (11, 1, 3)), ("1:10.0.13+ds-0+deb13u1", (10, 0, 13)), ("none", ())],
)
def test_debian_s_version_is_read(version: str, numbers: tuple[int, ...]) -> None:
    assert upstream(version) == numbers


def test_machines_boot_with_one_that_is_new_enough() -> None:
    assert is_new_enough(version_of(emulator()), load().emulator.at_least)


def test_without_an_unpacked_one_the_installed_one_serves(tmp_path: Path) -> None:
    assert emulator(tmp_path) == NAME


def test_program_that_fails_is_told_with_its_words(tmp_path: Path) -> None:
    broken = tmp_path / NAME
    broken.write_text("#!/bin/sh\necho no library >&2\nexit 127\n")
    broken.chmod(0o755)
    with pytest.raises(SetupError, match=f"{NAME} --version failed: no library"):
        version_of(broken)


@pytest.mark.parametrize(
    ("installed", "found"), [("7.2.22", "the one installed is 7.2.22"), (None, "none is installed")]
)
def test_without_one_new_enough_the_way_out_is_told(
    installed: str | None, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if installed:
        fake(tmp_path / "bin", installed)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def unreachable(*_: object) -> None:
        raise FetchError("no mirror")

    monkeypatch.setattr(choice, "unpack", unreachable)
    expected = (
        f"no mirror\nQEMU 11.0 or newer is needed, {found}: repeat, or put one of your own first in PATH"
    )
    with pytest.raises(SetupError, match=expected):
        ensure(tmp_path / "emulator", tmp_path / "downloads")


def test_an_installed_one_is_used_once_it_has_proved_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = fake(tmp_path / "bin", "11.0.1")
    output = tmp_path / "emulator"
    fake(output, "11.1.3")
    monkeypatch.setenv("PATH", f"{installed.parent}:/usr/bin:/bin")
    tried = []

    def sound(binary: Path, _: Path) -> str:
        tried.append(binary)
        return ""

    monkeypatch.setattr(soundness, "problem", sound)
    for _ in range(2):
        ensure(output, tmp_path / "downloads")
    assert emulator(output) == NAME
    assert tried == [installed]
    installed.write_text(installed.read_text() + "# another build\n")
    ensure(output, tmp_path / "downloads")
    assert tried == [installed, installed]


def test_one_that_is_not_sound_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = fake(tmp_path / "bin", "11.0.1")
    monkeypatch.setenv("PATH", f"{installed.parent}:/usr/bin:/bin")
    expected = (
        r"11\.0\.1\) is not sound with a thread per processor: it ended with status 9.*take it out of PATH"
    )
    for _ in range(2):
        with pytest.raises(SetupError, match=expected):
            ensure(tmp_path / "emulator", tmp_path / "downloads")


@pytest.mark.parametrize(
    ("status", "said", "reason"),
    [
        (1, SOUND, ""),
        (-11, "", "it ended with status -11 amid the program"),
        (-6, "", r"status -6 amid the program \(Assertion"),
        (1, SOUND.replace("wrong 0", "wrong 7"), "7 of 12601288 reads went to another device"),
        (1, SOUND.replace("processors 3", "processors 1"), "the program could not try: processors 1"),
        (1, SOUND.replace("reads 12601288", "reads 10"), "the program could not try"),
        (1, f"processors 3 changes 0 reads {soundness.CHANGES} wrong 0", "the program could not try"),
        (0, SOUND, "it ended with status 0"),
    ],
)
def test_runs_of_the_program_are_judged(status: int, said: str, reason: str) -> None:
    found = soundness.verdict(status, said, "Assertion" if status == -6 else "")
    assert bool(found) == bool(reason)
    assert reason.partition("status -6")[0] in found


def test_a_damaged_package_is_not_unpacked(tmp_path: Path) -> None:
    wanted = EmulatorVersion("11.0", "qemu-system-x86", [["trixie"]])
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    (downloads / "a.deb").write_text("damaged")
    record = Record(asdict(wanted), "1:11.1.3", {"a.deb": "0" * 64})
    (downloads / "packages.json").write_text(json.dumps(asdict(record)))
    with pytest.raises(SetupError, match=r"a\.deb is damaged"):
        unpacked.unpack(wanted, downloads, tmp_path / "output")
