# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What `make test` leaves out is what CONTRIBUTING.md says, and the rest boots as well what it names."""

import re

from ci.progress import PROJECT

BOOTS = PROJECT / "tests" / "boot"


def rows() -> list[tuple[set[str], set[str]]]:
    """Files that are in `make full` only, and files that boot the same, by row of the table."""
    table = re.findall(r"^\| (`test_.*)$", (PROJECT / "CONTRIBUTING.md").read_text("utf-8"), re.MULTILINE)
    cells = [line.split("|") for line in table]
    return [
        (set(re.findall(r"test_\w+\.py", row[0])), set(re.findall(r"test_\w+\.py", row[2]))) for row in cells
    ]


def marked() -> set[str]:
    """Files whose tests are all marked long."""
    return {
        file.name
        for file in BOOTS.rglob("test_*.py")
        if re.search(r"^pytestmark = \[.*pytest\.mark\.long\b", file.read_text("utf-8"), re.MULTILINE)
    }


def test_what_is_left_out_is_told() -> None:
    told = [file for left_out, _ in rows() for file in left_out]
    assert sorted(told) == sorted(marked())


def test_what_boots_it_as_well_is_there_and_not_left_out() -> None:
    others = {file for _, named in rows() for file in named}
    assert others and not others & marked()
    assert all((BOOTS / file).is_file() for file in others)
