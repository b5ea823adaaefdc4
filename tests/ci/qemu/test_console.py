# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A console answers for itself and for the time asked about, for nothing else."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from ci.qemu.console import Console
from ci.qemu.guest import Guest, Tick, steady

Result = TypeVar("Result")


class Impatient:
    """Looks once; a wait that would have to wait fails."""

    def until(self, look: Callable[[], Result | None], timeout: float, what: str) -> Awaitable[Result]:
        async def now() -> Result:
            result = look()
            if result is None:
                raise TimeoutError(f"{what} within {timeout}")
            return result

        return now()


def console(name: str = "COM2") -> tuple[Console, bytearray]:
    written = bytearray()
    return Console(name, Impatient(), written.extend), written


def tick(n: int, boot: str = "b") -> bytes:
    return f'\x1b]5380;MRM-TICK {{"boot":"{boot}","n":{n},"up":{n}.5}}\x07'.encode()


def test_text_after_a_cursor_is_found() -> None:
    line, _ = console()
    here = line.mark()
    line.received(b"login: ")
    found = asyncio.run(line.wait_for("login: ", 1, since=here))
    assert found.match.group() == "login: "
    assert found.cursor == line.mark()


def test_the_past_does_not_count() -> None:
    line, _ = console()
    line.received(b"login: ")
    with pytest.raises(TimeoutError, match="COM2"):
        asyncio.run(line.wait_for("login: ", 1))


def test_an_anchor_does_not_see_the_past() -> None:
    line, _ = console()
    line.received(b"half a ")
    here = line.mark()
    line.received(b"line\nnext\n")
    assert line.find("^next$", here)
    assert line.find("a line", here) is None


def test_a_cursor_of_another_console_is_refused() -> None:
    (one, _), (other, _) = console("COM2"), console("COM3")
    with pytest.raises(ValueError, match="cursor of console COM3 used on console COM2"):
        one.find("x", other.mark())


def test_reports_of_the_past_do_not_count() -> None:
    line, _ = console()
    line.received(tick(1))
    with pytest.raises(TimeoutError):
        asyncio.run(line.wait_for_event("MRM-TICK", 1))
    assert [event.data["n"] for event in line.events("MRM-TICK", line.start())] == [1]


def test_a_report_right_after_the_text_found_comes_after_its_cursor() -> None:
    line, _ = console()
    line.received(tick(1) + b"ready" + tick(2))
    found = line.find("ready", line.start())
    assert found
    assert [event.data["n"] for event in line.events("MRM-TICK", found.cursor)] == [2]


def test_condition_on_a_report() -> None:
    line, _ = console()
    line.received(tick(1) + tick(2))
    event = asyncio.run(line.wait_for_event("MRM-TICK", 1, line.start(), where=lambda data: data["n"] == 2))
    assert event.data["n"] == 2


def test_typing_sends_the_enter_key() -> None:
    line, written = console()
    line.send("reboot -f\n")
    assert written == b"reboot -f\r"


def test_garbled_reports_can_be_asked_for() -> None:
    line, _ = console()
    line.received(b"\x1b]5380;MRM-TICK {oops\x07")
    assert line.garbled(line.start()) == ["MRM-TICK {oops"]


def test_listeners_get_the_three_views() -> None:
    line, _ = console()
    heard: list[tuple[bytes, str, int]] = []
    line.listen(lambda terminal, text, reports: heard.append((terminal, text, len(reports))))
    line.received(b"\x1b[1mx\r\n" + tick(1))
    assert heard == [(b"\x1b[1mx\r\n", "x\n", 1)]


def test_command_output_is_what_stands_between_echo_and_end() -> None:
    line, written = console()

    class Shell(Impatient):
        """Answers a command the moment it is waited for."""

        def until(self, look: Callable[[], Result | None], timeout: float, what: str) -> Awaitable[Result]:
            typed = bytes(written).decode().rstrip("\r")
            token = typed.split("mrm-done ")[1].split()[0]
            answer = f'{typed}\r\n6.1\r\n\x1b]5380;MRM-DONE {{"token":"{token}","status":3}}\x07'
            line.received(answer.encode())
            return super().until(look, timeout, what)

    line._waiter = Shell()
    done = asyncio.run(Guest(line, "steady").run("uname -r"))
    assert (done.status, done.output) == (3, "6.1\n")


@pytest.mark.parametrize(
    ("ticks", "expected"),
    [
        ([Tick("b", 1, 1.0), Tick("b", 2, 2.0)], True),
        ([Tick("b", 1, 1.0), Tick("b", 3, 3.0)], False),
        ([Tick("b", 1, 1.0), Tick("c", 2, 2.0)], False),
        ([Tick("b", 1, 1.0), Tick("b", 2, 1.0)], False),
    ],
    ids=["steady", "gap", "another boot", "clock stands still"],
)
def test_steady_ticks(ticks: list[Tick], expected: bool) -> None:
    assert steady(ticks) is expected


def test_the_latest_report_of_a_kind() -> None:
    line, _ = console()
    assert line.latest("MRM-TICK") is None
    line.received(tick(1) + tick(2) + b'\x1b]5380;MRM-BOOT {"boot":"b"}\x07')
    latest = line.latest("MRM-TICK")
    assert latest and latest.data["n"] == 2
