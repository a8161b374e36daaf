"""Fields of real layouts: spectra with the period that the drawn lengths give, levels that the path analysis gives."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from waveguard import circuit, engine, fields, pdk
from waveguard.extract import extract
from waveguard.layout import read

pytestmark = pytest.mark.real


def model_of(path: Path, kit: str) -> circuit.CircuitModel:
    """Return the circuit of a layout."""
    return engine.circuit_of(extract(read(path), pdk.load(kit)))


def test_the_fringes_of_a_drawn_interferometer_have_the_period_of_its_arms(layouts_dir: Path) -> None:
    model = model_of(layouts_dir / "SiEPIC-Tools__MZI_KLayout.gds", "siepic-ebeam")
    wl = np.linspace(1.5, 1.6, 4001)
    found = fields.from_layout(model, wl_um=wl)
    assert found.complete
    start, end = found.ports
    power = np.abs(found.between(start, end)) ** 2
    # The two guides between the splitters are the ones that differ; all others are shared.
    guides = model.tables.waveguides
    lengths = sorted(guides.centerline_length_nm.tolist())
    paths = circuit.solve(model).tables.paths
    assert float(paths.n_paths[0]) == 2
    worst, best = float(paths.worst_length_nm[0]), float(paths.best_length_nm[0])
    delta_um = (max(worst, best) - min(worst, best)) / 1e3 or (lengths[-1] - lengths[-2]) / 1e3
    dips = np.flatnonzero((power[1:-1] < power[:-2]) & (power[1:-1] < power[2:])) + 1
    assert len(dips) >= 3
    section = next(one for one in model.cross_sections if one.name == "strip_te_1550_500")
    period_um = float(np.diff(wl[dips]).mean())
    expected_um = float(np.mean(wl[dips])) ** 2 / (section.n_g.value * delta_um)
    assert period_um == pytest.approx(expected_um, rel=0.03)


def test_a_spiral_has_the_loss_and_the_delay_of_its_length(layouts_dir: Path) -> None:
    model = model_of(layouts_dir / "ubc__spiral.gds", "siepic-ebeam")
    found = fields.from_layout(model, wl_um=np.linspace(1.5499, 1.5501, 3))
    paths = circuit.solve(model).tables.paths
    row = int(np.argmax(paths.to_terminal != paths.from_terminal))
    assert found.power_db("o1", "o2")[1] == pytest.approx(-float(paths.best_loss_db[row]), abs=1e-9)
    delay_ps = float(paths.worst_group_length_nm[row]) / 299_792.458
    assert found.group_delay_ps("o1", "o2")[1] == pytest.approx(delay_ps, rel=1e-3)


def test_a_routed_mesh_is_passive_and_no_output_has_more_than_its_best_path_allows(layouts_dir: Path) -> None:
    model = model_of(layouts_dir / "LiDAR__clements_8x8_routed.gds", "generic-si220-o")
    found = fields.from_layout(model, wl_um=np.linspace(1.3, 1.32, 5))
    assert found.complete
    assert found.largest_singular_value is not None
    assert found.largest_singular_value.max() < 1.0
    solved = circuit.solve(model)
    paths = solved.tables.paths
    names = model.terminals.name
    for row in range(len(paths.best_loss_db)):
        start, end = names[int(paths.from_terminal[row])], names[int(paths.to_terminal[row])]
        if start == end:
            continue
        # All paths in phase at the loss of the best are more than there can be.
        most_db = 20 * math.log10(float(paths.n_paths[row])) - float(paths.best_loss_db[row])
        assert found.power_db(start, end).max() <= most_db + 1e-9
