# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The decide libraries of MrmPkg, compiled for the host and callable from Python.

`build` compiles the libraries, with EDK2's own BaseMemoryLib beneath them, into one shared library with the
undefined behaviour sanitizer. Its structures and prototypes are taken from the real headers, run through the
C preprocessor; sizes and offsets are then compared with what the C compiler says, so that C and Python cannot
disagree.
"""

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cffi import FFI

from ci.edk2 import edk2_path

PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = PROJECT / "MrmPkg"
LIBRARIES = (
    "MrmRangeLib",
    "MrmAcpiLib",
    "MrmHobLib",
    "MrmLayoutLib",
    "MrmLifecycleLib",
    "MrmMachineLib",
    "MrmPartitionLib",
    "MrmPciLib",
    "MrmSmbiosLib",
    "MrmJournalLib",
    "MrmTalkLib",
    "MrmLogLib",
    "MrmControlLib",
    "MrmMachineCheckLib",
    "MrmPolicyLib",
    "MrmScreenLib",
    "MrmFaultLib",
    "MrmVolumeLib",
    "MrmPlanLib",
    "MrmArchiveLib",
    "MrmFunctionLib",
    "MrmChannelLib",
    "MrmDiskLib",
    "MrmFatLib",
    "MrmServerLib",
    "MrmGuardLib",
    "MrmIommuLib",
)

# Macros the tests use; their values come from the C compiler too.
CONSTANTS = (
    "MRM_ACPI_FIXED_SIZE",
    "MRM_ARCHIVE_BLOCK",
    "MRM_BACK_OFF_MAXIMUM",
    "MRM_CHANNEL_BURST",
    "MRM_CHANNEL_COMMANDS",
    "MRM_CHANNEL_FRAME_SIZE",
    "MRM_CHANNEL_GATHER",
    "MRM_CHANNEL_MTU_LEAST",
    "MRM_CHANNEL_MTU_MOST",
    "MRM_CHANNEL_PAIRS",
    "MRM_CHANNEL_PARTING",
    "MRM_CHANNEL_PATIENCE",
    "MRM_CHANNEL_RX_ENTRIES",
    "MRM_CHANNEL_TX_PAGES",
    "MRM_CHANNEL_UPLINK_FRAMES",
    "MRM_CHANNEL_UPLINK_MTU",
    "MRM_CHANNEL_VECTORS",
    "MRM_CLOCK_CORRECTABLE",
    "MRM_CLOCK_EXACT",
    "MRM_CLOCK_READINGS",
    "MRM_CLOCK_ROUNDED",
    "MRM_CLOCK_STEADY",
    "MRM_CONTROL_MAX_ITEMS",
    "MRM_CONTROL_NAME_SIZE",
    "MRM_CONTROL_REQUEST_SIZE",
    "MRM_CONTROL_SIZE",
    "MRM_DISK_BURST",
    "MRM_DISK_COMMANDS",
    "MRM_DISK_ENTRIES",
    "MRM_DISK_ERRORS",
    "MRM_DISK_EVENTS",
    "MRM_DISK_MARK_SIZE",
    "MRM_DISK_QUEUES",
    "MRM_DISK_TRANSFER",
    "MRM_DISK_WINDOW",
    "MRM_FAT_PAGE",
    "MRM_HAND_OFF_VERSION",
    "MRM_GUARD_EXECUTE",
    "MRM_GUARD_INSTRUCTION",
    "MRM_GUARD_IO_MAP_SIZE",
    "MRM_GUARD_LIMIT",
    "MRM_GUARD_MAX_BUSES",
    "MRM_GUARD_MAX_ECAM",
    "MRM_GUARD_MAX_FUNCTIONS",
    "MRM_GUARD_MAX_MEMORY",
    "MRM_GUARD_MAX_MESSAGES",
    "MRM_GUARD_MAX_RANGES",
    "MRM_GUARD_MAX_WINDOWS",
    "MRM_GUARD_MESSAGE_TARGETS",
    "MRM_GUARD_MSR_MAP_SIZE",
    "MRM_GUARD_READ",
    "MRM_GUARD_UNCACHED",
    "MRM_GUARD_WRITE",
    "MRM_GUARD_WRITE_BACK",
    "MRM_GUARD_WRITE_THROUGH",
    "MRM_IOMMU_PROCESSORS",
    "MRM_LINE_SIZE",
    "MRM_LOG_TEXT_SIZE",
    "MRM_LINUX_BOOT_PARAMS",
    "MRM_PLACE_STEP",
    "MRM_MAILBOX_SIGNATURE",
    "MRM_MAILBOX_TEXT_SIZE",
    "MRM_MAILBOX_VERSION",
    "MRM_MAX_PCI_BUSES",
    "MRM_MAX_PROCESSORS",
    "MRM_PCI_CONFIG_DWORDS",
    "MRM_PCI_MAX_WRITES",
    "MRM_CONTROLLER",
    "MRM_NOBODY",
    "MRM_OPTION_SIZE",
    "MRM_PLAN_FAULT_SIZE",
    "MRM_PLAN_FORMAT",
    "MRM_PLAN_LARGEST",
    "MRM_PLAN_NAMES",
    "MRM_PLAN_NAME_SIZE",
    "MRM_PLAN_VERSION",
    "MRM_SYSTEM_LENGTH",
    "MRM_POLICY_IMAGE_SIZE",
    "MRM_POLICY_TEXT_SIZE",
    "MRM_SCREEN_ESCAPE_TIME",
    "MRM_SCREEN_QUESTION_TIME",
    "MRM_SETTLED_MILLISECONDS",
    "MRM_JOURNAL_BLOCK",
    "MRM_JOURNAL_RECORDS_SIZE",
    "MRM_FUNCTION_AREA_SIZE",
    "MRM_FUNCTION_NEWS",
    "MRM_FUNCTION_NEWS_PERIOD",
    "MRM_FATAL_MILLISECONDS",
    "MRM_FATAL_READINGS",
    "MRM_LISTENS_MILLISECONDS",
    "MRM_MACH_MARK",
    "MRM_PANIC_MILLISECONDS",
    "MRM_PANIC_NONE",
    "MRM_TURN_MILLISECONDS",
    "MRM_THERMAL_CRITICAL",
    "MRM_THERMAL_FATAL",
    "MRM_THERMAL_NORMAL",
    "MRM_UNHEARD_MILLISECONDS",
    "MRM_WATCHDOG_MAXIMUM",
    "MRM_WATCHDOG_PERIOD",
    "RETURN_SUCCESS",
    "RETURN_ABORTED",
    "RETURN_INVALID_PARAMETER",
    "RETURN_ALREADY_STARTED",
    "RETURN_BAD_BUFFER_SIZE",
    "RETURN_BUFFER_TOO_SMALL",
    "RETURN_DEVICE_ERROR",
    "RETURN_INCOMPATIBLE_VERSION",
    "RETURN_NOT_FOUND",
    "RETURN_NOT_READY",
    "RETURN_NOT_STARTED",
    "RETURN_OUT_OF_RESOURCES",
    "RETURN_UNSUPPORTED",
    "RETURN_VOLUME_CORRUPTED",
    "RETURN_VOLUME_FULL",
    "RETURN_COMPROMISED_DATA",
    "RETURN_WRITE_PROTECTED",
    "EFI_RESOURCE_SYSTEM_MEMORY",
    "EFI_RESOURCE_MEMORY_MAPPED_IO",
    "EFI_RESOURCE_MEMORY_RESERVED",
)

# Headers whose declarations Python needs; what others declare is left out.
_WANTED = re.compile(
    r"/(MrmPkg/Include/.*|ProcessorBind|Base|UefiBaseType|UefiMultiPhase|WinCertificate|PiBootMode|PiHob|PiFirmwareFile|PiFirmwareVolume)\.h$"
)

# As EDK2 compiles, but for the host's calling convention and with the sanitizer.
_DIALECT = ("-std=gnu11", "-fshort-wchar", "-fno-builtin", "-fno-strict-aliasing", "-DMDEPKG_NDEBUG")
_WARNINGS = ("-Wall", "-Wextra", "-Werror", "-Wno-array-bounds", "-Wno-unused-parameter")
_HOST = ("-DEFIAPI=", "-g", "-O1", "-fPIC")
_SANITIZER = ("-fsanitize=undefined", "-fsanitize=bounds-strict")

# What host/*.c and the generated layout.c define.
_HOST_DECLARATIONS = """
extern UINT64 gHostSanitizerReports;
extern UINT64 gHostLayout[];
extern UINT64 gHostConstants[];
INT32 HostIncrement (INT32 Number);
"""

# What BaseMemoryLib calls of BaseLib.
BASE_LIB = (
    *("BitField", "CheckSum", "LShiftU64", "Math64", "RShiftU64"),
    *("SwapBytes16", "SwapBytes32", "SwapBytes64", "Unaligned", "X64/GccInline"),
)

# The options of EDK2's tool chain GCC for a RELEASE X64 build that matter to the compiler front end.
FIRMWARE_FLAGS = (
    *_DIALECT,
    *_WARNINGS,
    "-ffreestanding",
    "-mno-red-zone",
    "-mcmodel=small",
    "-fpie",
    "-Os",
)


class SanitizerError(AssertionError):
    """C code did something undefined; what it was is on standard error."""


def library_sources() -> list[Path]:
    """Return the C sources of the decide libraries."""
    return sorted(source for name in LIBRARIES for source in (PACKAGE / "Library" / name).glob("*.c"))


def include_flags() -> list[str]:
    """Return the compiler's include options for MrmPkg and EDK2."""
    edk2 = edk2_path()
    folders = (
        PACKAGE / "Include",
        edk2 / "MdePkg/Include",
        edk2 / "MdePkg/Include/X64",
        edk2 / "MdeModulePkg/Include",
    )
    return [f"-I{folder}" for folder in folders]


