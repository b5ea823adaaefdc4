# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The end of the PC by its power button: the last test here."""

import pytest

from tests.boot.bench import Bench
from tests.boot.support import said

pytestmark = [pytest.mark.boot(750), pytest.mark.timeout(2400)]


def test_power_button_ends_the_pc_when_all_systems_have_shut_down(bench: Bench) -> None:
    """The button is pressed once: systemd stops its services, both kernels power off, then the PC does."""

    async def press() -> None:
        session = bench.session
        # systemd says what it does on the console from now on, which is quiet for the sake of the reports.
        assert (await session.guests["steady"].run("kill -s RTMIN+20 1")).status == 0
        since = session.count()
        marks = {name: guest.console.mark() for name, guest in session.guests.items()}
        await bench.machine.execute("system_powerdown")
        assert await bench.machine.wait_end(240) == "guest-shutdown"
        last = [(state.partition, state.state, state.detail) for state in session.history[since:]]
        asked = "asked to shut down, ordered by the power button; is reclaimed in 120 s"
        assert last[:2] == [("steady", "stopping", asked), ("realtime", "stopping", asked)]
        assert sorted(last[2:]) == [("realtime", "off", "shutdown"), ("steady", "off", "shutdown")]
        for name, guest in session.guests.items():
            assert said(guest.console, "critical temperature reached", marks[name])
            assert said(guest.console, "reboot: Power down", marks[name])
        assert session.guests["steady"].console.find("Reached target .*poweroff.target", marks["steady"])
        assert "all partitions are off: the PC is switched off" in session.controller.text

    bench.run(press())
