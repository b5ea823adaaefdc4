# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What a partition boots, and with which options."""

from __future__ import annotations

from pathlib import Path, PurePath

from generator.model.files import FileFacts, Files
from generator.model.intent import BootIntent, FileSource, KernelParameters
from generator.model.plan import AddedParameter, BootPlan, ConsolePlan, FileBoot
from generator.places import Located
from generator.resolve.kernel_parameters import Situation, added_parameters

ESP_FOLDER = "EFI/MRM"


def resolve_boot(wish: BootIntent, name: str, console: ConsolePlan | None, files: Files) -> BootPlan:
    """The boot sources of the partition with this name."""
    return BootPlan(wish.place, tuple(_file(source, name, console, files) for source in wish.sources))


def _file(boot: FileSource, name: str, console: ConsolePlan | None, files: Files) -> FileBoot:
    """A file of the build host; MRM's kernel parameters first, so that the owner's win."""
    file = boot.file or Located(Path(), boot.place)
    facts = files[file.value] if boot.file is not None else FileFacts(file.value, None)
    linux = facts.loader.linux if facts.loader is not None else None
    handling: KernelParameters = boot.kernel_parameters.value if boot.kernel_parameters else "auto"
    owner = boot.options.value if boot.options else ""
    added: tuple[AddedParameter, ...] = ()
    if linux is not None and handling == "auto":
        added = added_parameters(Situation(linux, console.uart if console else None), owner)
    words = [parameter.parameter for parameter in added]
    initrd = boot.initrd
    return FileBoot(
        place=boot.place,
        file=file,
        file_facts=facts,
        esp_file=_esp_path(name, file.value),
        initrd=initrd,
        initrd_facts=files[initrd.value] if initrd else None,
        esp_initrd=_esp_path(name, initrd.value) if initrd else None,
        owner_options=boot.options,
        options=" ".join([*words, owner] if owner else words),
        kernel_parameters=handling,
        added_parameters=added,
    )


def _esp_path(partition: str, file: PurePath) -> str:
    """Where a file goes on the ESP, with slashes, below its root."""
    return f"{ESP_FOLDER}/{partition}/{file.name}"
