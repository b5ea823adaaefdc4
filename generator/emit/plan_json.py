# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The plan as JSON: what the harness promises on behalf of the partition file."""

from __future__ import annotations

import json
from typing import Any

from generator.model.intent import Isolation
from generator.model.plan import (
    BootPlan,
    ConsolePlan,
    FileBoot,
    NetworkBoot,
    NetworkPlan,
    PartitionPlan,
    PciGrant,
    Plan,
    PolicyPlan,
    ShellBoot,
    SourcePlan,
)
from generator.reading import real_path
from generator.resolve.kernel_parameters import CARD_BAUD

FORMAT = 1
MILLISECONDS = 1000
_EXPLAINS = ("why", "line", "added_parameters", "needs")
"""Reasons, places, and what is said elsewhere as well."""
PORT_NEEDS: Isolation = "cooperative"
"""The level that a port needs: its bridge keeps what is behind it apart."""
FUNCTION_NEEDS: Isolation = "guarded"
"""The level that a function by itself needs: only the guard tells it from others on its bus."""


def plan_to_json(plan: Plan, host_paths: bool = True) -> dict[str, Any]:
    """The plan as plain data; addresses and sizes in bytes.  `host_paths`: with files of the build host."""
    return {
        "format": FORMAT,
        "machine": plan.machine.name,
        "source": plan.source,
        "controller": {
            "console": plan.controller_console.name.value,
            "all_off": plan.all_off,
            "power_button": plan.power_button,
            **_channels(plan),
        },
        **_networks(plan),
        **_shared(plan),
        "partitions": [_partition(plan, partition, host_paths) for partition in plan.partitions],
    }


def render_plan_json(plan: Plan) -> str:
    """The plan as JSON text."""
    return json.dumps(plan_to_json(plan), indent=2) + "\n"


def render_embedded_json(plan: Plan) -> str:
    """The same in short, as Mrm.efi carries it for those who ask: ASCII, what is promised without reasons."""
    return json.dumps(promises(plan_to_json(plan, host_paths=False)), separators=(",", ":"))


def promises(value: Any) -> Any:
    """Plain data without what only explains it: reasons and places."""
    if isinstance(value, dict):
        return {key: promises(inner) for key, inner in value.items() if key not in _EXPLAINS}
    return [promises(inner) for inner in value] if isinstance(value, list) else value


def _partition(plan: Plan, partition: PartitionPlan, host_paths: bool) -> dict[str, Any]:
    """One partition."""
    processors = partition.processors
    return {
        "name": partition.name.value,
        "line": partition.place.line,
        "processors": {
            "count": processors.wanted,
            "apic_ids": [grant.apic_id for grant in processors.grants],
            "by_count": processors.by_count,
        },
        "memory": {
            "size": partition.memory.size.value,
            "node": partition.memory.node,
            "requests": [
                {
                    "purpose": request.purpose.value,
                    "size": request.size,
                    "alignment": request.alignment,
                    "minimum": request.minimum,
                    "limit": request.limit,
                    "why": request.why,
                }
                for request in partition.memory.requests
            ],
        },
        "isolation": partition.level,
        **({"dma": partition.dma.value} if partition.dma is not None else {}),
        **({"chipset": True} if partition.owns_chipset else {}),
        "pci": [_pci(partition, grant) for grant in partition.pci],
        **_cards(partition),
        **_disks(partition),
        **_has_shared(plan, partition),
        "console": _console(partition.console),
        "display": partition.display.value,
        "boot": _boot(partition.boot, host_paths),
        "policy": _policy(partition.policy),
    }


def _channels(plan: Plan) -> dict[str, Any]:
    """The controller's own processor for channels, if it has one."""
    channels = plan.channels
    if channels is None:
        return {}
    ids = [grant.apic_id for grant in channels.grants]
    return {"channels": {"apic_ids": ids, "by_count": channels.by_count}}


def _networks(plan: Plan) -> dict[str, Any]:
    """The networks, if there are any."""
    if not plan.networks:
        return {}
    return {"networks": [_network(network) for network in plan.networks]}


def _network(network: NetworkPlan) -> dict[str, Any]:
    """One network; its uplink is a PCI function of the PC."""
    told: dict[str, Any] = {"name": network.name.value, "mtu": network.mtu.value}
    if network.uplink is not None and network.uplink.card is not None:
        told["uplink"] = str(network.uplink.card.path)
    return told


def _shared(plan: Plan) -> dict[str, Any]:
    """The shared memories, if there are any."""
    if not plan.shared:
        return {}
    return {"shared": [{"name": shared.name.value, "size": shared.size.value} for shared in plan.shared]}


def _has_shared(plan: Plan, partition: PartitionPlan) -> dict[str, Any]:
    """The shared memories a partition has, if any, in the order in which its OS sees them."""
    if not partition.shared:
        return {}
    found = [
        {"shared": has.name.value, "size": plan.shared[has.index].size.value}
        for has in partition.shared
        if has.index is not None
    ]
    return {"shared": found}


