# SPDX-License-Identifier: BSD-2-Clause-Patent
"""Rules about what is booted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from generator.check.registry import Finding, error, warning
from generator.model.plan import ConsolePlan, DiskBoot, FileBoot, PartitionPlan, Plan
from generator.places import Located
from generator.printable import PATH, printable, quoted
from generator.resolve.kernel_parameters import LIVE, harmful_parameters
from generator.resolve.serial_parameters import foreign_serial_words
from generator.resolve.words import kernel_words

FIRST_LINUX_WITH_INITRD_PROTOCOL = (5, 8)
"""Version whose EFI stub asks for the initrd by LINUX_EFI_INITRD_MEDIA."""
MICROCODE_OFF = "dis_ucode_ldr"
"""The kernel parameter without which Linux loads microcode that it finds in its initrd."""
LONGEST_OPTIONS = 2047
"""Characters in the load options of anything that is no Linux; Linux states its own limit."""

_FAT_NAME = re.compile(r"[A-Za-z0-9 !#$%&'()@^_`{}~.+,;=\[\]-]{1,255}")


def _boots(plan: Plan) -> Iterator[FileBoot]:
    """The boot files of all partitions."""
    for partition in plan.partitions:
        yield from partition.boot.files


def _initrds(plan: Plan) -> Iterator[tuple[Located[Path], FileBoot]]:
    """The initrds of all partitions, with the boot files they belong to."""
    for boot in _boots(plan):
        if boot.initrd is not None:
            yield boot.initrd, boot


def _unreadable(kind: str, file: Located[Path], fault: str) -> Finding:
    """A file on the build host that is of no use."""
    return Finding(
        file.place,
        f"the {kind} {printable(file.value, PATH)}: {fault}",
        "a readable file; paths are relative to the partition file",
        "correct the path",
    )


def _options(plan: Plan) -> Iterator[Located[str]]:
    """The owner's load options of all boot sources."""
    for partition in plan.partitions:
        for source in partition.boot.sources:
            found = source.owner_options if isinstance(source, FileBoot) else None
            found = source.options if isinstance(source, DiskBoot) else found
            if found is not None:
                yield found


@error
def boot_file_readable(plan: Plan) -> Iterator[Finding]:
    """Every loader file can be read on the build host."""
    for boot in _boots(plan):
        if boot.file_facts.error is not None:
            yield _unreadable("loader", boot.file, boot.file_facts.error)


@error
def boot_initrd_readable(plan: Plan) -> Iterator[Finding]:
    """Every initrd can be read on the build host and is not empty."""
    for initrd, boot in _initrds(plan):
        facts = boot.initrd_facts
        if facts is not None and (facts.error is not None or not facts.size):
            yield _unreadable("initrd", initrd, facts.error or "is empty")


@error
def boot_file_is_efi_application(plan: Plan) -> Iterator[Finding]:
    """Every loader is a PE32+ EFI application for x86-64."""
    for boot in _boots(plan):
        loader = boot.file_facts.loader
        if loader is not None and loader.error is not None:
            yield Finding(
                boot.file.place,
                f"the loader {printable(boot.file.value, PATH)} {loader.error}",
                "a PE32+ EFI application for x86-64, such as a Linux kernel with EFI stub",
                "name another file",
            )


@error
def boot_file_names(plan: Plan) -> Iterator[Finding]:
    """Names of a partition's boot files can stand in one folder of the ESP: ASCII, short, different."""
    for partition in plan.partitions:
        named: dict[str, Located[Path]] = {}
        files = [f for boot in partition.boot.files for f in (boot.file, boot.initrd) if f is not None]
        # A file whose name could not be read has none.
        for file in (file for file in files if file.value.name):
            first = named.setdefault(file.value.name.lower(), file)
            if first.value != file.value:
                yield Finding(
                    file.place,
                    f"two boot files of '{partition.name.value}' are named {printable(file.value.name)}",
                    "different names, as both go into one folder",
                    "rename one of the files",
                )
            if _FAT_NAME.fullmatch(file.value.name) is None:
                yield Finding(
                    file.place,
                    f"the file name {quoted(file.value.name)}",
                    "1 to 255 ASCII characters that FAT allows",
                    "rename the file",
                )


@error
def boot_options_ascii(plan: Plan) -> Iterator[Finding]:
    """Options are printable ASCII."""
    for options in _options(plan):
        bad = next((c for c in options.value if not 0x20 <= ord(c) < 0x7F), None)
        if bad is not None:
            yield Finding(
                options.place, f"the character U+{ord(bad):04X} in 'options'", "printable ASCII", "remove it"
            )


