# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmPlanLib: what Python writes C reads, and nothing is believed that is not so."""

from __future__ import annotations

import copy
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.api import make_plan
from generator.blob.__main__ import made
from generator.blob.form import HEADER, MTU_LEAST, MTU_MOST, MTU_UPLINK, PLAN, VERSION, identity
from generator.blob.read import read
from generator.blob.types import Choice, Inline, Numbers, Record, Records, Text, Truth, Type, size
from generator.blob.write import BlobError, write
from generator.emit import make_blob
from generator.esp.image import plan_image, plan_of
from tests.firmware_host import test_log
from tests.firmware_host.decide import PROJECT, Decide
from tests.firmware_host.memory import Guarded

EXAMPLES = sorted((PROJECT / "partitions").glob("*.yaml"))
LONGEST_FAULT = 240

Values = dict[str, Any]


@pytest.fixture(scope="module")
def values() -> Values:
    """What the blob of two partitions says; both have PCI buses."""
    plan, _ = make_plan(PROJECT / "partitions" / "two-kernels.yaml")
    return read(make_blob(plan))


class Reading:
    """One call of MrmPlanRead in memory that ends where it ends: `status`, `fault`, and the plan in C."""

    def __init__(self, decide: Decide, blob: bytes, room: int | None = None) -> None:
        ffi = decide.ffi
        padded = blob.ljust(-(-len(blob) // 8) * 8, b"\0")
        self._blob = Guarded(ffi, padded)
        self._decide = decide
        self._text = test_log.Text(decide, LONGEST_FAULT)
        needed, plan = ffi.new("UINTN *"), ffi.new("MRM_PLAN **")
        pointer = ffi.cast("UINT8 *", self._blob.pointer)

        def call(memory: Any, size: int) -> int:
            return int(
                decide.call("MrmPlanRead", pointer, len(blob), memory, size, needed, plan, self._text.c)
            )

        self.status = call(ffi.NULL, 0)
        if self.status == decide.RETURN_BUFFER_TOO_SMALL:
            self._room = Guarded(ffi, b"\xa5" * (int(needed[0]) if room is None else room))
            self.status = call(self._room.pointer, self._room.size)
        self.fault = self._text.value
        self.plan = plan[0]

    def values(self) -> Values:
        """The plan in C, by the names of the description."""
        return _record(self._decide, self.plan, PLAN)


def _record(decide: Decide, structure: Any, record: Record) -> Values:
    return {field.name: _value(decide, structure, field.name, field.type) for field in record.fields}


def _value(decide: Decide, structure: Any, name: str, kind: Type) -> Any:
    member = getattr(structure, name)
    match kind:
        case Choice(enumeration=enumeration):
            return enumeration.names[int(member)][0]
        case Inline(record=record):
            return _record(decide, member, record)
        case Text(wide=wide):
            if member == decide.ffi.NULL:
                return None
            characters: list[str] = []
            while int(member[len(characters)]) if wide else member[len(characters)] != b"\0":
                characters.append(chr(member[len(characters)]) if wide else member[len(characters)].decode())
            return "".join(characters)
        case Numbers(width=width, count=count):
            found = [int(member[index]) for index in range(getattr(structure, count))]
            return bytes(found) if width == 1 else found
        case Records(record=record, count=count):
            return [_record(decide, member[index], record) for index in range(getattr(structure, count))]
        case Truth():
            return bool(member)
        case _:
            return int(member)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_c_reads_what_python_writes(decide: Decide, file: Path) -> None:
    plan, _ = make_plan(file)
    blob = make_blob(plan)
    reading = Reading(decide, blob)
    assert (reading.status, reading.fault) == (decide.RETURN_SUCCESS, "")
    assert reading.values() == read(blob)
    assert write(read(blob)) == blob


def test_what_is_generated_is_up_to_date(decide: Decide) -> None:
    for path, text in made().items():
        assert path.read_text("utf-8") == text, f"{path.name}: run `python -m generator.blob`"
    assert (VERSION, identity()) == (decide.MRM_PLAN_VERSION, decide.MRM_PLAN_FORMAT)
    assert decide.MRM_PLAN_FAULT_SIZE == LONGEST_FAULT


def test_networks_have_an_mtu_that_their_cards_can_have(decide: Decide) -> None:
    assert (decide.MRM_CHANNEL_MTU_LEAST, decide.MRM_CHANNEL_MTU_MOST) == (MTU_LEAST, MTU_MOST)
    assert decide.MRM_CHANNEL_UPLINK_MTU == MTU_UPLINK


def test_too_little_room_is_told(decide: Decide, values: Values) -> None:
    assert Reading(decide, write(values), room=100).status == decide.RETURN_BUFFER_TOO_SMALL


def _sealed(blob: bytes) -> bytes:
    """A blob with the size and checksum of what it is now."""
    body = blob[HEADER.size :]
    return blob[:16] + len(blob).to_bytes(4, "little") + zlib.crc32(body).to_bytes(4, "little") + body


def test_a_header_that_is_not_right(decide: Decide, values: Values) -> None:
    blob = write(values)
    compromised, version = decide.RETURN_COMPROMISED_DATA, decide.RETURN_INCOMPATIBLE_VERSION
    for wrong, status, words in (
        (b"", compromised, "a size no plan has: 0 bytes"),
        (blob[:60], compromised, "a size no plan has: 60 bytes"),
        (blob + bytes(decide.MRM_PLAN_LARGEST), compromised, "a size no plan has"),
        (b"X" + blob[1:], compromised, "does not begin as a plan does"),
        (blob[:8] + bytes(4) + blob[12:], version, "a plan of version 0"),
        (blob[:12] + bytes(4) + blob[16:], version, f"this controller reads version {VERSION}"),
        (blob[:-8], compromised, "it is cut or has something behind it"),
        (blob + bytes(8), compromised, "it is cut or has something behind it"),
        (blob[:-1] + bytes([blob[-1] ^ 1]), compromised, "damaged"),
    ):
        reading = Reading(decide, wrong)
        assert (reading.status, words in reading.fault) == (status, True), reading.fault


@given(data=st.data())
def test_no_byte_of_a_blob_is_believed(decide: Decide, values: Values, data: st.DataObject) -> None:
    """Whatever a byte becomes: refused with a reason, or a plan that says what Python reads, too."""
    blob = bytearray(write(values))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(HEADER.size, len(blob) - 1))
        blob[at] = data.draw(st.integers(0, 255))
    reading = Reading(decide, _sealed(bytes(blob)))
    if reading.status == decide.RETURN_SUCCESS:
        assert reading.values() == read(_sealed(bytes(blob)))
    else:
        assert reading.status == decide.RETURN_COMPROMISED_DATA
        assert reading.fault


def _offset(*path: str) -> int:
    """Where a field of MRM_PLAN, or of what lies inline in it, is in the blob."""
    at, record = HEADER.size, PLAN
    for name in path:
        before = [field.name for field in record.fields].index(name)
        at += sum(size(field.type) for field in record.fields[:before])
        kind = record.fields[before].type
        record = kind.record if isinstance(kind, Inline) else record
    return at


@pytest.mark.parametrize(
    ("path", "width", "number", "words"),
    [
        (
            ("Title",),
            4,
            1,
            "MRM_PLAN.Title at byte 0x20: found 0x1, expected an offset that is a multiple of 8",
        ),
        (("Title",), 4, 0xFFFFFFF8, "expected an offset of what lies in the blob"),
        (("Title",), 4, 8, "expected an offset of what lies in the blob"),
        (("AllOff",), 1, 4, "MRM_PLAN.AllOff at byte 0x48: found 0x4, expected less"),
        (("PowerButton",), 1, 2, "expected less"),
        (("Console", "Kind"), 1, 4, "MRM_PLAN_CONSOLE.Kind"),
        (("Console", "Kind"), 1, 2, "the controller's console is incomplete"),
        (("Console", "IoBase"), 2, 0, "the controller's console is incomplete"),
    ],
)
def test_a_field_that_is_not_right(
    decide: Decide, values: Values, path: tuple[str, ...], width: int, number: int, words: str
) -> None:
    blob = bytearray(write(values))
    at = _offset(*path)
    blob[at : at + width] = number.to_bytes(width, "little")
    reading = Reading(decide, _sealed(bytes(blob)))
    assert reading.status == decide.RETURN_COMPROMISED_DATA
    assert words in reading.fault


def _change(**changes: Any) -> Callable[[Values], None]:
    """Change fields of the second partition."""
    return lambda plan: plan["Partitions"][1].update(changes)


def _policy(**changes: Any) -> Callable[[Values], None]:
    """Change fields of its policy."""
    return lambda plan: plan["Partitions"][1]["Policy"].update(changes)


def _memory(number: int, **changes: Any) -> Callable[[Values], None]:
    """Change one of its memory requests."""
    return lambda plan: plan["Partitions"][1]["Memory"][number].update(changes)


def _source(**changes: Any) -> Callable[[Values], None]:
    """Change its first boot source."""
    return lambda plan: plan["Partitions"][1]["Boot"]["Sources"][0].update(changes)


def _twin(name: str) -> Callable[[Values], None]:
    """Give the second partition what the first one has."""
    return lambda plan: plan["Partitions"][1].update({name: plan["Partitions"][0][name]})


def _patch(**changes: Any) -> Callable[[Values], None]:
    """Change its second patch."""
    return lambda plan: plan["Partitions"][1]["DsdtPatches"][1].update(changes)


CARD = {"Network": "lan", "Mtu": 1400, "Mac": 0}
"""A card on a network."""


def _cards(segment: int, *cards: Values) -> Callable[[Values], None]:
    """Give the second partition cards."""
    return _change(ChannelSegment=segment, Cards=list(cards))


def _on_network(*cards: Values) -> Callable[[Values], None]:
    """Give each partition a card."""

    def change(plan: Values) -> None:
        for partition, card in zip(plan["Partitions"], cards, strict=True):
            partition.update(ChannelSegment=9, Cards=[card])

    return change


UPLINK = {"Network": "lan", "Card": "PciRoot(0x0)/Pci(0x1F,0x6)"}
"""The way out of a network."""


def _uplink_of_a_partition(behind: str) -> Callable[[Values], None]:
    """Have a network lead out by what is at or behind a partition's port."""

    def change(plan: Values) -> None:
        port = plan["Partitions"][1]["PciBuses"][0]["RootPort"]
        plan["Uplinks"] = [{**UPLINK, "Card": port + behind}]

    return change


ALONE = "PciRoot(0x0)/Pci(0x1F,0x6)"
"""A function that a partition has by itself."""


def _bus(port: str | None, *functions: str, level: str = "MrmIsolationGuarded") -> Callable[[Values], None]:
    """Give the second partition of a level one PCI bus of a port, of functions, or of both."""

    def change(plan: Values) -> None:
        partition = plan["Partitions"][1]
        bus = {**partition["PciBuses"][0], "RootPort": port, "Functions": [{"Path": f} for f in functions]}
        partition.update(Isolation=level, PciBuses=[bus])

    return change


BOARD = {"Name": "board", "Size": 4 << 20}
"""A shared memory."""


def _have(*shared: list[Values]) -> Callable[[Values], None]:
    """Give each partition shared memories."""

    def change(plan: Values) -> None:
        for partition, some in zip(plan["Partitions"], shared, strict=True):
            partition.update(Shared=some)

    return change


DISK = {
    "Kind": "MrmDiskFile",
    "Mode": "MrmDiskReadWrite",
    "Size": 1 << 20,
    "Medium": r"\EFI\MRM\log.img",
    "Serial": "log",
}
"""A served disk."""
MEMORY = {**DISK, "Kind": "MrmDiskMemory", "Medium": None}
GPT = {**DISK, "Kind": "MrmDiskGpt", "Size": 0, "Medium": "data"}
READ, APPEND = {"Mode": "MrmDiskReadOnly"}, {"Mode": "MrmDiskAppendOnly"}


def _disks(*disks: Values) -> Callable[[Values], None]:
    """Give the second partition served disks."""
    return _change(ChannelSegment=9, Disks=list(disks))


def _both_have(*disks: Values) -> Callable[[Values], None]:
    """Give each partition a served disk."""

    def change(plan: Values) -> None:
        for partition, disk in zip(plan["Partitions"], disks, strict=True):
            partition.update(ChannelSegment=9, Disks=[disk])

    return change


def _long_packets_outside(plan: Values) -> None:
    """Have packets longer than those of Ethernet on a network with an uplink."""
    _cards(9, {**CARD, "Mtu": 1501})(plan)
    plan["Uplinks"] = [UPLINK]


def _owners(plan: Values) -> None:
    """Give the chipset to each partition, and nothing else."""
    for partition in plan["Partitions"]:
        partition.update(Isolation="MrmIsolationGuarded", Chipset=True, PciBuses=[], DsdtPatches=[])
        for source in partition["Boot"]["Sources"]:
            source["Segment"] = 0


OWNER = {"Isolation": "MrmIsolationContained", "Chipset": True}
"""It owns the chipset, and may have devices besides."""


def _circle(plan: Values) -> None:
    for number, partition in enumerate(plan["Partitions"]):
        partition["Policy"]["After"] = [1 - number]


def _both(name: str, inner: str | None = None) -> Callable[[Values], None]:
    """Set a truth value in both partitions."""

    def change(plan: Values) -> None:
        for partition in plan["Partitions"]:
            (partition if inner is None else partition[inner])[name] = True

    return change


def _top(**changes: Any) -> Callable[[Values], None]:
    return lambda plan: plan.update(changes)


CONTRADICTIONS: Mapping[str, tuple[Callable[[Values], None], str]] = {
    "name": (_change(Name="Realtime"), "partition 1 (Realtime): its name is not"),
    "same name": (_twin("Name"), "another partition has this name"),
    "same processor": (_twin("ApicIds"), "another partition has one of its processors"),
    "processor twice": (_change(ApicIds=[7, 7]), "it has a processor twice"),
    "same port": (_twin("PciBuses"), "another partition has one of its PCI ports"),
    "port twice": (
        lambda plan: plan["Partitions"][1]["PciBuses"].append(
            {**plan["Partitions"][1]["PciBuses"][0], "Segment": 9}
        ),
        "it has a PCI port twice",
    ),
    "segment twice": (
        lambda plan: plan["Partitions"][1]["PciBuses"].append(
            {**plan["Partitions"][1]["PciBuses"][0], "RootPort": "PciRoot(0x0)/Pci(0x9,0x0)"}
        ),
        "two of its PCI ports are one segment",
    ),
    "neither a port nor functions": (_bus(None), "neither a port nor functions, or both"),
    "a port and functions": (
        _bus("PciRoot(0x0)/Pci(0x9,0x0)", ALONE),
        "neither a port nor functions, or both",
    ),
    "functions of a cooperative one": (
        _bus(None, ALONE, level="MrmIsolationCooperative"),
        "nothing keeps it to them",
    ),
    "function twice": (_bus(None, ALONE, ALONE), "it has a PCI function twice"),
    "a function behind another's port": (
        _bus(None, "PciRoot(0x0)/Pci(0x3,0x0)/Pci(0x0,0x1)"),
        "another partition has one of its PCI ports",
    ),
    "an owner of the chipset without a guard": (
        _change(Isolation="MrmIsolationCooperative", Chipset=True, PciBuses=[]),
        "nothing keeps it from what others have",
    ),
    "an owner of the chipset with a port": (_change(**OWNER), "has devices besides"),
    "an owner of the chipset with a card": (
        _change(**OWNER, PciBuses=[], ChannelSegment=9, Cards=[CARD]),
        "has devices besides",
    ),
    "two owners of the chipset": (_owners, "another partition owns the chipset"),
    "cards without a segment": (_change(Cards=[CARD], ChannelSegment=0), "without a PCI segment"),
    "a segment without cards": (_change(Cards=[], ChannelSegment=9), "a segment without them"),
    "a segment of a port": (_cards(1, CARD), "no PCI segment left for its cards"),
    "a network twice": (_cards(9, CARD, CARD), "it is on a network twice"),
    "the name of a network": (_cards(9, {**CARD, "Network": "Lan"}), "the name of a network is not"),
    "a group's MAC": (_cards(9, {**CARD, "Mac": 1 << 40}), "stands for several"),
    "another MTU": (_on_network({**CARD, "Mtu": 1500}, CARD), "another MTU, or its MAC"),
    "another's MAC": (_on_network({**CARD, "Mac": 2}, {**CARD, "Mac": 2}), "another MTU, or its MAC"),
    "a processor for channels that is not there": (
        lambda plan: plan.update(ChannelApicId=7),
        "it has no processor for channels, and says which one",
    ),
    "a processor for channels that a partition has": (
        lambda plan: plan.update(
            ChannelProcessor=True, ChannelApicId=plan["Partitions"][1]["ApicIds"][0], ChannelByCount=True
        ),
        "the controller's channels have one of its processors",
    ),
    "the network of an uplink": (
        _top(Uplinks=[{**UPLINK, "Network": "Lan"}]),
        "the network of an uplink is not",
    ),
    "two uplinks": (
        _top(Uplinks=[UPLINK, {**UPLINK, "Card": "PciRoot(0x0)/Pci(0x1C,0x0)"}]),
        "a network has two uplinks",
    ),
    "same uplink": (_top(Uplinks=[UPLINK, {**UPLINK, "Network": "back"}]), "the same card as their uplink"),
    "an uplink behind a port": (
        _uplink_of_a_partition("/Pci(0x0,0x0)"),
        "the card of an uplink is a partition's",
    ),
    "a port as an uplink": (_uplink_of_a_partition(""), "the card of an uplink is a partition's"),
    "the MTU of an uplink": (_long_packets_outside, "a larger MTU than what is outside"),
    "disks without a segment": (_change(Disks=[DISK], ChannelSegment=0), "without a PCI segment"),
    "a small disk": (_disks({**MEMORY, "Size": (1 << 20) - 4096}), "less than 1 MiB"),
    "an odd disk": (_disks({**MEMORY, "Size": (1 << 20) + 512}), "not a multiple of 4 KiB"),
    "memory with a name": (_disks({**MEMORY, "Medium": "data"}), "a served disk in memory has a name"),
    "memory of no size": (_disks({**MEMORY, "Size": 0}), "a served disk in memory has a name, no size"),
    "memory to read": (_disks({**MEMORY, **READ}), "does not let its partition write"),
    "a file without a path": (_disks({**DISK, "Medium": None}), "the file of a served disk is not"),
    "a file of no size": (_disks({**DISK, "Size": 0}), "or has no size"),
    "a file FAT cannot have": (_disks({**DISK, "Size": 4 << 30}), "larger than FAT allows"),
    "a partition without a name": (_disks({**GPT, "Medium": None}), "no PARTUUID or label"),
    "a long label": (_disks({**GPT, "Medium": "a" * 37}), "no PARTUUID or label"),
    "a partition with a size": (_disks({**GPT, "Size": 1 << 20}), "or a size"),
    "one file twice": (_disks(DISK, DISK), "it has a served disk twice"),
    "one file in two sizes": (_disks({**DISK, **READ}, {**DISK, **READ, "Size": 2 << 20}), "with two sizes"),
    "another's file": (_both_have(DISK, {**DISK, **READ}), "one of its served disks"),
    "another's file by FAT": (_both_have(DISK, {**DISK, "Medium": r"\efi\mrm\LOG.img"}), "one of its served"),
    "two that append": (_both_have({**DISK, **APPEND}, {**DISK, **APPEND}), "one of its served disks"),
    "another's GPT partition": (_both_have(GPT, {**GPT, **READ}), "one of its served disks"),
    **{
        f"the path {path}": (_disks({**DISK, "Medium": path}), "the file of a served disk is not")
        for path in (
            r"\log.img",
            r"\EFI\MRM\.img",
            r"\EFI\MRM\report.txt",
            r"\EFI\MRM\\log.img",
            r"\EFI\MRM\..\log.img",
            r"\EFI\MRM\disks\.img",
            r"\EFI\MRM\a b.img",
            r"\EFI\MRX\log.img",
            "\\EFI\\MRM\\" + "a" * 108 + ".img",
        )
    },
    "the name of a shared memory": (
        _change(Shared=[{**BOARD, "Name": "Board"}]),
        "the name of a shared memory",
    ),
    "the size of a shared memory": (_change(Shared=[{**BOARD, "Size": 3 << 20}]), "not a multiple of 2 MiB"),
    "a shared memory twice": (_change(Shared=[BOARD, BOARD]), "it has a shared memory twice"),
    "another size": (_have([{**BOARD, "Size": 6 << 20}], [BOARD]), "in another size"),
    "too many shared memories": (
        _have(*([{**BOARD, "Name": f"{kind}{n}"} for n in range(9)] for kind in "ab")),
        "it has too many shared memories",
    ),
    "same console": (_twin("Console"), "another partition has its console"),
    "controller's console": (
        lambda plan: plan["Partitions"][1].update(Console=plan["Console"]),
        "its console is the controller's",
    ),
    "console in memory": (
        lambda plan: plan["Partitions"][1]["Console"].update(Kind="MrmConsoleUart16550Memory"),
        "its console is incomplete",
    ),
    "two displays": (_both("Display"), "more than one partition has the display"),
    "two NMIs": (_both("Nmi", "Policy"), "gets the machine's NMIs"),
    "low slice missing": (
        _memory(0, Purpose="MrmMemoryMain"),
        "its first memory request is not the only one",
    ),
    "low slice twice": (_memory(1, Purpose="MrmMemoryLow"), "its first memory request is not the only one"),
    "part of a page": (_memory(1, Size=0x1800), "not aligned to pages"),
    "odd alignment": (_memory(1, Alignment=0x3000), "its alignment is no power of two"),
    "bounds": (_memory(1, Minimum=1 << 40, Limit=1 << 30), "does not fit between its own bounds"),
    "too large": (_memory(1, Minimum=0, Limit=0x1000, Size=0x2000), "does not fit between its own bounds"),
    "low slice high": (_memory(0, Limit=0xA0000), "reaches higher than what it is for"),
    "no loader": (_source(Loader=None), "a boot source names no file"),
    "initrd of a disk": (_source(Kind="MrmBootDisk", Initrd="\\x"), "an initrd that is no file"),
    "segment of a file": (_source(Segment=1), "behind a PCI port that the partition does not have"),
    "foreign segment": (
        _source(Kind="MrmBootDisk", Segment=77, Initrd=None),
        "behind a PCI port that the partition does not have",
    ),
    "after nobody": (_policy(After=[2]), "it waits for a partition that is not in the plan"),
    "after itself": (_policy(After=[1]), "it waits for a partition that waits for it"),
    "circle": (_circle, "it waits for a partition that waits for it"),
    "permissions for some": (_policy(Permits=[1]), "not one permission for each partition"),
    "unknown permission": (_policy(Permits=[0, 16]), "a permission nobody knows"),
    "store": (_policy(VariableQuota=0x1800), "not a multiple of 4 KiB"),
    "no DSDT": (_change(Dsdt=bytes(36)), "its DSDT is none, or is damaged"),
    "damaged DSDT": (
        lambda plan: plan["Partitions"][1].update(Dsdt=plan["Partitions"][1]["Dsdt"][:-1] + b"\x55"),
        "its DSDT is none, or is damaged",
    ),
    "patch width": (_patch(Width=3), "not 1, 2, 4 or 8 bytes wide"),
    "patch in the header": (
        lambda plan: plan["Partitions"][1]["DsdtPatches"][0].update(Offset=8),
        "lie outside it, or not one behind the other",
    ),
    "patch beyond": (_patch(Offset=1 << 20), "lie outside it, or not one behind the other"),
    "patch of no bus": (_patch(Index=9), "for a PCI bus that it does not have"),
    "digest": (_top(Structure="0123456789ABCDEF"), "one of its digests is none"),
    "short digest": (_top(BuiltInPolicy="0123"), "one of its digests is none"),
    "JSON": (_top(Json=b'{"a":\n1}'), "its JSON is not printable ASCII"),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_a_plan_that_contradicts_itself(decide: Decide, values: Values, name: str) -> None:
    change, words = CONTRADICTIONS[name]
    plan = copy.deepcopy(values)
    change(plan)
    reading = Reading(decide, write(plan))
    assert reading.status == decide.RETURN_COMPROMISED_DATA
    assert words in reading.fault


def test_what_does_not_fit_is_not_written(values: Values) -> None:
    for change, words in (
        (_policy(RestartLimit=1 << 32), "MRM_PLAN_POLICY.RestartLimit: 4294967296 is not from 0"),
        (_change(ApicIds=[]), "MRM_PLAN_PARTITION.ApicIds: 0 elements are not 1 to 256"),
        (_change(Name="x" * 32), "MRM_PLAN_PARTITION.Name: 32 characters are more than 31"),
        (_source(Options="naïve"), "is not printable ASCII"),
        (_top(Title=None), "MRM_PLAN.Title: a text is needed"),
        (_top(More=1), "MRM_PLAN: ['More'] lack or are too much"),
    ):
        plan = copy.deepcopy(values)
        change(plan)
        with pytest.raises(BlobError) as error:
            write(plan)
        assert words in str(error.value)


def _section(decide: Decide, image: bytes) -> bytes | None:
    """What MrmPlanFindSection finds in an image that was loaded."""
    with Guarded(decide.ffi, image) as pointer:
        size = decide.ffi.new("UINTN *")
        found = decide.call("MrmPlanFindSection", decide.ffi.cast("UINT8 *", pointer), len(image), size)
        return None if found == decide.ffi.NULL else bytes(decide.ffi.buffer(found, size[0]))


def _loaded(image: bytes) -> bytes:
    """An image of `plan_image` as a loader lays it out: the section at its address."""
    return image[:0x200].ljust(0x1000, b"\0") + image[0x200:]


@given(blob=st.binary(max_size=3000))
def test_the_section_of_a_loaded_image(decide: Decide, blob: bytes) -> None:
    image = plan_image(blob)
    assert plan_of(image) == blob
    assert _section(decide, _loaded(image)) == blob


@given(data=st.data(), blob=st.binary(min_size=1, max_size=600))
def test_whatever_an_image_says(decide: Decide, data: st.DataObject, blob: bytes) -> None:
    image = bytearray(_loaded(plan_image(blob)))
    for _ in range(data.draw(st.integers(0, 6))):
        image[data.draw(st.integers(0, 0x1FF))] = data.draw(st.integers(0, 255))
    cut = bytes(image[: data.draw(st.integers(0, len(image)))])
    found = _section(decide, cut)
    assert found is None or found in cut


def _matches(decide: Decide, old: Values, new: Values) -> list[int]:
    """For each partition of the new plan which one of the old it is, or -1."""
    readings = [Reading(decide, write(plan)) for plan in (old, new)]
    assert [reading.fault for reading in readings] == ["", ""]
    same = decide.ffi.new("UINT32[]", len(new["Partitions"]))
    decide.call("MrmPlanMatch", readings[0].plan, readings[1].plan, same)
    return [-1 if number == 0xFFFFFFFF else int(number) for number in same]


def test_partitions_are_told_by_name_whatever_their_order(decide: Decide, values: Values) -> None:
    turned = copy.deepcopy(values)
    turned["Partitions"].reverse()
    assert _matches(decide, values, values) == [0, 1]
    assert _matches(decide, values, turned) == [1, 0]


SAME: Mapping[str, Callable[[Values], None]] = {
    "policy": _policy(
        Restart="MrmRestartNever",
        RestartLimit=9,
        BackOffMilliseconds=7,
        Scrub=True,
        AutoStart=False,
        Nmi=True,
        DelayMilliseconds=3,
        FirmwareMilliseconds=5000,
        ShutdownMilliseconds=6000,
        After=[0],
        Permits=[15, 0],
        PcPermits=7,
    ),
    "other processors by count": _change(ApicIds=[6, 7]),
    "another title": _top(Title="other.yaml", Made=5, AllOff="MrmAllOffMenu"),
}
"""Changes after which the second partition is what it was."""

OTHER: Mapping[str, Callable[[Values], None]] = {
    "name": _change(Name="other"),
    "more processors": _change(ApicIds=[5, 6, 7]),
    "named processors": _change(ApicIds=[6, 7], ProcessorsByCount=False),
    "shared cores": _change(SharedCores=True),
    "isolation": _change(Isolation="MrmIsolationGuarded"),
    "memory": _memory(1, Size=0x100000),
    "where memory is": _memory(1, Minimum=0x200000),
    "no devices": _change(PciBuses=[], DsdtPatches=[]),
    "console": lambda plan: plan["Partitions"][1]["Console"].update(BaudRate=9600),
    "display": _change(Display=True),
    "a card": _cards(9, CARD),
    "a served disk": _disks(DISK),
    "shared memory": _change(Shared=[BOARD]),
    "loader": _source(Loader="\\other"),
    "no options": _source(Options=None),
    "options": _source(Options="other"),
    "watchdog": lambda plan: plan["Partitions"][1]["Policy"].update(
        Watchdog=not plan["Partitions"][1]["Policy"]["Watchdog"]
    ),
    "store": _policy(VariableQuota=0x20000),
    "one patch less": lambda plan: plan["Partitions"][1]["DsdtPatches"].pop(),
}
"""Changes after which it is another machine."""


@pytest.mark.parametrize("name", SAME)
def test_what_is_the_same_machine(decide: Decide, values: Values, name: str) -> None:
    plan = copy.deepcopy(values)
    SAME[name](plan)
    assert _matches(decide, values, plan) == [0, 1]


@pytest.mark.parametrize("name", OTHER)
def test_what_is_another_machine(decide: Decide, values: Values, name: str) -> None:
    plan = copy.deepcopy(values)
    OTHER[name](plan)
    assert _matches(decide, values, plan) == [0, -1]
    assert _matches(decide, plan, values) == [0, -1]
