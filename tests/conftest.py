# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What all tests share: their order, and a report of where the time went.

With two processes (`--numprocesses 2`) tests of one group run in one process: a folder of tests that share a
booted machine, else a file.
"""

import os
from pathlib import PurePosixPath

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from ci.progress import PROJECT
from ci.qemu.usage import LOG_VARIABLE
from tests import examples
from tests.usage import UsagePlugin

BOOT_TESTS = PurePosixPath("tests/boot")
BUILDS, LAST = "test_builds.py", "test_ends.py"
"""The file that is run before all others, and the file of a folder that ends the machine it shares."""

# How long an example takes depends on what else the machine does; a failure says how to repeat it.
settings.register_profile("mrm", deadline=None, print_blob=True)
settings.load_profile("mrm")


def pytest_configure(config: pytest.Config) -> None:
    """Have machines note what they cost, and the process that was started by the user report it."""
    if hasattr(config, "workerinput"):
        return
    log = PROJECT / "Build" / f"test-usage-{os.getpid()}.jsonl"
    log.parent.mkdir(exist_ok=True)
    log.unlink(missing_ok=True)
    os.environ[LOG_VARIABLE] = str(log)
    config.pluginmanager.register(UsagePlugin(log))


def _seconds(item: pytest.Item) -> float:
    """Return about how long the tests that share this one's machine take; 0 for what boots nothing."""
    mark = item.get_closest_marker("boot")
    return float(mark.args[0]) if mark and mark.args else 0.0


def _group(item: pytest.Item) -> str:
    return group_of(item.path.relative_to(PROJECT).as_posix())


def group_of(nodeid: str) -> str:
    """Return the group of a test or of a file of tests, as its path in the project begins."""
    file = PurePosixPath(nodeid.partition("::")[0])
    return str(file.parent if file.parent.parent == BOOT_TESTS else file)


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no types for mypy
    """Gives a process one group of tests after the other."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> GroupScheduling:
    """Have pytest-xdist keep groups together."""
    return GroupScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Limit examples, and sort: builds, host tests, boots with the longest first.

    So one process builds while the other runs host tests, and no long boot is left for the end.
    """
    examples.limit(items)
    seconds: dict[str, float] = {}
    first: dict[str, int] = {}
    for number, item in enumerate(items):
        group = _group(item)
        first.setdefault(group, number)
        seconds[group] = max(seconds.get(group, 0.0), _seconds(item))

    def place(item: pytest.Item) -> tuple[int, float, int, bool]:
        group = _group(item)
        rank = 0 if item.path.name == BUILDS else 2 if seconds[group] else 1
        return rank, -seconds[group], first[group], item.path.name == LAST

    items.sort(key=place)
