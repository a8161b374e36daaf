"""Files of S-parameters, told by their suffix.

`.sNp` Touchstone, `.npz` numpy, `.csv` a table, `.dat` and `.sparam` of Lumerical (read only).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from waveguard.errors import InputError, UsageError
from waveguard.fields import lumerical, touchstone
from waveguard.fields.sparameters import SParameters

TOUCHSTONE = re.compile(r"^\.s(\d+)p$", re.IGNORECASE)
_MODE = re.compile(r"^(?P<port>.+)@(?P<mode>[\w.+-]+)$")
ALL_MODES = "all"
_PAIR = re.compile(r"^(?P<part>re|im) S\((?P<out>.+),(?P<start>.+)\)$")
KNOWN = ".sNp (Touchstone), .npz, .csv"


def writer_of(path: Path, n_ports: int | None = None) -> tuple[Callable[[SParameters, Any], None], bool]:
    """Return the function that writes a file of that name, and whether it writes bytes; UsageError for none."""
    match = TOUCHSTONE.match(path.suffix)
    if match:
        if n_ports is not None and int(match[1]) != n_ports:
            raise UsageError(
                f"{path.suffix} is a Touchstone file of {match[1]} ports, but there are {n_ports}",
                path=path,
                hint=f"call it {path.stem}.s{n_ports}p, or choose {match[1]} ports with --ports",
            )
        return touchstone.write, False
    if path.suffix.lower() == ".npz":
        return write_npz, True
    if path.suffix.lower() == ".csv":
        return write_csv, False
    raise UsageError(f"no S-parameter format has the suffix '{path.suffix}'", path=path, hint=f"known: {KNOWN}, .png")


def write(found: SParameters, path: str | Path) -> None:
    """Write S-parameters to a file, in the format that its suffix says."""
    target = Path(path)
    save, binary = writer_of(target, len(found.ports))
    if binary:
        with target.open("wb") as out:
            save(found, out)
    else:
        with target.open("w", encoding="utf-8", newline="\n") as out:
            save(found, out)


def read(path: str | Path, *, time_sign: int | None = None, mode: str | None = None) -> SParameters:
    """Read a file of S-parameters.

    Parameters
    ----------
    path
        Touchstone, npz, CSV, or a Lumerical table.
    time_sign
        The sign of iωt in the file: +1 as RF has it, where a longer guide has a smaller phase, or -1. Touchstone is
        +1 when None, all others -1.
    mode
        Mode to take from a file with several, whose ports are called `port@mode`; `all` for all of them. None for a
        file with one mode; a table of Lumerical with several is refused then, other files are taken as they are.

    Raises
    ------
    InputError
        With file, line and remedy.
    """
    source = Path(path)
    if not source.is_file():
        raise InputError("no such file of S-parameters", path=source)
    try:
        if TOUCHSTONE.match(source.suffix) or source.suffix.lower() == ".ts":
            found, usual = touchstone.parse(_text(source), source.name), 1
        elif source.suffix.lower() in {".dat", ".sparam", ".txt"}:
            found, usual = lumerical.parse(_text(source)), -1
            if mode is None:
                _refuse_several_modes(found)
        elif source.suffix.lower() == ".csv":
            found, usual = read_csv(_text(source)), -1
        elif source.suffix.lower() == ".npz":
            found, usual = read_npz(source), -1
        else:
            raise InputError(
                f"no S-parameter format has the suffix '{source.suffix}'",
                hint=f"known: {KNOWN}, .dat and .sparam of Lumerical",
            )
        found = of_mode(found, mode)
    except InputError as error:
        if error.path is None:
            error.path = str(source)
        raise
    if (time_sign or usual) > 0:
        found = SParameters(found.ports, found.wl_um, found.s.conj(), notes=found.notes)
    return found


def modes_of(found: SParameters) -> list[str]:
    """Return the modes that ports called `port@mode` have; places such as `gc@(0,127)` are none."""
    matches = [_MODE.match(port) for port in found.ports]
    return list(dict.fromkeys(match["mode"] for match in matches if match))


def of_mode(found: SParameters, mode: str | None) -> SParameters:
    """Return what one mode does, its ports under their plain names; everything for `all` and None."""
    if mode is None or mode == ALL_MODES:
        return found
    modes = modes_of(found)
    if not modes:
        raise InputError(f"there is no mode '{mode}': ports are not called port@mode", hint="leave `mode` out")
    near = [one for one in modes if one.casefold() == mode.casefold()]
    if not near:
        raise InputError(f"there is no mode '{mode}'", hint=f"modes: {', '.join(modes)}; or all")
    matches = [(port, _MODE.match(port)) for port in found.ports]
    chosen = {port: match["port"] for port, match in matches if match and match["mode"] == near[0]}
    part = found.only(tuple(chosen))
    return replace(part, ports=tuple(chosen.values()))


def _refuse_several_modes(found: SParameters) -> None:
    modes = modes_of(found)
    if len(modes) > 1:
        raise InputError(
            f"it holds {len(modes)} modes: {', '.join(modes)}",
            hint="say `mode`: one of them, or all for ports called port@mode",
        )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the file cannot be read as text: {error}") from error


def write_npz(found: SParameters, out: Any) -> None:  # noqa: ANN401 (any file for bytes)
    """Write arrays `wl_um`, `s` (wavelength, out, in), `ports`, and what is known about their quality.

    That is `residual` and `largest_singular_value` by wavelength, `needed_step_um`, and `notes`.
    """
    arrays: dict[str, Any] = {"wl_um": found.wl_um, "s": found.s, "ports": np.array(found.ports)}
    for name in ("residual", "largest_singular_value", "needed_step_um"):
        value = getattr(found, name)
        if value is not None:
            arrays[name] = value
    if found.notes:
        arrays["notes"] = np.array(found.notes)
    np.savez(out, **arrays)


def read_npz(path: Path) -> SParameters:
    """Read what `write_npz` wrote."""
    try:
        with np.load(path, allow_pickle=False) as data:
            return SParameters(
                tuple(str(name) for name in data["ports"]),
                np.asarray(data["wl_um"], dtype=np.float64),
                np.asarray(data["s"], dtype=np.complex128),
                notes=tuple(str(note) for note in data["notes"]) if "notes" in data else (),
                needed_step_um=float(data["needed_step_um"]) if "needed_step_um" in data else None,
            )
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"this is no file of S-parameters: {error}", hint="arrays wl_um, s and ports") from error


def write_csv(found: SParameters, out: Any) -> None:  # noqa: ANN401 (any file for text)
    """Write one row per wavelength: `wl_um`, then `re S(out,in)` and `im S(out,in)` of every pair."""
    table = csv.writer(out, lineterminator="\n")
    pairs = [(end, start) for end in found.ports for start in found.ports]
    table.writerow(["wl_um", *(f"{part} S({end},{start})" for end, start in pairs for part in ("re", "im"))])
    flat = found.s.reshape(len(found.wl_um), -1)
    for wl, row in zip(found.wl_um.tolist(), flat.tolist(), strict=True):
        table.writerow([repr(wl), *(repr(part) for value in row for part in (value.real, value.imag))])


def read_csv(text: str) -> SParameters:
    """Read what `write_csv` wrote; pairs that are not there are zero."""
    rows = list(csv.reader(text.splitlines()))
    if not rows or not rows[0] or rows[0][0].strip() != "wl_um":
        raise InputError("the first column must be wl_um", place="line 1", hint="then `re S(out,in)`, `im S(out,in)`")
    pairs = []
    for name in rows[0][1:]:
        match = _PAIR.match(name.strip())
        if match is None:
            raise InputError(f"column '{name}' is not `re S(out,in)` or `im S(out,in)`", place="line 1")
        pairs.append((match["part"], match["out"].strip(), match["start"].strip()))
    ports = tuple(dict.fromkeys(port for _, end, start in pairs for port in (end, start)))
    at = {port: k for k, port in enumerate(ports)}
    body = [(number, row) for number, row in enumerate(rows[1:], start=2) if row]
    s = np.zeros((len(body), len(ports), len(ports)), dtype=np.complex128)
    wl = np.zeros(len(body))
    for k, (number, row) in enumerate(body):
        if len(row) != len(pairs) + 1:
            raise InputError(f"{len(row)} fields, expected {len(pairs) + 1}", place=f"line {number}")
        try:
            values = [float(value) for value in row]
        except ValueError as error:
            raise InputError(f"a field is no number: {error}", place=f"line {number}") from error
        wl[k] = values[0]
        for (part, end, start), value in zip(pairs, values[1:], strict=True):
            s[k, at[end], at[start]] += value if part == "re" else 1j * value
    order = np.argsort(wl, kind="stable")
    return finite(SParameters(ports, wl[order], s[order]))


def finite(found: SParameters) -> SParameters:
    """Return them when all amplitudes are numbers; else InputError."""
    if not np.isfinite(found.s).all():
        raise InputError("an amplitude is no number", hint="a device with unknown amplitudes cannot be used as a model")
    return found
