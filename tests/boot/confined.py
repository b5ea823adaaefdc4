# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A machine with an AMD IOMMU, and a contained partition with two processors that need not be trusted."""

import re
from pathlib import Path

from ci.progress import PROJECT

NAME, NEIGHBOUR = "twofold", "steady"

PARTITIONS = f"""\
format: 1
machine: machine.yaml
defaults: {{processors: 1, memory: 384 MiB, restart: {{policy: on-failure, limit: 9, backoff: 0}}}}
partitions:
  - name: {NEIGHBOUR}
    pci: PciRoot(0x0)/Pci(0x3,0x0)
    boot: {{file: GUEST/vmlinuz, initrd: GUEST/initrd.img}}
    permissions: {{restart: all}}
  - name: {NAME}
    isolation: contained
    processors: 2
    pci:
      - PciRoot(0x0)/Pci(0x4,0x0)               # NVMe: an MSI-X table among its registers
      - PciRoot(0x0)/Pci(0x7,0x0)               # AHCI: MSI
      - PciRoot(0x0)/Pci(0x8,0x0)               # virtio network: MSI-X
    boot:
      file: GUEST/vmlinuz
      initrd: GUEST/initrd.img
      options: iomem=relaxed                    # a program writes to registers of the drive
"""


_CARD = re.compile(
    r"            - at: .00\.0.\n              vendor: 0x8086\n              device: 0x10D3\n(?: {14}.*\n)+"
)
_AHCI = """\
            - at: "00.0"
              vendor: 0x8086
              device: 0x2922
              class: 0x010601
              title: AHCI controller
              msi: true
              reset: [bus]
              bars:
                - {index: 4, space: io, bits: 32, base: 0x6000, size: 0x20}
                - {index: 5, space: memory, bits: 32, base: 0xC0200000, size: 4 KiB}
"""


def machine_file() -> str:
    """Return the facts of q35 with an IOMMU, which is on no bus that a partition sees.

    In the place of a network card it has a controller with MSI and without MSI-X. The driver of QEMU's e1000e
    finds by a test of its own that its MSI do not arrive, on the bare machine, too.
    """
    text = (PROJECT / "platforms" / "q35.yaml").read_text("utf-8")
    text, cards = _CARD.subn(_AHCI, text)
    assert cards == 1 and "iommu: none" in text
    return text.replace("iommu: none", "iommu: amd-vi")


def make(folder: Path) -> Path:
    """Write the machine file and the partition file to a folder, which is made; return the latter."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "machine.yaml").write_text(machine_file(), "utf-8")
    guest = str(PROJECT / "Build" / "guests" / "linux-6.12")
    file = folder / "confined.yaml"
    file.write_text(PARTITIONS.replace("GUEST", guest), "utf-8")
    return file
