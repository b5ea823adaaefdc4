# SPDX-License-Identifier: BSD-2-Clause-Patent
"""`esp` and `blob`: what boots, made of a plan without EDK2 or a compiler."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from pathlib import Path

from generator.api import make_plan
from generator.commands.command import Command, takes_plan
from generator.commands.output import print_lines, print_problems, problems_json
from generator.emit import PLAN_JSON, make_blob
from generator.emit.plan_json import render_plan_json
from generator.errors import Problem, UserErrors
from generator.esp.image import ImageError, plan_image, with_plan
from generator.esp.tree import TreeError, ready, write_tree
from generator.places import Place

_TIME_LIMIT_SECONDS = 60


def _configure_esp(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    takes_plan(parser)
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="where to write")
    parser.add_argument("--ready", type=Path, metavar="DIR", help="folder of a Mrm.efi built without a plan")
    parser.add_argument("--startup", action="store_true", help="write startup.nsh, too, for the UEFI shell")
    _takes_key(parser)


def _configure_blob(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    takes_plan(parser)
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="plan.bin")
    _takes_key(parser)


def _takes_key(parser: argparse.ArgumentParser) -> None:
    """What a signature is made with."""
    parser.add_argument(
        "--sign",
        nargs=2,
        type=Path,
        metavar=("KEY", "CERT"),
        help="sign for Secure Boot, by sbsign; PEM files",
    )


def _run_esp(options: argparse.Namespace) -> int:
    """Write the ESP's files, and the plan as JSON beside them."""
    plan, warnings = make_plan(options.files, options.machine)
    found = ready(options.ready)
    try:
        image = with_plan(found.mrm.read_bytes(), make_blob(plan))
    except ImageError as error:
        raise _problem(
            found.mrm, "ready-image", str(error), "a Mrm.efi without a plan", "build it by `make ready`"
        ) from None
    esp = options.output / "ESP"
    try:
        write_tree(esp, _signed(image, options), found.shell, plan, options.startup)
    except TreeError as error:
        raise _problem(
            esp, "esp-own", str(error), "a folder of MRM's own", "name another --output, and copy by hand"
        ) from None
    (options.output / PLAN_JSON).write_text(render_plan_json(plan), "utf-8")
    _tell(options, warnings, f"{esp}: copy what is in it to an ESP", str(esp))
    return 0


def _run_blob(options: argparse.Namespace) -> int:
    """Write the plan; an image around it if it is signed."""
    plan, warnings = make_plan(options.files, options.machine)
    blob = make_blob(plan)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_bytes(_signed(plan_image(blob), options) if options.sign else blob)
    _tell(options, warnings, f"{options.output}: copy it to \\EFI\\MRM\\plan.bin", str(options.output))
    return 0


def _tell(options: argparse.Namespace, warnings: tuple[Problem, ...], words: str, file: str) -> None:
    """Say what was written."""
    if options.json:
        print(problems_json(warnings, files=[file]))
    else:
        print_problems(warnings)
        print_lines([words])


def _signed(image: bytes, options: argparse.Namespace) -> bytes:
    """The image, signed if that is wanted."""
    if not options.sign:
        return image
    key, certificate = options.sign
    if shutil.which("sbsign") is None:
        raise _problem(
            Path("sbsign"),
            "tool-found",
            "sbsign is not installed",
            "sbsign on the PATH",
            "install sbsigntool",
        )
    with tempfile.TemporaryDirectory(prefix="mrm-sign-") as folder:
        plain, signed = Path(folder, "plain.efi"), Path(folder, "signed.efi")
        plain.write_bytes(image)
        run = subprocess.run(
            ["sbsign", "--key", key, "--cert", certificate, "--output", signed, plain],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIME_LIMIT_SECONDS,
            check=False,
        )
        if run.returncode != 0 or not signed.is_file():
            said = " ".join((run.stderr or run.stdout).split())
            raise _problem(
                key, "sign", f"sbsign fails: {said}", "a PEM key and its PEM certificate", "check both files"
            )
        return signed.read_bytes()


def _problem(path: Path, rule: str, what: str, expected: str, change: str) -> UserErrors:
    """One problem of a file."""
    return UserErrors([Problem(Place(str(path)), rule, what, expected, change)])


ESP = Command(
    "esp",
    "make a bootable ESP of a ready Mrm.efi: the plan becomes a section of it",
    _configure_esp,
    _run_esp,
)
BLOB = Command(
    "blob",
    "write the plan alone: \\EFI\\MRM\\plan.bin of an ESP that boots MRM already",
    _configure_blob,
    _run_blob,
)
