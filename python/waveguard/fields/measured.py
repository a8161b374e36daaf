"""Measured devices: S-parameters that the PDK names for an entry, at the wavelengths asked for."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.errors import InputError
from waveguard.fields import files
from waveguard.fields.sparameters import SParameters

if TYPE_CHECKING:
    from waveguard.pdk.schema import DevicePattern

OUTSIDE = "outside"


@functools.lru_cache(maxsize=64)
def _read(path: str, time_sign: int | None, mode: str | None, changed_ns: int) -> SParameters:  # noqa: ARG001 (a key)
    return files.read(path, time_sign=time_sign, mode=mode)


def of_entry(entry: DevicePattern, wl_um: npt.NDArray[np.float64]) -> SParameters:
    """Return the S-parameters of an entry; InputError names the file, and the device, when they do not do."""
    from pathlib import Path

    measured = entry.sparameters
    if measured is None:
        raise InputError(f"device {entry.name} has no S-parameters")
    path = Path(measured.file)
    try:
        changed_ns = path.stat().st_mtime_ns if path.is_file() else 0
        return _read(measured.file, measured.time_sign, measured.mode, changed_ns).at(wl_um)
    except InputError as error:
        error.path = error.path or measured.file
        error.message = f"device {entry.name}: {error.message}"
        raise


def ports_of(
    entry: DevicePattern, in_file: Sequence[str], drawn: Sequence[str], roles: Mapping[str, int]
) -> list[int | None] | str:
    """Return, for each port of the file, the number of the drawn port (None for the one outside), or why not.

    A port of the file is found by `sparameters.ports` (role -> name or number in the file), else by its own name; a
    role is found among the drawn ports by the aliases of the entry, else by its own name, else by where the ports of
    such a device lie, which `roles` tells.
    """
    assert entry.sparameters is not None
    role_of = dict.fromkeys(in_file, "")
    for role, name in entry.sparameters.ports.items():
        if name in role_of:
            role_of[name] = role
        elif name.isdigit() and 1 <= int(name) <= len(in_file):
            role_of[in_file[int(name) - 1]] = role
        else:
            return f"its S-parameters have no port '{name}' (ports: {', '.join(in_file)})"
    names = {name.strip().casefold(): k for k, name in enumerate(drawn)}
    found: list[int | None] = []
    for port in in_file:
        role = role_of[port] or port
        if role == OUTSIDE:
            found.append(None)
            continue
        aliases = [role, *entry.ports.get(role, ())]
        hits = {names[alias.casefold()] for alias in aliases if alias.casefold() in names}
        if not hits and role in roles:
            hits = {roles[role]}
        if len(hits) != 1:
            known = ", ".join(drawn)
            return (
                f"port '{role}' of its S-parameters is none of those drawn ({known}): name it in `ports` of the entry"
            )
        found.append(hits.pop())
    if len(set(found)) != len(found):
        return "two ports of its S-parameters are one drawn port"
    if len([k for k in found if k is not None]) != len(drawn):
        return f"its S-parameters have {len(found)} ports, {len(drawn)} are drawn"
    return found
