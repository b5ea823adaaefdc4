# SPDX-License-Identifier: BSD-2-Clause-Patent
"""MrmScreenLib: what the status screen shows in any size, and what keys do."""

import re
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded

U32 = (1 << 32) - 1
UP, DOWN, HOME, END, PAGE_UP, PAGE_DOWN, ESCAPE = 1, 2, 5, 6, 9, 10, 0x17
"""EFI scan codes."""

LOG = "".join(f"{number:7}.000 line {number}\n" for number in range(60))
PRINTABLE = re.compile("[ -~]*")


class Grid:
    """An MRM_GRID in memory that ends where it ends."""

    def __init__(self, decide: Decide, columns: int, rows: int) -> None:
        self._decide, self._columns = decide, columns
        self._cells = Guarded(decide.ffi, b"\0" * (columns * rows))
        self._styles = Guarded(decide.ffi, b"\xff" * rows)
        cells = decide.ffi.cast("CHAR8 *", self._cells.pointer)
        styles = decide.ffi.cast("UINT8 *", self._styles.pointer)
        self.c = decide.ffi.new(
            "MRM_GRID *", {"Columns": columns, "Rows": rows, "Cells": cells, "Styles": styles}
        )

    @property
    def rows(self) -> list[str]:
        """What is in it."""
        text = self._cells.contents().decode("latin-1")
        return [text[i : i + self._columns] for i in range(0, len(text), self._columns)]

    @property
    def styles(self) -> list[int]:
        """How its rows look."""
        return list(self._styles.contents())


class Screen:
    """An MRM_SCREEN, and what there is to show."""

    def __init__(
        self,
        decide: Decide,
        partitions: Sequence[tuple[str, str, str]] = (
            ("steady", "Running", ""),
            ("realtime", "Off", "asked"),
        ),
        text: str = LOG,
        now: int = 3723000,
    ) -> None:
        """Each partition has a name, a state as MRM_STATE has it, and words."""
        ffi, self._decide, self.count, self.now = decide.ffi, decide, len(partitions), now
        self.screen = ffi.new("MRM_SCREEN *", {"View": decide.MrmViewStatus})
        self.lives = [
            ffi.new(
                "MRM_LIFECYCLE *", {"State": getattr(decide, f"MrmState{state}"), "Since": 1000, "Starts": 3}
            )
            for _, state, _ in partitions
        ]
        self._names = [ffi.new("CHAR8[]", name.encode("latin-1")) for name, _, _ in partitions]
        self._words = [ffi.new("CHAR8[]", words.encode("latin-1")) for _, _, words in partitions]
        self._plans = ffi.new(
            "MRM_PLAN_PARTITION[]", [{"Name": name, "ProcessorCount": 12} for name in self._names]
        )
        self.plan = ffi.new("MRM_PLAN *", {"PartitionCount": self.count, "Partitions": self._plans})
        states = [
            {"Plan": self._plans + i, "Life": self.lives[i], "Words": self._words[i], "Memory": 640 << 20}
            for i in range(self.count)
        ]
        self._states = ffi.new("MRM_STATE_FACTS[]", states)
        self._strings = [ffi.new("CHAR8[]", s.encode("latin-1")) for s in ("0.1", "some.yaml", text)]
        version, title, shown = self._strings
        facts = {"Version": version, "Title": title, "Text": shown, "Partitions": self._states}
        self._facts = ffi.new("MRM_SCREEN_FACTS *", {**facts, "Now": now, "Count": self.count})

    def render(self, columns: int = 79, rows: int = 25) -> Grid:
        """Render into a new grid."""
        grid = Grid(self._decide, columns, rows)
        self._decide.call("MrmScreenRenderGrid", self.screen, self._facts, grid.c)
        return grid

    def key(self, key: str | int, after: int = 0) -> int:
        """Press a key: a character or a scan code; return what is to be done."""
        scan, char = (key, 0) if isinstance(key, int) else (0, ord(key))
        return int(self._decide.call("MrmScreenKey", self.screen, self.count, scan, char, self.now + after))

    def keys(self, keys: Iterable[str | int]) -> list[int]:
        """Press keys; return what is to be done after each that does something."""
        return [action for key in keys if (action := self.key(key)) != self._decide.MrmScreenNothing]

    def tick(self, after: int) -> int:
        """Let milliseconds go by; return what is to be done."""
        return int(self._decide.call("MrmScreenTick", self.screen, self.count, self.now + after))

    def order(self) -> tuple[int, int, int]:
        """Kind, verb and target of the order."""
        order = self.screen.Order
        return order.Kind, order.Verb, order.Target


