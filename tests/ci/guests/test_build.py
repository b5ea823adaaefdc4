# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Guests: choice of packages and modules, the archive format, and the guests that were built."""

import gzip
import json
import stat
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci.guests import initrd, modules
from ci.guests.build import HERE, OUTPUT
from ci.guests.packages import kernel_dependency
from ci.versions import load

GUESTS = sorted(load().guests.kernels)


def parse_newc(data: bytes) -> list[initrd.Entry]:
    """Read a newc archive as the kernel's init/initramfs.c does."""
    entries: list[initrd.Entry] = []
    position = 0
    while True:
        assert position % 4 == 0
        assert data[position : position + 6] == b"070701"
        field = [int(data[position + 6 + 8 * n : position + 14 + 8 * n], 16) for n in range(13)]
        mode, size, device, name_size = field[1], field[6], (field[9], field[10]), field[11]
        start = position + 110
        name = data[start : start + name_size]
        assert name.endswith(b"\0")
        body = (start + name_size + 3) & ~3
        if name == b"TRAILER!!!\0":
            assert len(data) == body
            return entries
        entries.append(initrd.Entry(name[:-1].decode(), mode, data[body : body + size], device))
        position = (body + size + 3) & ~3


paths = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=9),
    min_size=1,
    max_size=4,
).map("/".join)


@given(st.dictionaries(paths, st.binary(max_size=40), max_size=12), st.randoms())
def test_archive_has_what_was_put_in(contents: dict[str, bytes], random: Random) -> None:
    entries = [initrd.regular(path, data) for path, data in contents.items()]
    data = initrd.archive(entries)
    random.shuffle(entries)
    assert initrd.archive(entries) == data, "the order of the entries must not matter"
    found = {entry.path: entry.data for entry in parse_newc(data)}
    assert found == contents


def test_kinds_of_files() -> None:
    entries = [
        initrd.folder("dev"),
        initrd.character_device("dev/console", 5, 1),
        initrd.link("sh", "/bin/busybox"),
        initrd.regular("run", b"#!", executable=True),
    ]
    found = {entry.path: entry for entry in parse_newc(initrd.archive(entries))}
    assert stat.filemode(found["dev"].mode) == "drwxr-xr-x"
    assert stat.filemode(found["dev/console"].mode) == "crw-------"
    assert found["dev/console"].device == (5, 1)
    assert (stat.filemode(found["sh"].mode), found["sh"].data) == ("lrwxrwxrwx", b"/bin/busybox")
    assert stat.filemode(found["run"].mode) == "-rwxr-xr-x"


def test_folder_comes_before_its_contents() -> None:
    entries = [
        initrd.regular("a/b/c", b""),
        initrd.regular("a-b", b""),
        initrd.folder("a/b"),
        initrd.folder("a"),
    ]
    order = [entry.path for entry in parse_newc(initrd.archive(entries))]
    assert order == ["a", "a/b", "a/b/c", "a-b"]


def test_path_given_twice_is_an_error() -> None:
    with pytest.raises(ValueError, match="twice: bin"):
        initrd.archive([initrd.folder("bin"), initrd.folder("bin")])


def test_compression_keeps_no_time() -> None:
    assert initrd.compress(b"abc")[4:8] == bytes(4)
    assert gzip.decompress(initrd.compress(b"abc")) == b"abc"


@pytest.mark.parametrize(
    ("depends", "kernel"),
    [
        ("linux-image-6.1.0-18-amd64 (= 6.1.76-1)", "linux-image-6.1.0-18-amd64"),
        ("kmod, linux-image-6.12.9+deb12-amd64", "linux-image-6.12.9+deb12-amd64"),
        ("kmod, linux-base (>= 4.3~), initramfs-tools (>= 0.120+deb11u2) | linux-initramfs-tool", None),
        ("", None),
    ],
)
def test_metapackage_names_its_kernel(depends: str, kernel: str | None) -> None:
    assert kernel_dependency(depends) == kernel


DEPENDENCIES = modules.parse_dependencies(
    "kernel/nvme/nvme.ko.xz: kernel/nvme/nvme-core.ko.xz kernel/lib/crc64.ko.xz\n"
    "kernel/nvme/nvme-core.ko.xz: kernel/lib/crc64.ko.xz\n"
    "kernel/lib/crc64.ko.xz:\n"
    "kernel/net/e1000.ko.xz:\n"
)


def test_modules_come_with_what_they_need() -> None:
    files, unknown = modules.select_modules(["nvme", "ext4"], DEPENDENCIES, ["ext4"])
    assert [modules.module_name(file) for file in files] == ["crc64", "nvme_core", "nvme"]
    assert unknown == []


def test_unknown_modules_are_reported() -> None:
    assert modules.select_modules(["nvmee", "e1000"], DEPENDENCIES, [])[1] == ["nvmee"]


def test_module_names_are_read_with_comments() -> None:
    assert modules.parse_names("# none\nnvme-core # disk\n\n ext4\n") == ["nvme_core", "ext4"]


@pytest.mark.parametrize("name", GUESTS)
def test_guest_is_complete(name: str) -> None:
    """Each guest has what its parts name: every module modules.dep knows, every applet, our init."""
    folder = OUTPUT / name
    facts = json.loads((folder / "guest.json").read_text())
    assert (folder / "vmlinuz").read_bytes()[0x202:0x206] == b"HdrS"
    entries = {e.path: e for e in parse_newc(gzip.decompress((folder / "initrd.img").read_bytes()))}
    assert entries["init"].data == (HERE / "init").read_bytes()
    for script in ("shared.sh", "report.sh", "lease"):
        assert entries[f"lib/mrm/{script}"].data == (HERE / "lib" / script).read_bytes()
    for program in ("lease", "look"):
        assert stat.S_IMODE(entries[f"lib/mrm/{program}"].mode) == 0o755
    assert entries["bin/sh"].data == b"/bin/busybox"
    assert stat.S_IMODE(entries["bin/busybox"].mode) == 0o755
    for path in entries:
        parent = str(Path(path).parent)
        assert parent == "." or stat.S_ISDIR(entries[parent].mode), f"{path} has no folder"
    modules_folder = f"lib/modules/{facts['release']}"
    dependencies = modules.parse_dependencies(entries[f"{modules_folder}/modules.dep"].data.decode())
    assert sorted(map(modules.module_name, dependencies)) == sorted(facts["modules"])
    for file in dependencies:
        assert entries[f"{modules_folder}/{file}"].data.startswith(b"\x7fELF")
