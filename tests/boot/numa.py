# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A machine with two NUMA nodes, and partitions that are promised to lie on one of them."""

import re
from pathlib import Path

from ci.progress import PROJECT

PROCESSORS = {0: 0, 1: 0, 2: 0, 3: 1, 4: 1}
"""The node of each processor, by APIC ID."""

PARTITIONS = """\
format: 1
machine: machine.yaml
partitions:
  - name: near
    processors: {node: 0}
    memory: {size: 640 MiB, node: 0, below_1g: 256 MiB}  # for loaders that place an initrd low
    pci: PciRoot(0x0)/Pci(0x3,0x0)
    boot: {file: GUEST/vmlinuz, initrd: GUEST/initrd.img}
  - name: far
    processors: {node: 1}
    memory: {size: 1 GiB, node: 1, below_4g: 0}         # the low slice is part of the size
    pci: PciRoot(0x0)/Pci(0x4,0x0)
    boot: {file: GUEST/vmlinuz, initrd: GUEST/initrd.img}
"""


def machine_file() -> str:
    """Return the facts of q35, with its processors and RAM on two nodes."""
    text = (PROJECT / "platforms" / "q35.yaml").read_text("utf-8")
    for apic_id, node in PROCESSORS.items():
        text = re.sub(rf"(apic_id: {apic_id}, .*)node: 0", rf"\g<1>node: {node}", text)
    whole = "  - {base: 4 GiB, size: 4 GiB, node: 0}\n"
    assert whole in text
    halves = "  - {base: 4 GiB, size: 1 GiB, node: 0}\n  - {base: 5 GiB, size: 3 GiB, node: 1}\n"
    return text.replace(whole, halves)


def make(folder: Path) -> Path:
    """Write the machine file and the partition file to a folder, which is made; return the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "machine.yaml").write_text(machine_file(), "utf-8")
    guest = str(PROJECT / "Build" / "guests" / "linux-6.12")
    file = folder / "numa.yaml"
    file.write_text(PARTITIONS.replace("GUEST", guest), "utf-8")
    return file
