"""TOML text → pydantic model, with errors that name file, line and key.

`tomllib` forgets where a key stood. `places` walks the text once more and remembers the line of every key and array
entry. The fact a newcomer would get wrong: it is only called on text that `tomllib` has accepted, so it needs no error
handling of its own.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from waveguard.errors import InputError

Model = TypeVar("Model", bound=BaseModel)
Key = tuple[str | int, ...]

_STRING = r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\])*"|\'[^\']*\''
_TOKEN = re.compile(
    rf"(?P<skip>[ \t\r]+|#[^\n]*)|(?P<newline>\n)|(?P<string>{_STRING})"
    r"|(?P<mark>[\[\]{}=,.])|(?P<bare>[^\s\[\]{}=,.#\"']+)",
    re.DOTALL,
)


class _Reader:
    """Walks the tokens of a valid TOML text and fills `found`."""

    def __init__(self, text: str) -> None:
        self.found: dict[Key, int] = {}
        self.tokens: list[tuple[str, str, int]] = []
        line = 1
        for match in _TOKEN.finditer(text):
            if match.lastgroup != "skip":
                self.tokens.append((match.lastgroup or "", match.group(), line))
            line += match.group().count("\n")
        self.at = 0
        self.counts: dict[Key, int] = {}

    def peek(self) -> tuple[str, str, int]:
        """Return the next token, without taking it."""
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "", 0)

    def take(self) -> tuple[str, str, int]:
        """Take the next token."""
        token = self.peek()
        self.at += 1
        return token

    def skip_newlines(self) -> None:
        """Go on to the next token that is no line end."""
        while self.peek()[0] == "newline":
            self.at += 1

    def key(self) -> tuple[list[str], int]:
        """Read a dotted key; return its parts and its line."""
        parts: list[str] = []
        line = self.peek()[2]
        while True:
            kind, text, _ = self.take()
            parts.append(text[1:-1] if kind == "string" else text)
            if self.peek()[1] != ".":
                return parts, line
            self.take()

    def value(self, path: Key) -> None:
        """Read a value that stands at `path`."""
        mark = self.peek()[1] if self.peek()[0] == "mark" else ""
        if mark == "[":
            self.take()
            self.skip_newlines()
            number = 0
            while self.peek()[:2] != ("mark", "]") and self.peek()[0] != "end":
                self.found[(*path, number)] = self.peek()[2]
                self.value((*path, number))
                number += 1
                self.skip_newlines()
                if self.peek()[1] == ",":
                    self.take()
                self.skip_newlines()
            self.take()
        elif mark == "{":
            self.take()
            self.skip_newlines()
            while self.peek()[:2] != ("mark", "}") and self.peek()[0] != "end":
                self.pair(path)
                self.skip_newlines()
                if self.peek()[1] == ",":
                    self.take()
                self.skip_newlines()
            self.take()
        else:
            # A scalar; numbers and dates fall into several tokens (2.5 is "2", ".", "5").
            while self.peek()[0] not in {"newline", "end"} and self.peek()[:2] not in {
                ("mark", ","),
                ("mark", "]"),
                ("mark", "}"),
            }:
                self.take()

    def pair(self, table: Key) -> None:
        """Read `key = value` in a table."""
        parts, line = self.key()
        path = table
        for part in parts:
            path = (*path, part)
            self.found.setdefault(path, line)
        self.take()
        self.value(path)

    def resolve(self, parts: list[str]) -> Key:
        """Return the path of a table header: below an array of tables, its last entry is meant."""
        path: Key = ()
        for number, part in enumerate(parts):
            path = (*path, part)
            if path in self.counts and number + 1 < len(parts):
                path = (*path, self.counts[path] - 1)
        return path

    def header(self) -> Key:
        """Read `[table]` or `[[array of tables]]`; return the path of the table."""
        self.take()
        array = self.peek()[:2] == ("mark", "[")
        if array:
            self.take()
        parts, line = self.key()
        self.take()
        if array:
            self.take()
        path = self.resolve(parts)
        self.found.setdefault(path, line)
        if array:
            number = self.counts.get(path, 0)
            self.counts[path] = number + 1
            path = (*path, number)
        self.found.setdefault(path, line)
        return path

    def run(self) -> dict[Key, int]:
        """Read the whole text."""
        table: Key = ()
        self.skip_newlines()
        while self.peek()[0] != "end":
            if self.peek()[:2] == ("mark", "["):
                table = self.header()
            else:
                self.pair(table)
            self.skip_newlines()
        return self.found


def places(text: str) -> dict[Key, int]:
    r"""Return the line (from 1) of every key and array entry of a valid TOML text.

    Examples
    --------
    >>> places("a = 1\n[[b]]\nc = [1,\n 2]\n")[("b", 0, "c", 1)]
    4
    """
    return _Reader(text).run()


def _line(lines: dict[Key, int], path: Key) -> int:
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _shown(data: object, path: Key) -> str:
    """Return a path as a person writes it: entries of arrays by their name where they have one."""
    parts: list[str] = []
    for step in path:
        inside: object = None
        if isinstance(data, dict):
            inside = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            inside = data[step]
        if isinstance(step, int):
            name = inside.get("name") if isinstance(inside, dict) else None
            parts.append(name if isinstance(name, str) else str(step + 1))
        else:
            parts.append(step)
        data = inside
    return ".".join(parts)


def _report(error: ErrorDetails, data: dict[str, object], lines: dict[Key, int], file: str) -> str:
    loc: Key = tuple(error["loc"])
    # Errors of our own validators say in `at` where below their model the mistake is.
    at: Key = tuple(error.get("ctx", {}).get("at", ()))
    message = error["msg"][0].lower() + error["msg"][1:]
    shown = _shown(data, loc)
    where = f"{file}:{_line(lines, (*loc, *at))}: "
    if error["type"] == "unknown_key":
        return f"{where}{message}{f' (in {shown})' if shown else ''}"
    return f"{where}{shown}: {message}" if shown else f"{where}{message}"


def _causes(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out complaints about a list that only looks too short because its entries are wrong."""
    locs = [item["loc"] for item in errors]
    return [
        item
        for item in errors
        if not any(len(loc) > len(item["loc"]) and loc[: len(item["loc"])] == item["loc"] for loc in locs)
    ]


def read_model(model: type[Model], text: str, file: str, error_class: type[InputError]) -> Model:
    """Return the model that a TOML text describes.

    Parameters
    ----------
    model
        Class to build.
    text, file
        The TOML text, and the name of its file for messages.
    error_class
        Class of the error raised when the text is not TOML or does not fit the model; its message has one line per
        mistake, each with file, line and key.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+), column (\d+)", str(error))
        place = f"{file}:{found[1]}" if found else file
        raise error_class(f"{place}: not valid TOML: {error}") from None
    try:
        return model.model_validate(data)
    except ValidationError as error:
        lines = places(text)
        raise error_class("\n".join(_report(item, data, lines, file) for item in _causes(error.errors()))) from None


def read_text(path: Path, error_class: type[InputError]) -> str:
    """Return the text of a file; a file that cannot be read is an error that says why and what to do."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise error_class(f"{path}: not UTF-8 text (byte {error.start}); TOML files are UTF-8") from None
    except IsADirectoryError:
        raise error_class(f"{path}: is a directory, expected a TOML file") from None
    except FileNotFoundError:
        raise error_class(f"{path}: no such file") from None
    except OSError as error:
        raise error_class(f"{path}: cannot be read: {error.strerror or error}") from None
