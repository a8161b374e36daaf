"""Guides of a circuit as blocks: whole, or cut where couplers to their neighbours stand in them.

Light collects the phase of the traced length by the index of the cross-section, moved to the width of the guide where
that is another one (drawn so, or by the process); losses of a guide that is cut are shared out by length.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.analyses.coupling import index_shift
from waveguard.assembly.index import loss_factor, loss_moves_with_wavelength
from waveguard.fields import core
from waveguard.models import CAUSES
from waveguard.models.fields import scattering
from waveguard.units import nm_to_um, um_to_nm

if TYPE_CHECKING:
    from waveguard.circuit import CircuitModel
    from waveguard.fields.circuit import FieldCircuit
    from waveguard.fields.runs import PlacedRuns
    from waveguard.pdk.schema import CrossSection

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Complexes = npt.NDArray[np.complex128]

SAME_PLACE_UM = 0.05
"""Couplers of several neighbours that stand nearer to each other take turns in which comes first."""
PROPAGATION = CAUSES.index("propagation")
MOST_NODES = 65
"""Wavelengths at which losses are worked out; between them they are straight lines."""
WIDTH_STEP_UM = 1e-5
"""Widths are told apart by this."""


@dataclass(frozen=True)
class GuideArcs:
    """The guides that stand in a circuit as guides."""

    row: Ints
    """Rows of `waveguides`."""
    arc: Ints
    """Rows of the arcs of the circuit, for light from the first port to the second."""

    @classmethod
    def of(cls, model: CircuitModel) -> GuideArcs:
        """Find them: those that have a length, a loss, and no model of their own."""
        arcs, guides = model.arcs, model.tables.waveguides
        found = np.flatnonzero((arcs.entry < 0) & (arcs.cross_section >= 0) & (arcs.start != arcs.end))
        row = model.tables.devices.waveguide[arcs.device[found]]
        found, row = found[row >= 0], row[row >= 0]
        along = arcs.start[found] == guides.port_a[row]
        return cls(row[along], found[along])

    def mask(self, n: int) -> Bools:
        """Return which rows of `waveguides` they are."""
        result = np.zeros(n, dtype=bool)
        result[self.row] = True
        return result


@dataclass(frozen=True)
class _Pieces:
    """Pieces of guides, as columns."""

    section: Ints
    shift: Ints
    """Number of the width, by which the index is shifted."""
    length_um: Floats
    left: Floats
    """Amplitude behind the piece, at the wavelength of its cross-section."""
    moving_db: Floats
    """Part of its loss that moves with wavelength: that along its length."""


def add_guides(
    circuit: FieldCircuit, model: CircuitModel, wl_um: Floats, guides: GuideArcs, runs: PlacedRuns, edge_bias_nm: float
) -> None:
    """Place guides, cut at the couplers of their runs, and the couplers; their outer ports keep their numbers."""
    arcs, table = model.arcs, model.tables.waveguides
    section = arcs.cross_section[guides.arc]
    length_um, loss_db = nm_to_um(arcs.length_nm[guides.arc]), arcs.loss_db[guides.arc]
    widths, number = np.unique(_widths_um(model, guides, section, edge_bias_nm), return_inverse=True)
    first_tap, taps = _taps(runs, len(table))
    start, end = table.port_a[guides.row].tolist(), table.port_b[guides.row].tolist()
    which: list[int] = []
    share: list[float] = []
    keys: list[tuple[Hashable, Hashable]] = []
    joints: list[tuple[Hashable, Hashable]] = []
    for k, row in enumerate(guides.row.tolist()):
        own = taps[first_tap[row] : first_tap[row + 1]]
        if not own:
            which.append(k)
            share.append(1.0)
            keys.append((start[k], end[k]))
            continue
        here, behind = 0.0, None
        for place, entry, leave in own:
            gate: Hashable = ("guide", row, len(which))
            keys.append((start[k] if behind is None else ("after", *behind), gate))
            if behind is not None:
                joints.append((behind, ("after", *behind)))
            joints.append((gate, entry))
            which.append(k)
            share.append((place - here) / max(float(length_um[k]), 1e-12))
            here, behind = place, leave
        assert behind is not None
        keys.append((("after", *behind), end[k]))
        joints.append((behind, ("after", *behind)))
        which.append(k)
        share.append(max(float(length_um[k]) - here, 0.0) / max(float(length_um[k]), 1e-12))
    of, part = np.array(which, dtype=np.int64), np.array(share)
    along_db = arcs.cause_db[guides.arc, PROPAGATION]
    pieces = _Pieces(
        section=section[of],
        shift=number[of],
        length_um=length_um[of] * part,
        left=scattering.amplitude(loss_db[of] * part),
        moving_db=along_db[of] * part,
    )
    first = circuit.add_blocks(_blocks(model, wl_um, pieces, widths))
    group_um = pieces.length_um * np.array([one.n_g.value for one in model.cross_sections])[pieces.section]
    for k, (one, other) in enumerate(keys):
        circuit.place(first + k, [one, other], group_um=float(group_um[k]))
    if len(runs):
        first = circuit.add_blocks(runs.blocks())
        for k in range(len(runs)):
            circuit.place(first + k, [("run", k, name) for name in ("a1", "a2", "b1", "b2")])
    for a, b in joints:
        circuit.join(a, b)


def _widths_um(model: CircuitModel, guides: GuideArcs, section: Ints, edge_bias_nm: float) -> Floats:
    """Return the width of each guide in um, process bias included.

    That of its cross-section where it is the same within the grid and the error of measuring it, or guides drawn alike
    would differ in phase by how they were rounded. Guides that change their width count at the nominal one.
    """
    table, pdk = model.tables.waveguides, model.pdk
    nominal_nm = um_to_nm(np.array([one.width_um.value for one in model.cross_sections]))[section]
    row = guides.row
    ends = np.stack([table.width_a_nm[row], table.width_b_nm[row], table.width_min_nm[row], table.width_max_nm[row]])
    low, high = np.fmin.reduce(ends), np.fmax.reduce(ends)
    tolerance_nm = pdk.limits.joint_width_nm.value + 2 * np.nan_to_num(table.width_error_nm[row])
    drawn = (low + high) / 2
    # Only the numbers of single cores move with their width.
    is_slot = np.array([one.slot is not None for one in model.cross_sections])[section]
    unlike = ~is_slot & (high - low <= tolerance_nm) & (np.abs(drawn - nominal_nm) > tolerance_nm)
    width_um = nm_to_um(np.where(unlike, drawn, nominal_nm) + 2 * edge_bias_nm)
    return np.asarray(np.round(width_um / WIDTH_STEP_UM) * WIDTH_STEP_UM)


Tap = tuple[float, Hashable, Hashable]


def _taps(
    runs: PlacedRuns, n_guides: int
) -> tuple[Ints, list[tuple[float, tuple[Hashable, ...], tuple[Hashable, ...]]]]:
    """Return the couplers in each guide in order: place, the port that light along the guide enters and leaves at."""
    n = len(runs)
    guide = np.concatenate([runs.guide_a, runs.guide_b])
    place = np.concatenate([runs.place_a_um, runs.place_b_um])
    order = np.lexsort((place, guide))
    # Those at one place: the runs take turns in which comes first, so that what each gets wrong is made good.
    new = np.ones(2 * n, dtype=bool)
    if n:
        new[1:] = (np.diff(guide[order]) != 0) | (np.diff(place[order]) > SAME_PLACE_UM)
    group = np.cumsum(new)
    number = np.tile(_numbers(runs.run), 2)[order]
    run = np.tile(runs.run, 2)[order]
    order = order[np.lexsort((np.where(number % 2, -run, run), group))]
    against = runs.against.tolist()
    taps: list[tuple[float, tuple[Hashable, ...], tuple[Hashable, ...]]] = []
    here, last = 0.0, -1
    for k in order.tolist():
        coupler, letter = k % n, "ab"[k // n]
        entry, leave = ("run", coupler, f"{letter}1"), ("run", coupler, f"{letter}2")
        if letter == "b" and against[coupler]:
            entry, leave = leave, entry
        here = float(place[k]) if int(guide[k]) != last else max(here, float(place[k]))
        last = int(guide[k])
        taps.append((here, entry, leave))
    return np.searchsorted(guide[order], np.arange(n_guides + 1)), taps


def _numbers(run: Ints) -> Ints:
    """Return the number of each coupler in its run; couplers of a run stand together."""
    first = np.flatnonzero(np.diff(run, prepend=-1))
    return np.arange(len(run)) - np.repeat(first, np.diff(np.append(first, len(run))))


def _blocks(model: CircuitModel, wl_um: Floats, pieces: _Pieces, widths: Floats) -> core.Blocks:
    kinds = np.stack([pieces.section, pieces.shift])
    used = np.unique(kinds, axis=1).T.tolist()

    def evaluate(rows: core.Rows) -> Complexes:
        wl = wl_um[rows]
        s = np.zeros((len(pieces.section), len(wl), 2, 2), dtype=np.complex128)
        for number, shift in used:
            mine = np.flatnonzero((pieces.section == number) & (pieces.shift == shift))
            section = model.cross_sections[number]
            n = index(section, wl) + index_shift(model.pdk, section, width_um=float(widths[shift]), wl_um=wl)
            through = pieces.left[mine, None] * np.exp(2j * np.pi * pieces.length_um[mine, None] * (n / wl)[None])
            more = _more_loss(model, section, float(widths[shift]), wl)
            if more is not None:
                through = through * scattering.amplitude(pieces.moving_db[mine, None] * more[None])
            s[mine, :, 0, 1] = through
            s[mine, :, 1, 0] = through
        return s

    return core.Blocks(len(pieces.section), 2, evaluate)


def _more_loss(model: CircuitModel, section: CrossSection, width_um: float, wl_um: Floats) -> Floats | None:
    """Return by what share more (or less) is lost along a guide at other wavelengths than that of its cross-section."""
    if not loss_moves_with_wavelength(model.pdk, section):
        return None
    width = np.asarray(width_um)
    still = float(loss_factor(model.pdk, section, width_um=width))
    low, high = float(wl_um.min()), float(wl_um.max())
    node = wl_um if len(wl_um) <= MOST_NODES else np.linspace(low, high, MOST_NODES)
    there = [float(loss_factor(model.pdk, section, width_um=width, wavelength_um=float(one))) for one in node]
    return np.asarray(np.interp(wl_um, node, there) / max(still, 1e-12) - 1.0)


def index(section: CrossSection, wl_um: Floats) -> Floats:
    """Return the effective index of a cross-section at each wavelength."""
    return scattering.index(wl_um, n_eff=section.n_eff.value, n_g=section.n_g.value, wl0_um=section.wavelength_um)
