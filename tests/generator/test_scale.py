# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The largest plan there is: 64 partitions on a machine of 1,024 processors and 512 PCI functions."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from generator.api import judge
from generator.emit import emit
from generator.errors import Severity
from tests.generator.support import partition

PARTITIONS, PROCESSORS, PORTS = 64, 1088, 256


def large_machine() -> str:
    """A machine file with 1,088 processors and 512 functions: 256 root ports, one drive behind each."""
    lines = [
        "format: 1",
        "name: large",
        "physical_address_bits: 46",
        "firmware: {memory: 256 MiB}",
        "controller: {console: COM0}",
        "processors:",
    ]
    for apic_id in range(PROCESSORS):
        package = apic_id // 128
        where = f"package: {package}, core: {apic_id % 128 // 2}, thread: {apic_id % 2}, node: {package}"
        lines.append(f"  - {{apic_id: {apic_id}, {where}, bsp: {'true' if apic_id == 0 else 'false'}}}")
    lines += ["memory:", "  - {base: 0, size: 640 KiB}", "  - {base: 1 MiB, size: 2047 MiB}"]
    lines += [f"  - {{base: {4 + 64 * node} GiB, size: 64 GiB, node: {node}}}" for node in range(8)]
    lines += ["pci:", "  ecam:"]
    lines += [
        f"    - {{segment: {segment}, base: {0x80000000 + (segment << 28):#x}}}" for segment in range(8)
    ]
    lines.append("  roots:")
    for segment in range(8):
        lines += [f"    - uid: {segment}", f"      segment: {segment}", "      functions:"]
        for device in range(PORTS // 8):
            lines += [
                f'        - at: "{device:02x}.0"',
                "          vendor: 0x8086",
                "          device: 0xA000",
                "          class: 0x060400",
                "          bridge:",
                f"            {{kind: root-port, buses: {device + 1}, memory: {{base: 1 GiB, size: 2 MiB}}}}",
                "          behind:",
                '            - {at: "00.0", vendor: 0x144D, device: 0xA80A, class: 0x010802, msix: true}',
            ]
    lines += [
        "uarts:",
        *(f"  - {{name: COM{n}, io_base: {0x1000 + 8 * n:#x}}}" for n in range(PARTITIONS + 1)),
    ]
    lines += ["acpi: {pm_timer: {port: 0x608, bits: 32}}", ""]
    return "\n".join(lines)


def large_partitions() -> str:
    """64 partitions: half by count, half by name, four root ports each."""
    entries = []
    for number in range(PARTITIONS):
        first = 2 + number * 16
        ids = ", ".join(str(apic_id) for apic_id in range(first, first + 16))
        ports = ", ".join(
            f'"PciRoot(0x{port // 32:X})/Pci(0x{port % 32:X},0x0)"'
            for port in range(4 * number, 4 * number + 4)
        )
        entries.append(
            partition(
                f"p{number}",
                processors=f"{{apic_ids: [{ids}]}}" if number % 2 else "16",
                memory=f"{{size: 4 GiB, low: 32 KiB, below_4g: 0, above: {4 + number} GiB}}",
                pci=f"[{ports}]",
                boot="{file: files/linux, initrd: files/initrd}",
            )
        )
    return "format: 1\nmachine: large\npartitions:\n" + "".join(entries)


def test_the_largest_plan(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All is accepted but the low slices: 512 KiB are enough for 16 partitions of 32 KiB each."""
    (project / "platforms" / "large.yaml").write_text(large_machine(), "utf-8")
    path = project / "partitions" / "large-plan.yaml"
    path.write_text(large_partitions(), "utf-8")
    start = time.perf_counter()
    plan, problems = judge(path)
    planned = time.perf_counter()
    assert plan is not None
    changed = emit(plan, tmp_path / "out")
    end = time.perf_counter()
    with capsys.disabled():
        print(f"\n64 partitions: planned and checked {planned - start:.2f} s, emitted {end - planned:.2f} s")
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    assert [problem.rule for problem in errors] == ["memory-low-fits"]
    assert "'p16'" in errors[0].what
    assert len(changed) == 2 * PARTITIONS + 2
    ids = [grant.apic_id for p in plan.partitions for grant in p.processors.grants]
    assert len(set(ids)) == len(ids) == 1024
    assert sum(len(p.pci) for p in plan.partitions) == PORTS
