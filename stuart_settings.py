# SPDX-License-Identifier: BSD-2-Clause-Patent
"""What all platforms of MRM share: how stuart sets up and builds `Mrm.efi`.

A platform is a module in `platforms/` with one subclass of `MrmSettings` and one of `MrmBuilder`.  A build
has four steps: the generator turns the partition file into a plan; the partition firmware is built once for
all partitions; `Mrm.efi` is built with both inside; the files of the ESP are laid out in
`Build/<platform>/ESP`.

Variables on the command line: `PARTITIONS=<file>`, `TARGET=RELEASE|DEBUG`, and `OUTPUT=<folder inside the
project>`, without which everything goes to `Build/<platform>`.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from edk2toolext import edk2_logging
from edk2toolext.environment import shell_environment
from edk2toolext.environment.uefi_build import UefiBuilder
from edk2toolext.invocables.edk2_platform_build import BuildSettingsManager
from edk2toolext.invocables.edk2_setup import RequiredSubmodule, SetupSettingsManager
from edk2toolext.invocables.edk2_update import UpdateSettingsManager
from edk2toollib.uefi.edk2.path_utilities import Edk2Path
from edk2toollib.utility_functions import RunCmd

PROJECT = Path(__file__).resolve().parent
sys.path.insert(0, str(PROJECT))

from ci.edk2 import edk2_path  # noqa: E402  (the project is not installed)
from ci.progress import SetupError  # noqa: E402
from ci.release import version as release  # noqa: E402
from generator.api import generate  # noqa: E402
from generator.emit import PLAN_BLOB  # noqa: E402
from generator.errors import UserErrors  # noqa: E402
from generator.esp.tree import IMAGES, write_tree  # noqa: E402
from generator.model.plan import Plan  # noqa: E402

ARCHITECTURE = "X64"
TOOL_CHAIN = "GCC"
PACKAGE = PROJECT / "MrmPkg" / "MrmPkg.dec"
TEMPLATES = PROJECT / "MrmPkg" / "BuiltInLib"
DEFAULT_PARTITIONS = "partitions/two-debians.yaml"


class MrmSettings(SetupSettingsManager, UpdateSettingsManager, BuildSettingsManager):
    """Settings that do not differ between platforms; a subclass names its platform."""

    NAME: ClassVar[str]
    """Name of the platform; `Build/<name>` receives what is built."""

    def GetName(self) -> str:
        """Return the platform's name."""
        return self.NAME

    def GetWorkspaceRoot(self) -> str:
        """Return the project's folder."""
        return str(PROJECT)

    def GetPackagesPath(self) -> Iterable[str]:
        """Return the EDK2 tree in use; nothing as long as there is none."""
        try:
            return [str(edk2_path())]
        except SetupError:
            return []

    def GetPackagesSupported(self) -> Iterable[str]:
        """The packages a platform builds."""
        return ("MrmPkg",)

    def GetArchitecturesSupported(self) -> Iterable[str]:
        """Only x86-64."""
        return (ARCHITECTURE,)

    def GetTargetsSupported(self) -> Iterable[str]:
        """Both of EDK2's usual targets."""
        return ("RELEASE", "DEBUG")

    def GetRequiredSubmodules(self) -> Iterable[RequiredSubmodule]:
        """None: EDK2 comes from `ci/edk2.py`."""
        return ()

    def GetActiveScopes(self) -> tuple[str, ...]:
        """A scope of our own: EDK2's scopes would fetch NuGet packages."""
        return ("mrm",)

    def GetSkippedDirectories(self) -> tuple[str, ...]:
        """Folders without descriptors of ours."""
        return (".downloads", ".venv", "Build", "Conf")


