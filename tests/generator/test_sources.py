# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Boot sources: every form, what they cost in memory, and which parameters an owner's Linux must be given."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator.__main__ import main
from generator.api import judge, make_plan
from generator.emit.plan_json import plan_to_json
from generator.resolve.kernel_parameters import KERNEL_PARAMETERS, TSC_KHZ, expected_parameters
from tests.generator.support import document, partition

Write = Callable[[str], Path]
DEVICES = "machines/devices.yaml"
FILE: dict[str, Any] = {"kind": "file", "esp_file": "EFI/MRM/one/linux", "esp_initrd": None}
DISK: dict[str, Any] = {"kind": "disk", "root_port": None, "segment": 0, "path": None, "options": None}
NETWORK: dict[str, Any] = {"kind": "network", "root_port": None, "segment": 0, "uri": None}
SHELL: dict[str, Any] = {"kind": "shell", "esp_file": "EFI/MRM/Shell.efi"}
PORT = "PciRoot(0x0)/Pci(0x4,0x0)"
BEHIND: dict[str, Any] = {"root_port": PORT, "segment": 2}


def on_devices(*partitions: str) -> str:
    """A partition file for a machine with a device of each kind."""
    return document(*partitions).replace("machine: q35", f"machine: {DEVICES}")


@pytest.mark.parametrize(
    ("boot", "sources"),
    [
        ("files/linux", [FILE]),
        ("{file: files/linux}", [FILE]),
        ("{timeout: 2 s, file: files/linux}", [FILE]),
        ("disk", [DISK]),
        ("{disk: any}", [DISK]),
        ("shell", [SHELL]),
        ("network", [NETWORK]),
        ("[network, disk, shell]", [NETWORK, DISK, SHELL]),
        ("{order: disk}", [DISK]),
        ("[{file: files/linux}, {disk: any, options: a b}]", [FILE, {**DISK, "options": "a b"}]),
        ('{network: "PciRoot(0x0)/Pci(0x4,0x0)"}', [{**NETWORK, "root_port": PORT, "segment": 2}]),
        ("{network: PciRoot(0x0)/Pci(0x4,0x0)}", [{**NETWORK, "root_port": PORT, "segment": 2}]),
        ("{network: 04.0}", [{**NETWORK, "root_port": PORT, "segment": 2}]),
        ("{network: any, uri: http://10.0.2.2/a.efi}", [{**NETWORK, "uri": "http://10.0.2.2/a.efi"}]),
        ("{uri: http://h:80/a.efi, network: 04.0}", [{**NETWORK, **BEHIND, "uri": "http://h:80/a.efi"}]),
        (
            "{disk: PciRoot(0x0)/Pci(0x3,0x0), path: /EFI/debian/shimx64.efi}",
            [
                {
                    **DISK,
                    "root_port": "PciRoot(0x0)/Pci(0x3,0x0)",
                    "segment": 1,
                    "path": "\\EFI\\debian\\shimx64.efi",
                }
            ],
        ),
    ],
)
def test_forms_of_boot(write: Write, boot: str, sources: list[dict[str, Any]]) -> None:
    plan, _ = make_plan(write(on_devices(partition(pci="[03.0, 04.0]", boot=boot))))
    told = plan_to_json(plan)["partitions"][0]["boot"]
    assert told["timeout"] == (2 if "timeout" in boot else 0)
    assert len(told["sources"]) == len(sources)
    for found, wanted in zip(told["sources"], sources, strict=True):
        assert {key: found[key] for key in wanted} == wanted
        assert wanted["kind"] == "file" or found == wanted


@pytest.mark.parametrize(
    "boot",
    [
        "{disk: any, network: any}",
        "{order: [disk], file: files/linux}",
        "{disk: COM1}",
        "[[disk]]",
        "{timeout: 3, file: files/linux}",
        "{disk: any, initrd: files/initrd}",
        "{network: any, options: x}",
        "{disk: any, uri: http://h/x.efi}",
        "{network: any, uri: ''}",
    ],
)
def test_what_is_no_boot_source(write: Write, boot: str) -> None:
    _, problems = judge(write(on_devices(partition(pci="[03.0, 04.0]", boot=boot))))
    assert {problem.rule for problem in problems} <= {"yaml-type", "yaml-unknown-key"}
    assert problems


