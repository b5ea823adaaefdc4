# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A machine whose numbers have moved: what has a name is found by it, and everything promised is kept."""

from collections.abc import Iterator
from typing import Any

import pytest

from ci.progress import PROJECT
from ci.qemu.command import RootPort
from ci.qemu.description import load_description
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.support import broken, reboot

pytestmark = [pytest.mark.boot(30), pytest.mark.timeout(1800)]

PLANNED = load_description(PROJECT / "platforms" / "q35.yaml")
ANOTHER = RootPort("PciRoot(0x0)/Pci(0x2,0x0)", 2, "mrm-rp2")
"""A root port before all others, which moves their bus numbers up by one."""


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Boot with another root port in front and with two packages: APIC IDs 0 to 2 and 4 to 6."""
    result = built("two-kernels")
    moved: dict[str, Any] = {
        "root_ports": [ANOTHER, *PLANNED.root_ports],
        "processors": 6,
        "topology": ",sockets=2,cores=3,threads=1",
    }
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run"), **moved) as bench:
        bench.run(bench.session.settle())
        yield bench


def test_buses_have_moved(bench: Bench) -> None:
    """Otherwise the tests below would say nothing."""
    addresses = {
        function["address"] for report in bench.session.reports().values() for function in report.data["pci"]
    }
    assert addresses == {"0001:02:00.0", "0001:03:00.0"}


def test_processors_have_moved(bench: Bench) -> None:
    given = [set(report.data["apic_ids"]) for report in bench.session.reports().values()]
    assert set.union(*given) <= {1, 2, 4, 5, 6} and 3 not in set.union(*given)
    assert not set.intersection(*given) and all(len(one) == 2 for one in given)


def test_everything_promised_is_seen(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({})) == []


def test_a_moved_partition_restarts(bench: Bench) -> None:
    bench.run(reboot(bench.session, "realtime", "steady"))
