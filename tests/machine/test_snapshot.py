# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Where a scan reads, and the collector: every way from a machine to its file gives the same file."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from generator.__main__ import main
from generator.scan import SnapshotError, open_snapshot, render_machine_file, scan
from tests.machine.support import PROJECT, TABLES, local_apic, make_fadt, make_madt, server, snapshot

COLLECT = PROJECT / "generator" / "collect.sh"
SHELLS = {"sh": ["sh"], "busybox": ["busybox", "sh"]}
MINIMUM = ("cat", "ls", "mkdir", "rm")
"""All the programs collect.sh needs."""


def text_of(source: Path) -> str:
    found = scan(open_snapshot(source))
    return render_machine_file(found.machine, found.notes)


def expected() -> str:
    """The file of the machine below; a root tree has no kernel log."""
    files = server()
    del files["dmesg.txt"]
    found = scan(snapshot(files))
    return render_machine_file(found.machine, found.notes)


def lay_out(root: Path, files: Mapping[str, bytes] | None = None) -> Path:
    """The machine, or one of other files, as a tree of files and links."""
    for path, data in (server() if files is None else files).items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.endswith(".link"):
            target.with_name(target.name.removesuffix(".link")).symlink_to(data.decode().strip())
        elif path != "dmesg.txt":
            target.write_bytes(data)
    return root


