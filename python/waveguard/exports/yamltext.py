"""YAML in block style, written so that YAML 1.1 and 1.2 read the same.

No YAML library is needed to write: strings that could be taken for something else are quoted as in JSON, which both
versions read. The fact a newcomer would get wrong: YAML 1.1 takes `1e-05`, `no` and `12:30` for other things than they
look like.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

# What a person would write without quotes, less what YAML 1.1 reads as a truth value or as nothing.
_PLAIN = re.compile(r"^[A-Za-z_][A-Za-z0-9_.,-]*$")
_RESERVED = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
_COORDINATES = frozenset({"x", "y"})
"""Keys that gdsfactory writes without quotes, whatever YAML 1.1 says about `y`."""
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")


def yaml_lines(value: Mapping[str, Any], depth: int = 0) -> Iterator[str]:
    """Yield the lines of a mapping, without line ends."""
    indent = "  " * depth
    for key, item in value.items():
        name = f"{indent}{key if key in _COORDINATES else scalar(key)}:"
        if isinstance(item, Mapping) and item:
            yield name
            yield from yaml_lines(item, depth + 1)
        elif isinstance(item, list | tuple) and item and isinstance(item[0], Mapping):
            yield name
            for entry in item:
                lines = yaml_lines(entry, depth + 1)
                yield f"{indent}- {next(lines).lstrip()}"
                yield from lines
        else:
            yield f"{name} {flow(item)}"


def flow(value: Any) -> str:  # noqa: ANN401 -- whatever YAML can hold
    """Return a value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{quoted(str(key))}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(quoted(item) if isinstance(item, str) else flow(item) for item in value) + "]"
    return scalar(value)


def scalar(value: Any) -> str:  # noqa: ANN401 -- str, int, float, bool or None
    """Return a scalar as it stands in a block.

    Examples
    --------
    >>> scalar("gc,o1"), scalar("no"), scalar(1e-5), scalar(None)
    ('gc,o1', '"no"', '1.0e-05', 'null')
    """
    if isinstance(value, str):
        return value if _PLAIN.match(value) and value.lower() not in _RESERVED else quoted(value)
    if isinstance(value, float):
        return _number(value)
    return json.dumps(value)


def quoted(text: str) -> str:
    """Return a string in double quotes."""
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "null"
    text = repr(value)
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}.0e{exponent}" if e and "." not in mantissa else text
