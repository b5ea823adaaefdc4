# SPDX-License-Identifier: BSD-2-Clause-Patent
"""EDK2: which tree is used, which version is chosen, and what is missing from it."""

import hashlib
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

import ci.edk2
from ci.edk2 import (
    BASE_TOOLS,
    MBEDTLS,
    choose_version,
    edk2_path,
    ensure_named,
    include_folders,
    lacks_mbedtls,
    missing_include_folders,
    missing_tools,
    obtain,
)
from ci.progress import SetupError
from ci.versions import Edk2Version, load

DECLARATION = """\
[Defines]
  PACKAGE_NAME = MdePkg
[Includes]
  Include   # public
  Library/Foreign/include
[Includes.X64, Includes.Common.Private]
  Include/X64
  Include
[LibraryClasses]
  BaseLib|Include/Library/BaseLib.h
"""


def make_tree(folder: Path) -> Path:
    """Make what passes for an EDK2 tree; its package MdePkg lacks one include folder."""
    for name in ("BaseTools/BuildEnv", "BaseTools/Source/Python/build/build.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (folder / "MdePkg/Include/X64").mkdir(parents=True)
    (folder / "MdePkg/MdePkg.dec").write_text(DECLARATION)
    return folder


def make_tools(tree: Path) -> None:
    """Make executable files named like the C BaseTools."""
    folder = tree / "BaseTools/Source/C/bin"
    folder.mkdir(parents=True)
    for name in BASE_TOOLS:
        (folder / name).touch(mode=0o755)


@pytest.fixture
def downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of `.downloads`."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    monkeypatch.setattr(ci.edk2, "DOWNLOADS", folder)
    monkeypatch.delenv("MRM_EDK2", raising=False)
    return folder


@pytest.mark.parametrize(
    ("available", "chosen"),
    [
        (["2025.02-8+deb13u1"], "2025.02-8+deb13u1"),
        (["2025.02-8", "2025.02-8+deb13u1", "2025.02-10", "2025.05-1"], "2025.02-10"),
        (["2025.02-8", "2025.02-8+deb13u1"], "2025.02-8+deb13u1"),
        (["1:2025.02-1"], "1:2025.02-1"),
        (["2025.02.1-1", "2025.020-1", "2022.11-6"], None),
        ([], None),
    ],
)
def test_version_is_chosen_by_its_upstream_part(available: list[str], chosen: str | None) -> None:
    assert choose_version(available, "2025.02") == chosen


def test_include_folders_of_a_declaration() -> None:
    assert include_folders(DECLARATION) == ["Include", "Library/Foreign/include", "Include/X64"]


def test_named_path_comes_first(downloads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_tree(downloads / "edk2")
    own = make_tree(tmp_path / "own")
    (tmp_path / "link").symlink_to(own)
    monkeypatch.setenv("MRM_EDK2", str(tmp_path / "link"))
    assert edk2_path() == own.resolve()


@pytest.mark.parametrize("value", ["", "git", None])
def test_without_a_named_path_the_download_is_used(
    downloads: Path, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    if value is not None:
        monkeypatch.setenv("MRM_EDK2", value)
    with pytest.raises(SetupError, match="run `make setup`"):
        edk2_path()
    make_tree(downloads / "edk2")
    assert edk2_path() == (downloads / "edk2").resolve()


def test_named_path_without_edk2_is_refused(
    downloads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_tree(downloads / "edk2")
    monkeypatch.setenv("MRM_EDK2", str(tmp_path / "nowhere"))
    with pytest.raises(SetupError, match=r"is not an EDK2 source tree: it has no MdePkg/MdePkg\.dec"):
        edk2_path()


def test_named_tree_is_told_how_to_get_missing_include_folders(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "own")
    make_tools(tree)
    with pytest.raises(SetupError) as refusal:
        ensure_named(tree, "own")
    assert missing_include_folders(tree) == [tree / "MdePkg/Library/Foreign/include"]
    subprocess.run(str(refusal.value).partition("will do: ")[2], shell=True, check=True)
    ensure_named(tree, "own")


def test_named_repository_is_left_to_git(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "own")
    make_tools(tree)
    (tree / ".git").mkdir()
    with pytest.raises(SetupError, match=r"lacks MdePkg/Library/Foreign/include.*submodule update --init"):
        ensure_named(tree, "own")
    assert missing_include_folders(tree) != []


def test_the_submodule_that_is_compiled_is_asked_for(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "own")
    (tree / MBEDTLS).mkdir(parents=True)
    with pytest.raises(
        SetupError, match=f"lacks the sources of {MBEDTLS}; .*submodule update --init {MBEDTLS}"
    ):
        ensure_named(tree, "own")
    (tree / MBEDTLS / "library").mkdir()
    (tree / MBEDTLS / "library/sha256.c").touch()
    assert not lacks_mbedtls(tree)


def test_missing_tools_are_named(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "own")
    make_tools(tree)
    (tree / "BaseTools/Source/C/bin/GenFw").unlink()
    (tree / "BaseTools/Source/C/bin/GenFv").chmod(0o644)
    assert missing_tools(tree) == ["GenFv", "GenFw"]


def pack(downloads: Path, scratch: Path) -> Edk2Version:
    """Put an archive into the downloads and return a version that names it."""
    version = load().edk2
    archive = downloads / version.archive
    with tarfile.open(archive, "w:xz") as tar:
        tar.add(make_tree(scratch / "tree"), arcname="edk2-edk2-stable")
    return replace(version, sha256=hashlib.sha256(archive.read_bytes()).hexdigest())


def test_archive_is_unpacked_and_completed(downloads: Path, tmp_path: Path) -> None:
    obtain(pack(downloads, tmp_path))
    assert edk2_path() == downloads / "edk2"
    assert missing_include_folders(downloads / "edk2") == []


def test_interrupted_unpacking_is_repeated(downloads: Path, tmp_path: Path) -> None:
    (downloads / "edk2.partial").mkdir()
    (downloads / "edk2.partial/leftover").touch()
    obtain(pack(downloads, tmp_path))
    assert not (downloads / "edk2/leftover").exists()
    assert not (downloads / "edk2.partial").exists()


def test_archive_with_another_checksum_is_refused(downloads: Path, tmp_path: Path) -> None:
    version = replace(pack(downloads, tmp_path), sha256="0" * 64)
    with pytest.raises(SetupError, match=rf"has SHA-256 [0-9a-f]{{64}}, expected {'0' * 64}"):
        obtain(version)
    assert not (downloads / "edk2").exists()


def commit(tree: Path) -> None:
    """Make a folder a repository with one commit, tagged `stable`."""
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "one"], ["tag", "stable"]):
        subprocess.run(["git", "-C", tree, *command], check=True)


def test_tag_is_cloned_when_asked_for(
    downloads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "mbedtls"
    (other / "library").mkdir(parents=True)
    (other / "library/sha256.c").touch()
    commit(other)
    origin = make_tree(tmp_path / "origin")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")  # git takes no submodules from folders unless it is told to
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.file.allow")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "always")
    subprocess.run(["git", "-C", origin, "init", "-q"], check=True)
    subprocess.run(["git", "-C", origin, "submodule", "add", "-q", other.as_uri(), str(MBEDTLS)], check=True)
    commit(origin)
    (origin / "later").touch()
    monkeypatch.setenv("MRM_EDK2", "git")
    obtain(replace(load().edk2, git_url=origin.as_uri(), git_tag="stable"))
    assert edk2_path() == downloads / "edk2"
    assert not (downloads / "edk2/later").exists()
    assert (downloads / "edk2" / MBEDTLS / "library/sha256.c").is_file()
    assert missing_include_folders(downloads / "edk2") == []
