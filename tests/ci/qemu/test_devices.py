# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Devices of all kinds behind root ports: the machine file's functions as QEMU's options."""

from dataclasses import replace
from pathlib import Path

import pytest

from ci.progress import PROJECT
from ci.qemu.command import Boot, Channels, RootPort, command_line
from ci.qemu.description import DescriptionError, load_description
from ci.qemu.devices import KINDS, Network, network_backend

ZOO = load_description(PROJECT / "platforms/q35-devices.yaml")
CHANNELS = Channels(qmp=10, serial={f"COM{n}": 10 + n for n in range(1, 5)})


def port_at(path: str) -> RootPort:
    return next(port for port in ZOO.root_ports if port.path == path)


def disk(*paths: str) -> Boot:
    return Boot(Path("vars.fd"), disks={path: Path(f"{port_at(path).serial}.img") for path in paths})


def values(boot: Boot, option: str) -> list[str]:
    arguments = command_line(ZOO, boot, CHANNELS)
    return [arguments[i + 1] for i, argument in enumerate(arguments) if argument == option]


def devices(boot: Boot, *drivers: str) -> list[str]:
    return [value for value in values(boot, "-device") if value.split(",")[0] in drivers]


def test_every_kind_of_device_is_on_the_machine() -> None:
    """Save the display that the other one stands for."""
    found = {device.kind.driver for port in ZOO.root_ports for top in port.devices for device in top.all()}
    assert found == {kind.driver for kind in KINDS.values()} - {"virtio-gpu-pci"}


@pytest.mark.parametrize(
    ("port", "driver", "carrier", "bus"),
    [
        ("PciRoot(0x0)/Pci(0x2,0x0)", "ich9-ahci", "ide-hd", "rp2-device.0"),
        ("PciRoot(0x0)/Pci(0x3,0x0)", "virtio-blk-pci", "virtio-blk-pci", "rp3"),
        ("PciRoot(0x0)/Pci(0x4,0x0)", "virtio-scsi-pci", "scsi-hd", "rp4-device.0"),
        ("PciRoot(0x0)/Pci(0x5,0x0)", "qemu-xhci", "usb-storage", "rp5-device.0"),
        ("PciRoot(0x0)/Pci(0x6,0x0)", "nvme", "nvme", "rp6-1"),
        ("PciRoot(0x0)/Pci(0xA,0x0)", "nvme", "nvme", "rp10"),
        ("PciRoot(0x40)/Pci(0x0,0x0)", "nvme", "nvme", "rp40-0"),
    ],
)
def test_disks_hang_on_what_carries_them(port: str, driver: str, carrier: str, bus: str) -> None:
    boot = disk(port)
    serial = port_at(port).serial
    identity = port_at(port).identity
    drive = f"if=none,id=disk-{identity},format=raw,cache.no-flush=on,file={serial}.img"
    assert values(boot, "-drive")[2:] == [drive]
    (carried,) = [value for value in values(boot, "-device") if f"drive=disk-{identity}," in value]
    assert carried.startswith(f"{carrier},") and f"bus={bus}" in carried.split(",")
    assert f"serial={serial}" in carried.split(",")
    assert devices(boot, driver)


def test_drives_without_a_medium_are_absent_and_controllers_are_not() -> None:
    assert devices(disk(), "nvme", "ide-hd", "scsi-hd", "usb-storage") == []
    assert len(devices(disk(), "ich9-ahci", "virtio-scsi-pci", "qemu-xhci")) == 3


def test_switch_and_what_is_behind_it() -> None:
    assert devices(disk("PciRoot(0x0)/Pci(0x6,0x0)"), "x3130-upstream", "xio3130-downstream") == [
        "x3130-upstream,id=rp6-device,bus=rp6",
        "xio3130-downstream,id=rp6-1,bus=rp6-device,addr=0x0.0,multifunction=on,chassis=129,slot=6",
        "xio3130-downstream,id=rp6-3,bus=rp6-device,addr=0x1.0,multifunction=on,chassis=131,slot=6",
    ]


def test_functions_of_one_device() -> None:
    cards = devices(disk(), "e1000e")
    assert [card.split(",")[3] for card in cards] == ["addr=0x0.0", "addr=0x0.1"]
    assert ["multifunction=on" in card for card in cards] == [True, False]


def test_second_root_bridge_comes_before_its_root_port() -> None:
    added = devices(disk(), "pxb-pcie", "pcie-root-port")
    assert added[0] == "pxb-pcie,id=root40,bus=pcie.0,bus_nr=64"
    assert "bus=root40" in added[-1].split(",")
    chassis = [word for port in added[1:] for word in port.split(",") if word.startswith("chassis=")]
    assert len(set(chassis)) == len(ZOO.root_ports)


