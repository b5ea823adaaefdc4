# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Networks in memory and served disks: what the program measures, and how it is told."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import reader
from bench.counts import CARDS_UP
from bench.guest import build_wire
from bench.links import BOOT, BUSY, FILE, MEMORY, NVME, OWN, PAUSED, RANDOM, STREAM, VIRTIO, read_sample
from bench.report.links import disk_table, file_table, has_files, idle_goal, link_goal, network_table, speeds
from bench.results import Link
from bench.timing import WorkError
from ci.progress import PROJECT
from ci.qemu.command import Boot, Channels, command_line
from ci.qemu.description import load_description
from ci.qemu.devices import Network

LINKS = [
    Link(BOOT, PAUSED, "ns", 1.5e6, 0),
    Link(BOOT, PAUSED, "ns", 1.7e6, 1),
    Link(BOOT, PAUSED, "ns", 9e6, 2),
    Link(VIRTIO, PAUSED, "ns", 3e6, 0),
    Link(VIRTIO, PAUSED, "ns", 3.4e6, 1),
    Link(BOOT, STREAM, "MB/s", 100.0, 0),
    Link(OWN, STREAM, "MB/s", 50.0, 0),
    Link(VIRTIO, STREAM, "MB/s", 200.0, 0),
    Link(MEMORY, RANDOM, "ns", 250_000.0, 0),
    Link(NVME, RANDOM, "ns", 500_000.0, 0),
    Link(FILE, RANDOM, "ns", 400_000.0, 0),
    Link(reader.NAME, RANDOM, "ns", 100_000.0, 0),
]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The program, which answers on this host meanwhile."""
    program = build_wire(tmp_path_factory.mktemp("wire") / "wire")
    with subprocess.Popen([program, "serve"]) as server:
        for _ in range(100):
            if run(program, "round-trip", "127.0.0.1", "1", "0").returncode == 0:
                break
            time.sleep(0.1)
        yield program
        server.kill()


def run(program: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([program, *words], capture_output=True, text=True, timeout=60)


def test_round_trips_and_a_stream_are_measured(program: Path) -> None:
    done = run(program, "round-trip", "127.0.0.1", "20", "0")
    line = json.loads(done.stdout)
    assert done.returncode == 0 and 0 < line["least"] <= line["value"] <= line["most"]
    assert read_sample(done.stdout, BOOT, BUSY, 3) == Link(BOOT, BUSY, "ns", line["value"], 3)
    line = json.loads(run(program, "stream", "127.0.0.1", "4").stdout)
    assert line["row"] == "stream" and line["unit"] == "MB/s" and line["value"] > 0


def test_a_pause_is_no_part_of_a_round_trip(program: Path) -> None:
    begin = time.monotonic()
    line = json.loads(run(program, "round-trip", "127.0.0.1", "2", "200").stdout)
    assert time.monotonic() - begin >= 0.6 and line["least"] < 100e6


def test_one_connection_is_answered_over_standard_input(program: Path) -> None:
    ours, its = socket.socketpair()
    with (
        ours,
        its,
        subprocess.Popen([program, "answer"], stdin=its.fileno(), stdout=its.fileno()) as answering,
    ):
        its.close()
        ours.sendall(b"e" + bytes(range(64)))
        received = b""
        while len(received) < 64:
            received += ours.recv(64)
        assert received == bytes(range(64))
        ours.close()
        assert answering.wait(10) == 0


@pytest.mark.parametrize("words", [[], ["stream"], ["round-trip", "127.0.0.1", "0", "0"], ["serves"]])
def test_arguments_that_are_wrong(program: Path, words: list[str]) -> None:
    assert run(program, *words).returncode == 2


def test_what_cannot_be_reached_is_told(program: Path) -> None:
    done = run(program, "stream", "127.0.0.1.1", "1")
    assert done.returncode == 1 and "Invalid argument" in done.stderr
    with pytest.raises(WorkError):
        read_sample(done.stdout, BOOT, STREAM, 0)


def test_only_samples_of_one_round_are_divided() -> None:
    found = speeds(LINKS, BOOT, VIRTIO, PAUSED)
    assert found is not None and (found.count, found.median) == (2, 2)
    assert speeds(LINKS, OWN, VIRTIO, PAUSED) is None
    stream = speeds(LINKS, BOOT, VIRTIO, STREAM)
    assert stream is not None and stream.median == 0.5


def test_tables_have_a_line_for_each_row() -> None:
    networks, disks = network_table(LINKS).splitlines(), disk_table(LINKS).splitlines()
    assert len(networks) == 5 and "1,700 µs" in networks[2] and "2.00" in networks[2] and "–" in networks[2]
    assert "100 MB/s" in networks[4] and "0.25 (" in networks[4]
    assert len(disks) == 4 and "250 µs" in disks[2] and "2.00 (" in disks[2]


def test_a_served_file_is_beside_what_the_firmware_reads() -> None:
    lines = file_table(LINKS).splitlines()
    assert len(lines) == 4 and "400 µs" in lines[2] and "100 µs" in lines[2] and "0.25 (" in lines[2]
    assert has_files(LINKS) and not has_files(LINKS[:-1])


def test_the_goal_is_about_the_first_packet() -> None:
    assert list(link_goal([])) == []
    ((_, seen, reached),) = link_goal(LINKS)
    # Of rounds that both have.
    assert seen == "-1.6 ms more (1.6 ms in all)" and reached
    slow = [Link(name, PAUSED, "ns", value, 0) for name, value in ((BOOT, 5.2e6), (VIRTIO, 3e6))]
    assert not next(link_goal(slow))[2]


def test_an_idle_boot_processor_is_judged() -> None:
    assert list(idle_goal({"idle": 1e9})) == []
    ((_, seen, reached),) = idle_goal({CARDS_UP: 2.3e6})
    assert seen == "0.23 %" and reached
    assert not next(idle_goal({CARDS_UP: 2.1e7}))[2]


def test_cards_of_one_hub_are_on_one_cable(tmp_path: Path) -> None:
    machine = load_description(PROJECT / "platforms" / "q35.yaml")
    cards = ("PciRoot(0x0)/Pci(0x7,0x0)", "PciRoot(0x0)/Pci(0x8,0x0)")
    words = command_line(
        machine,
        Boot(tmp_path / "variables", networks={path: Network({}, hub=1) for path in cards}),
        Channels(3, {f"COM{number}": 3 + number for number in range(1, 5)}),
    )
    assert sum(word.startswith("hubport,") and word.endswith("hubid=1") for word in words) == 2
    assert not any(word.startswith("user,") for word in words)
