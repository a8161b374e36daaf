"""Numbers for layers and repetitions, in the order of their first use."""

from __future__ import annotations

from typing import Any

import gdstk
import numpy as np

SINGLE = ("single",)


class Numbering(dict[tuple[int, int], int]):
    """Gives each layer a number at its first use."""

    def __missing__(self, key: tuple[int, int]) -> int:
        number = self[key] = len(self)
        return number


class Repetitions:
    """Collects repetitions; number 0 means drawn once."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self.items: list[tuple[Any, ...]] = [SINGLE]

    def number(self, repetition: gdstk.Repetition) -> int:
        """Return the number of a repetition, 0 for none."""
        if not repetition.size:
            return 0
        scale = self.scale
        columns = repetition.columns
        if columns is None:
            self.items.append(("listed", np.asarray(repetition.get_offsets(), dtype=np.float64) * scale))
        else:
            spacing = repetition.spacing
            if spacing is not None:
                v1, v2 = (spacing[0], 0.0), (0.0, spacing[1])
            else:
                assert repetition.v1 is not None
                assert repetition.v2 is not None
                v1, v2 = repetition.v1, repetition.v2
            self.items.append(
                ("grid", columns, repetition.rows, v1[0] * scale, v1[1] * scale, v2[0] * scale, v2[1] * scale)
            )
        return len(self.items) - 1
