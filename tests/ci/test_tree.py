# SPDX-License-Identifier: BSD-2-Clause-Patent
"""House rules that a program can check: licences, lines, pinned versions, reasons for packages."""

import re
import subprocess
from importlib import metadata

import pytest
from packaging.requirements import Requirement

from ci.progress import PROJECT

SOURCES = {
    ".asl", ".asm", ".c", ".cfg", ".dec", ".dsc", ".fdf", ".h", ".inc", ".inf", ".ini", ".nasm",
    ".nasminc", ".py", ".s", ".sh", ".toml", ".uni", ".vfr", ".yaml", ".yml",
}  # fmt: skip


def tracked() -> list[str]:
    command = ["git", "-C", str(PROJECT), "ls-files", "-z"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
    return [name for name in names if name and (PROJECT / name).is_file()]


def sources() -> list[str]:
    """Return files with a source's extension, and those that have none but begin like a script."""
    return [
        name
        for name in tracked()
        if (PROJECT / name).suffix.lower() in SOURCES or (PROJECT / name).read_bytes().startswith(b"#!")
    ]


def test_every_source_names_its_licence() -> None:
    names = sources()
    assert "ci/setup.sh" in names
    without = [
        name
        for name in names
        if "SPDX-License-Identifier: BSD-2-Clause-Patent" not in (PROJECT / name).read_text()[:2000]
    ]
    assert without == []


def test_lines_end_in_line_feeds() -> None:
    assert [name for name in sources() if b"\r" in (PROJECT / name).read_bytes()] == []


def long_lines(text: str) -> list[str]:
    """Return the lines of a document that have more than 120 characters, but for tables and quoted text."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [line for line in prose.splitlines() if len(line) > 120 and not line.startswith(("|", "    "))]


def test_lines_of_documents_fit_an_editor() -> None:
    assert long_lines("a\n" + 121 * "b" + "\n" + 120 * "c" + "\n|" + 120 * "d") == [121 * "b"]
    pages = [name for name in tracked() if name.endswith(".md")]
    assert "docs/README.md" in pages
    found = {name: long_lines((PROJECT / name).read_text(encoding="utf-8")) for name in pages}
    assert {name: lines for name, lines in found.items() if lines} == {}


def listed(name: str) -> list[str]:
    """Return the lines of a list that are neither empty nor a comment."""
    lines = (PROJECT / name).read_text().splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize("line", listed("ci/debian-packages.txt"))
def test_debian_package_has_a_reason(line: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9+.-]+ +# \S.+", line)


def normalised(name: str) -> str:
    """Return a Python package's name in the one spelling PEP 503 defines."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned() -> dict[str, str]:
    """Return the versions that pip-requirements.txt pins, by normalised name."""
    found = {}
    for line in listed("pip-requirements.txt"):
        match = re.fullmatch(r"([A-Za-z0-9._-]+)==([^=\s]+)", line)
        assert match, f"{line} is not pinned"
        found[normalised(match[1])] = match[2]
    return found


def test_pinned_python_packages_are_the_installed_ones() -> None:
    """What somebody has installed beside them is theirs."""
    installed = {normalised(item.name): item.version for item in metadata.distributions()}
    assert {name: installed.get(name) for name in pinned()} == pinned()


def test_what_pinned_packages_need_is_pinned() -> None:
    names = set(pinned())
    # They come with the environment itself.
    given = {"pip", "setuptools"}
    missing = {
        f"{name} needs {needed.name}"
        for name in names
        for needed in map(Requirement, metadata.requires(name) or ())
        if needed.marker is None or needed.marker.evaluate({"extra": ""})
        if normalised(needed.name) not in names | given
    }
    assert missing == set()
