# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The QEMU command line follows from the machine file."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from ci.progress import PROJECT
from ci.qemu import trace
from ci.qemu.command import Boot, Channels, NumaNode, command_line
from ci.qemu.description import DescriptionError, load_description
from ci.qemu.timing import SCALE_VARIABLE, scaled

Q35 = load_description(PROJECT / "platforms/q35.yaml")
CHANNELS = Channels(
    qmp=10,
    serial={f"COM{n}": 10 + n for n in range(1, 5)},
)


def values(arguments: list[str], option: str) -> list[str]:
    return [arguments[i + 1] for i, argument in enumerate(arguments) if argument == option]


def test_q35_is_what_the_machine_file_says() -> None:
    arguments = command_line(Q35, Boot(Path("vars.fd"), Path("esp.img")), CHANNELS)
    assert values(arguments, "-smp") == ["5"]
    assert values(arguments, "-m") == ["6144M"]
    assert values(arguments, "-machine") == ["q35"]
    devices = values(arguments, "-device")
    ports = [device.split("iobase=")[1] for device in devices if device.startswith("isa-serial")]
    assert ports == ["0x3f8", "0x2f8", "0x3e8", "0x2e8"]
    root_ports = [device for device in devices if device.startswith("pcie-root-port")]
    assert [device.split("addr=")[1].split(",")[0] for device in root_ports] == [
        f"{number:#x}" for number in range(3, 9)
    ]
    assert "ide-hd,drive=esp,bus=ide.0,bootindex=0" in devices


def test_devices_on_the_root_bus_itself() -> None:
    bus0 = load_description(PROJECT / "platforms/q35-bus0.yaml")
    boot = Boot(Path("vars.fd"), disks={"PciRoot(0x0)/Pci(0x5,0x0)": Path("disk.img")})
    devices = values(command_line(bus0, boot, CHANNELS), "-device")
    found = [device.split(",") for device in devices if "addr=" in device and "pcie-root-port" not in device]
    assert [(words[0], words[2], words[3]) for words in found] == [
        ("ich9-ahci", "bus=pcie.0", "addr=0x2.0"),
        ("e1000e", "bus=pcie.0", "addr=0x4.0"),
        ("nvme", "bus=pcie.0", "addr=0x5.0"),
        ("qemu-xhci", "bus=pcie.0", "addr=0x6.0"),
        ("e1000e", "bus=pcie.0", "addr=0x6.1"),
    ]
    assert [words[0] for words in found if "multifunction=on" in words] == ["qemu-xhci"]


@pytest.mark.parametrize(("read_only", "said"), [(False, "readonly=off"), (True, "readonly=on")])
def test_an_esp_that_can_be_written_or_not(read_only: bool, said: str) -> None:
    boot = Boot(Path("vars.fd"), Path("esp.img"), esp_read_only=read_only)
    (drive,) = (one for one in values(command_line(Q35, boot, CHANNELS), "-drive") if "id=esp" in one)
    assert said in drive.split(",") and drive.endswith("file=esp.img")


def test_a_display_of_the_pc_is_there_when_it_is_asked_for() -> None:
    boot = Boot(Path("vars.fd"))
    without = values(command_line(Q35, boot, CHANNELS), "-device")
    with_one = values(command_line(replace(Q35, display="VGA"), boot, CHANNELS), "-device")
    assert [device for device in with_one if device not in without] == ["VGA,bus=pcie.0"]


def test_a_uuid_of_the_pc_is_there_when_it_has_one() -> None:
    boot = Boot(Path("vars.fd"))
    assert values(command_line(Q35, boot, CHANNELS), "-uuid") == []
    uuid = "4c4c4544-0035-5910-8052-b4c04f4d3233"
    assert values(command_line(replace(Q35, uuid=uuid), boot, CHANNELS), "-uuid") == [uuid]


def test_only_named_root_ports_get_a_drive() -> None:
    boot = Boot(Path("vars.fd"), disks={"PciRoot(0x0)/Pci(0x4,0x0)": Path("disk.img")})
    devices = values(command_line(Q35, boot, CHANNELS), "-device")
    assert [device for device in devices if device.startswith("nvme")] == [
        "nvme,id=rp4-device,bus=rp4,drive=disk-rp4,serial=mrm-rp4"
    ]


def test_configuration_space_is_traced_on_demand() -> None:
    plain = command_line(Q35, Boot(Path("vars.fd")), CHANNELS)
    traced = command_line(Q35, Boot(Path("vars.fd"), trace=Path("trace.log")), CHANNELS)
    assert not values(plain, "-trace")
    assert (values(traced, "-trace"), values(traced, "-D")) == (["pci_cfg_write"], ["trace.log"])


