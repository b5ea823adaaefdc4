# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A plan with two partitions and what is seen when everything is as promised."""

import copy
import json
from pathlib import Path
from typing import Any

from ci.run.judge import Observation
from ci.run.plan import Plan, load_plan

MEBIBYTE = 2**20


def _planned(name: str, device: int, console: str, io_base: int, release: str) -> dict[str, Any]:
    function = {"vendor": "0x1b36", "device": "0x0010", "class": "0x010802", "serial": f"mrm-rp{device}"}
    card = {"vendor": "0x1af4", "device": "0x1041", "class": "0x020000", "serial": None}
    port = f"PciRoot(0x0)/Pci(0x{device},0x0)"
    return {
        "name": name,
        "processors": {"count": 2, "apic_ids": [2 * device - 5, 2 * device - 4], "by_count": False},
        "memory": {"size": 640 * MEBIBYTE, "requests": []},
        "pci": [
            {"root_port": port, "segment": device - 2, "functions": [function, card]},
        ],
        "shared": [{"shared": "board", "size": 16 * MEBIBYTE}],
        "console": {"name": console, "io_base": io_base, "baud": 115200},
        "boot": {
            "timeout": 0,
            "sources": [
                {
                    "kind": "file",
                    "file": "Build/guests/x/vmlinuz",
                    "initrd": "Build/guests/x/initrd.img",
                    "linux": {"release": release, "version": release},
                }
            ],
            "expected_parameters": [],
        },
    }


def plan_data() -> dict[str, Any]:
    """Return a MrmPlan.json as data."""
    return {
        "format": 1,
        "machine": "q35",
        "source": "partitions/two-debians.yaml",
        "controller": {"console": "COM1"},
        "partitions": [
            _planned("steady", 3, "COM2", 0x2F8, "6.1.0-56-amd64"),
            _planned("realtime", 4, "COM3", 0x3E8, "6.1.0-56-rt-amd64"),
        ],
    }


def plan(folder: Path) -> Plan:
    """Return that plan as read from a file in `folder`."""
    file = folder / "MrmPlan.json"
    file.write_text(json.dumps(plan_data()))
    return load_plan(file, folder)


def report(name: str, device: int, io_base: int, release: str, base: int) -> dict[str, Any]:
    """Return the report of a guest that has what it was promised."""
    function = {"vendor": "0x1b36", "device": "0x0010", "class": "0x010802", "interrupts": "msix"}
    card = {"vendor": "0x1af4", "device": "0x1041", "class": "0x020000", "interrupts": "msix"}
    bus = f"{device - 2:04x}:01"
    return {
        "boot": "0b9e",
        "kernel": release,
        "cpus_online": 2,
        "apic_ids": [2 * device - 5, 2 * device - 4],
        "iomem": [
            f"{0x10000 * device:08x}-{0x10000 * device + 0xFFFF:08x} : System RAM",
            f"{base:08x}-{base + 638 * MEBIBYTE - 1:08x} : System RAM",
        ],
        "shared": [{"name": "pmem0", "base": 0x90000000, "size": 16 * MEBIBYTE}],
        "nfit": True,
        "persistent": ["90000000-90ffffff : Persistent Memory"],
        "pci": [{"address": f"{bus}:00.0", **function}, {"address": f"{bus}:00.1", **card}],
        "disks": [
            {
                "name": "nvme0n1",
                "function": f"{bus}:00.0",
                "model": "QEMU NVMe Ctrl",
                "serial": f"mrm-rp{device}",
                "size": 64 * MEBIBYTE,
            }
        ],
        "network": [{"name": "eth0", "mac": "52:54:00:12:34:56", "addresses": ["10.0.2.15"]}],
        "disk_test": [{"disk": "nvme0n1", "ok": True, "bytes": 8 * MEBIBYTE, "interrupts": 22, "reason": ""}],
        "interrupts": [
            {"irq": "24", "name": "nvme0q0", "chip": "PCI-MSI", "counts": [12, 0]},
            {"irq": "25", "name": "nvme0q1", "chip": "PCI-MSI", "counts": [5, 0]},
            {"irq": "26", "name": "nvme0q2", "chip": "PCI-MSI", "counts": [0, 21]},
        ],
        "consoles": ["ttyS0                -W- (EC p a)    4:64"],
        "uarts": [{"name": "ttyS0", "port": f"0x{io_base:X}", "irq": 0}],
        "dmi": {"sys_vendor": "MRM", "product_name": "Multiple Real Machine", "product_serial": name},
    }


def observations() -> dict[str, Observation]:
    """Return what is seen when every promise of `plan` is kept; safe to change."""
    steady = report("steady", 3, 0x2F8, "6.1.0-56-amd64", 0x10000000)
    realtime = report("realtime", 4, 0x3E8, "6.1.0-56-rt-amd64", 0x40000000)
    return {
        "steady": Observation("running", "", copy.deepcopy(steady), 3, True),
        "realtime": Observation("running", "", copy.deepcopy(realtime), 3, True),
    }
