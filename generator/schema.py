# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The partition file as JSON Schema (draft 2020-12), so that editors complete, explain and check it.

It covers what can be said about one file without a machine.  The rules say the rest.
"""

from __future__ import annotations

from typing import Any

from generator.load.partition_file import ALL_OFF, DEFAULTS_KEYS, POWER_BUTTON
from generator.load.partition_pci import CLASSES
from generator.load.partition_policy import OFF, PC_REQUESTS, RESTARTS
from generator.model.intent import CONSOLE_AUTO, CONSOLE_NONE

Schema = dict[str, Any]

_SIZE_PATTERN = (
    r"^(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,12}(\.[0-9]{1,6})?\s*(B|KiB|MiB|GiB|TiB)|0|[1-9][0-9]{0,19})$"
)
_TIME_PATTERN = r"^(0|[0-9]{1,12}(\.[0-9]{1,6})?\s*(ms|s|min|h))$"
_NUMBERS_PATTERN = r"^[0-9xXa-fA-F]+(\s*-\s*[0-9xXa-fA-F]+)?(,\s*[0-9xXa-fA-F]+(\s*-\s*[0-9xXa-fA-F]+)?)*$"
_PATH_PATTERN = r"^[Pp][Cc][Ii][Rr]oot\(.*\)(/[Pp][Cc][Ii]\(.*,.*\))+$"
_AT_PATTERN = r"^[0-9a-fA-F]{1,2}\.[0-7]$"


def partition_file_schema() -> Schema:
    """The schema of a partition file."""
    partition = _partition()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "MRM partition file",
        "description": "What each partition of a machine is promised. See docs/partition-file.md.",
        **_object(
            {
                "format": {"const": 1, "description": "The version of this language."},
                "extends": _one_or_more(_text("A partition file to build on, relative to this one.")),
                "machine": _text("NAME of platforms/NAME.yaml, or the path of a machine file (….yaml)."),
                "controller": _object(
                    {
                        "console": _console("The controller's UART, by name or first I/O port, or none."),
                        "all_off": {
                            "enum": list(ALL_OFF),
                            "description": "What happens when the last partition has gone off.",
                        },
                        "power_button": {
                            "enum": list(POWER_BUTTON),
                            "description": "What the power button does.",
                        },
                    },
                    "What the controller keeps.",
                ),
                "defaults": _object(
                    {key: partition["properties"][key] for key in DEFAULTS_KEYS},
                    "For partitions that do not say otherwise.",
                ),
                "partitions": {
                    "type": "array",
                    "maxItems": 64,
                    "items": partition,
                    "description": "1 to 64 partitions.",
                },
            }
        ),
        "if": {"not": {"required": ["extends"]}},
        "then": {
            "required": ["format", "machine", "partitions"],
            "properties": {"partitions": {"items": {"required": ["name", "boot"]}}},
        },
    }


def _partition() -> Schema:
    """One partition."""
    return _object(
        {
            "name": {
                "type": "string",
                "description": "A lower-case letter, then up to 30 of a–z, 0–9 and hyphens.",
                "pattern": "^[A-Za-z0-9-]{1,64}$",
            },
            "processors": _processors(),
            "memory": _memory(),
            "pci": {**_one_or_more(_pci()), "description": "Root ports, with everything behind them."},
            "console": {
                "description": "Where its firmware and operating system speak.",
                "anyOf": [
                    _console("A UART by name or first I/O port, none, or auto: the first that nobody names."),
                    _object({"pci": _text("The device path of a PCI serial card of its own.")}),
                ],
            },
            "isolation": {
                "enum": ["cooperative"],
                "description": "Nothing runs beneath the operating system.",
            },
            "display": {
                "type": "boolean",
                "description": "Its display function is its screen; one partition at most.",
            },
            "boot": _boot(),
            **_policy(),
        },
        "A real machine cut out of the PC.",
    )


def _processors() -> Schema:
    """The key `processors`."""
    count = _integer("Any free processors.", 1, 0xFFFF)
    return {
        "description": "How many processors, or which.",
        "anyOf": [
            count,
            _object(
                {
                    "count": count,
                    "apic_ids": _numbers("Exactly these local APIC IDs; the first one boots."),
                    "package": _integer("All processors of a package, or where 'count' is taken from."),
                    "cores": _numbers("All threads of these cores of 'package' (0)."),
                    "node": _integer("All processors of a NUMA node, or where 'count' is taken from."),
                    "allow_shared_cores": {
                        "type": "boolean",
                        "description": "Threads of one core may belong to different owners.",
                    },
                }
            ),
        ],
    }


def _memory() -> Schema:
    """The key `memory`."""
    return {
        "description": "How much memory, and where.",
        "anyOf": [
            _size("All memory of the partition."),
            _object(
                {
                    "size": _size("All memory of the partition, the parts included."),
                    "low": _size("Slice below 576 KiB that starts processors."),
                    "below_1g": _size("Share below 1 GiB, for loaders that cannot place an initrd higher."),
                    "below_4g": _size("Share below 4 GiB, for devices with 32-bit DMA."),
                    "above": _size("Lowest address of everything else."),
                    "alignment": _size("Alignment of everything else."),
                    "node": _integer("NUMA node of everything else."),
                    "at": _size("Address of everything else."),
                    "range": _text("Addresses of everything else, such as 2 GiB-6 GiB."),
                }
            ),
        ],
    }


def _pci() -> Schema:
    """An entry of `pci`."""
    at = {"anyOf": [{"type": "string", "pattern": _AT_PATTERN}, {"type": "number"}]}
    return {
        "description": "A port: the partition gets everything behind it.",
        "anyOf": [
            {"type": "string", "pattern": _PATH_PATTERN, "description": "A UEFI device path."},
            {**at, "description": "Device and function of a root port, such as 03.0."},
            _object({"root_port": {**at, "description": "Device and function."}, "root": _integer("_UID.")}),
            _object({"bus": _integer("A bus behind a port.", 0, 255), "segment": _integer("PCI segment.")}),
            _object(
                {
                    "vendor": _integer("Vendor ID.", 0, 0xFFFF),
                    "device": _integer("Device ID.", 0, 0xFFFF),
                    "class": {
                        "anyOf": [{"enum": list(CLASSES)}, {"type": ["string", "integer"]}],
                        "description": "A class, its code, or the first bytes of it.",
                    },
                    "serial": {"type": ["string", "number"], "description": "Serial number."},
                    "count": _integer("How many functions.", 1, 16),
                }
            ),
        ],
    }


def _boot() -> Schema:
    """The key `boot`."""
    word = _text("A file on the build host, relative to this file; or disk, network, shell.")
    file: Schema = {
        "file": _text("An EFI application on the build host, relative to this file."),
        "initrd": _text("Handed to a Linux kernel by the firmware."),
        "options": _options(),
        "kernel_parameters": {
            "enum": ["auto", "off", False],
            "description": "auto adds what MRM needs if the loader is Linux.",
        },
    }
    disk: Schema = {
        "disk": _text("any, or the port with the disk."),
        "path": _text(r"A loader on its EFI system partition, such as \EFI\debian\shimx64.efi."),
        "options": _options(),
    }
    network: Schema = {
        "network": _text("any, or the port with the network interface."),
        "uri": _text("What is fetched by HTTP, such as http://10.0.2.2/debian.efi."),
    }
    timeout: Schema = {"timeout": _time("How long the console offers the choice.")}
    source = {"anyOf": [word, *map(_object, (file, disk, network))]}
    return {
        "description": "What the partition boots: a source, or several that are tried in order.",
        "anyOf": [
            word,
            *(_object({**timeout, **keys}) for keys in (file, disk, network)),
            _object({**timeout, "order": _one_or_more(source)}),
            {"type": "array", "items": source},
        ],
    }


def _options() -> Schema:
    """Load options."""
    return {"type": ["string", "number"], "description": "Load options."}


def _policy() -> Schema:
    """The keys that say how a partition lives."""
    restart = {"enum": list(RESTARTS), "description": "When a partition starts again after it has ended."}
    names = _one_or_more(_text("The name of a partition."))
    return {
        "restart": {
            "description": "When it starts again after it has ended.",
            "anyOf": [
                restart,
                _object(
                    {
                        "policy": restart,
                        "limit": _integer("Failures in a row until it stays failed; 0: no limit."),
                        "backoff": _time("Before a restart after a failure, doubled with each in a row."),
                    }
                ),
            ],
        },
        "scrub": {"type": "boolean", "description": "Its memory is zeroed before each start."},
        "autostart": {"type": "boolean", "description": "It starts by itself."},
        "after": {**names, "description": "Partitions that run before it starts."},
        "delay": _time("Before its first start."),
        "shutdown": {
            "description": "How long its OS may take to shut down when it is asked to; off: it is not asked.",
            "anyOf": [{"enum": [OFF, False]}, _time("The time.")],
        },
        "watchdog": {
            "description": "A watchdog for the operating system, and one for firmware and loader.",
            "anyOf": [
                {"enum": [OFF, False]},
                _object(
                    {
                        "os": {"type": "boolean", "description": "Offer one (WDAT)."},
                        "firmware": {
                            "description": "Firmware or loader silent for so long has failed.",
                            "anyOf": [{"enum": [OFF, False]}, _time("A time.")],
                        },
                    }
                ),
            ],
        },
        "nmi": {"type": "boolean", "description": "NMIs of the machine go to its first processor."},
        "permissions": _object(
            {
                **{
                    verb: {**names, "description": f"Partitions it may {verb}, or all."}
                    for verb in ("start", "stop", "restart")
                },
                "nmi": {**names, "description": "Partitions it may send an NMI, or all."},
                "pc": {
                    **_one_or_more({"enum": list(PC_REQUESTS)}),
                    "description": "What it may do to the PC.",
                },
                "reload": {
                    "type": "boolean",
                    "description": "It may put another policy in force, for all partitions.",
                },
            },
            "What it may do to others.",
        ),
        "variables": _object(
            {"quota": _size("Space for its UEFI variables, 16 KiB to 256 KiB.")}, "Its UEFI variables."
        ),
    }


def _object(properties: Schema, description: str | None = None) -> Schema:
    """A mapping with these keys and no others."""
    schema: Schema = {"type": "object", "additionalProperties": False, "properties": properties}
    return schema if description is None else {**schema, "description": description}


def _one_or_more(schema: Schema) -> Schema:
    """A value, or a list of such."""
    return {"anyOf": [schema, {"type": "array", "items": schema}]}


def _text(description: str) -> Schema:
    """A text that is not empty."""
    return {"type": ["string", "number"], "minLength": 1, "description": description}


def _integer(description: str, low: int = 0, high: int = 0xFFFFFFFF) -> Schema:
    """A number; hexadecimal ones are texts for some parsers."""
    number = {"type": "integer", "minimum": low, "maximum": high}
    return {
        "anyOf": [number, {"type": "string", "pattern": "^0[xX][0-9a-fA-F]+$"}],
        "description": description,
    }


def _size(description: str) -> Schema:
    """A size or address."""
    return {
        "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": _SIZE_PATTERN}],
        "description": f"{description} With an IEC unit, such as 640 MiB.",
    }


def _time(description: str) -> Schema:
    """A time."""
    return {
        "anyOf": [{"const": 0}, {"type": "string", "pattern": _TIME_PATTERN}],
        "description": f"{description} With a unit: ms, s, min, h.",
    }


def _numbers(description: str) -> Schema:
    """Numbers and ranges."""
    one = {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": _NUMBERS_PATTERN}]}
    return {**_one_or_more(one), "description": description}


def _console(description: str) -> Schema:
    """A console."""
    return {
        "anyOf": [{"enum": [CONSOLE_AUTO, CONSOLE_NONE]}, {"type": ["string", "integer"]}],
        "description": description,
    }
