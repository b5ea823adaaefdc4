# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A user who destroys his system, and an administrator who restores it (docs/applications.md)."""

import secrets
from collections.abc import Iterator

import pytest

from ci.qemu.guest import BOOT_SECONDS
from tests.boot.applications import System, by_ssh, knocks, may_not, refuses_memory
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.support import boot_of, broken, broken_after_reboot

pytestmark = [pytest.mark.long, pytest.mark.boot(260), pytest.mark.timeout(1200)]

ADMIN = "10.77.0.1"
TOKEN = secrets.token_hex(16)
"""What the administrator adds to the environment while the user's system runs."""


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("managed")
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run")) as bench:
        bench.run(bench.session.settle())
        yield bench


@pytest.fixture
def admin(bench: Bench) -> System:
    return System(bench, "admin")


@pytest.fixture
def user(bench: Bench) -> System:
    return System(bench, "user")


def test_promises(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({})) == []


def test_the_user_has_what_the_administrator_has_set_up(user: System) -> None:
    assert "administrator has set this machine up" in user.run("cat /home/user/welcome.txt")
    user.run("echo mine >/home/user/mine && sync")


def test_the_user_changes_nothing_of_the_administrator_s(admin: System, user: System) -> None:
    """Not what is served, nor by other doors, memory or requests."""
    served = admin.run("cd /srv/keep/site && sha256sum *")
    for path in ("order", "environment.tar", "news"):
        put = f"curl -fsS -T /etc/hostname http://{ADMIN}/{path}"
        assert user.tries(put).status != 0 and user.tries(put.replace("-T", "-X DELETE -o")).status != 0
    for knock in knocks(admin, ADMIN):
        allowed = knock.endswith(f"{ADMIN} 80")
        assert (user.tries(knock).status == 0) == allowed, knock
    refuses_memory(user)
    may_not(user, "stop admin now", "restart admin", "pc reboot")
    assert admin.run("cd /srv/keep/site && sha256sum *") == served


def test_destroyed_it_does_not_start_again_by_itself(bench: Bench, user: System) -> None:
    console = user.guest.console
    begin = console.mark()
    user.guest.type("rm -rf --one-file-system --no-preserve-root /; echo all' 'gone")
    bench.run(console.wait_for(r"^all gone", 900, begin))
    begin = console.mark()
    by_ssh(bench, "admin", "mrmctl stop user now && mrmctl start user")
    bench.run(console.wait_for(r"its root file system has no systemd", BOOT_SECONDS, begin))


def test_the_administrator_restores_it_by_ssh(bench: Bench, user: System) -> None:
    """With what has been set up since; nobody touches the PC, and the administrator's system runs on."""
    old = boot_of(bench.session, "user")
    begin = user.guest.console.mark()
    added = f"echo {TOKEN} >/srv/keep/environment/home/user/token && golden environment"

    by_ssh(bench, "admin", f"{added} && golden reinstall user")
    report = bench.run(user.guest.next_boot(old, begin))
    assert broken_after_reboot(bench.session, "user", report.data) == []
    assert TOKEN in user.run("cat /home/user/token /home/user/welcome.txt")
    assert user.tries("test -e /home/user/mine").status != 0, "what the user wrote is gone"
