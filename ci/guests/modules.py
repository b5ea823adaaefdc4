# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Which kernel modules go into an initrd: names, what they depend on, and a tree with just those.

Formats: modules.dep(5); a module's name has `_` wherever its file name has `-` (modprobe(8)).
"""

import lzma
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from ci.progress import SetupError, run_logged

# What depmod reads beside the modules, and what makes modprobe know the built-in ones.
_KEPT_LISTS = ("modules.builtin", "modules.builtin.modinfo", "modules.order")


def module_name(path: str) -> str:
    """Return the name of the module in a file such as kernel/drivers/nvme/host/nvme-core.ko.xz."""
    return PurePosixPath(path).name.split(".ko")[0].replace("-", "_")


def parse_names(text: str) -> list[str]:
    """Return the module names of a list with one a line and `#` comments."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [line.replace("-", "_") for line in lines if line]


def parse_dependencies(text: str) -> dict[str, list[str]]:
    """Parse modules.dep: each module's file with the files it needs, all of them, direct or not."""
    dependencies = {}
    for line in text.splitlines():
        file, _, needed = line.partition(":")
        if needed or file:
            dependencies[file.strip()] = needed.split()
    return dependencies


def select_modules(
    names: Iterable[str], dependencies: Mapping[str, list[str]], builtin: Iterable[str]
) -> tuple[list[str], list[str]]:
    """Choose the module files for some names.

    Args:
        names: Module names.
        dependencies: As parse_dependencies returns it.
        builtin: Names of the modules built into the kernel.

    Returns:
        The files needed, sorted, and the names that are neither a module nor built in.
    """
    by_name = {module_name(file): file for file in dependencies}
    built_in = set(builtin)
    files: set[str] = set()
    unknown = []
    for name in names:
        if name in by_name:
            files.update([by_name[name], *dependencies[by_name[name]]])
        elif name not in built_in:
            unknown.append(name)
    return sorted(files), unknown


def copy_selected(kernel_root: Path, release: str, names: list[str], target_root: Path) -> list[str]:
    """Copy the chosen modules of an unpacked kernel package to a new root, uncompressed, and index both.

    Compressed modules are unpacked because busybox's modprobe hands files to the kernel as they are.

    Args:
        kernel_root: Where the package was unpacked; has lib/modules/<release>/.
        release: The kernel's release, as `uname -r` says it.
        names: Module names wanted.
        target_root: Gets lib/modules/<release>/ with the modules and depmod's indexes.

    Returns:
        The names of all modules copied.

    Raises:
        SetupError: A name is unknown to this kernel, or depmod failed.
    """
    source = kernel_root / "lib/modules" / release
    target = target_root / "lib/modules" / release
    run_logged(
        ["depmod", "-b", kernel_root, release], f"depmod-{release}", what=f"indexing modules of {release}"
    )
    builtin = [module_name(line) for line in (source / "modules.builtin").read_text().split()]
    dependencies = parse_dependencies((source / "modules.dep").read_text())
    files, unknown = select_modules(names, dependencies, builtin)
    if unknown:
        raise SetupError(
            f"kernel {release} has no module {', '.join(unknown)}; correct the name in ci/guests/modules.txt"
        )
    for file in files:
        data = (source / file).read_bytes()
        destination = target / file.removesuffix(".xz")
        destination.parent.mkdir(parents=True, exist_ok=True)
        destination.write_bytes(lzma.decompress(data) if file.endswith(".xz") else data)
    target.mkdir(parents=True, exist_ok=True)
    for name in _KEPT_LISTS:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
    run_logged(["depmod", "-b", target_root, release], f"depmod-{release}-initrd", what=f"indexing {release}")
    return [module_name(file) for file in files]
