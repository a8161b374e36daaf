"""The reference layouts are what they say: lengths, counts, the same bytes every time."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from waveguard.designs import demo, drawing, mesh


def test_a_route_is_as_long_as_its_legs_and_arcs() -> None:
    line = drawing.route([(0, 0), (50, 0), (50, 30)], 10.0)
    assert line.length_um == pytest.approx(40 + 20 + math.pi / 2 * 10, abs=1e-9)
    steps = np.hypot(*np.diff(line.points, axis=0).T)
    # Chords are shorter than their arc, by the chord error that was asked for and no more.
    assert 0 <= line.length_um - steps.sum() < 0.002


def test_a_ribbon_has_the_area_of_its_length() -> None:
    line = drawing.route([(0, 0), (50, 0), (80, 20)], 10.0)
    x, y = drawing.ribbon(line, 0.5).T
    area = abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
    assert area / 0.5 == pytest.approx(line.length_um, abs=0.002)


def test_bends_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        drawing.route([(0, 0), (5, 0), (5, 50)], 10.0)
    with pytest.raises(ValueError, match="need 1 radii"):
        drawing.route([(0, 0), (50, 0), (50, 50)], [10.0, 10.0])


@pytest.mark.parametrize("n_modes", [2, 3, 4, 5, 8])
def test_a_mesh_has_an_interferometer_for_every_pair_of_modes(n_modes: int) -> None:
    library = mesh.library(mesh.MeshPlan(n_modes=n_modes))
    (top,) = library.top_level()
    units = [reference for reference in top.references if reference.cell.name == "mzi_unit"]
    assert len(units) == n_modes * (n_modes - 1) // 2 == mesh.n_units(mesh.MeshPlan(n_modes=n_modes))


def test_a_flattened_mesh_holds_the_core_of_the_nested_one() -> None:
    plan = mesh.MeshPlan(n_modes=4)
    (nested,), (flat,) = mesh.library(plan).top_level(), mesh.flattened(plan).top_level()
    assert not flat.references
    area = sum(polygon.area() for polygon in nested.get_polygons(layer=1, datatype=0))
    assert sum(polygon.area() for polygon in flat.polygons) == pytest.approx(area)


@pytest.mark.parametrize("faults", [True, False])
def test_the_demo_is_the_same_bytes_every_time(faults: bool, tmp_path: Path) -> None:
    texts = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        written = demo.write(tmp_path / name, faults=faults)
        texts.append((written.layout.read_bytes(), written.budget.read_bytes()))
    assert texts[0] == texts[1]


def test_the_demo_states_its_lengths() -> None:
    library = demo.library(faults=False)
    guides = [cell for cell in library.cells if any("wg_length" in label.text for label in cell.labels)]
    assert len(guides) == 10