class MrmBuilder(UefiBuilder):
    """Builds `Mrm.efi` from one partition file; a subclass names its platform as its settings do."""

    NAME: ClassVar[str]

    def output(self) -> Path:
        """Folder that receives everything built for the platform, inside the project."""
        return PROJECT / str(self.env.GetValue("OUTPUT", f"Build/{self.NAME}"))

    def generated(self) -> Path:
        """Folder of generated source."""
        return self.output() / "generated"

    def partition_file(self) -> Path | None:
        """The partition file the user names, relative to where stuart was started; None builds no plan in."""
        return Path(self.env.GetValue("PARTITIONS", DEFAULT_PARTITIONS))

    def SetPlatformEnv(self) -> int:
        """Point EDK2's build at the EDK2 tree, the project and the generated source."""
        try:
            edk2 = edk2_path()
        except SetupError as error:
            logging.critical("%s", error)
            return 1
        # stuart reads the DSC before anything is built: the generated library must be there to be found.
        self._write_plan_library_description()
        self.edk2path = Edk2Path(str(PROJECT), [str(self.output()), str(edk2)])
        base_tools = edk2 / "BaseTools"
        shell = shell_environment.GetEnvironment()
        shell.set_shell_var("EDK_TOOLS_PATH", str(base_tools))
        shell.set_shell_var("BASE_TOOLS_PATH", str(base_tools))
        shell.set_shell_var("PACKAGES_PATH", os.pathsep.join(map(str, (PROJECT, self.output(), edk2))))
        shell.insert_path(str(base_tools / "BinWrappers" / "PosixLike"))
        shell.insert_pypath(str(base_tools / "Source" / "Python"))
        self.env.SetValue("EDK_TOOLS_PATH", str(base_tools), "EDK2 tree in use")
        self.env.SetValue("ACTIVE_PLATFORM", "MrmPkg/Mrm.dsc", "Mrm.efi")
        self.env.SetValue("TARGET_ARCH", ARCHITECTURE, "only architecture")
        self.env.SetValue("TOOL_CHAIN_TAG", TOOL_CHAIN, "only tool chain")
        # What the user set on the command line is there already and stays; Conf/target.txt comes too late.
        self.env.SetValue("TARGET", "RELEASE", "default")
        self.env.SetValue("MAX_CONCURRENT_THREAD_NUMBER", str(os.cpu_count() or 1), "default")
        self.env.SetValue("BLD_*_MRM_OUTPUT", str(self.output().relative_to(PROJECT)), "output folder")
        self.env.SetValue("BLD_*_MRM_VERSION", release.version(PACKAGE), "MrmPkg.dec")
        return 0

    def PlatformPreBuild(self) -> int:
        """Generate source from the partition file, build the partition firmware, make both one library."""
        self.plan: Plan | None = None
        if partition_file := self.partition_file():
            try:
                self.plan = generate(partition_file, None, self.generated())
            except UserErrors as errors:
                sys.stderr.write(f"{errors}\n")
                return 1
        if status := self._build_partition_firmware():
            return status
        self._write_assembly("FirmwareVolume.nasm", "VOLUME", self._volume())
        self._write_assembly("Plan.nasm", "PLAN", self.generated() / PLAN_BLOB if self.plan else None)
        date = (
            (TEMPLATES / "MrmRelease.c.in")
            .read_text(encoding="utf-8")
            .replace("@DATE@", release.date(PROJECT))
        )
        _write_if_changed(self.generated() / "MrmRelease.c", date)
        return 0

    def PlatformPostBuild(self) -> int:
        """Lay out the files of the ESP."""
        image = self._build_folder("Mrm") / ARCHITECTURE / "Mrm.efi"
        shell = self._build_folder("PartitionFirmware") / ARCHITECTURE / "Shell.efi"
        if self.plan is not None:
            esp = self.output() / "ESP"
            write_tree(esp, image.read_bytes(), shell, self.plan)
            edk2_logging.log_progress(f"Mrm.efi: {image.stat().st_size} bytes; copy {esp} to an ESP")
            return 0
        ready = self.output() / IMAGES
        ready.mkdir(exist_ok=True)
        for path in (image, shell):
            shutil.copyfile(path, ready / path.name)
        edk2_logging.log_progress(
            f"{ready}: `python -m generator esp` makes an ESP of it and a partition file"
        )
        return 0

    def _build_folder(self, platform: str) -> Path:
        """Return the output folder of one DSC."""
        return self.output() / platform / f"{self.env.GetValue('TARGET')}_{TOOL_CHAIN}"

    def _volume(self) -> Path:
        """Return the compressed firmware volume."""
        return self._build_folder("PartitionFirmware") / "FV" / "PARTITIONCOMPACT.Fv"

    def _build_partition_firmware(self) -> int:
        """Build the volume that every partition runs, unless it is there and made of the same sources.

        EDK2's build would find that out, too, but only after nine seconds. In an EDK2 tree that the user
        named, anything may have changed: there EDK2 looks.
        """
        stamp = self._build_folder("PartitionFirmware") / "sources.txt"
        sources = "" if os.environ.get("MRM_EDK2") else _digest_of(PROJECT / "MrmPkg")
        if sources and self._volume().is_file() and stamp.is_file() and stamp.read_text() == sources:
            edk2_logging.log_progress("The partition firmware is there already")
            return 0
        stamp.unlink(missing_ok=True)
        edk2_logging.log_progress("Building the partition firmware")
        arguments = (
            "-p MrmPkg/PartitionFirmware.dsc"
            f" -a {ARCHITECTURE} -t {TOOL_CHAIN} -b {self.env.GetValue('TARGET')}"
            f" -n {self.env.GetValue('MAX_CONCURRENT_THREAD_NUMBER')}"
            f" -D MRM_OUTPUT={self.output().relative_to(PROJECT)}"
            f" -D MRM_VERSION={release.version(PACKAGE)} -D MRM_REVISION={release.revision(PACKAGE):#x}"
        )
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        status = int(RunCmd("build", arguments, environ=environment, close_fds=False))
        if status == 0:
            stamp.write_text(sources)
        return status

    def _write_plan_library_description(self) -> None:
        """Write the INF of the generated library."""
        self.generated().mkdir(parents=True, exist_ok=True)
        description = (TEMPLATES / "MrmBuiltInLib.inf.in").read_text(encoding="utf-8")
        _write_if_changed(self.generated() / "MrmBuiltInLib.inf", description)

    def _write_assembly(self, name: str, word: str, content: Path | None) -> None:
        """Write a file of the generated library that takes in another one as it is, or nothing."""
        data = content.read_bytes() if content is not None else b""
        line = f'incbin "{content}"' if content is not None else ""
        # EDK2's dependency tracking does not see what incbin reads: the digest makes new content new source.
        assembly = (TEMPLATES / f"{name}.in").read_text(encoding="utf-8")
        digest = hashlib.sha256(data).hexdigest()
        _write_if_changed(
            self.generated() / name, assembly.replace(f"@{word}@", line).replace("@DIGEST@", digest)
        )


def _digest_of(folder: Path) -> str:
    """Return a digest of all files below a folder and of where EDK2 is."""
    total = hashlib.sha256(str(edk2_path()).encode())
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        total.update(f"{path.relative_to(folder)} {len(data)}\n".encode() + data)
    return total.hexdigest()


def _write_if_changed(target: Path, text: str) -> None:
    """Leave a file alone that has this text already, so that nothing is rebuilt for it."""
    if not target.is_file() or target.read_text(encoding="utf-8") != text:
        target.write_text(text, encoding="utf-8")
