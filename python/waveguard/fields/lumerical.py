"""S-parameter tables of Lumerical (`.dat`, `.sparam`): blocks of frequency, size and phase for each pair of ports.

A block is `("port out", "mode", out, "port in", in, "transmission")` with the numbers of the mode that comes out and of
the one that goes in, then `(rows, 3)`, then rows of frequency in Hz, |S| and angle in rad. Lines `["port 1", "LEFT"]`
name ports. A number behind "transmission" is a group delay in s that was taken out of the angles, about the middle of
the frequencies. The label is that of the mode that comes out; where one number has two labels (TE 1 and TM 1), labels
are the modes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from waveguard.errors import InputError
from waveguard.fields.sparameters import SParameters

Floats = npt.NDArray[np.float64]

SPEED_OF_LIGHT_UM_PER_S = 299_792_458e6
_PORT = re.compile(r"^\[\s*[\"']?(?P<name>[^\"',\]]+)[\"']?\s*,\s*[\"']?(?P<side>[^\"',\]]*)[\"']?\s*\]$")
_PAIR = re.compile(
    r"^\(\s*[\"'](?P<out>[^\"']+)[\"']\s*,\s*(?:[\"'](?P<mode>[^\"']*)[\"']\s*,\s*)?(?P<out_mode>\d+)\s*,\s*"
    r"[\"'](?P<start>[^\"']+)[\"']\s*,\s*(?P<in_mode>\d+)\s*,\s*[\"']transmission[\"']\s*"
    r"(?:,\s*(?P<delay>[-+.\deE]+)\s*)?\)$",
    re.IGNORECASE,
)
_SHAPE = re.compile(r"^\(\s*(?P<rows>\d+)\s*,\s*(?P<columns>\d+)\s*\)$")


@dataclass(frozen=True)
class Block:
    """One block: which passage, and rows of frequency in Hz, size and angle in rad."""

    out: str
    start: str
    label: str
    out_mode: int
    in_mode: int
    delay_s: float
    rows: Floats
    line: int


def parse(text: str) -> SParameters:
    """Read a table; phases are returned as they stand.

    Ports of a file with one mode have their own names, those of a file with several are called `port@mode`.
    """
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    ports: list[str] = []
    blocks: list[Block] = []
    at = 0
    while at < len(lines):
        number, line = lines[at]
        named = _PORT.match(line)
        if named:
            ports.append(named["name"].strip())
            at += 1
            continue
        pair = _PAIR.match(line)
        if pair is None:
            raise InputError(
                f"'{line[:60]}' is neither a port nor the head of a block",
                place=f"line {number}",
                hint='a block starts with ("port 1", "TE", 1, "port 2", 1, "transmission")',
            )
        shape = _SHAPE.match(lines[at + 1][1]) if at + 1 < len(lines) else None
        if shape is None or int(shape["columns"]) < 3:
            raise InputError("the head of a block is followed by its size, (rows, 3)", place=f"line {number + 1}")
        n_rows = int(shape["rows"])
        rows = [_row(*one) for one in lines[at + 2 : at + 2 + n_rows]]
        if len(rows) < n_rows or not rows:
            raise InputError(f"a block of {n_rows} rows ends after {len(rows)}", place=f"line {number}")
        at += 2 + n_rows
        blocks.append(
            Block(
                pair["out"].strip(),
                pair["start"].strip(),
                (pair["mode"] or "").strip(),
                int(pair["out_mode"]),
                int(pair["in_mode"]),
                _delay(pair["delay"], number),
                np.array(rows),
                number,
            )
        )
    if not blocks:
        raise InputError("there are no data in it")
    return _assemble(ports, blocks)


def _delay(text: str | None, line: int) -> float:
    try:
        return float(text) if text else 0.0
    except ValueError:
        raise InputError(f"'{text}' is no group delay in s", place=f"line {line}") from None


def _row(number: int, line: str) -> list[float]:
    try:
        values = [float(word) for word in re.split(r"[,\s]+", line.strip())[:3]]
    except ValueError:
        values = []
    if len(values) < 3 or not np.isfinite(values).all() or values[0] <= 0:
        raise InputError("a row has frequency, size and angle, finite numbers", place=f"line {number}")
    return values


def _modes(blocks: list[Block]) -> dict[tuple[str, int], str]:
    """Return the name of each mode by the label and number that stand for it.

    A number that has one label is called by that label where this tells all modes apart, else by itself.
    """
    labels: dict[int, set[str]] = {}
    for one in blocks:
        labels.setdefault(one.out_mode, set()).add(one.label)
    twice = sorted(number for number, known in labels.items() if len(known) > 1)
    if twice:
        for one in blocks:
            if one.in_mode != one.out_mode:
                raise InputError(
                    f"mode {twice[0]} has several labels ({', '.join(sorted(labels[twice[0]]))}), so that it is not "
                    f"known which of them goes in as mode {one.in_mode}",
                    place=f"line {one.line}",
                    hint="give every mode a number of its own",
                )
        names = {key: key[0] for key in {(one.label, one.out_mode) for one in blocks}}
        if len(set(names.values())) < len(names):
            names = {key: f"{key[0]}{key[1]}" for key in names}
        return names
    by_number = {number: next(iter(known)) for number, known in labels.items()}
    for one in blocks:
        by_number.setdefault(one.in_mode, "")
    plain = [label for label in by_number.values() if label and not label.lower().startswith("mode")]
    if len(set(plain)) < len(by_number):
        by_number = {number: str(number) for number in by_number}
    return {(one.label, number): by_number[number] for one in blocks for number in (one.out_mode, one.in_mode)}


def _assemble(ports: list[str], blocks: list[Block]) -> SParameters:
    modes = _modes(blocks)
    names_of_modes = list(dict.fromkeys(modes[one.label, one.out_mode] for one in blocks))
    names_of_modes += [
        name for name in dict.fromkeys(modes[one.label, one.in_mode] for one in blocks) if name not in names_of_modes
    ]
    several = len(names_of_modes) > 1

    def called(port: str, mode: str) -> str:
        return f"{port}@{mode}" if several else port

    ends = [
        (called(one.out, modes[one.label, one.out_mode]), called(one.start, modes[one.label, one.in_mode]))
        for one in blocks
    ]
    met = {name for pair in ends for name in pair}
    every = dict.fromkeys([*ports, *sorted({port for one in blocks for port in (one.out, one.start)})])
    names = tuple(
        name for port in every for name in (called(port, mode) for mode in names_of_modes) if name in met or not several
    )
    place = {port: k for k, port in enumerate(names)}
    grid = blocks[0].rows[:, 0]
    s = np.zeros((len(grid), len(names), len(names)), dtype=np.complex128)
    seen: dict[tuple[str, str], int] = {}
    for one, (end, start) in zip(blocks, ends, strict=True):
        if (end, start) in seen:
            raise InputError(
                f"the passage from {start} to {end} stands twice, first in line {seen[end, start]}",
                place=f"line {one.line}",
            )
        seen[end, start] = one.line
        if one.rows.shape[0] != len(grid) or not np.allclose(one.rows[:, 0], grid, rtol=1e-9):
            raise InputError(
                f"the block of {end} and {start} has other frequencies than the first", place=f"line {one.line}"
            )
        middle = (grid[0] + grid[-1]) / 2
        angle = one.rows[:, 2] + 2.0 * np.pi * one.delay_s * (grid - middle)
        s[:, place[end], place[start]] = one.rows[:, 1] * np.exp(1j * angle)
    wl = SPEED_OF_LIGHT_UM_PER_S / grid
    order = np.argsort(wl, kind="stable")
    return SParameters(names, wl[order], s[order])