def collect(shell: list[str], root: Path, folder: Path, path: str | None = None) -> Path:
    """Run the collector on a tree; returns what it made."""
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, "MRM_COLLECT_ROOT": str(root)}
    if path is not None:
        environment["PATH"] = path
    program = [shutil.which(shell[0]) or shell[0], *shell[1:]]
    run = subprocess.run(
        [*program, str(COLLECT), "facts"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (run.returncode, run.stderr) == (0, ""), run.stderr
    return Path(run.stdout.strip())


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS.keys())
def test_the_collector_brings_all_that_a_scan_reads(shell: list[str], tmp_path: Path) -> None:
    made = collect(shell, lay_out(tmp_path / "root"), tmp_path / "work")
    assert made.name == "facts.tar.gz"
    assert sorted(path.name for path in made.parent.iterdir()) == ["facts.tar.gz"]
    assert text_of(made) == expected()


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS.keys())
def test_the_collector_makes_a_folder_where_tar_is_missing(shell: list[str], tmp_path: Path) -> None:
    """With four programs and the shell alone; readlink is missing as well."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in MINIMUM:
        (programs / name).symlink_to(shutil.which(name) or name)
    made = collect(shell, lay_out(tmp_path / "root"), tmp_path / "work", str(programs))
    if made.is_dir():
        assert made.name == "facts"
    else:
        # Busybox's shell may carry its applets with it.
        assert shell[0] == "busybox"
    assert text_of(made) == expected()


def test_the_collector_makes_a_tar_where_gzip_is_missing(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in (*MINIMUM, "tar"):
        (programs / name).symlink_to(shutil.which(name) or name)
    made = collect(["sh"], lay_out(tmp_path / "root"), tmp_path / "work", str(programs))
    assert made.name == "facts.tar"
    assert text_of(made) == expected()


def test_the_collector_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "facts.tar.gz").write_text("precious")
    run = subprocess.run(
        ["sh", str(COLLECT), "facts"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert run.returncode == 1 and "is there already" in run.stderr
    assert (tmp_path / "facts.tar.gz").read_text() == "precious"


def test_this_machine_and_its_collection_give_the_same_facts(tmp_path: Path) -> None:
    """Scanned directly and through the collector, whoever runs the test and whatever the machine is."""
    run = subprocess.run(
        ["sh", str(COLLECT), "here"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120
    )
    collected, direct = scan(open_snapshot(Path(run.stdout.strip()))), scan(open_snapshot(None))
    for part in ("processors", "memory", "ecam", "roots", "uarts", "acpi", "firmware"):
        texts = [
            repr(getattr(found.machine, part)).replace(repr(found.machine.place), "")
            for found in (collected, direct)
        ]
        assert texts[0] == texts[1], part


def test_the_collector_leaves_private_things_alone(tmp_path: Path) -> None:
    root = lay_out(tmp_path / "root")
    (root / TABLES / "MSDM").write_bytes(b"product key")
    (root / TABLES / "SSDT1").write_bytes(b"code")
    (root / "proc" / "mounts").write_text("/dev/sda1 /home/ann ext4 rw 0 0\n/dev/sdb1 /efi vfat rw 0 0\n")
    found = open_snapshot(collect(["sh"], root, tmp_path / "work"))
    assert not {"MSDM", "SSDT1"} & set(found.names(TABLES))
    assert found.text("proc/mounts") == "/dev/sdb1 /efi vfat rw"


def test_a_folder_of_bare_tables(tmp_path: Path) -> None:
    (tmp_path / "APIC").write_bytes(make_madt(local_apic(0), local_apic(2)))
    (tmp_path / "FACP").write_bytes(make_fadt())
    machine = scan(open_snapshot(tmp_path)).machine
    assert [p.apic_id for p in machine.processors] == [0, 2]
    assert machine.acpi.pm_timer is not None


@pytest.mark.parametrize("data", [b"", b"no tar", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03rubbish"])
def test_what_is_no_collection(data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "facts.tar.gz"
    path.write_bytes(data)
    for command in ("scan", "hardware"):
        assert main([command, "--from", str(path)]) == 1
        told = capsys.readouterr()
        assert told.out == "" and str(path) in told.err and "Traceback" not in told.err
    assert main(["scan", "--from", str(tmp_path)]) == 1
    assert "neither a collection" in capsys.readouterr().err
    assert main(["scan", "--from", str(tmp_path / "absent")]) == 1


def test_a_tar_cut_off(tmp_path: Path) -> None:
    """Anywhere: either what is left can be scanned, or a message says that it cannot be read."""
    whole = collect(["sh"], lay_out(tmp_path / "root"), tmp_path / "work").read_bytes()
    path = tmp_path / "cut.tar.gz"
    for length in range(0, len(whole), max(1, len(whole) // 40)):
        path.write_bytes(whole[:length])
        with contextlib.suppress(SnapshotError):
            text_of(path)


def test_paths_in_a_tar_lead_nowhere_else(tmp_path: Path) -> None:
    path = tmp_path / "facts.tar"
    with tarfile.open(path, "w") as archive:
        for name, data in (
            ("../../x/proc/cpuinfo", b"processor: 0\n"),
            ("/x/sys/a", b"1"),
            ("x/sys/b", b"2"),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
        link = tarfile.TarInfo("x/sys/c")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    found = open_snapshot(path)
    assert (found.text("sys/a"), found.text("sys/b"), found.text("sys/c")) == ("1", "2", None)
    assert found.text("proc/cpuinfo") == "processor: 0"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["facts.tar"]


def test_what_could_not_be_read_is_told(tmp_path: Path) -> None:
    files = server() | {"unreadable.txt": f"/{TABLES}/DSDT\n/proc/iomem\n".encode()}
    root = tmp_path / "facts"
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    notes = [str(note) for note in scan(open_snapshot(root)).notes]
    assert f"scan: /{TABLES}/DSDT is there and could not be read: root may be needed" in notes


def test_scan_writes_a_file_and_tells_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = collect(["sh"], lay_out(tmp_path / "root"), tmp_path / "work")
    output = tmp_path / "new.yaml"
    assert main(["scan", "--from", str(made), "--output", str(output), "--name", "lab-7"]) == 0
    told = capsys.readouterr()
    assert told.out == "" and "finding: features: not running" in told.err
    assert 'name: "lab-7"' in output.read_text()
    assert "# - features: not running" in output.read_text()
    with pytest.raises(SystemExit):
        main(["scan", "--name", "no name"])
