# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The wheel: the same bytes each time, and all in it that a PC without compiler and iasl needs."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

from ci.progress import PROJECT, SetupError
from ci.release.__main__ import render_sums, requirements
from ci.release.parts import PARTS, write_parts
from ci.release.trial import COMMANDS, EXAMPLE, differences, script
from ci.release.wheel import build_wheel
from generator.command_line import run as generator
from generator.version import version
from tests.generator.support import make_linux, make_pe

EPOCH = "1700000000"


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images as far as the generator is concerned: what a plan can be put into, and a shell."""
    folder = tmp_path_factory.mktemp("ready")
    (folder / "Mrm.efi").write_bytes(make_pe())
    (folder / "Shell.efi").write_bytes(make_pe(size=0x1400))
    return folder


@pytest.fixture(scope="module")
def project(ready: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What of this project the wheel is built of, with its parts."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("pyproject.toml", "README.md", "LICENSE", "MrmPkg/MrmPkg.dec"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(PROJECT / name, folder / name)
    for name in ("generator", "platforms"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    write_parts(ready, folder / PARTS)
    return folder


@pytest.fixture(scope="module")
def wheel(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", EPOCH)
        return build_wheel(project, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder in which pip has installed it."""
    folder = tmp_path_factory.mktemp("installed")
    options = ["--quiet", "--no-index", "--no-deps", "--target", str(folder), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options], check=True, timeout=300)
    return folder


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The files of a user, in a folder that knows nothing of this project."""
    folder = tmp_path / "pc"
    shutil.copytree(EXAMPLE, folder)
    (folder / "vmlinuz").write_bytes(make_linux())
    shutil.copy(PROJECT / "platforms" / "q35.yaml", folder / "pc.yaml")
    return folder


def mrm(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed program where there is no iasl."""
    environment = {"PYTHONPATH": str(installed), "PATH": "/nowhere", "SOURCE_DATE_EPOCH": EPOCH}
    command = [sys.executable, str(installed / "bin" / "mrm"), *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300
    )


def test_version_and_name(installed: Path, tmp_path: Path) -> None:
    assert mrm(installed, tmp_path, "--version").stdout == f"mrm {version()}\n"
    assert mrm(installed, tmp_path, "--help").stdout.startswith("usage: mrm [-h]")
    assert mrm(installed, tmp_path, "esp", "--help").stdout.startswith("usage: mrm esp [-h]")
    assert mrm(installed, tmp_path, "scan", "--from", "nothing").stderr.startswith("mrm: ")


@pytest.mark.parametrize("name", ["shells", "named"])
def test_it_makes_the_esp_that_a_checkout_makes(
    installed: Path, ready: Path, example: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    run = mrm(installed, example, "esp", f"{name}.yaml", "--output", "there")
    assert (run.returncode, run.stderr) == (0, "")
    monkeypatch.chdir(example)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", EPOCH)
    assert generator(["esp", f"{name}.yaml", "--output", "here", "--ready", str(ready)]) == 0
    assert differences(example / "here", example / "there") == []
    assert (example / "there" / "ESP" / "EFI" / "MRM" / "Mrm.efi").is_file()


def test_what_is_wrong_is_told_with_its_place(installed: Path, example: Path) -> None:
    run = mrm(installed, example, "check", "wrong.yaml")
    assert run.returncode == 1
    places = [line.split(": ")[0] for line in run.stderr.splitlines()]
    assert places and all(re.fullmatch(r"wrong.yaml:\d+:\d+", place) for place in places)


def test_pip_installs_manual_page_and_completion(installed: Path) -> None:
    for name in (
        "man/man1/mrm.1",
        "bash-completion/completions/mrm",
        "zsh/site-functions/_mrm",
        "fish/vendor_completions.d/mrm.fish",
    ):
        assert "mrm" in (installed / "share" / name).read_text("utf-8")


def test_the_wheel_states_what_it_is(wheel: Path) -> None:
    assert wheel.name == f"mrm-{version()}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("METADATA"))
        stated = message_from_bytes(archive.read(name))
        assert not [name for name in archive.namelist() if "__pycache__" in name]
    assert stated["Version"] == version()
    assert stated["License-Expression"] == "BSD-2-Clause-Patent"
    assert len(stated.get_all("Requires-Dist", [])) == len(requirements())


def test_the_wheel_is_the_same_at_another_time(wheel: Path, project: Path, tmp_path: Path) -> None:
    for path in project.rglob("*"):
        os.utime(path, (1, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", EPOCH)
        assert build_wheel(project, tmp_path).read_bytes() == wheel.read_bytes()


def test_without_its_parts_it_is_not_built(project: Path, tmp_path: Path) -> None:
    lacking = tmp_path / "project"
    shutil.copytree(project, lacking)
    shutil.rmtree(lacking / PARTS)
    with pytest.raises(SetupError, match="cannot be built"):
        build_wheel(lacking, tmp_path)


def test_checksums_are_those_that_sha256sum_checks(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"1")
    (tmp_path / "SUMS").write_text(render_sums({"one": b"1"}))
    check = ["sha256sum", "--check", "--strict", "SUMS"]
    assert subprocess.run(check, cwd=tmp_path, capture_output=True).returncode == 0
    (tmp_path / "one").write_bytes(b"2")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True).returncode == 1


def test_the_trial_notices_every_difference(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
        (folder / "same.bin").write_bytes(b"same")
    (here / "usage.err").write_text("usage: python -m generator esp\n  [-h]\n")
    (there / "usage.err").write_text("usage: mrm esp [-h]\n")
    assert differences(here, there) == []
    (there / "same.bin").write_bytes(b"other")
    (there / "usage.err").write_text("Traceback\n")
    (there / "more").touch()
    (here / "less").touch()
    assert [line.split(":")[0] for line in differences(here, there)] == [
        "less is not there",
        "more is there, and not in the checkout",
        "same.bin has other content",
        "usage.err has other content",
    ]


def test_the_trial_knows_the_folder_by_both_its_names(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "system" / "root" / "pc"
    for folder, name in ((here, str(here)), (there, "/root/pc")):
        folder.mkdir(parents=True)
        (folder / "MrmPlan.json").write_text(f'{{"file": "{name}/vmlinuz"}}')
    assert differences(here, there, "/root/pc") == []
    assert differences(here, there) == ["MrmPlan.json has other content"]


def test_the_trial_runs_every_command_and_keeps_its_status() -> None:
    text = script("mrm.whl")
    for name, arguments in COMMANDS.items():
        assert f"mrm {arguments} >{name}.out 2>{name}.err" in text
        assert f"echo $status >{name}.status" in text
