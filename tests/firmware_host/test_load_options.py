# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The load options of Mrm.efi (MrmMachineLib)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.firmware_host.decide import Decide
from tests.firmware_host.memory import Guarded


def parse(decide: Decide, options: bytes, word: str = "Verify") -> tuple[bool, str]:
    """Whether they ask for a word, `verify` for instance, and the first word that means nothing."""
    memory = Guarded(decide.ffi, options)
    parsed = decide.ffi.new("MRM_LOAD_OPTIONS *")
    decide.call("MrmLoadOptionsParse", memory.pointer, len(options), parsed)
    return bool(getattr(parsed, word)), decide.ffi.string(parsed.Unknown).decode("ascii")


def words(text: str, ending: str = "\0") -> bytes:
    """A text as the firmware passes it."""
    return (text + ending).encode("utf-16-le")


@pytest.mark.parametrize("ending", ["", "\0", "\r\n", " \0garbage"])
@pytest.mark.parametrize(
    "text",
    [
        "verify",
        "VERIFY",
        r"\EFI\MRM\Mrm.efi verify",
        "Mrm.efi\tVerify",
        r'"\EFI\my folder\Mrm.efi" verify',
        'Mrm.efi "verify"',
    ],
)
def test_the_word_verify_means_verify(decide: Decide, text: str, ending: str) -> None:
    assert parse(decide, words(text, ending)) == (True, "")


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("", ""),
        ("Mrm.efi", ""),
        (r"\EFI\verify\Mrm.efi", ""),
        (r'"\EFI\to verify it\Mrm.efi"', ""),
        ("Mrm.efi noverify", "noverify"),
        ("Mrm.efi verify=off", "verify=off"),
        ("Mrm.efi --verify quiet", "--verify"),
        ("Mrm.efi verifying", "verifying"),
        ("Mrm.efi " + "x" * 40, "x" * 31),
        ("Mrm.efi verify" + "y" * 40, "verify" + "y" * 25),
    ],
)
def test_nothing_else_means_verify(decide: Decide, text: str, unknown: str) -> None:
    assert parse(decide, words(text)) == (False, unknown)


@pytest.mark.parametrize("text", ["scan", r"\EFI\MRM\Mrm.efi SCAN", 'Mrm.efi verify "Scan"'])
def test_the_word_scan_means_scan(decide: Decide, text: str) -> None:
    assert parse(decide, words(text), "Scan") == (True, "")


@pytest.mark.parametrize(
    ("text", "unknown"), [("", ""), ("verify", ""), (r"\scan\Mrm.efi", ""), ("Mrm.efi scanning", "scanning")]
)
def test_nothing_else_means_scan(decide: Decide, text: str, unknown: str) -> None:
    assert parse(decide, words(text), "Scan") == (False, unknown)


def test_both_can_be_there(decide: Decide) -> None:
    assert parse(decide, words("Mrm.efi quiet verify")) == (True, "quiet")


@pytest.mark.parametrize(
    "options", [b"v\0e\0r\0i\0f\0y", b"\x4e\xac\x08\x81\x11\x9f\x59\x4d\x85\x0e", b"B", b""]
)
def test_what_is_not_text_means_nothing(decide: Decide, options: bytes) -> None:
    """The first one lacks half of its last character; others are what firmware puts into boot options."""
    assert parse(decide, options) == (False, "")


@given(st.binary(max_size=200) | st.text(max_size=80).map(words))
def test_any_options_can_be_read(decide: Decide, options: bytes) -> None:
    _, unknown = parse(decide, options)
    assert len(unknown) < decide.MRM_OPTION_SIZE and unknown.isprintable()
