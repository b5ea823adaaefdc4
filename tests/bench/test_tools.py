# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Tools that everybody knows: what they print is read, and they are packed with all that they need."""

import itertools
import json
import os
import subprocess
from pathlib import Path

import pytest

from bench.guest import build_work
from bench.report.lines import read_lines
from bench.results import ALONE
from bench.subject import promised
from bench.timing import (
    ALL_ROWS,
    ANSWERS,
    CARD_PORT,
    NETWORK_ROWS,
    TOOL_ROWS,
    Extent,
    WorkError,
    command,
    read_sample,
)
from bench.tools import PROGRAMS, SCRIPT, entries, libraries, needed
from ci.progress import PROJECT, SetupError
from ci.qemu.command import Boot, Channels, command_line
from ci.qemu.description import load_description
from ci.qemu.devices import Network
from ci.qemu.guest import Done
from ci.run.plan import PartitionPromise
from ci.versions import load

RUN = PROJECT / "bench" / "run.sh"
SAID = {
    "fio": "3;fio-3.39;bench;0;0;138916;461514;115378;301;3;296;5.775228;4.800508",
    "stress-ng": """\
stress-ng: info:  [25910] dispatching hogs: 1 cpu
stress-ng: metrc: [25910] stressor       bogo ops real time  usr time  sys time   bogo ops/s     bogo ops/s
stress-ng: metrc: [25910]                           (secs)    (secs)    (secs)   (real time) (usr+sys time)
stress-ng: metrc: [25910] cpu                1754      1.00      0.94      0.00      1754.24        1861.15
stress-ng: info:  [25910] passed: 1: cpu (1)
""",
    "openssl": "+DT:sha256:1:8192\n+R:121706:sha256:1.000000\n+H:8192\n+F:25:sha256:997015552.00\n",
}
"""What the versions of Debian 13 print."""


@pytest.fixture
def said(tmp_path: Path) -> Path:
    """A folder of programs that note how they are called and print what the tools have printed."""
    for name, text in SAID.items():
        (tmp_path / f"{name}.txt").write_text(text)
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\necho "{name} $*" >>{tmp_path}/calls\ncat {tmp_path}/{name}.txt\n')
        program.chmod(0o755)
    return tmp_path


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
    return subprocess.run([SCRIPT, *words], capture_output=True, text=True, timeout=60, env=environment)


def test_what_the_tools_print_is_read(said: Path) -> None:
    rows = ["fio-4k-random", "fio-1m-sequential", "stress-cpu", "openssl-sha256"]
    done = run(said, "-t", "1500", "-d", "/dev/null", *rows)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0 and [line["row"] for line in lines] == rows
    assert [(line["value"], line["unit"]) for line in lines] == [
        (115378, "/s"),
        (472.59, "MB/s"),
        (1754.24, "/s"),
        (997.016, "MB/s"),
    ]
    calls = (said / "calls").read_text()
    # fio takes milliseconds, the others whole seconds.
    assert "--runtime=1500ms" in calls and "--timeout 2" in calls and "-seconds 2" in calls
    assert "--readonly" in calls and "--filename=/dev/null" in calls


def test_a_tool_that_fails_is_told(said: Path) -> None:
    (said / "stress-ng").write_text('#!/bin/sh\necho "cannot \\"run\\""\nexit 1\n')
    done = run(said, "stress-cpu", "fio-4k-random", "openssl-aes")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1 and [line.get("error") for line in lines] == [
        'cannot "run"',
        "no device was named",
        None,
    ]
    with pytest.raises(WorkError, match="stress-cpu ended with 1"):
        read_sample(Done(1, done.stdout.splitlines()[0]), "alone", "stress-cpu", 0)


@pytest.mark.parametrize("words", [[], ["nonsense"], ["-t", "x", "stress-cpu"], ["-q"]])
def test_wrong_arguments_are_told(said: Path, words: list[str]) -> None:
    assert run(said, *words).returncode == 2


def test_each_row_of_the_tools_is_one_of_the_script(said: Path) -> None:
    for row, words in TOOL_ROWS.items():
        typed = command(row, Extent(1, 30, 5, 2))
        assert typed.startswith("tools -t 300 ") and typed.endswith(words)
        done = run(said, *typed.split()[1:])
        # The words that were printed are those of one of stress-ng's kinds.
        if not row.startswith("stress-") or row == "stress-cpu":
            assert read_sample(Done(done.returncode, done.stdout), "bare", row, 2).row == row
        else:
            assert done.returncode == 1
    assert len(set(ALL_ROWS)) == len(ALL_ROWS) and set(ALL_ROWS) > {*TOOL_ROWS, *NETWORK_ROWS}


