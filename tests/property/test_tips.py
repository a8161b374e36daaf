"""Tapers to a tip that is narrower than any waveguide are the same however they are cut."""

from __future__ import annotations

import random

import gdstk
import numpy as np
import pytest

from variants.network import network_of
from variants.same import same_network
from variants.shapes import SHAPES
from waveguard import pdk
from waveguard.extract import extract
from waveguard.layout import read

PDK = pdk.load("lnoi400")
RIDGE = {"layer": 2, "datatype": 0}
# Waveguides of this process are no narrower than 0.6 um.
WIDTH_UM, TIPS_UM = 1.0, (0.15, 0.5)
TOLERANCE_NM = 2.0
SEEDS = range(12)


def edge_couplers(seed: int) -> gdstk.Library:
    """Return a waveguide with a taper at each end: straight or bowed, with few or many corners, in any direction."""
    rng = random.Random(seed)
    length_um = round(rng.uniform(20.0, 200.0), 1)
    shapes = [gdstk.rectangle((0.0, -WIDTH_UM / 2), (length_um, WIDTH_UM / 2), **RIDGE)]
    for is_right in (False, True):
        tip_um, taper_um = rng.uniform(*TIPS_UM), rng.uniform(40.0, 250.0)
        share = np.linspace(0.0, 1.0, rng.choice([2, 3, 20, 70]))
        half_um = (tip_um + (WIDTH_UM - tip_um) * share ** rng.choice([1, 1, 2])) / 2
        x = (share - 1.0) * taper_um
        ring = np.concatenate([np.column_stack([x, half_um]), np.column_stack([x, -half_um])[::-1]])
        shapes.append(gdstk.Polygon(ring * [-1, 1] + [length_um, 0] if is_right else ring, **RIDGE))
    turn_rad = rng.choice([0.0, 0.0, 0.3, 1.1, -0.7])
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    cell = library.new_cell("top")
    for shape in shapes:
        cell.add(gdstk.Polygon(np.round(shape.rotate(turn_rad).points, 3), **RIDGE))
    return library


@pytest.mark.parametrize("variant", SHAPES)
def test_a_tip_belongs_to_its_taper_wherever_it_was_cut(variant: str) -> None:
    off = []
    for seed in SEEDS:
        library = edge_couplers(seed)
        whole, other = (network_of(extract(read(one), PDK)) for one in (library, SHAPES[variant](library, seed)))
        if not same_network(whole, other, TOLERANCE_NM):
            off.append(seed)
    assert not off
