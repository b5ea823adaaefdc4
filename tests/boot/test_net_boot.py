# SPDX-License-Identifier: BSD-2-Clause-Patent
r"""Mrm.efi fetched by the PC's own PXE or HTTP boot: plans and boot files come from the same server."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ci.qemu import web
from ci.qemu.description import FIRMWARE_FOLDER
from ci.qemu.devices import Network
from generator.blob.read import read as read_plan
from generator.blob.write import write
from generator.esp.image import plan_of
from tests.boot.bench import Bench
from tests.boot.boot_option import boot_next
from tests.boot.conftest import Builder, Built
from tests.boot.efivars import FREE, mount, read_json

pytestmark = [pytest.mark.boot(60), pytest.mark.timeout(1800)]

SECONDS = 300.0
CARD = "PciRoot(0x0)/Pci(0x8,0x0)"
WEB_SERVER, URI = "10.0.2.100:80", "http://10.0.2.100"
PC = UUID("4c4c4544-0035-5910-8052-b4c04f4d3233")
OTHER = UUID("12345678-9abc-def0-1234-56789abcdef0")
NAMED = "plans/QEMU-Standard-PC-Q35-ICH9-2009.bin"
"""By what QEMU's SMBIOS calls its q35."""
PROMPT = r"\n[^\n]*Shell> $"
LOST = (
    r"MRM: warning: no disk that stays with the PC has the folder \EFI\MRM: "
    "variables of partitions, reloads and the report are lost when the PC is switched off"
)


@pytest.fixture(scope="module")
def made(built: Builder) -> Built:
    return built("served")


def plan(made: Built, title: str, uuid: UUID | None = None) -> bytes:
    """The plan for a PC, or for any."""
    values: dict[str, Any] = read_plan(plan_of((made.esp / "EFI/MRM/Mrm.efi").read_bytes()) or b"")
    values["Title"] = title
    values["Identity"] = {"Uuid": b"" if uuid is None else uuid.bytes_le, "System": None, "ApicIds": []}
    return write(values)


def serve(folder: Path, bare: Path, plans: dict[str, bytes], files: Path | None = None) -> Path:
    """Lay out what a server has: Mrm.efi without a plan, plans, and the partitions' boot files."""
    (folder / "plans").mkdir(parents=True)
    shutil.copy(bare, folder / "Mrm.efi")
    for name, content in plans.items():
        (folder / name).write_bytes(content)
    if files and files.is_dir():
        shutil.copytree(files, folder / files.name)
    elif files:
        shutil.copy(files, folder)
    return folder


def told(bench: Bench) -> str:
    """What the controller has said, in one line: the firmware breaks lines at the edge of its console."""
    return bench.session.controller.text.replace("\r", "").replace("\n", "")


def comes_up(bench: Bench) -> None:
    """Wait until the partition's system runs and its variables can be read."""

    async def wait() -> None:
        steady = bench.session.guests["steady"]
        report = await steady.report(steady.console.start(), SECONDS)
        assert report.data["kernel"].startswith("6.12.")
        await mount(steady)

    bench.run(wait())


