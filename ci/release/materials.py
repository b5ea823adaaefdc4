# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The bill of materials of a release: CycloneDX 1.6 as JSON (https://cyclonedx.org/docs/1.6/json/)."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from itertools import groupby

from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import DisjunctiveLicense, License, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement

from ci.release.modules import Module
from ci.versions import Edk2Version

OURS = "BSD-2-Clause-Patent"
_NAMES = uuid.UUID("4d524d20-6269-6c6c-8000-6f6620736f66")
"""Name space of serial numbers: a release of the same bytes has the same one."""


@dataclass(frozen=True)
class _Foreign:
    """Code of others inside a module of EDK2.

    Attributes:
        name: What it is called.
        version_file: Which of its files says its version, from the module's folder.
        version: Pattern of what is said there.
        licence: Its licence.
        spdx: Whether that is an SPDX expression, or plain words.
    """

    name: str
    version_file: str
    version: str
    licence: str
    spdx: bool


_FOREIGN = {
    "MbedTlsLib": _Foreign(
        "Mbed TLS",
        "mbedtls/include/mbedtls/build_info.h",
        r'MBEDTLS_VERSION_STRING\s+"([^"]+)"',
        "Apache-2.0",
        spdx=True,
    ),
    "LzmaDecompressLib": _Foreign(
        "LZMA SDK", "Sdk/C/7zVersion.h", r'MY_VERSION_NUMBERS\s+"([^"]+)"', "Public domain", spdx=False
    ),
}


def render_materials(
    version: str,
    seconds: int,
    files: Mapping[str, bytes],
    edk2: Edk2Version,
    modules: Sequence[Module],
    requirements: Iterable[Requirement],
) -> str:
    """Return the bill.

    Args:
        version: Of MRM.
        seconds: When it was made, since 1970 began.
        files: Content of each file of the release by its name.
        edk2: Which EDK2 the images are built of.
        modules: What the build has put into the images.
        requirements: Python packages that the wheel needs; they must be installed here.

    Raises:
        OSError: A module's files are not there.
        ValueError: Code of others does not say its version where it did.
    """
    ours = Component(
        name="mrm",
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref="mrm",
        licenses=[LicenseExpression(OURS)],
        description="Divides a UEFI PC into several real machines",
    )
    artefacts = [_artefact(name, data) for name, data in sorted(files.items())]
    packages = [_python_package(requirement) for requirement in requirements]
    firmware = _edk2(edk2, [module for module in modules if module.package not in ("MrmPkg", "generated")])
    digest = "\n".join(f"{name} {hashlib.sha256(data).hexdigest()}" for name, data in sorted(files.items()))
    bom = Bom(components=[*artefacts, *packages, firmware], serial_number=uuid.uuid5(_NAMES, digest))
    bom.metadata.component = ours
    bom.metadata.timestamp = datetime.fromtimestamp(seconds, UTC)
    bom.register_dependency(ours, artefacts)
    for artefact in artefacts:
        if artefact.name.endswith(".whl"):
            images = [other for other in artefacts if other.name.endswith(".efi")]
            bom.register_dependency(artefact, [*images, *packages])
        elif artefact.name.endswith(".efi"):
            bom.register_dependency(artefact, [firmware])
    return str(JsonV1Dot6(bom).output_as_string(indent=1)) + "\n"


def _artefact(name: str, data: bytes) -> Component:
    """A file of the release."""
    return Component(
        name=name,
        type=ComponentType.FIRMWARE if name.endswith(".efi") else ComponentType.FILE,
        bom_ref=f"file:{name}",
        licenses=[LicenseExpression(OURS)] if not name.endswith(".efi") else [],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=hashlib.sha256(data).hexdigest())],
    )


def _python_package(requirement: Requirement) -> Component:
    """A package that pip fetches; the version is the one this release was tested with."""
    installed = metadata.metadata(requirement.name)
    name, version = installed["Name"], installed["Version"]
    licence = next(
        (installed[field] for field in ("License-Expression", "License") if field in installed), ""
    )
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=f"python:{name}",
        description="Not in the release: pip fetches it. Tested with this version.",
        scope=ComponentScope.REQUIRED,
        licenses=[DisjunctiveLicense(name=licence)] if licence else [],
        purl=PackageURL("pypi", None, name.lower(), version),
        properties=[
            Property(name="mrm:requirement", value=str(requirement)),
        ],
    )


def _edk2(edk2: Edk2Version, modules: Sequence[Module]) -> Component:
    """EDK2, with a component for each of its packages, and for code of others in them."""
    parts = [
        _edk2_package(name, edk2, list(members))
        for name, members in groupby(modules, key=lambda module: module.package)
    ]
    parts += [_foreign(module) for module in modules if module.name in _FOREIGN]
    return Component(
        name="edk2",
        version=edk2.version,
        type=ComponentType.FRAMEWORK,
        bom_ref="edk2",
        licenses=[LicenseExpression(_all_of(modules))],
        external_references=[
            ExternalReference(
                type=ExternalReferenceType.VCS, url=XsUri(edk2.git_url), comment=f"tag {edk2.git_tag}"
            ),
            ExternalReference(
                type=ExternalReferenceType.SOURCE_DISTRIBUTION,
                url=XsUri(edk2.archive),
                comment="of Debian's source package",
                hashes=[HashType(alg=HashAlgorithm.SHA_256, content=edk2.sha256)],
            ),
        ],
        components=parts,
    )


def _edk2_package(name: str, edk2: Edk2Version, modules: Sequence[Module]) -> Component:
    """What of a package is in the images."""
    return Component(
        name=name,
        version=edk2.version,
        type=ComponentType.LIBRARY,
        bom_ref=f"edk2:{name}",
        licenses=[LicenseExpression(_all_of(modules))],
        properties=list(_properties(modules)),
    )


def _properties(modules: Sequence[Module]) -> Iterator[Property]:
    """The modules by name, and which sources state no licence."""
    yield Property(name="mrm:modules", value=" ".join(module.name for module in modules))
    for module in modules:
        if module.unknown:
            files = " ".join(f"{module.name}/{file}" for file in module.unknown)
            yield Property(name="mrm:licence-not-stated", value=files)


def _foreign(module: Module) -> Component:
    """Code of others in a module."""
    foreign = _FOREIGN[module.name]
    file = module.folder / foreign.version_file
    found = re.search(foreign.version, file.read_text("utf-8", "replace"))
    if found is None:
        raise ValueError(f"{file} does not say the version of {foreign.name}")
    licence: License = (
        LicenseExpression(foreign.licence) if foreign.spdx else DisjunctiveLicense(name=foreign.licence)
    )
    return Component(
        name=foreign.name,
        version=found[1],
        type=ComponentType.LIBRARY,
        bom_ref=f"edk2:{module.name}",
        licenses=[licence],
    )


def _all_of(modules: Iterable[Module]) -> str:
    """All licences that modules state, as one SPDX expression."""
    stated = sorted({licence for module in modules for licence in module.licences})
    return " AND ".join(f"({one})" if " " in one else one for one in stated)
