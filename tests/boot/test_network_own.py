# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A network that a processor of the controller's own serves (docs/channels.md)."""

import re
from collections.abc import Iterator

import pytest

from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.support import boot_of, broken, broken_after_reboot, undisturbed
from tests.boot.test_disk import Shell as DiskShell
from tests.boot.test_network import Shell, exchange

pytestmark = [pytest.mark.long, pytest.mark.boot(150), pytest.mark.timeout(1800)]

COMMAND, INIT = 0xFEE00300, 0x4500
"""The command register of a local APIC, and a command."""


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("network-own")
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run")) as bench:
        bench.run(bench.session.settle())
        yield bench


@pytest.fixture
def both(bench: Bench) -> tuple[Shell, Shell]:
    shells = Shell(bench, "steady"), Shell(bench, "other")
    for shell in shells:
        shell.bring_up()
    for shell in shells:
        shell.carrier("1")
    return shells


def served_by(bench: Bench) -> str:
    """The APIC ID of the channel processor."""
    found = re.search(r"channels: served by the processor with APIC ID (\d+)", bench.session.controller.text)
    assert found is not None
    return found[1]


def test_who_serves(bench: Bench) -> None:
    """A processor that no partition has, and no partition lacks one."""
    assert broken(bench.session, bench.session.observe({})) == []
    text = bench.session.controller.text
    given = re.findall(r"kept: processor \d+ of \d+: APIC ID (\d+)", text)
    assert len(given) == 3 and served_by(bench) not in (*given, "0")


def test_it_carries_frames(both: tuple[Shell, Shell]) -> None:
    one, two = both
    one.ping(two)
    exchange(one, two)


def test_a_kernel_for_real_time_has_served_disks(bench: Bench) -> None:
    shell = DiskShell(bench, "other")
    assert "PREEMPT_RT" in shell.run("uname -v")
    for serial in ("memory", "realtime"):
        shell.exercise(serial)
    assert re.findall(r".*nvme.*(?:timeout|reset|abort).*", shell.run("dmesg"), re.IGNORECASE) == []


def test_the_way_out(both: tuple[Shell, Shell]) -> None:
    """By the boot processor, which drives the PC's network card beside the other that serves."""
    both[0].go_out()
    both[0].ping("10.0.2.2", 3)


def test_one_end_restarts_amid_a_transfer(bench: Bench, both: tuple[Shell, Shell]) -> None:
    one, two = both

    async def end() -> None:
        async with undisturbed(two.guest):
            report = await bench.session.reboot(one.name, boot_of(bench.session, one.name), "panic")
        assert broken_after_reboot(bench.session, one.name, report.data) == []

    one.offer()
    two.fetch(one)
    bench.run(end())
    two.carrier("0")
    one.bring_up()
    two.carrier("1")
    one.ping(two)
    exchange(one, two)


def test_nothing_went_wrong(bench: Bench) -> None:
    """It serves to the end: it has not stopped, and the boot processor has not taken over."""
    assert (
        re.findall(r"channels: (?!served)[^\n]*|[^\n]*is refused[^\n]*", bench.session.controller.text) == []
    )


def test_it_is_stopped_by_a_partition(bench: Bench, both: tuple[Shell, Shell]) -> None:
    """By an INIT. Links are down until partitions start again; then the boot processor serves."""
    controller = bench.session.controller
    apic_id = int(served_by(bench))
    since = controller.mark()
    both[0].run(f"devmem {COMMAND + 0x10:#x} 32 {apic_id << 24:#x} && devmem {COMMAND:#x} 32 {INIT:#x}")
    bench.run(controller.wait_for("channels: their processor stands still", 60, since))
    for shell in both:
        shell.carrier("0")
    for shell in both:
        bench.run(bench.session.reboot(shell.name, boot_of(bench.session, shell.name), "reboot -f"))
        shell.bring_up()
    for shell in both:
        shell.carrier("1")
    exchange(*both)
