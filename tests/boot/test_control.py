# SPDX-License-Identifier: BSD-2-Clause-Patent
"""One OS sees and steers MRM by UEFI variables and mrmctl, NMIs and policies included.

Lives end by order and watchdog, the PC's with the last.
"""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci.progress import PROJECT
from ci.qemu.guest import BOOT_SECONDS, Guest
from generator.api import make_plan
from generator.emit.policy_text import render_policy
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.efivars import FOLDER, MRM, ask, mount, read, read_json
from tests.boot.screen import press, wait_for_screen
from tests.boot.support import boot_of, said, undisturbed
from tests.boot.terminal import Terminal

pytestmark = [pytest.mark.boot(760), pytest.mark.timeout(1800)]

UNHEARD_SECONDS = 20
"""MRM_UNHEARD_MILLISECONDS of MrmLifecycleLib."""


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("steered")
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run"), display="VGA") as bench:
        bench.run(bench.session.settle())
        for guest in bench.session.guests.values():
            bench.run(mount(guest))
        yield bench


def test_the_second_starts_after_the_first_runs(bench: Bench) -> None:
    order = [(state.partition, state.state) for state in bench.session.history]
    assert order.index(("steady", "running")) < order.index(("realtime", "starting"))


def test_what_an_os_sees(bench: Bench) -> None:
    async def look() -> None:
        guest = bench.session.guests["steady"]
        assert (await read(guest, "Name")).split()[-1] == "steady"
        state = await read_json(guest, "State")
        assert [
            (partition["name"], partition["state"], partition["starts"], partition["processors"])
            for partition in state["partitions"]
        ] == [("steady", "running", 1, 2), ("realtime", "running", 1, 2)]
        assert "kept: processor 1 of 2: APIC ID 1 [processor-exists]" in await read(guest, "Audit")
        assert "realtime: running" in await read(guest, "Log")
        assert (await read_json(guest, "Plan"))["partitions"][0]["name"] == "steady"
        assert (await read_json(guest, "Status"))["sequence"] == 0
        written = await guest.run("printf x | dd of=/sys/firmware/efi/efivars/State-*")
        assert written.status != 0

    bench.run(look())


@pytest.mark.parametrize(
    ("name", "request_text", "result"),
    [
        ("steady", "start realtime", "refused: it runs"),
        ("steady", "start nobody", "refused: no partition of that name"),
        ("steady", "explode", "refused: expected start"),
        ("realtime", "restart steady", "refused: not permitted"),
        ("realtime", "nmi steady", "refused: not permitted"),
        ("realtime", "pc power-off", "refused: not permitted"),
    ],
)
def test_what_is_refused(bench: Bench, name: str, request_text: str, result: str) -> None:
    async def refused() -> None:
        since = bench.session.count()
        await asyncio.sleep(1)  # a second a request
        done, status = await ask(bench.session.guests[name], request_text)
        assert done.status == 0
        assert status["request"] == request_text and status["result"].startswith(result)
        assert bench.session.history[since:] == []

    bench.run(refused())


EMPTY = r"printf '\006\000\000\000'"


@pytest.mark.parametrize(
    ("variable", "writing", "result"),
    [
        ("Request", EMPTY, "refused: it is empty"),
        ("Request", f"{EMPTY}; head -c 2000 /dev/zero", "refused: 2000 bytes are too long"),
        ("Request", r"printf '\007\000\000\000stop steady'", "refused: expected attributes 6"),
        ("Request", r"printf '\000\000\000\000stop steady'", "refused: expected attributes 6"),
        ("Reload", f"{EMPTY}; head -c 30000 /dev/zero", "refused: 30000 bytes are too long"),
    ],
)
def test_a_request_of_any_form_is_taken_and_leaves_no_file(
    bench: Bench, variable: str, writing: str, result: str
) -> None:
    async def write() -> None:
        guest, file = bench.session.guests["realtime"], f"{FOLDER}/{variable}-{MRM}"
        await asyncio.sleep(1)  # a second a request
        assert (await guest.run(f"({writing}) >/run/form; dd if=/run/form of={file} bs=64k")).status == 0
        assert (await read_json(guest, "Status"))["result"].startswith(result)
        assert (await guest.run(f"test -e {file}")).status != 0

    bench.run(write())


