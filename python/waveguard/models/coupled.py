"""Power that crosses between two guides side by side: coupled modes, exact for two guides.

theta = ∫ kappa(gap) dz and P = sin²(theta) for equal guides; with a mismatch delta of the propagation constants (half
their difference) P = (kappa/S)² sin²(S L), S² = kappa² + delta², at constant gap, and a product of such steps where the
gap changes. Nothing is linearised: beyond theta = π/2 light comes back, and that is what is returned.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Complexes = npt.NDArray[np.complex128]

MAX_SAMPLES = 1 << 20
"""Samples evaluated side by side; bounds memory."""
LONG_RAD, PART_RAD = 0.5, 0.2
"""Samples over which light turns further are cut into such parts: between two places that far apart no peak is off by
1 %. Samples at the usual step are far from long."""


def equal_guides(*, theta_rad: Floats) -> Floats:
    """Return the share of power that has crossed."""
    return np.asarray(np.sin(theta_rad) ** 2)


def unequal_guides(
    *, kappa_per_um: Floats, delta_per_um: Floats, step_um: Floats, first: Ints, count: Ints
) -> tuple[Floats, Floats]:
    """Return the share of power that has crossed at the end of each run, and the largest share along it.

    Parameters
    ----------
    kappa_per_um, delta_per_um, step_um
        Samples of all runs; delta is the mismatch, half the difference of the propagation constants.
    first, count
        Where the samples of each run stand.
    """
    at_end, most = np.zeros(len(first)), np.zeros(len(first))
    # The largest share is looked for between samples, so that those over which much happens are cut.
    phase_rad = np.nan_to_num(np.hypot(kappa_per_um, delta_per_um) * step_um)
    parts = np.where(phase_rad > LONG_RAD, np.ceil(phase_rad / PART_RAD), 1.0).astype(np.int64)
    before = np.concatenate([[0], np.cumsum(parts)])
    first, count = before[first], before[first + count] - before[first]
    kappa_per_um, delta_per_um, step_um = (
        np.repeat(values, parts) for values in (kappa_per_um, delta_per_um, step_um / parts)
    )
    # Runs of like length are evaluated side by side, as rows of a rectangle filled up with steps that do nothing.
    sizes = np.ceil(np.log2(np.maximum(count, 1))).astype(np.int64)
    for size in np.unique(sizes).tolist():
        width = 1 << size
        rows = np.flatnonzero(sizes == size)
        for some in np.array_split(rows, max(1, len(rows) * width // MAX_SAMPLES)):
            column = np.arange(width)
            at = first[some, None] + np.minimum(column, count[some, None] - 1)
            step = np.where(column < count[some, None], step_um[at], 0.0)
            crossed = _crossed_along(kappa_per_um[at], delta_per_um[at], step)
            at_end[some], most[some] = crossed[:, -1], crossed.max(axis=1)
    return at_end, most


def local_integrals(
    *, kappa_per_um: Floats, delta_per_um: Floats, step_um: Floats, owner: Ints, n: int
) -> npt.NDArray[np.complex128]:
    """Return ∫ kappa exp(2i ∫ delta ds) ds of each of `n` runs, whose samples `owner` tells apart."""
    phase = 2 * np.cumsum(delta_per_um * step_um)
    term = kappa_per_um * step_um * np.exp(1j * phase)
    real = np.bincount(owner, term.real, minlength=n)
    return np.asarray(real + 1j * np.bincount(owner, term.imag, minlength=n))


def transfer(*, kappa_per_um: Floats, delta_per_um: Floats, step_um: Floats) -> tuple[Complexes, Complexes]:
    """Return what two guides side by side do to the fields in them, samples along the last axis.

    `a' = -iδ a + iκ b`, `b' = iδ b + iκ a`, the phase that both share left out and δ half of what the second guide
    gains on the first (Yariv, IEEE J. Quantum Electron. 9, 919 (1973)). The result is exact for samples that are
    constant over their step: the amplitudes a → a and a → b; b → b is the conjugate of the first, b → a minus that of
    the second.

    Examples
    --------
    >>> one = np.array([1.0])
    >>> straight, across = transfer(kappa_per_um=0.04 * one, delta_per_um=0.0 * one, step_um=10.0 * one)
    >>> round(float(abs(across) ** 2), 6) == round(math.sin(0.4) ** 2, 6)
    True
    """
    phase = np.hypot(kappa_per_um, delta_per_um) * step_um
    share = step_um * np.sinc(phase / math.pi)
    straight, across = np.cos(phase) - 1j * delta_per_um * share, 1j * kappa_per_um * share
    while straight.shape[-1] > 1:
        if straight.shape[-1] % 2:
            still = np.ones((*straight.shape[:-1], 1))
            straight = np.concatenate([straight, still], axis=-1)
            across = np.concatenate([across, 0.0 * still], axis=-1)
        a, b = straight[..., 0::2], across[..., 0::2]
        c, d = straight[..., 1::2], across[..., 1::2]
        straight, across = c * a - np.conj(d) * b, d * a + np.conj(c) * b
    return np.asarray(straight[..., 0]), np.asarray(across[..., 0])


def _crossed_along(kappa: Floats, delta: Floats, step: Floats) -> Floats:
    """Return the power that has crossed after each step, by products of the matrices of the steps.

    A lossless step is (through, cross) with |through|² + |cross|² = 1; all products up to each step are formed at once,
    over distances of 1, 2, 4 … steps.
    """
    phase = np.hypot(kappa, delta) * step
    # sin(S·d)/S, finite where S vanishes.
    share = step * np.sinc(phase / math.pi)
    through = np.cos(phase) + 1j * delta * share
    cross = -1j * kappa * share
    distance = 1
    while distance < step.shape[1]:
        later, cross_later = through[:, distance:], cross[:, distance:]
        sooner, cross_sooner = through[:, :-distance], cross[:, :-distance]
        product = later * sooner - np.conj(cross_later) * cross_sooner
        cross_product = cross_later * sooner + np.conj(later) * cross_sooner
        through = np.concatenate([through[:, :distance], product], axis=1)
        cross = np.concatenate([cross[:, :distance], cross_product], axis=1)
        distance *= 2
    return np.asarray(np.abs(cross) ** 2, dtype=np.float64)


def mismatch(*, n_eff: Floats, n_eff_other: Floats, wavelength_um: float, other_per_own: Floats) -> Floats:
    """Return delta in 1/um: half of what the phase of the other guide gains per length of the own one.

    Guides differ in their effective index, or in their length, which `other_per_own` says: of two concentric turns the
    outer one is longer by pitch/radius, so that delta = beta·pitch/(2·radius).

    Examples
    --------
    >>> one = np.array([1.0])
    >>> mismatch(n_eff=2.35498 * one, n_eff_other=2.4472 * one, wavelength_um=1.55, other_per_own=one).round(3)
    array([0.187])
    """
    return np.asarray(math.pi / wavelength_um * (n_eff_other * other_per_own - n_eff))
