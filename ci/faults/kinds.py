# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The kinds of faults: one table. Everything is done with what a stock kernel offers its root user."""

from dataclasses import dataclass

DISK = "/dev/nvme0n1"
VARIABLES = "/sys/firmware/efi/efivars"
CONTROL = "3d4c1f0a-5e2b-4c8a-a657-1b906ed24f38"
"""Vendor GUID of the controller's variables, docs/control.md."""

VENDOR = "cfc8fc79-be2e-4ddc-97f0-9f98bfe298a0"
"""Vendor GUID of the campaign's variables: Linux's own for crashes, whose files efivarfs does not lock."""


@dataclass(frozen=True)
class Kind:
    """One kind of fault.

    Attributes:
        name: Names it in reports and seeds.
        about: What happens, for people.
        command: Typed in the victim's shell; the fault itself, unless a neighbour's request is.
        prepare: Commands typed there before, each of which ends.
        shell: Typed in the UEFI shell, to which the victim is taken first: the fault, unless `monitor` is it.
        monitor: What QEMU's monitor is told: the fault itself. `{processor}` is a processor of the victim.
        cause: What the controller must say of it; anything, if empty.
        request: What a neighbour asks of the controller, with `{}` for the victim's name: the fault itself if
            there is no command, else what brings the victim back when it is off.
        processors: How many the victim must have at least.
    """

    name: str
    about: str
    command: str = ""
    prepare: tuple[str, ...] = ()
    request: str = ""
    shell: str = ""
    monitor: str = ""
    cause: str = ""
    processors: int = 1


# A fatal one in bank 3: IA32_MCi_STATUS says valid, uncorrected, enabled, context corrupt.
_MACHINE_CHECK = "mce {processor} 3 0xb200000000000000 0x5 0x0 0x0"
_READ_DRIVE = f"(while :; do dd if={DISK} of=/dev/null bs=1M iflag=direct; done >/dev/null 2>&1 &)"
_WRITE_DRIVE = (
    f"(while :; do dd if=/dev/zero of={DISK} bs=64k count=64 seek=512 oflag=direct; done 2>/dev/null &)"
)
# So many that the kernel's lock around runtime services is hardly ever free.
_SET_VARIABLES = (
    f"V={VARIABLES}/Busy; G={VENDOR}",
    "busy() { while :; do printf '\\007\\000\\000\\000%s' $RANDOM >$V$1-$G; done; }",
    "(for i in 1 2 3 4; do busy $i & done) 2>/dev/null",
)
_SPIN = "for i in 1 2 3 4; do (while :; do :; done &); done"

KINDS: tuple[Kind, ...] = (
    Kind("cold-reset", "the OS asks for a cold reset", "reboot -f", ("echo cold >/sys/kernel/reboot/mode",)),
    Kind("warm-reset", "the OS asks for a warm reset", "reboot -f", ("echo warm >/sys/kernel/reboot/mode",)),
    Kind("panic", "the kernel panics", "panic"),
    Kind(
        "panic-elsewhere",
        "the kernel panics on a processor other than the booting one",
        "taskset 2 sh -c 'echo c >/proc/sysrq-trigger'",
        processors=2,
    ),
    Kind(
        "out-of-memory",
        "the kernel panics because memory is used up",
        "tail /dev/zero",
        ("echo 1 >/proc/sys/vm/panic_on_oom",),
    ),
    Kind(
        "offline-reset",
        "the OS resets while one of its processors is offline",
        "reboot -f",
        ("echo 0 >/sys/devices/system/cpu/cpu1/online",),
        processors=2,
    ),
    Kind(
        "dma-panic",
        "the kernel panics while its drive transfers",
        "panic",
        (_READ_DRIVE, _WRITE_DRIVE, "sleep 1"),
    ),
    Kind("dma-reset", "the OS resets while its drive transfers", "reboot -f", (_READ_DRIVE, "sleep 1")),
    Kind(
        "runtime-panic",
        "the kernel panics while it calls runtime services",
        "panic",
        (*_SET_VARIABLES, "sleep 1"),
    ),
    Kind(
        "runtime-reset",
        "the OS resets while it calls runtime services: Linux cannot call ResetSystem then",
        "reboot -f",
        (*_SET_VARIABLES, "sleep 1"),
    ),
    Kind(
        "runtime-power-off",
        "the OS powers off while it calls runtime services; a neighbour starts it again",
        "poweroff -f",
        (*_SET_VARIABLES, "sleep 1"),
        request="start {}",
    ),
    Kind(
        "bios-reset",
        "the OS resets through the BIOS reset entry",
        "reboot -f",
        ("echo bios >/sys/kernel/reboot/type",),
        cause="BIOS reset entry",
    ),
    Kind("busy-reset", "the OS resets while all its processors are busy", "reboot -f", (_SPIN, "sleep 1")),
    Kind("power-off", "the OS powers off; a neighbour starts it again", "poweroff -f", request="start {}"),
    Kind("neighbour-restart", "a neighbour restarts it without a word", request="restart {} now"),
    Kind(
        "neighbour-restart-busy",
        "the same amid transfers",
        prepare=(_READ_DRIVE, _SPIN),
        request="restart {} now",
    ),
    Kind(
        "nmi",
        "a neighbour sends it an NMI, at which the kernel panics",
        prepare=("echo 1 >/proc/sys/kernel/unknown_nmi_panic",),
        request="nmi {}",
    ),
    Kind(
        "watchdog",
        "nobody feeds the watchdog any more",
        "echo >/dev/watchdog",
        ("modprobe wdat_wdt timeout=2",),
        cause="watchdog",
    ),
    Kind(
        "machine-check",
        "a processor has a fatal machine check, at which the kernel panics",
        monitor=_MACHINE_CHECK,
    ),
    Kind(
        "firmware-exception",
        "a loader reads memory of nobody",
        shell="mm 0xF0000000 -n",
        cause="exception 14",
    ),
    Kind(
        "firmware-hang",
        "firmware and loader hang: their timer is masked (Intel SDM volume 3, section 11.5.1)",
        shell="mm 0xFEE00320 0x10000 -w 4 -MMIO -n",
        cause="no sign of life",
    ),
    Kind("loader-exit", "a loader returns, and the next one is tried", shell="exit"),
    Kind(
        "loader-machine-check",
        "a loader's processor has a fatal machine check",
        shell="date",
        monitor=_MACHINE_CHECK,
        cause="machine check",
    ),
)


def by_name(name: str) -> Kind:
    """The kind called `name`; raises KeyError."""
    return {kind.name: kind for kind in KINDS}[name]
