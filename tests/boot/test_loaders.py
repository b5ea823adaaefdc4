# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Loaders of all kinds from disks of all kinds, with several kernels, all at once and unchanged."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from ci.images.loaders import Payload, make_loader_disk
from ci.progress import PROJECT
from ci.run.plan import PartitionPromise
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.support import broken

pytestmark = [pytest.mark.boot, pytest.mark.timeout(1800)]

GUESTS = PROJECT / "Build" / "guests"
FILE = PROJECT / "tests" / "boot" / "partitions" / "loaders.yaml"


@dataclass(frozen=True)
class Combination:
    """What is on a partition's disk: a loader and a guest, and what the console shows of the loader."""

    partition: str
    port: str
    loader: str
    guest: str
    sign: str


COMBINATIONS = [
    Combination("ahci", "PciRoot(0x0)/Pci(0x2,0x0)", "grub", "linux-6.1", "Booting `Debian GNU/Linux'"),
    Combination("virtio", "PciRoot(0x0)/Pci(0x3,0x0)", "systemd-boot", "linux-6.12", "EFI stub: "),
    Combination("scsi", "PciRoot(0x0)/Pci(0x4,0x0)", "unified", "linux-6.1-rt", "EFI stub: "),
    Combination("switched", "PciRoot(0x0)/Pci(0x6,0x0)", "stub", "linux-6.1", "EFI stub: "),
]


def parameters(promise: PartitionPromise, guest: str) -> str:
    """What the owner writes into the loader's configuration."""
    realtime = " efi=runtime" if guest.endswith("-rt") else ""
    console = f"console=uart8250,io,{promise.console_port:#x},115200n8" if promise.console_port else ""
    return f"{promise.parameters} {console}{realtime}"


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built(FILE)
    folder = tmp_path_factory.mktemp("run")
    promises = {promise.name: promise for promise in result.plan.partitions}
    disks = {}
    for one in COMBINATIONS:
        guest = GUESTS / one.guest
        words = parameters(promises[one.partition], one.guest)
        disks[one.port] = folder / f"{one.partition}-disk.img"
        payload = Payload(guest / "vmlinuz", guest / "initrd.img", words)
        make_loader_disk(disks[one.port], one.loader, payload)
    plan = replace(result.plan, partitions=[promises[one.partition] for one in COMBINATIONS])
    with Bench(plan, result.esp, folder, disks=disks) as bench:
        bench.run(bench.session.settle())
        yield bench


def test_everything_promised_is_seen(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({})) == []


@pytest.mark.parametrize("one", COMBINATIONS, ids=lambda one: f"{one.loader}-{one.partition}-{one.guest}")
def test_its_own_loader_started_its_own_kernel(bench: Bench, one: Combination) -> None:
    guest = bench.session.guests[one.partition]
    report = bench.session.reports()[one.partition].data
    flavour = one.guest.removeprefix("linux-")
    assert report["kernel"].startswith(flavour.partition("-")[0])
    assert report["realtime"] is flavour.endswith("-rt")
    assert one.sign in guest.console.text


def test_all_run_at_the_same_time(bench: Bench) -> None:
    alive = bench.run(bench.session.alive())
    assert alive == {one.partition: 3 for one in COMBINATIONS}


def test_disks_hold_under_load_in_all_at_once(bench: Bench) -> None:
    """Each writes and reads its disk again while the others do the same: the checksums are in the reports."""

    async def load() -> dict[str, str]:
        guests = {one.partition: bench.session.guests[one.partition] for one in COMBINATIONS}
        command = "for i in 1 2 3; do report; done | tr ',' '\\n' | grep -c '\"ok\":true'"
        done = await asyncio.gather(*(guest.run(command, 240) for guest in guests.values()))
        return {name: one.output.split()[0] for name, one in zip(guests, done, strict=True)}

    assert bench.run(load()) == {one.partition: "3" for one in COMBINATIONS}
