# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`esp` and `blob` on the command line: what is written, and what is said of what cannot be."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.blob.form import LARGEST
from generator.blob.read import read
from generator.blob.write import BlobError, write
from generator.esp.image import ImageError, plan_image, plan_of, with_plan
from tests.generator.cli import run
from tests.generator.support import EFI_BOOT_DRIVER, I386, PROJECT, document, make_pe, partition

Write = Callable[[str], Path]

DEMONSTRATION = PROJECT / "partitions" / "two-kernels.yaml"
MRM, SHELL = make_pe(), make_pe(code=b"shell".ljust(0x200, b"\0"))
KEY = PROJECT / "nowhere.key"


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """A folder of images built without a plan."""
    folder = tmp_path / "ready"
    folder.mkdir()
    (folder / "Mrm.efi").write_bytes(MRM)
    (folder / "Shell.efi").write_bytes(SHELL)
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def test_the_same_input_gives_the_same_esp(
    write: Write, ready: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    path = write(document(partition()))
    made = []
    for number in range(2):
        output = tmp_path / f"output-{number}"
        assert run("esp", str(path), "--ready", str(ready), "--output", str(output)).status == 0
        made.append(tree(output))
        (ready / "Mrm.efi").write_bytes((output / "ESP/EFI/MRM/Mrm.efi").read_bytes())
    assert made[0] == made[1]
    assert run("blob", str(path), "--output", str(tmp_path / "plan.bin")).status == 0
    assert plan_of(made[0]["ESP/EFI/BOOT/BOOTX64.EFI"]) == (tmp_path / "plan.bin").read_bytes()


@pytest.mark.parametrize("size", range(0, len(MRM), 97))
def test_an_image_that_is_cut_off_is_refused(size: int) -> None:
    with pytest.raises(ImageError):
        with_plan(MRM[:size], b"blob")


@given(
    st.dictionaries(
        st.integers(0, 0x3F) | st.integers(0x400, 0x400 + 24 + 240 + 40 - 1), st.integers(0, 255), max_size=4
    )
)
def test_a_damaged_image_is_refused_or_carries_the_plan(damage: dict[int, int]) -> None:
    image = bytearray(MRM)
    for at, value in damage.items():
        image[at] = value
    try:
        made = with_plan(bytes(image), b"a plan")
    except ImageError:
        return
    assert plan_of(made) == b"a plan"


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (b"", "it is no PE image"),
        (b"MZ", "it is no PE image"),
        (MRM[:0x800], "it is cut off: it has 2048 bytes, and its sections end at 4608"),
        (make_pe(machine=I386), "it is no EFI application for x86-64"),
        (make_pe(magic=0x10B), "it is no EFI application for x86-64"),
        (make_pe(subsystem=EFI_BOOT_DRIVER), "it is no EFI application for x86-64"),
        (
            MRM[: 0x418 + 112 + 4 * 8]
            + struct.pack("<II", 0x1200, 8)
            + MRM[0x418 + 112 + 5 * 8 :]
            + bytes(8),
            "it is signed, which another plan would break",
        ),
    ],
)
def test_what_is_no_ready_image_is_told(
    write: Write, ready: Path, tmp_path: Path, image: bytes, words: str
) -> None:
    (ready / "Mrm.efi").write_bytes(image)
    path = write(document(partition()))
    ran = run("esp", str(path), "--ready", str(ready), "--output", str(tmp_path / "output"))
    assert ran.status == 1 and words in ran.err and "[ready-image]" in ran.err
    assert not (tmp_path / "output").exists()


def test_no_ready_image_is_told(write: Write, tmp_path: Path) -> None:
    path = write(document(partition()))
    ran = run("esp", str(path), "--ready", str(tmp_path / "nowhere"), "--output", str(tmp_path / "output"))
    assert ran.status == 1 and "--ready DIR [ready-found]" in ran.err


def test_a_folder_of_other_systems_is_left_alone(write: Write, ready: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "output" / "ESP" / "EFI" / "debian" / "grubx64.efi"
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"GRUB")
    path = write(document(partition()))
    before = tree(tmp_path / "output")
    ran = run("esp", str(path), "--ready", str(ready), "--output", str(tmp_path / "output"))
    assert ran.status == 1 and "EFI has debian" in ran.err and "[esp-own]" in ran.err
    assert tree(tmp_path / "output") == before