def test_status_at_80_columns(decide: Decide) -> None:
    shown = Screen(decide, [("steady", "Running", ""), ("realtime", "Failed", "watchdog")])
    shown.screen.Selected = 1
    grid = shown.render()
    assert grid.rows[0] == " MRM 0.1  some.yaml" + " " * 47 + "  up 1:02:03 "
    assert [row.split() for row in grid.rows[1:4]] == [
        ["name", "state", "for", "starts", "failed", "processors", "memory"],
        ["1", "steady", "running", "1", "h", "02", "min", "3", "0", "12", "640", "MiB"],
        [">", "2", "realtime", "failed", "1", "h", "02", "min", "3", "0", "12", "640", "MiB"],
    ]
    ends = [
        re.search(f"{word}(?= |$)", row) for word, row in zip(("memory", "MiB"), grid.rows[1:3], strict=True)
    ]
    assert len({found.end() for found in ends if found}) == 1, "columns do not end where their headings do"
    assert grid.rows[5].rstrip() == "  realtime: failed: watchdog"
    assert [row.split()[-1] for row in grid.rows[8:23]] == [str(number) for number in range(45, 60)]
    assert grid.styles[0] == grid.styles[24] == decide.MrmStyleBar
    assert grid.styles[3] == decide.MrmStyleAlarm


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0 s"),
        (59999, "59 s"),
        (60000, "1 min"),
        (3600000, "1 h 00 min"),
        (86399999, "23 h 59 min"),
        (86400000, "1 d 0 h"),
        (999 * 86400000, "999 d 0 h"),
    ],
)
def test_durations(decide: Decide, milliseconds: int, text: str) -> None:
    shown = Screen(decide, now=milliseconds + 1000)
    assert re.search(r"running {2,}(.*?)  ", shown.render().rows[2])[1] == text  # type: ignore[index]


def test_a_start_to_come_is_told(decide: Decide) -> None:
    shown = Screen(decide, [("one", "Restarting", "panic")])
    life = shown.lives[0]
    life.StartWanted = life.StartTimed = 1
    life.StartAt = shown.now + 1500
    assert shown.render().rows[4].rstrip() == "  one: restarting: panic; starts in 2 s"
    life.StartTimed = 0
    assert shown.render().rows[4].rstrip() == "  one: restarting: panic; starts after others"


NAMES = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=31)


@given(
    columns=st.integers(1, 250),
    rows=st.integers(1, 100),
    names=st.lists(NAMES, min_size=1, max_size=64),
    words=st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=255),
    text=st.text(st.characters(min_codepoint=1, max_codepoint=255)),
    view=st.sampled_from(["Status", "Log", "Console", "Help"]),
    numbers=st.tuples(*[st.integers(0, U32)] * 3),
    asking=st.booleans(),
)
def test_any_size_and_any_bytes(
    decide: Decide,
    columns: int,
    rows: int,
    names: list[str],
    words: str,
    text: str,
    view: str,
    numbers: tuple[int, int, int],
    asking: bool,
) -> None:
    """No cell is left out, nothing is written beside the grid, and only printable ASCII leaves it."""
    shown = Screen(decide, [(name, "Failed", words) for name in names], text)
    screen = shown.screen
    screen.View = getattr(decide, f"MrmView{view}")
    screen.Selected, screen.Top, screen.Back = numbers
    screen.Asking = asking
    grid = shown.render(columns, rows)
    assert all(PRINTABLE.fullmatch(row) for row in grid.rows)
    assert all(style < decide.MrmStyleMax for style in grid.styles)
    assert screen.Selected < len(names)
    again = shown.render(columns, rows)
    assert (again.rows, again.styles) == (grid.rows, grid.styles)


