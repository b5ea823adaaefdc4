# SPDX-License-Identifier: BSD-2-Clause-Patent
"""tools/mrmctl under every shell at hand, on a folder that looks like efivarfs."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ci.progress import PROJECT

VENDOR = "3d4c1f0a-5e2b-4c8a-a657-1b906ed24f38"
ATTRIBUTES = b"\6\0\0\0"
SHELLS = [("busybox", "sh"), ("dash",), ("bash",)]


@pytest.fixture(params=SHELLS, ids=lambda shell: shell[0])
def shell(request: pytest.FixtureRequest) -> tuple[str, ...]:
    shell: tuple[str, ...] = request.param
    assert shutil.which(shell[0]), f"{shell[0]} not found; run `make setup`"
    return shell


@pytest.fixture
def variables(tmp_path: Path) -> Path:
    for name, data in {
        "Name": b"steady\n",
        "State": b'{"uptime":3}\n',
        "Status": b'{"sequence":7,"result":"refused: it runs","request":"start realtime"}\n',
    }.items():
        (tmp_path / f"{name}-{VENDOR}").write_bytes(ATTRIBUTES + data)
    return tmp_path


def mrmctl(
    shell: tuple[str, ...], variables: Path, *arguments: str, path: str = os.environ["PATH"]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*shell, str(PROJECT / "tools" / "mrmctl"), *arguments],
        env={**os.environ, "PATH": path, "MRM_EFIVARS": str(variables)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_shown(shell: tuple[str, ...], variables: Path) -> None:
    done = mrmctl(shell, variables, "state")
    assert (done.returncode, done.stdout, done.stderr) == (0, '{"uptime":3}\n', "")


STATE = (
    b'{"uptime":3601,"partitions":[\n'
    b'{"name":"steady","state":"running","seconds":3590,"cause":"","starts":1,"failures":0,"processors":2,'
    b'"memory":1073741824,"variables":"committed"},\n'
    rb'{"name":"real-time","state":"failed","seconds":7,"cause":"said \\"x\\",\\"starts\\":9 {}","starts":12,'
    b'"failures":3,"processors":1,"memory":536870912,"variables":"until power-off"}\n]}\n'
)
METRICS = """\
# TYPE mrm_uptime_seconds gauge
# HELP mrm_uptime_seconds How long MRM has been running.
mrm_uptime_seconds 3601
# TYPE mrm_partition_state gauge
# HELP mrm_partition_state The state that a partition is in.
mrm_partition_state{partition="steady",state="running"} 1
mrm_partition_state{partition="real-time",state="failed"} 1
# TYPE mrm_partition_state_seconds gauge
# HELP mrm_partition_state_seconds How long it has been in that state.
mrm_partition_state_seconds{partition="steady"} 3590
mrm_partition_state_seconds{partition="real-time"} 7
# TYPE mrm_partition_starts counter
# HELP mrm_partition_starts How often it was started.
mrm_partition_starts_total{partition="steady"} 1
mrm_partition_starts_total{partition="real-time"} 12
# TYPE mrm_partition_failures counter
# HELP mrm_partition_failures How often it has failed.
mrm_partition_failures_total{partition="steady"} 0
mrm_partition_failures_total{partition="real-time"} 3
# TYPE mrm_partition_processors gauge
# HELP mrm_partition_processors Processors that it has.
mrm_partition_processors{partition="steady"} 2
mrm_partition_processors{partition="real-time"} 1
# TYPE mrm_partition_memory_bytes gauge
# HELP mrm_partition_memory_bytes Memory that it has.
mrm_partition_memory_bytes{partition="steady"} 1073741824
mrm_partition_memory_bytes{partition="real-time"} 536870912
# EOF
"""


def test_metrics_of_all_partitions(shell: tuple[str, ...], variables: Path) -> None:
    (variables / f"State-{VENDOR}").write_bytes(ATTRIBUTES + STATE)
    done = mrmctl(shell, variables, "metrics")
    assert (done.returncode, done.stdout, done.stderr) == (0, METRICS, "")


GUARDED = (
    b'{"uptime":60,"partitions":[\n'
    b'{"name":"steady","state":"running","seconds":3590,"cause":"","starts":1,"failures":0,"processors":2,'
    b'"memory":1073741824,"variables":"committed"},\n'
    rb'{"name":"held","state":"running","seconds":5,"cause":"\",\"dma\":{\"denied\":9},\"denied\":9","starts":2,'
    b'"failures":1,"processors":1,"memory":536870912,"variables":"committed",'
    b'"exits":{"unknown":0,"kick":4,"shutdown":0,"io":612,"msr":17,"memory":190,"virtualization":0,"entry":0,'
    b'"caches":3},"denied":23,"dma":{"denied":41,"function":"04:00.0","address":"0x7000"}},\n'
    b'{"name":"new","state":"off","seconds":5,"cause":"","starts":0,"failures":0,"processors":1,'
    b'"memory":536870912,"variables":"committed","exits":{"unknown":0,"caches":4294967295},"denied":0,'
    b'"dma":{"denied":0}}\n]}\n'
)
EXITS = """\
# TYPE mrm_partition_exits counter
# HELP mrm_partition_exits How often its processors left guest mode since it was started, by reason.
mrm_partition_exits_total{partition="held",reason="unknown"} 0
mrm_partition_exits_total{partition="held",reason="kick"} 4
mrm_partition_exits_total{partition="held",reason="shutdown"} 0
mrm_partition_exits_total{partition="held",reason="io"} 612
mrm_partition_exits_total{partition="held",reason="msr"} 17
mrm_partition_exits_total{partition="held",reason="memory"} 190
mrm_partition_exits_total{partition="held",reason="virtualization"} 0
mrm_partition_exits_total{partition="held",reason="entry"} 0
mrm_partition_exits_total{partition="held",reason="caches"} 3
mrm_partition_exits_total{partition="new",reason="unknown"} 0
mrm_partition_exits_total{partition="new",reason="caches"} 4294967295
# TYPE mrm_partition_exits_denied counter
# HELP mrm_partition_exits_denied Exits in which what was tried had no effect.
mrm_partition_exits_denied_total{partition="held"} 23
mrm_partition_exits_denied_total{partition="new"} 0
# TYPE mrm_partition_dma_denied counter
# HELP mrm_partition_dma_denied Accesses by DMA that the IOMMU has denied to its PCI functions.
mrm_partition_dma_denied_total{partition="held"} 41
mrm_partition_dma_denied_total{partition="new"} 0
# EOF
"""


def test_metrics_of_guarded_partitions_have_exits_by_reason(shell: tuple[str, ...], variables: Path) -> None:
    (variables / f"State-{VENDOR}").write_bytes(ATTRIBUTES + GUARDED)
    done = mrmctl(shell, variables, "metrics")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(EXITS)
    assert 'mrm_partition_failures_total{partition="held"} 1\n' in done.stdout


CHANNELS = (
    b'{"uptime":60,"partitions":[\n'
    rb'{"name":"a","state":"running","seconds":5,"cause":"\",\"cards\":{\"packets\":9}","starts":2,'
    b'"failures":1,"processors":1,"memory":536870912,"variables":"committed",'
    b'"exits":{"unknown":0,"caches":3},"denied":23,"cards":{"packets":7,"bytes":18446744073709551615,'
    b'"dropped":1},"disks":{"reads":11,"writes":12,"errors":13}},\n'
    b'{"name":"b","state":"off","seconds":5,"cause":"","starts":0,"failures":0,"processors":1,'
    b'"memory":536870912,"variables":"committed","disks":{"reads":0,"writes":0,"errors":0}},\n'
    rb'{"name":"c","state":"off","seconds":5,"cause":"\",\"cards\":{\"packets\":9}","starts":0,"failures":0,'
    b'"processors":1,"memory":536870912,"variables":"committed"}\n]}\n'
)
MOVED = """\
# TYPE mrm_partition_card_packets counter
# HELP mrm_partition_card_packets Frames that its cards on networks in memory were given.
mrm_partition_card_packets_total{partition="a"} 7
# TYPE mrm_partition_card_bytes counter
# HELP mrm_partition_card_bytes Bytes of these frames.
mrm_partition_card_bytes_total{partition="a"} 18446744073709551615
# TYPE mrm_partition_card_dropped counter
# HELP mrm_partition_card_dropped Frames for its cards that were not taken.
mrm_partition_card_dropped_total{partition="a"} 1
# TYPE mrm_partition_disk_reads counter
# HELP mrm_partition_disk_reads Reads that the controller has done for it.
mrm_partition_disk_reads_total{partition="a"} 11
mrm_partition_disk_reads_total{partition="b"} 0
# TYPE mrm_partition_disk_writes counter
# HELP mrm_partition_disk_writes Writes that the controller has done for it.
mrm_partition_disk_writes_total{partition="a"} 12
mrm_partition_disk_writes_total{partition="b"} 0
# TYPE mrm_partition_disk_errors counter
# HELP mrm_partition_disk_errors Errors of the media that its served disks are on.
mrm_partition_disk_errors_total{partition="a"} 13
mrm_partition_disk_errors_total{partition="b"} 0
# EOF
"""


def test_metrics_of_channels(shell: tuple[str, ...], variables: Path) -> None:
    (variables / f"State-{VENDOR}").write_bytes(ATTRIBUTES + CHANNELS)
    done = mrmctl(shell, variables, "metrics")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(MOVED)
    assert 'mrm_partition_exits_denied_total{partition="a"} 23\n' in done.stdout


def test_metrics_without_mrm(shell: tuple[str, ...], tmp_path: Path) -> None:
    done = mrmctl(shell, tmp_path, "metrics")
    assert done.returncode == 1 and done.stdout == "" and "no such variable" in done.stderr


@pytest.mark.parametrize(("result", "status"), [("done", 0), ("refused: it runs", 1)])
@pytest.mark.parametrize(
    "request_text",
    [
        *("start realtime", "stop r", "restart r", "nmi r", "pc power-off"),
        *("stop r now", "restart r now", "pc reboot now"),
    ],
)
def test_requests(
    shell: tuple[str, ...], variables: Path, request_text: str, result: str, status: int
) -> None:
    answer = f'{{"sequence":7,"result":"{result}","request":"{request_text}"}}\n'
    (variables / f"Status-{VENDOR}").write_bytes(ATTRIBUTES + answer.encode())
    done = mrmctl(shell, variables, *request_text.split())
    assert (done.returncode, done.stdout) == (status, f"{result}\n")
    assert (variables / f"Request-{VENDOR}").read_bytes() == ATTRIBUTES + request_text.encode()


LONG = "mrm-policy 1 0123456789abcdef\n" + "".join(f"p{n} may_pc=- %s\n" for n in range(900))


@pytest.mark.parametrize(("result", "status"), [("done; until", 0), ("refused: line 3: expected", 1)])
def test_reload(shell: tuple[str, ...], variables: Path, tmp_path: Path, result: str, status: int) -> None:
    answer = f'{{"sequence":7,"result":"{result}","request":"reload"}}\n'
    (variables / f"Status-{VENDOR}").write_bytes(ATTRIBUTES + answer.encode())
    (tmp_path / "policy.txt").write_text(LONG)
    # Any bytes, zeros among them, and as many as a plan may have.
    plan = bytes(range(256)) * 255
    (tmp_path / "plan.bin").write_bytes(plan)
    for arguments, written in (
        ([f"{tmp_path}/policy.txt"], LONG.encode()),
        (["--built-in"], b"built-in"),
        ([f"{tmp_path}/plan.bin"], plan),
        (["--restart", f"{tmp_path}/plan.bin"], b"restart\n" + plan),
    ):
        done = mrmctl(shell, variables, "reload", *arguments)
        assert (done.returncode, done.stdout) == (status, f"{result}\n")
        # In one piece: efivarfs takes each write for a variable of its own.
        assert (variables / f"Reload-{VENDOR}").read_bytes() == ATTRIBUTES + written


@pytest.mark.parametrize("size", [65536, 65537, 300000])
def test_reload_of_a_file_that_is_too_long_for_one_piece(
    shell: tuple[str, ...], variables: Path, tmp_path: Path, size: int
) -> None:
    file = tmp_path / "plan.bin"
    file.write_bytes(bytes(size))
    done = mrmctl(shell, variables, "reload", str(file))
    written = variables / f"Reload-{VENDOR}"
    if size > 65536:
        told = f"mrmctl: {file}: {size} bytes are too long, the longest plan has 65536\n"
        assert (done.returncode, done.stderr) == (1, told)
        assert not written.exists()
    else:
        assert written.read_bytes() == ATTRIBUTES + bytes(size)


def test_reload_of_a_file_that_is_not_there(shell: tuple[str, ...], variables: Path) -> None:
    done = mrmctl(shell, variables, "reload", "nothing.txt")
    assert done.returncode == 1 and done.stderr == "mrmctl: nothing.txt: cannot be read\n"
    assert not (variables / f"Reload-{VENDOR}").exists()


def test_a_file_that_linux_has_protected_is_freed(
    shell: tuple[str, ...], variables: Path, tmp_path: Path
) -> None:
    """Left by a write of fewer than four bytes, which no firmware sees."""
    tools, request = tmp_path / "tools", variables / f"Request-{VENDOR}"
    tools.mkdir()
    (tools / "chattr").write_text('#!/bin/sh\n[ "$1" = -i ] && rmdir "$2"\n')
    (tools / "chattr").chmod(0o755)
    request.mkdir()
    done = mrmctl(shell, variables, "start", "realtime", path=f"{tools}:{os.environ['PATH']}")
    assert done.stdout == "refused: it runs\n"
    assert request.read_bytes() == ATTRIBUTES + b"start realtime"


def test_where_no_file_can_be_freed_efivarfs_is_mounted_anew(
    shell: tuple[str, ...], variables: Path, tmp_path: Path
) -> None:
    tools, request = tmp_path / "tools", variables / f"Request-{VENDOR}"
    tools.mkdir()
    for name, text in {
        "chattr": "exit 1",
        "umount": f'[ "$1" = "{variables}" ] && rmdir "{request}"',
    }.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    (tools / "mount").write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/mounted\n')
    (tools / "mount").chmod(0o755)
    request.mkdir()
    done = mrmctl(shell, variables, "start", "realtime", path=f"{tools}:{os.environ['PATH']}")
    assert done.stdout == "refused: it runs\n"
    assert request.read_bytes() == ATTRIBUTES + b"start realtime"
    words = (tmp_path / "mounted").read_text().split()
    assert words[:2] == ["-t", "efivarfs"] and words[-1] == str(variables)


def test_what_cannot_be_written_is_no_answer_from_before(shell: tuple[str, ...], variables: Path) -> None:
    (variables / f"Request-{VENDOR}").mkdir()
    done = mrmctl(shell, variables, "start", "realtime")
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot be written: Is a directory; are you root?" in done.stderr


def test_outside_a_partition(shell: tuple[str, ...], tmp_path: Path) -> None:
    for arguments in (["log"], ["restart", "realtime"]):
        done = mrmctl(shell, tmp_path, *arguments)
        assert done.returncode == 1 and "is this a partition of MRM" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [[], ["explode"], ["start"], ["start", "a", "now"], ["stop", "a", "b"], ["state", "x"], ["reload"]],
)
def test_usage(shell: tuple[str, ...], variables: Path, arguments: list[str]) -> None:
    done = mrmctl(shell, variables, *arguments)
    assert done.returncode == 2 and done.stderr.startswith("usage: mrmctl")
    assert not (variables / f"Request-{VENDOR}").exists()