@pytest.mark.parametrize(
    ("uri", "fault"),
    [
        ("http://10.0.2.2/debian.efi", ""),
        ("HTTP://Boot.Example:8000/a/b%20c.efi?x=1", ""),
        ("https://10.0.2.2/debian.efi", "is not http://"),
        ("tftp://10.0.2.2/debian.efi", "is not http://"),
        ("10.0.2.2/debian.efi", "is not http://"),
        ("http:///debian.efi", "no valid host"),
        ("http://10.0.2.256/debian.efi", "no valid host"),
        ("http://-host/debian.efi", "no valid host"),
        ("http://host:0/debian.efi", "no valid host"),
        ("http://host:x/debian.efi", "no valid host"),
        ("http://[fe80::1]/debian.efi", "an IPv6 address"),
        ("http://[fe80/debian.efi", "no valid host"),
        ("http://me:word@host/debian.efi", "names a user"),
        ("http://host", "names no file"),
        ("http://host/folder/", "names no file"),
        ("http://host/a b.efi", "U+0020"),
        ("http://host/ä.efi", "U+00E4"),
        ("http://host/" + "a" * 243, ""),
        ("http://host/" + "a" * 244, "256 characters"),
    ],
)
def test_uris(write: Write, uri: str, fault: str) -> None:
    boot = f"{{network: any, uri: '{uri}'}}"
    _, problems = judge(write(on_devices(partition(pci="04.0", boot=boot))))
    assert [problem.rule for problem in problems] == (["boot-uri"] if fault else [])
    assert all(fault in problem.what and problem.place.column > 20 for problem in problems)


def test_one_kernel_with_different_options_is_copied_once(write: Write) -> None:
    boot = "[{file: files/linux, options: a}, {file: files/linux, options: b}, files/app.efi]"
    plan, problems = make_plan(write(document(partition(boot=boot))))
    assert problems == ()
    assert [name for _, name in plan.esp_files] == ["EFI/MRM/one/linux", "EFI/MRM/one/app.efi"]
    assert [boot.options[-1] for boot in plan.partitions[0].boot.files[:2]] == ["a", "b"]


def shares(write: Write, *wishes: tuple[str, str]) -> list[tuple[int, int]]:
    """Low slice in KiB and share below 1 GiB in MiB of partitions with such memory and boot sources."""
    ports = ("03.0", "04.0", "05.0", "06.0")
    parts = [
        partition(f"p{n}", memory=memory, pci=ports[n], boot=boot) for n, (memory, boot) in enumerate(wishes)
    ]
    plan, _ = judge(write(document(*parts)))
    assert plan is not None
    return [(p.memory.low.value >> 10, p.memory.below_1g.value >> 20) for p in plan.partitions]


def test_who_may_run_grub_has_memory_for_it(write: Write) -> None:
    assert shares(write, ("1 GiB", "disk"), ("512 MiB", "files/linux"), ("256 MiB", "[shell, disk]")) == [
        (64, 256),
        (64, 0),
        (64, 128),
    ]
    assert shares(write, *[("512 MiB", "disk")] * 4) == [(64, 192)] * 4
    said = "{size: 512 MiB, low: 32 KiB, below_1g: 32 MiB}"
    assert shares(write, (said, "disk")) == [(32, 32)]


def test_the_last_low_memory_goes_to_those_that_may_run_grub(write: Write) -> None:
    parts = [partition(f"p{n}", console="none") for n in range(8)]
    plan, _ = judge(write(document(partition("grub", pci="03.0", boot="disk"), *parts)))
    assert plan is not None
    assert [p.memory.low.value >> 10 for p in plan.partitions] == [64] + [32] * 8


def test_only_what_others_need_is_expected_of_an_owners_linux(write: Write) -> None:
    plan, _ = make_plan(write(document(partition(pci="03.0", boot="disk"), partition("two"))))
    one, two = plan.partitions
    told = [expected.parameter for expected in one.boot.expected]
    assert told == ["no_ipi_broadcast=1", "8250.nr_uarts=1", "reserve=0xcf8,8", "pci=noearly"]
    assert two.boot.expected == ()
    table = {parameter.text: parameter for parameter in KERNEL_PARAMETERS}
    assert all(table[text].needed and TSC_KHZ not in text for text in told)
    assert [one.parameter for one in expected_parameters(None)][1] == "8250.nr_uarts=0"


