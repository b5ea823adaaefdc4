# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Debian packages and source packages through a private apt configuration.

The machine's own apt configuration is only read: which mirror it uses and how that mirror is trusted.
Everything apt writes (package lists, caches) lies in a folder of ours, so no root rights are needed and
nothing changes for the user.

Both formats of source lists are understood (sources.list(5)): one-line `*.list` files and deb822 `*.sources`
files.
"""

import re
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from debian.deb822 import Deb822

from ci.progress import SetupError, run_logged

_COPIED_OPTIONS = {
    "signed-by": "Signed-By",
    "trusted": "Trusted",
    "check-valid-until": "Check-Valid-Until",
}
_LISTS_MAXIMUM_AGE = 24 * 3600.0


@dataclass(frozen=True)
class Source:
    """One entry of a source list.

    `options` has the deb822 field names of _COPIED_OPTIONS, their values as written (a Signed-By may be a key
    block of several lines).
    """

    types: tuple[str, ...]
    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]
    options: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Mirror:
    """Where a Debian archive is served, and the options it needs."""

    uri: str
    options: dict[str, str] = field(default_factory=dict)


def parse_one_line(text: str) -> list[Source]:
    """Parse a one-line style list, such as `deb [signed-by=/k.gpg] http://mirror/debian bookworm main`."""
    sources = []
    for line in text.splitlines():
        match = re.match(r"\s*(deb|deb-src)\s+(?:\[([^]]*)\]\s+)?(.*)", line.split("#")[0])
        if match is None:
            continue
        # A cdrom URI may contain blanks inside brackets.
        words = re.findall(r"(?:\[[^]]*\]|[^\s[])+", match[3])
        if len(words) < 2:
            continue
        options = {}
        for option in (match[2] or "").split():
            name, _, value = option.partition("=")
            if name.lower() in _COPIED_OPTIONS:
                options[_COPIED_OPTIONS[name.lower()]] = value
        sources.append(Source((match[1],), (words[0],), (words[1],), tuple(words[2:]), options))
    return sources


def _paragraphs(text: str) -> Iterator[dict[str, str]]:
    """Yield the paragraphs of a deb822 file with lower-case names; continuation lines stay as they are."""
    for paragraph in Deb822.iter_paragraphs(text, use_apt_pkg=False):
        yield {name.lower(): value for name, value in paragraph.items()}


def parse_deb822(text: str) -> list[Source]:
    """Parse a deb822 style list (`Types:`, `URIs:`, …); entries with `Enabled: no` are left out."""
    return [
        Source(
            types=tuple(fields.get("types", "").split()),
            uris=tuple(fields.get("uris", "").split()),
            suites=tuple(fields.get("suites", "").split()),
            components=tuple(fields.get("components", "").split()),
            options={_COPIED_OPTIONS[key]: fields[key] for key in _COPIED_OPTIONS if key in fields},
        )
        for fields in _paragraphs(text)
        if fields.get("enabled", "yes").lower() not in ("no", "false", "0", "off", "without", "disable")
    ]


def machine_sources(etc_apt: Path = Path("/etc/apt")) -> list[Source]:
    """Return all entries of the machine's own source lists, in apt's order."""
    parts = sorted((etc_apt / "sources.list.d").glob("*"))
    sources = []
    for path in [etc_apt / "sources.list", *parts]:
        if not path.is_file():
            continue
        text = path.read_text(errors="replace")
        if path.suffix == ".list":
            sources += parse_one_line(text)
        elif path.suffix == ".sources":
            sources += parse_deb822(text)
    return sources


def find_mirror(sources: Iterable[Source], *, security: bool = False) -> Mirror | None:
    """Return the mirror of Debian's archive, or of its security archive, that the sources name.

    Entries of other vendors are told apart by what every Debian mirror shares: component `main` and a path
    that ends in `debian` (or `debian-security`). When no entry has such a path (a mirror with a name of its
    own), one that is verified with Debian's own keyring serves.
    """
    candidates = []
    for source in sources:
        if "main" not in source.components:
            continue
        is_security = any(re.search(r"-security$|/updates$", suite) for suite in source.suites)
        if is_security != security:
            continue
        for uri in source.uris:
            if uri.startswith("cdrom:"):
                continue
            path_matches = bool(re.search(r"/debian(-security)?(/|/\d{8}T\d{6}Z/?)?$", uri))
            key_matches = "debian-archive-" in source.options.get("Signed-By", "")
            if path_matches or key_matches:
                candidates.append((path_matches + key_matches, Mirror(uri, source.options)))
    best = max(candidates, key=lambda candidate: candidate[0], default=None)
    return best[1] if best else None


def mirror_for(suite: str, sources: Sequence[Source]) -> Mirror:
    """Return the mirror that serves a suite.

    Raises:
        SetupError: The machine's source lists name no Debian mirror.
    """
    archive = find_mirror(sources)
    if suite.endswith("-security"):
        security = find_mirror(sources, security=True)
        if security is not None:
            return security
        if archive is not None:  # Mirrors keep the two side by side under these names.
            return Mirror(re.sub(r"/debian(/?)$", r"/debian-security\1", archive.uri), archive.options)
    if archive is None:
        raise SetupError(
            "no Debian mirror found in /etc/apt/sources.list and /etc/apt/sources.list.d; "
            "add one (see sources.list(5)) and repeat"
        )
    return archive


def private_sources(wanted: Iterable[tuple[str, str]], sources: Sequence[Source]) -> str:
    """Return a deb822 list for (type, suite) pairs, with URI and trust copied from the machine's sources."""
    paragraphs = []
    for kind, suite in wanted:
        mirror = mirror_for(suite, sources)
        lines = [f"Types: {kind}", f"URIs: {mirror.uri}", f"Suites: {suite}", "Components: main"]
        lines += [f"{name}: {value}" for name, value in mirror.options.items()]
        paragraphs.append("\n".join(lines) + "\n")
    return "\n".join(paragraphs)


