# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Shared memories, and which of them a partition has."""

from __future__ import annotations

from collections.abc import Sequence

from generator.blob.form import SHARED_ALIGNMENT
from generator.model.intent import SharedIntent
from generator.model.machine import Machine
from generator.model.plan import HasShared, MemoryPurpose, MemoryRequest, SharedPlan
from generator.places import Located
from generator.resolve.memory import MIB


def resolve_shared(intents: Sequence[SharedIntent], machine: Machine) -> tuple[SharedPlan, ...]:
    """The shared memories of a file; each lies in one piece, wherever there is room."""
    return tuple(
        SharedPlan(
            intent.place,
            intent.name,
            intent.size,
            MemoryRequest(
                place=intent.size.place,
                purpose=MemoryPurpose.MrmMemoryMain,
                size=intent.size.value,
                alignment=SHARED_ALIGNMENT,
                minimum=MIB,
                limit=1 << machine.physical_address_bits,
                why=f"shared memory '{intent.name.value}'",
            ),
        )
        for intent in intents
    )


def resolve_has_shared(names: Sequence[Located[str]], shared: Sequence[SharedPlan]) -> tuple[HasShared, ...]:
    """What a partition has, in the order of its file: /dev/pmemN is the N-th."""
    known = [one.name.value for one in shared]
    return tuple(HasShared(name, known.index(name.value) if name.value in known else None) for name in names)
