# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A script that the shell of the PC's firmware runs by itself: `startup.nsh` prints END when it is over."""

from ci.qemu.console import Console


async def script_ends(console: Console, seconds: float) -> None:
    """Wait until the script is over; raises what `Machine.until` raises.

    Before it begins, the shell counts five seconds down with its processor busy. A key ends that.

    Args:
        console: The one on which the firmware says what it does.
        seconds: For each of both, the way to the shell and the script.
    """
    await console.wait_for(r"to skip startup\.nsh|\nEND", seconds, console.start())
    console.send("\n")
    await console.wait_for(r"\nEND", seconds, console.start())