@given(count=st.integers(1, 64), selected=st.integers(0, 63), rows=st.integers(6, 100))
def test_the_selected_partition_is_seen(decide: Decide, count: int, selected: int, rows: int) -> None:
    shown = Screen(decide, [(f"p{number}", "Running", "") for number in range(1, count + 1)])
    shown.screen.Selected = selected = min(selected, count - 1)
    grid = shown.render(rows=rows)
    assert [row.split()[:3] for row in grid.rows if row.startswith(">")] == [
        [">", str(selected + 1), f"p{selected + 1}"]
    ]


def test_many_partitions_scroll_and_leave_room(decide: Decide) -> None:
    shown = Screen(decide, [(f"p{number}", "Running", "") for number in range(1, 65)])
    shown.key(END)
    grid = shown.render()
    listed = [row[5:9].strip() for row in grid.rows if "running" in row and "MiB" in row]
    assert listed[-1] == "p64" and len(listed) == 13
    assert grid.rows[15].strip() == "52 to 64 of 64"
    assert grid.rows[22].split()[-1] == "59"


def test_a_wide_screen_says_why(decide: Decide) -> None:
    shown = Screen(decide, [("x" * 31, "Restarting", "its memory cannot hold what it starts with")])
    wide, narrow = shown.render(columns=159), shown.render()
    assert wide.rows[1].split()[-1] == "why"
    assert "x" * 31 + " restarting" in wide.rows[2]
    assert wide.rows[2].rstrip().endswith("its memory cannot hold what it starts with")
    assert "x" * 16 + "~ restarting" in narrow.rows[2]


def test_long_lines_are_folded(decide: Decide) -> None:
    shown = Screen(decide, text="first\n" + "a" * 20 + "\nlast\n")
    shown.screen.View = decide.MrmViewLog
    assert [row.rstrip() for row in shown.render(columns=15, rows=7).rows[1:5]] == [
        "first",
        "a" * 15,
        "a" * 5,
        "last",
    ]


def test_scrolling_stops_at_both_ends(decide: Decide) -> None:
    shown = Screen(decide)
    assert shown.key("l") == decide.MrmScreenRender

    def last() -> str:
        return shown.render(rows=13).rows[10].split()[-1]

    found = [last()]
    for key in (UP, "k", DOWN, PAGE_UP, HOME, UP, PAGE_DOWN, "u", END, DOWN):
        shown.key(key)
        found.append(last())
    assert found == ["59", "58", "57", "58", "49", "9", "9", "18", "9", "59", "59"]


def test_verbs_ask_and_only_y_does_it(decide: Decide) -> None:
    verbs = {"t": "Stop", "x": "Stop", "r": "Restart", "n": "Nmi"}
    for key, verb in verbs.items():
        shown = Screen(decide)
        assert shown.keys(["2", key]) == [decide.MrmScreenRender] * 2
        words = {"Nmi": "nmi", "Stop": "stop", "Restart": "restart"}[verb]
        assert shown.render().rows[-2].rstrip() == f" {words} realtime? y/n"
        assert shown.key("y") == decide.MrmScreenOrder
        assert shown.order() == (decide.MrmOrderPartition, getattr(decide, f"MrmVerb{verb}"), 1)
        for refusal in ("n", "Y", "\r", " ", "t", UP):
            assert shown.key(key) == decide.MrmScreenRender and shown.screen.Asking
            assert shown.key(refusal) == decide.MrmScreenRender and not shown.screen.Asking
            assert shown.screen.Selected == 1
        assert shown.key("y") == decide.MrmScreenNothing


