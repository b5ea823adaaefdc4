# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Disks that boot through a loader of their own: what is on them."""

from pathlib import Path

import pefile
import pytest

from ci.guests.loaders import FOLDER
from ci.images.gpt import MEBIBYTE, ImageError, run_tool
from ci.images.loaders import LOADERS, Payload, make_loader_disk, stub_options
from ci.images.nvme import TEST_DISK_MARK
from ci.images.unified import make_unified_image


@pytest.fixture
def payload(tmp_path: Path) -> Payload:
    for name in ("vmlinuz", "initrd.img"):
        (tmp_path / name).write_bytes(name.encode() * 1000)
    return Payload(tmp_path / "vmlinuz", tmp_path / "initrd.img", "console=ttyS0 quiet")


def test_unified_image_is_one(tmp_path: Path) -> None:
    """Judged by another reader of the format: sections in order, apart, with their contents."""
    sections = {".cmdline": b"console=ttyS0", ".linux": b"k" * 70_000, ".initrd": b"i" * 4097}
    make_unified_image(tmp_path / "image.efi", FOLDER / "linuxx64.efi.stub", sections)
    image = pefile.PE(str(tmp_path / "image.efi"))
    found = {section.Name.rstrip(b"\0").decode(): section for section in image.sections}
    for name, data in sections.items():
        assert found[name].get_data()[: len(data)] == data
        assert found[name].Misc_VirtualSize == len(data)
    ends = 0
    for section in image.sections:
        assert section.VirtualAddress >= ends
        ends = section.VirtualAddress + section.Misc_VirtualSize
    assert ends <= image.OPTIONAL_HEADER.SizeOfImage


def test_unified_image_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        make_unified_image(tmp_path / name, FOLDER / "linuxx64.efi.stub", {".linux": b"k" * 70_000})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_unified_image_of_no_stub(tmp_path: Path) -> None:
    (tmp_path / "stub").write_bytes(b"not a program")
    with pytest.raises(ImageError, match="stub: no PE image"):
        make_unified_image(tmp_path / "image.efi", tmp_path / "stub", {".linux": b"k"})


@pytest.mark.parametrize("loader", LOADERS)
def test_disk_has_a_loader_and_a_place_to_write(loader: str, payload: Payload, tmp_path: Path) -> None:
    image = tmp_path / f"{loader}.img"
    make_loader_disk(image, loader, payload)
    assert "No problems found" in run_tool("sgdisk", "--verify", str(image))
    listing = run_tool("mdir", "-i", f"{image}@@{MEBIBYTE}", "-/", "-b", "::")
    start = "vmlinuz.efi" if loader == "stub" else "EFI/BOOT/BOOTX64.EFI"
    assert f"::/{start}" in listing.splitlines()
    lines = run_tool("sgdisk", "--info=2", str(image)).splitlines()
    first = next(int(line.split()[2]) for line in lines if line.startswith("First sector"))
    with image.open("rb") as file:
        file.seek(first * 512)
        assert file.read(len(TEST_DISK_MARK)) == TEST_DISK_MARK


def test_options_of_the_stub() -> None:
    assert stub_options("console=ttyS0") == r"console=ttyS0 initrd=\initrd.img"


def test_quotes_in_parameters_are_refused(payload: Payload, tmp_path: Path) -> None:
    quoted = Payload(payload.kernel, payload.initrd, 'dyndbg="file x +p"')
    with pytest.raises(ImageError, match="a loader would need quoted"):
        make_loader_disk(tmp_path / "disk.img", "grub", quoted)
