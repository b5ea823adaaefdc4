# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What can go wrong while a machine runs in QEMU; one family, so that callers can catch all of it."""


class QemuError(Exception):
    """Base of all failures of the harness."""


class LaunchError(QemuError):
    """QEMU did not come up: missing program or firmware, or it refused its command line."""


class WaitTimeoutError(QemuError):
    """What was waited for did not appear within its time limit."""


class StalledError(QemuError):
    """No console said anything for so long that the machine must be considered dead."""


class MachineEndedError(QemuError):
    """The whole machine was reset, powered off or QEMU ended, although something was still waited for."""
