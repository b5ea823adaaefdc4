# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The bill of materials."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement

from ci.release.__main__ import requirements
from ci.release.materials import render_materials
from ci.release.modules import Module
from ci.versions import load

FILES = {"Mrm.efi": b"mrm", "Shell.efi": b"shell", "mrm-0.1-py3-none-any.whl": b"wheel"}
OURS = frozenset({"BSD-2-Clause-Patent"})


@pytest.fixture
def modules(tmp_path: Path) -> list[Module]:
    """What a build might have used."""
    headers = tmp_path / "mbedtls" / "include" / "mbedtls"
    headers.mkdir(parents=True)
    (headers / "build_info.h").write_text('#define MBEDTLS_VERSION_STRING         "3.3.0"\n')
    return [
        Module("MbedTlsLib", "CryptoPkg", OURS | {"Apache-2.0"}, (), tmp_path),
        Module("BaseLib", "MdePkg", OURS, (), tmp_path),
        Module("OddLib", "MdePkg", OURS | {"MIT OR ISC"}, ("Odd.c",), tmp_path),
        Module("Mrm", "MrmPkg", OURS, (), tmp_path),
    ]


def bill(modules: list[Module], files: dict[str, bytes] | None = None) -> str:
    return render_materials("0.1", 1700000000, files or FILES, load().edk2, modules, requirements())


def named(parts: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {part["name"]: part for part in parts}


def test_it_follows_the_schema(modules: list[Module]) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill(modules)) is None


def test_a_bill_that_does_not_is_noticed(modules: list[Module]) -> None:
    broken = bill(modules).replace('"type": "framework"', '"type": "frame"')
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(broken) is not None


def test_it_is_the_same_for_the_same_release(modules: list[Module]) -> None:
    assert bill(modules) == bill(modules)
    other = json.loads(bill(modules, {**FILES, "Mrm.efi": b"other"}))
    assert other["serialNumber"] != json.loads(bill(modules))["serialNumber"]


def test_every_file_has_its_digest(modules: list[Module]) -> None:
    parts = named(json.loads(bill(modules))["components"])
    for name, data in FILES.items():
        digests = {"alg": "SHA-256", "content": hashlib.sha256(data).hexdigest()}
        assert parts[name]["hashes"] == [digests]


def test_python_packages_are_those_the_wheel_needs(modules: list[Module]) -> None:
    parts = named(json.loads(bill(modules))["components"])
    names = {requirement.name for requirement in requirements()}
    assert names == {name for name, part in parts.items() if part.get("purl", "").startswith("pkg:pypi/")}
    assert all(Requirement(f"{name}=={parts[name]['version']}") for name in names)
    assert parts["PyYAML"]["licenses"] == [{"license": {"name": "MIT"}}]


def test_edk2_has_its_packages_and_their_licences(modules: list[Module]) -> None:
    edk2 = named(json.loads(bill(modules))["components"])["edk2"]
    assert edk2["version"] == load().edk2.version
    parts = named(edk2["components"])
    assert set(parts) == {"CryptoPkg", "MdePkg", "Mbed TLS"}
    assert parts["MdePkg"]["licenses"] == [{"expression": "BSD-2-Clause-Patent AND (MIT OR ISC)"}]
    assert {"name": "mrm:modules", "value": "BaseLib OddLib"} in parts["MdePkg"]["properties"]
    assert {"name": "mrm:licence-not-stated", "value": "OddLib/Odd.c"} in parts["MdePkg"]["properties"]
    assert parts["Mbed TLS"]["version"] == "3.3.0"


def test_what_is_in_what(modules: list[Module]) -> None:
    found = {one["ref"]: one.get("dependsOn", []) for one in json.loads(bill(modules))["dependencies"]}
    assert found["file:Mrm.efi"] == ["edk2"]
    assert set(found["file:mrm-0.1-py3-none-any.whl"]) == {
        "file:Mrm.efi", "file:Shell.efi", "python:PyYAML", "python:pefile",
    }  # fmt: skip


def test_a_version_that_is_said_elsewhere_is_noticed(modules: list[Module], tmp_path: Path) -> None:
    (tmp_path / "mbedtls/include/mbedtls/build_info.h").write_text("nothing\n")
    with pytest.raises(ValueError, match="does not say the version of Mbed TLS"):
        bill(modules)
