# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Generated files: the same bytes each time, untouched when nothing changes, and what the blob says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator.api import generate, make_plan
from generator.blob.read import read
from generator.diff import compare
from generator.dsdt.assemble import make_dsdt
from generator.emit import emit, make_blob
from generator.emit.blob import esp_path
from generator.emit.plan_json import plan_to_json, render_embedded_json
from generator.emit.policy_text import digest, render_policy, structure
from generator.errors import UserErrors
from tests.generator.support import PROJECT, document, partition

Write = Callable[[str], Path]

PURPOSES = {"low": "MrmMemoryLow", "below_1g": "MrmMemoryBelow1G", "main": "MrmMemoryMain"}


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def everything() -> str:
    """A partition file that uses each part of the language."""
    order = [
        "{file: files/linux, initrd: files/initrd, options: 'a=\"b c\" d=e\\f g??/h'}",
        "{disk: PciRoot(0x0)/Pci(0x3,0x0), path: /EFI/x.efi, options: q}",
        "disk",
        "{network: any, uri: http://boot.example/%7Eme/linux.efi?a=b}",
        "shell",
    ]
    machine = "controller: {all_off: reboot, power_button: ignore}\n"
    machine += "networks: [lan, {name: back, mtu: 1280}]\n"
    return document(
        partition(
            "all-of-it",
            processors="{apic_ids: [3, 1], allow_shared_cores: true}",
            memory="{size: 512 MiB, below_1g: 128 MiB, above: 1 GiB}",
            pci='["PciRoot(0x0)/Pci(0x3,0x0)", "PciRoot(0x0)/Pci(0x5,0x0)", 04.0]',
            network="[{name: back, mac: '52:54:00:AB:00:0f'}, lan]",
            console="COM4",
            display="true",
            boot=f"{{timeout: 3 s, order: [{', '.join(order)}]}}",
            restart="{policy: always, limit: 7, backoff: 2 s}",
            scrub="true",
            autostart="false",
            after="[card, bare]",
            delay="1.5 s",
            shutdown="45 s",
            watchdog="{os: false, firmware: 2 min}",
            nmi="true",
            permissions="{start: all, stop: bare, restart: [bare, card], pc: power-off, reload: true}",
            variables="{quota: 128 KiB}",
        ),
        partition("bare", console="none", boot="files/app.efi", restart="never"),
        partition("card", pci="06.0", console="{pci: PciRoot(0x0)/Pci(0x6,0x0)/Pci(0x0,0x0)}"),
        head=machine,
    ).replace("machine: q35", "machine: machines/devices.yaml")


def source_in_c(source: dict[str, Any]) -> list[Any]:
    """A boot source as the blob has it."""
    kind = source["kind"]
    if kind == "file":
        initrd = source["esp_initrd"] and esp_path(source["esp_initrd"])
        return ["MrmBootFile", 0, esp_path(source["esp_file"]), initrd, source["options"]]
    if kind == "disk":
        return ["MrmBootDisk", source["segment"], source["path"], None, source["options"]]
    if kind == "network":
        return ["MrmBootNetwork", source["segment"], source["uri"], None, None]
    return ["MrmBootShell", 0, esp_path(source["esp_file"]), None, None]


