"""What crosstalk costs a receiver: power penalties in optical dB.

eps is the crosstalk of one interferer over the signal, both as average powers at the receiver. Light of another
wavelength adds to the power; light of the same wavelength beats with the field of the signal, which costs far more.
What a newcomer would get wrong: M levels need (M-1) times the eye, so PAM4 tolerates 9.5 dB less of the beat than
on-off keying. A penalty of infinity means that the eye is closed.

Sources: Goldstein and Eskildsen, PTL 7, 93 (1995) for the fixed threshold; the optimised threshold after Legg and
Agrawal; the limits of Li, Olsen and Messerschmitt, JLT 9, 1693 (1991) are met. Checked against a simulation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

OOK_LEVELS, PAM4_LEVELS = 2, 4
Q_KP4 = 3.492
"""Gaussian argument of an error rate of 2.4e-4, on-off keying."""


def _cost_db(eye: float, factor_db: float) -> float:
    return -factor_db * math.log10(eye) + 0.0 if eye > 0.0 else math.inf


def extinction_factor(extinction_ratio_db: float) -> float:
    """Return h = r(r+1)/(r-1)²: what a finite extinction ratio r adds to the beat; 1 for a perfect one."""
    if math.isinf(extinction_ratio_db):
        return 1.0
    r = math.pow(10.0, extinction_ratio_db / 10.0)
    return r * (r + 1.0) / (r - 1.0) ** 2


def other_wavelength_db(total: float, *, levels: int = OOK_LEVELS) -> float:
    """Return the penalty of leaks at other wavelengths, all marks aligned: -10·log10(1 - (M-1)·Σeps).

    Examples
    --------
    >>> round(other_wavelength_db(0.01), 2), round(other_wavelength_db(0.01, levels=4), 2)
    (0.04, 0.13)
    """
    return _cost_db(1.0 - (levels - 1) * total, 10.0)


def other_wavelength_statistical_db(eps: Sequence[float], *, q: float = Q_KP4, levels: int = OOK_LEVELS) -> float:
    """Return the same for many small independent leaks: -5·log10(1 - Q²·(M-1)²·c·Σeps²), c = 1 or 5/9."""
    c = 1.0 if levels == OOK_LEVELS else 5.0 / 9.0
    return _cost_db(1.0 - q**2 * (levels - 1) ** 2 * c * sum(one**2 for one in eps), 5.0)


def beat_fixed_db(
    total: float, *, q: float = Q_KP4, levels: int = OOK_LEVELS, extinction_ratio_db: float = math.inf
) -> float:
    """Return the penalty of beat noise of the same wavelength, thresholds fixed: -5·log10(1 - 4(M-1)²Q²·Σeps·h).

    An upper bound; twice too much where error correction works.
    """
    h = extinction_factor(extinction_ratio_db)
    return _cost_db(1.0 - 4.0 * (levels - 1) ** 2 * q**2 * total * h, 5.0)


def beat_optimised_db(total: float, *, q: float = Q_KP4, extinction_ratio_db: float = math.inf) -> float:
    """Return the penalty of the same with the best threshold, on-off keying: -10·log10(1 - Q²·Σeps·h)."""
    return _cost_db(1.0 - q**2 * total * extinction_factor(extinction_ratio_db), 10.0)


def coherent_worst_db(eps: Sequence[float], *, optimised: bool = True) -> float:
    """Return the worst case of a few leaks whose phases align, on-off keying: eye 1 - 2·Σ√eps, or 1 - 4·Σ√eps."""
    total = sum(math.sqrt(one) for one in eps)
    return _cost_db(1.0 - (2.0 if optimised else 4.0) * total, 10.0)


def ripple_db(eps: Sequence[float]) -> float:
    """Return the peak-to-peak ripple of a signal with stray fields of its own laser: 20·log10((1+S)/(1-S))."""
    total = sum(math.sqrt(one) for one in eps)
    return 20.0 * math.log10((1.0 + total) / (1.0 - total)) if total < 1.0 else math.inf


def statistical_power(eps: Sequence[float], *, tail: float = 1e-3, most: float | None = None) -> float:
    """Return the power that stray fields of random phases exceed only in `tail` of all cases.

    Many fields of random phases make a Rayleigh amplitude: the power is Σeps·ln(1/tail), at most that of all aligned,
    which is `most` where an entry of `eps` is itself a sum of fields.
    """
    return min(sum(eps) * math.log(1.0 / tail), coherent_power(eps) if most is None else most)


def coherent_power(eps: Sequence[float]) -> float:
    """Return the power of leaks whose fields all align, (Σ√eps)²."""
    return sum(math.sqrt(one) for one in eps) ** 2
