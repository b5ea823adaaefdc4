# SPDX-License-Identifier: BSD-2-Clause-Patent
"""EDK2: where it is, and how it gets there.

`edk2_path` only looks. `python -m ci.edk2` makes sure that EDK2 and its C BaseTools are there, taking the
first of:

1. the path named by the environment variable MRM_EDK2 (only missing BaseTools are built there),
2. an earlier download in `.downloads/edk2`,
3. with MRM_EDK2=git, a clone of the tag named in `ci/versions.yaml`,
4. the Debian source package of the version named there, its checksum verified.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from ci.debian import PrivateApt
from ci.progress import DOWNLOADS, PROJECT, SetupError, main, run_logged, say
from ci.versions import Edk2Version, load

# What building for X64 needs; BrotliCompress is left out because its sources are a git submodule.
BASE_TOOLS = (
    "GenFv",
    "GenFfs",
    "GenFw",
    "GenSec",
    "GenCrc32",
    "LzmaCompress",
    "TianoCompress",
    "VolInfo",
    "EfiRom",
    "VfrCompile",
)

# Packages whose .dec files MrmPkg's builds read: `build` insists on each include folder these name.
PACKAGES = (
    "CryptoPkg",
    "EmbeddedPkg",
    "FatPkg",
    "MdeModulePkg",
    "MdePkg",
    "NetworkPkg",
    "OvmfPkg",
    "PcAtChipsetPkg",
    "SecurityPkg",
    "UefiCpuPkg",
    "UefiPayloadPkg",
)

# The one git submodule with sources that are compiled: SHA-2 for EDK2's TCP. Debian's archive has it.
MBEDTLS = Path("CryptoPkg/Library/MbedTlsLib/mbedtls")

_TOOLS_FOLDER = Path("BaseTools/Source/C")
_BUILT = ".mrm-built"
_VERSION = ".mrm-version"
_MUST_HAVE = ("MdePkg/MdePkg.dec", "BaseTools/BuildEnv", "BaseTools/Source/Python/build/build.py")


def _named_by_user() -> str | None:
    """Return MRM_EDK2 if it names a path."""
    value = os.environ.get("MRM_EDK2", "")
    return None if value in ("", "git") else value


def edk2_path() -> Path:
    """Return the folder of the EDK2 source tree in use: MRM_EDK2 if it is a path, else `.downloads/edk2`.

    The path is absolute and free of symbolic links, which EDK2's own scripts do not follow. Nothing is
    downloaded or built.

    Raises:
        SetupError: There is no EDK2 there; the message says what to do.
    """
    named = _named_by_user()
    path = ((PROJECT / Path(named).expanduser()) if named else DOWNLOADS / "edk2").resolve()
    missing = [name for name in _MUST_HAVE if not (path / name).is_file()]
    if not missing:
        return path
    if named:
        raise SetupError(f"MRM_EDK2={named} is not an EDK2 source tree: it has no {missing[0]}")
    raise SetupError("EDK2 is not there yet: run `make setup`, or name a tree with MRM_EDK2=<path>")


def choose_version(available: Iterable[str], upstream: str) -> str | None:
    """Return the Debian version with the given upstream part and the greatest revision, or None.

    A Debian version is `[epoch:]upstream[-revision]`; revisions are compared by their numbers, which orders
    those Debian uses (`8` < `8+deb13u1` < `10`).
    """
    matching = [
        version for version in available if re.fullmatch(rf"(\d+:)?{re.escape(upstream)}(-[^-]+)?", version)
    ]
    return max(
        matching,
        key=lambda version: [int(number) for number in re.findall(r"\d+", version.rpartition("-")[2])],
        default=None,
    )


def include_folders(dec_text: str) -> list[str]:
    """Return the folders a package declaration's `[Includes…]` sections name, relative to the package.

    Reference: EDK II DEC File Specification 1.27, section 3.7 `[Includes]`.
    """
    folders: list[str] = []
    inside = False
    for raw in dec_text.splitlines():
        line = raw.split("#")[0].strip()
        if line.startswith("["):
            inside = line.lower().startswith("[includes")
        elif inside and line and line not in folders:
            folders.append(line)
    return folders


def missing_include_folders(tree: Path, packages: Sequence[str] = PACKAGES) -> list[Path]:
    """Return the include folders that packages declare and the tree lacks: those in git submodules."""
    missing = []
    for package in packages:
        declaration = tree / package / f"{package}.dec"
        if declaration.is_file():
            folders = include_folders(declaration.read_text(errors="replace"))
            missing += [
                tree / package / folder for folder in folders if not (tree / package / folder).is_dir()
            ]
    return missing


def lacks_mbedtls(tree: Path) -> bool:
    """Whether a tree with EDK2's CryptoPkg lacks the submodule whose sources are compiled."""
    return (tree / MBEDTLS).parent.is_dir() and not (tree / MBEDTLS / "library/sha256.c").is_file()


