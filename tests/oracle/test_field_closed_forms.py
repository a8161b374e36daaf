"""Circuits whose spectra are in textbooks: rings, Mach-Zehnder interferometers, mirrors, gratings.

Rings: Bogaerts et al., Laser Photonics Rev. 6, 47 (2012), equations 2 to 14. Gratings: Yariv, IEEE J. Quantum Electron.
9, 919 (1973). The circuits are composed of couplers and guides, not taken from the ring models, unless a test says so.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from waveguard import fields
from waveguard.fields import SParameters
from waveguard.models.fields import MODELS

N_EFF, N_G, WL0 = 2.4472, 4.1961, 1.55
GUIDE = {"n_eff": N_EFF, "n_g": N_G, "wl0_um": WL0}


def guide(length_um: float, loss_db_per_cm: float = 0.0) -> dict[str, object]:
    """Return an instance of a guide."""
    settings = {"length_um": length_um, "loss_db_per_cm": loss_db_per_cm, **GUIDE}
    return {"component": "guide", "settings": settings}


def coupler(cross_fraction: float) -> dict[str, object]:
    """Return an instance of a coupler."""
    return {"component": "coupler_2x2", "settings": {"cross_fraction": cross_fraction}}


def ring(wl: np.ndarray, length_um: float, first: float, second: float | None, loss_db_per_cm: float) -> SParameters:
    """Return a ring of one or two couplers and guides."""
    if second is None:
        netlist = {
            "instances": {"c": coupler(first), "g": guide(length_um, loss_db_per_cm)},
            "connections": {"c,out2": "g,in", "g,out": "c,in2"},
            "ports": {"in": "c,in1", "through": "c,out1"},
        }
    else:
        half = guide(length_um / 2, loss_db_per_cm)
        netlist = {
            "instances": {"c": coupler(first), "d": coupler(second), "g": half, "h": half},
            "connections": {"c,out2": "g,in", "g,out": "d,in2", "d,out2": "h,in", "h,out": "c,in2"},
            "ports": {"in": "c,in1", "through": "c,out1", "add": "d,in1", "drop": "d,out1"},
        }
    return fields.from_netlist(netlist, wl_um=wl)


def crossings(x: np.ndarray, y: np.ndarray, level: float) -> np.ndarray:
    """Return where a curve passes a level, between the points."""
    k = np.flatnonzero((y[:-1] - level) * (y[1:] - level) < 0)
    return x[k] + (level - y[k]) / (y[k + 1] - y[k]) * (x[k + 1] - x[k])


def test_free_spectral_range_width_extinction_and_drop_of_an_add_drop_ring() -> None:
    length_um, first, second, loss = 2 * math.pi * 10.0, 0.05, 0.03, 20.0
    wl = np.linspace(1.545, 1.565, 40_001)
    found = ring(wl, length_um, first, second, loss)
    t1, t2 = math.sqrt(1 - first), math.sqrt(1 - second)
    a = 10 ** (-loss * length_um * 1e-4 / 20)
    drop, through = np.abs(found.between("in", "drop")) ** 2, np.abs(found.between("in", "through")) ** 2
    peaks = np.flatnonzero((drop[1:-1] > drop[:-2]) & (drop[1:-1] > drop[2:])) + 1
    resonances = wl[peaks]
    assert len(resonances) >= 2
    # The range between neighbours, at their geometric mean and with the group index there.
    mean = math.sqrt(resonances[0] * resonances[1])
    assert resonances[1] - resonances[0] == pytest.approx(mean**2 / (N_G * length_um), rel=2e-3)
    assert drop[peaks].max() == pytest.approx((1 - t1**2) * (1 - t2**2) * a / (1 - t1 * t2 * a) ** 2, rel=1e-4)
    lowest, highest = (t1 - t2 * a) ** 2 / (1 - t1 * t2 * a) ** 2, (t1 + t2 * a) ** 2 / (1 + t1 * t2 * a) ** 2
    assert through.min() == pytest.approx(lowest, rel=2e-3)
    assert through.max() == pytest.approx(highest, rel=1e-6)
    centre = resonances[0]
    sides = crossings(wl, drop, drop[peaks[0]] / 2)
    width = sides[sides > centre].min() - sides[sides < centre].max()
    expected = (1 - t1 * t2 * a) * centre**2 / (math.pi * N_G * length_um * math.sqrt(t1 * t2 * a))
    assert width == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(("first", "second"), [(0.1, None), (0.1, 0.02), (0.4, 0.4)])
def test_composed_rings_are_the_ring_models(first: float, second: float | None) -> None:
    wl = np.linspace(1.5, 1.6, 501)
    found = ring(wl, 80.0, first, second, 5.0)
    settings = {"round_trip_um": 80.0, "coupling_fraction": first, "loss_db_per_cm": 5.0, **GUIDE}
    if second is None:
        model = MODELS["ring_all_pass"](wl, **settings)
        assert np.abs(found.between("in", "through") - model.s[:, 1, 0]).max() < 1e-12
        return
    model = MODELS["ring_add_drop"](wl, drop_coupling_fraction=second, **settings)
    for start in model.ports:
        for end in model.ports:
            expected = model.s[:, model.ports.index(end), model.ports.index(start)]
            assert np.abs(found.between(start, end) - expected).max() < 1e-12


def test_a_ring_that_is_critically_coupled_goes_dark() -> None:
    # a = t: all light is lost in the ring on resonance.
    length_um, loss = 100.0, 10.0
    a2 = 10 ** (-loss * length_um * 1e-4 / 10)
    order = round(N_EFF * length_um / WL0)
    # The length is moved onto a resonance, and the loss with it, by less than one part in 100.
    found = ring(np.array([WL0]), order * WL0 / N_EFF, 1 - a2, None, loss)
    assert found.power_db("in", "through")[0] < -40


def test_a_mach_zehnder_interferometer() -> None:
    wl = np.linspace(1.5, 1.6, 2001)
    delta_um = 120.0
    netlist = {
        "instances": {
            "y1": {"component": "splitter_1x2"},
            "y2": {"component": "splitter_1x2"},
            "short": guide(50.0),
            "long": guide(50.0 + delta_um),
        },
        "nets": [
            {"p1": "y1,out1", "p2": "short,in"},
            {"p1": "y1,out2", "p2": "long,in"},
            {"p1": "short,out", "p2": "y2,out1"},
            {"p1": "long,out", "p2": "y2,out2"},
        ],
        "ports": {"in": "y1,in", "out": "y2,in"},
    }
    found = fields.from_netlist(netlist, wl_um=wl)
    n = N_EFF - (N_G - N_EFF) / WL0 * (wl - WL0)
    expected = np.cos(math.pi * n * delta_um / wl) ** 2
    assert np.abs(np.abs(found.between("in", "out")) ** 2 - expected).max() < 1e-12
    # Its composed twin from the models, light crossing from one side to the other.
    one = MODELS["mzi_2x2"](wl, first_arm_um=50.0, second_arm_um=50.0 + delta_um, **GUIDE)
    assert np.abs(np.abs(one.s[:, 3, 0]) ** 2 - expected).max() < 1e-12


def test_a_fabry_perot_of_two_mirrors() -> None:
    wl = np.linspace(1.549, 1.551, 4001)
    r, length_um = 0.9, 200.0
    mirror = {"component": "partial_reflector", "settings": {"reflectance": r}}
    netlist = {
        "instances": {"a": mirror, "g": guide(length_um), "b": mirror},
        "connections": {"a,out": "g,in", "g,out": "b,in"},
        "ports": {"left": "a,in", "right": "b,out"},
    }
    found = fields.from_netlist(netlist, wl_um=wl)
    n = N_EFF - (N_G - N_EFF) / WL0 * (wl - WL0)
    finesse = 4 * r / (1 - r) ** 2
    airy = 1 / (1 + finesse * np.sin(2 * math.pi * n * length_um / wl) ** 2)
    assert np.abs(np.abs(found.between("left", "right")) ** 2 - airy).max() < 1e-10
    assert np.abs(np.abs(found.between("left", "left")) ** 2 - (1 - airy)).max() < 1e-10


def test_a_grating_reflects_as_coupled_modes_say_and_as_its_pieces_do() -> None:
    period, kappa, periods = WL0 / (2 * N_EFF), 0.02, 300
    wl = np.linspace(1.53, 1.57, 401)
    settings = {"period_um": period, "kappa_per_um": kappa, **GUIDE}
    whole = MODELS["bragg_grating"](wl, n_periods=periods, **settings)
    at_centre = MODELS["bragg_grating"](np.array([WL0]), n_periods=periods, **settings)
    assert abs(at_centre.s[0, 0, 0]) ** 2 == pytest.approx(math.tanh(kappa * periods * period) ** 2, rel=1e-12)
    # Three gratings in a row, of whole periods, are one.
    netlist = {
        "instances": {
            name: {"component": "bragg_grating", "settings": {"n_periods": count, **settings}}
            for name, count in (("a", 100), ("b", 150), ("c", 50))
        },
        "connections": {"a,out": "b,in", "b,out": "c,in"},
        "ports": {"in": "a,in", "out": "c,out"},
    }
    found = fields.from_netlist(netlist, wl_um=wl)
    for i, start in enumerate(("in", "out")):
        for k, end in enumerate(("in", "out")):
            assert np.abs(found.between(start, end) - whole.s[:, k, i]).max() < 1e-11


def test_a_guide_in_pieces_and_instances_in_another_order_are_the_same_circuit() -> None:
    wl = np.linspace(1.54, 1.56, 101)
    whole = ring(wl, 90.0, 0.1, None, 4.0)
    pieces = [7.0, 0.5, 41.0, 41.5]
    instances = {f"g{k}": guide(length, 4.0) for k, length in reversed(list(enumerate(pieces)))}
    netlist = {
        "instances": {**instances, "c": coupler(0.1)},
        "connections": {
            **{f"g{k},out": f"g{k + 1},in" for k in range(len(pieces) - 1)},
            "c,out2": "g0,in",
            f"g{len(pieces) - 1},out": "c,in2",
        },
        "ports": {"in": "c,in1", "through": "c,out1"},
    }
    found = fields.from_netlist(netlist, wl_um=wl)
    # Phases of 900 rad are rounded to 1e-13 each, and resonance makes more of it.
    assert np.abs(found.s - whole.s).max() < 1e-10


def test_group_delay_is_that_of_the_group_index() -> None:
    wl = np.linspace(1.549, 1.551, 201)
    netlist = {"instances": {"g": guide(1000.0)}, "ports": {"a": "g,in", "b": "g,out"}}
    found = fields.from_netlist(netlist, wl_um=wl)
    middle = found.group_delay_ps("a", "b")[100]
    assert middle == pytest.approx(N_G * 1000.0 / 299.792458, rel=1e-6)
