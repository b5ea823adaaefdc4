# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The private apt configuration: what is taken over from the machine's own source lists."""

import subprocess
from pathlib import Path

import pytest

from ci.debian import (
    Mirror,
    Source,
    find_mirror,
    machine_sources,
    mirror_for,
    parse_deb822,
    parse_one_line,
    parse_records,
    private_sources,
)
from ci.progress import SetupError

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

ONE_LINE = """\
# deb http://commented.example/debian bookworm main
deb cdrom:[Debian GNU/Linux 12.5.0 _Bookworm_ - Official amd64 NETINST]/ bookworm main
deb [arch=amd64 signed-by=/keys/vendor.gpg] https://vendor.example/apt bookworm main
deb http://mirror.example/debian/ bookworm main contrib # the archive
deb-src http://mirror.example/debian/ bookworm main
deb http://mirror.example/debian-security bookworm-security main
deb [ signed-by=/keys/pin.gpg trusted=yes ] http://other.example/debian bookworm-backports main
"""

DEB822 = f"""\
Types: deb deb-src
# A comment inside a paragraph.
URIs: https://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main non-free-firmware
Signed-By: {KEYRING}

Enabled: no
Types: deb
URIs: https://disabled.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: https://vendor.example/bookworm
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----

types: deb
uris: https://mirror.example/debian-security
suites: bookworm-security
components: main
signed-by: {KEYRING}
"""


def test_one_line_format() -> None:
    sources = parse_one_line(ONE_LINE)
    assert [source.uris[0] for source in sources] == [
        "cdrom:[Debian GNU/Linux 12.5.0 _Bookworm_ - Official amd64 NETINST]/",
        "https://vendor.example/apt",
        "http://mirror.example/debian/",
        "http://mirror.example/debian/",
        "http://mirror.example/debian-security",
        "http://other.example/debian",
    ]
    assert sources[2] == Source(
        ("deb",), ("http://mirror.example/debian/",), ("bookworm",), ("main", "contrib")
    )
    assert sources[3].types == ("deb-src",)
    assert sources[5].options == {"Signed-By": "/keys/pin.gpg", "Trusted": "yes"}


def test_deb822_format() -> None:
    archive, vendor, security = parse_deb822(DEB822)
    assert archive == Source(
        ("deb", "deb-src"),
        ("https://mirror.example/debian",),
        ("bookworm", "bookworm-updates"),
        ("main", "non-free-firmware"),
        {"Signed-By": KEYRING},
    )
    assert vendor.options["Signed-By"].splitlines()[1:] == [
        " -----BEGIN PGP PUBLIC KEY BLOCK-----",
        " .",
        " mQINBF",
        " -----END PGP PUBLIC KEY BLOCK-----",
    ]
    assert security.suites == ("bookworm-security",)


@pytest.mark.parametrize(
    ("sources", "options"),
    [(parse_one_line(ONE_LINE), {}), (parse_deb822(DEB822), {"Signed-By": KEYRING})],
    ids=["one-line", "deb822"],
)
def test_mirrors_are_told_from_vendors(sources: list[Source], options: dict[str, str]) -> None:
    archive = find_mirror(sources)
    security = find_mirror(sources, security=True)
    assert archive is not None
    assert security is not None
    assert archive.uri.rstrip("/").endswith("//mirror.example/debian")
    assert security.uri.endswith("//mirror.example/debian-security")
    assert archive.options == security.options == options


def test_mirror_of_another_name_is_known_by_its_keyring() -> None:
    sources = parse_one_line(
        "deb [signed-by=/keys/vendor.gpg] http://vendor.example/apt bookworm main\n"
        f"deb [signed-by={KEYRING}] http://local.example/snapshot-of-the-day bookworm main\n"
    )
    assert find_mirror(sources) == Mirror("http://local.example/snapshot-of-the-day", {"Signed-By": KEYRING})


def test_security_archive_without_an_entry_is_beside_the_archive() -> None:
    sources = parse_one_line("deb http://mirror.example/debian/ bookworm main")
    assert mirror_for("bookworm-security", sources).uri == "http://mirror.example/debian-security/"


def test_no_debian_mirror_is_an_error_that_says_so() -> None:
    with pytest.raises(SetupError, match=r"no Debian mirror found in /etc/apt/sources\.list"):
        mirror_for("trixie", parse_one_line("deb https://vendor.example/apt stable main"))


def test_lists_are_read_as_apt_reads_them(tmp_path: Path) -> None:
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text("deb http://first.example/debian bookworm main\n")
    (parts / "b.sources").write_text(DEB822)
    (parts / "a.list").write_text("deb http://second.example/debian bookworm main\n")
    (parts / "a.list.save").write_text("deb http://ignored.example/debian bookworm main\n")
    hosts = [source.uris[0].split("/")[2] for source in machine_sources(tmp_path)]
    assert hosts == [
        "first.example",
        "second.example",
        "mirror.example",
        "vendor.example",
        "mirror.example",
    ]


@pytest.mark.parametrize("text", [ONE_LINE, DEB822], ids=["one-line", "deb822"])
def test_apt_understands_the_private_list(tmp_path: Path, text: str) -> None:
    parse = parse_deb822 if text is DEB822 else parse_one_line
    wanted = [("deb-src", "trixie"), ("deb", "bookworm-security")]
    for name in ("parts", "lists/partial"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "parts/mrm.sources").write_text(private_sources(wanted, parse(text)))
    options = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": tmp_path / "parts",
        "Dir::State::Lists": tmp_path / "lists",
    }
    command = ["apt-get", *(f"-o{name}={value}" for name, value in options.items()), "update", "--print-uris"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    addresses = [line.split("'")[1].split("://")[1] for line in output.splitlines()]
    fetched = [address for address in addresses if address.endswith("/InRelease")]
    assert fetched == [
        "mirror.example/debian/dists/trixie/InRelease",
        "mirror.example/debian-security/dists/bookworm-security/InRelease",
    ]


def test_records() -> None:
    text = "Package: edk2\nVersion: 1\nFiles:\n abc 12 x\n\nPackage: edk2\nVersion: 2\n"
    assert [record["version"] for record in parse_records(text)] == ["1", "2"]
    assert parse_records(text)[0]["files"] == "\n abc 12 x"
