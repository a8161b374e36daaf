"""2x2 couplers: a split that is stated, and directional couplers from their coupling."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from waveguard.models.fields.scattering import (
    Complexes,
    Floats,
    Scattering,
    amplitude,
    build,
    level,
    propagation,
    wavelengths,
)

PORTS = ("in1", "in2", "out1", "out2")


def two_by_two(
    wl: Floats,
    bar: npt.ArrayLike,
    cross: npt.ArrayLike,
    *,
    reflection_db: float | None = None,
    isolation_db: float | None = None,
) -> Scattering:
    """Return a symmetric 2x2 device; `isolation_db` is the level at the other port of the same side."""
    back, beside = level(reflection_db), level(isolation_db)
    passages: dict[tuple[str, str], npt.ArrayLike] = {
        ("in1", "out1"): bar,
        ("in2", "out2"): bar,
        ("in1", "out2"): cross,
        ("in2", "out1"): cross,
        ("in1", "in2"): 1j * beside,
        ("out1", "out2"): 1j * beside,
        **{(port, port): back for port in PORTS},
    }
    return build(wl, PORTS, passages)


def coupler_2x2(
    wl_um: npt.ArrayLike,
    *,
    cross_fraction: float,
    excess_loss_db: float = 0.0,
    reflection_db: float | None = None,
    isolation_db: float | None = None,
) -> Scattering:
    """Return a coupler with a split that does not change with wavelength; light that changes sides lags by π/2."""
    wl = wavelengths(wl_um)
    left = amplitude(excess_loss_db)
    bar, cross = left * math.sqrt(1.0 - cross_fraction), 1j * left * math.sqrt(cross_fraction)
    return two_by_two(wl, bar, cross, reflection_db=reflection_db, isolation_db=isolation_db)


def directional_coupler(
    wl_um: npt.ArrayLike,
    *,
    length_um: float,
    kappa_per_um: float,
    wl0_um: float,
    kappa_slope_per_um2: float = 0.0,
    bends_rad: float = 0.0,
    bends_slope_rad_per_um: float = 0.0,
    mismatch_per_um: float = 0.0,
    n_eff: float = 1.0,
    n_g: float = 1.0,
    excess_loss_db: float = 0.0,
    reflection_db: float | None = None,
) -> Scattering:
    """Return a directional coupler: exact coupled modes of two guides, wrap-around included.

    Parameters
    ----------
    wl_um
        Wavelengths.
    length_um
        Length of the straight part, between the places where the ports are taken to be.
    kappa_per_um, kappa_slope_per_um2
        Coupling coefficient at `wl0_um` and its change per um of wavelength.
    bends_rad, bends_slope_rad_per_um
        Phase of coupling that the bends at both ends add, and its change with wavelength.
    mismatch_per_um
        Half the difference of the two propagation constants (guide 1 minus guide 2).
    n_eff, n_g, wl0_um
        Mean index of the two guides, for the phase that both share.
    excess_loss_db, reflection_db
        Loss beyond the split, and level of the reflection at every port.
    """
    wl = wavelengths(wl_um)
    kappa = kappa_per_um + kappa_slope_per_um2 * (wl - wl0_um)
    theta = kappa * length_um + bends_rad + bends_slope_rad_per_um * (wl - wl0_um)
    detuning = mismatch_per_um * length_um
    angle = np.hypot(theta, detuning)
    share = np.sinc(angle / math.pi)
    both = amplitude(excess_loss_db) * propagation(wl, length_um=length_um, n_eff=n_eff, n_g=n_g, wl0_um=wl0_um)
    bar: tuple[Complexes, Complexes] = (
        both * (np.cos(angle) + 1j * detuning * share),
        both * (np.cos(angle) - 1j * detuning * share),
    )
    cross = both * 1j * theta * share
    back = level(reflection_db)
    passages: dict[tuple[str, str], npt.ArrayLike] = {
        ("in1", "out1"): bar[0],
        ("in2", "out2"): bar[1],
        ("in1", "out2"): cross,
        ("in2", "out1"): cross,
        **{(port, port): back for port in PORTS},
    }
    return build(wl, PORTS, passages)
