# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The worked example of docs/changing.md, followed in a copy of the generator."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.generator.support import document, partition

PROJECT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^( *)```python\n((?:.*\n)*?) *```", re.MULTILINE)


def example() -> tuple[str, ...]:
    """The pieces of code of the example, in the order of the page."""
    text = (PROJECT / "docs/changing.md").read_text(encoding="utf-8")
    text = text[text.index("## A key of the partition file") : text.index("## From the plan")]
    return tuple(re.sub(f"^{indent}", "", code, flags=re.M) for indent, code in BLOCK.findall(text))


def edit(file: Path, before: str, after: str) -> None:
    """Replace what stands once in a file."""
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1, f"{file}: {before}"
    file.write_text(text.replace(before, after), encoding="utf-8")


def last_field(file: Path, of: str, field: str) -> None:
    """Add a field behind the last one of a class."""
    text = file.read_text(encoding="utf-8")
    fields = re.compile(rf"(^class {of}:\n(?:.*\n)*?)(\n    (?:@|def ))", re.MULTILINE)
    assert fields.search(text) is not None, f"{file}: {of}"
    file.write_text(fields.sub(lambda found: found[1] + field + found[2], text, count=1), encoding="utf-8")


def follow(generator: Path) -> None:
    """Do what the page says."""
    key, read, intent, plan, show, _test, rule = example()
    file = generator / "load/partition_file.py"
    edit(
        file,
        "PARTITION_KEYS = Keys(\n    (\n        NAME,\n",
        f"{key}\nPARTITION_KEYS = Keys(\n    (\n        NAME,\n        NOTE,\n",
    )
    edit(file, "    name = fields.read(NAME)\n    processors =", f"{read}    processors =")
    edit(file, "        unread,\n    )\n", "        unread,\n        note,\n    )\n")
    last_field(generator / "model/intent.py", "PartitionIntent", intent)
    last_field(generator / "model/plan.py", "PartitionPlan", plan)
    unread = "                unread=partition.unread,\n"
    edit(generator / "resolve/__init__.py", unread, f"{unread}                note=partition.note,\n")
    name = '    yield f"{partition.name.value}"\n'
    edit(generator / "show.py", name, name + show)
    file = generator / "check/names.py"
    edit(file, "from collections.abc", "import re\nfrom collections.abc")
    edit(file, "import Plan\n", "import Plan\nfrom generator.printable import quoted\n")
    edit(file, "@error\ndef name_valid", f"{rule}\n\n@error\ndef name_valid")


def test_the_worked_example_works(tmp_path: Path, write: Callable[[str], Path]) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(PROJECT / "generator", copy / "generator", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(PROJECT / "docs/partition-file.md", copy / "partition-file.md")
    follow(copy / "generator")

    def run(*arguments: object) -> str:
        command = [sys.executable, "-m", *map(str, arguments)]
        ran = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
        return ran.stdout + ran.stderr

    said = run("generator", "plan", write(document(partition(note="the line of building 3"))))
    assert re.search(r"^ *note +the line of building 3 ", said, re.MULTILINE), said
    said = run("generator", "check", write(document(partition(note="the façade"))))
    assert "printable ASCII, 60 characters at most" in said and "[note-printable]" in said
    run("generator.keys_page", "partition-file.md")
    assert (
        "| `note` | a line for people, which the plan shows | none |"
        in (copy / "partition-file.md").read_text()
    )
    assert "The note of a partition is printable ASCII, 60 characters at most." in run("generator", "rules")