async def stop_and_start(bench: Bench, request: str) -> list[tuple[str, str]]:
    """Have realtime stopped and started by steady; return states and details until it was off."""
    session = bench.session
    steady, realtime = session.guests["steady"], session.guests["realtime"]
    old = boot_of(session, "realtime")
    async with undisturbed(steady):
        since = session.count()
        done, status = await ask(steady, request)
        assert (done.status, status["result"]) == (0, "done")
        await session.wait_state("realtime", "off", 60, since)
        states = [(state.state, state.detail) for state in session.history[since:]]
        assert (await ask(steady, "stop realtime"))[1]["result"] == "refused: it does not run"
        mark = realtime.console.mark()
        assert (await ask(steady, "start realtime"))[1]["result"] == "done"
        await realtime.next_boot(old, mark)
    return states


ASKED = "asked to shut down, ordered by steady; is reclaimed in 30 s"


def test_stop_asks_an_os_that_listens(bench: Bench) -> None:
    mark = bench.session.guests["realtime"].console.mark()
    states = bench.run(stop_and_start(bench, "stop realtime"))
    assert states == [("stopping", ASKED), ("off", "shutdown")]
    assert said(bench.session.guests["realtime"].console, "reboot: Power down", mark)


def test_stop_now_asks_nobody(bench: Bench) -> None:
    assert bench.run(stop_and_start(bench, "stop realtime now")) == [("off", "ordered by steady")]


def test_stop_takes_an_os_that_sleeps_for_ever(bench: Bench) -> None:
    """Linux offers suspend to idle everywhere; nothing in a partition ends it, and the state says so."""

    async def stop() -> list[tuple[str, str]]:
        session = bench.session
        since = session.count()
        session.guests["realtime"].console.send("echo freeze >/sys/power/state\n")
        state = await session.wait_state("realtime", "running", UNHEARD_SECONDS + 30, since)
        assert state.detail == f"has not read its temperature for {UNHEARD_SECONDS} s: it sleeps, or is stuck"
        await session.guests["steady"].ticks_on(2)  # it is told of once a second
        told = (await read_json(session.guests["steady"], "State"))["partitions"][1]
        assert (told["state"], told["cause"]) == ("running", state.detail)
        return await stop_and_start(bench, "stop realtime")

    assert bench.run(stop()) == [("off", "ordered by steady; it could not be asked")]


def test_restart_takes_an_os_that_listens_and_stays_when_its_time_is_over(bench: Bench) -> None:
    async def restart() -> None:
        session = bench.session
        steady, realtime = session.guests["steady"], session.guests["realtime"]
        old, since, mark = boot_of(session, "realtime"), session.count(), realtime.console.mark()
        assert (await realtime.run("echo /bin/true >/proc/sys/kernel/poweroff_cmd")).status == 0
        async with undisturbed(steady):
            assert (await ask(steady, "restart realtime"))[1]["result"] == "done"
            told = (await read_json(steady, "State"))["partitions"][1]
            assert (told["state"], told["cause"]) == ("stopping", ASKED)
            await session.wait_state("realtime", "restarting", 60, since)
            await realtime.next_boot(old, mark)
        states = [(state.state, state.detail) for state in session.history[since:]]
        assert states[:2] == [("stopping", ASKED), ("restarting", "did not shut down in time")]

    bench.run(restart())


def test_restart_by_request_of_itself_and_of_the_other(bench: Bench) -> None:
    async def restart(asker: str, target: str, neighbour: str) -> None:
        session = bench.session
        guest = session.guests[target]
        old, mark = boot_of(session, target), guest.console.mark()
        async with undisturbed(session.guests[neighbour]):
            if asker == target:
                guest.type(
                    f"printf '\\006\\000\\000\\000restart {target}' "
                    ">/sys/firmware/efi/efivars/Request-3d4c1f0a-5e2b-4c8a-a657-1b906ed24f38"
                )
            else:
                assert (await ask(session.guests[asker], f"restart {target}"))[1]["result"] == "done"
            await guest.next_boot(old, mark)
        await mount(guest)

    bench.run(restart("steady", "realtime", "steady"))
    bench.run(restart("steady", "steady", "realtime"))
    # Without any permission: it could reset itself as well.
    bench.run(restart("realtime", "realtime", "steady"))


IA32_APIC_BASE = 0x1B
X2APIC_ENABLED = 0xC00
"""EN and EXTD of that register (Intel SDM volume 3, section 11.12.1)."""


