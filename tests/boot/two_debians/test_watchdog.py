# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A restart of the whole Debian: by the watchdog that systemd has fed, into a boot entry made inside."""

import asyncio
import re
from pathlib import Path

import pytest

from ci.qemu.timing import scaled
from tests.boot.bench import Bench
from tests.boot.support import boot_of, broken_after_reboot, undisturbed

pytestmark = [pytest.mark.boot(750), pytest.mark.timeout(1800)]

WATCHDOG_SECONDS = 45
"""Nothing feeds it while systemd executes itself anew, which takes long on a slow host."""
NAME = "steady"


def watchdog(bench: Bench, before: str, *names: str) -> list[str]:
    """Run a command, then return attributes of the watchdog."""
    command = f"{before}; cd /sys/class/watchdog/watchdog0; grep . {' '.join(names)}"
    done = bench.run(bench.session.guests[NAME].run(command, 240))
    return re.findall(r"^(?:.*\a)?(\w+:\w+)$", done.output, re.MULTILINE)


def own_entry(bench: Bench) -> str:
    """Make a boot entry inside, first in BootOrder, and return its number."""
    create = (
        r"efibootmgr -q -c -d /dev/nvme0n1 -p 1 -L 'made inside' -l '\EFI\debian\shimx64.efi' && efibootmgr"
    )
    made = bench.run(bench.session.guests[NAME].run(create, 240))
    entry = re.search(r"^Boot([0-9A-F]{4})\* made inside", made.output, re.MULTILINE)
    assert entry and re.search(rf"^BootOrder: {entry[1]}", made.output, re.MULTILINE), made.output
    return entry[1]


def test_systemd_feeds_the_watchdog_and_is_missed(bench: Bench) -> None:
    """A manager that has crashed feeds no watchdog: the partition is restarted, and told why."""
    number = own_entry(bench)
    file, setting = "/etc/systemd/system.conf.d/watchdog.conf", f"RuntimeWatchdogSec={WATCHDOG_SECONDS}"
    write = f"mkdir -p {Path(file).parent}; printf '[Manager]\\n{setting}\\n' >{file}; sync"
    armed = "until grep -q ^active /sys/class/watchdog/watchdog0/state; do sleep 0.1; done"
    begin = f"{write}; systemctl daemon-reexec; {armed}"
    told = watchdog(bench, begin, "identity", "state", "timeout", "bootstatus")
    assert told == ["identity:wdat_wdt", "state:active", f"timeout:{WATCHDOG_SECONDS}", "bootstatus:0"]

    async def crash() -> None:
        session, since = bench.session, bench.session.count()
        steady = session.guests[NAME]
        old, mark = boot_of(session, NAME), steady.console.mark()
        async with undisturbed(session.guests["realtime"]):
            await asyncio.sleep(scaled(1.5 * WATCHDOG_SECONDS))
            assert session.history[since:] == []
            steady.type("kill -s SEGV 1")
            state = await session.wait_state(NAME, "restarting", 10 * WATCHDOG_SECONDS, since)
            assert state.detail == "watchdog"
            report = await steady.next_boot(old, mark)
            assert broken_after_reboot(session, NAME, report.data) == []

    bench.run(crash())
    entries = bench.run(bench.session.guests[NAME].run("efibootmgr", 240)).output
    assert re.search(rf"^BootCurrent: {number}\s", entries, re.MULTILINE)
    # systemd arms it by itself in the next boot.
    assert watchdog(bench, "true", "state", "bootstatus") == ["state:active", "bootstatus:32"]
