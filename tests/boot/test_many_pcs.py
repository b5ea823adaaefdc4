# SPDX-License-Identifier: BSD-2-Clause-Patent
r"""Of several plans beside one Mrm.efi the one for this PC is taken, or it is said why there is none."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ci.progress import PROJECT
from generator.api import make_plan
from generator.blob.read import read
from generator.blob.write import write
from generator.emit import make_blob
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.script import script_ends

pytestmark = [pytest.mark.boot(40), pytest.mark.timeout(1800)]

SECONDS = 240
UUIDS = {
    "one": UUID("4c4c4544-0035-5910-8052-b4c04f4d3233"),
    "other": UUID("12345678-9abc-def0-1234-56789abcdef0"),
    "third": UUID("a0000000-0000-0000-0000-000000000001"),
}
SYSTEM = "QEMU Standard PC (Q35 + ICH9, 2009)"
"""What QEMU's SMBIOS calls its q35."""
SCRIPT = """@echo -off
fs0:
echo CASE uuid=
\\EFI\\MRM\\Mrm.efi verify
copy -q \\spare\\any.bin \\EFI\\MRM\\plan.bin
echo CASE newer=
\\EFI\\MRM\\Mrm.efi verify
rm -q \\EFI\\MRM\\plans\\one.bin
rm -q \\EFI\\MRM\\plans\\OTHER.BIN
echo CASE any=
\\EFI\\MRM\\Mrm.efi verify
copy -q \\spare\\system.bin \\EFI\\MRM\\plans\\system.bin
echo CASE system=
\\EFI\\MRM\\Mrm.efi verify
rm -q \\EFI\\MRM\\plans\\system.bin
rm -q \\EFI\\MRM\\plan.bin
copy -q \\spare\\fewer.bin \\EFI\\MRM\\plans\\fewer.bin
copy -q \\spare\\foreign.bin \\EFI\\MRM\\plans\\foreign.bin
echo CASE none=
\\EFI\\MRM\\Mrm.efi verify
echo LAST %lasterror%
echo END
"""


def _plan(
    title: str, made: int, uuid: UUID | None = None, system: str | None = None, processors: int = 0
) -> bytes:
    """The plan of two partitions for a PC."""
    plan, _ = make_plan(PROJECT / "partitions" / "two-kernels.yaml")
    values: dict[str, Any] = read(make_blob(plan))
    values["Title"], values["Made"] = title, made
    values["Identity"] = {
        "Uuid": b"" if uuid is None else uuid.bytes_le,
        "System": system,
        "ApicIds": list(range(processors)),
    }
    return write(values)


@pytest.fixture(scope="module", params=["one", "other"])
def pc(request: pytest.FixtureRequest) -> str:
    """Which PC the ESP is put into."""
    return str(request.param)


@pytest.fixture(scope="module")
def said(
    pc: str, built: Builder, images: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """What Mrm.efi says in each case, in one line each."""
    made = built("two-kernels")
    folder = tmp_path_factory.mktemp("many")
    esp = folder / "ESP"
    shutil.copytree(made.esp, esp)
    shutil.rmtree(esp / "EFI" / "BOOT")
    shutil.copy(images("RELEASE") / "Mrm.efi", esp / "EFI" / "MRM" / "Mrm.efi")
    plans, spare = esp / "EFI" / "MRM" / "plans", esp / "spare"
    plans.mkdir()
    spare.mkdir()
    (plans / "one.bin").write_bytes(_plan("one.yaml", 5, UUIDS["one"]))
    (plans / "OTHER.BIN").write_bytes(_plan("other.yaml", 4, UUIDS["other"]))
    (plans / "third.bin").write_bytes(_plan("third.yaml", 9, UUIDS["third"]))
    (plans / "notes.txt").write_text("not a plan")
    (plans / "folder.bin").mkdir()
    (spare / "any.bin").write_bytes(_plan("any.yaml", 8))
    (spare / "system.bin").write_bytes(_plan("system.yaml", 1, None, SYSTEM, 5))
    (spare / "fewer.bin").write_bytes(_plan("fewer.yaml", 1, None, SYSTEM, 4))
    (spare / "foreign.bin").write_bytes(_plan("foreign.yaml", 1, None, "ACME Server 9000", 5))
    (esp / "startup.nsh").write_text(SCRIPT.replace("\n", "\r\n"), encoding="ascii")
    with Bench(made.plan, esp, folder / "run", uuid=str(UUIDS[pc])) as bench:
        console = bench.session.controller
        bench.run(script_ends(console, SECONDS))
        # The firmware breaks lines at the edge of its console.
        text = console.text.replace("\r", "").replace("\n", "")
        parts = re.split(r"CASE (\w+)=", text)
        yield dict(zip(parts[1::2], parts[2::2], strict=True))


def taken(title: str, place: str) -> str:
    return f"MRM: plan {title}.yaml for q35, 2 partitions, from {place}"


def test_the_plan_with_the_uuid_of_the_pc_is_taken(pc: str, said: dict[str, str]) -> None:
    place = {"one": "plans\\one.bin", "other": "plans\\OTHER.BIN"}[pc]
    assert taken(pc, place) in said["uuid"]
    assert "2 of 2 partitions could be started" in said["uuid"]
    assert "is for another PC" not in said["uuid"] and "notes.txt" not in said["uuid"]


def test_a_newer_plan_for_any_pc_does_not_go_before_it(pc: str, said: dict[str, str]) -> None:
    assert f"MRM: plan {pc}.yaml" in said["newer"]


def test_a_plan_for_any_pc_is_taken_where_there_is_none_for_this_one(said: dict[str, str]) -> None:
    assert taken("any", "plan.bin") in said["any"]


def test_a_plan_for_such_a_machine_goes_before_one_for_any_pc(said: dict[str, str]) -> None:
    assert taken("system", "plans\\system.bin") in said["system"]
    assert "2 of 2 partitions could be started" in said["system"]


def test_without_a_plan_for_this_pc_it_is_said_what_differs(pc: str, said: dict[str, str]) -> None:
    another = "MRM: plans\\{0}.bin is for another PC: {1}; it is {0}.yaml for q35"
    for name, difference in (
        ("third", f"that has the UUID {UUIDS['third']}, this one {UUIDS[pc]}"),
        ("fewer", "that has 4 processors, this one 5"),
        ("foreign", f'that is "ACME Server 9000", this one "{SYSTEM}"'),
    ):
        assert another.format(name, difference) in said["none"]
    assert "MRM: there is no plan for this PC" in said["none"]
    assert "could be started" not in said["none"]
    assert "LAST 0xE" in said["none"]  # EFI_NOT_FOUND