def test_the_pc_is_asked_about_too(decide: Decide) -> None:
    for key, kind, words in (("b", "Reboot", "pc reboot"), ("o", "PowerOff", "pc power-off")):
        shown = Screen(decide)
        shown.key(key)
        assert shown.render().rows[-2].rstrip() == f" {words}? y/n"
        assert shown.key("y") == decide.MrmScreenOrder
        assert shown.order()[0] == getattr(decide, f"MrmOrderPc{kind}")


def test_a_start_needs_no_question_and_is_answered(decide: Decide) -> None:
    shown = Screen(decide)
    assert shown.keys([DOWN, "s"]) == [decide.MrmScreenRender, decide.MrmScreenOrder]
    assert shown.order() == (decide.MrmOrderPartition, decide.MrmVerbStart, 1)
    decide.call("MrmScreenAnswer", shown.screen, shown.plan, b"refused: it runs")
    assert shown.render().rows[-2].rstrip() == " start realtime: refused: it runs"
    shown.key(UP)
    assert shown.render().rows[-2].strip() == ""


def test_verbs_are_heard_only_where_their_partition_is_seen(decide: Decide) -> None:
    for view in "lch":
        shown = Screen(decide)
        shown.key(view)
        assert shown.keys("strnxboy") == []


def test_an_order_has_the_words_of_a_request(decide: Decide) -> None:
    """What the screen calls an order, a partition may ask for in the same words."""
    shown = Screen(decide)
    for keys in ("s", "ty", "ry", "ny", "by", "oy", "Ty", "Xy", "Ry", "By", "Oy"):
        assert shown.keys(keys)[-1] == decide.MrmScreenOrder
        buffer = decide.ffi.new("CHAR8[64]")
        text, order = decide.ffi.new("MRM_TEXT *"), decide.ffi.new("MRM_ORDER *")
        decide.call("MrmTextBegin", text, buffer, 64)
        name = shown.plan.Partitions[0].Name
        decide.call("MrmScreenOrderText", decide.ffi.addressof(shown.screen, "Order"), name, text)
        words = decide.ffi.string(buffer)
        assert decide.call("MrmOrderParse", words, len(words), shown.plan, order) == decide.RETURN_SUCCESS
        assert (order.Kind, order.Target) == (shown.screen.Order.Kind, 0)
        assert order.AtOnce == shown.screen.Order.AtOnce == keys[0].isupper()
        if order.Kind == decide.MrmOrderPartition:
            assert order.Verb == shown.screen.Order.Verb


def test_a_question_is_dropped_in_the_end(decide: Decide) -> None:
    shown = Screen(decide)
    shown.key("t")
    assert shown.tick(decide.MRM_SCREEN_QUESTION_TIME - 1) == decide.MrmScreenNothing
    assert shown.tick(decide.MRM_SCREEN_QUESTION_TIME) == decide.MrmScreenRender
    assert shown.key("y") == decide.MrmScreenNothing


def test_a_plain_key_opens_the_screen_and_q_closes_it(decide: Decide) -> None:
    shown = Screen(decide)
    shown.screen.View = decide.MrmViewClosed
    assert shown.keys(["\0", "\x0c", "\x1b"]) == []
    assert shown.tick(1000) == decide.MrmScreenNothing
    assert shown.keys("\x1b[24;80R") == [], "a terminal that tells its size is no operator"
    assert shown.key("t") == decide.MrmScreenOpen and not shown.screen.Asking
    assert shown.keys("lq") == [decide.MrmScreenRender] * 2
    assert shown.screen.View == decide.MrmViewStatus
    assert shown.key("q") == decide.MrmScreenClose and shown.screen.View == decide.MrmViewClosed


def test_escape_goes_back_when_nothing_follows_it(decide: Decide) -> None:
    shown = Screen(decide)
    shown.key("l")
    assert shown.key(ESCAPE) == shown.tick(decide.MRM_SCREEN_ESCAPE_TIME - 1) == decide.MrmScreenNothing
    assert shown.tick(decide.MRM_SCREEN_ESCAPE_TIME) == decide.MrmScreenRender
    assert shown.screen.View == decide.MrmViewStatus
    shown.key("\x1b")
    assert shown.tick(decide.MRM_SCREEN_ESCAPE_TIME) == decide.MrmScreenClose