def parse_records(text: str) -> list[dict[str, str]]:
    """Parse the records `apt-cache show` and `apt-cache showsrc` print; field names are lower case."""
    return list(_paragraphs(text))


class PrivateApt:
    """apt with lists and caches of its own under a folder, for some (type, suite) pairs."""

    def __init__(self, wanted: Iterable[tuple[str, str]], folder: Path, prefer: str = "") -> None:
        """Remember what is wanted; nothing is read or written yet.

        Args:
            wanted: Pairs such as ("deb", "bookworm") or ("deb-src", "trixie").
            folder: Where everything apt writes is kept.
            prefer: Suite whose packages are taken before the others', such as backports.
        """
        self._wanted = list(wanted)
        self._folder = folder
        self._prefer = prefer

    @property
    def _options(self) -> list[str]:
        folder = self._folder
        settings: dict[str, str | Path] = {
            "Dir::Etc::SourceList": "/dev/null",
            "Dir::Etc::SourceParts": folder / "sources.list.d",
            "Dir::Etc::Preferences": "/dev/null",
            "Dir::Etc::PreferencesParts": "/dev/null",
            "Dir::State::Lists": folder / "lists",
            "Dir::Cache": folder / "cache",
            # The _apt user may not enter the project's folder.
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        if self._prefer:
            settings["APT::Default-Release"] = self._prefer
        return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]

    def update(self) -> None:
        """Fetch the package lists unless they are less than a day old and for the same sources.

        Raises:
            SetupError: No mirror is known, or it cannot be reached.
        """
        text = private_sources(self._wanted, machine_sources())
        list_file = self._folder / "sources.list.d" / "mrm.sources"
        stamp = self._folder / "updated"
        same = list_file.is_file() and list_file.read_text() == text
        if same and stamp.is_file() and time.time() - stamp.stat().st_mtime < _LISTS_MAXIMUM_AGE:
            return
        for name in ("lists/partial", "cache/archives/partial", "sources.list.d"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        stamp.unlink(missing_ok=True)
        list_file.write_text(text)
        # apt-get update exits 0 after transient failures unless told otherwise.
        command = ["apt-get", *self._options, "-o", "APT::Update::Error-Mode=any", "update"]
        run_logged(command, "apt-update", what="fetching Debian's package lists")
        stamp.touch()

    def _cache(self, *arguments: str) -> str:
        command = ["apt-cache", *self._options, *arguments]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        return result.stdout if result.returncode == 0 else ""

    def source_versions(self, package: str) -> list[str]:
        """Return the versions of a source package in the lists."""
        records = parse_records(self._cache("showsrc", "--only-source", package))
        return [record["version"] for record in records if "version" in record]

    def newest(self, package: str) -> dict[str, str] | None:
        """Return the record of a binary package's newest version, or None when there is none."""
        records = parse_records(self._cache("show", "--no-all-versions", package))
        return records[0] if records else None

    def download_source(self, package: str, version: str, folder: Path) -> None:
        """Download the upstream archive of a source package into a folder.

        `--tar-only` because a mirror may lack the `.dsc`, which we do not need.
        """
        command = [
            "apt-get",
            *self._options,
            "source",
            "--download-only",
            "--tar-only",
            f"{package}={version}",
        ]
        run_logged(
            command, f"source-{package}", what=f"downloading the source of {package} {version}", cwd=folder
        )

    def download(self, package: str, version: str, folder: Path) -> None:
        """Download a binary package's `.deb` into a folder."""
        command = ["apt-get", *self._options, "download", f"{package}={version}"]
        run_logged(command, f"download-{package}", what=f"downloading {package} {version}", cwd=folder)

    def download_system(self, packages: Sequence[str]) -> list[Path]:
        """Download what a new system of essential packages and `packages` needs; see `download_closure`."""
        what = "downloading the packages of a Debian system"
        return self.download_closure(["?essential", *packages], what)

    def download_closure(self, packages: Sequence[str], what: str) -> list[Path]:
        """Download packages with everything they depend on, whatever the machine has installed.

        Recommended packages are left out.

        Args:
            packages: Names or apt patterns.
            what: What is being done, for the progress lines.

        Returns:
            The `.deb` files; they lie in apt's cache under the folder until the next call.

        Raises:
            SetupError: A package cannot be had.
        """
        archives = self._folder / "cache" / "archives"
        for path in archives.glob("*.deb"):
            path.unlink()
        nothing_installed = self._folder / "status"
        nothing_installed.touch()
        settings = ["-o", f"Dir::State::status={nothing_installed}", "-o", "APT::Install-Recommends=false"]
        command = ["apt-get", *self._options, *settings, "--yes", "--download-only", "install", *packages]
        run_logged(command, f"download-{self._folder.name}", what=what)
        return sorted(archives.glob("*.deb"))
