# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Integers, sizes, device paths, positions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.load.machine_bridge import parse_buses
from generator.load.machine_pci import parse_at
from generator.load.values import format_size, parse_integer, parse_size
from generator.model.device_path import DevicePath, parse_device_path


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("42", 42),
        ("0x2F8", 0x2F8),
        ("0XFFFFFFFFFFFFFFFF", (1 << 64) - 1),
        ("18446744073709551616", None),
        ("0x10000000000000000", None),
        ("-1", None),
        ("007", None),
        ("1_000", None),
        ("1e3", None),
        ("", None),
        ("0x", None),
        ("٣", None),
    ],
)
def test_integers(text: str, value: int | None) -> None:
    assert parse_integer(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("640 MiB", 640 << 20),
        ("640MiB", 640 << 20),
        ("1.5 GiB", 3 << 29),
        ("0.1 KiB", None),
        ("64 B", 64),
        ("4096", 4096),
        ("0x1000", 4096),
        ("640 MB", None),
        ("640 mib", None),
        ("16777216 TiB", None),
        ("-1 MiB", None),
        ("MiB", None),
        ("1 MiB 2", None),
    ],
)
def test_sizes(text: str, value: int | None) -> None:
    assert parse_size(text) == value


@given(st.integers(0, (1 << 64) - 1))
def test_sizes_survive_a_round_trip(size: int) -> None:
    assert parse_size(format_size(size)) == size or len(format_size(size)) > len("999999999999 B")
    assert parse_size(hex(size)) == size
    assert parse_size(str(size)) == size


def paths() -> st.SearchStrategy[DevicePath]:
    """Device paths of functions."""
    node = st.tuples(st.integers(0, 31), st.integers(0, 7))
    return st.builds(
        DevicePath, st.integers(0, 0xFFFFFFFF), st.lists(node, min_size=1, max_size=6).map(tuple)
    )


@given(paths())
def test_device_paths_survive_a_round_trip(path: DevicePath) -> None:
    assert parse_device_path(str(path)) == path
    assert parse_device_path(str(path).lower()) == path


@given(paths(), paths())
def test_a_path_leads_to_what_is_behind_it(path: DevicePath, other: DevicePath) -> None:
    behind = DevicePath(path.root, path.nodes + other.nodes)
    assert path.leads_to(behind)
    assert path.leads_to(path)
    assert not behind.leads_to(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PciRoot(0x0)",
        "Pci(0x3,0x0)",
        "PciRoot(0x0)/Pci(0x20,0x0)",
        "PciRoot(0x0)/Pci(0x3,0x8)",
        "PciRoot(0x0)/Pci(0x3)",
        "PciRoot(0x0)/Pci(0x3,0x0)/",
        "PciRoot(0x0) /Pci(0x3,0x0)",
        "PciRoot(0x0)/Pci(0x3,0x0)/NVMe(0x1)",
        "00:03.0",
    ],
)
def test_what_is_no_device_path(text: str) -> None:
    assert parse_device_path(text) is None


def test_positions_and_buses() -> None:
    assert parse_at("1f.2") == (31, 2)
    assert parse_at("20.0") is None
    assert parse_at("0.8") is None
    assert parse_buses("7") == (7, 7)
    assert parse_buses("7-9") == (7, 9)
    assert parse_buses("9-7") is None
    assert parse_buses("255") == (255, 255)
    assert parse_buses("256") is None