def test_the_boot_manager_s_entry_is_the_first_numbering_of_buses() -> None:
    lines = [
        "2026-11-29T05:42:04.089128Z pci_cfg_write ICH9-LPC 00:1f.0 @0x18 <- 0x601",
        "2026-11-29T05:42:05.239588Z pci_cfg_write pcie-root-port 00:02.0 @0x4 <- 0x0",
        "2026-11-29T05:42:10.366311Z pci_cfg_write pcie-root-port 00:02.0 @0x18 <- 0x0",
        "2026-11-29T05:42:10.366451Z pci_cfg_write pcie-root-port 00:03.0 @0x18 <- 0x10100",
    ]
    assert trace.numbering_began("\n".join(lines)) == 1795930930.366311
    assert trace.numbering_began("\n".join(lines[:2])) is None
    assert abs(trace.monotonic(time.time()) - time.monotonic()) < 1


def test_unknown_root_port_is_refused() -> None:
    boot = Boot(Path("vars.fd"), disks={"PciRoot(0x0)/Pci(0x9,0x0)": Path("disk.img")})
    with pytest.raises(ValueError, match=r"no such root port on q35: PciRoot\(0x0\)/Pci\(0x9,0x0\)"):
        command_line(Q35, boot, CHANNELS)


def test_numa_nodes_have_processors_and_memory() -> None:
    two = replace(Q35, nodes=[NumaNode("0-2", 2 << 30), NumaNode("3-4", 4 << 30)])
    arguments = command_line(two, Boot(Path("vars.fd")), CHANNELS)
    assert values(arguments, "-object") == [
        "memory-backend-ram,id=node0,size=2147483648",
        "memory-backend-ram,id=node1,size=4294967296",
    ]
    assert values(arguments, "-numa") == [
        "node,nodeid=0,cpus=0-2,memdev=node0",
        "node,nodeid=1,cpus=3-4,memdev=node1",
        "dist,src=0,dst=1,val=21",
    ]
    assert values(command_line(Q35, Boot(Path("vars.fd")), CHANNELS), "-numa") == []


def test_commas_in_file_names_survive() -> None:
    arguments = command_line(Q35, Boot(Path("a,b.fd")), CHANNELS)
    assert any(value.endswith("file=a,,b.fd") for value in values(arguments, "-drive"))


def test_the_machine_waits_and_never_resets_by_itself() -> None:
    arguments = command_line(Q35, Boot(Path("vars.fd")), CHANNELS)
    assert {"-S", "-no-reboot", "-no-shutdown"} <= set(arguments)


def test_kernel_of_the_bare_machine() -> None:
    boot = Boot(Path("vars.fd"), kernel=Path("vmlinuz"), initrd=Path("initrd.img"), append="a b")
    arguments = command_line(Q35, boot, CHANNELS)
    assert (values(arguments, "-kernel"), values(arguments, "-append")) == (["vmlinuz"], ["a b"])


@pytest.mark.parametrize(("set_to", "used"), [("", "tcg,thread=multi,tb-size=128"), ("kvm", "kvm")])
def test_accelerator_may_be_another_than_the_machine_file_s(
    set_to: str, used: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MRM_ACCELERATOR", set_to)
    arguments = command_line(
        load_description(PROJECT / "platforms/q35.yaml"), Boot(Path("vars.fd")), CHANNELS
    )
    assert values(arguments, "-accel") == [used]


def test_machine_file_without_qemu_section(tmp_path: Path) -> None:
    text = (PROJECT / "platforms/q35.yaml").read_text()
    file = tmp_path / "real.yaml"
    file.write_text(text[: text.index("\nqemu:")])
    with pytest.raises(DescriptionError, match="no section `qemu:`"):
        load_description(file)


def test_wrong_machine_file_names_the_place(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("format: 1\nname: x\nnonsense: 1\n")
    with pytest.raises(DescriptionError, match=r"wrong\.yaml:3:1: "):
        load_description(file)


def test_limits_follow_the_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SCALE_VARIABLE, raising=False)
    assert scaled(10) == 10
    monkeypatch.setenv(SCALE_VARIABLE, "2.5")
    assert scaled(10) == 25


@pytest.mark.parametrize("text", ["", "0", "-1", "fast", "nan", "inf"])
def test_senseless_scale_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(SCALE_VARIABLE, text)
    with pytest.raises(ValueError, match="expected a positive factor"):
        scaled(1)
