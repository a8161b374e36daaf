"""Crosstalk of receivers: sums by hand, who and where, wavelengths, returns, and pieces of one guide."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from waveguard import circuit
from waveguard.analyses.crosstalk import crosstalk
from waveguard.analyses.leaks import CROSSING, NEIGHBOUR, leaks
from waveguard.analyses.victims import VictimResult, victims, wavelengths_of
from waveguard.models import penalty
from waveguard.pdk.quantity import Quantity
from waveguard.pdk.sections import Coupling

LAW = {"name": "law", "law": {"kappa_per_um": 0.01, "gap_nm": 300.0, "decay_per_um": 10.0}}
RANGE = {"min_gap_nm": 50.0, "max_gap_nm": 2000.0}
STEP_NM = 500.0


def with_law(drawing: Any) -> Any:
    section = drawing.kit.cross_sections[0]
    table = Coupling.model_validate({**LAW, **RANGE})
    use = section.coupling.model_copy(update={"table": table.name})
    drawing.kit = drawing.kit.model_copy(
        update={"couplings": (table,), "cross_sections": (section.model_copy(update={"coupling": use}),)}
    )
    return drawing


def two_links(drawing: Any, pieces: int) -> VictimResult:
    """Two straight links of 1000 um between couplers of 5 dB, 1 um apart, each drawn in some pieces."""
    with_law(drawing)
    for y in (0.0, 2.0):
        start, end = drawing.place("coupler", 0, y), drawing.place("coupler", 1000, y, 180)
        last = start[0]
        for _ in range(pieces):
            a, b = drawing.guide(1000.0 / pieces, at=(0, y))
            drawing.join(last, a)
            last = b
        drawing.join(last, end[0])
    for k in range(pieces):
        drawing.run(k, pieces + k, [1000.0] * (2000 // pieces), STEP_NM)
    for row, guide in enumerate(drawing.rows["waveguides"]):
        guide["route"] = row // pieces
    drawing.rows["routes"] = [{"first_waveguide": 0}, {"first_waveguide": pieces}]
    model = drawing.model()
    solved = circuit.solve(model)
    found = leaks(model, crosstalk(model.tables, model.cross_sections, model.pdk))
    return victims(solved, found, wavelength_um=wavelengths_of(model))


@pytest.mark.parametrize("pieces", [1, 2, 4, 10])
def test_neighbours_disturb_the_same_however_they_are_cut(drawing: Any, pieces: int) -> None:
    result = two_links(drawing, pieces)
    theta = 0.01 * math.exp(-7.0) * 1000.0
    # Both ways out are counted, and light of both ends of the other link.
    expected = 10 * math.log10(2 * math.sin(theta) ** 2)
    assert len(result.victims) == 4
    for victim in result.victims:
        assert victim.same_db == pytest.approx(expected, abs=0.05)
        assert victim.other_db == -math.inf
        assert victim.n_aggressors == 2
        assert sum(one.share for one in victim.aggressors) == pytest.approx(1.0)
        assert result.leaks.kind[victim.aggressors[0].leak] == NEIGHBOUR


def test_a_crossing_leaks_at_its_level_and_place(drawing: Any) -> None:
    level = Quantity(value=-40.0, source="test")
    drawing.kit = drawing.kit.model_copy(
        update={
            "devices": tuple(
                one.model_copy(update={"params": {**one.params, "crosstalk_db": level}})
                if one.kind == "crossing"
                else one
                for one in drawing.kit.devices
            )
        }
    )
    crossing = drawing.place("crossing", 100, 0)
    ports = drawing.rows["ports"]
    for k, (x, y, angle) in enumerate(((0, 0, 0), (200, 0, 180), (100, -100, 90), (100, 100, -90))):
        coupler = drawing.place("coupler", x, y, angle)
        a, b = drawing.guide(90.0, at=(x, y))
        drawing.chain(coupler[0], a, b, crossing[k])
    assert len(ports) > 8
    model = drawing.model()
    solved = circuit.solve(model)
    found = leaks(model, crosstalk(model.tables, model.cross_sections, model.pdk))
    crossings = found.kind == CROSSING
    assert crossings.sum() == 8
    result = victims(solved, found, wavelength_um=wavelengths_of(model))
    crossing_db = next(one for one in model.pdk.devices if one.kind == "crossing").params["loss_db"].value
    for victim in result.victims:
        # Two sources across, each loses the coupler and guides that the signal loses, but not the crossing.
        assert victim.same_db == pytest.approx(level.value + 10 * math.log10(2) + crossing_db, abs=0.01)
        assert victim.coherent_db == pytest.approx(victim.same_db + 10 * math.log10(2), abs=0.01)
        assert victim.penalty_ook_db == pytest.approx(penalty.beat_optimised_db(10 ** (victim.same_db / 10)))
        leak = victim.aggressors[0].leak
        assert np.hypot(found.x_nm[leak] - 100e3, found.y_nm[leak]) < 20e3


def test_light_of_another_wavelength_is_summed_by_itself(drawing: Any) -> None:
    result = two_links(drawing, 1)
    model_waves = result.wavelength_um.copy()
    assert np.unique(model_waves).size == 1
    drawing_model = drawing.model()
    solved = circuit.solve(drawing_model)
    found = leaks(drawing_model, crosstalk(drawing_model.tables, drawing_model.cross_sections, drawing_model.pdk))
    model_waves[2:] += 0.0016
    split = victims(solved, found, wavelength_um=model_waves)
    before = {one.sink: one for one in result.victims}
    for victim in split.victims:
        assert victim.same_db == -math.inf
        assert victim.other_db == pytest.approx(before[victim.sink].same_db)
        assert victim.penalty_ook_db < before[victim.sink].penalty_ook_db
