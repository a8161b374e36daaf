"""Connectors: a fibre before a fibre or a facet, both modes taken as Gaussian beams."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from waveguard.models.fields.scattering import Complexes, Floats, Scattering, amplitude, build, level, wavelengths


def fibre_connector(
    wl_um: npt.ArrayLike,
    *,
    mode_radius_um: float,
    other_radius_um: float,
    mode_radius_y_um: float | None = None,
    other_radius_y_um: float | None = None,
    offset_um: float = 0.0,
    offset_y_um: float = 0.0,
    tilt_rad: float = 0.0,
    tilt_y_rad: float = 0.0,
    gap_um: float = 0.0,
    n_gap: float = 1.0,
    loss_db: float = 0.0,
    reflection_db: float | None = None,
) -> Scattering:
    """Return a connector from `in` to `out`.

    Parameters
    ----------
    wl_um
        Wavelengths.
    mode_radius_um, other_radius_um
        1/e radius of the field on both sides along x (half of the mode field diameter).
    mode_radius_y_um, other_radius_y_um
        The same along y; as along x when None.
    offset_um, offset_y_um, tilt_rad, tilt_y_rad
        How far the second beam lies beside the first, and by how much it is turned, in the planes of x and of y.
    gap_um, n_gap
        Distance between the two, and the index of what fills it.
    loss_db, reflection_db
        Loss beyond the overlap, and level of what comes back on both sides.

    The overlap integral of two Gaussian beams in closed form (Joyce and DeLoach, Appl. Opt. 23, 4187 (1984)); angles
    are small. Its phase, that of the gap included, is that of the light.
    """
    wl = wavelengths(wl_um)
    y1 = mode_radius_um if mode_radius_y_um is None else mode_radius_y_um
    y2 = other_radius_um if other_radius_y_um is None else other_radius_y_um
    k = 2.0 * math.pi * n_gap / wl
    both = _overlap(k, mode_radius_um, other_radius_um, offset_um, tilt_rad, gap_um)
    both = both * _overlap(k, y1, y2, offset_y_um, tilt_y_rad, gap_um)
    through = amplitude(loss_db) * both * np.exp(1j * k * gap_um)
    # A quarter period off the light that goes through: no loss forbids it.
    back = 1j * level(reflection_db) * np.exp(1j * np.angle(through))
    return build(wl, ("in", "out"), {("in", "out"): through, ("in", "in"): back, ("out", "out"): back})


def _overlap(k: Floats, radius: float, other: float, offset: float, tilt: float, gap: float) -> Complexes:
    """Return ∫ u v* dx of a beam behind a gap and the mode it meets, both of power one along x.

    Behind the gap the beam is exp(-p x²) with p = 1/(w² (1 + i z/zR)), and v = exp(-(x-d)²/v² + i k θ (x-d)).
    """
    rayleigh = 0.5 * k * radius**2
    spread = 1.0 + 1j * gap / rayleigh
    p, q = 1.0 / (radius**2 * spread), 1.0 / other**2
    # ∫ exp(-(p+q) x² + b x + c) dx = sqrt(π/(p+q)) exp(b²/(4(p+q)) + c)
    b = 2.0 * q * offset - 1j * k * tilt
    c = -q * offset**2 + 1j * k * tilt * offset
    norm = math.sqrt(2.0 / (math.pi * radius * other)) / np.sqrt(spread)
    return np.asarray(norm * np.sqrt(math.pi / (p + q)) * np.exp(b**2 / (4.0 * (p + q)) + c))