def test_the_script_for_real_pcs_has_them_do_work(said: Path, tmp_path: Path) -> None:
    (said / "stress-ng").unlink()
    file = tmp_path / "figures.jsonl"
    environment = os.environ | {"PATH": f"{said}:{os.environ['PATH']}"}
    words: list[str | Path] = [RUN, "-o", file, "-n", "2", "-t", "1", "-d", "/dev/null", "-x"]
    words += ["-w", build_work(tmp_path / "work")]
    done = subprocess.run([*words, "null-syscall"], timeout=120, env=environment, capture_output=True)
    assert done.returncode == 0
    found = [(sample.row, sample.round) for sample in read_lines(file, ALONE)]
    rows = ["null-syscall", "fio-4k-random", "fio-1m-sequential", "openssl-sha256", "openssl-aes"]
    assert found == [(row, number) for number in range(2) for row in rows]


def test_what_is_typed_for_the_other_rows() -> None:
    extent = Extent(1, 30, 5, 2)
    assert command("pipe", extent) == "work -t 30 -d /dev/nvme0n1 pipe"
    assert command("net-round-trip", extent) == f"wire round-trip {ANSWERS} 5 0"
    assert command("net-stream", extent) == f"wire stream {ANSWERS} 2"


def test_libraries_are_those_that_the_linker_lists() -> None:
    listing = "\tlinux-vdso.so.1 (0x1)\n\tlibm.so.6 => /r/usr/lib/libm.so.6 (0x2)\n\t/lib64/ld.so (0x3)\n"
    assert libraries(listing) == {"libm.so.6": Path("/r/usr/lib/libm.so.6")}
    with pytest.raises(SetupError, match=r"libx\.so\.1, liby\.so"):
        libraries("\tlibx.so.1 => not found\n\tliby.so => not found\n" + listing)


def test_a_program_that_cannot_be_linked_is_refused(tmp_path: Path) -> None:
    linker = tmp_path / "usr/lib64/ld-linux-x86-64.so.2"
    linker.parent.mkdir(parents=True)
    linker.write_text("#!/bin/sh\necho no such program >&2\nexit 127\n")
    linker.chmod(0o755)
    with pytest.raises(SetupError, match="no such program"):
        needed(tmp_path, "usr/bin/fio")


def test_programs_are_packed_where_debian_has_them(tmp_path: Path) -> None:
    """With a linker that lists one library, and itself."""
    files = {"usr/bin/fio": "fio", "usr/lib/x86_64-linux-gnu/libz.so.1": "zlib"}
    linker = tmp_path / "usr/lib64/ld-linux-x86-64.so.2"
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    linker.parent.mkdir(parents=True)
    linker.write_text(
        f"#!/bin/sh\necho '\tlibz.so.1 => {tmp_path}/usr/lib/x86_64-linux-gnu/libz.so.1 (0x1)'\n"
        f"echo '\tld-linux-x86-64.so.2 => {linker} (0x2)'\n"
    )
    linker.chmod(0o755)
    found = {entry.path: entry.data for entry in entries(tmp_path, ["fio"])}
    assert {path: data.decode() for path, data in found.items() if data and path in files} == files
    assert found.keys() - files.keys() == {
        *("lib64", "usr", "usr/bin", "usr/lib", "usr/lib/x86_64-linux-gnu"),
        "lib64/ld-linux-x86-64.so.2",
    }


def test_the_packages_hold_the_programs() -> None:
    assert load().tools.packages == list(PROGRAMS)


def test_a_machine_has_what_was_promised_and_no_second_card(tmp_path: Path) -> None:
    machine = load_description(PROJECT / "platforms" / "q35-devices.yaml")
    ports = ["PciRoot(0x0)/Pci(0x3,0x0)", "PciRoot(0x0)/Pci(0xA,0x0)", CARD_PORT]
    promise = PartitionPromise("measured", 2, [1, 2], False, 1 << 29, ports, [], None, None, None, None, None)
    disks = {port.path: tmp_path / port.serial for port in machine.root_ports if port.holds_disk}
    networks = {CARD_PORT: Network({}, servers={f"{ANSWERS}:7700": "wire answer"})}
    boot = promised(Boot(tmp_path / "variables", disks=disks), machine, [promise], networks)
    assert set(boot.disks) == set(ports[:2])
    words = command_line(machine, boot, Channels(3, {f"COM{number}": 3 + number for number in range(1, 5)}))
    devices = [word.partition(",")[0] for flag, word in itertools.pairwise(words) if flag == "-device"]
    for kind, count in (("nvme", 1), ("virtio-blk-pci", 1), ("igb", 1), ("e1000e", 0), ("virtio-net-pci", 0)):
        assert devices.count(kind) == count, kind
    assert sum(word.startswith("user,") for word in words) == 1
