# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The keys of a partition that say how it lives: restarts, order of starting, watchdogs, permissions."""

from __future__ import annotations

from typing import Any

from generator.load.keys import (
    BOOLEAN,
    OFF,
    TEXT_SCHEMA,
    TIME,
    TIME_OR_OFF,
    Form,
    Key,
    Keys,
    any_of,
    choice,
    integer,
    no_text,
    one_or_more,
    size,
)
from generator.load.nodes import Mapping, Scalar
from generator.load.reader import Fields, read_mapping
from generator.model.intent import PermissionsIntent, PolicyIntent, Restart
from generator.places import Located
from generator.printable import printable

RESTARTS: dict[str, Restart] = {"never": "never", "on-failure": "on-failure", "always": "always"}
PC_REQUESTS = {"reboot": "reboot", "power-off": "power-off"}


def parse_name(text: str) -> str | None:
    """The name of a partition; one that no message can carry, which no rule accepts either, becomes one."""
    return printable(text) or None


NAMES: Form[str] = Form(
    "names of partitions", parse_name, one_or_more({**TEXT_SCHEMA, "description": "The name of a partition."})
)
ON_END = Key(
    "policy",
    choice(RESTARTS, "never, on-failure or always"),
    "When a partition starts again after it has ended.",
)
LIMIT = Key(
    "limit",
    integer(0, 1 << 32, "a number, 0 for no limit"),
    "Failures in a row until it stays failed; 0: no limit.",
)
BACKOFF = Key("backoff", TIME, "Before a restart after a failure, doubled with each in a row.")
RESTART_KEYS = Keys((ON_END, LIMIT, BACKOFF))
RESTART: Key[Restart] = Key(
    "restart",
    Form(
        "never, on-failure, always, or {policy: …, limit: …, backoff: …}",
        RESTARTS.get,
        any_of(ON_END.schema, RESTART_KEYS.schema),
    ),
    "When it starts again after it has ended.",
    "`never`, `on-failure`, `always`, or `{policy: …, limit: …, backoff: …}`, below",
    "`on-failure`",
    inherited=True,
)
SCRUB = Key(
    "scrub",
    BOOLEAN,
    "Its memory is zeroed before each start.",
    "`true`: its memory is zeroed before each start; `false`: it is kept, for crash dumps",
    "`false`",
    inherited=True,
)
AUTOSTART = Key(
    "autostart", BOOLEAN, "It starts by itself.", "`false`: it starts only when told to", "`true`"
)
AFTER = Key(
    "after",
    NAMES,
    "Partitions that run before it starts.",
    "partitions that must be running before it starts, a name or a list",
    "none",
)
DELAY = Key("delay", TIME, "Before its first start.", "time before its first start", "`0`", inherited=True)
SHUTDOWN = Key(
    "shutdown",
    TIME_OR_OFF,
    "How long its OS may take to shut down when it is asked to; off: it is not asked.",
    "how long its OS may take to shut down when it is [asked to](control.md#asked-to-shut-down), 1 s to 1 h; "
    "`off`: it is not asked, and has no thermal zone",
    "`2 min`",
    inherited=True,
)
OS = Key("os", BOOLEAN, "Offer one (WDAT).")
FIRMWARE = Key("firmware", TIME_OR_OFF, "Firmware or loader silent for so long has failed.")
WATCHDOG_KEYS = Keys((OS, FIRMWARE))
WATCHDOG = Key(
    "watchdog",
    no_text("off, or a mapping", any_of({"enum": [OFF, False]}, WATCHDOG_KEYS.schema)),
    "A watchdog for the operating system, and one for firmware and loader.",
    "`{os: true, firmware: 60 s}`, below; `off`: neither",
    "both",
    inherited=True,
)
NMI = Key(
    "nmi",
    BOOLEAN,
    "NMIs of the machine go to its first processor.",
    "`true`: NMIs of the machine go to its first processor while its system runs; one partition at most",
    "`false`",
)
VERBS = (
    *(Key(verb, NAMES, f"Partitions it may {verb}, or all.") for verb in ("start", "stop", "restart")),
    Key("nmi", NAMES, "Partitions it may send an NMI, or all."),
)
PC = Key(
    "pc",
    Form("reboot or power-off", PC_REQUESTS.get, one_or_more({"enum": list(PC_REQUESTS)})),
    "What it may do to the PC.",
)
RELOAD = Key("reload", BOOLEAN, "It may put another policy in force, for all partitions.")
PERMISSION_KEYS = Keys((*VERBS, PC, RELOAD))
PERMISSIONS = Key(
    "permissions",
    no_text("a mapping", PERMISSION_KEYS.schema),
    "What it may do to others.",
    "what it may do to others, below; what it may do [to itself](control.md#requests) needs none",
    "nothing",
)
QUOTA = Key("quota", size("a size such as 64 KiB"), "Space for its UEFI variables, 16 KiB to 256 KiB.")
VARIABLES_KEYS = Keys((QUOTA,))
VARIABLES = Key(
    "variables",
    no_text("a mapping", VARIABLES_KEYS.schema),
    "Its UEFI variables.",
    "`{quota: 64 KiB}`: space for its UEFI variables, 16 KiB to 256 KiB",
    "64 KiB",
    inherited=True,
)
KEYS = Keys((RESTART, SCRUB, AUTOSTART, AFTER, DELAY, SHUTDOWN, WATCHDOG, NMI, PERMISSIONS, VARIABLES))


