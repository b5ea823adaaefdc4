# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Content that comes before its release time (docs/applications.md), and a user who wants it sooner."""

import re
import secrets
from collections.abc import Iterator
from hashlib import sha256

import pytest

from tests.boot.applications import System, by_ssh, knocks, may_not, refuses_memory
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.support import broken

pytestmark = [pytest.mark.long, pytest.mark.boot(115), pytest.mark.timeout(1200)]

STORE = "10.77.0.1"
CONTENT = secrets.token_bytes(4 << 20)
HOURS = 3
"""From now until the content is released; nobody waits for that."""
FETCH = f"curl -s -o /run/film -w '%{{http_code}} %{{speed_download}}\\n' --path-as-is http://{STORE}"
FETCHES = 3


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("release")
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run")) as bench:
        bench.run(bench.session.settle())
        yield bench


@pytest.fixture
def store(bench: Bench) -> System:
    return System(bench, "store")


@pytest.fixture
def user(bench: Bench) -> System:
    return System(bench, "user")


def arrived(store: System) -> int:
    """How many bytes have come in by the store's own card."""
    said = store.run("cat /sys/class/net/[!lm]*/statistics/rx_bytes")
    return int(said.split()[-1])


def status(user: System, path: str) -> int:
    """What the store answers the user who asks for a path."""
    found = re.search(r"^(\d{3}) ", user.tries(f"{FETCH}{path}").output, re.MULTILINE)
    assert found is not None
    return int(found[1])


def test_promises(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({})) == []


def test_before_its_time_the_user_gets_nothing(bench: Bench, store: System, user: System) -> None:
    """By none of the means that his root has: paths, doors, clocks, memory, disks, requests."""
    before = arrived(store)
    by_ssh(bench, "store", f"release hold film '{HOURS} hours'", CONTENT)
    assert len(CONTENT) <= arrived(store) - before < 2 * len(CONTENT)
    waiting = store.run("sha256sum /srv/keep/waiting/film")
    assert sha256(CONTENT).hexdigest() in waiting
    for path in ("/film", "/../waiting/film", "/%2e%2e/waiting/film", "//srv/keep/waiting/film"):
        assert status(user, path) in (400, 404), path
    for knock in knocks(store, STORE):
        allowed = knock.endswith(f"{STORE} 80")
        assert (user.tries(knock).status == 0) == allowed, knock
    user.run(f"date -s '{2 * HOURS} hours'")
    assert status(user, "/film") == 404, "the user's clock is not what counts"
    refuses_memory(user)
    may_not(user, "stop store now", "restart store", "nmi store", "pc reboot")
    assert user.tries("ls -d /sys/block/nvme* /sys/block/sd*").status != 0, "it has no disk, and sees none"
    assert user.tries(f"curl -fsS -T /etc/hostname http://{STORE}/access.log").status != 0


def test_a_store_that_starts_again_still_waits(store: System, user: System) -> None:
    store.run(
        "systemctl stop nginx 'release-*.timer' && systemctl restart mrm-release && systemctl start nginx"
    )
    store.run("systemctl is-active release-film.timer")
    assert store.tries("release now film").status != 0, "not even its own root is early by mistake"
    assert status(user, "/film") == 404


def test_from_its_time_on_the_user_gets_all_of_it(store: System, user: System) -> None:
    """As often as he likes, at the speed of the network in memory; the store's card carries nothing more."""
    before = arrived(store)
    store.run(f"date -s '{HOURS} hours' && until [ -e /srv/keep/site/film ]; do sleep 0.2; done")
    for _ in range(FETCHES):
        said = user.run(f"{FETCH}/film && sha256sum /run/film")
        assert sha256(CONTENT).hexdigest() in said, said
        print(said)
    assert arrived(store) - before < len(CONTENT) // 10


def test_the_store_knows_who_asked(store: System) -> None:
    log = store.run("cat /srv/keep/access.log").splitlines()
    asked = [re.findall(r"^(\S+) .* /film HTTP\S+ (\d+)", line) for line in log]
    assert [one[0] for one in asked if one] == [("10.77.0.2", "404")] * 3 + [("10.77.0.2", "200")] * FETCHES
