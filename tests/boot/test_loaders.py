# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Loaders of all kinds from disks of all kinds, with several kernels, all at once and unchanged."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ci.images.loaders import Payload, make_loader_disk
from ci.progress import PROJECT
from ci.run.plan import PartitionPromise
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.support import broken

pytestmark = [pytest.mark.long, pytest.mark.boot(100), pytest.mark.timeout(1800)]

GUESTS = PROJECT / "Build" / "guests"


@dataclass(frozen=True)
class Combination:
    """What is on a partition's disk: a loader and a guest, and what the console shows of the loader."""

    partition: str
    port: str
    loader: str
    guest: str
    sign: str


GRUB, STUB = "Booting `Debian GNU/Linux'", "EFI stub: "
COMBINATIONS = {
    "loaders": [
        Combination("ahci", "PciRoot(0x0)/Pci(0x2,0x0)", "grub", "linux-6.1", GRUB),
        Combination("virtio", "PciRoot(0x0)/Pci(0x3,0x0)", "systemd-boot", "linux-6.12", STUB),
        Combination("scsi", "PciRoot(0x0)/Pci(0x4,0x0)", "unified", "linux-6.12-rt", STUB),
    ],
    "loaders-behind-bridges": [
        Combination("usb", "PciRoot(0x0)/Pci(0x5,0x0)", "systemd-boot", "linux-6.12", STUB),
        Combination("switched", "PciRoot(0x0)/Pci(0x6,0x0)", "stub", "linux-6.12", STUB),
        Combination("rooted", "PciRoot(0x40)/Pci(0x0,0x0)", "unified", "linux-6.12", STUB),
    ],
}
"""What is on the disks of each partition file."""


def parameters(promise: PartitionPromise, guest: str) -> str:
    """What the owner writes into the loader's configuration."""
    realtime = " efi=runtime" if guest.endswith("-rt") else ""
    console = f"console=uart8250,io,{promise.console_port:#x},115200n8" if promise.console_port else ""
    return f"{promise.parameters} {console}{realtime}"


@pytest.fixture(scope="module", params=list(COMBINATIONS))
def name(request: pytest.FixtureRequest) -> str:
    """The partition file."""
    return str(request.param)


@pytest.fixture(scope="module")
def bench(name: str, built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built(name)
    folder = tmp_path_factory.mktemp("run")
    promises = {promise.name: promise for promise in result.plan.partitions}
    disks = {}
    for one in COMBINATIONS[name]:
        guest = GUESTS / one.guest
        payload = Payload(
            guest / "vmlinuz", guest / "initrd.img", parameters(promises[one.partition], one.guest)
        )
        disks[one.port] = folder / f"{one.partition}-disk.img"
        make_loader_disk(disks[one.port], one.loader, payload)
    with Bench(result.plan, result.esp, folder, disks=disks) as bench:
        bench.run(bench.session.settle())
        yield bench


def test_everything_promised_is_seen(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({})) == []


def test_own_loaders_started_own_kernels(bench: Bench, name: str) -> None:
    for one in COMBINATIONS[name]:
        guest = bench.session.guests[one.partition]
        report = bench.session.reports()[one.partition].data
        flavour = one.guest.removeprefix("linux-")
        assert report["kernel"].startswith(flavour.partition("-")[0]), one
        assert report["realtime"] is flavour.endswith("-rt"), one
        assert one.sign in guest.console.text, one


def test_all_run_at_the_same_time(bench: Bench, name: str) -> None:
    alive = bench.run(bench.session.alive())
    assert alive == {one.partition: 3 for one in COMBINATIONS[name]}


def test_disks_hold_under_load_in_all_at_once(bench: Bench, name: str) -> None:
    """Each writes its disk and reads it back three times while the others do the same."""

    async def load() -> dict[str, str]:
        guests = {one.partition: bench.session.guests[one.partition] for one in COMBINATIONS[name]}
        command = "for i in 1 2 3; do report; done | tr ',' '\\n' | grep -c '\"ok\":true'"
        done = await asyncio.gather(*(guest.run(command, 240) for guest in guests.values()))
        return {name: one.output.split()[-1] for name, one in zip(guests, done, strict=True)}

    assert bench.run(load()) == {one.partition: "3" for one in COMBINATIONS[name]}
