"""Coupling against others: finite elements, three-dimensional simulations, fabricated rings.

The PDK holds what finite elements gave; that its curves go through them is a test of the curves. That simulated and
fabricated rings agree is a test of the physics.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from waveguard import pdk
from waveguard.analyses.coupling import bend_shift_um2, index_of, surface_for
from waveguard.models.kappa import Surface, hermite, monotone_slopes, point_theta, ring_beside_guide

TRUTH = Path(__file__).parent / "truth"
KIT = pdk.load("siepic-ebeam")
STRIP = KIT.cross_section("strip_te_1550_500")
WAVELENGTH_UM = 1.55


def rows(name: str) -> list[dict[str, str]]:
    with (TRUTH / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def surface() -> Surface:
    model = surface_for(KIT, STRIP)
    assert model is not None
    return model.surface


def ring_theta(radius_um: float, gap_nm: float) -> float:
    return abs(
        ring_beside_guide(
            surface(),
            radius_um=radius_um,
            gap_nm=gap_nm,
            width_um=0.5,
            wavelength_um=WAVELENGTH_UM,
            n_eff=STRIP.n_eff.value,
            bend_shift_um2=bend_shift_um2(STRIP),
        )
    )


def test_curves_go_through_the_solved_points() -> None:
    found = 0
    for row in rows("kappa_fem.csv"):
        section = "sin_te_1550_1000" if row["case"].startswith("SIN") else "strip_te_1550_500"
        model = surface_for(KIT, KIT.cross_section(section))
        assert model is not None
        kappa = model.surface.kappa(
            gap_nm=np.array([float(row["gap_nm"])]),
            width_um=float(row["width_um"]),
            wavelength_um=float(row["wavelength_um"]),
        )
        assert kappa[0] == pytest.approx(float(row["kappa_per_um"]), rel=1e-4), row
        found += 1
    assert found == 178


def test_curves_between_points_are_those_of_a_finer_table() -> None:
    """Every second point left out: beyond the closest, where steps are coarse, the curve still meets it."""
    own = [row for row in rows("kappa_fem.csv") if row["case"] == "SOI_500x220_TE_1550"]
    gap = np.array([float(row["gap_nm"]) for row in own])
    kappa = np.array([float(row["kappa_per_um"]) for row in own])
    x, y = gap[::2], np.log(kappa[::2])
    between = slice(3, len(gap) - 1, 2)
    cubic = np.exp(hermite(x, y, monotone_slopes(x, y), gap[between])) / kappa[between] - 1
    assert np.abs(cubic).max() < 0.01


def test_point_couplers_of_rings_are_those_of_three_dimensional_simulations() -> None:
    table = rows("ring_point_couplers_fdtd.csv")
    assert len(table) == 48
    ratio = np.array(
        [ring_theta(float(r["radius_um"]), float(r["gap_nm"])) / float(r["theta_FDTD_rad"]) for r in table]
    )
    wide = np.array([float(r["radius_um"]) >= 5 for r in table])
    assert np.abs(ratio - 1).max() < 0.12
    assert np.abs(ratio[wide] - 1).max() < 0.06


def test_fabricated_rings_couple_as_calculated() -> None:
    table = rows("rings_fabricated.csv")
    assert len(table) == 15
    ratio = np.array(
        [ring_theta(float(r["R_um"]), float(r["gap_drawn_nm"])) / float(r["theta_measured_rad"]) for r in table]
    )
    assert abs(ratio.mean() - 1) < 0.06
    assert ratio.std() < 0.12


def test_straight_coupler_is_that_of_the_pdk_simulation() -> None:
    """SiEPIC EBeam PDK, ebeam_dc_te1550: 0.0401/um over 20 lengths, gap 200 nm."""
    kappa = surface().kappa(gap_nm=np.array([200.0]), width_um=0.5, wavelength_um=WAVELENGTH_UM)
    assert kappa[0] == pytest.approx(0.0401, rel=0.04)


def test_the_closed_form_of_a_point_coupler_is_the_integral() -> None:
    gap = np.array([199.0, 201.0])
    kappa = surface().kappa(gap_nm=gap, width_um=0.5, wavelength_um=WAVELENGTH_UM)
    decay = math.log(kappa[0] / kappa[1]) / 0.002
    closed = point_theta(kappa_per_um=float(kappa.mean()), decay_per_um=decay, relative_curvature_per_um=0.1)
    plain = ring_beside_guide(
        surface(), radius_um=10.0, gap_nm=200.0, width_um=0.5, wavelength_um=WAVELENGTH_UM, n_eff=0.0
    )
    # The outer edge of the core has the larger radius.
    assert abs(plain) == pytest.approx(closed, rel=0.03)


def test_unequal_guides_couple_as_finite_elements_say() -> None:
    for row in rows("unequal_pairs_fem.csv"):
        if row["w2_nm"] == "400":  # not resolved there
            continue
        width = float(row["w2_nm"]) / 1e3
        kappa = surface().pair_kappa(
            gap_nm=np.array([float(row["gap_nm"])]), width_um=0.5, other_width_um=width, wavelength_um=WAVELENGTH_UM
        )
        assert kappa[0] == pytest.approx(float(row["kappa_implied_per_um"]), rel=0.04), row
        index = index_of(KIT, STRIP, width_um=np.array([0.5, width]), wavelength_um=WAVELENGTH_UM)
        delta = math.pi / WAVELENGTH_UM * (index[0] - index[1])
        assert delta == pytest.approx(float(row["delta_per_um"]), rel=0.01), row
