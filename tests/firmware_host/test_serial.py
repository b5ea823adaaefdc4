# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmPartitionLib: kernel parameters that drive somebody else's UART, systems that take the whole PC.

The generator judges the same words; both are held to the same table, and to each other on random ones.
"""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generator.model.machine import Uart
from generator.model.plan import ConsolePlan
from generator.places import Located, Place
from generator.resolve.serial_parameters import foreign_serial_words
from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded
from tests.generator.support import make_linux

PORT, MEMORY, CARD = 0, 1, 2
Found = tuple[str, int, int]


def _foreign(decide: Decide, text: bytes, kind: str = "MrmConsoleNone", base: int = 0) -> list[Found]:
    """Words, kinds and places of all UARTs that are not the console."""
    own = decide.ffi.new("MRM_CONSOLE *")
    own.Kind, own.Base = getattr(decide.lib, kind), base
    memory = Guarded(decide.ffi, text)
    pointer = decide.ffi.cast("CHAR8 *", memory.pointer)
    offset, word = decide.ffi.new("UINTN *"), decide.ffi.new("MRM_SERIAL_WORD *")
    found = []
    while decide.call("MrmForeignSerialWord", pointer, memory.size, own, offset, word):
        name = bytes(decide.ffi.buffer(word.Word, word.Length)).decode("latin-1")
        found.append((name, int(word.Kind), int(word.Base)))
    return found


def _console(port: int | None) -> ConsolePlan | None:
    if port is None:
        return None
    place = Place("m")
    return ConsolePlan(Located("COM", place), Uart(place, "COM", port, 115200, None))


def _both(decide: Decide, text: str, own: int | None) -> list[tuple[str, int | None]]:
    """What the firmware finds; the generator finds the same."""
    kind = "MrmConsoleNone" if own is None else "MrmConsoleUart16550Io"
    found = _foreign(decide, text.encode(), kind, own or 0)
    told = [(word, base if kind == PORT else None) for word, kind, base in found]
    assert told == [(one.word, one.port) for one in foreign_serial_words(text, _console(own))]
    return told


@pytest.mark.parametrize(
    ("text", "own", "found"),
    [
        ("8250.nr_uarts=1 console=ttyS0,9600", 0x3E8, [("console=ttyS0,9600", 0x3F8)]),
        ("8250.nr_uarts=1 console=ttyS0,9600", 0x3F8, []),
        ("8250.nr_uarts=1 console=ttyS1", 0x2F8, [("console=ttyS1", 0x3F8)]),
        ("console=ttyS1", 0x2F8, []),
        ("console=ttyS1 8250.nr-uarts=1", 0x2F8, [("console=ttyS1", 0x3F8)]),
        ("console=ttyS3", None, [("console=ttyS3", 0x2E8)]),
        ("console=ttyS9", None, [("console=ttyS9", 0x3F8)]),
        ("console=ttyS9 8250.nr_uarts=32", None, []),
        ("console=ttyS0 8250.nr_uarts=0", None, []),
        ('console="ttyS0,9600n8"', None, [('console="ttyS0,9600n8"', 0x3F8)]),
        ("console=ttyS", None, [("console=ttyS", 0x3F8)]),
        ("console=0", None, [("console=0", 0x3F8)]),
        ("console=tty0 console=ttyUSB0 console=ttySC0 console=hvc0 earlycon earlyprintk", None, []),
        ("console=uart8250,io,0x2f8,115200n8", 0x2F8, []),
        (
            "console=uart8250,io,0x2f8,115200n8",
            0x3E8,
            [("console=uart8250,io,0x2f8,115200n8", 0x2F8)],
        ),
        ("console=uart,mmio32,0xfe03e000", 0x3E8, [("console=uart,mmio32,0xfe03e000", None)]),
        ("earlycon=uart8250,0xfe000000", None, [("earlycon=uart8250,0xfe000000", None)]),
        ("earlycon=uart8250,io,1016", 0x3F8, []),
        ("earlycon=uart8250,io,01770", 0x3F8, []),
        ("earlyprintk=vga earlyprintk=efi,keep earlyprintk=xdbc", None, []),
        ("earlyprintk=serial", None, [("earlyprintk=serial", 0x3F8)]),
        ("earlyprintk=serial,ttyS1,115200", None, [("earlyprintk=serial,ttyS1,115200", 0x2F8)]),
        ("earlyprintk=ttyS1", 0x2F8, []),
        ("earlyprintk=ttyS2", 0x3E8, [("earlyprintk=ttyS2", 0x3F8)]),
        ("earlyprintk=serial,0x3e8,9600", 0x3E8, []),
        ("earlyprintk=vga,serial,keep", None, [("earlyprintk=vga,serial,keep", 0x3F8)]),
        ("earlyprintk=pciserial,00:18.1", 0x3F8, [("earlyprintk=pciserial,00:18.1", None)]),
        ("kgdboc=ttyS0,115200", 0x2F8, [("kgdboc=ttyS0,115200", 0x3F8)]),
        ("kgdboc=ttyS1", 0x2F8, []),
        ("kgdboc=kbd,ttyS0 8250.nr_uarts=1", 0x2F8, []),
        ("kgdboc=ttyS0 8250.nr_uarts=1", None, [("kgdboc=ttyS0", 0x3F8)]),
        ("kgdboc=kbd", None, []),
        ("xconsole=ttyS0 console console= quiet", None, []),
        ("quiet -- console=ttyS0", None, []),
        ("--x console=ttyS0 8250.nr_uarts=1 -- 8250.nr_uarts=0", None, [("console=ttyS0", 0x3F8)]),
    ],
)
def test_uarts_of_others(
    decide: Decide, text: str, own: int | None, found: list[tuple[str, int | None]]
) -> None:
    assert _both(decide, text, own) == found


def test_a_card_s_uart_is_known_by_its_address(decide: Decide) -> None:
    text = b"console=uart8250,mmio,0xfe000000 console=uart8250,mmio,0xfe001000 console=ttyS0"
    assert _foreign(decide, text, "MrmConsoleUart16550Memory", 0xFE000000) == [
        ("console=uart8250,mmio,0xfe001000", MEMORY, 0xFE001000),
        ("console=ttyS0", PORT, 0x3F8),
    ]


PIECES = st.sampled_from(
    [
        *("console=", "earlycon=", "earlyprintk=", "kgdboc=", "8250.nr_uarts=", "8250_core.nr-uarts="),
        *(
            "ttyS",
            "uart8250",
            "uart",
            "serial",
            "pciserial",
            "io",
            "mmio",
            "mmio32",
            "kbd",
            "x",
            "keep",
            " -- ",
        ),
        *("0x3f8", "0x2F8", "0x", "017", "08", "0", "1", "2", "4", "9", "9" * 20, ",", ".", '"', " "),
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join), st.sampled_from([None, 0x3F8, 0x2F8, 0x3E8, 0x5678]))
@example('console="ttyS0 console=ttyS1', None)
def test_firmware_and_generator_agree(decide: Decide, text: str, own: int | None) -> None:
    _both(decide, text, own)


@given(st.binary(max_size=64))
def test_any_bytes_are_read_within_their_room(decide: Decide, text: bytes) -> None:
    for prefix in (b"", b"console=", b"earlyprintk=", b"kgdboc=ttyS", b"console=uart8250,mmio,0x"):
        for word, kind, _ in _foreign(decide, prefix + text):
            assert word and kind in (PORT, MEMORY, CARD)


@pytest.mark.parametrize(
    ("text", "there"),
    [
        (b"GNU Mach 1.8+git20221224-486", True),
        (b"GNU Mach ...\0\0\0\0", False),
        (b"GNU Make 4.3 and", False),
    ],
)
def test_gnu_mach_is_known_by_its_version(decide: Decide, text: bytes, there: bool) -> None:
    memory = Guarded(decide.ffi, text[: decide.MRM_MACH_MARK])
    assert bool(decide.call("MrmIsMach", decide.ffi.cast("UINT8 *", memory.pointer))) is there


@pytest.mark.parametrize(
    ("banner", "there"),
    [
        (b"Memtest86+ v6.10", True),
        (b"Memtest86+ v6", True),
        (b"Memtest86+ v", False),  # it is cut off there
        (b"Memtest86+ versus", False),
        (b"6.12.0 (not Memtest86+ v6)", False),
    ],
)
def test_memtest_is_known_by_the_version_in_its_header(decide: Decide, banner: bytes, there: bool) -> None:
    """Anybody else may carry the same words, such as a menu that offers it."""
    image = make_linux(banner.decode())
    end = image.index(banner) + len(banner)
    assert end > decide.MRM_LINUX_BOOT_PARAMS
    for magic, found in ((b"HdrS", there), (b"hDRs", False)):
        memory = Guarded(decide.ffi, image[:end].replace(b"HdrS", magic))
        pointer = decide.ffi.cast("UINT8 *", memory.pointer)
        assert bool(decide.call("MrmIsMemtest", pointer, memory.size)) is found


PLANTED = st.sampled_from(
    [
        (0, b"BOOT_IMAGE=/vmlinuz"),
        (0, b"GNU Mach 1.8"),
        (0x202, b"HdrS"),
        (0x1FE, b"\x55\xaaxxHdrS"),
        (0x210, b"\x21"),
        (0x1F2, b"\1\0"),
        (0x1FA, b"\xff\xff"),
        (0x22C, b"\xff\xff\xff\x7f"),
        (0x228, b"\0\0\1\0"),
        (0x20E, b"\x20\0"),
        (0x220, b"Memtest86+ v6"),
    ]
)


@given(
    size=st.integers(0, 0x230 + 200),
    filling=st.binary(min_size=1, max_size=40),
    planted=st.lists(st.tuples(st.integers(0, 14), PLANTED), max_size=12),
)
def test_no_place_is_passed_by_where_something_is(
    decide: Decide, size: int, filling: bytes, planted: list[tuple[int, tuple[int, bytes]]]
) -> None:
    content = bytearray((filling * (size // len(filling) + 1))[:size])
    for step, (offset, data) in planted:
        place = step * decide.MRM_PLACE_STEP + offset
        if place + len(data) <= size:
            content[place : place + len(data)] = data
    memory = Guarded(decide.ffi, bytes(content))
    pointer = decide.ffi.cast("UINT8 *", memory.pointer)
    places = []
    offset = decide.call("MrmNextPlace", pointer, 0, size)
    while offset < size:
        places.append(offset)
        assert size - offset >= decide.MRM_LINUX_BOOT_PARAMS and offset % decide.MRM_PLACE_STEP == 0
        offset = decide.call("MrmNextPlace", pointer, offset + decide.MRM_PLACE_STEP, size)
    assert offset == size
    for place in range(0, size - decide.MRM_LINUX_BOOT_PARAMS + 1, decide.MRM_PLACE_STEP):
        there = pointer + place
        if (
            decide.call("MrmIsMemtest", there, size - place)
            or decide.call("MrmIsMach", there)
            or decide.call("MrmIsGrubCommandLine", there)
            or decide.call("MrmLinuxCommandLine", there)
        ):
            assert place in places
