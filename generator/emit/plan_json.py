# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The plan as JSON: what the harness promises on behalf of the partition file."""

from __future__ import annotations

import json
from typing import Any

from generator.model.plan import ConsolePlan, FileBoot, PartitionPlan, PciGrant, Plan

FORMAT = 1
ISOLATION = "cooperative"
"""The level every grant of today's plans needs: nothing is split finer than a root port."""


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """The plan as plain data; addresses and sizes in bytes."""
    return {
        "format": FORMAT,
        "machine": plan.machine.name,
        "source": plan.source,
        "controller": {"console": plan.controller_console.name.value},
        "partitions": [_partition(partition) for partition in plan.partitions],
    }


def render_plan_json(plan: Plan) -> str:
    """The plan as JSON text."""
    return json.dumps(plan_to_json(plan), indent=2, ensure_ascii=False) + "\n"


def _partition(partition: PartitionPlan) -> dict[str, Any]:
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
        "isolation": ISOLATION,
        "pci": [_pci(grant) for grant in partition.pci],
        "console": _console(partition.console),
        "boot": _boot(partition.boot.files[0]),
    }


def _pci(grant: PciGrant) -> dict[str, Any]:
    """One PCI bus with what the machine file says is on it."""
    functions = list(grant.port.below()) if grant.port is not None else []
    return {
        "root_port": str(grant.root_port.value),
        "segment": grant.segment,
        "needs": ISOLATION,
        "asked": grant.asked,
        "bus_mates": [str(function.path) for function in grant.bus_mates],
        "functions": [
            {
                "path": str(function.path),
                "vendor": f"0x{function.vendor:04x}",
                "device": f"0x{function.device:04x}",
                "class": f"0x{function.class_code:06x}",
                "serial": function.serial,
            }
            for function in functions
        ],
    }


def _console(console: ConsolePlan | None) -> dict[str, Any] | None:
    """A console, or null for none."""
    if console is None or console.uart is None:
        return None
    return {"name": console.uart.name, "io_base": console.uart.io_base, "baud": console.uart.baud}


def _boot(boot: FileBoot) -> dict[str, Any]:
    """A boot source."""
    linux = boot.file_facts.loader.linux if boot.file_facts.loader is not None else None
    return {
        "file": str(boot.file.value.resolve()),
        "esp_file": boot.esp_file,
        "initrd": str(boot.initrd.value.resolve()) if boot.initrd is not None else None,
        "esp_initrd": boot.esp_initrd,
        "options": boot.options,
        "signed": boot.file_facts.loader.signed if boot.file_facts.loader is not None else False,
        "linux": {"version": linux.banner, "release": linux.release} if linux is not None else None,
        "kernel_parameters": boot.kernel_parameters,
        "added_parameters": [
            {"parameter": added.parameter, "why": added.why} for added in boot.added_parameters
        ],
    }