def test_a_keyboard_s_escape_key_goes_back_at_once(decide: Decide) -> None:
    shown = Screen(decide)
    shown.screen.Keyboard = True
    assert shown.keys(["l", ESCAPE, ESCAPE]) == [
        decide.MrmScreenRender,
        decide.MrmScreenRender,
        decide.MrmScreenClose,
    ]


@pytest.mark.parametrize(
    ("sequence", "selected"),
    [("[A", 3), ("[B", 5), ("OA", 3), ("OB", 5), ("[H", 0), ("[1~", 0), ("[4~", 9), ("OF", 9), ("[6~", 9)],
)
def test_sequences_that_are_keys(decide: Decide, sequence: str, selected: int) -> None:
    shown = Screen(decide, [(f"p{number}", "Running", "") for number in range(10)])
    shown.render()
    shown.screen.Selected = 4
    assert shown.keys([ESCAPE, *sequence]) == [decide.MrmScreenRender]
    assert shown.screen.Selected == selected


@pytest.mark.parametrize(
    "sequence", ["[15~", "OP", "Ot", "[3;5~", "[200~", "[?1;2c", "t", "[99999999999R", "[1;1R", "[3;80R"]
)
def test_sequences_that_are_not(decide: Decide, sequence: str) -> None:
    """A function key or an answer of the terminal does nothing, least of all what its letters would."""
    shown = Screen(decide)
    assert shown.keys([ESCAPE, *sequence]) == []
    assert not shown.screen.Asking and shown.screen.View == decide.MrmViewStatus


def test_a_terminal_tells_its_size(decide: Decide) -> None:
    shown = Screen(decide)
    assert shown.key("\x0c") == decide.MrmScreenRepaint
    assert shown.keys([ESCAPE, *"[14;132R"]) == [decide.MrmScreenResize]
    assert (shown.screen.TerminalRows, shown.screen.TerminalColumns) == (14, 132)


@given(keys=st.lists(st.one_of(st.integers(0, 0x17), st.characters(max_codepoint=0xFF)), max_size=60))
def test_no_keys_lead_astray(decide: Decide, keys: list[str | int]) -> None:
    """Whatever is typed: every order that ends something was asked about, and y was the answer."""
    shown = Screen(decide)
    shown.screen.View = decide.MrmViewClosed
    for number, key in enumerate(keys):
        asked = bool(shown.screen.Asking)
        action = shown.key(key, number)
        if action == decide.MrmScreenOrder and shown.order()[:2] != (
            decide.MrmOrderPartition,
            decide.MrmVerbStart,
        ):
            assert asked and key == "y"
        assert shown.screen.Selected < shown.count
        shown.render()


def _cells(decide: Decide, text: str, style: int) -> Grid:
    grid = Grid(decide, len(text), 1)
    grid.c.Styles[0] = style
    for column, character in enumerate(text):
        grid.c.Cells[column] = character.encode()
    return grid


@given(old=st.text("ab", min_size=1, max_size=12), data=st.data(), styles=st.tuples(*[st.integers(0, 1)] * 2))
def test_what_is_painted(decide: Decide, old: str, data: st.DataObject, styles: tuple[int, int]) -> None:
    """What differs is painted, no more than from the first difference to the last; a new style, all of it."""
    new = data.draw(st.text("ab", min_size=len(old), max_size=len(old)))
    shown, wanted = _cells(decide, old, styles[0]), _cells(decide, new, styles[1])
    first, count = decide.ffi.new("UINT32 *"), decide.ffi.new("UINT32 *")
    differs = decide.call("MrmGridDiffers", shown.c, wanted.c, 0, first, count)
    columns = [i for i, (a, b) in enumerate(zip(old, new, strict=True)) if a != b or styles[0] != styles[1]]
    assert bool(differs) == bool(columns)
    if columns:
        assert (first[0], count[0]) == (columns[0], columns[-1] - columns[0] + 1)
