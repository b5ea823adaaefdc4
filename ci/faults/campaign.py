# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Carries a campaign out on a running machine."""

import asyncio
import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ci.faults.kinds import CONTROL, DISK, VARIABLES, VENDOR
from ci.faults.schedule import Injection
from ci.faults.verdict import Campaign, Neighbour, Outcome, Work, longest_gap
from ci.qemu.console import Cursor
from ci.qemu.errors import MachineEndedError, QemuError
from ci.qemu.guest import BOOT_SECONDS, COMMAND_SECONDS, Guest
from ci.run.judge import Observation, judge
from ci.run.session import Session

QUIET_SECONDS = 10
"""Ticks watched before the first fault: what a partition's clock does when nothing happens."""

AFTER_TICKS = 3
"""Ticks of each neighbour waited for after the victim is back."""

GATEWAY = "10.0.2.2"
"""QEMU's user network answers echoes there."""

Recorder = Callable[[Campaign], None]
"""Is told of the campaign after each fault."""

_WORK = (Path(__file__).parent / "work.sh").read_bytes()
_LINE = 512
_ELSEWHERE = ("ticks", "power_off")


async def _upload(guest: Guest, data: bytes, path: str) -> None:
    """Write a file in a guest through its console, in lines a terminal takes."""
    text = base64.b64encode(data).decode()
    for index in range(0, len(text), _LINE):
        redirect = ">" if index == 0 else ">>"
        await guest.run(f"echo {text[index : index + _LINE]} {redirect}{path}.b64")
    done = await guest.run(f"base64 -d {path}.b64 >{path}")
    if done.status != 0:
        raise QemuError(f"{guest.name}: {path} cannot be written: {done.output}")


async def begin_work(guest: Guest) -> None:
    """Make a guest's drive and network busy, and its variables reachable; raises QemuError."""
    await _upload(guest, _WORK, "/run/work.sh")
    await guest.run(f"mount -t efivarfs efivarfs {VARIABLES} 2>/dev/null")
    network = (
        "for i in /sys/class/net/e*; do [ -e $i ] || continue; n=${i##*/}; ip link set $n up; "
        "ip addr add 10.0.2.15/24 dev $n; done; ip -o -4 addr | grep -c 10.0.2"
    )
    connected = (await guest.run(network)).output.strip().splitlines()[-1:] not in ([], ["0"])
    guest.type(f"sh /run/work.sh {DISK} '{GATEWAY if connected else ''}' &")
    await guest.console.wait_for_event("MRM-WORK", COMMAND_SECONDS)


def _work(guest: Guest, since: Cursor, latest: bool) -> Work:
    """The first or the latest sums a guest told after `since`."""
    events = guest.console.events("MRM-WORK", since)
    if not events:
        return Work()
    data = events[-1 if latest else 0].data
    return Work(*(int(data[key]) for key in ("rounds", "corrupt", "asked", "lost")))


async def _write_variable(guest: Guest, value: int) -> list[str]:
    """Commit a variable; return what went wrong."""
    await guest.run(f"K={VARIABLES}/Kept-{VENDOR}")
    done = await guest.run(f"printf '\\007\\000\\000\\000%08d' {value} >$K")
    return [] if done.status == 0 else [f"a variable cannot be written: {done.output.strip()}"]


async def _lost_variable(guest: Guest, value: int) -> list[str]:
    """Look for the committed variable; return what is wrong with it."""
    await guest.run(f"mount -t efivarfs efivarfs {VARIABLES} 2>/dev/null")
    await guest.run(f"K={VARIABLES}/Kept-{VENDOR}")
    done = await guest.run("tail -c 8 $K; echo")
    seen = done.output.strip().splitlines()[:1]
    return [] if seen == [f"{value:08d}"] else [f"the variable committed as {value:08d} is now {seen}"]


def _broken(session: Session, victim: str, observation: Observation) -> list[str]:
    """The promises a victim's new boot does not keep: leaked processors, memory, devices."""
    observations: Mapping[str, Observation] = {**session.observe({}), victim: observation}
    return [
        f"{row.item}: promised {row.promised_text}, seen {row.seen_text}"
        for partition in judge(session.plan, observations).partitions
        if partition.name == victim
        for row in partition.rows
        if not row.ok and row.item not in _ELSEWHERE
    ]


async def _ask(guest: Guest, request: str) -> list[str]:
    """Ask the controller from inside a partition (docs/control.md); return what is wrong with the answer."""
    await guest.run(f"R={VARIABLES}/Request-{CONTROL}")
    done = await guest.run(f"printf '\\006\\000\\000\\000{request}' >$R")
    return [] if done.status == 0 else [f"{guest.name} asked for {request}: {done.output.strip()}"]


