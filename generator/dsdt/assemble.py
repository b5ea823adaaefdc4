# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Put the DSDT of a partition together: its fragments lie one behind the other (ACPI 6.5, section 20.2.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from generator.dsdt.fragments import HEADER, fragments
from generator.model.plan import PartitionPlan

FIRST_PROCESSOR_UID = 1
"""UID 0 is the entry of the machine's real BSP in the MADT, which no partition owns."""
PREFETCHABLE, PLAIN = 0x07, 0x01
"""What the window above 4 GiB is: memory, and whether it can be prefetched (ACPI 6.5, table 6.51)."""
_REVISION = 2
_OEM, _CREATOR = b"MRM\0\0\0", b"MRM\0"


@dataclass(frozen=True, slots=True)
class Patch:
    """One MRM_PLAN_AML_PATCH: `kind` is the C name of the MRM_PATCH_KIND."""

    offset: int
    width: int
    index: int
    kind: str


@dataclass(frozen=True, slots=True)
class Dsdt:
    """A DSDT with its patches in order of offset."""

    aml: bytes
    patches: tuple[Patch, ...]


@dataclass(frozen=True, slots=True)
class _Use:
    """A fragment, the index of the PCI bus its patches are for, and what is filled in."""

    fragment: str
    index: int = 0
    fills: tuple[tuple[str, int | str], ...] = ()


def make_dsdt(partition: PartitionPlan) -> Dsdt:
    """The DSDT of a partition.

    Raises:
        UserErrors: The fragments are not compiled, and there is no iasl.
        CompileError: iasl refuses our ASL.
    """
    known = fragments()
    body = bytearray()
    patches: list[Patch] = []
    for use in _uses(partition):
        fragment, fills = known[use.fragment], dict(use.fills)
        start = HEADER + len(body)
        aml = bytearray(fragment.aml)
        for spot in fragment.spots:
            if spot.patch is not None:
                patches.append(Patch(start + spot.offset, spot.width, use.index, spot.patch))
            elif spot.fill is not None:
                value = fills[spot.fill]
                coded = value.encode() if isinstance(value, str) else value.to_bytes(spot.width, "little")
                aml[spot.offset : spot.offset + spot.width] = coded
        body += aml
    return Dsdt(_table(partition.name.value, bytes(body)), tuple(patches))


def _uses(partition: PartitionPlan) -> Iterator[_Use]:
    """The fragments a partition's DSDT is made of.

    The owner of the chipset has the PC's, to which only what MRM asks and is told through is added.
    """
    if partition.owns_chipset:
        yield _Use("panic")
        if partition.policy.shutdown.value:
            yield _Use("thermal")
        return
    yield _Use("sleep")
    for number in range(len(partition.processors.grants)):
        yield _Use("processor", 0, (("name", f"C{number:03X}"), ("uid", number + FIRST_PROCESSOR_UID)))
    console = partition.console
    if console is not None and console.path is not None:
        yield _Use("card")
    elif console is not None and console.uart is not None:
        yield _Use("uart", 0, (("port", console.uart.io_base),))
    yield _Use("panic")
    # A partition that is not asked to shut down has no thermal zone.
    if partition.policy.shutdown.value:
        yield _Use("thermal")
    if partition.shared:
        yield _Use("shared")
    # A host bridge for each port, or for functions of one bus; one for cards on networks and served disks.
    segments = [(grants[0].segment, PLAIN if grants[0].alone else PREFETCHABLE) for grants in partition.buses]
    segments += [(partition.channel_segment, PREFETCHABLE)] if partition.has_channels else []
    for index, (segment, window) in enumerate(segments):
        fills = (("name", f"PC{index:02X}"), ("uid", index + 1), ("segment", segment), ("window", window))
        yield _Use("bus", index, fills)
    for index in range(len(segments)):
        yield _Use("ecam", index, (("name", f"EC{index:02X}"), ("uid", index + 1)))


def _table(name: str, body: bytes) -> bytes:
    """A table with its header (ACPI 6.5, section 5.2.6)."""
    table_id = "".join(character for character in name.upper() if character.isalnum())[:8]
    head = b"".join(
        (
            b"DSDT",
            (HEADER + len(body)).to_bytes(4, "little"),
            bytes((_REVISION, 0)),
            _OEM,
            table_id.encode().ljust(8, b"\0"),
            (1).to_bytes(4, "little"),
            _CREATOR,
            (1).to_bytes(4, "little"),
        )
    )
    table = bytearray(head + body)
    table[9] = -sum(table) % 256
    return bytes(table)
