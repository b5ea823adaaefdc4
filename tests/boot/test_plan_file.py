# SPDX-License-Identifier: BSD-2-Clause-Patent
r"""Which plan is carried out: the one in the image, or a newer \EFI\MRM\plan.bin; signed if it must be."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ci.progress import PROJECT
from ci.qemu.description import FIRMWARE_FOLDER
from ci.qemu.timing import scaled
from generator.api import make_plan
from generator.blob.read import read
from generator.blob.write import write
from generator.command_line import run as generator
from generator.emit import make_blob
from generator.esp.image import plan_image
from generator.esp.tree import MRM_NAMES
from tests.boot.bench import Bench
from tests.boot.conftest import Builder, Built
from tests.boot.script import script_ends

pytestmark = [pytest.mark.boot(40), pytest.mark.timeout(1800)]

SECONDS = 240
SNAKEOIL = Path("/usr/share/ovmf/PkKek-1-snakeoil")
"""Key and certificate that Debian's `OVMF_VARS_4M.snakeoil.fd` trusts."""
PASSWORD = "snakeoil"
"""Public, as the key is."""
SECURE: dict[str, Any] = {
    "machine": "q35,smm=on",
    "firmware_code": FIRMWARE_FOLDER / "OVMF_CODE_4M.secboot.fd",
    "firmware_variables": FIRMWARE_FOLDER / "OVMF_VARS_4M.snakeoil.fd",
}
CASES = ("older", "newer", "image", "damaged", "version", "circle", "nothing")
"""Files that are tried as plan.bin, one after the other."""
SCRIPT = "\n".join(
    [
        "@echo -off",
        "fs0:",
        "\\EFI\\MRM\\Mrm.efi verify",
        *(
            f"copy -q \\{case}.bin \\EFI\\MRM\\plan.bin\necho CASE {case}=\n\\EFI\\MRM\\Mrm.efi verify"
            for case in CASES
        ),
        "rm -q \\EFI\\MRM\\plan.bin",
        "echo CASE none=",
        "\\Bare.efi verify",
        "echo END",
        "",
    ]
)


def _other(newer: bool) -> bytes:
    """The plan of the same partitions, one of them smaller, of another time than the one in the image."""
    plan, _ = make_plan(PROJECT / "partitions" / "two-kernels.yaml")
    values = read(make_blob(plan))
    values["Made"] = 1 << 40 if newer else 1
    values["Title"] = f"{'newer' if newer else 'older'}.yaml"
    return write(values)


def _circle() -> bytes:
    """A plan whose partitions wait for each other."""
    values = read(_other(newer=True))
    for number, partition in enumerate(values["Partitions"]):
        partition["Policy"]["After"] = [1 - number]
    return write(values)


@pytest.fixture(scope="module")
def made(built: Builder) -> Built:
    return built("two-kernels")


