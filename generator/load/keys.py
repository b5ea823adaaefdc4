# SPDX-License-Identifier: BSD-2-Clause-Patent
"""A key of the partition or machine file is declared once, as a `Key`: beside the code that reads it.

Three things come from the declaration: what the reader takes (`Fields.read`), the key's part of the JSON
Schema (generator/schema.py), and its row in the docs (generator/keys_page.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Generic, TypeVar

from generator.load.values import parse_duration, parse_integer, parse_ranges, parse_size, ranged

T = TypeVar("T")

Schema = dict[str, Any]
OFF = "off"


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """How a value is written: what messages expect, what reads a text, and the JSON Schema.

    For a key that takes a mapping as well `parse` reads the short form, and the schema has both.
    """

    expected: str
    parse: Callable[[str], T | None]
    schema: Schema
    hint: str = ""
    """What the schema's description of any key of this form ends with."""

    def described(self, brief: str) -> Schema:
        """The schema of a value with this meaning."""
        return {**self.schema, "description": f"{brief} {self.hint}".strip()}


@dataclass(frozen=True, slots=True)
class Key(Generic[T]):
    """One key of a mapping.

    `brief` explains it in the schema, `value` and `default` in the docs; keys that are told together there
    have the same.  `inherited`: it may stand in `defaults`.
    """

    name: str
    form: Form[T]
    brief: str
    value: str = ""
    default: str = ""
    required: bool = False
    inherited: bool = False

    @property
    def schema(self) -> Schema:
        """The schema of its value."""
        return self.form.described(self.brief)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one mapping, in the order of messages and docs."""

    keys: tuple[Key[Any], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(key.name for key in self.keys)

    @property
    def schema(self) -> Schema:
        """The schema of a mapping with these keys and no others."""
        properties = {key.name: key.schema for key in self.keys}
        return {"type": "object", "additionalProperties": False, "properties": properties}

    @property
    def whole(self) -> Schema:
        """The schema of such a mapping that has all required keys."""
        return {**self.schema, "required": [key.name for key in self.keys if key.required]}

    def rows(self, with_default: bool = True) -> Iterable[str]:
        """The rows of their table in the docs; neighbours that are told together share one."""
        for (value, default), group in groupby(self.keys, key=lambda key: (key.value, key.default)):
            cells = [", ".join(f"`{key.name}`" for key in group), value, *([default] if with_default else [])]
            yield "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"


def any_of(*schemas: Schema) -> Schema:
    """A value of one of these forms."""
    return {"anyOf": list(schemas)}


def one_or_more(schema: Schema) -> Schema:
    """A value, or a list of such."""
    return any_of(schema, {"type": "array", "items": schema})


def no_text(expected: str, schema: Schema) -> Form[Any]:
    """A value that is not one text but a mapping or a list."""
    return Form(expected, lambda _: None, schema)


def mapping_of(keys: Keys) -> Form[Any]:
    """A mapping with these keys, the required ones among them."""
    return no_text("a mapping", keys.whole)


def list_of(schema: Schema) -> Form[Any]:
    """A list of values of one kind."""
    return no_text("a list", {"type": "array", "items": schema})


def choice(words: Mapping[str, T], expected: str | None = None) -> Form[T]:
    """One of some words."""
    # To YAML 1.1, which editors may read, `off` is false.
    written = [*words, *([False] if OFF in words else [])]
    return Form(expected or "one of " + ", ".join(words), words.get, {"enum": written})


def integer(low: int = 0, high: int = 0xFFFFFFFF, expected: str | None = None) -> Form[int]:
    """A number; hexadecimal ones are texts for some parsers of YAML."""
    span = f"{low:#x} to {high:#x}" if high > 0xFFFF else f"{low} to {high}"
    return Form(
        expected or f"an integer, {span}",
        ranged(parse_integer, low, high),
        any_of(
            {"type": "integer", "minimum": low, "maximum": high},
            {"type": "string", "pattern": "^0[xX][0-9a-fA-F]+$"},
        ),
    )


def size(expected: str = "a size such as 640 MiB") -> Form[int]:
    """A size or address."""
    with_unit = r"[0-9]{1,12}(\.[0-9]{1,6})?\s*(B|KiB|MiB|GiB|TiB)"
    pattern = rf"^(0[xX][0-9a-fA-F]{{1,16}}|{with_unit}|0|[1-9][0-9]{{0,19}})$"
    schema = any_of({"type": "integer", "minimum": 0}, {"type": "string", "pattern": pattern})
    return Form(expected, parse_size, schema, "With an IEC unit, such as 640 MiB.")


def numbers(high: int, most: int) -> Form[tuple[int, ...]]:
    """Numbers and ranges, which `_numbers` of the processors reads."""
    pattern = r"^[0-9xXa-fA-F]+(\s*-\s*[0-9xXa-fA-F]+)?(,\s*[0-9xXa-fA-F]+(\s*-\s*[0-9xXa-fA-F]+)?)*$"
    one = any_of({"type": "integer", "minimum": 0}, {"type": "string", "pattern": pattern})
    return Form(
        f"numbers and ranges such as 1-3,5, 0 to {high:#x}, {most} at most",
        lambda text: parse_ranges(text, high),
        one_or_more(one),
    )


def _text(text: str) -> str | None:
    """Any text that is not empty."""
    return text or None


def _duration_or_off(text: str) -> int | None:
    """Milliseconds, 0 for `off`."""
    return 0 if text == OFF else parse_duration(text)


TEXT_SCHEMA: Schema = {"type": ["string", "number"], "minLength": 1}
TEXT: Form[str] = Form("a text", _text, TEXT_SCHEMA)
BOOLEAN: Form[bool] = Form("true or false", {"true": True, "false": False}.get, {"type": "boolean"})
SIZE = size()
TIME: Form[int] = Form(
    "a time such as 3 s",
    parse_duration,
    any_of({"const": 0}, {"type": "string", "pattern": r"^(0|[0-9]{1,12}(\.[0-9]{1,6})?\s*(ms|s|min|h))$"}),
    "With a unit: ms, s, min, h.",
)
TIME_OR_OFF: Form[int] = Form(
    "a time such as 60 s, or off", _duration_or_off, any_of({"enum": [OFF, False]}, TIME.described("A time."))
)
