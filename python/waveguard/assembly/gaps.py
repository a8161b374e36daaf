"""What could not be modelled. A gap is never a zero: paths through it do not exist, and who asks for one is told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Gap:
    """Placed devices of one cell that have no model, for one reason."""

    cell: str
    reason: str
    devices: tuple[int, ...]
    """Rows in `devices`."""


class GapList:
    """Gaps as they are found, merged by cell and reason."""

    def __init__(self, cell_of_device: Ints, cell_names: tuple[str, ...]) -> None:
        self._cells = cell_of_device
        self._names = cell_names
        self._found: dict[tuple[str, str], list[int]] = {}

    def add(self, devices: Ints, reason: str) -> None:
        """Add devices of any cells."""
        for device in np.asarray(devices).tolist():
            cell = int(self._cells[device])
            name = self._names[cell] if cell >= 0 else ""
            self._found.setdefault((name, reason), []).append(device)

    def all(self) -> tuple[Gap, ...]:
        """Return the gaps in order of cell and reason."""
        return tuple(
            Gap(cell, reason, tuple(sorted(devices))) for (cell, reason), devices in sorted(self._found.items())
        )
