"""How many of all chips keep a limit, told from samples."""

from __future__ import annotations

import math
from typing import NamedTuple

Z_95 = 1.959963984540054
"""Standard deviations to both sides that hold 95 % of a normal distribution."""


class Yield(NamedTuple):
    """A share of samples, and between what it lies with 95 % confidence."""

    share: float
    low: float
    high: float


def wilson(n_kept: int, n: int, z: float = Z_95) -> Yield:
    """Return the share of samples that keep a limit with the interval of Wilson (J. Am. Stat. Assoc. 22, 209 (1927)).

    It holds for shares of 0 and 1 as well, where the simple interval vanishes.

    Examples
    --------
    >>> [round(one, 4) for one in wilson(10, 10)]
    [1.0, 0.7225, 1.0]
    """
    share = n_kept / n
    scale = 1.0 + z * z / n
    middle = (share + z * z / (2 * n)) / scale
    half = z * math.sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n)) / scale
    low = 0.0 if n_kept == 0 else middle - half
    high = 1.0 if n_kept == n else middle + half
    return Yield(share, low, high)
