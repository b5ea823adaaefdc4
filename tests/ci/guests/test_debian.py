# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The whole Debian: its package archive, its file system, the disks made of it."""

import hashlib
import stat
import subprocess
from pathlib import Path

import pytest

from ci.guests import debian
from ci.guests.debian import packages
from ci.guests.debian.build import ROOT_UUID, WholeDebian, ensure
from ci.images.debian import grub_start, make_debian_disk
from ci.images.gpt import MEBIBYTE, ImageError, run_tool

HERE = Path(debian.__file__).parent


@pytest.fixture(scope="module")
def whole() -> WholeDebian:
    """The system that `make setup` has made."""
    return ensure()


@pytest.fixture(scope="module")
def disk(whole: WholeDebian, tmp_path_factory: pytest.TempPathFactory) -> Path:
    image = tmp_path_factory.mktemp("debian") / "disk.img"
    make_debian_disk(image, whole, "first=1 second")
    return image


def root_of(disk: Path) -> str:
    """Return what debugfs takes for the root file system of a disk."""
    lines = run_tool("sgdisk", "--info=2", str(disk)).splitlines()
    first = next(line.split()[2] for line in lines if line.startswith("First sector"))
    return f"{disk}?offset={int(first) * 512}"


def read(disk: Path, path: str) -> str:
    return run_tool("debugfs", "-R", f"cat {path}", root_of(disk))


def test_lists_are_read_with_comments() -> None:
    assert packages.parse_list("# none\napt # why\n\n/usr/share/man/*\n") == ["apt", "/usr/share/man/*"]


def test_index_names_every_package(tmp_path: Path) -> None:
    """What apt needs of a package's paragraph: its own fields, its file, size and digest."""
    files = sorted(packages.FOLDER.glob("efibootmgr*.deb")) + sorted(packages.FOLDER.glob("netbase*.deb"))
    for file in files:
        (tmp_path / file.name).write_bytes(file.read_bytes())
    packages.write_index(tmp_path)
    index = (tmp_path / "Packages").read_bytes()
    assert index.count(b"Package: ") == len(files) == 2
    for file in files:
        assert f"Filename: ./{file.name}\n".encode() in index
        assert hashlib.sha256(file.read_bytes()).hexdigest().encode() in index
    release = (tmp_path / "Release").read_text()
    assert f" {hashlib.sha256(index).hexdigest()} {len(index)} Packages" in release


def test_one_identity_everywhere() -> None:
    """The root file system is found by the identity that GRUB, fstab and mke2fs share."""
    for name in ("after.sh", "files/etc/fstab"):
        assert ROOT_UUID in (HERE / name).read_text()
    assert ROOT_UUID in grub_start(ROOT_UUID)


def test_parameters_stand_where_an_owner_puts_them(disk: Path) -> None:
    assert 'GRUB_CMDLINE_LINUX="first=1 second"' in read(disk, "/etc/default/grub.d/mrm.cfg")
    lines = [line for line in read(disk, "/boot/grub/grub.cfg").splitlines() if "/boot/vmlinuz-" in line]
    linux = [line.split(None, 2) for line in lines if line.lstrip().startswith("linux")]
    assert linux[0][2] == f"root=UUID={ROOT_UUID} ro first=1 second quiet"
    assert len(linux) == 3, "simple, advanced, recovery"


def test_file_system_is_sound_and_root_s(whole: WholeDebian, disk: Path) -> None:
    run_tool("e2fsck", "-fn", str(whole.root))
    for path in ("/etc/shadow", "/usr/local/sbin/mrm", "/root/.ssh/authorized_keys", "/etc/fstab"):
        assert "User:     0   Group:" in run_tool("debugfs", "-R", f"stat {path}", root_of(disk)), path
    assert f"vmlinuz-{whole.release}" in run_tool("debugfs", "-R", "ls /boot", root_of(disk))


def test_the_key_gets_in(whole: WholeDebian, disk: Path) -> None:
    command = ["ssh-keygen", "-y", "-f", str(whole.key)]
    public = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[1]
    assert public in read(disk, "/root/.ssh/authorized_keys")
    assert stat.S_IMODE(whole.key.stat().st_mode) == 0o600


def test_esp_is_as_debian_leaves_it(whole: WholeDebian, disk: Path) -> None:
    volume = f"{disk}@@{MEBIBYTE}"
    assert run_tool("mtype", "-i", volume, "::EFI/debian/grub.cfg").startswith(f"search.fs_uuid {ROOT_UUID} ")
    for name in ("EFI/debian/shimx64.efi", "EFI/BOOT/BOOTX64.EFI"):
        found = subprocess.run(["mtype", "-i", volume, f"::{name}"], capture_output=True, check=True).stdout
        assert found == (whole.loaders / "shimx64.efi").read_bytes()


def test_quotes_in_parameters_are_refused(whole: WholeDebian, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="need quoting"):
        make_debian_disk(tmp_path / "disk.img", whole, 'a="b c"')
