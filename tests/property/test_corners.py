"""A sharp corner is part of its guide whatever the guide meets, and at any angle."""

from __future__ import annotations

import gdstk
import numpy as np
import pytest

from variants import place
from variants.network import DEVICE, OPEN, Network, network_of
from variants.same import same_network
from waveguard import pdk
from waveguard.extract import extract
from waveguard.layout import read

PDK = pdk.load("siepic-ebeam")
Corners = list[tuple[float, float]]
FIRST: Corners = [(0, -0.25), (20.25, -0.25), (20.25, 0.25), (0, 0.25)]
SECOND: Corners = [(19.75, -0.25), (20.25, -0.25), (20.25, 15), (19.75, 15)]
INTO_THE_SIDE: Corners = [(8, 0), (8.5, 0), (8.5, -12), (8, -12)]
ANGLES_DEG = (0.0, 0.01, 1.0, 7.0, 17.3, 33.0, 40.1, 45.0, 60.0, 77.0, 90.0, 123.4)


def network(angle_deg: float, shapes: list[Corners]) -> Network:
    library = gdstk.Library("corner", unit=1e-6, precision=1e-9)
    cell = gdstk.Cell("corner")
    for corners in shapes:
        cell.add(gdstk.Polygon(corners, layer=1).rotate(np.deg2rad(angle_deg)))
    library.add(cell)
    return network_of(extract(read(place.on_grid(library)), PDK))


@pytest.mark.parametrize("angle_deg", ANGLES_DEG)
def test_a_corner_is_part_of_its_guide_also_where_that_meets_another(angle_deg: float) -> None:
    alone = network(angle_deg, [FIRST, SECOND])
    assert [node.kind for node in alone.nodes] == [OPEN, OPEN]
    joined = network(angle_deg, [FIRST, SECOND, INTO_THE_SIDE])
    assert sorted(node.label for node in joined.nodes) == [(DEVICE, 3), (OPEN, 1), (OPEN, 1), (OPEN, 1)]
    assert same_network(network(0.0, [FIRST, SECOND, INTO_THE_SIDE]), joined)
