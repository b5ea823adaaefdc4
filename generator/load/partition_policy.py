# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The keys of a partition that say how it lives: restarts, order of starting, watchdogs, permissions."""

from __future__ import annotations

from typing import TypeVar

from generator.load.nodes import Mapping, Scalar
from generator.load.reader import Fields, ranged, read_mapping, read_scalar
from generator.load.values import parse_duration, parse_integer, parse_size
from generator.model.intent import PermissionsIntent, PolicyIntent, Restart
from generator.places import Located
from generator.printable import printable

T = TypeVar("T")

KEYS = (
    "restart",
    "scrub",
    "autostart",
    "after",
    "delay",
    "shutdown",
    "watchdog",
    "nmi",
    "permissions",
    "variables",
)
RESTART_KEYS = ("policy", "limit", "backoff")
WATCHDOG_KEYS = ("os", "firmware")
VERBS = ("start", "stop", "restart", "nmi")
PERMISSION_KEYS = (*VERBS, "pc", "reload")
VARIABLES_KEYS = ("quota",)
RESTARTS: dict[str, Restart] = {"never": "never", "on-failure": "on-failure", "always": "always"}
PC_REQUESTS = {"reboot": "reboot", "power-off": "power-off"}
OFF = "off"
TIME = "a time such as 3 s"


def read_policy(partition: Fields) -> PolicyIntent:
    """How a partition lives, as far as it can be read."""
    restart, limit, backoff = _restart(partition)
    watchdog, firmware = _watchdog(partition)
    variables = _mapping(partition, "variables", VARIABLES_KEYS)
    quota = variables.scalar("quota", "a size such as 64 KiB", parse_size, False) if variables else None
    _take_over(partition, "variables", variables)
    return PolicyIntent(
        restart=restart,
        limit=limit,
        backoff=backoff,
        scrub=partition.boolean("scrub"),
        autostart=partition.boolean("autostart"),
        after=_names(partition, "after"),
        delay=partition.scalar("delay", TIME, parse_duration, False),
        shutdown=partition.scalar("shutdown", "a time such as 60 s, or off", _duration_or_off, False),
        watchdog=watchdog,
        firmware=firmware,
        nmi=partition.boolean("nmi"),
        permissions=_permissions(partition),
        quota=quota,
    )


def parse_name(text: str) -> str | None:
    """The name of a partition; one that no message can carry, which no rule accepts either, becomes one."""
    return printable(text) or None


def _restart(
    partition: Fields,
) -> tuple[Located[Restart] | None, Located[int] | None, Located[int] | None]:
    """`on-failure`, or `{policy: …, limit: …, backoff: …}`."""
    expected = "never, on-failure, always, or {policy: …, limit: …, backoff: …}"
    node = partition.node("restart")
    if not isinstance(node, Mapping):
        short: Located[Restart] | None = partition.scalar("restart", expected, RESTARTS.get, False)
        return short, None, None
    fields = Fields(node, "'restart'", RESTART_KEYS, partition.problems)
    policy: Located[Restart] | None = fields.scalar(
        "policy", "never, on-failure or always", RESTARTS.get, False
    )
    limit = fields.scalar("limit", "a number, 0 for no limit", ranged(parse_integer, 0, 1 << 32), False)
    backoff = fields.scalar("backoff", TIME, parse_duration, False)
    partition.lose("restart", fields.unread)
    return policy, limit, backoff


def _watchdog(partition: Fields) -> tuple[Located[bool] | None, Located[int] | None]:
    """`off`, or `{os: true, firmware: 60 s}`."""
    node = partition.node("watchdog")
    if isinstance(node, Scalar) and node.text == OFF:
        return Located(False, node.place), Located(0, node.place)
    fields = _mapping(partition, "watchdog", WATCHDOG_KEYS)
    if fields is None:
        return None, None
    found = fields.boolean("os")
    firmware = fields.scalar("firmware", "a time such as 60 s, or off", _duration_or_off, False)
    _take_over(partition, "watchdog", fields)
    return found, firmware


def _duration_or_off(text: str) -> int | None:
    """Milliseconds, 0 for `off`."""
    return 0 if text == OFF else parse_duration(text)


def _permissions(partition: Fields) -> PermissionsIntent:
    """Names for each verb, requests to the PC, and whether it may reload."""
    fields = _mapping(partition, "permissions", PERMISSION_KEYS)
    if fields is None:
        return PermissionsIntent()
    start, stop, restart, nmi = (_names(fields, verb) for verb in VERBS)
    pc = [
        read_scalar(item, "'pc'", "reboot or power-off", PC_REQUESTS.get, fields.problems)
        for item in fields.items("pc")
    ]
    if None in pc:
        fields.unread.add("pc")
    reload = fields.boolean("reload")
    _take_over(partition, "permissions", fields)
    kept = tuple(request for request in pc if request is not None)
    return PermissionsIntent(start, stop, restart, nmi, kept, reload)


def _names(fields: Fields, key: str) -> tuple[Located[str], ...]:
    """One name or a list of them, as far as they can be read."""
    found = [
        read_scalar(item, f"'{key}'", "names of partitions", parse_name, fields.problems)
        for item in fields.items(key)
    ]
    if None in found:
        fields.unread.add(key)
    return tuple(name for name in found if name is not None)


def _mapping(partition: Fields, name: str, keys: tuple[str, ...]) -> Fields | None:
    """A mapping of a partition, if it is there."""
    node = partition.node(name)
    if node is None:
        return None
    fields = read_mapping(node, f"'{name}'", keys, partition.problems)
    if fields is None:
        partition.unread.add(name)
    return fields


def _take_over(partition: Fields, name: str, fields: Fields | None) -> None:
    """Note for the partition what could not be read of a mapping."""
    if fields is not None:
        partition.lose(name, fields.unread)