def policy_in_c(policy: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """A policy as the blob has it."""
    may = policy["permissions"]
    verbs = ("start", "stop", "restart", "nmi")
    bits = [sum(1 << bit for bit, verb in enumerate(verbs) if name in may[verb]) for name in names]
    restarts = {"never": "Never", "on-failure": "OnFailure", "always": "Always"}
    return {
        "Restart": f"MrmRestart{restarts[policy['restart']]}",
        "RestartLimit": policy["limit"],
        "BackOffMilliseconds": policy["backoff_ms"],
        "Scrub": policy["scrub"],
        "AutoStart": policy["autostart"],
        "Watchdog": policy["watchdog"]["os"],
        "Nmi": policy["nmi"],
        "DelayMilliseconds": policy["delay_ms"],
        "FirmwareMilliseconds": policy["watchdog"]["firmware_ms"],
        "ShutdownMilliseconds": policy["shutdown_ms"],
        "After": [names.index(name) for name in policy["after"]],
        "Permits": bytes(bits if any(bits) else []),
        "PcPermits": ("reboot" in may["pc"]) | ("power-off" in may["pc"]) << 1 | may["reload"] << 2,
        "VariableQuota": policy["variables"]["quota"],
    }


def test_the_blob_says_what_the_plan_says(tmp_path: Path, write: Write) -> None:
    plan = generate(write(everything()), None, tmp_path / "out")
    seen = read((tmp_path / "out" / "MrmPlan.bin").read_bytes())
    told = plan_to_json(plan)
    assert (seen["Title"], seen["Machine"]) == ("partitions/test.yaml", plan.machine.name)
    assert seen["Console"]["IoBase"] == 0x3F8
    assert (seen["AllOff"], seen["PowerButton"]) == ("MrmAllOffReboot", False)
    assert seen["Json"].decode("ascii") == render_embedded_json(plan)
    assert (seen["Structure"], seen["BuiltInPolicy"]) == (structure(plan), digest(render_policy(plan)))
    names = [partition["name"] for partition in told["partitions"]]
    for planned, found, wanted in zip(plan.partitions, seen["Partitions"], told["partitions"], strict=True):
        assert found["Name"] == wanted["name"]
        assert found["ApicIds"] == wanted["processors"]["apic_ids"]
        assert found["ProcessorsByCount"] == wanted["processors"]["by_count"]
        assert found["SharedCores"] == planned.processors.shared_cores
        assert [list(request.values()) for request in found["Memory"]] == [
            [PURPOSES[r["purpose"]], r["size"], r["alignment"], r["minimum"], r["limit"]]
            for r in wanted["memory"]["requests"]
        ]
        assert [(bus["RootPort"], bus["Segment"]) for bus in found["PciBuses"]] == [
            (grant["root_port"], grant["segment"]) for grant in wanted["pci"]
        ]
        console = found["Console"]
        if wanted["console"] is None:
            assert console["Kind"] == "MrmConsoleNone"
        elif "pci" in wanted["console"]:
            assert (console["Kind"], console["Function"]) == (
                "MrmConsoleUart16550Pci",
                wanted["console"]["pci"],
            )
        else:
            assert (console["Kind"], console["IoBase"]) == (
                "MrmConsoleUart16550Io",
                wanted["console"]["io_base"],
            )
        assert found["Display"] == wanted["display"]
        boot = wanted["boot"]
        assert found["Boot"]["TimeoutSeconds"] == boot["timeout"]
        assert [list(source.values()) for source in found["Boot"]["Sources"]] == [
            source_in_c(source) for source in boot["sources"]
        ]
        expected = [one["parameter"] for one in boot["expected_parameters"]]
        assert found["Boot"]["Expected"] == " ".join(expected)
        assert found["Policy"] == policy_in_c(wanted["policy"], names)
        dsdt = make_dsdt(planned)
        assert found["Dsdt"] == dsdt.aml
        assert found["Dsdt"] == (tmp_path / "out" / "dsdt" / f"{found['Name']}.aml").read_bytes()
        assert [tuple(patch.values()) for patch in found["DsdtPatches"]] == [
            (patch.offset, patch.width, patch.index, patch.kind) for patch in dsdt.patches
        ]


UUID_TEXT = "4c4c4544-0035-5910-8052-b4c04f4d3233"


@pytest.mark.parametrize(
    ("told", "identity"),
    [
        ("", {"Uuid": b"", "System": None, "ApicIds": []}),
        (
            f"identity: {{uuid: {UUID_TEXT.upper()}}}\n",
            {
                # The first three numbers are little-endian (SMBIOS 3.3, section 7.2.1).
                "Uuid": bytes.fromhex("44454c4c350010598052b4c04f4d3233"),
                "System": None,
                "ApicIds": [],
            },
        ),
        (
            "identity: {system: ACME Server 9000}\n",
            {"Uuid": b"", "System": "ACME Server 9000", "ApicIds": [0, 1, 2, 3, 4]},
        ),
    ],
)
def test_the_blob_says_which_pc_it_is_for(tmp_path: Path, told: str, identity: dict[str, Any]) -> None:
    """As the machine file does, which today's examples leave open."""
    machine = tmp_path / "machine.yaml"
    machine.write_text(told + (PROJECT / "platforms" / "q35.yaml").read_text("utf-8"), "utf-8")
    plan, _ = make_plan(PROJECT / "partitions" / "two-kernels.yaml", machine)
    assert read(make_blob(plan))["Identity"] == identity


@pytest.mark.parametrize(
    "wrong", ["uuid: 4c4c4544", f"uuid: {'0' * 8}-0000-0000-0000-{'0' * 12}", "system: 'a  b'"]
)
def test_an_identity_that_is_none_is_told(tmp_path: Path, wrong: str) -> None:
    machine = tmp_path / "machine.yaml"
    text = (PROJECT / "platforms" / "q35.yaml").read_text("utf-8")
    machine.write_text(f"identity: {{{wrong}}}\n{text}", "utf-8")
    with pytest.raises(UserErrors, match=f"'{wrong.partition(':')[0]}' is "):
        make_plan(PROJECT / "partitions" / "two-kernels.yaml", machine)


def test_what_is_newer_says_so(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, _ = make_plan(write(everything()))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000")
    first = make_blob(plan)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "2000")
    assert make_blob(plan, first) == first
    other, _ = make_plan(write(everything().replace("d=e", "d=f")))
    assert [read(blob)["Made"] for blob in (first, make_blob(plan), make_blob(other, first))] == [
        1000,
        2000,
        2000,
    ]


def test_the_same_bytes_each_time_and_nothing_touched(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, _ = make_plan(write(everything()))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000")
    first = emit(plan, tmp_path / "one")
    emit(plan, tmp_path / "two")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "2000")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert sorted(first) == sorted(tree(tmp_path / "one"))
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "one").rglob("*")}
    assert emit(plan, tmp_path / "one") == ()
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "one").rglob("*")} == before