def read_policy(partition: Fields) -> PolicyIntent:
    """How a partition lives, as far as it can be read."""
    restart, limit, backoff = _restart(partition)
    watchdog, firmware = _watchdog(partition)
    variables = _mapping(partition, VARIABLES, VARIABLES_KEYS)
    quota = variables.read(QUOTA) if variables else None
    _take_over(partition, VARIABLES, variables)
    return PolicyIntent(
        restart=restart,
        limit=limit,
        backoff=backoff,
        scrub=partition.read(SCRUB),
        autostart=partition.read(AUTOSTART),
        after=partition.read_all(AFTER),
        delay=partition.read(DELAY),
        shutdown=partition.read(SHUTDOWN),
        watchdog=watchdog,
        firmware=firmware,
        nmi=partition.read(NMI),
        permissions=_permissions(partition),
        quota=quota,
    )


def _restart(
    partition: Fields,
) -> tuple[Located[Restart] | None, Located[int] | None, Located[int] | None]:
    """`on-failure`, or `{policy: …, limit: …, backoff: …}`."""
    node = partition.node(RESTART.name)
    if not isinstance(node, Mapping):
        return partition.read(RESTART), None, None
    fields = Fields(node, "'restart'", RESTART_KEYS.names, partition.problems)
    policy, limit, backoff = fields.read(ON_END), fields.read(LIMIT), fields.read(BACKOFF)
    partition.lose(RESTART.name, fields.unread)
    return policy, limit, backoff


def _watchdog(partition: Fields) -> tuple[Located[bool] | None, Located[int] | None]:
    """`off`, or `{os: true, firmware: 60 s}`."""
    node = partition.node(WATCHDOG.name)
    if isinstance(node, Scalar) and node.text == OFF:
        return Located(False, node.place), Located(0, node.place)
    fields = _mapping(partition, WATCHDOG, WATCHDOG_KEYS)
    if fields is None:
        return None, None
    found, firmware = fields.read(OS), fields.read(FIRMWARE)
    _take_over(partition, WATCHDOG, fields)
    return found, firmware


def _permissions(partition: Fields) -> PermissionsIntent:
    """Names for each verb, requests to the PC, and whether it may reload."""
    fields = _mapping(partition, PERMISSIONS, PERMISSION_KEYS)
    if fields is None:
        return PermissionsIntent()
    start, stop, restart, nmi = (fields.read_all(verb) for verb in VERBS)
    pc, reload = fields.read_all(PC), fields.read(RELOAD)
    _take_over(partition, PERMISSIONS, fields)
    return PermissionsIntent(start, stop, restart, nmi, pc, reload)


def _mapping(partition: Fields, key: Key[Any], keys: Keys) -> Fields | None:
    """A mapping of a partition, if it is there."""
    node = partition.node(key.name)
    if node is None:
        return None
    fields = read_mapping(node, f"'{key.name}'", keys.names, partition.problems)
    if fields is None:
        partition.unread.add(key.name)
    return fields


def _take_over(partition: Fields, key: Key[Any], fields: Fields | None) -> None:
    """Note for the partition what could not be read of a mapping."""
    if fields is not None:
        partition.lose(key.name, fields.unread)
