# SPDX-License-Identifier: BSD-2-Clause-Patent
"""docs/rules.md, made from the registry of rules."""

from __future__ import annotations

from itertools import groupby

from generator.check import rules

HEADER = """\
<!-- SPDX-License-Identifier: BSD-2-Clause-Patent -->
<!-- Made by `python -m generator rules`; a test holds this page and the rules together. -->

# Rules a plan is checked by

Every message of the generator ends with the identifier of its rule in brackets. Errors stop the build,
warnings are printed. Problems of the YAML itself (`yaml-…`, `file-readable`, `machine-file-found`) are
found while the files are read. Then all the rules below are applied. All problems are reported at once, up
to 100 of them. After 1,000 problems (`problem-count`) the files are not read on, and no rule is applied.
"""


def render_rules_page() -> str:
    """The page, as Markdown."""
    lines = [HEADER]
    for topic, group in groupby(rules(), key=lambda rule: rule.topic):
        lines.append(f"## {topic.capitalize()}\n\n| rule | severity | what holds |\n|---|---|---|")
        lines.extend(f"| `{rule.identifier}` | {rule.severity.value} | {rule.doc} |" for rule in group)
        lines.append("")
    return "\n".join(lines)