@pytest.fixture(scope="module")
def text(
    made: Built, images: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """What Mrm.efi says with each of the files beside it, in one line each."""
    folder = tmp_path_factory.mktemp("plan")
    esp = folder / "ESP"
    shutil.copytree(made.esp, esp)
    shutil.rmtree(esp / "EFI" / "BOOT")
    shutil.copy(images("RELEASE") / "Mrm.efi", esp / "Bare.efi")
    newer = _other(newer=True)
    contents = {
        "older": _other(newer=False),
        "newer": newer,
        "image": plan_image(newer),
        "damaged": newer[:-1] + bytes([newer[-1] ^ 1]),
        "version": newer[:8] + b"\x63" + newer[9:],
        "circle": _circle(),
        "nothing": b"MZ, but no image",
    }
    for case in CASES:
        (esp / f"{case}.bin").write_bytes(contents[case])
    (esp / "startup.nsh").write_text(SCRIPT.replace("\n", "\r\n"), encoding="ascii")
    with Bench(made.plan, esp, folder / "run") as bench:
        console = bench.session.controller
        bench.run(script_ends(console, SECONDS))
        # The firmware breaks lines at the edge of its console.
        said = console.text.replace("\r", "").replace("\n", "")
        parts = re.split(r"CASE (\w+)=", said)
        yield {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


IN_IMAGE = "MRM: plan partitions/two-kernels.yaml for q35, 2 partitions, in this image"


def test_without_a_file_the_plan_in_the_image_is_taken(text: dict[str, str]) -> None:
    assert IN_IMAGE in text[""] and "plan.bin" not in text[""]


@pytest.mark.parametrize("case", ["newer", "image"])
def test_a_newer_plan_is_taken(text: dict[str, str], case: str) -> None:
    assert "MRM: plan newer.yaml for q35, 2 partitions, from plan.bin" in text[case]
    assert "2 of 2 partitions could be started" in text[case]


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("older", "plan.bin is not taken: it is not newer than the plan in this image"),
        ("damaged", "plan.bin is not taken: it is damaged: its checksum is another one"),
        ("version", "plan.bin is not taken: it is a plan of version 99"),
        ("circle", "not taken: partition 0 (steady): it waits for a partition that waits for it"),
        ("nothing", "plan.bin is not taken: the PC's firmware refuses it: "),
    ],
)
def test_why_a_plan_is_not_taken(text: dict[str, str], case: str, reason: str) -> None:
    assert reason in text[case] and IN_IMAGE in text[case]
    assert "2 of 2 partitions could be started" in text[case]


def test_without_any_plan_the_way_out_is_said(text: dict[str, str]) -> None:
    assert "MRM: there is no plan: make one by `mrm esp" in text["none"]
    assert "could be started" not in text["none"]


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The key without its password, as sbsign wants it, and the certificate."""
    plain = tmp_path_factory.mktemp("key") / "snakeoil.key"
    command: list[str | Path] = [
        "openssl",
        "rsa",
        "-in",
        f"{SNAKEOIL}.key",
        "-passin",
        f"pass:{PASSWORD}",
        "-out",
        plain,
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return plain, Path(f"{SNAKEOIL}.pem")


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
def test_secure_boot_takes_only_what_is_signed(
    made: Built,
    images: Callable[[str], Path],
    key: tuple[Path, Path],
    tmp_path: Path,
    signed: bool,
) -> None:
    """Mrm.efi with its plan is signed as a whole, or the PC's firmware would not start it."""
    file = str(PROJECT / "partitions" / "two-kernels.yaml")
    sign = ["--sign", *map(str, key)]
    ready = ["--ready", str(images("RELEASE"))]
    assert generator(["esp", file, *ready, "--output", str(tmp_path / "out"), *sign]) == 0
    esp = tmp_path / "out" / "ESP"
    # Were it started as it is, both partitions would run; verify cannot be said without a shell.
    (esp / "EFI" / "MRM" / "steady" / "vmlinuz").unlink()
    (esp / "EFI" / "MRM" / "realtime" / "vmlinuz").unlink()
    plain = tmp_path / "newer.efi"
    plain.write_bytes(plan_image(_other(newer=True)))
    target = esp / "EFI" / "MRM" / "plan.bin"
    if signed:
        command = ["sbsign", "--key", *map(str, (key[0], "--cert", key[1], "--output", target, plain))]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    else:
        target.write_bytes(_other(newer=True))
    assert (esp / MRM_NAMES[0]).read_bytes() != (made.esp / MRM_NAMES[0]).read_bytes()
    with Bench(made.plan, esp, tmp_path / "run", **SECURE) as bench:
        console = bench.session.controller
        bench.run(console.wait_for(r"MRM: plan .*\n", scaled(SECONDS), since=console.start()))
        said = console.text.replace("\r", "").replace("\n", "")
    if signed:
        assert "MRM: plan newer.yaml for q35, 2 partitions, from plan.bin" in said
    else:
        assert "MRM: plan.bin is not taken: Secure Boot is on, and it is not signed" in said
        assert IN_IMAGE in said
