# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What a partition boots, in which order, and with which options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from generator.model.device_path import DevicePath
from generator.model.files import FileFacts, Files
from generator.model.intent import (
    BootIntent,
    BootSource,
    DiskSource,
    FileSource,
    Isolation,
    KernelParameters,
    NetworkSource,
)
from generator.model.plan import (
    AddedParameter,
    BootPlan,
    ConsolePlan,
    DiskBoot,
    FileBoot,
    NetworkBoot,
    PciGrant,
    ShellBoot,
    SourcePlan,
)
from generator.places import Located
from generator.resolve.kernel_parameters import Situation, added_parameters, expected_parameters

ESP_FOLDER = "EFI/MRM"
SHELL = f"{ESP_FOLDER}/Shell.efi"
"""Where the build puts the UEFI shell."""


@dataclass(frozen=True, slots=True)
class _Whose:
    """The partition that boots."""

    name: str
    console: ConsolePlan | None
    level: Isolation
    chipset: bool


def resolve_boot(
    intent: BootIntent,
    name: str,
    console: ConsolePlan | None,
    level: Isolation,
    pci: Sequence[PciGrant],
    files: Files,
    *,
    chipset: bool = False,
) -> BootPlan:
    """The boot sources of the partition with this name, console, isolation level and ports.

    With `chipset` it owns the PC's chipset.
    """
    whose = _Whose(name, console, level, chipset)
    sources = tuple(_source(source, whose, pci, files) for source in intent.sources)
    plan = BootPlan(intent.place, sources, intent.timeout or Located(0, intent.place), ())
    if not plan.owns_loader:
        return plan
    return BootPlan(plan.place, sources, plan.timeout, expected_parameters(console, level, chipset))


def _source(source: BootSource, whose: _Whose, pci: Sequence[PciGrant], files: Files) -> SourcePlan:
    """One source."""
    if isinstance(source, FileSource):
        return _file(source, whose, files)
    if isinstance(source, DiskSource):
        segment = _segment(source.root_port, pci)
        return DiskBoot(source.place, source.root_port, segment, source.path, source.options)
    if isinstance(source, NetworkSource):
        return NetworkBoot(source.place, source.root_port, _segment(source.root_port, pci), source.uri)
    return ShellBoot(source.place, SHELL)


def _segment(port: Located[DevicePath] | None, pci: Sequence[PciGrant]) -> int:
    """The segment of a port, 0 if it is none of the partition's own."""
    if port is None:
        return 0
    return next((grant.segment for grant in pci if grant.root_port.value == port.value), 0)


def _file(boot: FileSource, whose: _Whose, files: Files) -> FileBoot:
    """A file of the build host; MRM's kernel parameters first, so that the owner's win."""
    file = boot.file or Located(Path(), boot.place)
    facts = files[file.value] if boot.file is not None else FileFacts(file.value, None)
    handling: KernelParameters = boot.kernel_parameters.value if boot.kernel_parameters else "auto"
    owner = boot.options.value if boot.options else ""
    added: tuple[AddedParameter, ...] = ()
    if facts.linux is not None and handling == "auto":
        added = added_parameters(Situation(facts.linux, whose.console, whose.level, whose.chipset), owner)
    words = [parameter.parameter for parameter in added]
    initrd = boot.initrd
    return FileBoot(
        place=boot.place,
        file=file,
        file_facts=facts,
        esp_file=_esp_path(whose.name, file.value),
        initrd=initrd,
        initrd_facts=files[initrd.value] if initrd else None,
        esp_initrd=_esp_path(whose.name, initrd.value) if initrd else None,
        owner_options=boot.options,
        options=" ".join([*words, owner] if owner else words),
        kernel_parameters=handling,
        added_parameters=added,
    )


def _esp_path(partition: str, file: PurePath) -> str:
    """Where a file goes on the ESP, with slashes, below its root."""
    return f"{ESP_FOLDER}/{partition}/{file.name}"
