# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What is in the machine for a run, and what that adds to the promises."""

import json
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from ci.guests.debian.build import ensure
from ci.guests.live.build import ensure as live_debian
from ci.images.gpt import ImageError, run_tool
from ci.progress import PROJECT
from ci.qemu.description import load_description
from ci.run.media import boot_port, free_ports, own_ports, prepare_media, ssh_command
from ci.run.plan import BootSource, Plan, load_plan
from tests.ci.run import samples

Q35 = load_description(PROJECT / "platforms/q35.yaml")
DISK = {"kind": "disk", "root_port": None, "segment": 0, "path": None, "options": None}
CARD = "PciRoot(0x0)/Pci(0x7,0x0)"


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """`steady` boots from its disk and owns a network card."""
    data = samples.plan_data()
    steady = data["partitions"][0]
    expected = [{"parameter": "no_ipi_broadcast=1", "why": ""}]
    steady["boot"] = {"timeout": 0, "sources": [DISK], "expected_parameters": expected}
    steady["pci"].append({"root_port": CARD, "segment": 9, "functions": []})
    file = tmp_path / "MrmPlan.json"
    file.write_text(json.dumps(data))
    return load_plan(file, tmp_path)


@pytest.fixture
def esp(tmp_path: Path) -> Path:
    (tmp_path / "ESP/EFI").mkdir(parents=True)
    return tmp_path / "ESP"


def test_whole_debian_where_a_partition_boots_from_a_disk(plan: Plan, esp: Path, tmp_path: Path) -> None:
    debian = ensure()
    media = prepare_media(Q35, plan, esp, tmp_path / "run", debian)
    steady, realtime = media.plan.partitions
    assert (steady.kernel, realtime.kernel) == (debian.release, "6.1.0-56-rt-amd64")
    assert (steady.disks, realtime.disks) == (["mrm-rp3"], ["mrm-rp4"])
    image = media.boot.disks["PciRoot(0x0)/Pci(0x3,0x0)"]
    assert image.name == "steady.img" and image.stat().st_size > 2**30
    forwards = {guest: host for host, guest in media.boot.networks[CARD].forwards.items()}
    assert media.ways_in == {"steady": ssh_command(debian.key, forwards[22])}
    assert media.sites == {"steady": f"http://127.0.0.1:{forwards[80]}/"}


def test_a_live_debian_has_a_way_in_and_disks_that_keep(plan: Plan, esp: Path, tmp_path: Path) -> None:
    live = live_debian()[-1]
    steady = replace(plan.partitions[0], kernel_file=live.folder / "vmlinuz", sources=[BootSource("file")])
    media = prepare_media(Q35, replace(plan, partitions=[steady]), esp, tmp_path / "run", None)
    forwards = {guest: host for host, guest in media.boot.networks[CARD].forwards.items()}
    assert media.ways_in == {"steady": ssh_command(live.key, forwards[22])}
    image = media.boot.disks["PciRoot(0x0)/Pci(0x3,0x0)"]
    assert "keep" in run_tool("sgdisk", "--print", str(image))
    assert "keep" not in run_tool("sgdisk", "--print", str(media.boot.disks["PciRoot(0x0)/Pci(0x4,0x0)"]))


def test_the_way_in_names_the_key_from_where_the_user_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "project/guests/key"
    monkeypatch.chdir(tmp_path / "..")
    assert f" -p 2201 -i {tmp_path.name}/project/guests/key " in ssh_command(key, 2201)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert f" -p 2201 -i {key} " in ssh_command(key, 2201)


def test_own_image_is_used_as_it_is(plan: Plan, esp: Path, tmp_path: Path) -> None:
    image = tmp_path / "own.img"
    own = {"PciRoot(0x0)/Pci(0x3,0x0)": image}
    media = prepare_media(Q35, plan, esp, tmp_path / "run", None, own)
    assert media.boot.disks["PciRoot(0x0)/Pci(0x3,0x0)"] == image
    assert media.plan.partitions[0].kernel is None


def test_missing_debian_is_said(plan: Plan, esp: Path, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="run `make setup`"):
        prepare_media(Q35, plan, esp, tmp_path / "run", None)


def test_boot_disk_is_the_first_of_its_own(plan: Plan) -> None:
    steady, realtime = plan.partitions
    assert boot_port(Q35, plan, steady) == "PciRoot(0x0)/Pci(0x3,0x0)"
    assert boot_port(Q35, plan, realtime) is None


def test_the_owner_of_the_chipset_boots_from_a_disk_that_nobody_else_has(plan: Plan) -> None:
    """It has no port by name: what is on the root bus itself comes first."""
    bus0 = load_description(PROJECT / "platforms/q35-bus0.yaml")
    steady, realtime = plan.partitions
    owner = replace(steady, chipset=True, root_ports=[])
    single = replace(realtime, root_ports=["PciRoot(0x0)/Pci(0x4,0x0)"])
    both = replace(plan, partitions=[owner, single])
    assert boot_port(bus0, both, owner) == "PciRoot(0x0)/Pci(0x2,0x0)"
    found = own_ports(bus0, both, owner)
    assert {"PciRoot(0x0)/Pci(0x3,0x0)", "PciRoot(0x0)/Pci(0x6,0x1)"} <= set(found)
    assert "PciRoot(0x0)/Pci(0x4,0x0)" not in found
    other = replace(single, root_ports=["PciRoot(0x0)/Pci(0x2,0x0)", "PciRoot(0x0)/Pci(0x6,0x1)"])
    both = replace(plan, partitions=[owner, other])
    assert boot_port(bus0, both, owner) == "PciRoot(0x0)/Pci(0x5,0x0)"
    assert not any("Pci(0x6," in path for path in own_ports(bus0, both, owner))


def test_ports_in_use_are_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        found = free_ports(2, port)
    assert port not in found and len(set(found)) == 2 and min(found) > port


def test_the_esp_has_room_for_disks_that_are_files_on_it(plan: Plan, esp: Path, tmp_path: Path) -> None:
    steady = replace(plan.partitions[0], sources=[BootSource("file")])
    sizes = []
    for number, room in enumerate((0, 5 << 20)):
        served = replace(plan, partitions=[replace(steady, esp_files=room)])
        image = prepare_media(Q35, served, esp, tmp_path / f"{number}", None).boot.esp
        assert image is not None
        sizes.append(image.stat().st_size)
    assert sizes[1] - sizes[0] == 5 << 20