async def apic_bases(guest: Guest) -> list[int]:
    """The IA32_APIC_BASE of an OS's two processors."""
    read = f"dd if=/dev/cpu/$processor/msr iflag=skip_bytes skip={IA32_APIC_BASE} bs=8 count=1 2>/dev/null"
    done = await guest.run(
        f'modprobe msr; for processor in 0 1; do {read} | hexdump -v -e \'8/1 "%02x" "\\n"\'; done'
    )
    lines = re.findall(r"^([0-9a-f]{16})\r?$", done.output, re.MULTILINE)
    return [int.from_bytes(bytes.fromhex(line), "little") for line in lines]


async def falls_silent(guest: Guest, neighbour: Guest) -> None:
    """Wait until an OS no longer ticks, by its neighbour's clock."""
    mark = guest.console.mark()
    while await neighbour.ticks_on(3) and guest.ticks(mark):
        mark = guest.console.mark()


def test_restart_brings_processors_back_that_were_left_in_x2apic_mode(bench: Bench) -> None:
    """An OS that addresses its local APIC by memory is lost in that mode, and INIT does not end the mode."""
    session = bench.session
    steady, realtime = session.guests["steady"], session.guests["realtime"]

    async def restart() -> None:
        before, apic_ids = await apic_bases(realtime), session.reports()["realtime"].data["apic_ids"]
        assert [base & X2APIC_ENABLED for base in before] == [0x800, 0x800]
        old, mark = boot_of(session, "realtime"), realtime.console.mark()
        octets = [
            "".join(f"\\\\{octet:03o}" for octet in (base | X2APIC_ENABLED).to_bytes(8, "little"))
            for base in before
        ]
        # On the first processor, which is last: one that has switched sends no more interrupts to others.
        writes = [
            f"printf {octets[processor]} >/run/base; dd if=/run/base of=/dev/cpu/{processor}/msr "
            f"oflag=seek_bytes seek={IA32_APIC_BASE} bs=8"
            for processor in (1, 0)
        ]
        realtime.type(f"taskset 1 sh -c '{'; '.join(writes)}'")
        await falls_silent(realtime, steady)
        async with undisturbed(steady):
            assert (await ask(steady, "restart realtime now"))[1]["result"] == "done"
            report = await realtime.next_boot(old, mark)
        assert report.data["apic_ids"] == apic_ids
        assert await apic_bases(realtime) == before
        await mount(realtime)

    bench.run(restart())


COUNT_NMIS = "awk '/^ *NMI:/ { print $2 + $3 }' /proc/interrupts"


async def nmis(guest: Guest) -> int:
    """How many NMIs the OS has seen on its two processors."""
    return int((await guest.run(COUNT_NMIS)).output.split()[-1])


def test_nmi_by_request(bench: Bench) -> None:
    async def interrupt() -> None:
        steady, realtime = bench.session.guests["steady"], bench.session.guests["realtime"]
        before = await nmis(realtime)
        assert (await ask(steady, "nmi realtime"))[1]["result"] == "done"
        await realtime.ticks_on(2)
        assert await nmis(realtime) == before + 1

    bench.run(interrupt())


def test_an_nmi_of_the_machine_goes_to_one_partition(bench: Bench) -> None:
    """It reaches all processors (LINT1): systems are told to take none, the controller hands it on."""

    async def interrupt() -> None:
        session = bench.session
        steady, realtime = session.guests["steady"], session.guests["realtime"]
        async with undisturbed(steady), undisturbed(realtime):
            before = await nmis(steady), await nmis(realtime)
            said = session.controller.mark()
            await bench.machine.execute("inject-nmi")
            await session.controller.wait_for("MRM: NMI: 1 came, sent on to realtime", 30, said)
            await realtime.ticks_on(2)
            assert (await nmis(steady), await nmis(realtime)) == (before[0], before[1] + 1)

    bench.run(interrupt())


async def mrmctl(guest: Guest, arguments: str) -> tuple[int, str]:
    """Run mrmctl in a guest; return its exit status and what it printed."""
    done = await guest.run(f"mrmctl {arguments}")
    return done.status, done.output.replace("\r", "")


async def order(guest: Guest, arguments: str) -> tuple[int, str]:
    """Give an order with mrmctl; return its exit status and the answer."""
    status, output = await mrmctl(guest, arguments)
    return status, output.splitlines()[-1]


