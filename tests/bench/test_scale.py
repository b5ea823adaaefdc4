# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Several starts at a time: what is counted of whom, and what each takes beside one by itself."""

import pytest

from bench.analysis import AnalysisError, starts
from bench.counter.record import Image, Processor, Record
from bench.modules import Modules
from bench.report.scale import relative, scale_chart, scale_goal, scale_table
from bench.results import PhaseCount, StartCount
from bench.scale import MOST, machine_file, partition_file
from ci.progress import PROJECT

PLATFORM = Image(1, 0x100000, 0x4000, 0x1234, 2, 10)
MRM = Image(2, 0x200000, 0x8000, 0x2345, 0, 5)
NAMES = Modules({(0x4000, 0x1234): "MrmPlatformDxe"}, (0x8000, 0x2345))


def phase(number: int, by: int, *totals: int, platform: int = 0) -> Record:
    """Return a record of a phase, with all processors' totals, and of its own in the platform driver.

    The boot processor has executed 100 instructions of the PC's firmware, and written as many bytes as it has
    executed other ones.
    """
    pages = {0x101000: (platform, 1), 0x500000: (7, 0)}
    return Record(
        f"phase-{number}",
        {1: PLATFORM, 2: MRM},
        dict(enumerate(totals)),
        {0: boot_processor(totals[0]), by: Processor(totals[by], pages)},
        by,
    )


def boot_processor(total: int) -> Processor:
    return Processor(total, {0x201000: (total - 100, 2), 0x500000: (100, 0)}, {}, {2: total - 100})


RECORDS = [
    phase(1, 1, 5, 5, 5),  # somebody who has nothing to do with it
    phase(1, 2, 1100, 0, 70),
    phase(4, 2, 1300, 0, 270, platform=20),
    phase(1, 3, 1500, 0, 300, 10),
    phase(4, 3, 1700, 0, 300, 310),
    phase(5, 3, 1800, 0, 300, 1310, platform=300),
    phase(5, 2, 1900, 0, 1270, 1310, platform=100),
]


def test_each_processor_counts_for_its_own_partition_and_the_boot_processor_until_the_last_begins() -> None:
    idle = Record("idle", {2: MRM}, {0: 1000}, {0: boot_processor(1000)})
    build = PhaseCount("building", 500, {"Mrm": 500}, {"Mrm": 500})
    assert starts(RECORDS, idle, [2, 3], NAMES) == StartCount(2, 500, 200 + 300, 1200 + 1300, 80 + 300, build)
    with pytest.raises(AnalysisError, match="processor 3 has not come to phase 5"):
        starts([*RECORDS[:5], RECORDS[6]], idle, [2, 3], NAMES)


COUNTS = [StartCount(1, 10, 90, 290, 20), StartCount(2, 30, 190, 570, 60), StartCount(8, 240, 720, 2400, 800)]


def test_what_each_start_takes_beside_one_by_itself() -> None:
    assert relative(COUNTS) == [(1, 1, 1), (2, 1.1, 1), (8, 1.2, 1.1)]
    assert relative(COUNTS[1:]) == []
    ((goal, seen, reached),) = scale_goal(COUNTS)
    assert goal.startswith("8 starts") and (seen, reached) == ("1.100", True)
    assert list(scale_goal(COUNTS[:1])) == []


def test_table_and_chart_have_each_number() -> None:
    assert "1.200" in scale_table(COUNTS).splitlines()[-1]
    assert "8 at a time" in scale_chart(COUNTS)


def test_the_machine_has_a_processor_for_each_partition() -> None:
    text = machine_file()
    assert text.count("apic_id: ") == MOST + 1 and f"apic_id: {MOST}," in text
    written = partition_file(PROJECT / "vmlinuz", PROJECT / "initrd.img")
    assert written.count("name: number-") == MOST and f"apic_ids: [{MOST}]" in written