def test_generated_source_names_no_folder_of_this_machine(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000")
    path = write(everything())
    generate(path, None, tmp_path / "one")
    monkeypatch.chdir(path.parent)
    generate(Path(path.name), None, tmp_path / "two")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    for name, data in tree(tmp_path / "one").items():
        if not name.endswith(".json"):
            assert str(tmp_path).encode() not in data


def test_only_what_changes_is_written(tmp_path: Path, write: Write) -> None:
    out = tmp_path / "out"
    generate(write(everything()), None, out)
    plan, _ = make_plan(write(everything().replace("d=e", "d=f")))
    assert set(emit(plan, out)) == {"MrmPlan.bin", "MrmPlan.json"}
    plan, _ = make_plan(write(re.sub(r"\bbare\b", "plain", everything())))
    (out / "dsdt" / "notes.txt").write_text("not ours")
    changed = emit(plan, out)
    assert {"dsdt/bare.aml", "dsdt/plain.aml"} <= set(changed)
    names = {"all-of-it.aml", "plain.aml", "card.aml", "notes.txt"}
    assert {path.name for path in (out / "dsdt").iterdir()} == names


def test_nothing_is_written_if_something_is_wrong(tmp_path: Path, write: Write) -> None:
    with pytest.raises(UserErrors):
        generate(write(document(partition(processors="9"))), None, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_json_is_what_the_harness_reads() -> None:
    plan, _ = make_plan(PROJECT / "partitions" / "two-kernels.yaml")
    told = plan_to_json(plan)
    assert (told["format"], told["machine"], told["source"]) == (1, "q35", "partitions/two-kernels.yaml")
    assert told["controller"] == {"console": "COM1", "all_off": "stay", "power_button": "shutdown"}
    steady, realtime = told["partitions"]
    assert (steady["name"], realtime["name"]) == ("steady", "realtime")
    assert steady["processors"] == {"count": 2, "apic_ids": [1, 2], "by_count": True}
    assert steady["memory"]["size"] == 640 << 20
    assert sum(request["size"] for request in steady["memory"]["requests"]) == 640 << 20
    assert steady["pci"][0]["functions"] == [
        {
            "path": "PciRoot(0x0)/Pci(0x3,0x0)/Pci(0x0,0x0)",
            "vendor": "0x1b36",
            "device": "0x0010",
            "class": "0x010802",
            "serial": "mrm-rp3",
        }
    ]
    assert steady["console"] == {"name": "COM2", "io_base": 0x2F8, "baud": 115200}
    assert realtime["boot"]["timeout"] == 0
    (boot,) = realtime["boot"]["sources"]
    assert boot["kind"] == "file"
    assert boot["esp_file"] == "EFI/MRM/realtime/vmlinuz"
    assert Path(boot["file"]).is_file()
    assert "PREEMPT_RT" in boot["linux"]["version"]
    assert {"parameter", "why", "needed"} == set(boot["added_parameters"][0])
    assert " ".join(added["parameter"] for added in boot["added_parameters"]) == boot["options"]


def test_the_embedded_plan_promises_the_same_in_short(write: Write) -> None:
    for path in (write(everything()), PROJECT / "partitions" / "two-kernels.yaml"):
        plan, _ = make_plan(path)
        text = render_embedded_json(plan)
        assert compare(plan_to_json(plan), json.loads(text)) == ()
        assert text.isascii() and str(PROJECT) not in text
        assert len(text) < 16 << 10
