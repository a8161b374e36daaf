"""Laws that every field model keeps, with numbers at random: finite, passive, reciprocal, lossless where it says so."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waveguard.models.fields import MODELS, ONE_WAY, kinds, scattering
from waveguard.pdk.devices import KINDS, PARAMETERS, REQUIRED

WL = np.linspace(1.26, 1.67, 23)
Settings = dict[str, Any]


def guide(draw: Callable[[Any], Any]) -> Settings:
    """Return an index at random."""
    n_eff = draw(st.floats(1.4, 3.4))
    return {"n_eff": n_eff, "n_g": draw(st.floats(n_eff, 5.0)), "wl0_um": draw(st.floats(1.26, 1.65))}


loss = st.floats(0.0, 20.0)
level = st.one_of(st.none(), st.floats(-60.0, -6.0))
share = st.floats(0.0, 1.0)
length = st.floats(0.0, 5000.0)

# Model -> its settings, and those that take its loss away.
SETTINGS: dict[str, Callable[[Callable[[Any], Any]], Settings]] = {
    "guide": lambda d: {**guide(d), "length_um": d(length), "loss_db_per_cm": d(loss), "extra_loss_db": d(loss)},
    "two_port": lambda d: {**guide(d), "loss_db": d(loss), "reflection_db": d(level), "length_um": d(length)},
    "taper": lambda d: {**guide(d), "loss_db": d(loss), "reflection_db": d(level), "length_um": d(length)},
    "interface": lambda d: {
        "n_before": d(st.floats(1, 4)),
        "n_after": d(st.floats(1, 4)),
        "overlap_fraction": d(share),
    },
    "coupler_2x2": lambda d: {
        "cross_fraction": d(share),
        "excess_loss_db": d(loss),
        "reflection_db": d(level),
        "isolation_db": d(level),
    },
    "directional_coupler": lambda d: {
        **guide(d),
        "length_um": d(length),
        "kappa_per_um": d(st.floats(0.0, 0.3)),
        "kappa_slope_per_um2": d(st.floats(-0.2, 0.4)),
        "bends_rad": d(st.floats(0.0, 0.4)),
        "mismatch_per_um": d(st.floats(-0.2, 0.2)),
        "excess_loss_db": d(loss),
        "reflection_db": d(level),
    },
    "broadband_coupler": lambda d: {
        "first_rad": d(st.floats(0, 4)),
        "second_rad": d(st.floats(0, 4)),
        "phase_rad": d(st.floats(-7, 7)),
        "slope_per_um": d(st.floats(-3, 4)),
        "excess_loss_db": d(loss),
        "reflection_db": d(level),
    },
    "fibre_connector": lambda d: {
        "mode_radius_um": d(st.floats(0.5, 30)),
        "other_radius_um": d(st.floats(0.5, 30)),
        "mode_radius_y_um": d(st.one_of(st.none(), st.floats(0.5, 30))),
        "offset_um": d(st.floats(-20, 20)),
        "tilt_rad": d(st.floats(-0.2, 0.2)),
        "tilt_y_rad": d(st.floats(-0.2, 0.2)),
        "gap_um": d(st.floats(0, 500)),
        "n_gap": d(st.floats(1, 1.6)),
        "loss_db": d(loss),
        "reflection_db": d(level),
    },
    "splitter_1x2": lambda d: {
        "excess_loss_db": d(loss),
        "first_fraction": d(share),
        "reflection_db": d(level),
        "isolation_db": d(level),
    },
    "splitter_1xn": lambda d: {
        "n_outputs": d(st.integers(1, 9)),
        "excess_loss_db": d(loss),
        "reflection_db": d(level),
        "isolation_db": d(level),
    },
    "mmi_1x2": lambda d: {
        "wl0_um": 1.55,
        "excess_loss_db": d(loss),
        "bandwidth_1db_nm": d(st.floats(20, 200)),
        "reflection_db": d(level),
    },
    "mmi_2x2": lambda d: {
        "wl0_um": 1.55,
        "excess_loss_db": d(loss),
        "imbalance_db": d(st.floats(-3, 3)),
        "phase_error_rad": d(st.floats(-0.5, 0.5)),
        "bandwidth_1db_nm": d(st.floats(20, 200)),
        "reflection_db": d(level),
    },
    "crossing": lambda d: {"loss_db": d(loss), "crosstalk_db": d(level), "reflection_db": d(level)},
    "ring_all_pass": lambda d: {
        **guide(d),
        "round_trip_um": d(length),
        "coupling_fraction": d(st.floats(0.001, 1.0)),
        "loss_db_per_cm": d(st.floats(0.01, 100.0)),
        "round_trip_loss_db": d(loss),
        "coupler_loss_db": d(loss),
    },
    "ring_add_drop": lambda d: {
        **guide(d),
        "round_trip_um": d(length),
        "coupling_fraction": d(st.floats(0.001, 1.0)),
        "drop_coupling_fraction": d(st.one_of(st.none(), st.floats(0.001, 1.0))),
        "loss_db_per_cm": d(loss),
        "round_trip_loss_db": d(loss),
    },
    "mzi_2x2": lambda d: {
        **guide(d),
        "first_arm_um": d(length),
        "second_arm_um": d(length),
        "phase_rad": d(st.floats(0, 6.3)),
        "first_cross_fraction": d(share),
        "second_cross_fraction": d(share),
        "loss_db_per_cm": d(loss),
        "coupler_loss_db": d(loss),
    },
    "phase_shifter": lambda d: {
        **guide(d),
        "phase_rad": d(st.floats(-9, 9)),
        "power_mw": d(st.floats(0, 50)),
        "power_pi_mw": 21.0,
        "length_um": d(length),
        "loss_db": d(loss),
    },
    "fibre_coupler": lambda d: {
        "loss_db": d(loss),
        "bandwidth_1db_nm": d(st.floats(10, 100)),
        "reflection_db": d(level),
        "outside_reflection_db": d(level),
    },
    "edge_coupler": lambda d: {
        "loss_db": d(loss),
        "loss_slope_db_per_um": d(st.floats(-30, 30)),
        "reflection_db": d(level),
    },
    "terminator": lambda d: {"reflection_db": d(level)},
    "open_end": lambda d: {"n_eff": d(st.floats(1.0, 3.5))},
    "partial_reflector": lambda d: {"reflectance": d(share), "loss_db": d(loss)},
    "bragg_grating": lambda d: {
        **guide(d),
        "n_periods": d(st.integers(1, 5000)),
        "period_um": d(st.floats(0.2, 0.6)),
        "kappa_per_um": d(st.floats(0.0, 0.2)),
        "loss_db_per_cm": d(loss),
    },
    "contra_coupler": lambda d: {
        **guide(d),
        "n_periods": d(st.integers(1, 5000)),
        "period_um": d(st.floats(0.2, 0.6)),
        "kappa_per_um": d(st.floats(0.0, 0.2)),
        "other_n_eff": d(st.floats(1.4, 3.4)),
        "other_n_g": d(st.floats(3.4, 5.0)),
        "loss_db_per_cm": d(loss),
    },
    "detector": lambda d: {"loss_db": d(loss), "reflection_db": d(level)},
    "laser": lambda d: {"loss_db": d(loss), "reflection_db": d(level)},
    "monitor_tap": lambda d: {"tap_fraction": d(share), "excess_loss_db": d(loss)},
    "mux": lambda d: {
        "centres_um": tuple(1.27 + 0.02 * k for k in range(d(st.integers(1, 6)))),
        "bandwidth_1db_nm": d(st.floats(1, 60)),
        "loss_db": d(loss),
        "crosstalk_db": d(st.floats(-60, 0)),
        "order": d(st.integers(1, 4)),
    },
    "mz_modulator": lambda d: {
        "voltage_v": d(st.floats(-9, 9)),
        "v_pi_v": 4.0,
        "bias_rad": d(st.floats(0, 6)),
        "loss_db": d(loss),
        "extinction_db": d(st.floats(0, 40)),
    },
    "ring_modulator": lambda d: {
        **guide(d),
        "voltage_v": d(st.floats(-6, 1)),
        "shift_pm_per_v": d(st.floats(0, 50)),
        "round_trip_um": d(length),
        "coupling_fraction": d(st.floats(0.001, 1.0)),
        "loss_db_per_cm": d(st.floats(0.01, 100)),
    },
}

# Model -> settings without loss; the matrix is then unitary at every wavelength.
LOSSLESS: dict[str, Settings] = {
    "guide": {"length_um": 77.0, "n_eff": 2.4, "n_g": 4.2, "wl0_um": 1.55},
    "two_port": {"loss_db": 0.0, "length_um": 3.0},
    "taper": {"loss_db": 0.0},
    "interface": {"n_before": 2.4, "n_after": 1.6},
    "coupler_2x2": {"cross_fraction": 0.3},
    "directional_coupler": {"length_um": 300.0, "kappa_per_um": 0.04, "wl0_um": 1.55, "mismatch_per_um": 0.01},
    "broadband_coupler": {"first_rad": 1.1, "second_rad": 0.4, "phase_rad": 2.0, "slope_per_um": 3.0},
    "fibre_connector": {"mode_radius_um": 5.2, "other_radius_um": 5.2},
    "mmi_2x2": {"wl0_um": 1.55, "imbalance_db": 1.0},
    "crossing": {},
    "ring_all_pass": {"round_trip_um": 60.0, "coupling_fraction": 0.1, "n_eff": 2.4, "n_g": 4.2, "wl0_um": 1.55},
    "ring_add_drop": {"round_trip_um": 60.0, "coupling_fraction": 0.1, "n_eff": 2.4, "n_g": 4.2, "wl0_um": 1.55},
    "mzi_2x2": {"first_arm_um": 10.0, "second_arm_um": 90.0, "n_eff": 2.4, "n_g": 4.2, "wl0_um": 1.55},
    "phase_shifter": {"phase_rad": 1.0},
    "fibre_coupler": {"loss_db": 0.0},
    "edge_coupler": {"loss_db": 0.0},
    "partial_reflector": {"reflectance": 0.3},
    "bragg_grating": {
        "n_periods": 400,
        "period_um": 0.32,
        "kappa_per_um": 0.05,
        "n_eff": 2.4,
        "n_g": 4.2,
        "wl0_um": 1.55,
    },
    "contra_coupler": {
        "n_periods": 400,
        "period_um": 0.32,
        "kappa_per_um": 0.05,
        "n_eff": 2.5,
        "n_g": 4.2,
        "other_n_eff": 2.2,
        "other_n_g": 4.4,
        "wl0_um": 1.55,
    },
    "ring_modulator": {
        "voltage_v": -2.0,
        "shift_pm_per_v": 20.0,
        "round_trip_um": 60.0,
        "coupling_fraction": 0.1,
        "n_eff": 2.4,
        "n_g": 4.2,
        "wl0_um": 1.55,
    },
}


def test_every_model_is_tested() -> None:
    assert set(SETTINGS) == set(MODELS)


@pytest.mark.parametrize("name", sorted(MODELS))
@given(data=st.data())
def test_a_model_is_finite_passive_and_reciprocal(name: str, data: st.DataObject) -> None:
    settings = SETTINGS[name](data.draw)
    found = MODELS[name](WL, **settings)
    n = len(found.ports)
    assert len(set(found.ports)) == n
    assert found.s.shape == (len(WL), n, n)
    assert found.s.dtype == np.complex128
    assert np.isfinite(found.s).all()
    assert np.linalg.norm(found.s, 2, axis=(1, 2)).max() <= 1.0 + 1e-10
    # A wavelength by itself, given as a number.
    assert np.abs(MODELS[name](float(WL[7]), **settings).s[0] - found.s[7]).max() < 1e-12
    if name not in ONE_WAY:
        assert np.array_equal(found.s, found.s.transpose(0, 2, 1))


@pytest.mark.parametrize("name", sorted(LOSSLESS))
def test_a_model_without_loss_keeps_all_light(name: str) -> None:
    s = MODELS[name](WL, **LOSSLESS[name]).s
    n = s.shape[1]
    assert np.abs(s.conj().transpose(0, 2, 1) @ s - np.eye(n)).max() < 1e-12


def test_a_longer_guide_has_a_larger_phase_and_its_slope_is_the_group_index() -> None:
    wl = np.array([1.5499, 1.55, 1.5501])
    s = MODELS["guide"](wl, length_um=100.0, n_eff=2.44, n_g=4.2, wl0_um=1.55).s[:, 1, 0]
    assert np.angle(s[1]) == pytest.approx(math.remainder(2 * math.pi * 2.44 * 100 / 1.55, 2 * math.pi), abs=1e-9)
    omega = 2 * math.pi * 299.792458 / wl
    delay_ps = np.gradient(np.unwrap(np.angle(s)), omega)[1]
    assert delay_ps == pytest.approx(4.2 * 100 / 299.792458, rel=1e-6)


def test_dispersion_is_the_change_of_the_group_delay() -> None:
    # D = 4400 ps/(nm km): 1 nm and 1 km of guide spread a pulse by 4.4 ns, 1 cm by 0.044 ps.
    wl = 1.55 + np.array([-1.1e-3, -0.9e-3, 0.9e-3, 1.1e-3])
    s = MODELS["guide"](wl, length_um=10_000.0, n_eff=2.44, n_g=4.2, wl0_um=1.55, dispersion_ps_per_nm_km=4400.0).s[
        :, 1, 0
    ]
    phase = (
        2 * math.pi / wl * scattering.index(wl, n_eff=2.44, n_g=4.2, wl0_um=1.55, dispersion_ps_per_nm_km=4400.0) * 1e4
    )
    assert np.exp(1j * phase) == pytest.approx(s, abs=1e-9)
    omega = 2 * math.pi * 299.792458 / wl
    delay = [(phase[k + 1] - phase[k]) / (omega[k + 1] - omega[k]) for k in (0, 2)]
    assert (delay[1] - delay[0]) / 2.0 == pytest.approx(0.044, rel=2e-2)


def test_a_directional_coupler_comes_back_beyond_full_transfer() -> None:
    half_um = math.pi / 2 / 0.04
    cross = [
        abs(MODELS["directional_coupler"](1.55, length_um=length, kappa_per_um=0.04, wl0_um=1.55).s[0, 3, 0]) ** 2
        for length in (half_um, 2 * half_um, half_um / 2)
    ]
    assert cross == pytest.approx([1.0, 0.0, 0.5], abs=1e-12)
    # With a mismatch, (κ/S)² sin²(S L).
    s = math.hypot(0.04, 0.03)
    one = MODELS["directional_coupler"](1.55, length_um=20.0, kappa_per_um=0.04, wl0_um=1.55, mismatch_per_um=0.03)
    assert abs(one.s[0, 3, 0]) ** 2 == pytest.approx((0.04 / s) ** 2 * math.sin(s * 20.0) ** 2, abs=1e-12)


def test_a_broadband_coupler_is_two_couplers_with_a_phase_between() -> None:
    settings = {"first_rad": 0.9, "second_rad": 0.5, "phase_rad": 1.3, "slope_per_um": 2.5}
    found = MODELS["broadband_coupler"](WL, **settings)
    a, b = (rad * (1 + 2.5 * (WL - 1.55)) for rad in (0.9, 0.5))
    half = 0.65 * 1.55 / WL
    crossed = np.sin(a + b) ** 2 * np.cos(half) ** 2 + np.sin(a - b) ** 2 * np.sin(half) ** 2
    assert np.abs(found.s[:, 3, 0]) ** 2 == pytest.approx(crossed, abs=1e-12)
    # The same by matrices, in the order in which light meets the parts.
    for k in range(len(WL)):
        parts = [np.array([[np.cos(x), 1j * np.sin(x)], [1j * np.sin(x), np.cos(x)]]) for x in (a[k], b[k])]
        whole = parts[1] @ np.diag(np.exp([1j * half[k], -1j * half[k]])) @ parts[0]
        assert found.s[k, 2:, :2] == pytest.approx(whole, abs=1e-12)


@pytest.mark.parametrize(
    "settings",
    [
        {"mode_radius_um": 5.2, "other_radius_um": 5.2, "offset_um": 1.5},
        {"mode_radius_um": 5.2, "other_radius_um": 3.0, "offset_um": -1.0, "tilt_rad": 0.03},
        {"mode_radius_um": 2.5, "other_radius_um": 5.2, "gap_um": 40.0, "tilt_rad": -0.05, "offset_um": 2.0},
        {"mode_radius_um": 5.0, "other_radius_um": 5.0, "gap_um": 60.0, "n_gap": 1.45},
    ],
)
def test_a_connector_is_the_overlap_of_two_beams(settings: Settings) -> None:
    """The modes on a grid, the first one carried over the gap plane wave by plane wave (paraxial)."""
    wl = 1.55
    n, span = 1 << 14, 800.0
    x = (np.arange(n) - n / 2) * span / n
    w, v = settings["mode_radius_um"], settings["other_radius_um"]
    k = 2 * np.pi * settings.get("n_gap", 1.0) / wl
    d, tilt, gap = (settings.get(name, 0.0) for name in ("offset_um", "tilt_rad", "gap_um"))

    def beam(radius: float, middle: float) -> np.ndarray:
        return (2 / (np.pi * radius**2)) ** 0.25 * np.exp(-((x - middle) ** 2) / radius**2)

    kx = 2 * np.pi * np.fft.fftfreq(n, span / n)

    def overlap(middle: float, turn: float) -> complex:
        carried = np.fft.ifft(np.fft.fft(beam(w, 0.0)) * np.exp(-1j * kx**2 * gap / (2 * k)))
        met = beam(v, middle) * np.exp(1j * k * turn * (x - middle))
        return complex((carried * met.conj()).sum() * span / n)

    expected = overlap(d, tilt) * overlap(0.0, 0.0) * np.exp(1j * k * gap)
    found = MODELS["fibre_connector"](wl, **settings).s[0, 1, 0]
    assert found == pytest.approx(expected, abs=1e-9)


def test_a_connector_loses_what_is_in_every_textbook() -> None:
    # Offset d: 4.343 (d/w)² dB; tilt: 4.343 (pi n w θ/λ)² dB; gap: 1/(1 + (z/(2 zR))²) of the power for equal modes.
    def loss_db(**settings: float) -> float:
        found = MODELS["fibre_connector"](1.55, mode_radius_um=5.2, other_radius_um=5.2, **settings)
        return -20 * math.log10(abs(found.s[0, 1, 0]))

    assert loss_db(offset_um=1.0) == pytest.approx(4.343 / 5.2**2, rel=1e-3)
    assert loss_db(tilt_rad=0.01) == pytest.approx(4.343 * (math.pi * 5.2 * 0.01 / 1.55) ** 2, rel=1e-3)
    rayleigh = math.pi * 5.2**2 / 1.55
    assert loss_db(gap_um=50.0) == pytest.approx(10 * math.log10(1 + (50.0 / (2 * rayleigh)) ** 2), rel=1e-9)
    wide = MODELS["fibre_connector"](1.55, mode_radius_um=5.2, other_radius_um=2.6)
    assert abs(wide.s[0, 1, 0]) ** 2 == pytest.approx((2 * 5.2 * 2.6 / (5.2**2 + 2.6**2)) ** 2, rel=1e-9)


def test_stated_levels_are_what_comes_out_when_energy_allows() -> None:
    one = MODELS["crossing"](1.55, loss_db=0.2, crosstalk_db=-40.0, reflection_db=-30.0)
    level_db = 20 * np.log10(np.abs(one.s[0]))
    at = {name: k for k, name in enumerate(one.ports)}
    assert level_db[at["out1"], at["in1"]] == pytest.approx(-0.2, abs=1e-9)
    assert level_db[at["in2"], at["in1"]] == pytest.approx(-40.0, abs=1e-9)
    assert level_db[at["in1"], at["in1"]] == pytest.approx(-30.0, abs=1e-9)


def test_a_grating_coupler_loses_one_decibel_more_at_the_edge_of_its_band() -> None:
    one = MODELS["fibre_coupler"](np.array([1.55, 1.565]), loss_db=4.0, wl0_um=1.55, bandwidth_1db_nm=30.0)
    assert -20 * np.log10(np.abs(one.s[:, 1, 0])) == pytest.approx([4.0, 5.0], abs=1e-9)


def test_a_ring_modulator_moves_its_resonance_by_what_it_says() -> None:
    wl = np.linspace(1.545, 1.555, 20_001)
    settings: Settings = {"round_trip_um": 62.8, "coupling_fraction": 0.02, "loss_db_per_cm": 20.0}
    settings |= {"n_eff": 2.4, "n_g": 4.2, "wl0_um": 1.55, "shift_pm_per_v": 25.0}
    dips = [wl[np.argmin(np.abs(MODELS["ring_modulator"](wl, voltage_v=v, **settings).s[:, 1, 0]))] for v in (0.0, 4.0)]
    assert (dips[1] - dips[0]) * 1e6 == pytest.approx(100.0, abs=2.0)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_the_pdk_has_amplitudes_or_a_reason(kind: str) -> None:
    params = {
        name: -20.0 if name in {"crosstalk_db", "reflection_db", "isolation_db"} else 0.5 for name in PARAMETERS[kind]
    }
    n_ports = 3 if kind == "splitter_1xn" else 2
    drawn = kinds.Drawn(1.55, 10.0, 2.4, 4.2)
    if kinds.missing(kind, params) is None:
        found = kinds.scattering(kind, WL, n_ports=n_ports, params=params, drawn=drawn)
        assert np.isfinite(found.s).all()
        least = {name: params[name] for name in REQUIRED.get(kind, ())}
        if kinds.missing(kind, least) is None:
            assert np.isfinite(kinds.scattering(kind, WL, n_ports=n_ports, params=least, drawn=drawn).s).all()
    else:
        assert kind in {"guide", "mux", "black_box", "ignore"}
    assert kinds.missing("ring_add_drop", {"through_loss_db": 0.1, "drop_loss_db": 1.0}) is not None