def test_the_parameters_command(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(document(partition(pci="03.0", boot="disk"), partition("two", console="none")))
    assert main(["parameters", str(path), "--partition", "one"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith(("#", "GRUB_CMDLINE_LINUX=")) for line in lines)
    (grub,) = (line for line in lines if not line.startswith("#"))
    words = grub.removeprefix('GRUB_CMDLINE_LINUX="').removesuffix('"').split()
    assert words == [
        "no_ipi_broadcast=1",
        "8250.nr_uarts=1",
        "reserve=0xcf8,8",
        "pci=noearly",
        "efi=runtime",
    ]
    assert f"# options {' '.join(words)}" in lines
    assert any("console=uart8250,io,0x2f8" in line for line in lines)
    assert not any(TSC_KHZ in line for line in lines)
    never = lines[lines.index("# never:") :]
    assert any(line.startswith("#   console=ttyS0 and so on") and "0x3F8" in line for line in never)
    assert any(line.startswith("#   noapic ") for line in never)
    assert main(["parameters", str(path), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert "earlyprintk=ttyS0 and so on" in [one["parameter"] for one in answer["never"]["two"]]
    told = answer["parameters"]
    assert list(told) == ["one", "two"]
    assert {"parameter": "8250.nr_uarts=0", "why": told["two"][1]["why"], "needed": True} == told["two"][1]
    assert main(["parameters", str(path), "--partition", "three"]) == 1
    assert "there is no partition 'three'" in capsys.readouterr().err


@pytest.mark.parametrize("named", ["PciRoot(0x0)/Pci(0x6,0x0)/Pci(0x0,0x0)", "PciRoot(0x0)/Pci(0x6,0x0)"])
def test_a_serial_card_as_console(write: Write, named: str) -> None:
    """It may be named by the root port, too, if it is the only serial port behind that."""
    card = "PciRoot(0x0)/Pci(0x6,0x0)/Pci(0x0,0x0)"
    text = on_devices(partition(pci="06.0", console=f"{{pci: {named}}}"), partition("two", pci="05.0"))
    plan, problems = make_plan(write(text))
    assert problems == ()
    one, two = plan_to_json(plan)["partitions"]
    assert one["console"] == {"name": card, "pci": card, "io_base": None, "baud": 115200}
    words = one["boot"]["sources"][0]["options"].split()
    assert {"console=uart8250,{console},115200n8", "8250.nr_uarts=1"} <= set(words)
    assert two["console"]["name"] == "COM2"


@pytest.mark.parametrize(("spare", "rules"), [(0, []), (1, ["boot-options-length"])])
def test_what_the_live_machine_fills_in_counts_for_the_length(
    write: Write, spare: int, rules: list[str]
) -> None:
    """2047 characters, of which {console} takes at most 23 and {tsc_khz} 10."""
    options = "{console} {tsc_khz} " + "x" * (2047 - 23 - 1 - 10 - 1 + spare)
    boot = f"{{file: files/app.efi, options: '{options}'}}"
    _, problems = judge(write(document(partition(boot=boot))))
    assert [problem.rule for problem in problems] == rules


def test_functions_without_interrupts_need_no_msi(write: Write) -> None:
    """The display has no interrupt pin; the serial port has one, and interrupts unless it is the console."""
    _, problems = judge(write(on_devices(partition(pci="[05.0, 06.0]"))))
    assert [(problem.rule, "Pci(0x6" in problem.what) for problem in problems] == [("pci-msi", True)]


@pytest.mark.parametrize(
    ("base", "over", "kinds"),
    [
        ("files/linux", "{options: b}", ["file"]),
        ("files/linux", "disk", ["disk"]),
        ("disk", "{file: files/linux}", ["file"]),
        ("[disk, shell]", "{timeout: 1 s, order: [shell]}", ["shell"]),
        ("{timeout: 1 s, order: [shell]}", "{timeout: 2 s}", ["shell"]),
        ("{disk: any}", "{path: /x.efi}", ["disk"]),
    ],
)
def test_layers_of_boot(project: Path, base: str, over: str, kinds: list[str]) -> None:
    folder = project / "partitions"
    (folder / "base.yaml").write_text(document(partition(pci="03.0", boot=base)))
    (folder / "over.yaml").write_text(f"partitions:\n  - name: one\n    boot: {over}\n")
    plan, _ = make_plan([folder / "base.yaml", folder / "over.yaml"])
    assert [source.kind for source in plan.partitions[0].boot.sources] == kinds
    assert [source["kind"] for source in plan_to_json(plan)["partitions"][0]["boot"]["sources"]] == kinds
