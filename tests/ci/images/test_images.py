# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Disk images: the right content, the same bytes."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from ci.images.boot import prepare_boot
from ci.images.esp import fat_size, make_esp_image, make_volume_image
from ci.images.gpt import ImageError, run_tool
from ci.images.live import make_live_disk
from ci.images.nvme import TEST_DISK_MARK, make_test_disk
from ci.progress import PROJECT
from ci.qemu.description import load_description


def tree(folder: Path) -> Path:
    (folder / "EFI/BOOT").mkdir(parents=True)
    (folder / "EFI/MRM/steady").mkdir(parents=True)
    (folder / "EFI/BOOT/BOOTX64.EFI").write_bytes(b"MZ" + bytes(range(256)) * 100)
    (folder / "EFI/MRM/steady/a long name with spaces.img").write_bytes(b"x" * 70_000)
    return folder


def content(image: Path, path: str, offset: int = 2**20) -> bytes:
    volume = f"{image}@@{offset}"
    return subprocess.run(["mtype", "-i", volume, f"::{path}"], capture_output=True, check=True).stdout


def test_esp_holds_the_tree(tmp_path: Path) -> None:
    source = tree(tmp_path / "tree")
    image = tmp_path / "esp.img"
    make_esp_image(source, image)
    for file in (path for path in source.rglob("*") if path.is_file()):
        assert content(image, str(file.relative_to(source))) == file.read_bytes()
    sgdisk = shutil.which("sgdisk", path="/usr/sbin:/sbin:/usr/bin") or "sgdisk"
    listing = subprocess.run([sgdisk, "--print", image], capture_output=True, check=True, text=True).stdout
    assert "EF00" in listing
    verdict = subprocess.run([sgdisk, "--verify", image], capture_output=True, check=True, text=True).stdout
    assert "No problems found" in verdict


def test_esp_is_the_same_each_time(tmp_path: Path) -> None:
    sums = []
    for name in ("one", "two"):
        source = tree(tmp_path / name / "tree")
        image = tmp_path / name / "esp.img"
        make_esp_image(source, image)
        sums.append(hashlib.sha256(image.read_bytes()).hexdigest())
    assert sums[0] == sums[1]


def test_esp_grows_with_its_content(tmp_path: Path) -> None:
    source = tree(tmp_path / "tree")
    assert fat_size(source) == 64 * 2**20
    with (source / "large").open("wb") as file:
        file.truncate(100 * 2**20)
    assert 100 * 2**20 < fat_size(source) < 120 * 2**20
    make_esp_image(source, tmp_path / "esp.img")


def test_a_volume_without_partitions_holds_the_tree(tmp_path: Path) -> None:
    source = tree(tmp_path / "tree")
    image = tmp_path / "volume.img"
    make_volume_image(source, image, 4 * 2**20)
    for file in (path for path in source.rglob("*") if path.is_file()):
        assert content(image, str(file.relative_to(source)), 0) == file.read_bytes()
    assert image.stat().st_size == 4 * 2**20
    assert not any(image.read_bytes()[446:510])


def test_esp_of_a_missing_tree(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no such folder; build it first"):
        make_esp_image(tmp_path / "nothing", tmp_path / "esp.img")
    assert not (tmp_path / "esp.img").exists()


def test_failing_tool_leaves_no_half_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tree(tmp_path / "tree")
    monkeypatch.setattr("ci.images.esp.fat_size", lambda _tree: 2**20)  # too small for FAT32 and the files
    with pytest.raises(ImageError, match=r"mformat|mcopy|mmd"):
        make_esp_image(source, tmp_path / "esp.img")
    assert list(tmp_path.glob("esp.img*")) == []


def test_test_disk_is_marked_and_sparse(tmp_path: Path) -> None:
    image = tmp_path / "disk.img"
    make_test_disk(image, 2**26)
    assert image.stat().st_size == 2**26
    assert image.stat().st_blocks * 512 < 2**20
    with image.open("rb") as file:
        assert file.read(len(TEST_DISK_MARK)) == TEST_DISK_MARK


def test_live_disk_has_a_partition_to_keep_and_one_to_overwrite(tmp_path: Path) -> None:
    image = tmp_path / "live.img"
    make_live_disk(image)
    lines = run_tool("sgdisk", "--print", str(image)).splitlines()
    begins = {line.split()[-1]: int(line.split()[1]) * 512 for line in lines if line.strip()[:1].isdigit()}
    assert list(begins) == ["keep", "test"]
    with image.open("rb") as file:
        file.seek(begins["test"])
        assert file.read(len(TEST_DISK_MARK)) == TEST_DISK_MARK
        file.seek(begins["keep"])
        assert not any(file.read(2**20)), "no file system: the guest makes it"
    assert image.stat().st_blocks * 512 < 2**20


def test_the_guest_knows_the_mark() -> None:
    source = (PROJECT / "ci/guests/report/try.c").read_text()
    assert f'#define MARK "{TEST_DISK_MARK.decode()}"' in source


def test_prepared_boot_is_private(tmp_path: Path) -> None:
    description = load_description(PROJECT / "platforms/q35.yaml")
    port = description.root_ports[1].path
    boot = prepare_boot(description, tmp_path / "run", tree(tmp_path / "tree"), [port])
    assert boot.variables.read_bytes() == description.firmware_variables.read_bytes()
    assert boot.esp == tmp_path / "run" / "esp.img"
    assert list(boot.disks) == [port]
    assert all(path.is_relative_to(tmp_path / "run") for path in (boot.variables, *boot.disks.values()))