def test_io_ports_only_where_a_device_needs_them() -> None:
    sparing = {
        port.split(",")[1] for port in devices(disk(), "pcie-root-port") if port.endswith("io-reserve=0")
    }
    assert sparing == {"id=rp3", "id=rp4", "id=rp5", "id=rp6", "id=rp8", "id=rp10", "id=rp40-0"}


def test_serial_card_is_a_console() -> None:
    card = "PciRoot(0x0)/Pci(0x9,0x0)/Pci(0x0,0x0)"
    assert ZOO.consoles == ["COM1", "COM2", "COM3", "COM4", card]
    channels = Channels(qmp=10, serial={**CHANNELS.serial, card: 20})
    arguments = command_line(ZOO, disk(), channels)
    assert "socket,id=card0,fd=20" in arguments
    assert "pci-serial,id=rp9-device,bus=rp9,chardev=card0" in arguments


def test_absent_devices_leave_the_root_port() -> None:
    path = "PciRoot(0x0)/Pci(0x7,0x0)"
    boot = Boot(Path("vars.fd"), absent=[path])
    assert devices(boot, "e1000e") == []
    assert any("id=rp7" in port for port in devices(boot, "pcie-root-port"))


def test_every_network_card_has_a_network_of_its_own() -> None:
    networks = {value.split(",")[1] for value in values(disk(), "-netdev")}
    cards = [card.split("netdev=")[1] for card in devices(disk(), "e1000e", "igb", "virtio-net-pci")]
    assert networks == {f"id={card}" for card in cards} and len(networks) == 4


def test_network_leads_nowhere_unless_it_is_asked_to() -> None:
    assert network_backend("n", Network({})) == ["-netdev", "user,id=n,restrict=on,ipv6=off"]
    told = Network({2222: 22}, Path("a,b"), "grub.efi", {"10.0.2.100:80": "serve x"}, open=True)
    assert network_backend("n", told)[1] == (
        "user,id=n,restrict=off,ipv6=off,hostfwd=tcp:127.0.0.1:2222-:22,tftp=a,,b,bootfile=grub.efi,"
        "guestfwd=tcp:10.0.2.100:80-cmd:serve x"
    )


def test_a_disk_may_have_large_blocks() -> None:
    path = "PciRoot(0x0)/Pci(0xA,0x0)"
    boot = Boot(Path("vars.fd"), disks={path: Path("x")})
    assert not any("block_size" in drive for drive in devices(boot, "nvme"))
    (drive,) = devices(replace(boot, large_blocks=[path]), "nvme")
    assert "logical_block_size=4096,physical_block_size=4096" in drive


@pytest.mark.parametrize("key", ["disks", "networks", "large_blocks", "absent"])
def test_unknown_root_ports_are_refused(key: str) -> None:
    named = {"PciRoot(0x0)/Pci(0x1E,0x0)": Path("x")}
    boot = Boot(Path("vars.fd"), **{key: named})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="no such root port on q35-devices"):
        command_line(ZOO, boot, CHANNELS)


def test_unknown_device_names_the_place(tmp_path: Path) -> None:
    text = (PROJECT / "platforms/q35.yaml").read_text()
    file = tmp_path / "other.yaml"
    file.write_text(text.replace("device: 0x10D3", "device: 0x10D4"))
    with pytest.raises(DescriptionError, match=r"other\.yaml:\d+:\d+: QEMU has no device 8086:10d4"):
        load_description(file)


@pytest.mark.parametrize(
    ("ports", "disk_too", "network_too"),
    [
        (["PciRoot(0x0)/Pci(0x6,0x0)"], True, True),
        (["PciRoot(0x0)/Pci(0x6,0x0)/Pci(0x0,0x0)/Pci(0x0,0x0)"], True, False),
        (["PciRoot(0x0)/Pci(0x6,0x0)/Pci(0x0,0x0)/Pci(0x1,0x0)"], False, True),
        (["PciRoot(0x0)/Pci(0x5,0x0)", "PciRoot(0x40)/Pci(0x6,0x0)"], False, False),
        ([], False, False),
    ],
)
def test_a_switch_may_be_divided(ports: list[str], disk_too: bool, network_too: bool) -> None:
    """Its disk and its network card belong to whoever has the port that leads there."""
    switch = port_at("PciRoot(0x0)/Pci(0x6,0x0)")
    assert (switch.leads_to_disk(ports), switch.leads_to_network(ports)) == (disk_too, network_too)
