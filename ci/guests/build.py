# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Makes the folders `Build/guests/<name>/` from downloaded packages.

In two steps, each repeated only when what it was made from has changed: unpacking a kernel package (its
`vmlinuz` and the wanted modules go to `unpacked/`), then writing the initrd. Works without network once the
packages are there.
"""

import hashlib
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ci.guests import initrd, modules, packages
from ci.guests.packages import Package
from ci.guests.program import compile_program
from ci.progress import PROJECT, SetupError, run_logged, say
from ci.versions import load

HERE = Path(__file__).resolve().parent
OUTPUT = PROJECT / "Build" / "guests"

_FOLDERS = (
    "bin",
    "dev",
    "etc",
    "lib",
    "lib/modules",
    "lib/mrm",
    "mnt",
    "proc",
    "root",
    "run",
    "sbin",
    "sys",
    "tmp",
    "usr",
)
_FOLDERS_FOR_APPLETS = ("usr/bin", "usr/sbin")


@dataclass(frozen=True)
class Guest:
    """A finished guest.

    Attributes:
        name: Name in ci/versions.yaml, such as linux-6.1-rt.
        folder: Holds vmlinuz, initrd.img and guest.json.
        release: Kernel release as `uname -r` says it.
    """

    name: str
    folder: Path
    release: str


def digest(*parts: bytes | str) -> str:
    """Return a digest of the parts and of this folder's Python sources."""
    return digest_of(*parts, *(path.read_bytes() for path in sorted(HERE.glob("*.py"))))


def digest_of(*parts: bytes | str) -> str:
    """Return a digest of the parts."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "little") + data)
    return total.hexdigest()


def unpack_package(package: Package, target: Path) -> None:
    """Unpack a package into a folder; raises SetupError."""
    run_logged(
        ["dpkg-deb", "-x", package.path, target], f"unpack-{package.name}", what=f"unpacking {package.name}"
    )


def _unpack_kernel(package: Package, names: list[str], unpacked: Path) -> None:
    """Make `unpacked/` with vmlinuz, root/lib/modules/… and kernel.json."""
    stamp = digest(package.sha256, *names)
    try:
        if json.loads((unpacked / "kernel.json").read_text())["inputs"] == stamp:
            return
    except FileNotFoundError:
        pass
    say(f"unpacking {package.name}")
    partial = unpacked.with_name("unpacked.partial")
    shutil.rmtree(partial, ignore_errors=True)
    whole = partial / "whole"
    whole.mkdir(parents=True)
    unpack_package(package, whole)
    kernels = list(whole.glob("boot/vmlinuz-*"))
    if len(kernels) != 1:
        raise SetupError(f"{package.path} holds {len(kernels)} files boot/vmlinuz-*, expected one")
    release = kernels[0].name.removeprefix("vmlinuz-")
    copied = modules.copy_selected(whole, release, names, partial / "root")
    shutil.copyfile(kernels[0], partial / "vmlinuz")
    shutil.rmtree(whole)
    facts = {"inputs": stamp, "release": release, "modules": copied}
    (partial / "kernel.json").write_text(json.dumps(facts, indent=2) + "\n")
    shutil.rmtree(unpacked, ignore_errors=True)
    partial.rename(unpacked)


def _busybox_entries(package: Package, scratch: Path) -> list[initrd.Entry]:
    """Return busybox and a link for each of its applets."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    unpack_package(package, scratch)
    programs = [path for path in (scratch / "bin/busybox", scratch / "usr/bin/busybox") if path.is_file()]
    if not programs:
        raise SetupError(f"{package.path} holds no busybox")
    listing = subprocess.run([programs[0], "--list-full"], capture_output=True, text=True, check=True).stdout
    data = programs[0].read_bytes()
    shutil.rmtree(scratch)
    applets = [path for path in sorted(set(listing.split())) if path not in ("bin/busybox", "linuxrc")]
    return [
        *(initrd.folder(path) for path in _FOLDERS_FOR_APPLETS),
        initrd.regular("bin/busybox", data, executable=True),
        *(initrd.link(path, "/bin/busybox") for path in applets),
    ]


def look(output: Path = OUTPUT / "look") -> Path:
    """Compile the program that says what a guest's machine looks like, and return it; raises SetupError."""
    return compile_program((HERE / "report").glob("*.c"), output)


def script_entries() -> list[initrd.Entry]:
    """Return the first process, what it reads and starts, and the tool that an owner would install.

    Raises:
        SetupError: A program cannot be compiled.
    """
    parts = [path for path in sorted((HERE / "lib").iterdir()) if path.is_file()]
    return [
        initrd.regular("init", (HERE / "init").read_bytes(), executable=True),
        initrd.regular("bin/mrmctl", (PROJECT / "tools" / "mrmctl").read_bytes(), executable=True),
        initrd.regular("lib/mrm/look", look().read_bytes(), executable=True),
        *(
            initrd.regular(f"lib/mrm/{path.name}", path.read_bytes(), executable=not path.suffix)
            for path in parts
        ),
    ]


def _initrd(unpacked: Path, scripts: list[initrd.Entry], busybox: list[initrd.Entry]) -> bytes:
    module_entries = [entry for entry in initrd.tree(unpacked / "root") if entry.path not in _FOLDERS]
    return initrd.compress(
        initrd.archive(
            [
                *(initrd.folder(path) for path in _FOLDERS),
                initrd.character_device("dev/console", 5, 1),
                initrd.character_device("dev/null", 1, 3),
                *scripts,
                *busybox,
                *module_entries,
            ]
        )
    )


def replace(path: Path, data: bytes) -> None:
    """Write a file such that it is there as a whole or as it was before."""
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(data)
    partial.rename(path)


def ensure(output: Path = OUTPUT) -> list[Guest]:
    """Make sure that all guests are there and up to date.

    Raises:
        SetupError: A package cannot be had, or a module name is wrong.
    """
    versions = load().guests
    debs = packages.ensure(versions)
    names = modules.parse_names((HERE / "modules.txt").read_text())
    scripts = script_entries()
    busybox_package = debs[versions.busybox]
    busybox: list[initrd.Entry] = []
    guests = []
    for name, package_name in versions.kernels.items():
        package = debs[package_name]
        target = output / name
        unpacked = target / "unpacked"
        _unpack_kernel(package, names, unpacked)
        kernel = json.loads((unpacked / "kernel.json").read_text())
        guests.append(Guest(name, target, kernel["release"]))
        stamp = digest(kernel["inputs"], busybox_package.sha256, *(entry.data for entry in scripts))
        try:
            if json.loads((target / "guest.json").read_text())["inputs"] == stamp:
                continue
        except FileNotFoundError:
            pass
        say(f"writing the initrd of {name}")
        busybox = busybox or _busybox_entries(busybox_package, output / "busybox.partial")
        (target / "guest.json").unlink(missing_ok=True)
        replace(target / "vmlinuz", (unpacked / "vmlinuz").read_bytes())
        replace(target / "initrd.img", _initrd(unpacked, scripts, busybox))
        facts = {
            "name": name,
            "package": package.name,
            "version": package.version,
            "release": kernel["release"],
            "modules": kernel["modules"],
            "busybox": {"package": busybox_package.name, "version": busybox_package.version},
            "inputs": stamp,
        }
        replace(target / "guest.json", (json.dumps(facts, indent=2) + "\n").encode())
    return guests