@error
def boot_options_length(plan: Plan) -> Iterator[Finding]:
    """Options, with MRM's kernel parameters, are no longer than the loader takes."""
    for boot in _boots(plan):
        linux = boot.file_facts.linux
        limit = linux.command_line_size if linux is not None and linux.command_line_size else LONGEST_OPTIONS
        told = boot.options
        for placeholder, longest in LIVE.items():
            told = told.replace(placeholder, "?" * longest)
        length = len(told)
        if length > limit:
            place = boot.owner_options.place if boot.owner_options else boot.place
            yield Finding(place, f"options of {length} characters", f"at most {limit}", "shorten 'options'")
    disks = (s for p in plan.partitions for s in p.boot.sources if isinstance(s, DiskBoot))
    for options in (disk.options for disk in disks if disk.options is not None):
        if len(options.value) > LONGEST_OPTIONS:
            length = len(options.value)
            what = f"options of {length} characters"
            yield Finding(options.place, what, f"at most {LONGEST_OPTIONS}", "shorten 'options'")


@error
def boot_initrd_supported(plan: Plan) -> Iterator[Finding]:
    """A Linux kernel that is given an initrd can take it from the firmware: version 5.8 or newer."""
    for initrd, boot in _initrds(plan):
        linux = boot.file_facts.linux
        if linux is not None and (0, 0) != linux.version < FIRST_LINUX_WITH_INITRD_PROTOCOL:
            yield Finding(
                initrd.place,
                f"Linux {linux.release} cannot take an initrd from the firmware",
                "Linux 5.8 or newer",
                "boot a newer kernel, or build the initrd into it",
            )


@warning
def boot_file_cooperates(plan: Plan) -> Iterator[Finding]:
    """No loader is a system that is known to take the whole PC for its own: Memtest86+."""
    for boot in _boots(plan):
        loader = boot.file_facts.loader
        if loader is not None and loader.stranger is not None:
            what = f"{printable(boot.file.value, PATH)} is {loader.stranger}"
            yield Finding(
                boot.file.place,
                f"{what}, which takes all PCI devices of the PC for its own",
                "a system that keeps to its ACPI tables: others may lose their disks",
                "start it on the bare machine, without MRM",
            )


@warning
def boot_initrd_microcode(plan: Plan) -> Iterator[Finding]:
    """Linux loads no microcode from an initrd: packages, and threads of a core, share what it changes."""
    for boot in _boots(plan):
        facts = boot.initrd_facts
        if boot.initrd is None or facts is None or facts.microcode is None:
            continue
        if MICROCODE_OFF not in kernel_words(boot.options):
            what = f"the initrd {printable(boot.initrd.value, PATH)}"
            yield Finding(
                boot.initrd.place,
                f"{what} has microcode for the processors, {facts.microcode}",
                "the microcode of the PC's firmware, the same for all partitions",
                f"add {MICROCODE_OFF} to 'options', or make the initrd without it",
            )


def _linux_options(plan: Plan) -> Iterator[tuple[PartitionPlan, Located[str], str]]:
    """Each partition and source whose options may reach a Linux, the options of the file, and all options."""
    for partition in plan.partitions:
        for source in partition.boot.sources:
            if isinstance(source, DiskBoot) and source.options is not None:
                yield partition, source.options, source.options.value
            if not isinstance(source, FileBoot) or source.file_facts.linux is None:
                continue
            if source.owner_options is not None:
                yield partition, source.owner_options, source.options


@warning
def boot_options_harmless(plan: Plan) -> Iterator[Finding]:
    """The owner's options contain no kernel parameter that breaks the partition or its neighbours."""
    for partition, options, _ in _linux_options(plan):
        for word, why in harmful_parameters(options.value, partition.console, partition.level):
            what = f"the kernel parameter {printable(word)}: {why}"
            yield Finding(options.place, what, "none of it", "remove it")


def _owner(plan: Plan, port: int | None) -> str:
    """The owner of the UART at a port, in words that follow the port."""
    uart = next((uart for uart in plan.machine.uarts if uart.io_base == port), None)
    if port is None:
        return ""
    if uart is None:
        return ", which the machine file does not name"
    if plan.controller_console.uart == uart:
        return f": {uart.name}, the controller's"
    for partition in plan.partitions:
        if partition.console is not None and partition.console.uart == uart:
            return f": {uart.name}, the console of '{partition.name.value}'"
    return f": {uart.name}, which is nobody's"


def _own_console(console: ConsolePlan | None) -> tuple[str, str]:
    """The parameter that a Linux needs instead, and what to change."""
    if console is not None and console.uart is not None:
        uart = console.uart
        return f"console=uart8250,io,0x{uart.io_base:x},{uart.baud}n8", "replace it by that, or remove it"
    if console is not None and console.path is not None:
        return "the PCI serial card, which MRM names to a kernel that is a file", "remove it"
    return "no serial console, as the partition has none", "remove it"


@warning
def boot_options_console(plan: Plan) -> Iterator[Finding]:
    """The owner's options have a starting Linux drive no UART but the partition's console."""
    for partition, options, every in _linux_options(plan):
        for word in foreign_serial_words(every, partition.console):
            expected, change = _own_console(partition.console)
            yield Finding(options.place, f"{word}{_owner(plan, word.port)}", expected, change)
