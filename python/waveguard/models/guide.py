"""Waveguides: propagation, bends, and the phase they collect. Vectorised over guides or bends.

The fact a newcomer would get wrong: published bend figures often include propagation along the bend. Then that part is
taken out first, because it is charged to the length of the whole guide.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
QUARTER_TURN_RAD = math.pi / 2
UM_PER_CM = 1e4
STRAIGHT_PER_UM = 1e-6
"""Curvatures below are straight: a radius of a metre."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)
GAUSS_PLACES, GAUSS_WEIGHTS = tuple((1.0 + _NODES) / 2.0), tuple(_WEIGHTS / 2.0)


def propagation_db(*, length_um: Floats, loss_db_per_cm: float) -> Floats:
    """Return the loss along the centre-line."""
    return length_um * (loss_db_per_cm / UM_PER_CM)


def bend_db(
    *,
    radius_um: Floats,
    turn_rad: Floats,
    table_radius_um: Floats,
    table_db_per_90deg: Floats,
    includes_propagation: bool,
    loss_db_per_cm: float,
) -> Floats:
    """Return the loss of bends by a table of loss per quarter turn, beyond propagation.

    Interpolated in the logarithms of radius and loss (a power law between two points), linear in the loss where a point
    is zero; scaled by the turn. Wider bends than the widest of the table cost less by the square of the radius: so
    falls the mismatch of modes, and radiation falls faster. Tighter ones follow the first two points outwards, see
    `outside_table`. A table of one point says that the radius does not matter.
    """
    loss = np.asarray(table_db_per_90deg, dtype=np.float64)
    if includes_propagation:
        along = QUARTER_TURN_RAD * table_radius_um * (loss_db_per_cm / UM_PER_CM)
        loss = np.maximum(loss - along, 0.0)
    log_radius = np.log(table_radius_um)
    at = np.log(np.maximum(radius_um, np.finfo(np.float64).tiny))
    upper = np.clip(np.searchsorted(log_radius, at), 1, max(len(loss) - 1, 1))
    if len(loss) == 1:
        per_quarter = np.full_like(at, loss[0])
    else:
        lower = upper - 1
        whole = (at - log_radius[lower]) / (log_radius[upper] - log_radius[lower])
        share = np.minimum(whole, 1.0)
        a, b = loss[lower], loss[upper]
        positive = (a > 0.0) & (b > 0.0)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            power_law = np.exp(np.log(a) + share * (np.log(b) - np.log(a)))
        per_quarter = np.where(positive, power_law, np.maximum(a + share * (b - a), 0.0))
        # A table that rises with the radius (propagation not fully taken out) must not vanish below its first point.
        per_quarter = np.where(share < 0.0, np.maximum(per_quarter, a), per_quarter)
        per_quarter = per_quarter * np.minimum(np.exp(2.0 * (log_radius[-1] - at)), 1.0)
    return np.asarray(per_quarter * np.abs(turn_rad) / QUARTER_TURN_RAD)


def bend_integral_db(
    *,
    begin_curvature_per_um: Floats,
    end_curvature_per_um: Floats,
    length_um: Floats,
    table_radius_um: Floats,
    table_db_per_90deg: Floats,
    includes_propagation: bool,
    loss_db_per_cm: float,
) -> Floats:
    """Return the loss of pieces whose curvature goes evenly from one value to another, by the same table.

    The loss per turn at each place, integrated over the turn: ∫ loss(1/|k|)·|k| ds, by Gauss-Legendre quadrature.
    """
    total = np.zeros(np.shape(length_um))
    for place, weight in zip(GAUSS_PLACES, GAUSS_WEIGHTS, strict=True):
        curvature = np.abs(begin_curvature_per_um + place * (end_curvature_per_um - begin_curvature_per_um))
        bent = np.maximum(curvature, STRAIGHT_PER_UM)
        total += weight * bend_db(
            radius_um=1.0 / bent,
            turn_rad=np.where(curvature > STRAIGHT_PER_UM, curvature, 0.0) * length_um,
            table_radius_um=table_radius_um,
            table_db_per_90deg=table_db_per_90deg,
            includes_propagation=includes_propagation,
            loss_db_per_cm=loss_db_per_cm,
        )
    return total


def outside_table(*, radius_um: Floats, table_radius_um: Floats) -> npt.NDArray[np.bool_]:
    """Return which radii are tighter than the table goes: their loss is extrapolated."""
    return np.asarray(radius_um < table_radius_um[0])


def mismatch_db(*, curvature_before_per_um: Floats, curvature_after_per_um: Floats, a_db_um2: float) -> Floats:
    """Return the mode mismatch at junctions of two curvatures, A·(k1-k2)².

    An upper bound where the bend is shorter than the beat of the modes: junctions then interfere. A is 0.485 dB·um² for
    a 500x220 nm silicon wire at 1550 nm TE, by overlap of the bent modes.
    """
    return np.asarray(a_db_um2 * (curvature_before_per_um - curvature_after_per_um) ** 2)
