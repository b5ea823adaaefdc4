# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What the headers of loaders say."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.load.boot_files import inspect_files, inspect_loader
from generator.load.linux_image import read_linux
from tests.generator.support import BANNER, EFI_BOOT_DRIVER, I386, PROJECT, make_linux, make_pe


def test_a_linux_kernel_is_recognised() -> None:
    image = make_linux()
    facts = inspect_loader(image, len(image))
    assert facts.error is None
    assert facts.image_size == 0x3000
    assert facts.linux is not None
    assert (facts.linux.banner, facts.linux.release, facts.linux.version) == (
        BANNER,
        "6.1.0-99-amd64",
        (6, 1),
    )
    assert (facts.linux.init_size, facts.linux.above_4g, facts.linux.command_line_size) == (
        0x400000,
        True,
        2047,
    )


@pytest.mark.parametrize(
    ("image", "error"),
    [
        (b"", "no PE image"),
        (b"MZ", "no PE image"),
        (b"#!/bin/sh\n", "no PE image"),
        (make_pe(I386, magic=0x10B), "IMAGE_FILE_MACHINE_I386"),
        (make_pe(machine=0xAA64), "IMAGE_FILE_MACHINE_ARM64"),
        (make_pe(magic=0x10B), "PE32"),
        (make_pe(subsystem=EFI_BOOT_DRIVER), "an EFI boot service driver"),
        (make_pe(subsystem=3), "no EFI image"),
        (make_pe(size_of_image=0), "size zero"),
        (make_pe()[:0x1100], "cut off"),
    ],
)
def test_what_cannot_be_started(image: bytes, error: str) -> None:
    facts = inspect_loader(image, len(image))
    assert facts.error is not None
    assert error in facts.error


def test_an_efi_application_need_not_be_linux() -> None:
    image = make_pe()
    facts = inspect_loader(image, len(image))
    assert facts.error is None
    assert facts.linux is None


def test_kernels_that_are_not_taken_for_linux() -> None:
    assert read_linux(make_linux(flags=0)) is None
    assert read_linux(make_linux(protocol=0x204)) is None
    assert read_linux(make_linux()[:0x210]) is None


def test_a_memory_test_is_no_linux_though_it_has_its_header() -> None:
    names = {"Memtest86+ v6.10": "Memtest86+", "Memtest86+ versus": None, "6.12.0 for Memtest86+ v6": None}
    for banner, stranger in names.items():
        image = make_linux(banner)
        facts = inspect_loader(image, len(image))
        assert (facts.stranger, facts.linux is None) == (stranger, stranger is not None)


@pytest.mark.parametrize("vendor", ["GenuineIntel", "AuthenticAMD"])
def test_microcode_is_found_in_the_first_archive_of_an_initrd(tmp_path: Path, vendor: str) -> None:
    name = f"kernel/x86/microcode/{vendor}.bin"
    found = []
    for number, data in enumerate((b"070701", b"\x28\xb5\x2f\xfd")):
        path = tmp_path / str(number)
        path.write_bytes(data + bytes(104) + name.encode() + b"\0")
        found.append(inspect_files([], [path])[path].microcode)
    assert found == [name, None]


def test_a_kernel_without_banner_has_no_version() -> None:
    facts = read_linux(make_linux(""))
    assert facts is not None
    assert (facts.banner, facts.version) == ("", (0, 0))


@given(st.binary(max_size=2048))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    facts = inspect_loader(data, len(data))
    assert facts.error is not None or facts.image_size > 0


@given(st.lists(st.tuples(st.integers(0, 0x5FF), st.integers(0, 255)), min_size=1, max_size=12))
def test_no_damage_to_a_header_breaks_the_reader(damage: list[tuple[int, int]]) -> None:
    image = bytearray(make_linux())
    for at, value in damage:
        image[at] = value
    facts = inspect_loader(bytes(image), len(image))
    assert facts.error is not None or facts.image_size > 0


def test_missing_files_and_folders(tmp_path: Path) -> None:
    files = inspect_files([tmp_path, tmp_path / "nothing"], [tmp_path / "nul\0"])
    assert [facts.error for facts in files.values()] == [
        "it is a folder",
        "no such file or directory",
        "its name cannot be the name of a file here",
    ]


@pytest.mark.parametrize("name", ["linux-6.1", "linux-6.1-rt", "linux-6.12"])
def test_debian_kernels(name: str) -> None:
    path = PROJECT / "Build" / "guests" / name / "vmlinuz"
    facts = inspect_files([path], [])[path]
    assert facts.error is None, facts
    assert facts.loader is not None
    assert facts.loader.error is None
    linux = facts.loader.linux
    assert linux is not None
    assert linux.release.startswith(name.split("-")[1] + ".")
    assert ("-rt-" in linux.release) == ("PREEMPT_RT" in linux.banner) == name.endswith("-rt")
    assert linux.above_4g
    assert linux.init_size > facts.size
