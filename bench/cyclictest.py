# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Debian's cyclictest for a guest that has no libraries, and what it prints.

Fetched and unpacked here when it is needed (`ci.unpacked`), never installed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ci.debian import PrivateApt
from ci.guests import initrd
from ci.progress import DOWNLOADS, PROJECT, SetupError
from ci.unpacked import LIBRARIES, keep, recorded, starter, unpack

SUITE, PACKAGES = "trixie", ("rt-tests", "libnuma1", "libc6")
_OUTPUT = PROJECT / "Build" / "bench" / "cyclictest"
_DOWNLOADS = DOWNLOADS / "cyclictest"
_PLACE = "opt/cyclictest"
_FILES = {
    "linker": "usr/lib64/ld-linux-x86-64.so.2",
    "libc.so.6": f"{LIBRARIES}/libc.so.6",
    "libnuma.so.1": f"{LIBRARIES}/libnuma.so.1",
    "cyclictest": "usr/bin/cyclictest",
}
_STARTER = f"""\
#!/bin/sh
exec /{_PLACE}/linker --library-path /{_PLACE} /{_PLACE}/cyclictest "$@"
"""


class OutputError(ValueError):
    """What was printed is no histogram of cyclictest."""


def _fetch() -> None:
    """Make sure that the packages are there and unpacked; raises SetupError."""
    wanted: dict[str, object] = {"suite": SUITE, "packages": list(PACKAGES)}
    record = recorded(wanted, _DOWNLOADS)
    if record is None:
        apt = PrivateApt([("deb", SUITE)], DOWNLOADS / "apt" / f"bench-{SUITE}")
        apt.update()
        incoming = _DOWNLOADS.with_name("cyclictest.incoming")
        incoming.mkdir(parents=True, exist_ok=True)
        versions = []
        for name in PACKAGES:
            newest = apt.newest(name)
            if newest is None:
                raise SetupError(f"Debian {SUITE} has no package {name}")
            apt.download(name, newest["version"], incoming)
            versions.append(newest["version"])
        record = keep(wanted, versions[0], sorted(incoming.glob("*.deb")), _DOWNLOADS)
    unpack(
        record, _DOWNLOADS, _OUTPUT, {"cyclictest": starter("cyclictest", "cyclictest", "usr/bin/cyclictest")}
    )


def entries() -> list[initrd.Entry]:
    """Return what an initrd needs for the command `cyclictest`; raises SetupError."""
    _fetch()
    found = [initrd.folder("opt"), initrd.folder(_PLACE)]
    for name, file in _FILES.items():
        path = _OUTPUT / "root" / file
        if not path.is_file():
            raise SetupError(f"{', '.join(PACKAGES)} of Debian {SUITE} have no {file}")
        found.append(initrd.regular(f"{_PLACE}/{name}", path.read_bytes(), executable=True))
    found.append(initrd.regular("bin/cyclictest", _STARTER.encode(), executable=True))
    return found


@dataclass(frozen=True)
class Histogram:
    """How often a thread woke up so many microseconds late.

    Attributes:
        counts: By microseconds; only those that occurred.
        most: The largest latency, in microseconds, one beyond the histogram's end included.
    """

    counts: Mapping[int, int]
    most: int

    @property
    def total(self) -> int:
        """How often it woke up, as far as the histogram goes."""
        return sum(self.counts.values())

    def quantile(self, part: float) -> int:
        """Return the least latency that so many of all did not exceed."""
        seen = 0
        for latency in sorted(self.counts):
            seen += self.counts[latency]
            if seen >= part * self.total:
                return latency
        return self.most  # pragma: no cover - of no counts at all


def read_histogram(output: str) -> Histogram:
    """Read what `cyclictest -q -h` prints of one thread, empty lines of the histogram left out or not.

    Latencies beyond the histogram's end count as its largest.

    Raises:
        OutputError: It is something else.
    """
    counts = {
        int(latency): int(count)
        for latency, count in re.findall(r"^(\d{6}) (\d{6,})\s*$", output, re.MULTILINE)
        if int(count)
    }
    most = re.search(r"^# Max Latencies: (\d+)", output, re.MULTILINE)
    beyond = re.search(r"^# Histogram Overflows: (\d+)", output, re.MULTILINE)
    if not counts or not most or not beyond:
        raise OutputError(f"expected a histogram of cyclictest, found: {output[:200]}")
    largest = int(most[1])
    if int(beyond[1]):
        counts[largest] = counts.get(largest, 0) + int(beyond[1])
    return Histogram(counts, largest)
