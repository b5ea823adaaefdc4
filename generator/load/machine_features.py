# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What a machine file says of its processors' features, and of its emulation."""

from __future__ import annotations

from generator.load.keys import BOOLEAN, SIZE, TEXT, Key, Keys, choice, integer, mapping_of
from generator.load.reader import Fields, value_or_none
from generator.model.machine import Features, Qemu

X2APIC_STATES = {"absent": "absent", "available": "available", "enabled": "enabled"}
VIRTUALIZATION_KINDS = {"none": "none", "svm": "svm", "vt-x": "vt-x"}

CPU = Key("cpu", TEXT, "Name of the processor.", "name of the processor")
X86_64 = Key("x86_64", BOOLEAN, "Whether it has the 64-bit mode.", "`true` if it has the 64-bit mode")
INVARIANT_TSC = Key(
    "invariant_tsc",
    BOOLEAN,
    "Whether the time-stamp counter runs at one rate.",
    "`true` if the time-stamp counter runs at one rate in all states of power saving",
)
HYPERVISOR = Key(
    "hypervisor",
    BOOLEAN,
    "Whether the machine is emulated.",
    "`true` if the machine is itself emulated",
)
X2APIC = Key(
    "x2apic",
    choice(X2APIC_STATES),
    "State of x2APIC.",
    "`absent`, `available` or `enabled` (by the firmware or the system)",
)
VIRTUALIZATION = Key(
    "virtualization", choice(VIRTUALIZATION_KINDS), "Kind of virtualization.", "`none`, `svm` or `vt-x`"
)
HIDDEN = Key(
    "hidden_processors",
    integer(0, 0xFFFF),
    "Processors that the system did not use.",
    "processors that the firmware offers and the system did not use, such as hyper-threads switched off",
)
FEATURE_KEYS = Keys((CPU, X86_64, INVARIANT_TSC, HYPERVISOR, X2APIC, VIRTUALIZATION, HIDDEN))
FEATURES = Key(
    "features",
    mapping_of(FEATURE_KEYS),
    "What the processors can do.",
    "what the processors can do, below",
    "unknown",
)


def _needed(name: str, brief: str, value: str) -> Key[str]:
    """A text that the emulation needs."""
    return Key(name, TEXT, brief, value, "required", required=True)


_FILES = "file names of the firmware's two halves"
CODE = _needed("code", "File name of the firmware.", _FILES)
VARIABLES = _needed("variables", "File name of its variables.", _FILES)
CODE_KEYS = Keys((CODE, VARIABLES))
_DRIVE = "of the drive with the controller"
DEVICE = _needed("device", "QEMU's device.", _DRIVE)
BUS = _needed("bus", "QEMU's bus.", _DRIVE)
ESP_KEYS = Keys((DEVICE, BUS))
_MACHINE = "as QEMU's options of these names; `MRM_ACCELERATOR` takes the place of `accelerator`"
QEMU_MACHINE = _needed("machine", "QEMU's -machine.", _MACHINE)
ACCELERATOR = _needed("accelerator", "QEMU's -accel.", _MACHINE)
QEMU_CPU = _needed("cpu", "QEMU's -cpu.", _MACHINE)
QEMU_MEMORY = Key("memory", SIZE, "All RAM.", "all RAM", "required", required=True)
QEMU_FIRMWARE = Key(
    "firmware",
    mapping_of(CODE_KEYS),
    "Files of the firmware.",
    "`{code, variables}`, file names",
    "required",
    required=True,
)
QEMU_ESP = Key(
    "esp",
    mapping_of(ESP_KEYS),
    "The drive with the controller.",
    "`{device, bus}` of the drive with the controller",
    "required",
    required=True,
)
DISK_SIZE = Key(
    "disk_size", SIZE, "Size of each NVMe drive.", "of each NVMe drive", "required", required=True
)
QEMU_KEYS = Keys((QEMU_MACHINE, ACCELERATOR, QEMU_CPU, QEMU_MEMORY, QEMU_FIRMWARE, QEMU_ESP, DISK_SIZE))
QEMU = Key(
    "qemu",
    mapping_of(QEMU_KEYS),
    "How QEMU emulates the machine.",
    "only for emulated machines, below",
    "none",
)


def read_features(fields: Fields) -> Features:
    """What the processors can do; everything is optional."""
    found = fields.inside(FEATURES, FEATURE_KEYS)
    if found is None:
        return Features()
    return Features(
        cpu=value_or_none(found.read(CPU)),
        x86_64=value_or_none(found.read(X86_64)),
        invariant_tsc=value_or_none(found.read(INVARIANT_TSC)),
        hypervisor=value_or_none(found.read(HYPERVISOR)),
        x2apic=value_or_none(found.read(X2APIC)),
        virtualization=value_or_none(found.read(VIRTUALIZATION)),
        hidden_processors=value_or_none(found.read(HIDDEN)),
    )


def read_qemu(fields: Fields) -> Qemu | None:
    """How QEMU emulates the machine, as far as the facts do not say it already."""
    qemu = fields.inside(QEMU, QEMU_KEYS)
    if qemu is None:
        return None
    machine, accelerator, cpu = (qemu.read(key) for key in (QEMU_MACHINE, ACCELERATOR, QEMU_CPU))
    memory, disk_size = qemu.read(QEMU_MEMORY), qemu.read(DISK_SIZE)
    firmware, esp = qemu.inside(QEMU_FIRMWARE, CODE_KEYS), qemu.inside(QEMU_ESP, ESP_KEYS)
    code, variables = (firmware.read(CODE), firmware.read(VARIABLES)) if firmware else (None, None)
    device, bus = (esp.read(DEVICE), esp.read(BUS)) if esp else (None, None)
    if machine is None or accelerator is None or cpu is None or memory is None or disk_size is None:
        return None
    if code is None or variables is None or device is None or bus is None:
        return None
    return Qemu(
        machine=machine.value,
        accelerator=accelerator.value,
        cpu=cpu.value,
        memory=memory.value,
        firmware_code=code.value,
        firmware_variables=variables.value,
        esp_device=device.value,
        esp_bus=bus.value,
        disk_size=disk_size.value,
    )
