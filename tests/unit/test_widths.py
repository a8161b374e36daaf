"""Widths along guides: tapers against eigenmode expansion, loss by width and wavelength, and what a bias moves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.special import exp1

from waveguard import pdk
from waveguard.assembly.bias import with_bias
from waveguard.assembly.index import group_index_of, index_of, loss_factor
from waveguard.assembly.joints import pair_loss
from waveguard.models import CAUSES, joint, widening
from waveguard.pdk.quantity import Quantity
from waveguard.pdk.sections import LossSpectrum

# Loss in dB of linear tapers, eigenmode expansion (SiEPIC EBeam PDK, ebeam_taper_te1550): widths in um, by length.
LENGTHS_UM = (1, 2, 3, 5, 8, 10, 15, 20)
EIGENMODE_DB = {
    (0.5, 1.0): (0.025, 0.000, 0, 0, 0, 0, 0, 0),
    (0.5, 2.0): (1.556, 0.368, 0.151, 0.036, 0.000, 0, 0, 0),
    (0.5, 3.0): (4.019, 2.339, 1.041, 0.424, 0.138, 0.075, 0.016, 0.000),
    (0.4, 3.0): (3.976, 2.659, 1.209, 0.535, 0.178, 0.073, 0.040, 0.000),
    (0.6, 3.0): (3.917, 2.305, 0.945, 0.419, 0.135, 0.069, 0.021, 0.000),
}
SILICON = {"n_slab": 2.83793, "n_clad": 1.444, "wavelength_um": 1.55}
KIT = pdk.load("siepic-ebeam")
STRIP = KIT.cross_section("strip_te_1550_500")


@pytest.mark.parametrize("widths", EIGENMODE_DB)
def test_tapers_lose_what_eigenmode_expansion_says(widths: tuple[float, float]) -> None:
    expected = np.array(EIGENMODE_DB[widths])
    found = widening.taper_db(begin_um=widths[0], end_um=widths[1], length_um=np.array(LENGTHS_UM), **SILICON)
    off = np.abs(found - expected)
    assert (off[np.array(LENGTHS_UM) >= 5] < 0.2).all()
    assert (off < 0.9).all()
    steep = expected > 1.0
    assert (off[steep] < 0.5 * expected[steep]).all()


def test_the_exponential_integral_is_that_of_scipy() -> None:
    x = np.geomspace(1e-8, 1e6, 500)
    assert np.abs(widening.exponential_integral(x) - exp1(1j * x)).max() < 1e-12


@pytest.mark.parametrize("length_um", [0.5, 2.0, 7.0, 40.0])
@pytest.mark.parametrize("widths", [(0.5, 3.0), (3.0, 0.5), (0.6, 1.1)])
def test_a_taper_loses_the_same_in_pieces_and_either_way(length_um: float, widths: tuple[float, float]) -> None:
    whole = widening.taper_db(begin_um=widths[0], end_um=widths[1], length_um=length_um, **SILICON)
    back = widening.taper_db(begin_um=widths[1], end_um=widths[0], length_um=length_um, **SILICON)
    places = np.sort(np.r_[0.0, np.random.default_rng(1).random(7), 1.0])
    width = widths[0] + (widths[1] - widths[0]) * places
    parts = widening.taper_db(
        begin_um=width[:-1],
        end_um=width[1:],
        length_um=np.diff(places) * length_um,
        group=np.zeros(8, dtype=np.int64),
        **SILICON,
    )
    assert back[0] == pytest.approx(whole[0], rel=1e-9)
    assert parts[0] == pytest.approx(whole[0], rel=1e-9)


def test_a_step_loses_as_the_overlap_of_cosines() -> None:
    """Hard walls: the fundamental mode of one width seen from another, by numbers."""
    gap = 2.0 / (2 * math.pi / 1.55 * math.sqrt(2.83793**2 - 1.444**2))
    for low, high in ((0.5, 0.6), (0.5, 1.0), (0.5, 2.0)):
        a, b = low + gap, high + gap
        x = np.linspace(-a / 2, a / 2, 20_001)
        overlap = np.trapezoid(np.cos(math.pi * x / a) * np.cos(math.pi * x / b), x) * 2 / math.sqrt(a * b)
        found = widening.taper_db(begin_um=low, end_um=high, length_um=0.0, **SILICON)
        assert found[0] == pytest.approx(-20 * math.log10(overlap), rel=0.2)


def sloped(drawing: Any, widths: tuple[float, float], length_um: float, **changed: Any) -> float:
    """Return what a drawn taper adds to its guide as a transition."""
    clad = drawing.kit.process.model_copy(update={"clad_index": Quantity(value=1.444)})
    sections = tuple(one.model_copy(update=changed) for one in drawing.kit.cross_sections)
    drawing.kit = drawing.kit.model_copy(update={"process": clad, "cross_sections": sections})
    drawing.guide(length_um)
    drawing.rows["tapers"] = [
        {
            "waveguide": 0,
            "start_nm": 0.0,
            "length_nm": 1e3 * length_um,
            "begin_width_nm": 1e3 * widths[0],
            "end_width_nm": 1e3 * widths[1],
        }
    ]
    arcs = drawing.model().arcs
    assert arcs.cause_db[0].tolist() == pytest.approx(arcs.cause_db[1].tolist())
    return float(arcs.cause_db[0, CAUSES.index("transition")])


def test_a_drawn_taper_is_charged_to_its_guide(drawing: Any) -> None:
    section = drawing.kit.cross_sections[0]
    expected = widening.taper_db(
        begin_um=0.5,
        end_um=2.0,
        length_um=3.0,
        n_slab=section.n_eff.value,
        n_clad=1.444,
        wavelength_um=section.wavelength_um,
    )
    assert sloped(drawing, (0.5, 2.0), 3.0) == pytest.approx(float(expected[0]), rel=1e-6)


def test_a_number_of_the_pdk_goes_before_the_estimate(drawing: Any) -> None:
    assert sloped(drawing, (0.5, 2.0), 3.0, taper_loss_db=Quantity(value=0.07)) == pytest.approx(0.07)


def test_a_taper_never_loses_more_than_the_step_in_its_place(drawing: Any) -> None:
    section = drawing.kit.cross_sections[0]
    light = {"n_eff": section.n_eff.value, "n_clad": 1.444, "wavelength_um": section.wavelength_um}
    radii = [joint.mode_radius_um(width_um=width, **light) for width in (0.5, 3.0)]
    step = joint.width_step_db(radius_um=radii[0], other_radius_um=radii[1])
    assert sloped(drawing, (0.5, 3.0), 0.001) <= float(step) + 1e-12


def test_side_walls_lose_by_the_square_of_the_slope_of_the_index() -> None:
    """From 500 to 1000 nm dn_eff/dw falls from 1.59 to 0.22 per um (finite elements)."""
    wall = STRIP.model_copy(update={"sidewall_share": Quantity(value=1.0)})
    factor = loss_factor(KIT, wall, width_um=np.array([0.5, 0.6, 1.0]))
    assert factor[0] == pytest.approx(1.0)
    assert factor[1] == pytest.approx((0.84 / 1.59) ** 2, rel=0.2)
    assert factor[2] == pytest.approx((0.22 / 1.59) ** 2, rel=0.25)
    assert loss_factor(KIT, STRIP, width_um=np.array([3.0]))[0] == pytest.approx(0.1, abs=0.01)


def test_loss_follows_the_table_of_wavelengths_before_any_scaling() -> None:
    spectrum = LossSpectrum(wavelength_um=(1.5, 1.55, 1.6), db_per_cm=(3.0, 2.0, 1.5))
    section = STRIP.model_copy(update={"loss_spectrum": spectrum})
    for wavelength_um, factor in ((1.5, 1.5), (1.525, 1.25), (1.55, 1.0), (1.6, 0.75), (1.7, 0.75)):
        found = loss_factor(KIT, section, width_um=np.array([0.5]), wavelength_um=wavelength_um)
        assert found[0] == pytest.approx(factor)


def test_indices_move_with_the_mode_tables() -> None:
    width = np.array([0.48, 0.5])
    assert index_of(KIT, STRIP, width_um=width, wavelength_um=1.55) == pytest.approx([2.41361, 2.4472])
    assert group_index_of(KIT, STRIP, width_um=width, wavelength_um=1.55) == pytest.approx([4.2322, 4.1961])


def test_a_bias_moves_widths_and_gaps_and_nothing_else(drawing: Any) -> None:
    first, second = drawing.guide(10.0), drawing.guide(10.0, at=(10.05, 0))
    drawing.run(0, 1, [300.0] * 4, 500.0)
    for port in (*first, *second):
        drawing.rows["ports"][port]["width_nm"] = 500.0
    drawing.rows["near_misses"] = [{"port_a": first[1], "port_b": second[0], "gap_nm": 50.0, "distance_nm": 50.0}]
    tables = drawing.model().tables
    moved = with_bias(tables, -11.0)
    assert moved.run_profile.gap_nm == pytest.approx(tables.run_profile.gap_nm + 22.0)
    assert moved.near_misses.gap_nm == pytest.approx(tables.near_misses.gap_nm + 22.0)
    assert moved.ports.width_nm == pytest.approx(tables.ports.width_nm - 22.0)
    assert moved.waveguides.width_a_nm == pytest.approx(tables.waveguides.width_a_nm - 22.0, nan_ok=True)
    assert moved.waveguides.centerline_length_nm is tables.waveguides.centerline_length_nm
    assert moved.run_profile.step_nm is tables.run_profile.step_nm
    lost = [
        pair_loss(
            one,
            KIT,
            [STRIP],
            port_a=one.near_misses.port_a,
            port_b=one.near_misses.port_b,
            lateral_nm=np.zeros(1),
            gap_nm=one.near_misses.gap_nm,
            angle_rad=np.zeros(1),
        ).defect_db[0]
        for one in (tables, moved)
    ]
    assert lost[1] > lost[0]
