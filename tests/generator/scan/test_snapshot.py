# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Where a scan reads, and the collector: every way from a machine to its file gives the same file."""

from __future__ import annotations

import contextlib
import functools
import gzip
import io
import os
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.__main__ import main
from generator.scan import SnapshotError, open_snapshot, render_machine_file, scan
from tests.generator.scan.support import (
    PROJECT,
    TABLES,
    local_apic,
    make_fadt,
    make_madt,
    make_table,
    server,
    snapshot,
)

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
    with tarfile.open(made) as archive:
        assert archive.getnames()[-1] == "facts/collection.txt"
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


@pytest.mark.parametrize("kind", ["tar.gz", "tar", "zip"])
def test_an_archive_cut_off(kind: str, tmp_path: Path) -> None:
    """Anywhere, also between two files: a message says so."""
    packed = collect(["sh"], lay_out(tmp_path / "root"), tmp_path / "work")
    whole = {
        "tar.gz": packed.read_bytes(),
        "tar": gzip.decompress(packed.read_bytes()),
        "zip": zipped(packed),
    }
    path = tmp_path / "cut"
    path.write_bytes(whole[kind])
    assert text_of(path) == expected()
    used = len(whole[kind].rstrip(b"\0"))
    step = 512 if kind == "tar" else max(1, used // 40)
    for length in range(0, used, step):
        path.write_bytes(whole[kind][:length])
        with pytest.raises(SnapshotError, match=r"cut off|neither|interrupted"):
            open_snapshot(path)


def zipped(tar: Path) -> bytes:
    """The files of a tar in a zip."""
    made = io.BytesIO()
    with tarfile.open(tar) as archive, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for member in archive.getmembers():
            stream = archive.extractfile(member)
            if stream is not None:
                target.writestr(member.name, stream.read())
    return made.getvalue()


def test_a_run_that_was_interrupted(tmp_path: Path) -> None:
    """What it left is not taken, folder or archive, and a run that is told to end leaves nothing."""
    folder = lay_out(tmp_path / "facts")
    with pytest.raises(SnapshotError, match=r"collection\.txt, which is written last, is not there"):
        open_snapshot(folder)
    (folder / "collection.txt").write_text("")
    with pytest.raises(SnapshotError, match="interrupted"):
        open_snapshot(folder)
    (folder / "collection.txt").write_text("format 7\n")
    with pytest.raises(SnapshotError, match=r"says 'format 7'; expected 'format 1'"):
        open_snapshot(folder)
    (folder / "collection.txt").write_text("format 1\n")
    assert open_snapshot(folder).text("sys/class/dmi/id/sys_vendor") == "ACME"
    work, program = tmp_path / "work", tmp_path / "programs" / "cat"
    work.mkdir()
    program.parent.mkdir()
    program.write_text("#!/bin/sh\nkill -TERM $PPID\n")
    program.chmod(0o755)
    run = subprocess.run(
        ["sh", str(COLLECT), "facts"],
        cwd=work,
        env={**os.environ, "MRM_COLLECT_ROOT": str(folder), "PATH": f"{program.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (run.returncode, run.stderr) == (1, "collect.sh: interrupted\n")
    assert list(work.iterdir()) == []


def dump(tables: Mapping[str, bytes]) -> str:
    """Tables as acpidump prints them."""
    lines: list[str] = []
    for name, data in tables.items():
        lines.append(f"{name} @ 0x00000000BFEF{len(lines):04X}")
        for at in range(0, len(data), 16):
            row = data[at : at + 16]
            text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in row)
            lines.append(f"    {at:04X}: {' '.join(f'{byte:02X}' for byte in row):<47}  {text}")
        lines.append("")
    return "\n".join(lines) + "\n"


MADT, FADT = make_madt(local_apic(0), local_apic(2)), make_fadt()
RSDP = b"RSD PTR " + bytes(28)


def processors_of(path: Path) -> list[int]:
    """APIC IDs that a scan finds."""
    return [p.apic_id for p in scan(open_snapshot(path)).machine.processors]


def test_tables_as_tools_save_them(tmp_path: Path) -> None:
    """The text of acpidump; files of acpixtract and acpidump -b in a folder, alone, in a zip and a tar."""
    text = tmp_path / "acpi.txt"
    text.write_text(
        "noise\n" + dump({"RSD PTR": RSDP, "FACP": FADT, "APIC": MADT, "SSDT": make_table("SSDT", b"")})
    )
    assert processors_of(text) == [0, 2]
    text.write_bytes(gzip.compress(text.read_bytes().replace(b"\n", b"\r\n")))
    assert processors_of(text) == [0, 2]
    folder = tmp_path / "tables"
    folder.mkdir()
    (folder / "apic.dat").write_bytes(MADT)
    (folder / "facp1.dat").write_bytes(FADT)
    (folder / "facp2.dat").write_bytes(make_fadt(0x508))
    (folder / "notes.txt").write_text("none of them")
    os.mkfifo(folder / "pipe")
    found = scan(open_snapshot(folder))
    assert [p.apic_id for p in found.machine.processors] == [0, 2]
    assert "acpi: there are 2 different FACP tables; the first one counts" in map(str, found.notes)
    assert processors_of(folder / "apic.dat") == [0, 2]
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.write(folder / "apic.dat", "some\\where\\apic.dat")
    assert processors_of(tmp_path / "t.zip") == [0, 2]
    with tarfile.open(tmp_path / "t.tar.xz", "w:xz") as tar:
        tar.add(folder / "apic.dat", "x/apic.dat")
    assert processors_of(tmp_path / "t.tar.xz") == [0, 2]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (
            lambda lines: [line for line in lines if "0010:" not in line],
            "line 3: the bytes before 0x0020 are missing",
        ),
        (lambda lines: lines[:3], "the table APIC has 32 bytes, which is not what its header says"),
    ],
)
def test_a_dump_with_holes(damage: Callable[[list[str]], list[str]], told: str, tmp_path: Path) -> None:
    path = tmp_path / "acpi.txt"
    path.write_text("\n".join(damage(dump({"APIC": MADT}).splitlines())))
    with pytest.raises(SnapshotError, match=told):
        open_snapshot(path)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"some text\n", "neither a collection"),
        (bytes(4096), "neither a collection"),
        (b"PK\x03\x04" + bytes(100), "damaged or cut off"),
        (b"BZh9" + bytes(100), "damaged or cut off"),
        (b"\xfd7zXZ\0" + bytes(100), "damaged or cut off"),
        (gzip.compress(bytes(300 << 20)), "too large"),
        (make_table("DSDT", bytes(100)), "neither a collection"),
    ],
    ids=["text", "zeros", "zip", "bzip2", "xz", "bomb", "DSDT"],
)
def test_what_is_wanted_is_said_in_one_line(
    data: bytes, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "facts"
    path.write_bytes(data)
    assert main(["scan", "--from", str(path)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and told in lines[0]


@settings(max_examples=300)
@given(
    kind=st.sampled_from(["tar", "zip", "dump", "table"]),
    damage=st.lists(
        st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=4)), min_size=1, max_size=6
    ),
)
def test_no_damage_to_an_archive_breaks_the_scan(
    kind: str, damage: list[tuple[int, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """It is scanned, or one message says why not."""
    data = bytearray(archives()[kind])
    for at, piece in damage:
        place = at % len(data)
        data[place : place + len(piece)] = piece
    path = tmp_path_factory.getbasetemp() / f"damaged-{kind}"
    path.write_bytes(data)
    with contextlib.suppress(SnapshotError):
        scan(open_snapshot(path))


def test_a_zip_with_a_file_without_a_name(tmp_path: Path) -> None:
    data = bytearray(archives()["zip"])
    name = data.rindex(b"x/collection.txt")
    data[name] = 0
    path = tmp_path / "facts.zip"
    path.write_bytes(data)
    with pytest.raises(SnapshotError, match="damaged"):
        open_snapshot(path)


@functools.cache
def archives() -> dict[str, bytes]:
    """A small collection in each form."""
    files = {
        "x/sys/firmware/acpi/tables/APIC": MADT,
        "x/sys/firmware/acpi/tables/FACP": FADT,
        "x/proc/cpuinfo": b"processor\t: 0\n",
        "x/collection.txt": b"format 1\n",
    }
    tar, packed = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as archive, zipfile.ZipFile(packed, "w") as target:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
            target.writestr(name, data)
    text = dump({"APIC": MADT, "FACP": FADT}).encode()
    return {"tar": tar.getvalue(), "zip": packed.getvalue(), "dump": text, "table": MADT}


def test_paths_in_a_tar_lead_nowhere_else(tmp_path: Path) -> None:
    path = tmp_path / "facts.tar"
    with tarfile.open(path, "w") as archive:
        for name, data in (
            ("../../x/proc/cpuinfo", b"processor: 0\n"),
            ("/x/sys/a", b"1"),
            ("x/sys/b", b"2"),
            ("x/collection.txt", b"format 1\n"),
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
    files = server() | {
        "collection.txt": b"format 1\n",
        "unreadable.txt": f"/{TABLES}/DSDT\n/proc/iomem\n".encode(),
    }
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
