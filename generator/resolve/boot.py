# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What a partition boots, and with which options."""

from __future__ import annotations

from pathlib import PurePath

from generator.model.files import Files
from generator.model.intent import KernelParameters, PartitionIntent
from generator.model.plan import AddedParameter, BootPlan, ConsolePlan
from generator.resolve.kernel_parameters import Situation, added_parameters

ESP_FOLDER = "EFI/MRM"


def resolve_boot(wish: PartitionIntent, console: ConsolePlan | None, files: Files) -> BootPlan:
    """The boot source of one partition; MRM's kernel parameters first, so that the owner's win."""
    boot = wish.boot
    facts = files[boot.file.value]
    linux = facts.loader.linux if facts.loader is not None else None
    handling: KernelParameters = boot.kernel_parameters.value if boot.kernel_parameters else "auto"
    owner = boot.options.value if boot.options else ""
    added: tuple[AddedParameter, ...] = ()
    if linux is not None and handling == "auto":
        added = added_parameters(Situation(linux, console.uart if console else None), owner)
    words = [parameter.parameter for parameter in added]
    initrd = boot.initrd
    return BootPlan(
        place=boot.place,
        file=boot.file,
        file_facts=facts,
        esp_file=_esp_path(wish.name.value, boot.file.value),
        initrd=initrd,
        initrd_facts=files[initrd.value] if initrd else None,
        esp_initrd=_esp_path(wish.name.value, initrd.value) if initrd else None,
        owner_options=boot.options,
        options=" ".join([*words, owner] if owner else words),
        kernel_parameters=handling,
        added_parameters=added,
    )


def _esp_path(partition: str, file: PurePath) -> str:
    """Where a file goes on the ESP, with slashes, below its root."""
    return f"{ESP_FOLDER}/{partition}/{file.name}"