def _cards(partition: PartitionPlan) -> dict[str, Any]:
    """The networks a partition is on, if any; a MAC that is null is made at boot."""
    if not partition.cards:
        return {}
    cards = [
        {
            "network": card.network.value,
            "segment": partition.channel_segment,
            "device": device,
            "mac": card.mac.value if card.mac is not None else None,
        }
        for device, card in enumerate(partition.cards)
    ]
    return {"network": cards}


def _disks(partition: PartitionPlan) -> dict[str, Any]:
    """The disks that the controller serves a partition, if any: after its cards, on the same bus."""
    if not partition.disks:
        return {}
    disks = [
        {
            "medium": disk.title,
            "serial": disk.serial,
            "segment": partition.channel_segment,
            "device": device,
            "size": disk.size.value if disk.size is not None else None,
            "mode": disk.mode.value,
        }
        for device, disk in enumerate(partition.disks, len(partition.cards))
    ]
    return {"disk": disks}


def _pci(partition: PartitionPlan, grant: PciGrant) -> dict[str, Any]:
    """What is behind one port, as the machine file says; `disabled` are those that cannot work."""
    return {
        "root_port": str(grant.root_port.value),
        "segment": grant.segment,
        "needs": FUNCTION_NEEDS if grant.alone else PORT_NEEDS,
        "asked": grant.asked,
        "bus_mates": [str(function.path) for function in grant.bus_mates],
        "disabled": [str(function.path) for function in partition.disabled(grant)],
        "functions": [
            {
                "path": str(function.path),
                "vendor": f"0x{function.vendor:04x}",
                "device": f"0x{function.device:04x}",
                "class": f"0x{function.class_code:06x}",
                "serial": function.serial,
            }
            for function in grant.functions
        ],
    }


def _console(console: ConsolePlan | None) -> dict[str, Any] | None:
    """A console, or null for none; a PCI serial card has a path instead of I/O ports."""
    if console is not None and console.path is not None:
        return {"name": str(console.path), "pci": str(console.path), "io_base": None, "baud": CARD_BAUD}
    if console is None or console.uart is None:
        return None
    return {"name": console.uart.name, "io_base": console.uart.io_base, "baud": console.uart.baud}


def _boot(boot: BootPlan, host_paths: bool) -> dict[str, Any]:
    """The boot sources, the time to choose one in seconds, and what an owner's own Linux must be given."""
    return {
        "timeout": boot.timeout.value // MILLISECONDS,
        "sources": [_source(source, host_paths) for source in boot.sources],
        "expected_parameters": [
            {"parameter": expected.parameter, "why": expected.why} for expected in boot.expected
        ],
    }


def _source(source: SourcePlan, host_paths: bool) -> dict[str, Any]:
    """One boot source."""
    if isinstance(source, FileBoot):
        return _file(source, host_paths)
    if isinstance(source, ShellBoot):
        return {"kind": "shell", "esp_file": source.esp_file}
    port = str(source.root_port.value) if source.root_port is not None else None
    device = {"root_port": port, "segment": source.segment}
    if isinstance(source, NetworkBoot):
        return {"kind": "network", **device, "uri": source.uri.value if source.uri is not None else None}
    return {
        "kind": "disk",
        **device,
        "path": source.path.value if source.path is not None else None,
        "options": source.options.value if source.options is not None else None,
    }


def _file(boot: FileBoot, host_paths: bool) -> dict[str, Any]:
    """A loader file of the build host."""
    loader, linux = boot.file_facts.loader, boot.file_facts.linux
    paths = {
        "file": str(real_path(boot.file.value)),
        "initrd": str(real_path(boot.initrd.value)) if boot.initrd is not None else None,
    }
    return {
        "kind": "file",
        **(paths if host_paths else {}),
        "esp_file": boot.esp_file,
        "esp_initrd": boot.esp_initrd,
        "options": boot.options,
        "signed": loader.signed if loader is not None else False,
        "linux": {"version": linux.banner, "release": linux.release} if linux is not None else None,
        "kernel_parameters": boot.kernel_parameters,
        "added_parameters": [
            {"parameter": added.parameter, "why": added.why, "needed": added.needed}
            for added in boot.added_parameters
        ],
    }


def _policy(policy: PolicyPlan) -> dict[str, Any]:
    """How a partition lives; times in milliseconds."""
    permissions: dict[str, Any] = {
        verb: [name.value for name in names] for verb, names in policy.permissions.verbs
    }
    permissions["pc"] = [request.value for request in policy.permissions.pc]
    permissions["reload"] = policy.permissions.reload.value
    return {
        "restart": policy.restart,
        "limit": policy.limit.value,
        "backoff_ms": policy.backoff.value,
        "scrub": policy.scrub,
        "autostart": policy.autostart,
        "after": [name.value for name in policy.after],
        "delay_ms": policy.delay.value,
        "shutdown_ms": policy.shutdown.value,
        "watchdog": {"os": policy.watchdog, "firmware_ms": policy.firmware.value},
        "nmi": policy.nmi.value,
        "permissions": permissions,
        "variables": {"quota": policy.quota.value},
    }
