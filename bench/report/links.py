# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Networks in memory and served disks as tables.  Pure functions."""

from collections.abc import Iterator, Mapping, Sequence

from bench import reader
from bench.counts import CARDS_UP
from bench.links import BOOT, BUSY, FILE, MEMORY, NVME, OWN, PAUSED, RANDOM, SEQUENTIAL, STREAM, VIRTIO
from bench.report.table import interval, magnitude, markdown
from bench.results import Link
from bench.statistics import Figure, figure, quotient

NETWORKS = {
    BOOT: "in memory, boot processor",
    OWN: "in memory, own processor",
    VIRTIO: "virtio cards of the emulator",
}
DISKS = {MEMORY: "in memory", FILE: "in a file on the ESP", NVME: "NVMe drive of the emulator"}
FILES = {FILE: "served, in a partition", reader.NAME: "read by the PC's firmware itself"}
ROWS = {
    PAUSED: "round trip of 64 bytes, 300 ms after the one before",
    BUSY: "round trip of 64 bytes, one after the other",
    STREAM: "one TCP stream",
    RANDOM: "a read of 4 KiB somewhere",
    SEQUENTIAL: "reads of 1 MiB, one after the other",
}

IDLE_GOAL = 2e7
"""Instructions a second of the boot processor, at one in a nanosecond: 2 % of it."""

PAUSED_GOAL = 2e6
"""Nanoseconds that the first packet after a pause may take: it waits for the controller's next look.

What is measured is a round trip, and most of it is kernels and emulator. Virtio cards have that as well, and
wait for nobody. So what takes longer than by them is the wait."""


def _by_round(links: Sequence[Link], subject: str, row: str) -> Mapping[int, Link]:
    return {link.round: link for link in links if (link.subject, link.row) == (subject, row)}


def speeds(links: Sequence[Link], subject: str, beside: str, row: str) -> Figure | None:
    """Return how fast a subject is beside another one, of rounds that both have; more is faster."""
    ours, theirs = _by_round(links, subject, row), _by_round(links, beside, row)
    rounds = sorted(ours.keys() & theirs.keys())
    if not rounds:
        return None
    mine, other = ([found[number].value for number in rounds] for found in (ours, theirs))
    return quotient(mine, other) if ours[rounds[0]].unit == "ns" else quotient(other, mine)


def _median(links: Sequence[Link], subject: str, row: str) -> str:
    found = _by_round(links, subject, row)
    if not found:
        return "–"
    median = figure([link.value for link in found.values()]).median
    unit = next(iter(found.values())).unit
    return f"{magnitude(median / 1000)} µs" if unit == "ns" else f"{magnitude(median)} {unit}"


def _table(links: Sequence[Link], subjects: Mapping[str, str], beside: str, rows: Sequence[str]) -> str:
    titles = [""]
    for name, title in subjects.items():
        titles += [title] if name == beside else [title, "speed beside the last column"]
    lines = []
    for row in rows:
        cells = [ROWS[row]]
        for name in subjects:
            cells.append(_median(links, name, row))
            cells += [] if name == beside else [interval(speeds(links, name, beside, row))]
        lines.append(cells)
    return markdown(titles, lines)


def link_figures(links: Sequence[Link]) -> list[Figure]:
    """Return all samples of each subject and row as figures."""
    kinds = dict.fromkeys((link.subject, link.row) for link in links)
    return [figure([link.value for link in _by_round(links, *kind).values()]) for kind in kinds]


def network_table(links: Sequence[Link]) -> str:
    """Return the table of networks."""
    return _table(links, NETWORKS, VIRTIO, (PAUSED, BUSY, STREAM))


def disk_table(links: Sequence[Link]) -> str:
    """Return the table of served disks."""
    return _table(links, DISKS, NVME, (RANDOM, SEQUENTIAL))


def has_files(links: Sequence[Link]) -> bool:
    """Tell whether a served file was measured beside the same for the PC's firmware."""
    return any(link.subject == reader.NAME for link in links)


def measured_links(links: Sequence[Link]) -> dict[str, bool]:
    """Return what there is to be measured, and whether it was."""
    return {
        "networks in memory and served disks": bool(links),
        "a served file beside the same file read by the PC's firmware": not links or has_files(links),
    }


def file_table(links: Sequence[Link]) -> str:
    """Return the table of a file on the ESP."""
    return _table(links, FILES, reader.NAME, (RANDOM, SEQUENTIAL))


def link_goal(links: Sequence[Link]) -> Iterator[tuple[str, str, bool]]:
    """Yield what was aimed at, what was seen, and whether that is enough."""
    ours, theirs = (_by_round(links, subject, PAUSED) for subject in (BOOT, VIRTIO))
    rounds = ours.keys() & theirs.keys()
    if rounds:
        taken = figure([ours[number].value for number in rounds]).median
        more = figure([ours[number].value - theirs[number].value for number in rounds]).median
        goal = "first packet after a pause: 2 ms at most; here with its answer, beside virtio cards"
        yield goal, f"{more / 1e6:.1f} ms more ({taken / 1e6:.1f} ms in all)", more <= PAUSED_GOAL


def idle_goal(rates: Mapping[str, float]) -> Iterator[tuple[str, str, bool]]:
    """The same of what the boot processor executes for cards and disks that are not used."""
    if CARDS_UP in rates:
        goal = "boot processor while cards and served disks are idle: 2 % at most, at 1 instruction in 1 ns"
        yield goal, f"{rates[CARDS_UP] / 1e7:.2f} %", rates[CARDS_UP] <= IDLE_GOAL