def test_mrmctl_in_a_partition(bench: Bench) -> None:
    async def steer() -> None:
        session = bench.session
        steady, realtime = session.guests["steady"], session.guests["realtime"]
        assert (await mrmctl(steady, "name"))[1].split()[-1] == "steady"
        status, state = await mrmctl(steady, "state")
        assert status == 0 and '"name":"realtime","state":"running"' in state
        status, metrics = await mrmctl(steady, "metrics")
        assert status == 0 and 'mrm_partition_state{partition="realtime",state="running"} 1' in metrics
        status, log = await mrmctl(steady, "log")
        assert status == 0 and "realtime: running" in log
        since = session.count()
        assert await order(steady, "stop nobody") == (1, "refused: no partition of that name")
        assert await order(steady, "stop realtime now") == (0, "done")
        await session.wait_state("realtime", "off", 10, since)
        old, mark = boot_of(session, "realtime"), realtime.console.mark()
        assert await order(steady, "start realtime") == (0, "done")
        await realtime.next_boot(old, mark)
        await mount(realtime)
        assert await order(realtime, "stop steady") == (1, "refused: not permitted by the partition file")

    bench.run(steer())


def policy(changes: dict[str, str]) -> str:
    """The policy of the partition file, with texts of it replaced."""
    plan, _ = make_plan(PROJECT / "partitions" / "steered.yaml")
    text = render_policy(plan)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    return text


async def reload(guest: Guest, text: str) -> tuple[int, str]:
    """Have a guest write a text to a file and mrmctl put it in force."""
    await guest.run(": >/run/policy")
    for line in text.splitlines():
        assert (await guest.run(f"echo '{line}' >>/run/policy")).status == 0
    return await order(guest, "reload /run/policy")


def test_another_policy_is_in_force_at_once(bench: Bench) -> None:
    """`realtime` restarts no more, and may do what it was refused before."""

    async def change() -> None:
        session = bench.session
        steady, realtime = session.guests["steady"], session.guests["realtime"]
        built, own = policy({}), "realtime restart=on-failure limit=2"
        assert built in (await mrmctl(steady, "policy"))[1]
        changed = policy({own: "realtime restart=never limit=2", "may_start=- ": "may_start=steady "})
        for wrong, why in (
            ({"limit=2": "limit=x"}, "line 4: limit: expected 0 to 1000, found x"),
            ({"after=- ": "after=realtime "}, "line 3: after: steady would wait for itself"),
            ({built.split()[2]: "0" * 16}, "line 1: it is for another plan than"),
        ):
            await steady.ticks_on(1)  # a second a request
            status, said = await reload(steady, policy(wrong))
            assert status == 1 and said.startswith(f"refused: {why}")
        assert built in (await mrmctl(steady, "policy"))[1]
        assert await reload(realtime, changed) == (1, "refused: not permitted by the partition file")
        assert await order(realtime, "start steady") == (1, "refused: not permitted by the partition file")

        assert await reload(steady, changed) == (0, "done")
        assert changed in (await mrmctl(steady, "policy"))[1]
        log = (await mrmctl(steady, "log"))[1]
        assert "policy: realtime: restart=never, was on-failure" in log
        assert "policy: reloaded by steady, 2 changes" in log
        assert await order(realtime, "start steady") == (1, "refused: it runs")
        since, old, mark = session.count(), boot_of(session, "realtime"), realtime.console.mark()
        async with undisturbed(steady):
            realtime.type("reboot -f")
            assert (await session.wait_state("realtime", "off", 60, since)).detail.endswith(" reset")

        assert await order(steady, "reload --built-in") == (0, "done")
        assert built in (await mrmctl(steady, "policy"))[1]
        assert await order(steady, "start realtime") == (0, "done")
        await realtime.next_boot(old, mark)
        await mount(realtime)
        await realtime.ticks_on(2)

    bench.run(change())


