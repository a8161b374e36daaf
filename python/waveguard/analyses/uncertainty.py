"""How well the loss of a path is known, and which numbers of the PDK it hangs on.

Linear propagation. A number that a chip shares (loss per cm, excess loss of a design) is off by the same amount
everywhere, so it counts with all that the path has of it; scatter from device to device adds up as squares. The fact a
newcomer would get wrong: numbers without `sigma`, `scatter` or limits count as exact; `unstated` names them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.models import CAUSES
from waveguard.units import nm_to_cm

if TYPE_CHECKING:
    from waveguard.assembly.arcs import Arcs
    from waveguard.circuit import CircuitModel
    from waveguard.pdk.quantity import Quantity
    from waveguard.pdk.schema import CrossSection

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PROPAGATION, BEND, SPLITTING, DEVICE = (CAUSES.index(name) for name in ("propagation", "bend", "splitting", "device"))
DOMINANT = 3
"""Numbers named for a path."""
DB_PER_SHARE = 10.0 / math.log(10.0)
ADDED = ("loss_db", "excess_loss_db")
FRACTIONS = ("cross_fraction", "first_fraction")


@dataclass(frozen=True)
class Part:
    """What one number adds to the uncertainty of a path."""

    name: str
    """Key path in the PDK."""
    sigma_db: float
    weight: float
    """d(loss)/d(number): cm of guide, number of devices, dB per share of a split."""


@dataclass(frozen=True)
class Uncertainty:
    """Standard deviation of the loss of one path."""

    sigma_db: float
    parts: tuple[Part, ...]
    """All that is not exact, the largest first."""
    unstated: tuple[str, ...]
    """Losses on the path whose spread the PDK does not state."""

    @property
    def dominant(self) -> tuple[Part, ...]:
        """Return the numbers that matter most."""
        return self.parts[:DOMINANT]


def of_path(model: CircuitModel, trace: Ints) -> Uncertainty:
    """Return the uncertainty of the loss along some arcs, in the order of the path or any other."""
    arcs = model.arcs
    cause, entries, sections = arcs.cause_db[trace], arcs.entry[trace], arcs.cross_section[trace]
    parts: list[Part] = []
    unstated: list[str] = []

    def add(name: str, quantity: Quantity, weight: float, squares: float) -> None:
        common, scatter = quantity.common_sigma, quantity.scatter or 0.0
        sigma = math.hypot(common * weight, scatter * math.sqrt(squares))
        if sigma > 0.0:
            parts.append(Part(name, sigma, weight))
        elif weight > 0.0 and quantity.value > 0.0:
            unstated.append(name)

    for number in np.unique(sections[sections >= 0]).tolist():
        section = model.cross_sections[number]
        mine = sections == number
        start = f"cross_sections.{section.name}."
        for key, quantity, weights in _along(section, arcs, trace[mine]):
            add(f"{start}{key}", quantity, float(weights.sum()), float((weights**2).sum()))
        mismatch = section.bend_mismatch_db_um2
        if section.bend_loss is None and mismatch is not None and mismatch.value > 0.0:
            weights = cause[mine, BEND] / mismatch.value
            add(f"{start}bend_mismatch_db_um2", mismatch, float(weights.sum()), float((weights**2).sum()))
        elif cause[mine, BEND].sum() > 0.0:
            unstated.append(f"{start}bend_loss")
    for number in np.unique(entries[entries >= 0]).tolist():
        entry = model.pdk.devices[number]
        mine = entries == number
        for key, quantity in entry.params.items():
            of_device = _weights(key, quantity, cause[mine])
            if of_device is not None and len(of_device):
                name = f"devices.{entry.name}.params.{key}"
                add(name, quantity, float(of_device.sum()), float((of_device**2).sum()))
    parts.sort(key=lambda part: (-part.sigma_db, part.name))
    total = math.sqrt(sum(part.sigma_db**2 for part in parts))
    return Uncertainty(total, tuple(parts), tuple(unstated))


def _along(section: CrossSection, arcs: Arcs, rows: Ints) -> Iterator[tuple[str, Quantity, Floats]]:
    """Yield the losses per length of a section with the lengths in cm, as charged, that they hold for."""
    straight, curved = section.loss_db_per_cm, section.curved_loss_db_per_cm
    along_db = arcs.cause_db[rows, PROPAGATION]
    if curved is None:
        if straight.value > 0.0:
            yield "loss_db_per_cm", straight, along_db / straight.value
        return
    lengths_cm = nm_to_cm(arcs.length_nm[rows] - arcs.curved_nm[rows]), nm_to_cm(arcs.curved_nm[rows])
    expected_db = lengths_cm[0] * straight.value + lengths_cm[1] * curved.value
    factor = np.divide(along_db, expected_db, out=np.ones(len(rows)), where=expected_db > 0.0)
    yield "loss_db_per_cm", straight, lengths_cm[0] * factor
    yield "curved_loss_db_per_cm", curved, lengths_cm[1] * factor


def _weights(key: str, quantity: Quantity, cause_db: npt.NDArray[np.float64]) -> npt.NDArray[np.float64] | None:
    """Return d(loss)/d(parameter) of each passage, or None for parameters that no loss depends on."""
    if key in ADDED:
        return np.ones(len(cause_db))
    if key in {"through_loss_db", "drop_loss_db"}:
        return np.isclose(cause_db[:, DEVICE], quantity.value).astype(np.float64)
    if key in FRACTIONS:
        return np.asarray(DB_PER_SHARE * 10.0 ** (cause_db[:, SPLITTING] / 10.0))
    return None
