# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The plan as a blob (generator/blob): what the controller is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from generator.blob.form import PC_PERMITS, PERMITS
from generator.blob.write import write
from generator.dsdt.assemble import Dsdt
from generator.emit.plan_json import render_embedded_json
from generator.emit.policy_text import digest, render_policy, structure
from generator.model.intent import AllOff, DiskKind, DiskMode, Isolation, Restart
from generator.model.machine import Machine
from generator.model.plan import (
    BootPlan,
    CardPlan,
    ConsolePlan,
    DiskBoot,
    DiskPlan,
    FileBoot,
    NetworkBoot,
    PartitionPlan,
    PciGrant,
    PermissionsPlan,
    Plan,
    PolicyPlan,
    SourcePlan,
)
from generator.printable import SENTENCE, printable
from generator.resolve.kernel_parameters import CARD_BAUD

_RESTARTS: Mapping[Restart, str] = {
    "never": "MrmRestartNever",
    "on-failure": "MrmRestartOnFailure",
    "always": "MrmRestartAlways",
}
_ALL_OFF: Mapping[AllOff, str] = {
    "stay": "MrmAllOffStay",
    "power-off": "MrmAllOffPowerOff",
    "reboot": "MrmAllOffReboot",
    "menu": "MrmAllOffMenu",
}
_ISOLATION: Mapping[Isolation, str] = {
    "cooperative": "MrmIsolationCooperative",
    "guarded": "MrmIsolationGuarded",
    "contained": "MrmIsolationContained",
}
_DISKS: Mapping[DiskKind, str] = {
    "memory": "MrmDiskMemory",
    "file": "MrmDiskFile",
    "gpt": "MrmDiskGpt",
}
_DISK_MODES: Mapping[DiskMode, str] = {
    "read-write": "MrmDiskReadWrite",
    "read-only": "MrmDiskReadOnly",
    "append-only": "MrmDiskAppendOnly",
}
_BITS = {constant.name: constant.number for constant in (*PERMITS, *PC_PERMITS)}
_NO_CONSOLE = {"Kind": "MrmConsoleNone", "IoBase": 0, "BaudRate": 0, "Function": None}


def render_blob(plan: Plan, dsdts: Sequence[Dsdt], made: int) -> bytes:
    """The blob, with the DSDT of each partition; `made` is when, in seconds since 1970 began."""
    partitions = [_partition(plan, *pair) for pair in zip(plan.partitions, dsdts, strict=True)]
    return write(
        {
            "Made": made,
            "Title": _ascii(plan.source),
            "Machine": _ascii(plan.machine.name),
            "Identity": _identity(plan.machine),
            "AllOff": _ALL_OFF[plan.all_off],
            "PowerButton": plan.power_button == "shutdown",
            "ChannelProcessor": plan.channels is not None,
            "ChannelApicId": plan.channels.grants[0].apic_id if plan.channels is not None else 0,
            "ChannelByCount": plan.channels is not None and plan.channels.by_count,
            "Json": render_embedded_json(plan).encode("ascii"),
            "Console": _console(plan.controller_console),
            "Uplinks": [
                {"Network": network.name.value, "Card": str(network.uplink.card.path)}
                for network in plan.networks
                if network.uplink is not None and network.uplink.card is not None
            ],
            "Partitions": partitions,
            "Structure": structure(plan),
            "BuiltInPolicy": digest(render_policy(plan)),
        }
    )


def _identity(machine: Machine) -> dict[str, Any]:
    """Which PC the plan is for."""
    uuid, system = machine.identity.uuid, machine.identity.system
    return {
        # EFI_GUID and SMBIOS keep the first three fields little-endian.
        "Uuid": uuid.bytes_le if uuid is not None else b"",
        "System": system,
        "ApicIds": [] if system is None else sorted(p.apic_id for p in machine.processors),
    }


def esp_path(path: str) -> str:
    """A path on the ESP as UEFI writes it: from the root, with backslashes."""
    return "\\" + path.replace("/", "\\")


def _ascii(text: str) -> str:
    """A text with escapes for what is not printable ASCII."""
    return printable(text, SENTENCE).encode("ascii", "backslashreplace").decode()


def _partition(plan: Plan, partition: PartitionPlan, dsdt: Dsdt) -> dict[str, Any]:
    """One partition."""
    return {
        "Name": partition.name.value,
        "ApicIds": [grant.apic_id for grant in partition.processors.grants],
        "ProcessorsByCount": partition.processors.by_count,
        "SharedCores": partition.processors.shared_cores,
        "Isolation": _ISOLATION[partition.level],
        "DmaTrusted": partition.dma is not None,
        "Chipset": partition.owns_chipset,
        "Memory": [
            {
                "Purpose": request.purpose.name,
                "Size": request.size,
                "Alignment": request.alignment,
                "Minimum": request.minimum,
                "Limit": request.limit,
            }
            for request in partition.memory.requests
        ],
        "PciBuses": [_bus(grants) for grants in partition.buses],
        "ChannelSegment": partition.channel_segment,
        "Cards": [_card(plan, card) for card in partition.cards],
        "Disks": [_disk(disk) for disk in partition.disks],
        "Shared": [
            {"Name": has.name.value, "Size": plan.shared[has.index].size.value}
            for has in partition.shared
            if has.index is not None
        ],
        "Console": _console(partition.console),
        "Display": partition.display.value,
        "Boot": _boot(partition.boot),
        "Policy": _policy(plan, partition.policy),
        "Dsdt": dsdt.aml,
        "DsdtPatches": [
            {"Offset": patch.offset, "Width": patch.width, "Index": patch.index, "Kind": patch.kind}
            for patch in dsdt.patches
        ],
    }


