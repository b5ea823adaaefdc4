# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The scan: what it makes of a machine, what it tells, and that nothing breaks it or its file."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.api import load_machine
from generator.model.device_path import DevicePath
from generator.model.machine import Bar, Features, Identity, Machine, PciFunction
from generator.places import Place
from generator.scan import render_machine_file, scan
from generator.scan.processors import parse_list
from tests.generator.scan.support import (
    DEVICES,
    NVME,
    PROJECT,
    TABLES,
    cpuinfo,
    local_apic,
    make_config,
    make_fadt,
    make_madt,
    memory_map,
    port,
    server,
    snapshot,
)

AT = Place("any")
GIB = 1 << 30
DMI = "sys/class/dmi/id"
HOST_BRIDGE = "sys/bus/pci/devices/0000:00:00.0/config"


def scanned(files: dict[str, bytes]) -> tuple[Machine, list[str]]:
    found = scan(snapshot(files))
    return found.machine, [str(note) for note in found.notes]


def placeless(value: object) -> object:
    """A part of a machine without places in files."""
    if isinstance(value, tuple):
        return tuple(placeless(item) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return (
            type(value).__name__,
            *(
                placeless(getattr(value, field.name))
                for field in dataclasses.fields(value)
                if field.name not in ("place", "path")
                or (isinstance(value, PciFunction) and field.name == "path")
            ),
        )
    return value


def written(machine: Machine, notes: tuple[object, ...], folder: Path) -> Machine:
    """The machine, through its file."""
    path = folder / "machine.yaml"
    path.write_text(render_machine_file(machine, notes), "utf-8")  # type: ignore[arg-type]
    return load_machine(path)


def test_processors_sit_where_they_sit() -> None:
    """The threads that are switched off, 17 and 19, sit on the cores of the ones beside them."""
    machine, notes = scanned(server())
    assert [(p.apic_id, p.package, p.core, p.thread, p.node, p.bsp) for p in machine.processors] == [
        (0, 0, 0, 0, 0, True),
        (1, 0, 0, 1, 0, False),
        (2, 0, 1, 0, 0, False),
        (3, 0, 1, 1, 0, False),
        (16, 1, 0, 0, 1, False),
        (17, 1, 0, 1, 1, False),
        (18, 1, 1, 0, 1, False),
        (19, 1, 1, 1, 1, False),
    ]
    assert "features: not running: APIC IDs 17, 19 (SMT policy: off)" in notes
    assert machine.features == Features("Test CPU", True, True, False, "enabled", "svm", 2)
    assert machine.physical_address_bits == 46


def test_a_processor_whose_core_is_not_known_is_left_out() -> None:
    files = server()
    files["proc/cpuinfo"] = cpuinfo((0, 0, 0), (1, 0, 0), (2, 0, 1), (3, 0, 1))
    machine, notes = scanned(files)
    assert [p.apic_id for p in machine.processors] == [0, 1, 2, 3]
    assert any("APIC ID 16 is not running and its core is not known" in note for note in notes)


def test_a_processor_of_its_own_core_is_no_thread_of_its_neighbour() -> None:
    """Without threads anywhere, processor 3 is left out rather than put on the core of 2."""
    files = server() | {
        f"{TABLES}/APIC": make_madt(*(local_apic(number) for number in range(4))),
        "proc/cpuinfo": cpuinfo((0, 0, 0), (1, 0, 1), (2, 0, 2)),
        "sys/devices/system/cpu/smt/control": b"notsupported\n",
    }
    machine, notes = scanned(files)
    assert [p.apic_id for p in machine.processors] == [0, 1, 2]
    assert any("APIC ID 3 is not running" in note for note in notes)


def test_memory_in_whole_pages_cut_by_nodes() -> None:
    machine, _ = scanned(server())
    assert [(m.base, m.end, m.node) for m in machine.memory] == [
        (0, 0x9F000, 0),
        (0x100000, 0x80000000, 0),
        (4 * GIB, 8 * GIB, 0),
        (8 * GIB, 16 * GIB, 1),
    ]


def test_memory_from_iomem_where_there_is_no_map() -> None:
    files = {path: data for path, data in server().items() if not path.startswith("sys/firmware/memmap")}
    files["proc/iomem"] = (
        b"00001000-0009ffff : System RAM\n00100000-7fffffff : System RAM\n  01000000-01ffffff : Kernel code\n"
        b"  02000000-02ffffff : System RAM\nb0000000-bfffffff : PCI MMCONFIG 0000 [bus 00-ff]\n"
    )
    machine, notes = scanned(files)
    assert [(m.base, m.end) for m in machine.memory] == [(0x1000, 0xA0000), (0x100000, 0x80000000)]
    assert any(note.startswith("memory: from /proc/iomem") for note in notes)


def held_by(files: dict[str, bytes]) -> list[tuple[int, int, str]]:
    return [(held.base, held.end, held.what) for held in scanned(files)[0].firmware.holds]


def test_what_the_firmware_holds() -> None:
    """Between the RAM, behind it as far as no window begins; registers and ECAM are no part of it."""
    files = {path: data for path, data in server().items() if not path.startswith("sys/firmware/memmap")}
    lines = (
        "00000000-00000fff : Reserved",
        "00001000-0009fbff : System RAM",
        "0009fc00-000fffff : Reserved",
        "00100000-5fffffff : System RAM",
        "60000000-600fffff : ACPI Tables",
        "60100000-601fffff : ACPI Non-volatile Storage",
        "60200000-603fffff : Unknown E820 type",
        "60400000-6fffffff : System RAM",
        "70000000-77ffffff : Reserved",
        "  71000000-72ffffff : Graphics Stolen Memory",
        "78000000-fdffffff : PCI Bus 0000:00",
        "fe000000-fe010fff : Reserved",
        "100000000-13fffffff : System RAM",
        "140000000-143ffffff : Reserved",
        "fd00000000-ffffffffff : Reserved",
    )
    expected = [
        (0, 0x1000, "Reserved"),
        (0x9F000, 0xA0000, "Reserved"),
        (0x60000000, 0x60100000, "ACPI Tables"),
        (0x60100000, 0x60200000, "ACPI Non-volatile Storage"),
        (0x60200000, 0x60400000, "Unknown E820 type"),
        (0x70000000, 0x78000000, "Reserved"),
        (0x140000000, 0x144000000, "Reserved"),
    ]
    files["proc/iomem"] = "\n".join(lines).encode()
    assert held_by(files) == expected
    typed = [
        (int(edges.split("-")[0], 16), int(edges.split("-")[1], 16), kind)
        for edges, kind in (line.split(" : ") for line in lines)
        if not kind.startswith(("PCI", "Graphics"))
    ]
    assert held_by(files | memory_map(*typed)) == expected


def test_windows_inside_of_reserved_ranges_are_not_held() -> None:
    """The MCFG says where ECAM is, here at 2 GiB; the kernel where the PCI windows are."""
    files = server() | memory_map(
        (0x100000, 0x7FFEFFFF, "System RAM"),
        (0x7FFF0000, 0xFFFFFFFF, "Reserved"),
        (4 * GIB, 5 * GIB - 1, "System RAM"),
    )
    del files["sys/firmware/memmap/3/type"]
    assert held_by(files) == [(0x7FFF0000, 0x80000000, "Reserved")]
    files["proc/iomem"] = b"7fff8000-ffffffff : PCI Bus 0000:00\n"
    assert held_by(files) == [(0x7FFF0000, 0x7FFF8000, "Reserved")]


def test_the_pci_tree() -> None:
    machine, notes = scanned(server())
    assert [(root.uid, root.segment, root.bus, root.node) for root in machine.roots] == [
        (0, 0, 0, 0),
        (7, 0, 0x40, 1),
    ]
    functions = machine.functions_by_path()
    assert [str(path) for path in functions] == [
        "PciRoot(0x0)/Pci(0x0,0x0)",
        "PciRoot(0x0)/Pci(0x1,0x0)",
        "PciRoot(0x0)/Pci(0x1,0x0)/Pci(0x0,0x0)",
        "PciRoot(0x0)/Pci(0x2,0x0)",
        "PciRoot(0x0)/Pci(0x2,0x0)/Pci(0x0,0x0)",
        "PciRoot(0x0)/Pci(0x2,0x0)/Pci(0x0,0x0)/Pci(0x0,0x0)",
        "PciRoot(0x0)/Pci(0x2,0x0)/Pci(0x0,0x0)/Pci(0x0,0x0)/Pci(0x0,0x0)",
        "PciRoot(0x0)/Pci(0x2,0x0)/Pci(0x0,0x0)/Pci(0x0,0x0)/Pci(0x0,0x1)",
        "PciRoot(0x7)/Pci(0x0,0x0)",
    ]
    drive = functions[DevicePath(0, ((1, 0), (0, 0)))]
    assert (drive.serial, drive.msix, drive.reset, drive.title) == (
        "S123",
        True,
        ("flr", "bus"),
        "NVMe drive",
    )
    kinds = [f.bridge.kind for f in functions.values() if f.bridge is not None]
    assert kinds == ["root-port", "root-port", "upstream-port", "downstream-port"]
    network = functions[DevicePath(0, ((2, 0), (0, 0), (0, 0), (0, 0)))]
    assert (network.iommu_group, network.msi, network.reset) == (12, True, ())
    assert network.bars == (
        Bar(0, "memory", 32, False, 0xE0000000, 0x20000),
        Bar(1, "io", 32, False, 0xD000, 0x20),
    )
    assert "pci: 0000:04:02.0 is a virtual function, made by a driver: left out" in notes
    assert "pci: 10000:00:00.0 is behind a device that hides it from the firmware: left out" in notes


@pytest.mark.parametrize(("pin", "told"), [(0, 0), (1, 1), (4, 4), (5, None)])
def test_interrupt_pins_where_nothing_else_is(pin: int, told: int | None, tmp_path: Path) -> None:
    """The host bridge has neither MSI nor MSI-X; who has them is said nothing of."""
    files = server()
    config = bytearray(files[HOST_BRIDGE])
    config[0x3D] = pin
    machine, _ = scanned({**files, HOST_BRIDGE: bytes(config)})
    functions = machine.functions_by_path()
    assert functions[DevicePath(0, ((0, 0),))].interrupt_pin == told
    assert all(f.interrupt_pin is None for f in functions.values() if f.msi or f.msix or f.bridge)
    again = written(machine, (), tmp_path).functions_by_path()
    assert again[DevicePath(0, ((0, 0),))].interrupt_pin == told


@pytest.mark.parametrize(
    ("link", "told"),
    [
        (b"../../../0000:03:00.0\n", "ttyS4 is part of the PCI function 0000:03:00.0"),
        (b"../../../0000:03:00.0:0.0\n", "ttyS4 is part of the PCI function 0000:03:00.0"),
        (
            b"../../../serial8250:0.4\n",
            "the UART at I/O port 0xd000 is part of the PCI function PciRoot(0x0)/",
        ),
    ],
)
def test_the_uart_of_a_card_is_not_the_pc_s(link: bytes, told: str) -> None:
    """Linux up to 6.4, Linux from 6.5 on, and a driver that does not tell: the function's I/O BAR does."""
    machine, notes = scanned({**server(), "sys/class/tty/ttyS4/device.link": link})
    assert [u.name for u in machine.uarts] == ["COM1", "COM5"]
    assert 0xD000 not in {u.io_base for u in machine.uarts}
    assert sum(note.startswith(f"uarts: {told}") for note in notes) == 1


def test_uarts_firmware_and_acpi() -> None:
    machine, notes = scanned(server())
    assert [(u.name, u.io_base, u.irq) for u in machine.uarts] == [("COM1", 0x3F8, 4), ("COM5", 0x240, 10)]
    assert "uarts: ttyS4 is part of the PCI function 0000:03:00.0: left out" in notes
    firmware = machine.firmware
    assert (firmware.vendor, firmware.version, firmware.interface) == ('Vendor ☃ "quoted"', "1.2: #3", "uefi")
    assert firmware.boot_devices == (DevicePath(0, ((1, 0), (0, 0))),)
    assert (machine.name, machine.title) == ("acme-server-9000", "ACME Server 9000")
    acpi = machine.acpi
    assert acpi.pm_timer is not None
    assert (acpi.revision, acpi.pm_timer.port, acpi.pm_timer.bits, acpi.iommu, acpi.msi) == (
        6,
        0x408,
        32,
        "amd-vi",
        True,
    )


MINE, MANY = "4c4c4544-0035-5910-8052-b4c04f4d3233", "03000200-0400-0500-0006-000700080009"


@pytest.mark.parametrize(
    ("told", "uuid", "words"),
    [
        (None, None, ["no UUID"]),
        (MINE, MINE, []),
        (MINE.upper(), MINE, []),
        ("00000000-0000-0000-0000-000000000000", None, ["no UUID"]),
        ("ffffffff-ffff-ffff-ffff-ffffffffffff", None, ["no UUID"]),
        (MANY, None, [f"the UUID {MANY} is that of many boards", "no UUID"]),
        ("Not Specified", None, ["no UUID"]),
    ],
)
def test_identity(told: str | None, uuid: str | None, words: list[str]) -> None:
    files = server() if told is None else {**server(), f"{DMI}/product_uuid": told.encode() + b"\n"}
    machine, notes = scanned(files)
    assert machine.identity == Identity(None if uuid is None else UUID(uuid), "ACME Server 9000")
    found = [line for line in notes if line.startswith("identity: ")]
    assert [line.startswith(f"identity: {word}") for line, word in zip(found, words, strict=True)] == [
        True for _ in words
    ]


def test_a_machine_that_does_not_say_who_it_is() -> None:
    files = {path: data for path, data in server().items() if not path.startswith(DMI)}
    machine, _ = scanned(files)
    assert machine.identity == Identity()


def test_the_file_says_what_was_scanned(tmp_path: Path) -> None:
    found = scan(snapshot(server()))
    again = written(found.machine, found.notes, tmp_path)
    assert placeless(again) == placeless(found.machine)


def test_the_file_of_q35_through_the_writer(tmp_path: Path) -> None:
    """The hand-written file comes back from the writer, emulation and all."""
    q35 = load_machine(PROJECT / "platforms" / "q35.yaml")
    assert placeless(written(q35, (), tmp_path)) == placeless(q35)


@pytest.mark.parametrize(
    ("path", "data", "told"),
    [
        (f"{TABLES}/APIC", None, "processors: no MADT could be read"),
        (f"{TABLES}/APIC", b"rubbish", "acpi: APIC+0x0: 7 bytes are too few"),
        (f"{TABLES}/MCFG", None, "acpi: no usable MCFG"),
        (f"{TABLES}/FACP", None, "acpi: no usable FADT"),
        (f"{TABLES}/FACP", make_fadt(0), "acpi: no PM timer: the FADT names none"),
        (f"{TABLES}/FACP2", make_fadt(0x508), "acpi: there are 2 different FACP tables"),
        ("proc/cpuinfo", None, "features: no /proc/cpuinfo"),
        ("proc/cpuinfo", b"processor: 0\nflags: fpu\n", "physical_address_bits: not known"),
        ("proc/cpuinfo", cpuinfo((0, 0, 0), (99, 0, 9)), "not enabled in the MADT: 99"),
        ("proc/mounts", None, "firmware: boot_device not known"),
        ("dmesg.txt", None, "features: whether x2APIC is on is not known"),
        ("sys/firmware/efi/fw_platform_size", None, "firmware: this system was not started by UEFI"),
        (
            "sys/devices/pci0000:40/firmware_node/uid",
            None,
            "root bridge of bus 0000:40 is not known",
        ),
        ("sys/devices/pci0000:40/firmware_node/uid", b"PC40", "is 'PC40', no number"),
        ("sys/devices/pci0000:40/firmware_node/uid", b"0", "pci: root bridges share a UID"),
        (f"{DEVICES}/0000:01:00.0/config", NVME[:64], "the capabilities of 1 functions"),
        (f"{DEVICES}/0000:01:00.0/config", b"", "0000:01:00.0 does not answer"),
        (f"{DEVICES}/0000:04:00.0/config", port(4, 2), "0000:04:00.0: a bridge to bus 2: nowhere"),
    ],
)
def test_what_is_missing_or_odd_is_told(path: str, data: bytes | None, told: str, tmp_path: Path) -> None:
    files = server()
    files.pop(path, None)
    if data is not None:
        files[path] = data
    found = scan(snapshot(files))
    assert any(told in str(note) for note in found.notes), found.notes
    written(found.machine, found.notes, tmp_path)


def test_nothing_at_all(tmp_path: Path) -> None:
    found = scan(snapshot({}))
    again = written(found.machine, found.notes, tmp_path)
    assert (again.processors, again.memory, again.roots, again.uarts) == ((), (), (), ())
    assert {note.topic for note in found.notes} >= {"acpi", "processors", "memory", "pci", "features"}


def test_ways_to_reset_of_a_kernel_that_tells_them() -> None:
    """Where such a kernel tells none there is none, whatever configuration space promises."""
    files = server() | {f"{DEVICES}/0000:04:00.0/reset_method": b"pm bus odd\n"}
    functions = scanned(files)[0].functions_by_path()
    assert functions[DevicePath(0, ((2, 0), (0, 0), (0, 0), (0, 0)))].reset == ("pm", "bus")
    assert functions[DevicePath(0, ((1, 0), (0, 0)))].reset == ()


def test_a_list_of_the_kernel() -> None:
    assert parse_list("0-3,8, 10-11") == (0, 1, 2, 3, 8, 10, 11)
    assert parse_list("x,,5-") == ()


def test_x2apic_by_the_kernels_words() -> None:
    for line, state in (
        ("x2apic: enabled by BIOS, switching to x2apic ops", "enabled"),
        ("APIC: Switched APIC routing to: cluster x2apic", "enabled"),
        ("APIC: Switched APIC routing to: physical flat", "available"),
    ):
        files = server() | {"dmesg.txt": f"[0.0] Linux version 6.1\n[0.1] {line}\n".encode()}
        assert scanned(files)[0].features.x2apic == state


PATHS = sorted(server())
ADDRESSES = st.integers(0, 1 << 64) | st.integers(0, 1 << 20)
INTERESTING = st.one_of(
    st.binary(max_size=80),
    st.sampled_from(
        [
            b"",
            b"-1",
            b"99999999999999999999",
            b"0xffffffffffffffff",
            b"a\0b",
            b"\xff\xfe",
            b"0-99999999",
            make_config(bridge=(0, 0, 0)),
            make_config(bridge=(255, 255, 0), capabilities={0x10: b"\x42\x00"}),
            make_madt(),
        ]
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(st.sampled_from(PATHS), st.none() | INTERESTING, min_size=1, max_size=8))
def test_no_damage_to_a_machine_breaks_the_scan(changes: dict[str, bytes | None], tmp_path: Path) -> None:
    """Whatever its files hold, there is a machine file that can be read and says what was scanned."""
    files = server()
    for path, data in changes.items():
        if data is None:
            del files[path]
        else:
            files[path] = data
    found = scan(snapshot(files))
    again = written(found.machine, found.notes, tmp_path)
    assert placeless(again) == placeless(found.machine)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ranges=st.lists(
        st.tuples(
            ADDRESSES, ADDRESSES, st.sampled_from(["System RAM", "Reserved", "ACPI Tables", "Unknown"])
        ),
        max_size=12,
    )
)
def test_memory_of_any_map(ranges: list[tuple[int, int, str]]) -> None:
    """Ranges are in whole pages, in order, apart, and inside of what the map calls RAM; held ones are not."""
    machine, _ = scanned(memory_map(*ranges))
    end = 0
    for held in machine.firmware.holds:
        assert held.base % 4096 == 0 and held.size % 4096 == 0 and held.size > 0
        assert held.base >= end
        end = held.end
        assert all(memory.end <= held.base or memory.base >= held.end for memory in machine.memory)
    end = 0
    for memory in machine.memory:
        assert memory.base % 4096 == 0 and memory.size % 4096 == 0 and memory.size > 0
        assert memory.base >= end
        end = memory.end
    ram = [
        (first, last + 1) for first, last, kind in ranges if kind == "System RAM" and first <= last < 1 << 52
    ]
    for memory in machine.memory:
        at = memory.base
        while at < memory.end:
            reach = max((stop for start, stop in ram if start <= at < stop), default=at)
            assert reach > at
            at = reach


def test_a_deep_tree_of_bridges_ends(tmp_path: Path) -> None:
    files = server()
    for bus in range(0x50, 0x90):
        files[f"{DEVICES}/0000:{bus:02x}:00.0/config"] = port(bus, bus + 1, 0x90)
    found = scan(snapshot(files))
    assert any("too deep" in str(note) for note in found.notes)
    written(found.machine, found.notes, tmp_path)
