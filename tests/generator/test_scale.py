# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The largest plan there is: 64 partitions on a machine of 1,088 processors and 512 PCI functions.

How long it takes is measured by `python -m bench planner`; a figure never passes or fails.
"""

from __future__ import annotations

from pathlib import Path

from generator.api import judge
from generator.emit import emit
from generator.errors import Severity
from tests.generator.large import large_machine, large_partitions

PARTITIONS, PROCESSORS, PORTS = 64, 1088, 256


def write_large(project: Path) -> Path:
    """The files of the largest plan, in a project."""
    (project / "platforms" / "large.yaml").write_text(
        large_machine(PROCESSORS, PORTS, PARTITIONS + 1), "utf-8"
    )
    path = project / "partitions" / "large-plan.yaml"
    path.write_text(large_partitions(PARTITIONS, 1024, PORTS), "utf-8")
    return path


def test_the_largest_plan(project: Path, tmp_path: Path) -> None:
    """All is accepted but the low slices: of 512 KiB the firmware keeps 64, the rest is 14 of 32 KiB each."""
    plan, problems = judge(write_large(project))
    assert plan is not None
    changed = emit(plan, tmp_path / "out")
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    assert [problem.rule for problem in errors] == ["memory-low-fits"]
    assert "'p14'" in errors[0].what
    assert len(changed) == PARTITIONS + 2
    ids = [grant.apic_id for p in plan.partitions for grant in p.processors.grants]
    assert len(set(ids)) == len(ids) == 1024
    ports = [grant.root_port.value for p in plan.partitions for grant in p.pci]
    assert len(set(ports)) == len(ports) == PORTS
