# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The compiled fragments of a DSDT: made by iasl from asl/, or as a release has them (`compiled.json`)."""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import string
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from generator.dsdt.placeholders import PLACEHOLDERS, Placeholder, Spot
from generator.errors import Problem, UserErrors
from generator.places import Place

IASL = "iasl"
COMPILED = Path(__file__).with_name("compiled.json")
"""What a release brings along; a checkout does not have it."""
_ASL = Path(__file__).with_name("asl")
"""The source of each fragment, with `${WORD}` for each placeholder."""
HEADER = 36
"""Bytes of a table's header (ACPI 6.5, section 5.2.6)."""
_TIME_LIMIT_SECONDS = 60


class CompileError(Exception):
    """iasl refuses our ASL, or its output is not what we rely on: a fault of the generator."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """AML, and the places in it; offsets count from its first byte."""

    aml: bytes
    spots: tuple[Spot, ...]


def fragments() -> Mapping[str, Fragment]:
    r"""All fragments by name, a scope in \_SB each but for `sleep`.

    Raises:
        UserErrors: They are not compiled, and there is no iasl.
        CompileError: iasl refuses them.
    """
    sources = {name: _source(name) for name in PLACEHOLDERS}
    return _fragments(tuple(sources.items()))


@functools.cache
def _fragments(sources: tuple[tuple[str, str], ...]) -> Mapping[str, Fragment]:
    """The fragments of these sources."""
    if COMPILED.is_file():
        kept = json.loads(COMPILED.read_text("utf-8"))
        if kept["sources"] == _digest(sources):
            return {
                name: Fragment(
                    bytes.fromhex(fragment["aml"]), tuple(Spot(**spot) for spot in fragment["spots"])
                )
                for name, fragment in kept["fragments"].items()
            }
    return {name: compile_fragment(source, PLACEHOLDERS[name]) for name, source in sources}


def forget() -> None:
    """Have the fragments compiled, or read, anew."""
    _fragments.cache_clear()


def render_compiled() -> str:
    """The text of COMPILED, for a release."""
    told = {
        name: {"aml": fragment.aml.hex(), "spots": [asdict(spot) for spot in fragment.spots]}
        for name, fragment in fragments().items()
    }
    sources = tuple((name, _source(name)) for name in PLACEHOLDERS)
    return json.dumps({"sources": _digest(sources), "fragments": told}, indent=1) + "\n"


def _digest(sources: tuple[tuple[str, str], ...]) -> str:
    """A digest of the sources."""
    return hashlib.sha256(repr(sources).encode()).hexdigest()


def _source(name: str) -> str:
    """The ASL of a fragment, as a table of its own."""
    words = {word: value for placeholder in PLACEHOLDERS[name] for word, value in placeholder.words.items()}
    # A word that PLACEHOLDERS lacks is an error, not an empty text.
    text = string.Template((_ASL / f"{name}.asl").read_text("utf-8")).substitute(words)
    body = text if name == "sleep" else f"Scope (\\_SB)\n{{\n{text}\n}}\n"
    return f'DefinitionBlock ("", "DSDT", 2, "MRM", "FRAGMENT", 1)\n{{\n{body}}}\n'


def compile_fragment(source: str, placeholders: tuple[Placeholder, ...]) -> Fragment:
    """Compile the ASL of a fragment and find its placeholders.

    Raises:
        UserErrors: There is no iasl.
        CompileError: iasl refuses it, or a placeholder is not there exactly once.
    """
    aml = _run_iasl(source)[HEADER:]
    spots: list[Spot] = []
    for placeholder in placeholders:
        if aml.count(placeholder.pattern) != 1:
            words, count = ", ".join(placeholder.words), aml.count(placeholder.pattern)
            raise CompileError(f"{words}: in the AML {count} times instead of once")
        start = aml.index(placeholder.pattern)
        spots += [Spot(start + spot.offset, spot.width, spot.fill, spot.patch) for spot in placeholder.spots]
    return Fragment(aml, tuple(sorted(spots, key=lambda spot: spot.offset)))


def _run_iasl(source: str) -> bytes:
    """The compiled table."""
    if shutil.which(IASL) is None:
        raise UserErrors(
            [
                Problem(
                    Place(IASL),
                    "tool-found",
                    "iasl is not installed",
                    "iasl on the PATH",
                    "install acpica-tools",
                )
            ]
        )
    with tempfile.TemporaryDirectory(prefix="mrm-asl-") as folder:
        path = Path(folder, "dsdt.asl")
        path.write_text(source, encoding="ascii")
        try:
            run = subprocess.run(
                [IASL, "-we", path.name],
                cwd=folder,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_TIME_LIMIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise CompileError(f"iasl did not end within {_TIME_LIMIT_SECONDS} s") from error
        if run.returncode != 0:
            raise CompileError(f"iasl refuses our ASL:\n{run.stdout}{run.stderr}")
        return path.with_suffix(".aml").read_bytes()
