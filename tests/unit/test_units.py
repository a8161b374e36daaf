"""Conversions of units: known values, round trips, numbers and arrays alike."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from waveguard import units


@pytest.mark.parametrize(
    ("function", "given", "expected"),
    [
        (units.nm_to_um, 1550.0, 1.55),
        (units.um_to_nm, 0.5, 500.0),
        (units.nm_to_cm, 1e7, 1.0),
        (units.nm2_to_um2, 1e6, 1.0),
        (units.per_nm_to_per_um, 2e-4, 0.2),
        (units.db_to_ratio, -20.0, 0.01),
        (units.ratio_to_db, 0.5, -3.010299956639812),
        (units.loss_db_to_transmission, 10.0, 0.1),
        (units.transmission_to_loss_db, 0.1, 10.0),
    ],
)
def test_known_values_of_numbers_and_arrays(function: Callable[[Any], Any], given: float, expected: float) -> None:
    assert function(given) == pytest.approx(expected, rel=1e-12)
    assert function(np.array([given, given])).tolist() == pytest.approx([expected, expected], rel=1e-12)


def test_no_light_is_infinitely_far_down() -> None:
    assert units.ratio_to_db(0.0) == -math.inf
    assert units.transmission_to_loss_db(np.array([0.0, 1.0])).tolist() == [math.inf, 0.0]
    assert units.db_to_ratio(-math.inf) == 0.0
    assert math.isnan(units.ratio_to_db(-1.0))
