"""Bends of several arcs are no wider than their tightest arc, wherever it lies in them and however short it is."""

from __future__ import annotations

import gdstk
import numpy as np
import pytest
from numpy.typing import NDArray

from variants.curves import Piece, arc, chained, straight
from waveguard import circuit, pdk
from waveguard.extract import extract
from waveguard.layout import read
from waveguard.models import CAUSES, guide

PDK = pdk.load("siepic-ebeam")
WIDTH_UM, LEAD_UM = 0.5, 30.0
QUARTER = np.pi / 2
# Radius in um and turn in rad of each arc.
BENDS = {
    "tight, then wide": [(10.0, QUARTER), (20.0, QUARTER)],
    "wide, then tight": [(20.0, QUARTER), (10.0, QUARTER)],
    "nearly alike": [(10.0, QUARTER), (12.0, QUARTER)],
    "tight, then much wider": [(10.0, QUARTER), (40.0, QUARTER / 2)],
    "tight in the middle": [(20.0, QUARTER / 2), (10.0, QUARTER), (20.0, QUARTER / 2)],
    "tight at both ends": [(5.0, QUARTER), (50.0, 0.3), (5.0, 1.2)],
    "ever wider": [(15.0, 1.2), (17.0, 1.2), (19.0, 1.2), (21.0, 1.2)],
    "much tighter in the middle": [(10.0, 0.35), (1.0, 1.05), (10.0, 0.17)],
    "a kink": [(20.0, 1.0), (4.0, 0.3), (20.0, 1.0)],
}


@pytest.mark.parametrize("name", BENDS)
@pytest.mark.parametrize("turn_deg", [0.0, 33.0])
@pytest.mark.parametrize("hand", [1, -1])
def test_the_tightest_arc_counts(name: str, turn_deg: float, hand: int) -> None:
    arcs: list[Piece] = [arc(radius_um, hand * turn_rad, WIDTH_UM) for radius_um, turn_rad in BENDS[name]]
    whole = chained([straight(LEAD_UM, WIDTH_UM), *arcs, straight(LEAD_UM, WIDTH_UM)])
    corners = whole.outline() * np.exp(1j * np.radians(turn_deg))
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    library.new_cell("bend").add(gdstk.Polygon(np.round(np.column_stack([corners.real, corners.imag]), 3), layer=1))
    tables = extract(read(library), PDK).tables
    tightest_um = min(radius_um for radius_um, _ in BENDS[name])
    assert tables.waveguides.min_radius_nm[0] / 1e3 == pytest.approx(tightest_um, rel=0.03)
    # What is sure of it is no farther off than a grid step can be seen.
    assert tables.bends.min_radius_upper_nm.min() / 1e3 == pytest.approx(tightest_um, rel=0.12)
    turned = np.abs(tables.bends.turn_rad).sum()
    assert turned == pytest.approx(sum(turn_rad for _, turn_rad in BENDS[name]), rel=0.01)


@pytest.mark.parametrize("turn_deg", [0.0, 33.0])
@pytest.mark.parametrize("corner_rad", [0.7, 1.2])
def test_a_sharp_corner_between_two_arcs_is_found(corner_rad: float, turn_deg: float) -> None:
    steps = np.full(160, 0.25) * np.exp(1j * (np.arange(160) * 0.25 / 20.0 + corner_rad * (np.arange(160) >= 80)))
    line = np.concatenate([[0.0], np.cumsum(steps)]) * np.exp(1j * np.radians(turn_deg))
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    path = gdstk.FlexPath(np.column_stack([line.real, line.imag]).tolist(), WIDTH_UM, layer=1)
    library.new_cell("bend").add(*path.to_polygons())
    tables = extract(read(library), PDK).tables
    assert tables.bends.min_radius_upper_nm.min() / 1e3 < 2.0


@pytest.mark.parametrize("name", BENDS)
def test_a_bend_loses_no_less_than_its_arcs(name: str) -> None:
    kit = pdk.load("generic-si220-o")
    arcs: list[Piece] = [arc(radius_um, turn_rad, WIDTH_UM) for radius_um, turn_rad in BENDS[name]]
    corners = chained([straight(LEAD_UM, WIDTH_UM), *arcs, straight(LEAD_UM, WIDTH_UM)]).outline()
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    library.new_cell("bend").add(gdstk.Polygon(np.round(np.column_stack([corners.real, corners.imag]), 3), layer=1))
    found = extract(read(library), kit)
    model = circuit.build(
        found.tables,
        pdk=kit,
        cross_sections=kit.cross_sections,
        entry_of_device=np.full(len(found.tables.devices.cell), -1, dtype=np.int64),
        cell_names=["bend"],
        labels=(),
    )
    section = next(section for section in kit.cross_sections if section.name == "strip")
    assert section.bend_loss is not None
    radius_um, turn_rad = np.array(BENDS[name]).T

    def bend_db(radius_um: NDArray[np.float64]) -> float:
        losses_db = guide.bend_db(
            radius_um=radius_um,
            turn_rad=turn_rad,
            table_radius_um=np.array([point.radius_um for point in section.bend_loss.table]),
            table_db_per_90deg=np.array([point.db_per_90deg for point in section.bend_loss.table]),
            includes_propagation=section.bend_loss.includes_propagation,
            loss_db_per_cm=section.loss_db_per_cm.value,
        )
        return float(losses_db.sum())

    # No less than its arcs, but for what pieces cut short at jumps, and no more than if all were as tight as one.
    found_db = model.arcs.cause_db[:, CAUSES.index("bend")]
    assert (found_db > 0.9 * bend_db(radius_um)).all(), (found_db, bend_db(radius_um))
    assert (found_db < 1.05 * bend_db(np.full_like(radius_um, radius_um.min()))).all()
