"""Touchstone 1.1 (and what of 2.0 describes a plain S-matrix): text of frequencies and amplitudes.

What a newcomer would get wrong: two-port files list S21 before S12, all others go row by row; and RF counts time as
exp(+iωt), so that phases are the conjugates of ours. Files have frequencies, which increase where wavelengths fall.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TextIO

import numpy as np

from waveguard.errors import InputError
from waveguard.fields.sparameters import SParameters

SPEED_OF_LIGHT_UM_GHZ = 299_792.458
UNITS_GHZ = {"hz": 1e-9, "khz": 1e-6, "mhz": 1e-3, "ghz": 1.0, "thz": 1e3}
PER_LINE = 4
"""Most amplitudes on a line."""
_PORT = re.compile(r"^!\s*Port\[(\d+)\]\s*=\s*(.+?)\s*$", re.IGNORECASE)
_SUFFIX = re.compile(r"\.s(\d+)p$", re.IGNORECASE)
_KEYWORD = re.compile(r"^\[(?P<key>[^\]]+)\]\s*(?P<value>.*)$")


def write(found: SParameters, out: TextIO) -> None:
    """Write version 1.1 in real and imaginary parts, with the names of the ports in comments."""
    if not np.isfinite(found.s).all():
        raise InputError(
            "amplitudes that depend on a device without a model cannot stand in a Touchstone file",
            hint="choose other ports, write .npz or .csv, or let gaps absorb light (--gaps absorb)",
        )
    n = len(found.ports)
    out.write("! S-parameters by waveguard; reference of all ports: one mode, power |S|^2\n")
    out.write("! time goes as exp(+i omega t): a longer guide has a smaller phase\n")
    for number, name in enumerate(found.ports, start=1):
        out.write(f"! Port[{number}] = {name}\n")
    if found.needed_step_um is not None:
        out.write(f"! step of the wavelength that the spectrum needs: {found.needed_step_um:.6g} um\n")
    for note in found.notes:
        out.write(f"! note: {note}\n")
    out.write("# GHz S RI R 50\n")
    for wl, matrix in zip(found.wl_um[::-1].tolist(), found.s[::-1].conj(), strict=True):
        frequency = repr(SPEED_OF_LIGHT_UM_GHZ / wl)
        values = (matrix.T if n == 2 else matrix).reshape(-1).tolist()
        texts = [f"{value.real!r} {value.imag!r}" for value in values]
        if n <= 2:
            out.write(f"{frequency} {' '.join(texts)}\n")
            continue
        for row in range(n):
            of_row = texts[row * n : (row + 1) * n]
            for start in range(0, n, PER_LINE):
                head = f"{frequency} " if row == 0 and start == 0 else "  "
                out.write(head + " ".join(of_row[start : start + PER_LINE]) + "\n")


def parse(text: str, name: str) -> SParameters:
    """Read a file; amplitudes are returned as they stand, with the sign of time of the file."""
    match = _SUFFIX.search(name)
    n_ports = int(match[1]) if match else 0
    names: dict[int, str] = {}
    unit, kind, order, full = 1.0, "ma", "21_12", True
    numbers: list[tuple[int, float]] = []
    options_seen = in_noise = False
    for line, raw in enumerate(text.splitlines(), start=1):
        port = _PORT.match(raw.strip())
        if port:
            names[int(port[1])] = port[2]
        content = raw.split("!", 1)[0].strip()
        if not content:
            continue
        keyword = _KEYWORD.match(content)
        if keyword:
            key, value = keyword["key"].strip().lower(), keyword["value"].strip()
            if key == "number of ports":
                n_ports = int(value) if value.isdigit() else 0
            elif key == "two-port data order":
                order = value.lower()
            elif key == "matrix format":
                full = value.lower() == "full"
            elif key in {"noise data", "end"}:
                in_noise = True
        elif content.startswith("#"):
            if not options_seen:
                unit, kind = _options(content, line)
                options_seen = True
        elif not in_noise:
            numbers.extend((line, value) for value in _floats(content, line))
    if not full:
        raise InputError("only full matrices are read", hint="write it as [Matrix Format] Full")
    if n_ports < 1:
        raise InputError("the number of ports is not known", hint="call the file NAME.sNp, N its number of ports")
    frequency, s = _matrices(numbers, n_ports, kind)
    if n_ports == 2 and order == "21_12":
        s = s.transpose(0, 2, 1)
    if np.any(frequency <= 0):
        raise InputError("frequencies must be above zero", hint="an optical device has no response at zero")
    wl = SPEED_OF_LIGHT_UM_GHZ / (frequency * unit)
    by_wl = np.argsort(wl, kind="stable")
    ports = tuple(names.get(k + 1, str(k + 1)) for k in range(n_ports))
    return SParameters(ports, wl[by_wl], s[by_wl])


def _options(content: str, line: int) -> tuple[float, str]:
    unit, kind = 1.0, "ma"
    words = content[1:].lower().split()
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in UNITS_GHZ:
            unit = UNITS_GHZ[word]
        elif word in {"ri", "ma", "db"}:
            kind = word
        elif word == "r":
            skip = True
        elif word in {"y", "z", "g", "h"}:
            raise InputError(f"parameters of kind {word.upper()}, expected S", place=f"line {line}")
        elif word != "s":
            raise InputError(f"option '{word}' is not understood", place=f"line {line}")
    return unit, kind


def _floats(content: str, line: int) -> Iterator[float]:
    for word in content.split():
        try:
            yield float(word)
        except ValueError:
            raise InputError(f"'{word}' is no number", place=f"line {line}") from None


def _matrices(
    numbers: list[tuple[int, float]], n_ports: int, kind: str
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], np.ndarray[tuple[int, int, int], np.dtype[np.complex128]]]:
    record = 1 + 2 * n_ports**2
    values = np.array([value for _, value in numbers])
    # Noise data of a two-port follow where the frequency falls again; they have five numbers a row.
    if n_ports == 2 and len(values) % record:
        starts = np.arange(0, len(values), record)
        falls = np.flatnonzero(np.diff(values[starts]) <= 0)
        if len(falls):
            values = values[: (int(falls[0]) + 1) * record]
    if not len(values):
        raise InputError("there are no data in it")
    if len(values) % record:
        raise InputError(
            f"{len(values)} numbers are no whole rows of {n_ports} ports ({record} numbers each)",
            place=f"line {numbers[-1][0]}",
            hint="does the suffix .sNp say the right number of ports?",
        )
    rows = values.reshape(-1, record)
    a, b = rows[:, 1::2], rows[:, 2::2]
    if kind == "ri":
        s = a + 1j * b
    else:
        s = (a if kind == "ma" else 10.0 ** (a / 20.0)) * np.exp(1j * np.deg2rad(b))
    if not np.isfinite(rows).all():
        raise InputError("it holds numbers that are not finite")
    return rows[:, 0].copy(), s.reshape(-1, n_ports, n_ports)