def missing_tools(tree: Path) -> list[str]:
    """Return the names of the C BaseTools that are not built yet."""
    return [name for name in BASE_TOOLS if not os.access(tree / _TOOLS_FOLDER / "bin" / name, os.X_OK)]


def _build_tools(tree: Path) -> None:
    say("building EDK2's C BaseTools")
    run_logged(
        [
            "make",
            f"-j{len(os.sched_getaffinity(0))}",
            "-C",
            tree / _TOOLS_FOLDER,
            f"APPLICATIONS={' '.join(BASE_TOOLS)}",
        ],
        "basetools",
        what="building the C BaseTools",
    )
    missing = missing_tools(tree)
    if missing:
        raise SetupError(
            f"make left these BaseTools unbuilt: {', '.join(missing)}; see .downloads/logs/basetools.log"
        )


def ensure_named(tree: Path, named: str) -> None:
    """Make sure that a tree of the user's is complete; only missing BaseTools are built there.

    Args:
        tree: The tree's folder.
        named: How the user named it, for messages.

    Raises:
        SetupError: Something is missing that cannot be made; the message says what and how.
    """
    if lacks_mbedtls(tree):
        how = f"git -C {tree} submodule update --init {MBEDTLS}"
        raise SetupError(f"MRM_EDK2={named} lacks the sources of {MBEDTLS}; fetch that submodule: {how}")
    lacking = missing_include_folders(tree)
    if lacking:
        names = ", ".join(str(folder.relative_to(tree)) for folder in lacking)
        if (tree / ".git").exists():
            raise SetupError(
                f"MRM_EDK2={named} lacks {names}; fetch its submodules: git -C {tree} submodule update --init"
            )
        raise SetupError(
            f"MRM_EDK2={named} lacks {names}; empty folders will do: "
            f"cd {tree} && mkdir -p {' '.join(str(folder.relative_to(tree)) for folder in lacking)}"
        )
    tools = missing_tools(tree)
    if tools:
        if not os.access(tree / _TOOLS_FOLDER, os.W_OK):
            raise SetupError(
                f"MRM_EDK2={named} lacks BaseTools ({', '.join(tools)}) and cannot be written; build them: "
                f'make -C {tree / _TOOLS_FOLDER} APPLICATIONS="{" ".join(BASE_TOOLS)}"'
            )
        _build_tools(tree)


def _check(archive: Path, sha256: str) -> None:
    with archive.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != sha256:
        raise SetupError(
            f"{archive} has SHA-256 {found}, expected {sha256} (ci/versions.yaml): the download is damaged "
            "or not what we know; delete it and repeat, or name a tree you trust with MRM_EDK2=<path>"
        )


