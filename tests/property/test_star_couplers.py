"""Every arm of a star coupler is found, however the coupler is drawn: none is silently taken for a part of its body."""

from __future__ import annotations

import gdstk
import numpy as np
import pytest

from variants import place
from variants.network import DEVICE, OPEN, Network, network_of
from variants.shapes import SHAPES
from waveguard import pdk
from waveguard.extract import extract
from waveguard.layout import read

PDK = pdk.load("siepic-ebeam")
RADIUS_UM, PITCH_UM, APERTURE_UM, WIDTH_UM = 30.0, 1.4, 1.1, 0.5
OVERLAP_UM, TAPER_UM, ARM_UM = 0.3, 8.0, 20.0


def star(n_arms: int) -> gdstk.Library:
    """Return a slab with a guide at its tip and tapered arms along its arc, the outer ones in its corners."""
    step = PITCH_UM / RADIUS_UM
    rim = RADIUS_UM * np.exp(1j * np.linspace(-n_arms / 2 * step, n_arms / 2 * step, 200))
    slab = np.concatenate([[-1.5j], rim, [1.5j]])
    drawn = [slab, np.array([-20 - WIDTH_UM / 2 * 1j, 0.1 - WIDTH_UM / 2 * 1j, 0.1 + WIDTH_UM / 2 * 1j, -20 + 0.25j])]
    for k in range(n_arms):
        ahead = np.exp(1j * (k - (n_arms - 1) / 2) * step)
        ends = (RADIUS_UM - OVERLAP_UM + np.array([0, TAPER_UM, TAPER_UM + ARM_UM])) * ahead
        half = np.array([APERTURE_UM, WIDTH_UM, WIDTH_UM]) / 2 * 1j * ahead
        for a, b in ((0, 1), (1, 2)):
            drawn.append(np.array([ends[a] - half[a], ends[b] - half[b], ends[b] + half[b], ends[a] + half[a]]))
    cell = gdstk.Cell("star")
    cell.add(*(gdstk.Polygon(np.column_stack([p.real, p.imag]), layer=1) for p in drawn))
    library = gdstk.Library("star", unit=1e-6, precision=1e-9)
    library.add(cell)
    return place.on_grid(library)


def found(library: gdstk.Library) -> Network:
    return network_of(extract(read(library), PDK))


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("n_arms", [10, 20])
def test_no_arm_is_lost(n_arms: int, name: str) -> None:
    for seed in (3, 8):
        nodes = found(SHAPES[name](star(n_arms), seed)).nodes
        assert sorted(node.label for node in nodes) == [(DEVICE, n_arms + 1)] + [(OPEN, 1)] * (n_arms + 1)
