# SPDX-License-Identifier: BSD-2-Clause-Patent
"""How long things took, for printing; no figure decides about success.

Seen from outside, by the arrival of text on a console, so that a partition and the bare machine are measured
in the same way: `power_on` is the start of the processors by QEMU, `loader` the first line of GRUB or of the
kernel's EFI stub, `kernel` the kernel's first own line, `init` the first process. A partition starts when
the controller says so; the PC's boot manager is entered when it numbers its PCI buses (`ci.qemu.trace`).
"""

import re

from ci.qemu import trace
from ci.qemu.console import Console
from ci.qemu.machine import Machine
from ci.run.session import Session

KERNEL = r"Linux version "
"""The first line of a kernel."""

_STAGES = (("loader", r"EFI stub: |Welcome to GRUB!"), ("kernel", KERNEL))

ROWS = (
    ("power_on_to_controller", "power on → controller"),
    ("start_to_loader", "partition start → loader"),
    ("start_to_first_line", "partition start → loader's first line"),
    ("manager_to_first_line", "PC's boot manager's entry → loader's first line"),
    ("loader_to_os", "loader → end of boot services, its turn waited for"),
    ("power_on_to_loader", "power on → loader's first line"),
    ("loader_to_kernel", "loader's first line → first kernel line"),
    ("kernel_to_init", "first kernel line → first process"),
    ("power_on_to_init", "power on → first process"),
)
"""Name of each figure in report.json, and for people; all in seconds."""

_CONTROLLER_STEPS = {"start->loader": "start_to_loader", "loader->os": "loader_to_os"}


def guest_figures(machine: Machine, console: Console) -> dict[str, float]:
    """Return the figures of the first boot on a console, in seconds; what was not seen is left out."""
    at = {"power_on": machine.started_at}
    for stage, pattern in _STAGES:
        if found := console.find(pattern, console.start()):
            at[stage] = found.at
    if boots := console.events("MRM-BOOT", console.start()):
        at["init"] = boots[0].at
    spans = [("power_on", "loader"), ("loader", "kernel"), ("kernel", "init"), ("power_on", "init")]
    return {f"{a}_to_{b}": round(at[b] - at[a], 2) for a, b in spans if a in at and b in at}


def bare_figures(machine: Machine, console: Console) -> dict[str, float]:
    """Return the figures of the bare machine; from its boot manager on, if it was traced."""
    figures = guest_figures(machine, console)
    file = machine.boot.trace
    entry = trace.numbering_began(file.read_text(errors="replace")) if file and file.is_file() else None
    found = console.find(_STAGES[0][1], console.start())
    if found and entry is not None:
        figures["manager_to_first_line"] = round(found.at - trace.monotonic(entry), 2)
    return figures


def session_figures(session: Session) -> dict[str, dict[str, float]]:
    """Return the figures of each partition by its name, those the controller measured included."""
    controller = session.controller
    version = controller.find(r"^MRM: version", controller.start())
    result = {}
    for name, guest in session.guests.items():
        figures = guest_figures(session.machine, guest.console)
        if version:
            figures["power_on_to_controller"] = round(version.at - session.machine.started_at, 2)
        started = controller.find(rf"^MRM: {re.escape(name)}: starting", controller.start())
        loader = guest.console.find(_STAGES[0][1], guest.console.start())
        if started and loader:
            figures["start_to_first_line"] = round(loader.at - started.at, 2)
        if timing := session.timings.get(name):
            for step, value in timing.milliseconds.items():
                if step in _CONTROLLER_STEPS:
                    figures[_CONTROLLER_STEPS[step]] = value / 1000
        result[name] = figures
    return result
