"""KLayout's way to write a value as text, as it stands in `$$$CONTEXT_INFO$$$` and in `KLAYOUT_CONTEXT`.

`nil`, `true`, `#7`, `#l7` (integers of several widths), `##1.5` (float), `'text'` with C escapes whose octal ones are
UTF-8 bytes, `(a,b)`, `{k=>v}`, `[class:text]`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

MAX_DEPTH = 64
"""Nesting of lists and hashes that is still followed."""

_INTEGER = re.compile(r"#(?:ull|ll|ul|l|u|i|c)?(-?\d+)")
_FLOAT = re.compile(r"##(-?(?:\d[\d.eE+-]*|\.\d[\deE+-]*|nan|inf))", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z_.$][\w.$]*")
_OCTAL = re.compile(r"[0-7]{1,3}")
_ESCAPES = {"n": b"\n", "r": b"\r", "t": b"\t"}
_NUMBER = r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_TRANSFORM = re.compile(rf"([rm])({_NUMBER})(?:\s+\*({_NUMBER}))?\s+({_NUMBER}),({_NUMBER})")
_LAYER = re.compile(r"(?:.*\()?(\d+)/(\d+)\)?")


class ValueSyntaxError(ValueError):
    """The text is not a value."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """A value of a KLayout class, by its text."""

    tag: str
    text: str


Value = None | bool | int | float | str | list["Value"] | dict["Value", "Value"] | Tagged


def parse_value(text: str) -> Value:
    """Parse one value; all of the text must be used."""
    value, end = _parse(text, _skip(text, 0), 0)
    end = _skip(text, end)
    if end != len(text):
        raise ValueSyntaxError(f"unexpected {text[end : end + 10]!r} at character {end}")
    return value


def parse_leading_string(text: str, start: int) -> tuple[str, int]:
    """Parse a quoted or bare string that begins at `start`; return it and where it ends."""
    if text[start : start + 1] in {"'", '"'}:
        return _string(text, start)
    end = start
    while end < len(text) and text[end] not in ",)":
        end += 1
    return text[start:end], end


def direction_of(value: object) -> tuple[float, float, float] | None:
    """Return x, y and direction in degrees of a `trans` (dbu) or `dcplxtrans` (µm); None for anything else."""
    if not isinstance(value, Tagged) or value.tag not in {"trans", "dcplxtrans", "dcplx_trans", "cplxtrans"}:
        return None
    match = _TRANSFORM.fullmatch(value.text.strip())
    if match is None:
        return None
    # A mirrored placement is written with the angle of its mirror axis, half of that to which it turns +x.
    turn = float(match[2]) * (2.0 if match[1] == "m" else 1.0)
    return float(match[4]), float(match[5]), turn % 360.0


def number_of(value: object) -> float | None:
    """Return a finite number, also from a text that is one; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def layer_of(value: object) -> tuple[int, int] | None:
    """Return layer and datatype of a `[layer:NAME (1/0)]` or `[layer:1/0]`."""
    if not isinstance(value, Tagged) or value.tag != "layer":
        return None
    match = _LAYER.fullmatch(value.text.strip())
    return (int(match[1]), int(match[2])) if match else None


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _parse(text: str, at: int, depth: int) -> tuple[Value, int]:
    if depth > MAX_DEPTH:
        raise ValueSyntaxError(f"nested deeper than {MAX_DEPTH}")
    head = text[at : at + 1]
    if head == "#":
        return _number(text, at)
    if head in {"'", '"'}:
        return _string(text, at)
    if head == "(":
        return _list(text, at, depth)
    if head == "{":
        return _hash(text, at, depth)
    if head == "[":
        return _tagged(text, at)
    match = _WORD.match(text, at)
    if match is None:
        raise ValueSyntaxError(f"no value at character {at}")
    word = match[0]
    return {"nil": None, "true": True, "false": False}.get(word, word), match.end()


def _number(text: str, at: int) -> tuple[Value, int]:
    if match := _FLOAT.match(text, at):
        try:
            return float(match[1]), match.end()
        except ValueError as error:
            raise ValueSyntaxError(f"no number at character {at}") from error
    if match := _INTEGER.match(text, at):
        try:
            return int(match[1]), match.end()
        except ValueError as error:  # thousands of digits
            raise ValueSyntaxError(f"no number at character {at}") from error
    raise ValueSyntaxError(f"no number at character {at}")


def _string(text: str, at: int) -> tuple[str, int]:
    quote = text[at]
    at += 1
    parts = bytearray()
    while at < len(text):
        c = text[at]
        if c == quote:
            return parts.decode("utf-8", errors="replace"), at + 1
        if c == "\\" and at + 1 < len(text):
            octal = _OCTAL.match(text, at + 1)
            if octal:
                parts.append(int(octal[0], 8) & 0xFF)
                at = octal.end()
                continue
            at += 1
            parts += _ESCAPES.get(text[at], text[at].encode("utf-8", errors="replace"))
        else:
            parts += c.encode("utf-8", errors="replace")
        at += 1
    raise ValueSyntaxError("a text does not end")


def _list(text: str, at: int, depth: int) -> tuple[list[Value], int]:
    items: list[Value] = []
    at = _skip(text, at + 1)
    while text[at : at + 1] != ")":
        item, at = _parse(text, at, depth + 1)
        items.append(item)
        at = _separator(text, at, ")")
    return items, at + 1


def _hash(text: str, at: int, depth: int) -> tuple[dict[Value, Value], int]:
    items: dict[Value, Value] = {}
    at = _skip(text, at + 1)
    while text[at : at + 1] != "}":
        key, at = _parse(text, at, depth + 1)
        at = _skip(text, at)
        if text[at : at + 2] != "=>":
            raise ValueSyntaxError(f"no => at character {at}")
        value, at = _parse(text, _skip(text, at + 2), depth + 1)
        items[str(key) if isinstance(key, (list, dict)) else key] = value
        at = _separator(text, at, "}")
    return items, at + 1


def _separator(text: str, at: int, end: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] == ",":
        return _skip(text, at + 1)
    if text[at : at + 1] != end:
        raise ValueSyntaxError(f"no comma and no {end} at character {at}")
    return at


def _tagged(text: str, at: int) -> tuple[Tagged, int]:
    colon = text.find(":", at)
    if colon < 0:
        raise ValueSyntaxError(f"no class name at character {at}")
    end = colon + 1
    while end < len(text) and text[end] != "]":
        end = _string(text, end)[1] if text[end] in {"'", '"'} else end + 1
    if end >= len(text):
        raise ValueSyntaxError(f"no ] after character {at}")
    return Tagged(text[at + 1 : colon], text[colon + 1 : end]), end + 1