def gcc(arguments: Iterable[str | os.PathLike[str]]) -> str:
    """Run gcc and return its standard output.

    Raises:
        AssertionError: It failed; the message is what it said.
    """
    result = subprocess.run(["gcc", *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


class Decide:
    """The compiled libraries: `decide.ffi` makes structures, `decide.call` calls functions."""

    def __init__(self, ffi: FFI, library: Any, constants: dict[str, int]) -> None:
        """Take the loaded library and the values of CONSTANTS."""
        self.ffi = ffi
        self.lib = library
        self.constants = constants

    def __getattr__(self, name: str) -> int:
        """Return one of CONSTANTS, or a constant of an enumeration."""
        if name in self.constants:
            return self.constants[name]
        return int(getattr(self.lib, name))

    def call(self, function: str, *arguments: Any) -> Any:
        """Call a function of the libraries.

        Raises:
            SanitizerError: It did something undefined.
        """
        before = self.lib.gHostSanitizerReports
        result = getattr(self.lib, function)(*arguments)
        if self.lib.gHostSanitizerReports != before:
            raise SanitizerError(function)
        return result


def _umbrella() -> str:
    names = ("Base.h", *(f"Library/{name}.h" for name in LIBRARIES))
    return "".join(f"#include <{name}>\n" for name in names)


def _wanted_lines(preprocessed: str) -> Iterator[str]:
    """Yield the lines that come from headers we want, and every #pragma."""
    wanted = False
    for line in preprocessed.splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            wanted = bool(_WANTED.search(marker[1]))
        elif wanted or line.startswith("#pragma"):
            yield line


def declarations(preprocessed: str) -> list[tuple[bool, str]]:
    """Return the declarations as (packed, text) sections, without what cffi does not understand."""
    sections: list[tuple[bool, list[str]]] = [(False, [])]
    for line in _wanted_lines(preprocessed):
        if line.startswith("#pragma"):
            sections.append(("1" in line, []))
        else:
            sections[-1][1].append(line)
    cleaned = []
    for packed, lines in sections:
        text = re.sub(r"^_Static_assert .*?;$", "", "\n".join(lines), flags=re.MULTILINE)
        cleaned.append((packed, re.sub(r"^typedef __builtin_\w+ \w+;$", "", text, flags=re.MULTILINE)))
    return cleaned


def _structures(ffi: FFI) -> list[str]:
    """Return the names of all structure types with fields."""
    typedefs, _, _ = ffi.list_types()
    found = []
    for name in typedefs:
        kind = ffi.typeof(name)
        if kind.kind in ("struct", "union") and kind.fields:
            found.append(name)
    return found


def _fields(ffi: FFI, name: str) -> list[str]:
    """Return the names of the fields of a structure that have an address."""
    return [field for field, description in ffi.typeof(name).fields if description.bitshift < 0]


def _layout_source(ffi: FFI) -> str:
    """Return C source that says what the C compiler thinks of sizes, offsets and constants."""
    layout = []
    for name in _structures(ffi):
        layout.append(f"sizeof ({name})")
        layout += [f"__builtin_offsetof ({name}, {field})" for field in _fields(ffi, name)]
    return (
        "#include <Uefi.h>\n"
        + _umbrella()
        + f"UINT64 gHostLayout[] = {{ {', '.join(layout)} }};\n"
        + f"UINT64 gHostConstants[] = {{ {', '.join(f'(UINT64)({name})' for name in CONSTANTS)} }};\n"
    )


def _python_layout(ffi: FFI) -> Iterator[tuple[str, int]]:
    """Yield what cffi thinks of sizes and offsets, in the order of `_layout_source`."""
    for name in _structures(ffi):
        yield name, ffi.sizeof(name)
        for field in _fields(ffi, name):
            yield f"{name}.{field}", ffi.offsetof(name, field)


def _compile(ffi: FFI, includes: list[str], shared: Path) -> None:
    """Compile the libraries, what is beneath them, and what tells their layout."""
    folder = shared.parent
    layout = folder / "layout.c"
    layout.write_text(_layout_source(ffi))
    libraries = edk2_path() / "MdePkg/Library"
    theirs = [*sorted((libraries / "BaseMemoryLib").glob("*.c"))]
    theirs += [libraries / "BaseLib" / f"{name}.c" for name in BASE_LIB]
    beneath = folder / "beneath.o"
    gcc([*_DIALECT, *_HOST, *includes, f"-I{libraries / 'BaseLib'}", "-r", "-o", beneath, *theirs])
    ours = [*library_sources(), *sorted((Path(__file__).parent / "host").glob("*.c")), layout]
    options = [*_DIALECT, *_WARNINGS, *_HOST, *_SANITIZER, *includes]
    partial = folder / "decide.partial"
    gcc([*options, "-shared", "-Wl,-z,defs", "-o", partial, *ours, beneath])
    partial.rename(shared)


def build(folder: Path) -> Decide:
    """Load the libraries, and compile them before if the folder has none; intermediate files go there, too.

    Raises:
        AssertionError: A source does not compile without a warning, or C and Python disagree on a structure.
    """
    includes = include_flags()
    umbrella = folder / "umbrella.h"
    umbrella.write_text(_umbrella())
    ffi = FFI()
    for packed, text in declarations(gcc([*_DIALECT, "-DEFIAPI=", *includes, "-E", umbrella])):
        ffi.cdef(text, packed=packed)
    ffi.cdef(_HOST_DECLARATIONS)

    shared = folder / "decide.so"
    if not shared.is_file():
        _compile(ffi, includes, shared)
    library: Any = ffi.dlopen(str(shared))

    for index, (what, size) in enumerate(_python_layout(ffi)):
        assert library.gHostLayout[index] == size, f"{what}: C and Python disagree"
    constants = {name: library.gHostConstants[index] for index, name in enumerate(CONSTANTS)}
    return Decide(ffi, library, constants)
