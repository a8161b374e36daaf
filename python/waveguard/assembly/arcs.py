"""Arcs of a circuit as columns: one-way passages through devices, and where their numbers come from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from waveguard.models import CAUSES

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Arcs:
    """One row per passage. `entry` and `cross_section` say which part of the PDK the loss comes from, -1 for none."""

    start: Ints
    """Port through which light enters the device."""
    end: Ints
    """Port through which it leaves."""
    device: Ints
    cause_db: Floats
    """Loss by cause, one column per cause of `CAUSES`."""
    length_nm: Floats
    group_length_nm: Floats
    n_guides: Ints
    n_bends: Ints
    n_crossings: Ints
    entry: Ints
    cross_section: Ints
    curved_nm: Floats
    """Part of the length that lies along curves."""

    def __len__(self) -> int:
        return len(self.start)

    @property
    def loss_db(self) -> Floats:
        """Sum over causes."""
        return np.asarray(self.cause_db.sum(axis=1))

    def columns(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the columns of the core."""
        return {
            "arc_from": self.start,
            "arc_to": self.end,
            **{f"arc_{cause}_db": np.ascontiguousarray(self.cause_db[:, k]) for k, cause in enumerate(CAUSES)},
            "arc_length_nm": self.length_nm,
            "arc_group_length_nm": self.group_length_nm,
            "arc_n_guides": self.n_guides,
            "arc_n_bends": self.n_bends,
            "arc_n_crossings": self.n_crossings,
        }


def make(start: Ints, end: Ints, device: Ints, **given: npt.ArrayLike) -> Arcs:
    """Return arcs with the columns given; what is not given is zero, ids are -1."""
    n = len(start)
    columns: dict[str, npt.NDArray[np.generic]] = {
        "cause_db": np.zeros((n, len(CAUSES))),
        "length_nm": np.zeros(n),
        "group_length_nm": np.zeros(n),
        "n_guides": np.zeros(n, dtype=np.int64),
        "n_bends": np.zeros(n, dtype=np.int64),
        "n_crossings": np.zeros(n, dtype=np.int64),
        "entry": np.full(n, -1, dtype=np.int64),
        "cross_section": np.full(n, -1, dtype=np.int64),
        "curved_nm": np.zeros(n),
    }
    for name, value in given.items():
        own = columns[name]
        columns[name] = np.broadcast_to(np.asarray(value, dtype=own.dtype), own.shape).copy()
    ids = {"start": start, "end": end, "device": device}
    return Arcs(**{name: np.asarray(value, dtype=np.int64) for name, value in ids.items()}, **columns)  # type: ignore[arg-type]


def join(parts: Sequence[Arcs]) -> Arcs:
    """Return all arcs of several tables, in order of device, then port, so that the order of parts does not matter."""
    if not parts:
        empty = np.zeros(0, dtype=np.int64)
        return make(empty, empty, empty)
    columns = {f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Arcs)}
    order = np.lexsort((columns["end"], columns["start"], columns["device"]))
    return Arcs(**{name: column[order] for name, column in columns.items()})
