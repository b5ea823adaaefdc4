# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Version and date of what is built."""

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ci.progress import PROJECT
from ci.release import version as release


def declaration(folder: Path, line: str) -> Path:
    path = folder / "Some.dec"
    path.write_text(f"[Defines]\n  DEC_SPECIFICATION = 1.27\n{line}\n[Includes]\n")
    return path


@pytest.mark.parametrize(("stated", "number"), [("0.1", 1), ("1.0", 0x10000), ("12.34", 0xC0022)])
def test_version_of_a_package(tmp_path: Path, stated: str, number: int) -> None:
    package = declaration(tmp_path, f"  PACKAGE_VERSION   = {stated}")
    assert release.version(package) == stated
    assert release.revision(package) == number


@pytest.mark.parametrize("line", ["", "# PACKAGE_VERSION = 0.1", "  PACKAGE_VERSION = new"])
def test_package_without_version(tmp_path: Path, line: str) -> None:
    with pytest.raises(ValueError, match=r"Some\.dec: no PACKAGE_VERSION"):
        release.version(declaration(tmp_path, line))


def test_the_projects_version_stands_in_one_place() -> None:
    stated = release.version(PROJECT / "MrmPkg/MrmPkg.dec")
    for name in ("MrmPkg/Mrm.dsc", "MrmPkg/PartitionFirmware.dsc", "MrmPkg/Controller/Core/Version.h"):
        text = (PROJECT / name).read_text("utf-8")
        assert "MRM_VERSION" in text
        assert f'"{stated}"' not in text
    assert re.fullmatch(r"\d+\.\d+", stated)


@pytest.mark.parametrize(
    ("seconds", "shown"), [("1764374400", "11/29/2025"), ("0", "01/01/2023"), ("1704067199", "12/31/2023")]
)
def test_date_that_the_environment_names(monkeypatch: pytest.MonkeyPatch, seconds: str, shown: str) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", seconds)
    assert release.date(PROJECT) == shown


def test_date_of_the_last_commit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    commit = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=b", "commit", "--quiet"]
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2024-05-06T23:30:00-0200")
    subprocess.run([*commit, "--allow-empty", "--message=x"], check=True)
    assert release.date(tmp_path) == "05/07/2024"


def test_date_outside_a_repository_is_today(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    before = datetime.now(UTC)
    shown = release.date(tmp_path)
    assert shown in {when.strftime("%m/%d/%Y") for when in (before, datetime.now(UTC))}
