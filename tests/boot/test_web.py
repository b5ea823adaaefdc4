# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A public web server and a private one on one PC (docs/applications.md), attacked through the public one."""

import asyncio
import secrets
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest

from tests.boot.applications import System, flood, knocks, measure, refuses_memory, visit
from tests.boot.bench import Bench
from tests.boot.conftest import Builder
from tests.boot.support import broken, undisturbed

pytestmark = [pytest.mark.long, pytest.mark.boot(100), pytest.mark.timeout(1200)]

PRIVATE = "10.77.0.1"
SECRET = secrets.token_hex(16)
"""What is on the private server only."""

EVERYTHING = (
    "user root; worker_processes 1; pid /run/nginx.pid; events {} "
    "http { server { listen 80; root /; autoindex on; "
    "location /proxy/ { proxy_connect_timeout 2s; proxy_pass http://10.77.0.1/; } } }"
)
"""A configuration with which the public server shows all its files, as root, and asks others in its name."""


@pytest.fixture(scope="module")
def bench(built: Builder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    result = built("web")
    with Bench(result.plan, result.esp, tmp_path_factory.mktemp("run")) as bench:
        bench.run(bench.session.settle())
        System(bench, "private").run(f"echo {SECRET} >/var/www/site/secret.txt")
        yield bench


@pytest.fixture
def private(bench: Bench) -> System:
    return System(bench, "private")


@pytest.fixture
def public(bench: Bench) -> System:
    return System(bench, "public")


def test_promises(bench: Bench) -> None:
    assert broken(bench.session, bench.session.observe({})) == []


def test_each_network_sees_its_site(bench: Bench) -> None:
    assert b"<title>public</title>" in visit(bench.sites["public"]).body
    assert b"<title>private</title>" in visit(bench.sites["private"]).body
    assert visit(f"{bench.sites['private']}secret.txt").body.strip() == SECRET.encode()
    assert visit(f"{bench.sites['public']}secret.txt").status == 404


def test_the_private_server_publishes(bench: Bench, private: System) -> None:
    """Through the network in memory; nobody else may."""
    private.run("echo news >/run/news && curl -fsS -T /run/news http://10.77.0.2:8080/news.txt")
    assert visit(f"{bench.sites['public']}news.txt").body.strip() == b"news"


def test_flooded_the_private_server_works_on(bench: Bench, private: System) -> None:
    port = urlsplit(bench.sites["public"]).port
    assert port is not None

    async def compare() -> None:
        quiet = await measure(private)
        over = asyncio.Event()
        flooding = asyncio.create_task(flood(port, over))
        try:
            async with undisturbed(private.guest):
                flooded = await measure(private)
        finally:
            over.set()
            answers = await flooding
        print(f"quiet: {quiet}")
        print(f"flooded, {answers} answers: {flooded}")
        assert answers > 0

    bench.run(compare())
    assert visit(f"{bench.sites['private']}secret.txt").body.strip() == SECRET.encode()


def test_misconfigured_the_public_server_shows_nothing_of_the_private_one(
    bench: Bench, public: System
) -> None:
    public.run(f"echo '{EVERYTHING}' >/etc/nginx/nginx.conf && nginx -t -q && systemctl restart nginx")
    site = bench.sites["public"]
    assert b"root:" in visit(f"{site}etc/shadow").body, "it is as badly configured as can be"
    found = public.run(
        "find /etc/nginx /etc/ssh /etc/systemd /root /srv /var/log /var/www /home -xdev -type f -size -64k"
    )
    paths = [line.strip() for line in found.splitlines() if line.startswith("/")]
    assert "/var/www/site/news.txt" in paths
    for path in paths:
        assert SECRET.encode() not in visit(site.rstrip("/") + quote(path)).body, path
    answer = visit(f"{site}proxy/secret.txt")
    assert answer.status in (502, 504) and SECRET.encode() not in answer.body
    assert visit(f"{bench.sites['private']}secret.txt").body.strip() == SECRET.encode()


def test_root_of_the_public_server_finds_no_door(private: System, public: System) -> None:
    """Not by IPv4, not by IPv6, at no port that is open on the private server's own network."""
    tries = knocks(private, PRIVATE)
    assert {"22", "80"} <= {knock.split()[-1] for knock in tries}
    for knock in tries:
        assert public.tries(knock).status != 0, knock
    refuses_memory(public)
    private.run("nft flush ruleset")
    for knock in tries:
        assert public.tries(knock).status == 0, f"{knock}: the filter alone is what keeps it out"
