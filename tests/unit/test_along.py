"""Ways along waveguides that several rules follow."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from waveguard.rules import _along as along


def ring(length_nm: float) -> Any:
    """Return the context of two waveguides joined at both of their ends."""
    ids = np.array([0, 1])
    tables = SimpleNamespace(
        devices=SimpleNamespace(waveguide=ids),
        waveguides=SimpleNamespace(centerline_length_nm=np.full(2, length_nm), port_a=ids * 2, port_b=ids * 2 + 1),
        ports=SimpleNamespace(device=np.array([0, 0, 1, 1]), net=np.array([1, 0, 0, 1])),
        nets=SimpleNamespace(port_a=np.array([1, 3]), port_b=np.array([2, 0])),
    )
    return SimpleNamespace(tables=tables)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("length_nm", [100.0, math.nan])
def test_the_way_around_a_ring_ends_also_where_no_length_is_known(length_nm: float) -> None:
    assert along.leads_into(ring(length_nm), 0, 1000.0) == -1
