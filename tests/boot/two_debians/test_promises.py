# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The whole Debian finds a PC of its own, and uses it as its owner would."""

import re
import shlex
import subprocess

import pytest

from ci.qemu.guest import Done
from ci.qemu.timing import scaled
from tests.boot.bench import Bench
from tests.boot.efivars import MRM
from tests.boot.support import broken

pytestmark = [pytest.mark.boot(750), pytest.mark.timeout(2400)]


def run(bench: Bench, command: str) -> Done:
    return bench.run(bench.session.guests["steady"].run(command, 240))


def printed(output: str) -> str:
    """The data of a variable, as `efivar -p` shows it to the right of its bytes."""
    return "".join(re.findall(r"^[0-9a-f]{8} .*\|(.*)\|\s*$", output, re.MULTILINE))


def test_everything_promised_is_seen(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({})) == []


def test_it_came_by_shim_and_grub(bench: Bench) -> None:
    text = bench.session.guests["steady"].console.text
    assert "Welcome to GRUB!" in text and "Loading initial ramdisk ..." in text


def test_every_parameter_asked_for_is_there(bench: Bench) -> None:
    """The controller, which knows what to expect, has nothing to warn of."""
    steady = next(promise for promise in bench.plan.partitions if promise.name == "steady")
    words = bench.session.reports()["steady"].data["cmdline"].split()
    assert steady.parameters and set(steady.parameters.split()) <= set(words)


def test_systemd_is_content(bench: Bench) -> None:
    done = run(bench, "systemctl is-system-running --wait; systemctl --failed --no-legend --plain")
    assert "running" in done.output and ".service" not in done.output, done.output


def test_ssh_over_its_own_network_card(bench: Bench) -> None:
    command = [*shlex.split(bench.ways_in["steady"]), "cat /sys/class/dmi/id/product_serial"]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=scaled(120), check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "steady"), done.stderr


def test_shim_has_registered_it(bench: Bench) -> None:
    r"""Debian's fallback loader made a boot entry of \\EFI\\debian at the first start."""
    done = run(bench, "efibootmgr -v")
    assert done.status == 0
    entry = re.search(r"^Boot([0-9A-F]{4})\* debian\t", done.output, re.MULTILINE)
    assert entry, done.output
    assert re.search(rf"^BootOrder: {entry[1]}", done.output, re.MULTILINE)


def test_update_grub_works_there(bench: Bench) -> None:
    done = run(bench, "update-grub && grep -c no_ipi_broadcast=1 /boot/grub/grub.cfg")
    assert done.status == 0 and "Found linux image: /boot/vmlinuz-" in done.output, done.output
    assert "warning" not in done.output


def test_systemd_refuses_what_nothing_would_end(bench: Bench) -> None:
    """Linux offers suspend to idle, which no table can keep it from; systemd is told not to use it."""
    look = "grep -o freeze /sys/power/state; systemctl show -p LoadState suspend.target"
    done = run(bench, f"{look}; systemctl suspend")
    assert done.status != 0
    assert "freeze" in done.output and "LoadState=masked" in done.output, done.output
    assert "Call to Suspend failed" in done.output, done.output


def test_interrupts_land_on_its_own_processors(bench: Bench) -> None:
    """Every line that delivered anything goes to processors the partition owns, by message."""
    report = bench.session.reports()["steady"].data
    assert report["interrupts"]
    for line in report["interrupts"]:
        assert len(line["counts"]) == report["cpus_online"]
    assert {function["interrupts"] for function in report["pci"]} == {"msix"}


def test_efivar_sees_and_steers(bench: Bench) -> None:
    """As docs/control.md has it. The partition file permits nothing, which is the answer."""
    assert "steady" in printed(run(bench, f"efivar -p -n {MRM}-Name").output)
    request = f"printf 'stop realtime' >/run/request; efivar -w -n {MRM}-Request -t 6 -f /run/request"
    assert run(bench, request).status == 0
    status = printed(run(bench, f"efivar -p -n {MRM}-Status").output)
    assert re.search(r'"result": *"refused: not permitted.*"request": *"stop realtime"', status), status
