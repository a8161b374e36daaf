"""Stretches of coupled guides over a grid of wavelengths: exact at a few wavelengths, a polynomial between them.

The amplitudes of a coupler change slowly with wavelength once the phase of its guides is taken out, so that a
polynomial through some wavelengths is as good as the solution at each; stretches for which it is not (long unlike
guides, which beat) are solved everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.models import coupled

if TYPE_CHECKING:
    from waveguard.analyses.crosstalk import RunSamples
    from waveguard.fields.core import Rows

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Complexes = npt.NDArray[np.complex128]

MAX_VALUES = 1 << 21
"""Samples times wavelengths that are worked on at once."""
N_NODES = 17
"""Wavelengths of the polynomial."""
WITHIN = 1e-9
"""Largest error of an amplitude between them."""
SAME_KAPPA, SAME_DELTA_PER_UM = 1e-9, 1e-12
"""Samples in a row that differ by less are one."""
LEAST_KAPPA = 1e-250


@dataclass(frozen=True)
class Stretches:
    """Couplers, each with samples of its own."""

    owner: Ints
    """By coupler, the number of its run among those given; increasing."""
    middle_um: Floats
    """Place of the coupler from the beginning of its run, along the middle between the guides."""
    first: Ints
    """Where the samples of each coupler begin, and how many they are."""
    count: Ints
    step_um: Floats
    before: Floats
    """Share of each sample that lies before the place of its coupler."""
    node_um: Floats
    """Wavelengths of the two following, which are (node, sample)."""
    log_kappa: Floats
    turn: Floats
    """Mismatch delta times the wavelength."""
    wl_um: Floats
    table_um: Floats
    """Wavelengths of the polynomial; empty when all couplers are solved at each wavelength."""
    straight: Complexes
    """(coupler, wavelength of the polynomial)"""
    across: Complexes
    rough: Ints
    """Couplers for which the polynomial does not do."""

    def __len__(self) -> int:
        return len(self.first)

    def at(self, rows: Rows) -> tuple[Complexes, Complexes]:
        """Return the amplitudes a → a and a → b, (coupler, wavelength), of some rows of the grid."""
        wl = self.wl_um[rows]
        if not len(self.table_um):
            return self.solved(np.arange(len(self)), wl)
        weight = lagrange(self.table_um, wl).T
        straight, across = self.straight @ weight, self.across @ weight
        if len(self.rough):
            straight[self.rough], across[self.rough] = self.solved(self.rough, wl)
        # A polynomial through lossless couplers is lossless up to its error.
        size = np.hypot(np.abs(straight), np.abs(across))
        return straight / size, across / size

    def solved(self, which: Ints, wl_um: Floats) -> tuple[Complexes, Complexes]:
        """Return the exact amplitudes of some couplers."""
        straight = np.ones((len(which), len(wl_um)), dtype=np.complex128)
        across = np.zeros_like(straight)
        if not len(which):
            return straight, across
        weight = lagrange(self.node_um, wl_um)
        # Couplers of like length are worked on side by side, as rows of a rectangle.
        sizes = np.ceil(np.log2(np.maximum(self.count[which], 1))).astype(np.int64)
        for size in np.unique(sizes).tolist():
            width = 1 << size
            mine = np.flatnonzero(sizes == size)
            for some in np.array_split(mine, math.ceil(len(mine) * width * len(wl_um) / MAX_VALUES)):
                at, column = which[some], np.arange(width)
                k = self.first[at, None] + np.minimum(column, self.count[at, None] - 1)
                step = np.where(column < self.count[at, None], self.step_um[k], 0.0)[:, None]
                kappa = np.exp(np.einsum("wn,ncs->cws", weight, self.log_kappa[:, k]))
                delta = np.einsum("wn,ncs->cws", weight, self.turn[:, k]) / wl_um[None, :, None]
                one, other = coupled.transfer(kappa_per_um=kappa, delta_per_um=delta, step_um=step)
                phase = delta * step
                before = (phase * self.before[k][:, None]).sum(axis=-1)
                behind = phase.sum(axis=-1) - before
                straight[some] = one * np.exp(1j * (before + behind))
                across[some] = other * np.exp(1j * (before - behind))
        return straight, across


def lagrange(node: Floats, at: Floats) -> Floats:
    """Return the weights (place, node) of the polynomial through some nodes."""
    if len(node) == 1:
        return np.ones((len(at), 1))
    apart = node[:, None] - node[None]
    np.fill_diagonal(apart, 1.0)
    # Scaled, or the products over many nodes in um would vanish.
    scale = 4.0 / (node.max() - node.min())
    weight = 1.0 / np.prod(apart * scale, axis=1)
    off = at[:, None] - node[None]
    hit = np.abs(off) < 1e-15
    terms = weight / np.where(hit, 1.0, off)
    result = terms / terms.sum(axis=1, keepdims=True)
    met = hit.any(axis=1)
    result[met] = hit[met]
    return np.asarray(result)


def stretches_of(node_um: Floats, samples: list[RunSamples], steps: Ints, wl_um: Floats) -> Stretches:
    """Return the couplers of some runs, each run cut into so many of equal length.

    Parameters
    ----------
    node_um, samples
        Wavelengths, and the couplings of the same runs at each.
    steps
        By run.
    wl_um
        Grid at which the couplers are asked for.
    """
    one = samples[0]
    for other in samples[1:]:
        assert np.array_equal(one.rows, other.rows)
    log_kappa = np.log(np.maximum(np.stack([part.kappa_per_um for part in samples]), LEAST_KAPPA))
    turn = np.stack([part.delta_per_um for part in samples]) * node_um[:, None]
    step, source, owner, number = _cut(one, _merged(one, log_kappa, turn), steps)
    first = np.flatnonzero(np.diff(owner * (int(steps.max(initial=0)) + 1) + number, prepend=-1))
    count = np.diff(np.append(first, len(step)))
    middle_kappa = np.exp(log_kappa[len(node_um) // 2, source])
    before, middle = _middles(step, middle_kappa, first, count)
    begin = np.array([0.0]) if not len(first) else _begins(one, owner[first], number[first], steps)
    found = Stretches(
        owner=owner[first],
        middle_um=begin[: len(first)] + middle,
        first=first,
        count=count,
        step_um=step,
        before=before,
        node_um=node_um,
        log_kappa=log_kappa[:, source],
        turn=turn[:, source],
        wl_um=wl_um,
        table_um=np.zeros(0),
        straight=np.zeros((0, 0), dtype=np.complex128),
        across=np.zeros((0, 0), dtype=np.complex128),
        rough=np.zeros(0, dtype=np.int64),
    )
    return _tabulated(found) if len(wl_um) > 2 * N_NODES and len(first) else found


def _tabulated(found: Stretches) -> Stretches:
    """Return them with a polynomial over the grid, checked between its nodes."""
    low, high = float(found.wl_um[0]), float(found.wl_um[-1])
    turn = np.cos(math.pi * (np.arange(N_NODES) + 0.5) / N_NODES)
    node = np.sort((low + high) / 2 + (high - low) / 2 * turn)
    straight, across = found.solved(np.arange(len(found)), node)
    trial = np.concatenate([[low, high], (node[1::3] + node[:-1:3]) / 2])
    exact = found.solved(np.arange(len(found)), trial)
    weight = lagrange(node, trial).T
    off = np.maximum(np.abs(straight @ weight - exact[0]), np.abs(across @ weight - exact[1])).max(axis=1)
    columns = {name: getattr(found, name) for name in found.__dataclass_fields__}
    columns |= {"table_um": node, "straight": straight, "across": across, "rough": np.flatnonzero(off > WITHIN)}
    return Stretches(**columns)


def _merged(one: RunSamples, log_kappa: Floats, turn: Floats) -> Bools:
    """Return which samples begin a new stretch: those unlike the one before, and the first of each run."""
    new = np.ones(log_kappa.shape[1], dtype=bool)
    if len(new) > 1:
        same = (np.abs(np.diff(log_kappa, axis=1)) < SAME_KAPPA).all(axis=0)
        same &= (np.abs(np.diff(turn, axis=1)) < SAME_DELTA_PER_UM).all(axis=0)
        new[1:] = ~same
    new[one.start] = True
    return new


def _cut(one: RunSamples, new: Bools, steps: Ints) -> tuple[Floats, Ints, Ints, Ints]:
    """Return merged samples cut at the borders of couplers: their lengths, where each came from, run and coupler."""
    n = len(new)
    run = np.repeat(np.arange(len(one.rows)), one.count)
    head = np.flatnonzero(new)
    length = np.add.reduceat(one.step_um, head) if n else np.zeros(0)
    run = run[head]
    if not n or steps.max() == 1:
        return length, head, run, np.zeros(len(head), dtype=np.int64)
    parts: list[tuple[Floats, Ints, Ints, Ints]] = []
    bounds = np.searchsorted(run, np.arange(len(one.rows) + 1))
    for k in range(len(one.rows)):
        mine = slice(int(bounds[k]), int(bounds[k + 1]))
        ends = np.cumsum(length[mine])
        cuts = ends[-1] * np.arange(1, steps[k]) / steps[k]
        place = np.unique(np.concatenate([[0.0], cuts, ends]))
        # Borders that rounding puts beside an end of a sample would leave slivers.
        place = place[np.append(True, np.diff(place) > 1e-12 * ends[-1])]
        middle = (place[1:] + place[:-1]) / 2
        at = np.searchsorted(ends, middle)
        number = np.minimum((middle / ends[-1] * steps[k]).astype(np.int64), steps[k] - 1)
        parts.append((np.diff(place), head[mine][at], np.full(len(at), k, dtype=np.int64), number))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))  # type: ignore[return-value]


def _begins(one: RunSamples, owner: Ints, number: Ints, steps: Ints) -> Floats:
    """Return where each coupler begins along its run."""
    whole = np.add.reduceat(one.step_um, one.start)
    return np.asarray(whole[owner] * number / steps[owner])


def _middles(step: Floats, kappa: Floats, first: Ints, count: Ints) -> tuple[Floats, Floats]:
    """Return which share of each sample lies before the middle of its coupler, and the place of that middle.

    The middle is the mean place of the coupling.
    """
    if not len(first):
        return np.zeros(0), np.zeros(0)
    end = np.cumsum(step)
    offset = np.repeat((end - step)[first], count)
    begin, end = end - step - offset, end - offset
    weight = kappa * step
    middle = np.add.reduceat(weight * (begin + end) / 2, first) / np.add.reduceat(weight, first)
    share = (np.repeat(middle, count) - begin) / np.maximum(step, 1e-300)
    return np.asarray(np.clip(share, 0.0, 1.0)), np.asarray(middle)