def test_an_operator_at_the_serial_console(bench: Bench) -> None:
    """Keys there stop, start and restart a partition, after a question; the log goes on when they leave."""

    async def operate() -> None:
        session = bench.session
        realtime, since = session.guests["realtime"], session.count()
        terminal = Terminal(bench.machine, session.controller)
        async with undisturbed(session.guests["steady"]):
            await terminal.type("\n", "^>  1 steady +running .* 2 +640 MiB$")
            await terminal.type("j", "^>  2 realtime +running")
            await terminal.type("t", "^ stop realtime\\? y/n$")
            await terminal.type("nh", "^  q, Esc +back")
            await terminal.type("q", "^>  2 realtime +running")
            await terminal.type("T", "^ stop realtime now\\? y/n$")
            old, mark = boot_of(session, "realtime"), realtime.console.mark()
            await terminal.type("y", "^>  2 realtime +off")
            await terminal.wait_for("^  realtime: off: ordered by the console")
            await terminal.type("ty", "^ stop realtime: refused: it does not run$")
            await terminal.type("l", "the console: asked: stop realtime: refused: it does not run$")
            await terminal.type("\x1b[5~", "^ scrolled back; End goes on$")
            await terminal.type("qs", "^ start realtime: done$")
            await realtime.next_boot(old, mark)
            await terminal.type("c", "^EFI stub: ")
            old, mark = boot_of(session, "realtime"), realtime.console.mark()
            await terminal.type("qry", "^ restart realtime: done$")
            await realtime.next_boot(old, mark)
        assert session.history[since:] == [], "lines of the log came while the screen was shown"
        session.controller.send("q")
        told = [
            (await session.wait_state("realtime", state, 30, since)).detail.partition(";")[0]
            for state in ("off", "restarting", "running")
        ]
        assert told == ["ordered by the console"] * 2 + [""]
        await mount(realtime)

    bench.run(operate())


def test_an_operator_at_the_display(bench: Bench, tmp_path: Path) -> None:
    """The display shows the status by itself, and is steered by the PC's keyboard."""

    async def operate() -> None:
        machine, picture = bench.machine, tmp_path / "screen.ppm"
        rows = await wait_for_screen(machine, "^>  1 steady", picture)
        assert re.fullmatch(r" MRM 0\.1  partitions/steered\.yaml +up \d+:\d\d:\d\d", rows[0])
        assert [row.split()[1:3] for row in rows[2:4]] == [["1", "steady"], ["realtime", "running"]]
        await press(machine, "down", "r")
        await wait_for_screen(machine, r"^ restart realtime\? y/n$", picture)
        await press(machine, "esc", "l")
        await wait_for_screen(machine, r"^ MRM 0\.1  log ", picture)
        await press(machine, "q", "q")
        await bench.session.guests["realtime"].ticks_on(2)

    bench.run(operate())


def test_too_many_requests_are_not_heard(bench: Bench) -> None:
    """Five at once and then one a second are heard.

    The shell asks without starting a program for it, and does not look at the answers meanwhile: it reads
    them byte by byte, each of which is two calls of runtime services, so that on a slow host a second passes.
    """

    async def flood() -> None:
        guest = bench.session.guests["realtime"]
        first = (await ask(guest, "explode"))[1]["result"]
        assert first.startswith("refused: expected start")
        loop = (
            "asked=0; while [ $asked -lt 40 ]; do asked=$((asked + 1)); "
            f"printf '\\006\\000\\000\\000explode' >{FOLDER}/Request-{MRM}; done"
        )
        results: list[str] = []
        # The last one of a flood may be the one that is heard in that second.
        while len(results) < 5 and not any("too many" in result for result in results):
            await guest.run(loop)
            results.append((await read_json(guest, "Status"))["result"])
        assert results[-1].startswith("refused: too many requests"), results

    bench.run(flood())


def test_watchdog_restarts_an_os_that_does_not_feed_it_until_its_limit(bench: Bench) -> None:
    """It restarts with a limit of two failures in a row; with a limit of one it stays failed.

    Two would be in a row only if the OS between them ran for less than a minute, which no slow host promises.
    """

    async def starve() -> None:
        session = bench.session
        guest, steady = session.guests["realtime"], session.guests["steady"]
        for then in ("restarting", "failed"):
            old, since, mark = boot_of(session, "realtime"), session.count(), guest.console.mark()
            ready = await guest.run("modprobe wdat_wdt timeout=10 && test -c /dev/watchdog")
            assert ready.status == 0, ready.output
            async with undisturbed(steady):
                # Opened, it runs; closed without the magic character, it runs on.
                guest.type("echo >/dev/watchdog")
                state = await session.wait_state("realtime", then, 90, since)
                assert state.detail == "watchdog"
                if then == "restarting":
                    await guest.next_boot(old, mark, BOOT_SECONDS)
            if then == "restarting":
                facts = (await read_json(steady, "State"))["partitions"][1]
                assert facts["failures"] == 1
                once = policy({"realtime restart=on-failure limit=2": "realtime restart=on-failure limit=1"})
                assert await reload(steady, once) == (0, "done")

    bench.run(starve())


def test_end_of_the_last_partition_is_the_end_of_the_pc(bench: Bench) -> None:
    async def end() -> None:
        bench.session.guests["steady"].type("poweroff -f")
        assert await bench.machine.wait_end(60) == "guest-shutdown"

    bench.run(end())
