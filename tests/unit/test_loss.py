"""The path table: names, causes, interference, loops."""

from __future__ import annotations

import math
from typing import Any

import pytest

from waveguard import circuit
from waveguard.analyses.loss import loss

HALF_DB = 10 * math.log10(2)


def interferometer(drawing: Any) -> Any:
    """Coupler - splitter - two arms - splitter - coupler."""
    start, end = drawing.place("coupler"), drawing.place("coupler", 500, 0, 180)
    first, last = drawing.place("splitter", 100), drawing.place("splitter", 400, 0, 180)
    long, short = drawing.guide(300.0, "long_arm"), drawing.guide(290.0, "short_arm")
    lead_in, lead_out = drawing.guide(95.0), drawing.guide(95.0)
    drawing.chain(start[0], lead_in[0], lead_in[1], first[0], first[1], long[0], first[2], short[0])
    drawing.chain(long[1], last[2], short[1], last[1], last[0], lead_out[0], lead_out[1], end[0])
    drawing.label("opt_in_TE_1550_device_mzi", 0, 0)
    return drawing


def test_an_interferometer_has_two_paths_and_three_losses(drawing: Any) -> None:
    result = loss(circuit.solve(interferometer(drawing).model()))
    assert (result.from_name, result.to_name) == (("mzi", "coupler@(500,0)"), ("coupler@(500,0)", "mzi"))
    assert result.n_paths.tolist() == [2.0, 2.0]
    per_path = 2 * 5.0 + 2 * 0.2 + 2 * HALF_DB + 2 * 0.019
    assert result.worst_loss_db[0] == pytest.approx(per_path + 0.06)
    assert result.best_loss_db[0] == pytest.approx(per_path + 0.058)
    # In phase, the split costs nothing.
    assert result.in_phase_loss_db[0] == pytest.approx(per_path - 2 * HALF_DB + 0.059, abs=1e-6)
    assert dict(result.ledger(0)) == pytest.approx(
        {"propagation": 0.098, "splitting": 2 * HALF_DB, "device": 0.4, "coupler": 10.0}
    )
    assert result.length_um.tolist() == pytest.approx([490.0, 490.0])
    assert result.group_length_um.tolist() == pytest.approx([4.2 * 490.0] * 2)
    assert result.n_guides.tolist() == [3, 3]
    assert not result.looped.any()


def test_numbers_without_a_source_are_listed_once_used(drawing: Any) -> None:
    result = loss(circuit.solve(interferometer(drawing).model()))
    assert "cross_sections.strip.loss_db_per_cm" in result.assumed
    assert "devices.splitter.params.excess_loss_db" in result.assumed
    assert "devices.crossing.params.loss_db" not in result.assumed


def test_the_trace_adds_up_to_the_loss(drawing: Any) -> None:
    model = interferometer(drawing).model()
    solved = circuit.solve(model)
    trace = solved.trace(0, 1)
    assert model.arcs.loss_db[trace].sum() == pytest.approx(solved.tables.paths.worst_loss_db[0])
    cells = [model.cell_names[model.tables.devices.cell[device]] for device in model.arcs.device[trace]]
    assert cells == ["coupler", "wire", "splitter", "long_arm", "splitter", "wire", "coupler"]


def test_a_ring_is_marked_as_a_loop(drawing: Any) -> None:
    start, end = drawing.place("coupler"), drawing.place("coupler", 500, 0, 180)
    ring, wire = drawing.place("dc"), drawing.guide(60.0)
    drawing.chain(start[0], ring[0], ring[2], end[0], ring[3], wire[0], wire[1], ring[1])
    solved = circuit.solve(drawing.model())
    result = loss(solved)
    assert result.looped.all()
    assert all(math.isnan(value) for value in result.in_phase_loss_db)
    assert solved.tables.loops.n_devices.tolist() == [2]


def test_crossings_are_counted_and_cross_without_mixing(drawing: Any) -> None:
    ends = [drawing.place("coupler", 100.0 * k, 0) for k in range(4)]
    crossing = drawing.place("crossing")
    for coupler, port in zip(ends, crossing, strict=True):
        drawing.join(coupler[0], port)
    result = loss(circuit.solve(drawing.model()))
    pairs = set(zip(result.from_terminal.tolist(), result.to_terminal.tolist(), strict=True))
    assert pairs == {(0, 2), (2, 0), (1, 3), (3, 1)}
    assert result.worst_loss_db.tolist() == pytest.approx([10.3] * 4)
    assert result.n_crossings.tolist() == [1] * 4


def test_no_terminals_give_an_empty_table(drawing: Any) -> None:
    drawing.guide(10.0)
    assert len(loss(circuit.solve(drawing.model()))) == 0


def test_the_table_can_be_cut_and_says_so(link: Any) -> None:
    for _ in range(3):
        drawing = link(100)
    solved = circuit.solve(drawing.model(), max_pairs=2)
    result = loss(solved)
    assert (len(result), result.n_pairs) == (2, 6)
    assert not solved.complete
