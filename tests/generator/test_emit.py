# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Generated files: the same bytes each time, untouched when nothing changes, and what C makes of them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci.edk2 import edk2_path
from generator.api import generate, make_plan
from generator.diff import compare
from generator.emit import emit
from generator.emit.aml import compile_dsdt
from generator.emit.asl import on_card, render_asl
from generator.emit.c_tables import esp_path
from generator.emit.plan_json import plan_to_json, render_embedded_json
from generator.emit.policy_text import digest, render_policy, structure
from generator.emit.templating import c_bytes, c_string, environment
from generator.errors import UserErrors
from tests.generator.support import PROJECT, document, partition

Write = Callable[[str], Path]

PURPOSES = {"low": 0, "below_1g": 1, "main": 2}


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
    return document(
        partition(
            "all-of-it",
            processors="{apic_ids: [3, 1], allow_shared_cores: true}",
            memory="{size: 512 MiB, below_1g: 128 MiB, above: 1 GiB}",
            pci='["PciRoot(0x0)/Pci(0x3,0x0)", "PciRoot(0x0)/Pci(0x5,0x0)", 04.0]',
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


def compiled_plan(folder: Path, tables: Path) -> Any:
    """The tables as a C compiler sees them."""
    edk2 = edk2_path() / "MdePkg" / "Include"
    program = folder / "dump"
    sources = [str(Path(__file__).with_name("dump_plan.c")), str(tables)]
    includes = [f"-I{path}" for path in (PROJECT / "MrmPkg" / "Include", edk2, edk2 / "X64")]
    warnings = ["-Wall", "-Wextra", "-Werror"]
    command = [
        "gcc",
        "-std=gnu11",
        "-fshort-wchar",
        "-D_UNICODE_",
        *warnings,
        *includes,
        *sources,
        "-o",
        str(program),
    ]
    subprocess.run(command, check=True, timeout=120)
    return json.loads(subprocess.run([str(program)], check=True, timeout=60, capture_output=True).stdout)


def patch_kinds() -> list[str]:
    """The names of MRM_PATCH_KIND in the order of the header."""
    header = (PROJECT / "MrmPkg" / "Include" / "MrmPlan.h").read_text("utf-8")
    body = header[: header.index("} MRM_PATCH_KIND;")].rsplit("typedef enum {", 1)[1]
    return re.findall(r"^\s+(MrmPatch\w+)", body, re.MULTILINE)


def source_in_c(source: dict[str, Any]) -> list[Any]:
    """A boot source as the tables have it."""
    kind = source["kind"]
    if kind == "file":
        initrd = source["esp_initrd"] and esp_path(source["esp_initrd"])
        return [0, 0, esp_path(source["esp_file"]), initrd, source["options"]]
    if kind == "disk":
        return [1, source["segment"], source["path"], None, source["options"]]
    if kind == "network":
        return [2, source["segment"], source["uri"], None, None]
    return [3, 0, esp_path(source["esp_file"]), None, None]


def policy_in_c(policy: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """A policy as the tables have it."""
    may = policy["permissions"]
    verbs = ("start", "stop", "restart", "nmi")
    bits = [sum(1 << bit for bit, verb in enumerate(verbs) if name in may[verb]) for name in names]
    pc = ("reboot" in may["pc"]) | ("power-off" in may["pc"]) << 1 | may["reload"] << 2
    return {
        "values": [
            ["never", "on-failure", "always"].index(policy["restart"]),
            policy["limit"],
            policy["backoff_ms"],
            policy["scrub"],
            policy["autostart"],
            policy["watchdog"]["os"],
            policy["nmi"],
            policy["delay_ms"],
            policy["watchdog"]["firmware_ms"],
            policy["shutdown_ms"],
            pc,
            policy["variables"]["quota"],
        ],
        "after": [names.index(name) for name in policy["after"]],
        "permits": bits if any(bits) else [],
    }


def test_c_sees_the_plan(tmp_path: Path, write: Write) -> None:
    plan = generate(write(everything()), None, tmp_path / "out")
    seen = compiled_plan(tmp_path, tmp_path / "out" / "MrmPlanTables.c")
    assert (seen["version"], seen["title"]) == (4, "partitions/test.yaml")
    assert seen["console"] == {"io_base": 0x3F8, "baud": 115200}
    told = plan_to_json(plan)
    assert (seen["all_off"], seen["power_button"]) == (2, False)
    assert seen["json"] == json.loads(render_embedded_json(plan))
    assert seen["json_size"] == len(render_embedded_json(plan))
    assert (seen["structure"], seen["built_in_policy"]) == (structure(plan), digest(render_policy(plan)))
    kinds = patch_kinds()
    names = [partition["name"] for partition in told["partitions"]]
    for planned, c, wanted in zip(plan.partitions, seen["partitions"], told["partitions"], strict=True):
        assert c["name"] == wanted["name"]
        assert (c["apic_ids"], c["by_count"]) == (
            wanted["processors"]["apic_ids"],
            wanted["processors"]["by_count"],
        )
        assert c["shared_cores"] == planned.processors.shared_cores
        assert c["memory"] == [
            [PURPOSES[r["purpose"]], r["size"], r["alignment"], r["minimum"], r["limit"]]
            for r in wanted["memory"]["requests"]
        ]
        assert c["pci"] == [[grant["root_port"], grant["segment"]] for grant in wanted["pci"]]
        console = wanted["console"]
        where = "pci" if console and "pci" in console else "io_base"
        assert c["console"] == (console and {where: console[where], "baud": console["baud"]})
        assert c["display"] == wanted["display"]
        boot = wanted["boot"]
        assert c["boot"]["timeout"] == boot["timeout"]
        assert c["boot"]["sources"] == [source_in_c(source) for source in boot["sources"]]
        expected = [one["parameter"] for one in boot["expected_parameters"]]
        assert c["boot"]["expected"] == " ".join(expected)
        assert c["policy"] == policy_in_c(wanted["policy"], names)
        dsdt = compile_dsdt(render_asl(planned), len(planned.pci), on_card(planned))
        assert bytes.fromhex(c["dsdt"]) == dsdt.aml
        assert [(o, w, i, kinds[k]) for o, w, i, k in c["patches"]] == [
            (patch.offset, patch.width, patch.index, patch.kind) for patch in dsdt.patches
        ]


def test_comments_name_the_lines(tmp_path: Path, write: Write) -> None:
    path = write(everything())
    generate(path, None, tmp_path / "out")
    tables = (tmp_path / "out" / "MrmPlanTables.c").read_text("utf-8")
    lines = path.read_text("utf-8").splitlines()
    for needle, key in (
        ('"all-of-it",', "name: all-of-it"),
        ("3,  //", "processors: {apic_ids"),
        ('"PciRoot(0x0)/Pci(0x5,0x0)"', "pci:"),
        ('\\linux"', "boot: {timeout"),
    ):
        line = next(number for number, text in enumerate(lines, 1) if key in text)
        generated = next(text for text in tables.splitlines() if needle in text and "//" in text)
        assert generated.endswith(f"test.yaml:{line}"), generated


def test_the_same_bytes_each_time_and_nothing_touched(tmp_path: Path, write: Write) -> None:
    plan, _ = make_plan(write(everything()))
    first = emit(plan, tmp_path / "one")
    emit(plan, tmp_path / "two")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert sorted(first) == sorted(tree(tmp_path / "one"))
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "one").rglob("*")}
    assert emit(plan, tmp_path / "one") == ()
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "one").rglob("*")} == before


