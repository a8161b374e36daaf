"""A guide that opens wide right before the teeth of a grating leads into it, in whatever direction and pieces."""

from __future__ import annotations

import math

import gdstk
import numpy as np
import pytest

from variants import cut, place
from variants.network import DEVICE, OPEN, network_of
from waveguard import engine, pdk
from waveguard.extract import extract
from waveguard.findings import Severity
from waveguard.layout import read

PDK = pdk.load("siepic-ebeam")
WIDTH_UM, LEAD_UM, TAPER_UM = 0.5, 30.0, 40.0
TEETH, PITCH_UM, TOOTH_UM = 20, 0.62, 0.31


def arc(radius_um: float, half_rad: float, count: int = 30) -> np.ndarray:
    """Return places on an arc around the origin, which opens along x."""
    angle = np.linspace(-half_rad, half_rad, count)
    return radius_um * np.column_stack([np.cos(angle), np.sin(angle)])


def coupler(wide_um: float, is_focusing: bool, angle_deg: float, has_taper: bool = True) -> gdstk.Library:
    """Return a fibre coupler: a guide, a taper, and teeth a gap away from it, straight or bent."""
    half_rad = math.atan2(wide_um / 2, TAPER_UM)
    # The taper of a focusing one ends in a corner on each side and is a little higher in between.
    first_um = math.hypot(TAPER_UM, wide_um / 2) if is_focusing else TAPER_UM
    corners = [(0.0, WIDTH_UM / 2), (-LEAD_UM, WIDTH_UM / 2), (-LEAD_UM, -WIDTH_UM / 2), (0.0, -WIDTH_UM / 2)]
    if has_taper:
        corners += [(TAPER_UM, -wide_um / 2), (TAPER_UM, wide_um / 2)]
    else:
        corners = [(x + TAPER_UM, y) for x, y in corners]
    shapes = [gdstk.Polygon(corners, layer=1)]
    for k in range(TEETH):
        inner_um, outer_um = (first_um + 0.31 + k * PITCH_UM + d for d in (0.0, TOOTH_UM))
        if is_focusing:
            ring = np.concatenate([arc(inner_um, half_rad), arc(outer_um, half_rad)[::-1]])
        else:
            y = wide_um / 2
            ring = np.array([(inner_um, -y), (outer_um, -y), (outer_um, y), (inner_um, y)])
        shapes.append(gdstk.Polygon(ring, layer=1))
    library = gdstk.Library("coupler", unit=1e-6, precision=1e-9)
    library.new_cell("coupler").add(*(shape.rotate(math.radians(angle_deg)) for shape in shapes))
    return place.on_grid(library)


@pytest.mark.parametrize("is_merged", [False, True])
@pytest.mark.parametrize("angle_deg", [0.0, 33.0, 90.0, 200.0])
@pytest.mark.parametrize("is_focusing", [False, True])
# Wider than any waveguide: narrower teeth in a row would be one.
@pytest.mark.parametrize("wide_um", [4.0, 6.0, 10.0])
def test_a_grating_is_entered_where_a_guide_opens_before_its_teeth(
    wide_um: float, is_focusing: bool, angle_deg: float, is_merged: bool
) -> None:
    library = coupler(wide_um, is_focusing, angle_deg)
    library = cut.merged(library) if is_merged else library
    network = network_of(extract(read(library), PDK))
    assert sorted((node.kind, node.n_ports) for node in network.nodes if node.kind == DEVICE) == [(DEVICE, 1)]
    assert [node.kind for node in network.nodes if node.kind != DEVICE] == [OPEN]
    found = engine.check(library, pdk="siepic-ebeam").findings
    # What is left is the far end of the guide.
    assert [(f.code, f.severity) for f in found] == [("CN001", Severity.INFO)]


@pytest.mark.parametrize("is_focusing", [False, True])
def test_without_its_taper_a_guide_before_teeth_is_open(is_focusing: bool) -> None:
    network = network_of(extract(read(coupler(10.0, is_focusing, 0.0, has_taper=False)), PDK))
    # Two ends of the guide, and none of the teeth is a device.
    assert len(network.nodes) >= 2
    assert all(node.kind == OPEN for node in network.nodes)
