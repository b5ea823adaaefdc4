# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The live Debian: what its initrd holds, and its roles."""

import gzip
import re
import stat
from pathlib import Path

import pytest

from ci.guests import initrd, live
from ci.guests.debian.packages import parse_list
from ci.guests.live.build import NET_INITRD, LiveDebian, ensure, files_below, is_live
from ci.images.gpt import run_tool
from ci.progress import PROJECT
from ci.versions import load
from tests.ci.guests.test_build import parse_newc

HERE = Path(live.__file__).parent
ROLES = sorted(path.name for path in (HERE / "roles").iterdir())
USED = re.compile(r"\bmrm\.role=([a-z-]+)")


@pytest.fixture(scope="module", params=[live.name for live in load().guests.live])
def made(request: pytest.FixtureRequest) -> LiveDebian:
    """A system that `make setup` has made."""
    (found,) = (live for live in ensure() if live.folder.name == request.param)
    return found


@pytest.fixture(scope="module")
def squashfs() -> Path:
    """The root file system that all have."""
    return ensure()[0].folder / "root.squashfs"


@pytest.fixture(scope="module")
def archives(made: LiveDebian) -> list[dict[str, initrd.Entry]]:
    """The archives of its initrd: its root file system, the small guest's, its files."""
    data = (made.folder / "initrd.img").read_bytes()
    small = (made.folder.with_name(made.folder.name.replace("live", "linux")) / "initrd.img").read_bytes()
    begin = data.index(small)
    parts = [data[:begin], gzip.decompress(small), gzip.decompress(data[begin + len(small) :])]
    return [{entry.path: entry for entry in parse_newc(part)} for part in parts]


@pytest.fixture(scope="module")
def listing(squashfs: Path) -> set[str]:
    """The paths in its root file system."""
    lines = run_tool("unsquashfs", "-l", str(squashfs)).splitlines()
    return {line.removeprefix("squashfs-root") for line in lines}


def test_root_file_system_is_inside(squashfs: Path, archives: list[dict[str, initrd.Entry]]) -> None:
    (data,) = (entry.data for entry in archives[0].values() if stat.S_ISREG(entry.mode))
    assert data == squashfs.read_bytes() and data.startswith(b"hsqs")


def test_what_fetches_its_root_file_system_has_everything_else(made: LiveDebian, squashfs: Path) -> None:
    whole, rest = ((made.folder / name).read_bytes() for name in ("initrd.img", NET_INITRD))
    assert whole.endswith(rest) and squashfs.read_bytes() not in rest


def test_files_are_inside(made: LiveDebian, archives: list[dict[str, initrd.Entry]]) -> None:
    entries = archives[2]
    assert entries["init"].data == (HERE / "init").read_bytes()
    assert stat.S_IMODE(entries["init"].mode) == 0o755
    assert stat.S_IMODE(entries["mrm/files/usr/local/sbin/mrm"].mode) == 0o755
    for name in ROLES:
        assert entries[f"mrm/roles/{name}/units"].data == (HERE / "roles" / name / "units").read_bytes()
    for path in entries:
        parent = Path(path).parent.as_posix()
        assert parent == "." or parent in entries or parent in archives[1], f"{path} has no folder"
    assert f"lib/modules/{made.release}/modules.dep" in entries


def test_the_key_lets_in_and_stays_outside(made: LiveDebian, archives: list[dict[str, initrd.Entry]]) -> None:
    public = run_tool("ssh-keygen", "-y", "-f", str(made.key)).split()[1].encode()
    assert public in archives[2]["mrm/files/root/.ssh/authorized_keys"].data
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600
    assert made.key.resolve() == ensure()[0].key
    private = made.key.read_bytes().splitlines()[2]
    assert private not in (made.folder / "initrd.img").read_bytes()
    assert not any(private in entry.data for archive in archives for entry in archive.values())


def test_no_host_key_is_shared(listing: set[str]) -> None:
    """Each start is a machine of its own."""
    assert "/etc/ssh/sshd_config" in listing
    assert not [path for path in listing if path.startswith("/etc/ssh/ssh_host_")]


@pytest.mark.parametrize("role", ROLES)
def test_units_of_a_role_are_there(role: str, listing: set[str]) -> None:
    for unit in parse_list((HERE / "roles" / role / "units").read_text()):
        own = HERE / "roles" / role / "files/etc/systemd/system" / unit
        assert own.is_file() or f"/usr/lib/systemd/system/{unit}" in listing, unit


def test_roles_that_partition_files_name_are_there() -> None:
    files = sorted((PROJECT / "partitions").glob("*.yaml"))
    named = {role for file in files for role in USED.findall(file.read_text("utf-8"))}
    assert named and named <= set(ROLES)


def test_files_keep_kind_and_mode(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/run").write_bytes(b"#!")
    (tmp_path / "a/run").chmod(0o755)
    (tmp_path / "b").symlink_to("a/run")
    found = {entry.path: stat.filemode(entry.mode) for entry in files_below(tmp_path, "x")}
    assert found == {"x": "drwxr-xr-x", "x/a": "drwxr-xr-x", "x/a/run": "-rwxr-xr-x", "x/b": "lrwxrwxrwx"}


def test_a_live_kernel_is_known(made: LiveDebian) -> None:
    assert is_live(made.folder / "vmlinuz")
    assert not is_live(made.folder.with_name("linux-6.12") / "vmlinuz")
