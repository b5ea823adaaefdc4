# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The counter's own code, called by a small program (`emulator.c`) as the emulator calls it."""

import subprocess
import tempfile
from pathlib import Path

import pytest

from bench import counter
from bench.counter.record import Record, read_records

SOURCES = sorted(Path(counter.__file__).parent.glob("*.c"))
CALLER = Path(__file__).with_name("emulator.c")
FLAGS = ("-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined", "-fno-sanitize-recover")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    """What it has written: a record for each of two phases."""
    folder = tmp_path_factory.mktemp("counter")
    program, file = folder / "emulator", folder / "counts.txt"
    words: list[str | Path] = [*FLAGS, f"-I{SOURCES[0].parent}", *SOURCES, CALLER, "-o", program, "-lpthread"]
    subprocess.run(["gcc", *words], check=True, timeout=120)
    # The path of a socket is short.
    with tempfile.TemporaryDirectory() as private:
        # Like the emulator, it ends without giving anything back.
        environment = {"ASAN_OPTIONS": "detect_leaks=0"}
        subprocess.run([program, file, f"{private}/control"], check=True, timeout=60, env=environment)
    return list(read_records(file.read_text().splitlines()))


def test_a_record_is_written_when_a_phase_begins(records: list[Record]) -> None:
    assert [(record.name, record.by) for record in records] == [("phase-1", 0), ("phase-2", 0)]
    assert [record.totals for record in records] == [{0: 2}, {0: 3}]
    for number, record in enumerate(records, start=1):
        (image,) = record.images.values()
        assert (image.base, image.size, image.entry) == (0x200000, 0x2000, 0x1000)
        assert record.by_image(0) == {image.number: number, 0: 1}


def test_bytes_that_code_of_an_image_writes_are_counted(records: list[Record]) -> None:
    """Each access of a string instruction by its size; what other code writes is not seen."""
    first, second = (record.processors[0].written for record in records)
    assert first == {1: 4 * 8 + 1 + 4}
    assert second == {1: first[1] + 16 + 4}