def _bus(grants: Sequence[PciGrant]) -> dict[str, Any]:
    """What a partition sees as one PCI segment: what is behind a port, or functions of one bus."""
    paths = [str(grant.root_port.value) for grant in grants]
    alone = grants[0].alone
    return {
        "RootPort": None if alone else paths[0],
        "Functions": [{"Path": path} for path in paths] if alone else [],
        "Segment": grants[0].segment,
    }


def _card(plan: Plan, card: CardPlan) -> dict[str, Any]:
    """A card on a network; in a plan without faults every network is there."""
    mtu = plan.networks[card.index].mtu.value if card.index is not None else 0
    mac = int(card.mac.value.replace(":", ""), 16) if card.mac is not None else 0
    return {"Network": card.network.value, "Mtu": mtu, "Mac": mac}


def _disk(disk: DiskPlan) -> dict[str, Any]:
    """A disk that the controller serves."""
    return {
        "Kind": _DISKS[disk.kind],
        "Mode": _DISK_MODES[disk.mode.value],
        "Size": disk.size.value if disk.size is not None else 0,
        "Medium": disk.name.value if disk.name is not None else None,
        "Serial": disk.serial,
    }


def _console(console: ConsolePlan | None) -> dict[str, Any]:
    """A console."""
    if console is not None and console.path is not None:
        told = {"Kind": "MrmConsoleUart16550Pci", "BaudRate": CARD_BAUD, "Function": str(console.path)}
    elif console is not None and console.uart is not None:
        uart = console.uart
        told = {"Kind": "MrmConsoleUart16550Io", "IoBase": uart.io_base, "BaudRate": uart.baud}
    else:
        told = {}
    return {**_NO_CONSOLE, **told}


def _boot(boot: BootPlan) -> dict[str, Any]:
    """What a partition boots."""
    return {
        "TimeoutSeconds": boot.timeout.value // 1000,
        "Sources": [_source(source) for source in boot.sources],
        "Expected": " ".join(expected.parameter for expected in boot.expected),
    }


def _source(source: SourcePlan) -> dict[str, Any]:
    """A boot source."""
    told: dict[str, Any] = {"Segment": 0, "Loader": None, "Initrd": None, "Options": None}
    match source:
        case FileBoot():
            told["Kind"] = "MrmBootFile"
            told["Loader"] = esp_path(source.esp_file)
            told["Initrd"] = esp_path(source.esp_initrd) if source.esp_initrd is not None else None
            told["Options"] = source.options
        case DiskBoot():
            told["Kind"] = "MrmBootDisk"
            told["Segment"] = source.segment
            told["Loader"] = source.path.value if source.path is not None else None
            told["Options"] = source.options.value if source.options is not None else None
        case NetworkBoot():
            told["Kind"] = "MrmBootNetwork"
            told["Segment"] = source.segment
            told["Loader"] = source.uri.value if source.uri is not None else None
        case _:
            told["Kind"] = "MrmBootShell"
            told["Loader"] = esp_path(source.esp_file)
    return told


def _policy(plan: Plan, policy: PolicyPlan) -> dict[str, Any]:
    """How a partition lives."""
    return {
        "Restart": _RESTARTS[policy.restart],
        "RestartLimit": policy.limit.value,
        "BackOffMilliseconds": policy.backoff.value,
        "Scrub": policy.scrub,
        "AutoStart": policy.autostart,
        "Watchdog": policy.watchdog,
        "Nmi": policy.nmi.value,
        "DelayMilliseconds": policy.delay.value,
        "FirmwareMilliseconds": policy.firmware.value,
        "ShutdownMilliseconds": policy.shutdown.value,
        "After": _after(plan, policy),
        "Permits": _permits(plan, policy.permissions),
        "PcPermits": _pc_permits(policy.permissions),
        "VariableQuota": policy.quota.value,
    }


def _after(plan: Plan, policy: PolicyPlan) -> list[int]:
    """Indices of the partitions that must run first."""
    numbers = {other.name.value: number for number, other in enumerate(plan.partitions)}
    return [numbers[name] for name in dict.fromkeys(name.value for name in policy.after)]


def _permits(plan: Plan, permissions: PermissionsPlan) -> list[int]:
    """What a partition may do to each partition of the plan, as bits; nothing if it may do nothing at all."""
    bits = [
        sum(
            _BITS[f"MRM_PERMIT_{verb.upper()}"]
            for verb, names in permissions.verbs
            if other.name.value in {name.value for name in names}
        )
        for other in plan.partitions
    ]
    return bits if any(bits) else []


def _pc_permits(permissions: PermissionsPlan) -> int:
    """What a partition may do to the PC and to the policy of all, as bits."""
    pc = {f"MRM_PERMIT_PC_{request.value.upper().replace('-', '_')}" for request in permissions.pc}
    return sum(_BITS[name] for name in pc) + (_BITS["MRM_PERMIT_RELOAD"] if permissions.reload.value else 0)
