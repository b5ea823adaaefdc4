# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about isolation levels: what the machine must have to hold them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.check.registry import Finding, error
from generator.model.plan import Plan

_LACKS: Mapping[str, str] = {
    "none": "has neither SVM nor VT-x, or they are switched off",
    "vt-x": "has VT-x, and MRM's guard knows SVM only",
}
"""Kinds of virtualization in a machine file that cannot hold a partition."""


@error
def isolation_virtualization(plan: Plan) -> Iterator[Finding]:
    """A guarded partition needs processors with AMD's SVM; where the file does not tell, the boot judges."""
    lacks = _LACKS.get(plan.machine.features.virtualization or "")
    for partition in plan.partitions:
        level = partition.isolation
        if lacks is not None and level is not None and level.value != "cooperative":
            yield Finding(
                level.place,
                f"'{partition.name.value}' is {level.value}, and the machine {plan.machine.name} {lacks}",
                "processors with SVM, and SVM on in the firmware's setup",
                "switch it on and scan the machine again, or write 'isolation: cooperative'",
            )
