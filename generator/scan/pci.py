# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The PCI tree: from configuration space, and what only the kernel knows (sizes, reset methods, groups)."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from generator.load.machine_pci import RESET_METHODS
from generator.model import ports
from generator.model.device_path import DevicePath
from generator.model.machine import Bar, Bridge, Ecam, PciFunction, PciRoot, Window
from generator.pci.config_space import (
    DOWNSTREAM_PORT,
    ROOT_PORT,
    UPSTREAM_PORT,
    BridgeWindow,
    ConfigSpace,
    parse_config_space,
)
from generator.pci.names import title_of
from generator.places import Place
from generator.scan.notes import Notes
from generator.scan.snapshot import Snapshot
from generator.scan.tables import Tables

DEVICES = "sys/bus/pci/devices"
DEEPEST = 14
"""Levels of bridges; real machines have at most eight, and machine files end there."""

LAST_SEGMENT = 0xFFFF
"""Higher ones are not the firmware's: Linux numbers the buses behind Intel VMD so."""

_ADDRESS = re.compile(r"([0-9a-f]{4,8}):([0-9a-f]{2}):([0-9a-f]{2})\.([0-7])")
_KINDS = {
    ROOT_PORT: ports.ROOT_PORT,
    UPSTREAM_PORT: ports.UPSTREAM_PORT,
    DOWNSTREAM_PORT: ports.DOWNSTREAM_PORT,
}
_LAST_PIN = 4
"""INTD."""
_IO_RESOURCE = 0x100
_MEMORY_RESOURCE = 0x200


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """Where a function answers."""

    segment: int
    bus: int
    device: int
    function: int


@dataclass(frozen=True, slots=True)
class _Function:
    """A function before its place in the tree is known."""

    name: str
    address: Address
    config: ConfigSpace


@dataclass(slots=True)
class PciScan:
    """The tree, and device paths by the kernel's names of functions (0000:00:1f.2).

    `capabilities` is False if those of some function could not be read.
    """

    roots: tuple[PciRoot, ...] = ()
    capabilities: bool = True
    paths: dict[str, DevicePath] = field(default_factory=dict)


def scan_ecam(tables: Tables, place: Place) -> tuple[Ecam, ...]:
    """The ranges of the MCFG."""
    ranges = tables.mcfg.ranges if tables.mcfg is not None else ()
    return tuple(Ecam(place, r.segment, r.base, r.first_bus, r.last_bus) for r in ranges)


def scan_pci(snapshot: Snapshot, notes: Notes, place: Place) -> PciScan:
    """The whole tree."""
    functions = _read_functions(snapshot, notes)
    buses: defaultdict[tuple[int, int], list[_Function]] = defaultdict(list)
    for function in functions:
        buses[function.address.segment, function.address.bus].append(function)
    below = {
        (f.address.segment, f.config.bridge.secondary)
        for f in functions
        if f.config.bridge is not None and f.config.bridge.secondary > f.address.bus
    }
    walk = _Walk(snapshot, notes, place, buses)
    roots = [walk.root(segment, bus) for segment, bus in sorted(buses) if (segment, bus) not in below]
    if not roots:
        notes.add("pci", "no PCI function could be read")
    if len({root.uid for root in roots}) < len(roots):
        notes.add("pci", "root bridges share a UID: device paths are ambiguous; correct 'uid' by hand")
    missing = len(functions) - len(walk.scan.paths)
    if missing:
        notes.add("pci", f"{missing} functions are on buses that lead in a circle or too deep: left out")
    walk.scan.roots = tuple(roots)
    walk.scan.capabilities = all(function.config.complete for function in functions)
    return walk.scan


