"""Joints that do not quite meet: modes against finite elements, closed forms, and who pays in a circuit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from waveguard.models import CAUSES, joint

# Guide, wavelength, width, n_eff, mismatch A in dB·um² and shift in um² of its bent mode (finite elements).
BENT = [
    ("SOI 500x220", 1.55, 0.5, 2.4472, 0.485, 0.085),
    ("SOI 450x220", 1.55, 0.45, 2.35498, 0.321, 0.071),
    ("SOI 350x220", 1.31, 0.35, 2.43264, 0.167, 0.042),
    ("SiN 1000x400", 1.55, 1.0, 1.63794, 22.1, 1.36),
    ("SiN 1200x300", 1.55, 1.2, 1.5978, 49.6, 2.33),
]


@pytest.mark.parametrize(("guide", "wavelength_um", "width_um", "n_eff", "mismatch", "shift"), BENT)
def test_mode_radius_is_that_of_bent_modes(
    guide: str, wavelength_um: float, width_um: float, n_eff: float, mismatch: float, shift: float
) -> None:
    """A bend of radius R shifts the mode by shift/R and costs A/R²: an offset that costs so much fixes the radius."""
    clad = 1.4468 if wavelength_um == 1.31 else 1.444
    found = joint.mode_radius_um(width_um=width_um, n_eff=n_eff, n_clad=clad, wavelength_um=wavelength_um)
    assert float(found) == pytest.approx(math.sqrt(4.343 * shift**2 / mismatch), rel=0.08), guide


def overlap_db(field: np.ndarray, other: np.ndarray) -> float:
    top = abs(np.sum(field * np.conj(other))) ** 2
    return float(-10 * np.log10(top / (np.sum(abs(field) ** 2) * np.sum(abs(other) ** 2))))


@pytest.mark.parametrize(
    ("offset", "tilt", "other"), [(0.1, 0.0, 0.25), (0.0, 0.05, 0.25), (0.0, 0.0, 0.4), (0.1, 0.0, 0.4)]
)
def test_losses_are_overlaps_of_gaussians(offset: float, tilt: float, other: float) -> None:
    x = np.linspace(-4, 4, 80_001)
    k = 2 * math.pi / 1.55 * 2.4
    one = np.exp(-((x / 0.25) ** 2)).astype(complex)
    two = np.exp(-(((x - offset) / other) ** 2)) * np.exp(1j * k * tilt * x)
    radii = {"radius_um": 0.25, "other_radius_um": other}
    found = joint.offset_db(offset_um=offset, **radii) + joint.width_step_db(**radii)
    found = found + joint.tilt_db(tilt_rad=tilt, n_eff=2.4, wavelength_um=1.55, **radii)
    assert float(found) == pytest.approx(overlap_db(one, two), rel=1e-6)


def test_a_gap_costs_more_the_wider_it_is() -> None:
    gap = np.linspace(0, 2, 50)
    loss = joint.gap_db(gap_um=gap, radius_um=0.25, n_eff=2.4, n_clad=1.44, wavelength_um=1.55)
    assert loss[0] == 0.0
    assert (np.diff(loss) > 0).all()


def test_fibres_lose_what_is_published() -> None:
    """SMF of 4.6 um: 1 dB at 2.2 um; a beam of 40 um: 1.09 dB at 20 um, 2.44 dB at 30 um, 1 dB at 0.29 degrees."""
    for radius, offset, loss in ((4.6, 2.2, 1.0), (40.0, 20.0, 1.09), (40.0, 30.0, 2.44)):
        found = joint.offset_db(offset_um=offset, radius_um=radius, other_radius_um=radius)
        assert float(found) == pytest.approx(loss, abs=0.01)
    tilted = joint.tilt_db(
        tilt_rad=math.radians(0.29), radius_um=40.0, other_radius_um=40.0, n_eff=1.0, wavelength_um=1.31
    )
    assert float(tilted) == pytest.approx(1.0, abs=0.05)


def test_a_joint_is_paid_once_either_way(drawing: Any) -> None:
    clad = drawing.kit.process.model_copy(
        update={"clad_index": drawing.kit.limits.joint_width_nm.model_copy(update={"value": 1.444})}
    )
    drawing.kit = drawing.kit.model_copy(update={"process": clad})
    first, second = drawing.guide(10.0), drawing.guide(10.0, at=(10, 0.1))
    drawing.join(first[1], second[0])
    drawing.rows["nets"][-1] |= {"gap_nm": 100.0, "lateral_nm": 100.0}
    for port in (*first, *second):
        drawing.rows["ports"][port]["width_nm"] = 500.0
    arcs = drawing.model().arcs
    defect = arcs.cause_db[:, CAUSES.index("defect")]
    assert (defect > 0).sum() == 2
    forward, back = (defect[(arcs.end == port)].sum() for port in (first[1], second[0]))
    assert forward == pytest.approx(back)
    assert 0.1 < forward < 1.0
