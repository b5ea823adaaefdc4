# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Real PCs: what could be given away on each, as docs/real-machines.md says."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.__main__ import main
from generator.api import load_machine
from generator.hardware import Facts, State, judge_hardware
from generator.hardware.pieces import Piece, most_at_once, pieces_of
from tests.generator.scan.support import PROJECT

REAL = sorted((Path(__file__).parent / "real").glob("*.yaml"))
PAGE = PROJECT / "docs" / "real-machines.md"


def pieces(name: str) -> dict[str, Piece]:
    """The pieces of a machine by the path of their port; what is on the root bus by that of the root."""
    machine = load_machine(Path(__file__).parent / "real" / f"{name}.yaml")
    return {str(p.port.path) if p.port else p.root.path: p for p in pieces_of(machine)}


def test_the_table_of_the_page_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hardware", "--table", *map(str, REAL)]) == 0
    table = capsys.readouterr().out
    assert table.count("\n") == 2 + len(REAL) == 14
    assert table in PAGE.read_text("utf-8"), (
        "put the output of `python -m generator hardware --table tests/generator/hardware/real/*.yaml` "
        "into the page"
    )


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_every_function_is_in_one_piece_and_every_piece_has_a_verdict(path: Path) -> None:
    machine = load_machine(path)
    found = pieces_of(machine)
    functions = [function.path for piece in found for function in piece.functions]
    everything = [
        function.path
        for function in machine.functions_by_path().values()
        if function.bridge is None and (len(function.path.nodes) > 1 or function.class_code >> 16 != 6)
    ]
    assert sorted(functions) == sorted(everything)
    free = most_at_once(found)
    at_once = [end.path for piece in free for end in (*piece.functions, *piece.along)]
    assert len(at_once) == len(set(at_once))
    row = next(row for row in judge_hardware(Facts(machine)) if row.name == "separable-buses")
    assert row.state is State.FOUND and row.value == f"{len(free)} at the same time"


def test_a_chipset_behind_one_root_port_is_divided() -> None:
    """AMD's AM4: network cards behind downstream ports, USB and SATA beside the switch, an old card."""
    found = pieces("b450m-pro4")
    switch = "PciRoot(0x0)/Pci(0x1,0x3)"
    assert [f.title for f in found[switch].functions] == ["USB controller (xHCI)", "AHCI controller"]
    assert len(found[switch].along) == 3 and found[switch].stays is None
    assert found[f"{switch}/Pci(0x0,0x2)/Pci(0x0,0x0)"].stays == "neither MSI nor MSI-X"
    for device in (1, 4):
        (card,) = found[f"{switch}/Pci(0x0,0x2)/Pci(0x{device},0x0)"].functions
        assert card.title == "Ethernet controller"
    assert found["PciRoot(0x0)"].stays == "what is on a root bus cannot be told apart"


def test_four_network_cards_behind_one_switch_are_four_pieces() -> None:
    found = pieces("cfl-k700-i7")
    behind = [p.stays for path, p in found.items() if path.startswith("PciRoot(0x0)/Pci(0x1B,0x6)/")]
    assert behind == [None, None, None, None, "nothing is behind it"]


def test_empty_slots_and_empty_switches_are_no_pieces() -> None:
    found = pieces("raptorlake")
    assert {p.stays for path, p in found.items() if "/Pci(0x7," in path} == {"nothing is behind it"}


def test_a_machine_with_nothing_but_its_boot_drive_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The drive the controller is booted from is the only thing behind a port."""
    text = (Path(__file__).parent / "real" / "simatic-ipc227g.yaml").read_text("utf-8")
    path = tmp_path / "m.yaml"
    device = "boot_device: PciRoot(0x0)/Pci(0x1C,0x0)/Pci(0x0,0x0)\n"
    path.write_text(text.replace("firmware:\n", f"firmware:\n  {device}", 1), "utf-8")
    assert main(["hardware", "--machine", str(path)]) == 1
    told = capsys.readouterr().out
    assert "missing  required  msi " in told and "missing  required  separable-buses " in told
    assert "with everything behind the port:\n  nothing\n" in told
    assert ": the controller is booted from PciRoot(0x0)/Pci(0x1C,0x0)/Pci(0x0,0x0)\n" in told