def _read_functions(snapshot: Snapshot, notes: Notes) -> list[_Function]:
    """All functions that firmware and MRM see, in order."""
    found: list[_Function] = []
    shallow = 0
    for name in snapshot.names(DEVICES):
        match = _ADDRESS.fullmatch(name)
        if match is None:
            continue
        address = Address(*(int(part, 16) for part in match.groups()))
        if address.device > 31:
            continue
        if address.segment > LAST_SEGMENT:
            notes.add("pci", f"{name} is behind a device that hides it from the firmware: left out")
        elif snapshot.link(f"{DEVICES}/{name}/physfn") is not None:
            notes.add("pci", f"{name} is a virtual function, made by a driver: left out")
        elif (config := parse_config_space(snapshot.read(f"{DEVICES}/{name}/config") or b"")) is None:
            notes.add("pci", f"{name} does not answer or could not be read: left out")
        else:
            for finding in config.findings:
                notes.add("pci", f"{name}: {finding}")
            shallow += not config.complete
            found.append(_Function(name, address, config))
    if shallow:
        notes.add(
            "pci", f"the capabilities of {shallow} functions (MSI, MSI-X, reset) are unknown: scan as root"
        )
    return sorted(found, key=lambda function: function.address)


class _Walk:
    """Walks down from root buses; each bus is taken once, so a tree of nonsense ends as well."""

    def __init__(
        self,
        snapshot: Snapshot,
        notes: Notes,
        place: Place,
        buses: dict[tuple[int, int], list[_Function]],
    ) -> None:
        self.scan = PciScan()
        self._snapshot = snapshot
        self._notes = notes
        self._place = place
        self._buses = buses
        self._taken: set[tuple[int, int]] = set()
        self._serials = _serials(snapshot)
        # Kernels that tell ways to reset (5.15 and later) have no such file where there is none.
        self._resets_told = any(
            snapshot.read(f"{DEVICES}/{f.name}/reset_method") is not None
            for functions in buses.values()
            for f in functions
        )

    def root(self, segment: int, bus: int) -> PciRoot:
        """A root bridge and everything below it."""
        uid = self._uid(segment, bus)
        path = DevicePath(uid, ())
        nodes = {
            self._snapshot.integer(f"{DEVICES}/{f.name}/numa_node", 10) for f in self._buses[segment, bus]
        }
        known = {node for node in nodes if node is not None and 0 <= node <= 0xFFFF}
        functions = self._bus(segment, bus, path, 0)
        node = known.pop() if len(known) == 1 else None
        return PciRoot(self._place, str(path), uid, segment, bus, functions, node)

    def _uid(self, segment: int, bus: int) -> int:
        """_UID of a root bridge; where the kernel does not tell, 0 for bus 0 and the bus number else."""
        bridge = f"sys/devices/pci{segment:04x}:{bus:02x}/firmware_node"
        text = self._snapshot.text(f"{bridge}/uid")
        if text is not None and re.fullmatch(r"[0-9]{1,9}", text):
            return int(text)
        guess = segment << 8 | bus
        told = "is not known" if text is None else f"is '{text}', no number"
        self._notes.add(
            "pci", f"_UID of the root bridge of bus {segment:04x}:{bus:02x} {told}; {guess} is taken"
        )
        return guess

    def _bus(self, segment: int, bus: int, above: DevicePath, depth: int) -> tuple[PciFunction, ...]:
        """The functions on a bus and behind."""
        if (segment, bus) in self._taken or depth > DEEPEST:
            return ()
        self._taken.add((segment, bus))
        alone = len(self._buses.get((segment, bus), ())) == 1 and depth > 0
        return tuple(self._function(f, above, depth, alone) for f in self._buses.get((segment, bus), ()))

    def _function(self, found: _Function, above: DevicePath, depth: int, alone: bool) -> PciFunction:
        """One function and all behind it."""
        config, folder = found.config, f"{DEVICES}/{found.name}"
        path = above.child(found.address.device, found.address.function)
        self.scan.paths[found.name] = path
        behind: tuple[PciFunction, ...] = ()
        bridge = None
        if config.bridge is not None:
            registers = config.bridge
            express = config.express_kind
            kind = ports.PCI_BRIDGE if express is None else _KINDS.get(express, ports.PCI_BRIDGE)
            if not config.complete:
                self._notes.add(
                    "pci", f"{found.name}: what kind of bridge it is, is not known: {kind} is taken"
                )
            last = max(registers.secondary, registers.subordinate)
            windows = _window(registers.memory), _window(registers.prefetchable)
            bridge = Bridge(kind, registers.secondary, last, *windows)
            if registers.secondary > found.address.bus:
                behind = self._bus(found.address.segment, registers.secondary, path, depth + 1)
            else:
                self._notes.add("pci", f"{found.name}: a bridge to bus {registers.secondary}: nowhere")
        group = (self._snapshot.link(f"{folder}/iommu_group") or "").rsplit("/", 1)[-1]
        return PciFunction(
            place=self._place,
            path=path,
            vendor=config.vendor,
            device=config.device,
            class_code=config.class_code,
            title=title_of(config.class_code, bridge.kind if bridge is not None else None),
            serial=self._serials.get(found.name),
            msi=config.msi,
            msix=config.msix,
            bridge=bridge,
            behind=behind,
            bars=self._bars(folder, config),
            reset=self._reset(folder, config, alone),
            interrupt_pin=_pin(config),
            iommu_group=int(group) if re.fullmatch(r"[0-9]{1,9}", group) else None,
        )

    def _bars(self, folder: str, config: ConfigSpace) -> tuple[Bar, ...]:
        """Base address registers with the sizes the kernel measured when it started."""
        sizes: dict[int, int] = {}
        for index, line in enumerate((self._snapshot.text(f"{folder}/resource") or "").splitlines()[:6]):
            fields = line.split()
            if len(fields) == 3 and all(re.fullmatch(r"0x[0-9a-f]{1,16}", text) for text in fields):
                first, last, flags = (int(text, 16) for text in fields)
                if flags & (_IO_RESOURCE | _MEMORY_RESOURCE) and last > first:
                    sizes[index] = last - first + 1
        return tuple(
            Bar(
                bar.index,
                "io" if bar.io else "memory",
                bar.bits,
                bar.prefetchable,
                bar.base,
                sizes[bar.index],
            )
            for bar in config.bars
            if bar.index in sizes
        )

    def _reset(self, folder: str, config: ConfigSpace, alone: bool) -> tuple[str, ...] | None:
        """Ways to reset: the kernel's list, else what configuration space shows; None without either."""
        text = self._snapshot.read(f"{folder}/reset_method")
        if text is not None:
            words = text.decode("ascii", "replace").split()
            return tuple(word for word in words if word in RESET_METHODS)
        if self._resets_told:
            return ()
        if not config.complete:
            return None
        if config.bridge is not None:
            return ()
        shown = (
            ("flr", config.function_level_reset),
            ("af_flr", config.advanced_features_reset),
            ("pm", config.power_reset),
            ("bus", alone),
        )
        return tuple(word for word, there in shown if there)


def _window(found: BridgeWindow | None) -> Window | None:
    """A window with its size."""
    return None if found is None else Window(found.first, found.last - found.first + 1)


def _serials(snapshot: Snapshot) -> dict[str, str]:
    """Serial numbers of NVMe drives by the kernel's name of their function."""
    found: dict[str, str] = {}
    for name in snapshot.names("sys/class/nvme"):
        serial = snapshot.text(f"sys/class/nvme/{name}/serial")
        address = snapshot.text(f"sys/class/nvme/{name}/address")
        if serial and address:
            found[address] = serial
    return found


def _pin(config: ConfigSpace) -> int | None:
    """The interrupt pin of a function that has no other interrupts: only there it matters."""
    known = config.complete and not config.msi and not config.msix and config.bridge is None
    return config.interrupt_pin if known and config.interrupt_pin <= _LAST_PIN else None
