# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The reader of PCI configuration space."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from generator.pci.config_space import BaseAddress, BridgeWindow, parse_config_space
from generator.pci.names import title_of
from tests.generator.scan.support import MSI, MSIX, NVME, express, make_config, port


def test_an_endpoint() -> None:
    config = parse_config_space(NVME)
    assert config is not None and config.complete and config.findings == ()
    assert (config.vendor, config.device, config.class_code) == (0x144D, 0xA808, 0x010802)
    assert (config.msi, config.msix, config.function_level_reset) == (False, True, True)
    assert config.bridge is None and config.express_kind == 0


def test_a_root_port_and_its_windows() -> None:
    config = parse_config_space(
        make_config(
            capabilities={0x10: express(4), **MSI},
            bridge=(0, 3, 5),
            memory=(0xC0000000, 0xC01FFFFF),
            prefetchable=(0xE000000000, 0xE01FFFFFFF),
        )
    )
    assert config is not None and config.bridge is not None
    assert (config.bridge.primary, config.bridge.secondary, config.bridge.subordinate) == (0, 3, 5)
    assert config.bridge.memory == BridgeWindow(0xC0000000, 0xC01FFFFF)
    assert config.bridge.prefetchable == BridgeWindow(0xE000000000, 0xE01FFFFFFF)
    assert config.bridge.io is None
    assert (config.express_kind, config.msi, config.msix) == (4, True, False)


def test_a_closed_window() -> None:
    config = parse_config_space(port(0, 1))
    assert config is not None and config.bridge is not None
    assert config.bridge.memory is None and config.bridge.prefetchable is None


def test_base_addresses() -> None:
    bars = [0xE0000004, 0x12, 0xD001, 0xF000000C, 0x0, 0xFE000000]
    config = parse_config_space(make_config(bars=bars))
    assert config is not None
    assert config.bars == (
        BaseAddress(0, False, 64, False, 0x12E0000000),
        BaseAddress(2, True, 32, False, 0xD000),
        BaseAddress(3, False, 64, True, 0xF0000000),
        BaseAddress(5, False, 32, False, 0xFE000000),
    )


def test_what_an_ordinary_user_can_read_is_not_complete() -> None:
    config = parse_config_space(NVME[:64])
    assert config is not None and not config.complete and config.capabilities == ()


def test_other_ways_to_reset() -> None:
    power, advanced = {0x01: b"\x03\x00\x00\x00\x00\x00"}, {0x13: b"\x06\x03\x00\x00"}
    config = parse_config_space(make_config(capabilities={**power, **advanced}))
    assert config is not None
    assert (config.power_reset, config.advanced_features_reset) == (True, True)


def test_extended_capabilities() -> None:
    data = bytearray(make_config(capabilities={0x10: express(0)}, size=4096))
    data[0x100:0x104] = (0x0001 | 1 << 16 | 0x140 << 20).to_bytes(4, "little")
    data[0x140:0x144] = (0x000D | 1 << 16).to_bytes(4, "little")
    config = parse_config_space(bytes(data))
    assert config is not None and config.extended_capabilities == (1, 0x0D)
    data[0x142:0x144] = b"\x01\x10"
    looped = parse_config_space(bytes(data))
    assert looped is not None and looped.findings == ("the list of extended capabilities runs in a circle",)


def test_odd_lists_of_capabilities() -> None:
    data = bytearray(make_config(capabilities=MSIX))
    data[0x41] = 0x40
    config = parse_config_space(bytes(data))
    assert config is not None and config.msix
    assert config.findings == ("the list of capabilities runs in a circle",)
    data[0x41] = 0x10
    config = parse_config_space(bytes(data))
    assert config is not None and config.findings == ("the list of capabilities leads to byte 0x10",)
    data[0x40] = 0xFF
    config = parse_config_space(bytes(data))
    assert config is not None and config.findings == ("the capability at byte 0x40 does not answer",)


def test_nothing_there() -> None:
    assert parse_config_space(b"") is None
    assert parse_config_space(b"\xff" * 256) is None


@given(st.binary(min_size=64, max_size=600))
def test_no_bytes_break_it(data: bytes) -> None:
    config = parse_config_space(data)
    assert (config is None) == (data[:2] == b"\xff\xff")
    if config is not None:
        assert all(bar.index < 6 for bar in config.bars)
        assert title_of(config.class_code)


@given(st.data())
def test_no_damage_breaks_it(data: st.DataObject) -> None:
    damaged = bytearray(make_config(capabilities={**MSI, 0x10: express(4)}, bridge=(0, 1, 2), size=4096))
    for _ in range(data.draw(st.integers(1, 10))):
        damaged[data.draw(st.integers(2, 400))] = data.draw(st.integers(0, 255))
    config = parse_config_space(bytes(damaged[: data.draw(st.sampled_from([64, 100, 256, 4096]))]))
    assert config is not None
    if config.bridge is not None:
        for window in (config.bridge.io, config.bridge.memory, config.bridge.prefetchable):
            assert window is None or 0 < window.first < window.last < 1 << 64
