# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What a campaign is judged to have shown."""

import json
from dataclasses import replace

import pytest

from ci.faults.kinds import KINDS
from ci.faults.schedule import Injection
from ci.faults.verdict import Campaign, Neighbour, Outcome, Work, last_line, longest_gap, table, to_json
from ci.qemu.guest import Tick

TICKS = [Tick("a", n, 10.0 + n) for n in range(1, 6)]
FAULT = Injection(1, "left", KINDS[0], 0.5)
CALM = Neighbour("right", TICKS, Work(rounds=3, asked=3))
GOOD = Outcome(FAULT, (), 12.5, (CALM,))


def campaign(*outcomes: Outcome, planned: int | None = None) -> Campaign:
    return Campaign(7, len(outcomes) if planned is None else planned, {"left": 1.0, "right": 1.01}, outcomes)


def test_a_fault_that_nobody_noticed_is_survived() -> None:
    assert GOOD.complaints == []
    assert campaign(GOOD).ok


@pytest.mark.parametrize(
    ("neighbour", "complaint"),
    [
        (replace(CALM, ticks=TICKS[:2] + TICKS[3:]), "right: its clock stopped or started anew"),
        (replace(CALM, ticks=[*TICKS[:3], Tick("b", 4, 14.0)]), "right: its clock stopped or started anew"),
        (replace(CALM, ticks=TICKS[:1]), "right: its clock stopped or started anew"),
        (replace(CALM, work=Work(3, 1, 0, 0)), "right: 1 of 3 blocks came back wrong"),
        (replace(CALM, work=Work(3, 0, 3, 2)), "right: 2 of 3 echoes were lost"),
    ],
)
def test_what_a_neighbour_loses_is_a_complaint(neighbour: Neighbour, complaint: str) -> None:
    outcome = replace(GOOD, neighbours=(neighbour,))
    assert outcome.complaints == [complaint]
    assert not campaign(outcome).ok


WRONG = ("processors: promised 2, seen 1",)


@pytest.mark.parametrize(
    ("outcome", "sums"),
    [
        (replace(GOOD, broken=WRONG), (2, 0, 0)),
        (replace(GOOD, leaked=WRONG), (2, 1, 0)),
        (replace(GOOD, lost=WRONG), (2, 0, 1)),
        (replace(GOOD, broken=WRONG, seconds=None), (1, 0, 0)),
    ],
)
def test_what_the_victim_lost_is_a_complaint(outcome: Outcome, sums: tuple[int, int, int]) -> None:
    assert outcome.complaints == ["left: processors: promised 2, seen 1"]
    both = campaign(GOOD, outcome)
    assert not both.ok
    assert (both.restarts, both.leaks, both.lost) == sums
    assert last_line(both) == "fault 1 left cold-reset of 2: left: processors: promised 2, seen 1"


def test_a_campaign_that_ended_early_is_not_ok() -> None:
    assert not campaign(GOOD, planned=2).ok


def test_the_longest_gap_is_of_one_boot() -> None:
    ticks = [Tick("a", 1, 1.0), Tick("a", 2, 2.5), Tick("b", 1, 1.0), Tick("b", 2, 2.0)]
    assert longest_gap(ticks) == 1.5
    assert longest_gap(ticks[:1]) == 0.0


def test_the_table_names_kinds_gaps_and_what_went_wrong() -> None:
    bad = replace(GOOD, leaked=("memory: promised 1 MiB, seen 0",), injection=replace(FAULT, number=2))
    text = table(campaign(GOOD, bad))
    assert f"{KINDS[0].name}  " in text
    assert "fault 2 left cold-reset: left: memory: promised 1 MiB, seen 0" in text
    assert "restarts that leaked processors, memory or devices: 1 of 2\n" in text
    assert "committed variables lost: 0 of 2\n" in text
    assert text.endswith("seed 7: 1 of 2 faults survived\n")


def test_the_report_is_json() -> None:
    data = json.loads(json.dumps(to_json(campaign(GOOD))))
    assert data["ok"] is True
    assert (data["restarts"], data["restarts_with_leaks"], data["lost_variables"]) == (1, 0, 0)
    assert data["faults"][0]["neighbours"]["right"]["gap_seconds"] == 1.0
    assert data["faults"][0]["seconds_to_first_line"] == 12.5
