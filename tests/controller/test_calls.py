# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The controller is built as docs/architecture.md draws it: a folder calls only folders further down."""

import re
from pathlib import Path

import pytest

from ci.edk2 import edk2_path
from tests.calls import Call, Objects, circle, compiled

PROJECT = Path(__file__).resolve().parents[2]
CONTROLLER = PROJECT / "MrmPkg" / "Controller"
ARCHITECTURE = PROJECT / "docs" / "architecture.md"
PACKAGES = ("MdePkg", "MdeModulePkg", "UefiCpuPkg", "EmbeddedPkg")

TOP = "."
"""The folder that may call all others."""


def folders() -> list[str]:
    """Return the controller's folders from the top down, as the documentation draws them."""
    text = ARCHITECTURE.read_text(encoding="utf-8")
    drawing = text.partition("    MrmPkg/Controller/\n")[2].partition("\n\n")[0]
    return [TOP, *re.findall(r"^ {6}(\w+)/", drawing, re.MULTILINE)]


def files(*suffixes: str) -> list[Path]:
    """Return the controller's files, below its folder; its TimerLib is a module of its own."""
    every = (path.relative_to(CONTROLLER) for path in CONTROLLER.rglob("*") if path.suffix in suffixes)
    return sorted(path for path in every if path.parent.name != "TimerLib")


def read(path: Path) -> str:
    """Return the text of a file of the controller."""
    return (CONTROLLER / path).read_text(encoding="utf-8")


def upward(calls: tuple[Call, ...], order: list[str]) -> list[str]:
    """Return the calls from a folder to one further up."""
    level = {folder: number for number, folder in enumerate(order)}
    return [str(call) for call in calls if level[str(call.target.parent)] < level[str(call.source.parent)]]


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Objects:
    """Compile all sources of the controller."""
    edk2 = edk2_path()
    includes = [f"-I{PROJECT / 'MrmPkg/Include'}", f"-I{edk2 / 'MdePkg/Include/X64'}"]
    includes += [f"-I{edk2 / package / 'Include'}" for package in PACKAGES]
    sources = [CONTROLLER / path for path in files(".c")]
    return compiled(CONTROLLER, sources, includes, tmp_path_factory.mktemp("controller"))


def test_every_folder_is_drawn() -> None:
    assert sorted(folders()) == sorted({str(path.parent) for path in files(".c")})


def test_no_folder_calls_one_further_up(objects: Objects) -> None:
    assert len(objects.calls) > 100
    assert upward(objects.calls, folders()) == []


def rooms(objects: Objects, function: str) -> list[str]:
    """Return the folders that a function of Life.c calls, in the order of its text, without what all use."""
    text = read(Path("Life/Life.c"))
    body = re.search(rf"^{function} \($.*?^\}}$", text, re.MULTILINE | re.DOTALL)
    assert body is not None
    owners = {symbol: str(path.parent) for path, symbols in objects.defined.items() for symbol in symbols}
    found = [owners[name] for name in re.findall(r"\b(\w+) \(", body[0]) if name in owners]
    return [room for room in found if room not in ("Life", "Core")]


def test_a_start_and_an_end_pass_each_folder_once(objects: Objects) -> None:
    """As the documentation tells the way of a request."""
    text = ARCHITECTURE.read_text(encoding="utf-8")
    table = text.partition("## From a request to a start\n")[2].partition("\n\n## ")[0]
    told = re.findall(r"^\| `([\w.]+)", table, re.MULTILINE)
    assert f"These are {len(told)} stays in {len(set(told))} rooms." in table
    life = [number for number, room in enumerate(told) if room == "Life"]
    assert len(life) == 2
    ended, started = rooms(objects, "ReclaimPartition"), rooms(objects, "StartPartition")
    assert ended == told[life[0] + 1 : life[0] + 1 + len(ended)]
    assert started == told[life[1] + 1 :]
    # Build needs no other folder.
    folder = {str(call.target.parent) for call in objects.calls if str(call.source.parent) == "Build"}
    assert folder <= {"Build", "Partition", "Core"}


def test_no_files_call_each_other_in_a_circle(objects: Objects) -> None:
    assert [str(call) for call in circle(objects.calls)] == []


def test_no_file_includes_a_header_of_a_folder_further_up() -> None:
    level = {folder: number for number, folder in enumerate(folders())}
    wrong = [
        f"{path} includes {name}"
        for path in files(".c", ".h")
        for name in re.findall(r'^#include "([^"]+)"', read(path), re.MULTILINE)
        if level[str(Path(name).parent)] < level[str(path.parent)]
    ]
    assert wrong == []


def test_a_header_declares_what_its_source_defines(objects: Objects) -> None:
    wrong = []
    for header in files(".h"):
        declared = set(re.findall(r"^(\w+) \($", read(header), re.MULTILINE))
        declared |= set(re.findall(r"^extern .*?(\w+);$", read(header), re.MULTILINE))
        assembly = [path for path in files(".nasm") if str(path).startswith(str(header.with_suffix("")))]
        defined = set(objects.defined.get(header.with_suffix(".c"), ()))
        defined.update(
            *(re.findall(r"^global ASM_PFX\((\w+)\)", read(path), re.MULTILINE) for path in assembly)
        )
        wrong += [f"{header} declares {symbol}" for symbol in sorted(declared - defined)]
    assert wrong == []


def test_the_description_lists_all_sources() -> None:
    listed = re.findall(r"^  ([\w/]+\.(?:c|h|nasm))$", read(Path("Mrm.inf")), re.MULTILINE)
    assert sorted(listed) == sorted(map(str, files(".c", ".h", ".nasm")))


WRONG = {
    "Top/Above.c": "void Below (void); void Above (void) { Below (); }",
    "Low/Below.c": "void Above (void); static void Mid (void) { Above (); } void Below (void) { Mid (); }",
    "Low/Table.c": "void Above (void); void (*mTable[]) (void) = { Above };",
    "Low/Good.c": "int Good (void) { return 1; }",
}
"""Sources with two upward calls, one of them by a pointer, and a circle."""


def test_wrong_calls_are_found_and_named(tmp_path: Path) -> None:
    for name, text in WRONG.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    found = compiled(tmp_path, tmp_path.rglob("*.c"), [], tmp_path / "objects")
    assert upward(found.calls, ["Top", "Low"]) == [
        "Mid (Low/Below.c) uses Above (Top/Above.c)",
        "mTable (Low/Table.c) uses Above (Top/Above.c)",
    ]
    assert sorted(map(str, circle(found.calls))) == [
        "Above (Top/Above.c) uses Below (Low/Below.c)",
        "Mid (Low/Below.c) uses Above (Top/Above.c)",
    ]
    assert upward(found.calls, ["Low", "Top"]) == ["Above (Top/Above.c) uses Below (Low/Below.c)"]
    assert circle([call for call in found.calls if call.user != "Mid"]) == []
