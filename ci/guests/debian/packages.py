# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The `.deb` files of the whole Debian, kept in `.downloads/debian/` as an archive that apt can read.

While its `packages.json` names the packages wanted, nothing is fetched.
"""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from ci.debian import PrivateApt
from ci.progress import DOWNLOADS, SetupError, say

FOLDER = DOWNLOADS / "debian"
SUITE = "bookworm"
_RECORD = "packages.json"


def parse_list(text: str) -> list[str]:
    """Return the entries of a list with one a line and `#` comments."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def _index_entry(file: Path) -> str:
    """Return a package's paragraph of the index `Packages`."""
    done = subprocess.run(["dpkg-deb", "--field", file], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SetupError(f"{file} is no package: {done.stderr.strip()}; delete {FOLDER} and repeat")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return f"{done.stdout.rstrip()}\nFilename: ./{file.name}\nSize: {file.stat().st_size}\nSHA256: {digest}\n"


def write_index(folder: Path) -> None:
    """Make a folder of `.deb` files an archive: write `Packages` and `Release` (repository format, flat)."""
    index = "\n".join(_index_entry(file) for file in sorted(folder.glob("*.deb"))).encode()
    (folder / "Packages").write_bytes(index)
    digest = hashlib.sha256(index).hexdigest()
    lines = [f"Suite: {SUITE}", f"Codename: {SUITE}", "Date: Wed, 01 Jan 2025 00:00:00 UTC"]
    lines += ["Architectures: amd64", "SHA256:", f" {digest} {len(index)} Packages"]
    (folder / "Release").write_text("\n".join(lines) + "\n")


def ensure(names: list[str], suites: Iterable[str], folder: Path = FOLDER) -> str:
    """Make sure that a system of essential packages and `names` can be installed from `folder`.

    Returns:
        A digest of everything downloaded.

    Raises:
        SetupError: A package cannot be had.
    """
    try:
        record = json.loads((folder / _RECORD).read_text())
        if record["names"] == names and all((folder / name).is_file() for name in record["files"]):
            return str(record["digest"])
    except FileNotFoundError:
        pass
    say("downloading the packages of a whole Debian (140 MB)")
    apt = PrivateApt([("deb", suite) for suite in suites], DOWNLOADS / "apt" / "debian")
    apt.update()
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    files = [Path(shutil.move(file, partial)) for file in apt.download_system(names)]
    write_index(partial)
    digest = hashlib.sha256((partial / "Packages").read_bytes()).hexdigest()
    record = {"names": names, "files": [file.name for file in files], "digest": digest}
    (partial / _RECORD).write_text(json.dumps(record, indent=2) + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return digest