def test_boot_files_may_come_from_the_esp_that_is_replaced(write: Write, ready: Path, tmp_path: Path) -> None:
    path = write(document(partition()))
    arguments = ("--ready", str(ready), "--output", str(tmp_path / "output"))
    assert run("esp", str(path), *arguments).status == 0
    (kernel,) = [each for each in (tmp_path / "output").rglob("linux") if each.is_file()]
    content = kernel.read_bytes()
    stale = kernel.with_name("stale")
    stale.write_bytes(b"of a plan before")
    path = write(document(partition(boot=f"{{file: {kernel}}}")))
    assert run("esp", str(path), *arguments).status == 0
    assert kernel.read_bytes() == content and not stale.exists()


def test_a_file_that_lacks_leaves_the_esp_as_it_was(write: Write, ready: Path, tmp_path: Path) -> None:
    output = tmp_path / "output"
    arguments = ("--ready", str(ready), "--output", str(output))
    assert run("esp", str(write(document(partition()))), *arguments).status == 0
    before = tree(output)
    (ready / "Shell.efi").unlink()
    ran = run("esp", str(write(document(partition(boot="shell")))), *arguments)
    assert ran.status == 1 and "Shell.efi: No such file or directory" in ran.err
    assert tree(output) == before


@pytest.mark.parametrize("command", ["esp", "blob"])
def test_where_nothing_can_be_written_is_told(
    write: Write, ready: Path, tmp_path: Path, command: str
) -> None:
    file = tmp_path / "a\nfile\udcff"
    file.write_bytes(b"")
    path = write(document(partition()))
    arguments = ["--ready", str(ready)] if command == "esp" else []
    ran = run(command, str(path), *arguments, "--output", str(file / "below"))
    assert ran.status == 1 and len(ran.err.splitlines()) == 1
    assert file.read_bytes() == b""


@pytest.mark.parametrize("time", ["tomorrow", "-5", "1e3", " 5", "\u0663", "9" * 30])
def test_a_time_that_is_none_is_told(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, time: str
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", time)
    ran = run("blob", str(write(document(partition()))), "--output", str(tmp_path / "plan.bin"))
    assert ran.status == 1 and "SOURCE_DATE_EPOCH" in ran.err and "[made-time]" in ran.err
    assert not (tmp_path / "plan.bin").exists()


def test_a_plan_that_is_too_large_is_told(tmp_path: Path) -> None:
    assert run("blob", str(DEMONSTRATION), "--output", str(tmp_path / "plan.bin")).status == 0
    values = read((tmp_path / "plan.bin").read_bytes())
    values["Json"] = b"{" + b" " * ((1 << 20) - 2) + b"}"
    dsdt = bytes(1 << 20)
    values["Partitions"] = [{**values["Partitions"][0], "Dsdt": dsdt} for _ in range(4)]
    with pytest.raises(BlobError, match=f"more than {LARGEST.number}"):
        write(values)


def test_a_key_that_is_none_is_told(write: Write, tmp_path: Path) -> None:
    if shutil.which("sbsign") is None:
        pytest.fail("sbsigntool is a package of ci/debian-packages.txt")
    path = write(document(partition()))
    ran = run("blob", str(path), "--output", str(tmp_path / "p"), "--sign", str(KEY), str(KEY))
    assert ran.status == 1 and "sbsign fails" in ran.err and "[sign]" in ran.err
    assert not (tmp_path / "p").exists()


def test_a_plan_alone_can_be_signed(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", "-days", "1"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    target = tmp_path / "plan.bin"
    arguments = ("--output", str(target), "--sign", str(key), str(certificate))
    assert run("blob", str(DEMONSTRATION), *arguments).status == 0
    signed = target.read_bytes()
    blob = plan_of(signed)
    assert blob is not None and read(blob)["Partitions"]
    assert len(signed) > len(plan_image(blob))
    with pytest.raises(ImageError, match="signed"):
        with_plan(signed, blob)
