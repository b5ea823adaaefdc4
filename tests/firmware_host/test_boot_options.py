# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The options of a loader, completed by the controller (MrmMachineLib)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded


def complete(decide: Decide, options: str, khz: int, kind: str, base: int, capacity: int = 200) -> str:
    """Return the options as the loader gets them."""
    plan = Guarded(decide.ffi, f"{options}\0".encode("utf-16-le"))
    text = Guarded(decide.ffi, b"\xff" * (2 * capacity))
    console = decide.ffi.new("MRM_CONSOLE *", (getattr(decide, kind), 115200, base))
    cast = decide.ffi.cast
    size = decide.call(
        "MrmBootOptions",
        *(cast("CHAR16 *", plan.pointer), khz, console, cast("CHAR16 *", text.pointer), capacity),
    )
    written = text.contents()[:size].decode("utf-16-le")
    assert written.endswith("\0")
    return written[:-1]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", ""),
        ("quiet", "quiet"),
        ("tsc_khz={tsc_khz} quiet", "tsc_khz=2400000 quiet"),
        ("{tsc_khz}{tsc_khz}", "24000002400000"),
        ("console=uart8250,{console},115200", "console=uart8250,io,0x2F8,115200"),
        ("{tsc_khz", "{tsc_khz"),
        ("{{console}}", "{io,0x2F8}"),
        ("{other}", "{other}"),
    ],
)
def test_placeholders_are_replaced(decide: Decide, options: str, expected: str) -> None:
    assert complete(decide, options, 2_400_000, "MrmConsoleUart16550Io", 0x2F8) == expected


def test_a_console_in_memory(decide: Decide) -> None:
    assert complete(decide, "{console}", 0, "MrmConsoleUart16550Memory", 0xFE000000) == "mmio,0xFE000000"
    highest = complete(decide, "{tsc_khz} {console}", 2**64 - 1, "MrmConsoleUart16550Memory", 2**64 - 1)
    assert highest == f"{2**64 - 1} mmio,0x{'F' * 16}"


PIECES = st.sampled_from(["{tsc_khz}", "{console}", "{tsc_", "{", "quiet ", "x"])


@given(pieces=st.lists(PIECES, max_size=12), khz=st.integers(0, 2**64 - 1), capacity=st.integers(1, 40))
def test_what_does_not_fit_is_cut(decide: Decide, pieces: list[str], khz: int, capacity: int) -> None:
    options = "".join(pieces)
    expected = options.replace("{tsc_khz}", str(khz)).replace("{console}", "io,0x3F8")
    assert (
        complete(decide, options, khz, "MrmConsoleUart16550Io", 0x3F8, capacity) == expected[: capacity - 1]
    )
