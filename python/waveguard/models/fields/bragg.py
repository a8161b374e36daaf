"""Reflectors: a partial mirror, and Bragg gratings by coupled modes in closed form."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from waveguard.models.fields.scattering import UM_PER_CM, Complexes, Floats, Scattering, build, index, wavelengths


def partial_reflector(wl_um: npt.ArrayLike, *, reflectance: float, loss_db: float = 0.0) -> Scattering:
    """Return a mirror that reflects a share of the power on both sides and lets the rest through."""
    left = 10.0 ** (-loss_db / 20.0)
    r, t = left * math.sqrt(reflectance), 1j * left * math.sqrt(1.0 - reflectance)
    return build(wavelengths(wl_um), ("in", "out"), {("in", "in"): r, ("out", "out"): r, ("in", "out"): t})


def contra_coupled(
    *, kappa_per_um: float, detuning_per_um: Floats, length_um: float, loss_db_per_cm: float
) -> tuple[Complexes, Complexes]:
    """Return reflection and transmission of a uniform grating, both against the carrier of the grating.

    `da/dz = iδa + iκb`, `db/dz = -iδb - iκa` with light coming in at z = 0 (Yariv, IEEE J. Quantum Electron. 9, 919
    (1973)); loss makes δ complex. Transmission is still to be turned by the phase of the carrier.
    """
    field_loss_per_um = loss_db_per_cm / UM_PER_CM * math.log(10.0) / 20.0
    delta = detuning_per_um + 1j * field_loss_per_um
    gamma = np.sqrt(kappa_per_um**2 - delta**2 + 0j)
    angle = gamma * length_um
    # exp(-|Re|) is taken out of cosh and sinh: long gratings would overflow.
    size = np.abs(angle.real)
    cosh = 0.5 * (np.exp(angle - size) + np.exp(-angle - size))
    small = np.abs(angle) < 1e-6
    ratio = np.where(small, length_um * np.exp(-size), 0.5 * (np.exp(angle - size) - np.exp(-angle - size)))
    sinh_over_gamma = np.where(small, ratio, ratio / np.where(small, 1.0, gamma))
    below = cosh - 1j * delta * sinh_over_gamma
    return np.asarray(1j * kappa_per_um * sinh_over_gamma / below), np.asarray(np.exp(-size) / below)


def bragg_grating(
    wl_um: npt.ArrayLike,
    *,
    n_periods: float,
    period_um: float,
    kappa_per_um: float,
    n_eff: float,
    n_g: float,
    wl0_um: float,
    loss_db_per_cm: float = 0.0,
) -> Scattering:
    """Return a uniform Bragg grating from `in` to `out`; it reflects around the wavelength 2·n_eff·period.

    `kappa_per_um` is the coupling of the two directions; at the centre it reflects tanh²(κL).
    """
    wl = wavelengths(wl_um)
    length_um = n_periods * period_um
    beta = 2.0 * math.pi * index(wl, n_eff=n_eff, n_g=n_g, wl0_um=wl0_um) / wl
    carrier = math.pi / period_um
    r, t = contra_coupled(
        kappa_per_um=kappa_per_um, detuning_per_um=beta - carrier, length_um=length_um, loss_db_per_cm=loss_db_per_cm
    )
    turn = np.exp(1j * carrier * length_um)
    return build(wl, ("in", "out"), {("in", "in"): r, ("out", "out"): r * turn**2, ("in", "out"): t * turn})
