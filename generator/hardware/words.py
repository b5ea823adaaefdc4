# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Functions, and what a machine has to divide, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from generator.hardware.functions import gained
from generator.hardware.tree import Offer
from generator.model.machine import Machine, PciFunction


def counted(functions: Iterable[PciFunction]) -> str:
    """Functions by what they are: `2 × Ethernet controller + audio device`."""
    return summed(" + ", (name_of(function) for function in functions))


def summed(between: str, names: Iterable[str]) -> str:
    """Names, each once, with how many there are of it."""
    found = Counter(names).items()
    return between.join(name if count == 1 else f"{count} × {name}" for name, count in found)


def name_of(function: PciFunction) -> str:
    """What a function is, in a few words."""
    return function.title or f"class {function.class_code:06x}"


def spare_cores(machine: Machine) -> int:
    """Cores for partitions: all but the one of the boot processor."""
    cores = {(p.package, p.core) for p in machine.processors}
    return len(cores - {(p.package, p.core) for p in machine.processors if p.bsp})


def facts_of(machine: Machine, offers: Iterable[Offer]) -> Iterator[str]:
    """A machine in sentences: how much there is to divide, and what is not known."""
    cores = len({(p.package, p.core) for p in machine.processors})
    memory = sum(memory.size for memory in machine.memory) / (1 << 30)
    yield (
        f"{_number(len(machine.processors), 'processor')} in {_number(cores, 'core')}, "
        f"{spare_cores(machine)} for partitions; {memory:.4g} GiB of memory; "
        f"{_number(len(machine.uarts), 'serial port')}"
    )
    alone = [offer.key for offer in offers if not offer.together]
    if alone:
        between = " and " if len(alone) == 2 else " to "
        which = alone[0] if len(alone) == 1 else f"{alone[0]}{between}{alone[-1]}"
        also = "" if len(alone) == 1 else " at the same time, by one partition each"
        yield f"{which} can be had{also}; there are cores for {_number(spare_cores(machine), 'partition')}"
    else:
        yield "no device can be given to a partition"
    singles = gained(machine)
    if singles:
        confined = sum(single.contained is None for single in singles)
        yield (
            f"In guarded partitions: {_number(len(singles), 'more function')}, each by itself; "
            f"{confined or 'none'} of them in contained ones, which are to come"
        )
    if not machine.firmware.boot_devices:
        yield "Not known: what the controller is booted from. That stays, with everything behind its port."


def _number(count: int, what: str) -> str:
    """How many there are of something."""
    return f"{count or 'no'} {what}{'' if count == 1 else 's'}"