async def _enter_shell(guest: Guest) -> None:
    """Reset a victim and take it to the UEFI shell, the second of its boot sources."""
    begin = guest.console.mark()
    guest.type("reboot -f")
    await guest.console.wait_for("Number, or Enter", BOOT_SECONDS, begin)
    guest.console.send("2")
    await guest.console.wait_for("Shell> ", BOOT_SECONDS, begin)


async def _strike(session: Session, injection: Injection) -> None:
    """Do to the victim what the kind says, but for what a neighbour does."""
    guest, kind = session.guests[injection.victim], injection.kind
    if kind.shell:
        await _enter_shell(guest)
        guest.type(kind.shell)
    elif kind.command:
        guest.type(kind.command)
    if kind.monitor:
        promise = next(p for p in session.plan.partitions if p.name == injection.victim)
        # Firmware and loader run on the first processor; a kernel is to panic on any.
        processor = promise.apic_ids[0 if kind.shell else -1]
        await session.machine.monitor(kind.monitor.format(processor=processor))


def _told(session: Session, injection: Injection, states: int) -> list[str]:
    """What is wrong with what the controller said of the fault."""
    reasons = [state.detail for state in session.history[states:] if state.partition == injection.victim]
    if any(injection.kind.cause in reason for reason in reasons):
        return []
    return [f"the controller said {reasons}, and not {injection.kind.cause!r}"]


async def _inject(session: Session, injection: Injection, neighbour: Guest) -> Outcome:
    """Inject one fault and see the victim back."""
    guest = session.guests[injection.victim]
    report = guest.console.latest("MRM-GUEST")
    old_boot = str(report.data["boot"]) if report else ""
    broken = await _write_variable(guest, injection.number)
    for command in injection.kind.prepare:
        await guest.run(command)
    since, states = guest.console.mark(), session.count()
    await _strike(session, injection)
    at = asyncio.get_running_loop().time()
    if injection.kind.command and injection.kind.request:
        await session.wait_state(injection.victim, "off", COMMAND_SECONDS, states)
    if injection.kind.request:
        broken += await _ask(neighbour, injection.kind.request.format(injection.victim))
    boot = await guest.console.wait_for_event("MRM-BOOT", BOOT_SECONDS, since)
    seconds = boot.at - at
    again = await guest.next_boot(old_boot, since, BOOT_SECONDS)
    await session.wait_state(injection.victim, "running", COMMAND_SECONDS, states)
    state = session.states[injection.victim]
    broken += _told(session, injection, states)
    leaked = _broken(session, injection.victim, Observation(state.state, state.detail, again.data))
    lost = await _lost_variable(guest, injection.number)
    return Outcome(injection, broken, seconds, leaked=leaked, lost=lost)


async def one_fault(session: Session, injection: Injection) -> Outcome:
    """Inject one fault and watch everybody; raises MachineEndedError when the whole machine went down."""
    others = [guest for name, guest in session.guests.items() if name != injection.victim]
    await asyncio.sleep(injection.pause)
    before = {guest.name: guest.console.mark() for guest in others}
    await asyncio.gather(*(guest.console.wait_for_event("MRM-WORK", COMMAND_SECONDS) for guest in others))
    outcome = Outcome(injection)
    try:
        outcome = await _inject(session, injection, others[0])
        await asyncio.gather(*(guest.ticks_on(AFTER_TICKS) for guest in others))
        await begin_work(session.guests[injection.victim])
    except MachineEndedError:
        raise
    except QemuError as error:
        outcome = replace(outcome, broken=[*outcome.broken, str(error).splitlines()[0]])
    neighbours = [
        Neighbour(
            guest.name,
            guest.ticks(before[guest.name]),
            _work(guest, before[guest.name], True).since(_work(guest, before[guest.name], False)),
        )
        for guest in others
    ]
    return replace(outcome, neighbours=neighbours)


async def run_campaign(
    session: Session, seed: int, injections: Sequence[Injection], record: Recorder
) -> Campaign:
    """Inject all faults one after the other into a machine that has just been started.

    Ends early when the machine went down or a victim does not come back: the campaign is then not ok.
    """
    await session.settle()
    guests = list(session.guests.values())
    await asyncio.gather(*(begin_work(guest) for guest in guests))
    quiet = await asyncio.gather(*(guest.ticks_on(QUIET_SECONDS) for guest in guests))
    baseline = {guest.name: longest_gap(ticks) for guest, ticks in zip(guests, quiet, strict=True)}
    outcomes: list[Outcome] = []
    campaign = Campaign(seed, len(injections), baseline)
    for injection in injections:
        try:
            outcome = await one_fault(session, injection)
        except MachineEndedError as error:
            outcome = Outcome(injection, [str(error).splitlines()[0]])
        outcomes.append(outcome)
        campaign = Campaign(seed, len(injections), baseline, tuple(outcomes))
        record(campaign)
        if outcome.seconds is None:
            break
    return campaign
