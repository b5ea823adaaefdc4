# SPDX-License-Identifier: BSD-2-Clause-Patent
"""docs/hardware.md, made from the requirements."""

from __future__ import annotations

from generator.hardware.requirements import REQUIREMENTS

HEADER = """\
<!-- SPDX-License-Identifier: BSD-2-Clause-Patent -->
<!-- Made by `python -m generator hardware --page`; a test holds this page and the requirements together. -->

# The hardware check

`python -m generator hardware` says whether MRM can run on the running machine (best as root). With
`--from PATH` it says that of a machine whose facts were [collected](machine-file.md#scanning) elsewhere,
with `--machine FILE` of one that a machine file describes. Each requirement is one line: `found`, `missing`
or `unknown`; whether it is required; the value found; why it matters. `--json` prints the same for tools.
What the scan could not learn is told on standard error.

Then it lists, port by port and function by function, what could be given away and what keeps the rest: what
shares a root bus, what the controller is booted from, what has neither MSI nor MSI-X, what no ECAM range
covers. `--table FILE…` compares machine files; [real-machines.md](real-machines.md) does that for twelve
real PCs. `python -m generator show FILE` [draws](plan.md#a-machine-without-a-plan) a machine file.

| exit status | meaning |
|---|---|
| 0 | all that is required was found |
| 1 | something required is missing, or the input cannot be read |
| 2 | wrong usage |
| 3 | nothing required is missing, but some of it could not be learned |

| requirement | | why it matters |
|---|---|---|
"""
FOOTER = """
An invariant TSC is only optional where a hypervisor emulates the machine. x2APIC becomes a requirement where
an APIC ID is above 254.

## Many machines at once

`python -m generator corpus PATH` reads a folder, tar or zip with a folder of ACPI tables for each machine. It
prints how many of the machines could carry two, three and four partitions, as far as tables tell. What counts
is processors (one more than partitions, all of them enabled), the PM timer, and tables that can be used
(MADT, FADT, MCFG, and MSI not forbidden). Hyper-threads count as processors there: tables do not tell them
apart.
"""


def render_hardware_page() -> str:
    """The page, as Markdown."""
    rows = (f"| `{r.name}` | {r.level.value} | {r.why} |\n" for r in REQUIREMENTS)
    return HEADER + "".join(rows) + FOOTER
