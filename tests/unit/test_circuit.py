"""Circuits from extractions: arcs and their loss, ports told apart, gaps, terminals and their names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from waveguard import circuit
from waveguard.models import CAUSES, MODELS, guide, passages, ports
from waveguard.pdk.quantity import Quantity


def cause(model: circuit.CircuitModel, name: str) -> Any:
    return model.arcs.cause_db[:, CAUSES.index(name)]


def test_a_guide_loses_by_its_length_and_bends(drawing: Any) -> None:
    drawing.guide(1000.0, bends=((5.0, 90.0), (5.0, -90.0)))
    model = drawing.model()
    # 2 dB/cm over 0.1 cm; the PDK has no bend loss, which is said and not hidden.
    assert cause(model, "propagation").tolist() == pytest.approx([0.2, 0.2])
    assert cause(model, "bend").tolist() == [0.0, 0.0]
    assert model.arcs.group_length_nm.tolist() == pytest.approx([4.2e6, 4.2e6])
    assert model.arcs.n_bends.tolist() == [2, 2]
    assert model.notes == ("2 bends of strip: the PDK states no bend loss, taken as 0 dB",)
    assert not model.gaps


def test_propagation_is_not_counted_twice_in_a_bend_table() -> None:
    numbers = {"table_radius_um": np.array([5.0, 10.0]), "table_db_per_90deg": np.array([0.0136, 0.0116])}
    given = {
        **numbers,
        "loss_db_per_cm": 3.0,
        "radius_um": np.array([5.0, 10.0, 20.0]),
        "turn_rad": np.full(3, -math.pi / 2),
    }
    plain = guide.bend_db(includes_propagation=False, **given)
    assert plain.tolist() == pytest.approx([0.0136, 0.0116, 0.0116 / 4])
    beyond = guide.bend_db(includes_propagation=True, **given)
    along = 3.0e-4 * math.pi / 2 * np.array([5.0, 10.0])
    assert beyond.tolist() == pytest.approx([0.0136 - along[0], 0.0116 - along[1], (0.0116 - along[1]) / 4])


def test_bend_loss_follows_a_power_law_between_points_and_outwards() -> None:
    table = {"table_radius_um": np.array([1.0, 4.0]), "table_db_per_90deg": np.array([0.4, 0.1])}
    given = {**table, "includes_propagation": False, "loss_db_per_cm": 0.0}
    loss = guide.bend_db(radius_um=np.array([0.5, 2.0]), turn_rad=np.array([math.pi / 2, math.pi]), **given)
    assert loss.tolist() == pytest.approx([0.8, 2 * 0.2])
    outside = guide.outside_table(radius_um=np.array([0.5, 2.0]), table_radius_um=table["table_radius_um"])
    assert outside.tolist() == [True, False]


def test_mode_mismatch_of_two_junctions_of_a_silicon_wire() -> None:
    k = np.array([0.1])
    ends = guide.mismatch_db(curvature_before_per_um=0 * k, curvature_after_per_um=k, a_db_um2=0.485)
    assert ends.tolist() == pytest.approx([0.00485])
    turn = guide.mismatch_db(curvature_before_per_um=k, curvature_after_per_um=-k, a_db_um2=0.485)
    assert turn.tolist() == pytest.approx([4 * 0.00485])


def with_mismatch(drawing: Any, a_db_um2: float) -> Any:
    """State a mode mismatch instead of a bend loss."""
    section = drawing.kit.cross_sections[0]
    changed = section.model_copy(update={"bend_mismatch_db_um2": Quantity(value=a_db_um2)})
    drawing.kit = drawing.kit.model_copy(update={"cross_sections": (changed,)})
    return drawing


QUARTER = 10.0 * math.pi / 2


def test_a_bend_between_straights_pays_two_junctions_however_it_is_cut_into_cells(drawing: Any) -> None:
    with_mismatch(drawing, 0.485)
    drawing.guide(100.0, bends=((10.0, 90.0),))
    assert cause(drawing.model(), "bend").tolist() == pytest.approx([2 * 0.00485] * 2)
    drawing.rows["bends"][0]["start_nm"] = 20e3
    assert cause(drawing.model(), "bend").tolist() == pytest.approx([2 * 0.00485] * 2)
    for rows in drawing.rows.values():
        rows.clear()
    before, bend, after = drawing.guide(50.0), drawing.guide(QUARTER, bends=((10.0, 90.0),)), drawing.guide(30.0)
    drawing.chain(before[1], bend[0], bend[1], after[0])
    # Both junctions are joints, each charged to its two guides by halves.
    assert cause(drawing.model(), "bend")[::2].tolist() == pytest.approx([0.5 * 0.00485, 0.00485, 0.5 * 0.00485])


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(("second", "steps"), [(-90.0, 4.0), (90.0, 0.0)])
def test_the_joint_of_two_bends_is_one_step_of_curvature(
    drawing: Any, second: float, steps: float, backwards: bool
) -> None:
    """An S of two bend cells steps by 2/R in its middle, which costs four times 1/R; a U does not step at all."""
    with_mismatch(drawing, 0.485)
    # Seen from its other end, a left turn is a right turn.
    turn = -second if backwards else second
    one, two = drawing.guide(QUARTER, bends=((10.0, 90.0),)), drawing.guide(QUARTER, bends=((10.0, turn),))
    drawing.join(one[1], two[1] if backwards else two[0])
    bend_db = cause(drawing.model(), "bend")[::2]
    assert bend_db.sum() == pytest.approx((2.0 + steps) * 0.00485)


@pytest.mark.parametrize("turn", [0.0, 90.0, 217.0])
@pytest.mark.parametrize("mirrored", [False, True])
def test_ports_are_told_apart_however_a_cell_is_placed(drawing: Any, turn: float, mirrored: bool) -> None:
    splitter = drawing.place("splitter", 3, 4, turn, mirrored=mirrored)
    crossing = drawing.place("crossing", -40, 70, turn, mirrored=mirrored)
    coupler = drawing.place("dc", 100, 200, turn, mirrored=mirrored)
    model = drawing.model()
    assert not model.gaps
    ways = set(zip(model.arcs.start.tolist(), model.arcs.end.tolist(), strict=True))
    a, b, c = splitter
    w, s, e, n = crossing
    p, q, r, t = coupler
    assert ways == {
        *((x, y) for pair in ((a, b), (a, c), (w, e), (s, n)) for x, y in (pair, pair[::-1])),
        *((x, y) for pair in ((p, r), (p, t), (q, r), (q, t)) for x, y in (pair, pair[::-1])),
    }
    of_splitter = model.arcs.device == 0
    assert model.arcs.loss_db[of_splitter].tolist() == pytest.approx([0.2 + 10 * math.log10(2)] * 4)


def test_placements_of_one_cell_whose_ports_lie_elsewhere_are_matched_anew(drawing: Any) -> None:
    drawing.place("splitter_x")
    drawing.place("splitter_x", 50, 0, shape="crossing")
    (gap,) = drawing.model().gaps
    assert (gap.cell, gap.devices) == ("splitter_x", (1,))
    assert gap.reason == "a splitter_1x2 has 3 optical ports, this device has 4"


def test_what_has_no_model_is_a_gap_and_no_zero(drawing: Any) -> None:
    drawing.place("unknown")
    drawing.place("unknown", 20)
    drawing.place("box")
    drawing.guide(10.0, cross_section=-1)
    model = drawing.model()
    assert len(model.arcs) == 0
    assert [(gap.cell, gap.reason, gap.devices) for gap in model.gaps] == [
        ("box", "the PDK lists it as a black box", (2,)),
        ("unknown", "no device entry of the PDK matches the cell", (0, 1)),
        ("wire", "no cross-section of the PDK fits its layer and width", (3,)),
    ]


def test_a_taper_traced_as_a_guide_loses_what_its_entry_says(drawing: Any) -> None:
    drawing.guide(20.0, "taper_1")
    model = drawing.model()
    assert cause(model, "transition").tolist() == [0.1, 0.1]
    assert cause(model, "propagation").tolist() == [0.0, 0.0]
    assert model.arcs.length_nm.tolist() == [20e3, 20e3]


def test_terminals_answer_to_labels_stated_ports_and_places(drawing: Any) -> None:
    drawing.place("coupler", 0, 127)
    drawing.label("opt_in_TE_1550_device_ring_1", -6, 128)
    drawing.label("a note", 500, 500)
    end = drawing.guide(10.0, at=(0, 300))[1]
    drawing.stated("o2", end)
    terminals = drawing.model().terminals
    assert terminals.names[0] == ("ring_1", "opt_in_TE_1550_device_ring_1", "coupler@(0,127)")
    assert terminals.names[1] == ("o2", "wire@(10,300)")
    for name in ("RING_1", "top:ring_1", "coupler@(0, 127.0)", "coupler@(0.0005,127)"):
        assert terminals.find(name) == (0,), name
    assert terminals.find("coupler@(0,128)") == ()
    assert terminals.find("ring") == ()
    assert terminals.nearest("rnig_1")[0] == "ring_1"
    assert drawing.model().ends == {end}


def test_dangling_ports_are_no_terminals(drawing: Any) -> None:
    drawing.guide(10.0)
    assert len(drawing.model().terminals) == 0


def test_lasers_emit_and_detectors_absorb(drawing: Any) -> None:
    laser, detector = drawing.place("laser"), drawing.place("detector", 100)
    wire = drawing.guide(100.0)
    drawing.chain(laser[0], wire[0], wire[1], detector[0])
    model = drawing.model()
    assert model.terminals.is_in.tolist() == [True, False]
    solved = circuit.solve(model)
    assert solved.tables.paths.worst_loss_db.tolist() == pytest.approx([1.0 + 0.02 + 0.5])
    assert solved.tables.paths.coupler_db.tolist() == pytest.approx([1.5])


def test_reach_and_reach_back_meet_on_every_path(link: Any) -> None:
    model = link(1000, name="a").model()
    solved = circuit.solve(model)
    before, after = solved.reach(0), solved.reach_back(1)
    row = solved.row(0, 1)
    assert row is not None
    for arc in solved.trace(0, 1).tolist():
        start, end = model.arcs.start[arc], model.arcs.end[arc]
        assert before[start] + model.arcs.loss_db[arc] + after[end] >= solved.tables.paths.best_loss_db[row] - 1e-9
    assert solved.row(0, 0) is None


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_models_are_passive_reciprocal_and_know_their_ports(kind: str) -> None:
    params = {"loss_db": 0.3, "excess_loss_db": 0.2, "cross_fraction": 0.3, "through_loss_db": 0.1, "drop_loss_db": 1.0}
    n_ports = len(ports.roles_of(kind, 4))
    ways = passages(kind, n_ports, params)
    roles = {*ports.roles_of(kind, n_ports), "outside"}
    loss_db = {(way.start, way.end): sum(way.loss_db.values()) for way in ways}
    assert len(loss_db) == len(ways)
    assert all(start in roles and end in roles and start != end for start, end in loss_db)
    one_way = kind in {"laser", "detector"}
    assert one_way or all(loss_db.get((end, start)) == value for (start, end), value in loss_db.items())
    # Filters send each wavelength one way; everything else gives out no more than came in.
    if kind not in {"ring_add_drop", "mux"}:
        for role in roles:
            assert sum(10 ** (-value / 10) for (start, _), value in loss_db.items() if start == role) <= 1.0


def test_ports_of_a_ring_beside_a_guide_are_matched() -> None:
    directions = np.radians([180.0, 0.0, -90.0, -90.0])
    found = ports.match(
        "coupler_2x2",
        ports.Ports(("a", "b", "c", "d"), np.array([-10e3, 10e3, 5e3, -5e3]), np.array([0, 0, -9e3, -9e3]), directions),
        {},
    )
    assert found == {"in1": 0, "out1": 1, "in2": 3, "out2": 2}


def test_ports_that_cannot_be_told_apart_are_a_reason() -> None:
    y = ports.Ports(("a", "b", "c"), np.zeros(3), np.arange(3) * 1e3, np.zeros(3))
    assert "common one cannot be told" in str(ports.match("splitter_1x2", y, {}))
    assert ports.match("splitter_1x2", y, {"in": ["B"], "out1": ["a"], "out2": ["c"]}) == {
        "in": 1,
        "out1": 0,
        "out2": 2,
    }
    tee = ports.Ports(("a", "b", "c"), np.zeros(3), np.zeros(3), np.radians([180, 0, 0]))
    assert "outputs differ" in str(ports.match("splitter_1x2", tee, {}, even=False))
    wrong = ports.match("splitter_1x2", tee, {"in": ["b"], "out1": ["a"], "out2": ["c"]})
    assert "names" in str(wrong)


def test_texts_on_a_coupler_name_it_when_they_are_one_word(drawing: Any) -> None:
    drawing.place("coupler", 0, 0)
    drawing.place("coupler", 127, 0)
    drawing.label("Ref: somebody, 2014", 0, 0)
    drawing.label("port_7", 0, 0)
    drawing.label("both", 0, 0)
    drawing.label("both", 127, 0)
    names = drawing.model().terminals.names
    assert names == (("port_7", "coupler@(0,0)", "both"), ("coupler@(127,0)", "both"))
