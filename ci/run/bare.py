# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The same kernel on the bare machine, for comparison: no MRM, the PC's firmware starts the kernel itself."""

from dataclasses import replace
from pathlib import Path

from ci.images.boot import prepare_boot
from ci.qemu.command import MachineDescription
from ci.qemu.guest import BOOT_SECONDS, Guest
from ci.qemu.machine import Machine
from ci.run.figures import bare_figures
from ci.run.plan import PartitionPromise


async def run_bare(
    description: MachineDescription, promise: PartitionPromise, folder: Path
) -> dict[str, float]:
    """Boot a partition's kernel on the whole machine, with as many processors and the same drives; time it.

    The partition must boot a kernel that is a file. Raises ci.qemu.errors.QemuError or
    ci.images.gpt.ImageError.
    """
    port = description.serial_ports[0]
    boot = replace(
        prepare_boot(description, folder, None, promise.root_ports),
        kernel=promise.kernel_file,
        initrd=promise.initrd_file,
        trace=folder / "trace.log",
        # On a busy host the check of the timer fails, and the kernel panics.
        append=f"console=uart8250,io,{port.io_base:#x},115200n8 nr_cpus={promise.processors} "
        "no_timer_check mrm.ticks=0",
    )
    async with Machine(description, boot, folder) as machine:
        guest = Guest(machine.console(port.name), "bare")
        await guest.report(guest.console.start(), BOOT_SECONDS)
        return bare_figures(machine, guest.console)
