# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Which QEMU boots machines."""

from pathlib import Path

import pytest

from ci import packages
from ci.emulator import NAME, emulator, ensure, is_new_enough, parse_version, version_of
from ci.progress import SetupError
from ci.versions import load


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright 2003", (7, 2, 22)),
        ("QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2+deb13u1~bpo12+1)", (10, 0, 2)),
        ("10.0", (10, 0)),
        ("no version", None),
    ],
)
def test_version_is_read(text: str, version: tuple[int, ...] | None) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize(
    ("version", "enough"),
    [("7.2.22", False), ("9.2.4", False), ("10.0", True), ("10.0.2", True), ("10.1.0", True), ("11.0", True)],
)
def test_numbers_are_compared_as_numbers(version: str, enough: bool) -> None:
    assert is_new_enough(version, "10.0") == enough


def test_machines_boot_with_one_that_is_new_enough() -> None:
    assert is_new_enough(version_of(emulator()), load().emulator.minimum)


def test_without_an_unpacked_one_the_installed_one_serves(tmp_path: Path) -> None:
    assert emulator(tmp_path) == NAME


def test_program_that_fails_is_told_with_its_words(tmp_path: Path) -> None:
    broken = tmp_path / NAME
    broken.write_text("#!/bin/sh\necho no library >&2\nexit 127\n")
    broken.chmod(0o755)
    with pytest.raises(SetupError, match=f"{NAME} --version failed: no library"):
        version_of(broken)


def test_without_one_new_enough_the_way_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "bin" / NAME
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho QEMU emulator version 7.2.22\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{old.parent}:/usr/bin:/bin")

    def unreachable(*_: object) -> None:
        raise SetupError("no mirror")

    monkeypatch.setattr(packages, "ensure", unreachable)
    expected = "no mirror\nQEMU 10.0 or newer is needed, the one installed is 7.2.22: repeat, or put"
    with pytest.raises(SetupError, match=expected):
        ensure(tmp_path / "qemu")


def test_an_installed_one_that_is_new_enough_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new, unpacked = tmp_path / "bin" / NAME, tmp_path / "qemu" / NAME
    for folder in (new.parent, unpacked.parent):
        folder.mkdir()
    new.write_text("#!/bin/sh\necho QEMU emulator version 10.0.13\n")
    new.chmod(0o755)
    unpacked.touch()
    monkeypatch.setenv("PATH", f"{new.parent}:/usr/bin:/bin")
    ensure(unpacked.parent)
    assert emulator(unpacked.parent) == NAME
