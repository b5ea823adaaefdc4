# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The scan of what `Mrm.efi scan` writes: the same machine as a Linux on it shows, and nothing breaks it."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generator.model.device_path import DevicePath
from generator.model.machine import Machine
from generator.scan import open_snapshot, scan
from generator.scan.archive import SnapshotError
from generator.scan.uefi import as_linux
from tests.generator.scan.support import (
    NVME,
    TABLES,
    io_apic,
    local_apic,
    make_config,
    make_fadt,
    make_madt,
    make_mcfg,
    make_srat,
    port,
    snapshot,
    srat_memory,
    srat_processor,
)

MIB, GIB = 1 << 20, 1 << 30
UUID = "4C4C4544-0035-5910-8052-B4C04F4D3233"
BRAND = b"ACME  Processor\0".ljust(48, b"\0")
CARD = make_config(bars=[0xE0000000, 0xD001, 0x4, 0x80])


def leaf(number: int, *registers: int) -> str:
    return " ".join(f"{register:08x}" for register in (number, *registers))


def memory(*entries: tuple[int, int, int]) -> bytes:
    """Types, first addresses and sizes."""
    lines = [f"{kind} {base:#x} {size // 4096:#x} 0xf" for kind, base, size in entries]
    return "\n".join([*lines, ""]).encode()