def test_generated_source_names_no_folder_of_this_machine(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    assert set(emit(plan, out)) == {"MrmPlanTables.c", "MrmPlan.json"}
    plan, _ = make_plan(write(re.sub(r"\bbare\b", "plain", everything())))
    (out / "dsdt" / "notes.txt").write_text("not ours")
    changed = emit(plan, out)
    assert {"dsdt/bare.asl", "dsdt/bare.aml", "dsdt/plain.asl", "dsdt/plain.aml"} <= set(changed)
    assert {path.name for path in (out / "dsdt").iterdir()} == {
        "all-of-it.asl",
        "all-of-it.aml",
        "plain.asl",
        "plain.aml",
        "card.asl",
        "card.aml",
        "notes.txt",
    }


def test_nothing_is_written_if_something_is_wrong(tmp_path: Path, write: Write) -> None:
    with pytest.raises(UserErrors):
        generate(write(document(partition(processors="9"))), None, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_compiler_there_is_asl(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    generate(write(everything()), None, tmp_path / "out", compile_asl=False)
    assert set(tree(tmp_path / "out")) == {
        "MrmPlan.json",
        "dsdt/all-of-it.asl",
        "dsdt/bare.asl",
        "dsdt/card.asl",
    }


def test_an_undefined_name_in_a_template_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        environment().from_string("{{ nothing }}").render()


def test_strings_that_cannot_be_c() -> None:
    with pytest.raises(ValueError, match="not printable ASCII"):
        c_string("naïve")


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_c_strings_say_what_they_should(text: str) -> None:
    literal = c_string(text)
    assert re.fullmatch(r'"([^"\\?]|\\["\\?])*"', literal)
    assert re.sub(r'\\(["\\?])', r"\1", literal[1:-1]) == text


@given(st.binary(max_size=100))
def test_c_bytes_say_what_they_should(data: bytes) -> None:
    assert bytes(int(text, 16) for text in re.findall(r"0x([0-9A-F]{2})", c_bytes(data))) == data


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
