# SPDX-License-Identifier: BSD-2-Clause-Patent
"""An older kernel owns the PC's chipset, at the level guarded."""

import re
from collections.abc import Iterator

import pytest

from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.efivars import mount
from tests.boot.support import broken, reboot
from tests.boot.test_chipset import FOREIGN, NEIGHBOUR, OWN, OWNER, output
from tests.boot.test_guard import told

pytestmark = [pytest.mark.long, pytest.mark.boot(150), pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("chipset-guarded")
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run"), display="VGA") as bench:
        bench.run(bench.session.settle())
        bench.run(mount(bench.session.guests[NEIGHBOUR]))
        yield bench


async def check_chipset(bench: Bench) -> None:
    """Assert that the owner has its interrupts and functions, and no foreign function."""
    guest = bench.session.guests[OWNER]
    interrupts = await output(guest, "cat /proc/interrupts")
    assert re.search(r"IO-APIC +9-fasteoi +acpi", interrupts), interrupts
    functions = set((await output(guest, "ls /sys/bus/pci/devices")).split())
    assert functions >= OWN and not FOREIGN & functions


def test_everything_promised_is_seen(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({})) == []
    bench.run(check_chipset(bench))


def test_it_restarts_alone(bench: Bench) -> None:
    bench.run(reboot(bench.session, OWNER, NEIGHBOUR))
    bench.run(check_chipset(bench))


def test_idle_it_makes_no_exit(bench: Bench) -> None:
    """Neither by ports nor by its local APIC, which is not looked at once all of its processors run."""

    async def look() -> None:
        before = (await told(bench, OWNER))["exits"]
        await output(bench.session.guests[OWNER], "sleep 5")
        after = (await told(bench, OWNER))["exits"]
        assert (after["io"], after["memory"]) == (before["io"], before["memory"])

    bench.run(look())
