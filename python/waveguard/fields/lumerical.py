"""S-parameter tables of Lumerical (`.dat`, `.sparam`): blocks of frequency, size and phase for each pair of ports.

A block is `("port out", "mode", number, "port in", number, "transmission")`, then `(rows, 3)`, then rows of frequency
in Hz, |S| and angle in rad. Lines `["port 1", "LEFT"]` name ports. Only the first mode of each port is taken.
"""

from __future__ import annotations

import re

import numpy as np

from waveguard.errors import InputError
from waveguard.fields.sparameters import SParameters

SPEED_OF_LIGHT_UM_PER_S = 299_792_458e6
_PORT = re.compile(r"^\[\s*[\"']?(?P<name>[^\"',\]]+)[\"']?\s*,\s*[\"']?(?P<side>[^\"',\]]*)[\"']?\s*\]$")
_PAIR = re.compile(
    r"^\(\s*[\"'](?P<out>[^\"']+)[\"']\s*,\s*(?:[\"'](?P<mode>[^\"']*)[\"']\s*,\s*)?(?P<out_mode>\d+)\s*,\s*"
    r"[\"'](?P<start>[^\"']+)[\"']\s*,\s*(?P<in_mode>\d+)\s*,\s*[\"']transmission[\"']\s*\)$",
    re.IGNORECASE,
)
_SHAPE = re.compile(r"^\(\s*(?P<rows>\d+)\s*,\s*(?P<columns>\d+)\s*\)$")


def parse(text: str) -> SParameters:
    """Read a table; phases are returned as they stand."""
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    ports: list[str] = []
    blocks: dict[tuple[str, str], np.ndarray[tuple[int, ...], np.dtype[np.float64]]] = {}
    at, more_modes = 0, 0
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
        if len(rows) < n_rows:
            raise InputError(f"a block of {n_rows} rows ends after {len(rows)}", place=f"line {number}")
        at += 2 + n_rows
        if int(pair["out_mode"]) != 1 or int(pair["in_mode"]) != 1:
            more_modes += 1
            continue
        key = (pair["out"].strip(), pair["start"].strip())
        if key in blocks:
            continue  # the same pair in another polarisation; the first one is taken
        blocks[key] = np.array(rows)
    if not blocks:
        raise InputError("there are no data in it")
    return _assemble(ports, blocks, more_modes)


def _row(number: int, line: str) -> list[float]:
    try:
        values = [float(word) for word in re.split(r"[,\s]+", line.strip())[:3]]
    except ValueError:
        values = []
    if len(values) < 3 or not np.isfinite(values).all() or values[0] <= 0:
        raise InputError("a row has frequency, size and angle, finite numbers", place=f"line {number}")
    return values


def _assemble(
    ports: list[str], blocks: dict[tuple[str, str], np.ndarray[tuple[int, ...], np.dtype[np.float64]]], more_modes: int
) -> SParameters:
    names = tuple(dict.fromkeys([*ports, *(port for key in sorted(blocks) for port in key)]))
    place = {port: k for k, port in enumerate(names)}
    grid = next(iter(blocks.values()))[:, 0]
    s = np.zeros((len(grid), len(names), len(names)), dtype=np.complex128)
    for (end, start), rows in blocks.items():
        if rows.shape[0] != len(grid) or not np.allclose(rows[:, 0], grid, rtol=1e-9):
            raise InputError(f"the block of {end} and {start} has other frequencies than the first")
        s[:, place[end], place[start]] = rows[:, 1] * np.exp(1j * rows[:, 2])
    wl = SPEED_OF_LIGHT_UM_PER_S / grid
    order = np.argsort(wl, kind="stable")
    notes = (f"{more_modes} blocks of higher modes were left out",) if more_modes else ()
    return SParameters(names, wl[order], s[order], notes=notes)