def _download_archive(version: Edk2Version, archive: Path) -> None:
    say(f"fetching package lists for EDK2 (Debian {', '.join(version.suites)}, source packages)")
    incoming = DOWNLOADS / "edk2.incoming"
    offered: dict[str, list[str]] = {}
    for suite in version.suites:
        apt = PrivateApt([("deb-src", suite)], DOWNLOADS / "apt" / "source")
        apt.update()
        offered[suite] = apt.source_versions(version.package)
        chosen = choose_version(offered[suite], version.version)
        if chosen is not None:
            break
    else:
        listed = "; ".join(f"{suite}: {', '.join(found) or 'none'}" for suite, found in offered.items())
        raise SetupError(
            f"Debian no longer has EDK2 {version.version} (offered: {listed}); clone it with MRM_EDK2=git, "
            f"name a tree with MRM_EDK2=<path>, or put {version.archive} into {DOWNLOADS}"
        )
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir(parents=True)
    say(f"downloading EDK2 {chosen} (30 MB)")
    apt.download_source(version.package, chosen, incoming)
    downloaded = incoming / version.archive
    if not downloaded.is_file():
        names = ", ".join(path.name for path in incoming.iterdir())
        raise SetupError(
            f"apt downloaded {names or 'nothing'}, expected {version.archive} (ci/versions.yaml)"
        )
    _check(downloaded, version.sha256)
    downloaded.rename(archive)
    shutil.rmtree(incoming)


def _unpack(version: Edk2Version, partial: Path) -> None:
    archive = DOWNLOADS / version.archive
    if not archive.is_file():
        _download_archive(version, archive)
    _check(archive, version.sha256)
    say(f"unpacking {archive.name}")
    partial.mkdir(parents=True)
    run_logged(
        ["tar", "--extract", "--file", archive, "--directory", partial, "--strip-components=1"],
        "edk2-unpack",
        what="unpacking EDK2",
    )


def _clone(version: Edk2Version, partial: Path) -> None:
    say(f"cloning {version.git_tag} from {version.git_url}")
    run_logged(
        ["git", "clone", "--depth=1", f"--branch={version.git_tag}", version.git_url, partial],
        "edk2-clone",
        what="cloning EDK2",
    )
    if lacks_mbedtls(partial):
        run_logged(
            ["git", "-C", partial, "submodule", "update", "--init", "--depth=1", "--", MBEDTLS],
            "edk2-submodule",
            what="fetching a submodule of EDK2",
        )


def obtain(version: Edk2Version) -> None:
    """Put EDK2's source into `.downloads/edk2`, from a clone if MRM_EDK2=git, else from the Debian archive.

    Raises:
        SetupError: It cannot be fetched, or its checksum is wrong.
    """
    tree = DOWNLOADS / "edk2"
    partial = DOWNLOADS / "edk2.partial"
    if partial.exists():
        shutil.rmtree(partial)
    if os.environ.get("MRM_EDK2") == "git":
        _clone(version, partial)
    else:
        _unpack(version, partial)
    # Nothing we build includes from the other submodules, but `build` wants the folders.
    for folder in missing_include_folders(partial):
        folder.mkdir(parents=True, exist_ok=True)
    (partial / _VERSION).write_text(version.version + "\n")
    if tree.exists():
        shutil.rmtree(tree)
    partial.rename(tree)


def ensure() -> Path:
    """Make sure that EDK2 and its C BaseTools are there.

    Returns:
        The tree's folder, as `edk2_path` returns it from now on.

    Raises:
        SetupError: It cannot be had; the message says what is missing and what to do.
    """
    named = _named_by_user()
    if named is not None:
        tree = edk2_path()
        ensure_named(tree, named)
        return tree
    version = load().edk2
    tree = DOWNLOADS / "edk2"
    marker = tree / _VERSION
    if not marker.is_file() or marker.read_text().strip() != version.version:
        obtain(version)
    tree = edk2_path()
    stamp = tree / _TOOLS_FOLDER / _BUILT
    if not stamp.is_file() or missing_tools(tree):
        # A tool half written by an interrupted build would look finished to make.
        shutil.rmtree(tree / _TOOLS_FOLDER / "bin", ignore_errors=True)
        _build_tools(tree)
        stamp.touch()
    return tree


def _main() -> None:
    tree = ensure()
    shown = tree.relative_to(PROJECT) if tree.is_relative_to(PROJECT) else tree
    say(f"EDK2 is ready in {shown}{_description(tree)}")


def _description(tree: Path) -> str:
    """Return what git calls the tree's commit, in parentheses; empty for a tree that is no repository."""
    if not (tree / ".git").exists():
        return ""
    command = ["git", "-C", str(tree), "describe", "--tags", "--always"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return f" ({result.stdout.strip()})" if result.returncode == 0 else ""


if __name__ == "__main__":
    sys.exit(main(_main))
