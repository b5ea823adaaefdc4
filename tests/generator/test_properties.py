# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Properties of planning: an accepted plan satisfies an oracle written independently; theft is found out."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from generator.check import check
from generator.errors import Severity
from generator.model.device_path import DevicePath
from generator.model.files import FileFacts, LinuxFacts, LoaderFacts
from generator.model.intent import (
    BootIntent,
    DiskSource,
    FileSource,
    Intent,
    MemoryIntent,
    PartitionIntent,
    PciBusIntent,
    PciClass,
    PciMatchIntent,
    PolicyIntent,
    ProcessorsIntent,
)
from generator.model.machine import (
    AcpiFacts,
    Bridge,
    Ecam,
    FirmwareFacts,
    HeldRange,
    Machine,
    MemoryRange,
    PciFunction,
    PciRoot,
    PmTimer,
    Processor,
    Uart,
)
from generator.model.plan import DiskBoot, PartitionPlan, Plan
from generator.model.ports import Ports
from generator.places import Located, Place
from generator.resolve import resolve

MIB, GIB = 1 << 20, 1 << 30
LOADER = Path("/loader")
FILES = {
    LOADER: FileFacts(
        LOADER,
        None,
        8 * MIB,
        LoaderFacts(None, 8 * MIB, LinuxFacts("6.1 x", "6.1", (6, 1), 8 * MIB, True, 2047)),
    )
}
AT = Place("p.yaml")


def make_port(device: int) -> PciFunction:
    """A root port with one drive behind it."""
    path = DevicePath(0, ((device, 0),))
    drive = PciFunction(AT, path.child(0, 0), 1, 2, 0x010802, None, None, False, True, None, ())
    bridge = Bridge("root-port", device, device, None, None)
    return PciFunction(AT, path, 1, 2, 0x060400, None, None, False, True, bridge, (drive,))


def make_switch(device: int, bus: int, cards: int) -> PciFunction:
    """A root port with a switch: behind each of its ports a drive and, maybe, a card without messages."""
    path = DevicePath(0, ((device, 0),))
    upper = path.child(0, 0)
    downstream = []
    for number in range(3):
        here, first = upper.child(number, 0), bus + 2 + number
        drive = PciFunction(AT, here.child(0, 0), 1, 2, 0x010802, None, None, False, True, None, ())
        card = PciFunction(AT, here.child(0, 1), 1, 3, 0x078000, None, None, False, False, None, ())
        behind = (drive, card) if cards & 1 << number else (drive,)
        bridge = Bridge("downstream-port", first, first, None, None)
        downstream.append(PciFunction(AT, here, 1, 2, 0x060400, None, None, True, False, bridge, behind))
    bridge = Bridge("upstream-port", bus + 1, bus + 4, None, None)
    switch = PciFunction(AT, upper, 1, 2, 0x060400, None, None, True, False, bridge, tuple(downstream))
    bridge = Bridge("root-port", bus, bus + 4, None, None)
    return PciFunction(AT, path, 1, 2, 0x060400, None, None, True, False, bridge, (switch,))


def bsp_of(machine: Machine) -> int:
    """The APIC ID of the bootstrap processor."""
    return next(processor.apic_id for processor in machine.processors if processor.bsp)


