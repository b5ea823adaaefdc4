# SPDX-License-Identifier: BSD-2-Clause-Patent
"""The jinja2 environment of all templates: an undefined name is an error, not an empty text."""

from __future__ import annotations

import functools

import jinja2

from generator.printable import PATH, printable


def c_string(text: str) -> str:
    """A C string literal for printable ASCII; question marks are escaped because of trigraphs."""
    if not all(0x20 <= ord(character) < 0x7F for character in text):
        raise ValueError(f"not printable ASCII: {text!r}")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?")
    return f'"{escaped}"'


def wide_c_string(text: str) -> str:
    """A CHAR16 string literal for printable ASCII."""
    return "L" + c_string(text)


def c_bytes(data: bytes) -> str:
    """The elements of a byte array, twelve a line."""
    lines = (data[start : start + 12] for start in range(0, len(data), 12))
    return ",\n".join("  " + ", ".join(f"0x{byte:02X}" for byte in line) for line in lines)


def comment(text: str) -> str:
    """Foreign text for a comment in C or ASL: it stays on its line and does not end the comment."""
    return printable(text, PATH).replace("*/", "*\\/").replace("/*", "/\\*")


def asl_string(text: str) -> str:
    """A string literal in ASL for any text (ACPI 6.5, section 19.2.5)."""
    escaped = in_ascii(printable(text)).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def in_ascii(text: str) -> str:
    """A text with escapes for what is not ASCII, all that iasl takes."""
    return text.encode("ascii", "backslashreplace").decode()


def _finalize(value: object) -> object:
    """What a template prints, in ASCII."""
    return in_ascii(value) if isinstance(value, str) else value


@functools.cache
def environment() -> jinja2.Environment:
    """The environment; templates lie in the folder beside this module."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("generator.emit"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        finalize=_finalize,
    )
    made.filters.update(c_string=c_string, wide_c_string=wide_c_string, c_bytes=c_bytes, comment=comment)
    made.filters.update(asl_string=asl_string, in_ascii=in_ascii)
    made.filters["hex"] = lambda value, digits=1: f"0x{value:0{digits}X}"
    return made