def test_without_a_plan_for_the_pc_it_boots_on_and_by_pxe_finds_one(
    made: Built, images: Callable[[str], Path], tmp_path: Path
) -> None:
    """First by HTTP, where there is only a plan for another PC; then by PXE, where there are two."""
    bare = images("RELEASE") / "Mrm.efi"
    other = plan(made, "other.yaml", OTHER)
    log = tmp_path / "requests.log"
    wrong = serve(tmp_path / "web", bare, {"plan.bin": other, NAMED: other[:-1] + b"x"})
    right = serve(
        tmp_path / "tftp",
        bare,
        {"plan.bin": other, f"plans/{PC}.bin": plan(made, "mine.yaml", PC)},
        made.esp / "EFI/MRM/steady",
    )
    network = Network(
        {},
        tftp=right,
        boot_file="Mrm.efi",
        servers={WEB_SERVER: web.command(wrong, log)},
        boot_index=1,
    )
    esp = tmp_path / "ESP"
    esp.mkdir()
    (esp / "readme.txt").write_text("no loader, and no folder of MRM")
    variables = boot_next(FIRMWARE_FOLDER / "OVMF_VARS_4M.fd", f"{URI}/Mrm.efi", tmp_path / "vars.fd")
    with Bench(
        made.plan, esp, tmp_path / "run", networks={CARD: network}, uuid=str(PC), firmware_variables=variables
    ) as bench:
        comes_up(bench)
        said = told(bench)
        first, _, second = said.partition("MRM: Mrm.efi came from tftp://10.0.2.2/")
        assert f"MRM: Mrm.efi came from {URI}/" in first
        assert f"MRM: {URI}/plans/{PC}.bin: not found" in first
        assert f"MRM: {URI}/{NAMED} is not taken: it is damaged" in first
        assert f"MRM: {URI}/plan.bin is for another PC: that has the UUID {OTHER}, this one {PC}" in first
        assert "MRM: there is no plan for this PC" in first and LOST not in first
        assert re.findall(r'"GET (\S+) HTTP/1.1" (\d+)', log.read_text())[-3:] == [
            (f"/plans/{PC}.bin", "404"),
            (f"/{NAMED}", "200"),
            ("/plan.bin", "200"),
        ]
        assert f"MRM: plan mine.yaml for q35, 1 partitions, from tftp://10.0.2.2/plans/{PC}.bin" in second
        assert f"MRM: tftp://10.0.2.2/{NAMED}: the server says: File not found" in second
        assert "kept: loader tftp://10.0.2.2/steady/vmlinuz, " in second
        assert LOST in second
        assert "MRM: steady: its variables cannot be committed to the ESP: No Media" in second

        async def state() -> None:
            steady = bench.session.guests["steady"]
            assert (await read_json(steady, "State"))["partitions"][0]["variables"] == "until power-off"

        bench.run(state())


def test_by_http_a_disk_of_the_pc_keeps_the_variables(
    built: Builder, images: Callable[[str], Path], tmp_path: Path
) -> None:
    made = built("served-shell")
    served = serve(
        tmp_path / "web" / "pcs",
        images("RELEASE") / "Mrm.efi",
        {NAMED: plan(made, "named.yaml")},
        made.esp / "EFI/MRM/Shell.efi",
    )
    log = tmp_path / "requests.log"
    network = Network({}, servers={WEB_SERVER: web.command(served.parent, log)})
    esp = tmp_path / "ESP"
    (esp / "EFI" / "MRM").mkdir(parents=True)
    uri = f"{URI}/pcs/Mrm.efi"
    variables = boot_next(FIRMWARE_FOLDER / "OVMF_VARS_4M.fd", uri, tmp_path / "vars.fd")

    async def keep() -> None:
        """Write a variable in the partition's shell, and cut the power."""
        console = bench.session.guests["steady"].console
        await console.wait_for(PROMPT, SECONDS, console.start())
        begin = console.mark()
        console.send(f'setvar Kept -guid {FREE} -nv -bs -rt =L"kept"\n')
        await console.wait_for(PROMPT, SECONDS, begin)
        await bench.machine.cut_power()

    with Bench(
        made.plan, esp, tmp_path / "run", networks={CARD: network}, firmware_variables=variables
    ) as bench:
        bench.run(keep())
        said = told(bench)
        assert f"MRM: {URI}/pcs/plan.bin: not found" in said
        assert f"MRM: plan named.yaml for q35, 1 partitions, from {URI}/pcs/{NAMED}" in said
        assert f"kept: loader {URI}/pcs/Shell.efi, " in said
        assert (
            r"MRM: variables, reloads and the report are kept in \EFI\MRM on PciRoot(0x0)/Pci(0x1F,0x2)/"
            in said
        )
        assert "cannot be" not in said
        assert "Kept".encode("utf-16-le") in bench.machine.boot.esp.read_bytes()  # type: ignore[union-attr]