@st.composite
def machines(draw: st.DrawFn, least_mib: int = 512, least_processors: int = 1) -> Machine:
    """Machines with some processors, RAM below and above 4 GiB, root ports and UARTs."""
    ids = draw(st.lists(st.integers(0, 300), min_size=least_processors, max_size=12, unique=True))
    threads = draw(st.sampled_from([1, 2]))
    bsp = draw(st.sampled_from(ids))
    processors = tuple(
        Processor(
            AT,
            apic_id,
            number // 6,
            number // threads,
            number % threads,
            number // 6,
            apic_id == bsp,
        )
        for number, apic_id in enumerate(ids)
    )
    low = draw(st.integers(least_mib, 3072)) * MIB
    high = draw(st.integers(0, 8192)) * MIB
    memory = [MemoryRange(AT, 0, 0xA0000, 0), MemoryRange(AT, MIB, low, 0)]
    near = draw(st.integers(0, high // MIB)) * MIB
    memory += [MemoryRange(AT, 4 * GIB, near, 0)] if near else []
    memory += [MemoryRange(AT, 4 * GIB + near, high - near, 1)] if high > near else []
    holds = draw(held_ranges(low // MIB)) if draw(st.booleans()) else ()
    ports = tuple(make_port(device) for device in range(1, draw(st.integers(2, 6))))
    if draw(st.booleans()):
        ports = (*ports, make_switch(7, 10, draw(st.integers(0, 7))))
    uarts = tuple(Uart(AT, f"COM{n}", 0x200 + 8 * n, 115200, None) for n in range(1, draw(st.integers(2, 6))))
    return Machine(
        path=Path("m.yaml"),
        place=AT,
        name="m",
        title="m",
        physical_address_bits=40,
        firmware=FirmwareFacts("v", "1", (), draw(st.integers(0, 256)) * MIB, holds=holds),
        controller_console="COM1",
        processors=processors,
        memory=tuple(memory),
        ecam=(Ecam(AT, 0, 0xB0000000, 0, 255),),
        roots=(PciRoot(AT, "PciRoot(0x0)", 0, 0, 0, ports),),
        uarts=uarts,
        acpi=AcpiFacts(3, PmTimer(0x608, 24), "none"),
        qemu=None,
    )


@st.composite
def held_ranges(draw: st.DrawFn, low: int) -> tuple[HeldRange, ...]:
    """A little of the low memory, and up to 16 MiB each around 512 MiB, the end of the RAM and 5 GiB."""
    holds = []
    for start in draw(st.lists(st.sampled_from([512, low - 3, 5120]), max_size=3, unique=True)):
        base = start * MIB + draw(st.integers(0, MIB // 4096)) * 4096
        holds.append(HeldRange(AT, base, draw(st.integers(1, 4096)) * 4096, "tables"))
    if draw(st.booleans()):
        holds.append(HeldRange(AT, 0x87000, 0x19000, "low pages"))
    ordered = sorted(holds, key=lambda held: held.base)
    assume(all(one.end <= other.base for one, other in itertools.pairwise(ordered)))
    return tuple(draw(st.permutations(holds)))


@st.composite
def processor_wishes(draw: st.DrawFn, place: Place, ids: list[int], sane: bool) -> ProcessorsIntent:
    """All ways to ask for processors."""

    def located(low: int, high: int) -> st.SearchStrategy[Located[int]]:
        return st.integers(low, high).map(lambda number: Located(number, place))

    assume(ids)
    shared = draw(st.booleans())
    kind = draw(st.sampled_from(["count", "ids", "cores", "package", "node"]))
    count = located(1, 2 if sane else 4)
    several = st.lists(located(1, 3) if sane else located(0, 7), min_size=1, max_size=3, unique=sane)
    if kind == "count":
        return ProcessorsIntent(place, draw(count), (), shared_cores=shared)
    if kind == "ids":
        named = draw(
            st.lists(st.sampled_from(ids if sane else [*ids, 999]), min_size=1, max_size=3, unique=sane)
        )
        apic_ids = tuple(Located(apic_id, place) for apic_id in named)
        return ProcessorsIntent(place, None, apic_ids, shared_cores=shared)
    if kind == "cores":
        package = draw(st.none() | located(0, 0 if sane else 2))
        cores = tuple(draw(several))
        return ProcessorsIntent(place, None, (), package=package, cores=cores, shared_cores=shared)
    where = draw(located(0, 1 if sane else 2))
    package, node = (where, None) if kind == "package" else (None, where)
    return ProcessorsIntent(place, draw(st.none() | count), (), package, node, shared_cores=shared)


@st.composite
def wishes(draw: st.DrawFn, machine: Machine, number: int, sane: bool = False) -> PartitionIntent:
    """A partition that the machine may or may not be able to carry; a sane one breaks no rule by itself."""
    place = Place("p.yaml", number + 1, 1)
    ids = [processor.apic_id for processor in machine.processors]
    processors = draw(processor_wishes(place, [i for i in ids if not sane or i != bsp_of(machine)], sane))
    size = draw(st.integers(128, 640) if sane else st.integers(48, 2048)) * MIB
    memory = MemoryIntent(
        place,
        Located(size, place),
        draw(
            st.none()
            | st.sampled_from([32, 64] if sane else [16, 64, 128, 256]).map(
                lambda kib: Located(kib << 10, place)
            )
        ),
        draw(st.none() | st.integers(0, 64 if sane else 512).map(lambda mib: Located(mib * MIB, place))),
        draw(st.none() | st.just(Located(4 * GIB, place))),
        draw(st.none() | st.integers(0, 32 if sane else 256).map(lambda mib: Located(mib * MIB, place))),
        draw(
            st.none()
            | st.sampled_from([4096, 64 * MIB, (4 if sane else 3) * MIB]).map(
                lambda size: Located(size, place)
            )
        ),
    )
    if memory.above is None:
        memory = draw(
            st.sampled_from(
                [
                    memory,
                    memory,
                    *(
                        dataclasses.replace(memory, node=Located(node, place))
                        for node in range(2 if sane else 3)
                    ),
                    dataclasses.replace(memory, at=Located(GIB, place)),
                    dataclasses.replace(memory, at=Located(5 * GIB, place)),
                    dataclasses.replace(memory, within=Located((GIB, 5 * GIB), place)),
                    dataclasses.replace(
                        memory, within=Located((MIB, 1 << 40) if sane else (0, 5 << 40), place)
                    ),
                ]
            )
        )
    paths = [*Ports.of(machine).by_path, *([] if sane else [DevicePath(0, ((31, 7),))])]
    pci = tuple(
        draw(
            st.lists(
                st.sampled_from(paths).map(lambda path: Located(path, place))
                | st.integers(1 if sane else 0, 2 if sane else 16).map(
                    lambda bus: PciBusIntent(place, 0, bus)
                )
                | st.integers(1, 3).map(
                    lambda count: PciMatchIntent(place, None, 2, PciClass(0x010000, 0xFF0000), None, count)
                ),
                max_size=2,
            )
        )
    )
    names = ["none", "auto"] + ([] if sane else [*(uart.name for uart in machine.uarts), "COM9"])
    console = draw(st.none() | st.sampled_from(names).map(lambda name: Located(name, place)))
    name = f"p{number}" if sane else draw(st.sampled_from(["one", "two", "three", "Four"]))
    file, disk = FileSource(place, Located(LOADER, place)), DiskSource(place)
    named = DiskSource(place, Located(draw(st.sampled_from(paths)), place))
    orders = [(file,), (disk,), (file, disk), (named, file)] + ([] if sane else [()])
    boot = BootIntent(place, draw(st.sampled_from([(file,), *orders])))
    others = st.sampled_from([f"p{other}" for other in range(3 if not sane else max(number, 1))])
    after = draw(st.lists(others.map(lambda other: Located(other, place)), max_size=2))
    policy = PolicyIntent(after=() if sane and number == 0 else tuple(after))
    return PartitionIntent(place, Located(name, place), processors, memory, pci, console, boot, policy)


@dataclass(frozen=True)
class Case:
    """A machine and what is asked of it."""

    machine: Machine
    intent: Intent

    def plan(self) -> Plan:
        return resolve(self.intent, self.machine, FILES, "p.yaml")


@st.composite
def cases(draw: st.DrawFn) -> Case:
    machine = draw(machines())
    partitions = tuple(draw(wishes(machine, number)) for number in range(draw(st.integers(1, 4))))
    return Case(machine, Intent(AT, Path("p.yaml"), Located("m", AT), None, partitions))


@st.composite
def sane_cases(draw: st.DrawFn) -> Case:
    """Cases with a good chance to be accepted, and all of the language in them."""
    machine = draw(machines(least_mib=1536, least_processors=8))
    partitions = tuple(draw(wishes(machine, number, sane=True)) for number in range(draw(st.integers(1, 3))))
    return Case(machine, Intent(AT, Path("p.yaml"), Located("m", AT), None, partitions))


@st.composite
def modest_cases(draw: st.DrawFn) -> Case:
    """Cases that are accepted: everything by default, little of it."""
    machine = draw(machines(least_mib=1024))
    count = draw(st.integers(1, 3))
    assume(len(machine.processors) > count)
    partitions = []
    for number in range(count):
        place = Place("p.yaml", number + 1, 1)
        memory = MemoryIntent(place, Located(96 * MIB, place))
        ports = machine.roots[0].functions[number : number + 1]
        partitions.append(
            PartitionIntent(
                place,
                Located(f"p{number}", place),
                ProcessorsIntent(place, Located(1, place), (), shared_cores=True),
                memory,
                tuple(Located(port.path, place) for port in ports),
                None,
                BootIntent(place, (FileSource(place, Located(LOADER, place)),)),
            )
        )
    return Case(machine, Intent(AT, Path("p.yaml"), Located("m", AT), None, tuple(partitions)))


def errors_of(plan: Plan) -> set[str]:
    """Rules that the plan breaks."""
    return {problem.rule for problem in check(plan) if problem.severity is Severity.ERROR}


def can_be_placed(plan: Plan) -> bool:
    """Place all memory on the machine, piece by piece, where the rules only add up windows."""
    machine = plan.machine
    requests = [(r.size, r.minimum, r.limit) for p in plan.partitions for r in p.memory.requests]
    holds = machine.firmware.holds
    known = sum(
        max(0, min(held.end, memory.end, 4 * GIB) - max(held.base, memory.base, MIB))
        for held in holds
        for memory in machine.memory
    )
    kept = max(64 * MIB, machine.firmware.memory - known)
    requests.append((kept + sum(p.boot.copy_bytes for p in plan.partitions), MIB, 4 * GIB))
    known_low = sum(max(0, min(held.end, 0x90000) - max(held.base, 0x10000)) for held in holds)
    requests.append((max(0, 0x10000 - known_low), 0x10000, 0x90000))
    bounds = sorted(
        {edge for _, low, high in requests for edge in (low, high)}
        | {edge for memory in machine.memory for edge in (memory.base, memory.end)}
        | {edge for held in holds for edge in (held.base, held.end)}
    )
    room = {}
    for low, high in itertools.pairwise(bounds):
        held = any(one.base < high and low < one.end for one in holds)
        if not held and any(memory.base <= low and high <= memory.end for memory in machine.memory):
            room[(low, high)] = high - low
    # Earliest limit first into the lowest room: optimal for divisible requests whose windows are intervals.
    for size, minimum, limit in sorted(requests, key=lambda request: (request[2], request[1])):
        left = size
        for low, high in sorted(room):
            if minimum <= low and high <= limit:
                taken = min(left, room[(low, high)])
                room[(low, high)] -= taken
                left -= taken
        if left:
            return False
    return True


def assert_processors_as_asked(case: Case, plan: Plan) -> None:
    """Count, package, node, cores; and no core has two owners that do not both allow that."""
    cores: dict[tuple[int, int], dict[int, bool]] = {}
    for number, (wish, p) in enumerate(zip(case.intent.partitions, plan.partitions, strict=True)):
        asked = wish.processors
        for grant in p.processors.grants:
            processor = grant.processor
            assert processor is not None
            cores.setdefault((processor.package, processor.core), {})[number] = asked.shared_cores
            assert asked.package is None or processor.package == asked.package.value
            assert asked.node is None or processor.node == asked.node.value
            assert not asked.cores or processor.core in {core.value for core in asked.cores}
        assert asked.count is None or len(p.processors.grants) == asked.count.value
    assert all(len(owners) == 1 or all(owners.values()) for owners in cores.values())


def assert_memory_as_asked(memory: MemoryIntent, p: PartitionPlan, machine: Machine) -> None:
    """Above, at, within, on a node: for all but the shares below 1 and 4 GiB."""
    main = [request for request in p.memory.requests if request.purpose.value == "main"]
    beyond = [request for request in main if request.limit > 4 * GIB]
    if memory.above is not None and beyond:
        assert all(request.minimum >= memory.above.value for request in beyond)
    if memory.within is not None and memory.below_4g is None:
        low, high = memory.within.value
        assert all(low <= request.minimum < request.limit <= high for request in main)
    if memory.at is not None and memory.below_4g is None:
        assert {request.minimum for request in main} == {memory.at.value}
        assert {request.limit for request in main} == {memory.at.value + sum(r.size for r in main)}
    if memory.node is not None:
        others = [found for found in machine.memory if found.node != memory.node.value and found.base >= MIB]
        for request in beyond:
            assert all(found.end <= request.minimum or found.base >= request.limit for found in others)


def assert_pci_as_asked(wish: PartitionIntent, p: PartitionPlan) -> None:
    """Named root ports, buses, and as many functions as were asked for."""
    given = [f for grant in p.pci if grant.port is not None for f in grant.port.below()]
    counts = [entry.count or 1 for entry in wish.pci if isinstance(entry, PciMatchIntent)]
    assert len(given) >= sum(counts)
    for entry in wish.pci:
        if isinstance(entry, PciBusIntent):
            bridges = [g.port.bridge for g in p.pci if g.port is not None and g.port.bridge is not None]
            assert any(bridge.secondary <= entry.bus <= bridge.subordinate for bridge in bridges)
        elif not isinstance(entry, PciMatchIntent):
            assert entry.value in {grant.root_port.value for grant in p.pci}


def assert_sound(plan: Plan) -> None:
    """What an accepted plan promises, told without the rules."""
    machine = plan.machine
    ids = [grant.apic_id for p in plan.partitions for grant in p.processors.grants]
    usable = {processor.apic_id for processor in machine.processors if not processor.bsp}
    assert len(ids) == len(set(ids))
    assert set(ids) <= usable
    assert all(len(p.processors.grants) == p.processors.wanted >= 1 for p in plan.partitions)
    ports = [str(grant.root_port.value) for p in plan.partitions for grant in p.pci]
    assert len(ports) == len(set(ports))
    assert set(ports) <= {
        str(path) for path, f in machine.functions_by_path().items() if f.bridge and "-port" in f.bridge.kind
    }
    given = [function.path for p in plan.partitions for g in p.pci if g.port for function in g.port.below()]
    assert len(given) == len(set(given))
    for p in plan.partitions:
        for grant in p.pci:
            assert grant.port is not None and p.working(grant)
            assert all(f.msi or f.msix or f.bridge for f in p.working(grant))
            assert not set(grant.wanted) & set(p.disabled(grant))
    used = [p.console.uart.io_base for p in plan.partitions if p.console and p.console.uart]
    assert len(used) == len(set(used))
    assert plan.controller_console.uart is not None
    assert plan.controller_console.uart.io_base not in used
    names = [p.name.value for p in plan.partitions]
    assert len(names) == len(set(names))
    waits = {p.name.value: {name.value for name in p.policy.after} for p in plan.partitions}
    assert set(TopologicalSorter(waits).static_order()) == set(names)
    for p in plan.partitions:
        assert p.boot.sources
        for source in p.boot.sources:
            behind = {str(g.root_port.value): g for g in p.pci if g.port is not None and g.port.behind}
            if isinstance(source, DiskBoot):
                port = source.root_port
                assert behind if port is None else behind[str(port.value)].segment == source.segment
        if any(isinstance(source, DiskBoot) for source in p.boot.sources):
            assert all(one.parameter for one in p.boot.expected) and p.boot.expected
        assert sum(request.size for request in p.memory.requests) == p.memory.size.value
        assert p.memory.requests[0].purpose.value == "low"
        for request in p.memory.requests:
            assert request.size > 0
            assert request.size % request.alignment == 0
            assert request.alignment % 4096 == 0
        assert len(p.memory.requests) <= 8
    assert can_be_placed(plan)


@settings(max_examples=600)
@given(cases() | sane_cases() | sane_cases())
def test_every_accepted_plan_is_sound(case: Case) -> None:
    plan = case.plan()
    if not errors_of(plan):
        assert_sound(plan)
        assert_processors_as_asked(case, plan)
        for wish, p in zip(case.intent.partitions, plan.partitions, strict=True):
            assert_memory_as_asked(wish.memory, p, plan.machine)
            assert_pci_as_asked(wish, p)


@settings(max_examples=300)
@given(modest_cases())
def test_modest_plans_are_accepted_and_sound(case: Case) -> None:
    plan = case.plan()
    consoles = [p.console for p in plan.partitions]
    assert errors_of(plan) == set()
    assert all(console is not None for console in consoles)
    assert_sound(plan)


@settings(max_examples=300)
@given(cases() | sane_cases())
def test_memory_is_refused_only_if_it_cannot_be_placed(case: Case) -> None:
    plan = case.plan()
    broken = errors_of(plan)
    if not broken & {"memory-low-size", "memory-parts", "memory-minimum", "memory-addresses"}:
        refused = bool(broken & {"memory-fits", "memory-low-fits", "memory-below-1g-fits"})
        assert refused == (not can_be_placed(plan))


@settings(max_examples=200)
@given(modest_cases(), st.data())
def test_theft_between_partitions_is_found_out(case: Case, data: st.DataObject) -> None:
    plan = case.plan()
    assume(len(plan.partitions) > 1)
    victim, thief = data.draw(st.permutations(range(len(plan.partitions))).map(lambda order: order[:2]))
    robbed, robber = plan.partitions[victim], plan.partitions[thief]
    loot = data.draw(st.sampled_from(["processor", "pci", "console", "name"]))
    if loot == "processor":
        grants = (*robber.processors.grants, robbed.processors.grants[0])
        changed = dataclasses.replace(
            robber, processors=dataclasses.replace(robber.processors, grants=grants)
        )
        rule = "processor-owned-once"
    elif loot == "pci":
        assume(robbed.pci)
        changed = dataclasses.replace(robber, pci=(*robber.pci, robbed.pci[0]))
        rule = "pci-owned-once"
    elif loot == "console":
        assume(robbed.console is not None and robbed.console.uart is not None)
        changed = dataclasses.replace(robber, console=robbed.console)
        rule = "console-owned-once"
    else:
        changed = dataclasses.replace(robber, name=robbed.name)
        rule = "name-unique"
    partitions = tuple(changed if number == thief else p for number, p in enumerate(plan.partitions))
    assert errors_of(dataclasses.replace(plan, partitions=partitions)) == {rule}


@settings(max_examples=200)
@given(modest_cases(), st.data())
def test_theft_from_the_controller_is_found_out(case: Case, data: st.DataObject) -> None:
    plan = case.plan()
    robber = plan.partitions[0]
    if data.draw(st.booleans()):
        bsp = next(processor for processor in plan.machine.processors if processor.bsp)
        grant = dataclasses.replace(robber.processors.grants[0], apic_id=bsp.apic_id, processor=bsp)
        changed = dataclasses.replace(
            robber, processors=dataclasses.replace(robber.processors, grants=(grant,))
        )
        rule = "processor-not-bsp"
    else:
        changed = dataclasses.replace(robber, console=plan.controller_console)
        rule = "console-not-controllers"
    assert errors_of(dataclasses.replace(plan, partitions=(changed, *plan.partitions[1:]))) == {rule}


@settings(max_examples=100)
@given(cases())
def test_planning_and_judging_are_functions(case: Case) -> None:
    assert case.plan() == case.plan()
    assert check(case.plan()) == check(case.plan())