def firmware() -> dict[str, bytes]:
    """What a small PC writes: four processors, one of them disabled; a drive, a card, two UARTs."""
    brand = [int.from_bytes(BRAND[at : at + 4], "little") for at in range(0, 48, 4)]
    leaves = [
        leaf(0, 0x16, 0, 0, 0),
        leaf(1, 0, 0, 1 << 5 | 1 << 21, 0),
        leaf(0x80000001, 0, 0, 0, 1 << 29),
        *(leaf(0x80000002 + n, *brand[4 * n : 4 * n + 4]) for n in range(3)),
        leaf(0x80000007, 0, 0, 0, 1 << 8),
        leaf(0x80000008, 39, 0, 0, 0),
    ]
    functions = {
        "0000:00:00.0": (make_config(class_code=0x060000), ["PciRoot(0x7)/Pci(0x0,0x0)"]),
        "0000:00:01.0": (port(0, 1), ["PciRoot(0x7)/Pci(0x1,0x0)"]),
        "0000:01:00.0": (NVME, ["PciRoot(0x7)/Pci(0x1,0x0)/Pci(0x0,0x0)"]),
        # UEFI's own printing has capital letters.
        "0000:00:1F.0": (
            CARD,
            [
                "PciRoot(0x7)/Pci(0x1F,0x0)",
                "io 0xD000 0x20",
                "memory 0x8000000000 0x10000",
                "memory 0xe0000000 0x20000",
            ],
        ),
    }
    files = {
        f"{TABLES}/APIC": make_madt(*(local_apic(a) for a in (0, 1, 2, 3)), io_apic(8, 0xFEC00000, 0)),
        f"{TABLES}/FACP": make_fadt(0x408, (1, 0x408), flags=1 << 8, revision=6),
        f"{TABLES}/MCFG": make_mcfg((0xB0000000, 0, 0, 255)),
        f"{TABLES}/SRAT": make_srat(
            *(srat_processor(a, a // 2) for a in range(4)),
            srat_memory(0, 4 * GIB, 0),
            srat_memory(4 * GIB, GIB, 1),
        ),
        "sys/class/dmi/id/sys_vendor": b"ACME\n",
        "sys/class/dmi/id/product_name": b"Server 9000\n",
        "sys/class/dmi/id/product_uuid": f"{UUID}\n".encode(),
        "sys/class/dmi/id/bios_vendor": b"Vendor\n",
        "sys/class/dmi/id/bios_version": b"1.2\n",
        "sys/firmware/efi/fw_platform_size": b"64\n",
        "uefi/processors": b"0 0 0 0 usable\n1 0 0 1 boot\n2 0 1 0 disabled\n3 0 1 1 usable\n",
        "uefi/cpuid": "\n".join([*leaves, ""]).encode(),
        "uefi/apic-base": b"0xfee00d00\n",
        "uefi/memory-map": memory(
            (7, 0, 512 * 1024),
            (3, 512 * 1024, 128 * 1024),
            (7, MIB, 1000 * MIB),
            (4, 1001 * MIB, 20 * MIB),
            (6, 1021 * MIB, MIB),
            (10, 1022 * MIB, 2 * MIB),
            (0, 0xB0000000, 256 * MIB),
            (11, 0xFED00000, MIB),
            (7, 4 * GIB, GIB),
        ),
        "uefi/uarts": b"0x3f8\n0x2e8\n",
        "uefi/boot-device": b"PciRoot(0x7)/Pci(0x1,0x0)/Pci(0x0,0x0)/NVMe(0x1,00-00)/HD(1,GPT,0)\n",
        "collection.txt": b"format 1\nfirmware\n",
    }
    for name, (config, lines) in functions.items():
        files[f"uefi/pci/{name}/config"] = config
        files[f"uefi/pci/{name}/path"] = "\n".join([*lines, ""]).encode()
    return files


def archive(files: Mapping[str, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return made.getvalue()


def scanned(files: Mapping[str, bytes], folder: Path) -> tuple[Machine, list[str]]:
    path = folder / "machine.tar"
    path.write_bytes(archive(files))
    found = scan(open_snapshot(path))
    return found.machine, [str(note) for note in found.notes]


def test_processors(tmp_path: Path) -> None:
    machine, notes = scanned(firmware(), tmp_path)
    assert [(p.apic_id, p.package, p.core, p.thread, p.node, p.bsp) for p in machine.processors] == [
        (0, 0, 0, 0, 0, False),
        (1, 0, 0, 1, 0, True),
        (3, 0, 1, 0, 1, False),
    ]
    assert "processors: the firmware has disabled the processor with APIC ID 2: left out" in notes
    features = machine.features
    assert (features.cpu, features.x86_64, features.invariant_tsc, features.hypervisor) == (
        "ACME Processor",
        True,
        True,
        False,
    )
    assert (features.x2apic, features.virtualization) == ("enabled", "vt-x")
    assert machine.physical_address_bits == 39


def test_memory_and_what_the_firmware_keeps_of_it(tmp_path: Path) -> None:
    machine, notes = scanned(firmware(), tmp_path)
    assert [(m.base, m.end, m.node) for m in machine.memory] == [
        (0, 640 * 1024, 0),
        (MIB, 1021 * MIB, 0),
        (4 * GIB, 5 * GIB, 1),
    ]
    assert [(h.base, h.end, h.what) for h in machine.firmware.holds] == [
        (1021 * MIB, 1022 * MIB, "Reserved"),
        (1022 * MIB, 1024 * MIB, "ACPI Non-volatile Storage"),
    ]
    # 20 MiB and 128 KiB of boot services, 3 MiB for good, 64 MiB for the controller; in steps of 16 MiB.
    assert machine.firmware.memory == 96 * MIB
    assert not [note for note in notes if note.startswith("firmware:")]


def test_pci_and_where_it_booted_from(tmp_path: Path) -> None:
    machine, _ = scanned(firmware(), tmp_path)
    (root,) = machine.roots
    assert (root.uid, root.segment, root.bus) == (7, 0, 0)
    card = machine.functions_by_path()[DevicePath(7, ((31, 0),))]
    assert [(bar.index, bar.space, bar.base, bar.size) for bar in card.bars] == [
        (0, "memory", 0xE0000000, 0x20000),
        (1, "io", 0xD000, 0x20),
        (2, "memory", 0x8000000000, 0x10000),
    ]
    assert machine.firmware.boot_devices == (DevicePath(7, ((1, 0), (0, 0))),)


def test_identity_and_uarts(tmp_path: Path) -> None:
    machine, _ = scanned(firmware(), tmp_path)
    assert (str(machine.identity.uuid), machine.identity.system) == (UUID.lower(), "ACME Server 9000")
    assert [(u.name, u.io_base) for u in machine.uarts] == [("COM1", 0x3F8), ("COM4", 0x2E8)]
    assert (machine.firmware.vendor, machine.firmware.version, machine.firmware.interface) == (
        "Vendor",
        "1.2",
        "uefi",
    )


@pytest.mark.parametrize(
    ("path", "data", "told"),
    [
        ("uefi/processors", b"", "processors: the boot processor is not known"),
        (
            "uefi/boot-device",
            b"PciRoot(0x7)/Pci(0x9,0x0)/USB(0x1,0x0)\n",
            "firmware: boot_device not known: Pci",
        ),
        ("uefi/boot-device", b"MAC(525400123456,0x1)\n", "firmware: boot_device not known: MAC("),
        ("uefi/uarts", b"", "uarts: no UART at an I/O port was found"),
        ("uefi/cpuid", b"rubbish\n", "features: no /proc/cpuinfo"),
        ("uefi/pci/0000:00:00.0/path", b"PcieRoot(0x7)/Pci(0x0,0x0)\n", None),
    ],
)
def test_what_is_missing_is_told(tmp_path: Path, path: str, data: bytes, told: str | None) -> None:
    _, notes = scanned({**firmware(), path: data}, tmp_path)
    assert told is None or any(note.startswith(told) for note in notes)


def test_half_a_scan_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "machine.tar"
    files = firmware()
    del files["collection.txt"]
    path.write_bytes(archive(files))
    with pytest.raises(SnapshotError, match="is not there: it was interrupted"):
        open_snapshot(path)
    path.write_bytes(archive(firmware())[:4096])
    with pytest.raises(SnapshotError, match="damaged or cut off"):
        open_snapshot(path)


def test_an_unpacked_archive_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "facts"
    for name, data in firmware().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    with pytest.raises(SnapshotError, match="name the archive itself"):
        open_snapshot(folder)


LINES = st.lists(
    st.text(max_size=40)
    | st.from_regex(r"(\d{1,10} ){4}(boot|usable|disabled)", fullmatch=True)
    | st.from_regex(r"\d{1,3} 0x[0-9a-f]{1,13} 0x[0-9a-f]{1,13} 0x[0-9a-f]{1,16}", fullmatch=True)
    | st.from_regex(r"([0-9a-f]{8} ){4}[0-9a-f]{8}", fullmatch=True)
    | st.from_regex(r"(io|memory) 0x[0-9a-f]{1,16} 0x[0-9a-f]{1,16}", fullmatch=True)
    | st.from_regex(r"(PciRoot\(0x[0-9a-f]{1,8}\)(/Pci\(0x[0-9a-f]{1,2},0x[0-9]\)){0,3})", fullmatch=True),
    max_size=8,
).map(lambda lines: "\n".join(lines).encode("utf-8", "surrogatepass"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.dictionaries(
        st.sampled_from(sorted(path for path in firmware() if path.startswith(("uefi/", "sys/")))),
        st.none() | LINES | st.binary(max_size=300),
        max_size=5,
    )
)
def test_whatever_it_says_is_scanned(changes: dict[str, bytes | None]) -> None:
    files = {path: data for path, data in {**firmware(), **changes}.items() if data is not None}
    machine = scan(snapshot(as_linux(files))).machine
    assert len({p.apic_id for p in machine.processors}) == len(machine.processors)
    assert machine.firmware.memory % MIB == 0
