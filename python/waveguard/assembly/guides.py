"""Arcs of waveguides: measured lengths and bends times the numbers of their cross-section.

Vectorised over all guides of a cross-section. What the PDK has no number for is taken as zero only where a note says
so; a guide whose length or bends could not be measured is a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from waveguard.assembly import arcs
from waveguard.assembly.index import group_index_of, loss_factor, loss_moves_with_wavelength
from waveguard.assembly.widths import mean_along, stretches, taper_loss
from waveguard.models import CAUSES, guide
from waveguard.units import nm_to_um, per_nm_to_per_um

if TYPE_CHECKING:
    from waveguard.assembly.gaps import GapList
    from waveguard.pdk.schema import CrossSection, Pdk
    from waveguard.tables import Tables

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

GRID_STEP_NM = 1.0
"""Nearer than this, one thing begins where another ends."""
BEND_EDGE = 0.02
"""Part of its length by which a bend may reach further at both ends: it is traced from a hundredth of its turn on."""
STRAIGHT = 0
"""`pieces.kind`"""
PROPAGATION, BEND, TRANSITION = (CAUSES.index(name) for name in ("propagation", "bend", "transition"))
SAME_TURN = 0.1
"""Pieces are those of bends that turn by as much within this part."""
MOVED = 0.01
"""Losses that move by less than this share are not told of."""
SAME_LIGHT_UM = 1e-3
"""Losses do not move within a nanometre of wavelength."""


def guide_arcs(
    tables: Tables,
    pdk: Pdk,
    cross_sections: Sequence[CrossSection],
    wanted: Bools,
    peer: Ints,
    gaps: GapList,
    wavelength_um: float | None = None,
) -> tuple[arcs.Arcs, list[str]]:
    """Return the arcs of the guides in `wanted` (a mask over `waveguides`), and notes on what was taken as zero.

    `peer` is the port that each port is joined to, or -1. Each cross-section counts at its own wavelength when None.
    """
    guides = tables.waveguides
    length_nm = guides.centerline_length_nm
    bend_known = _bends_known(tables)
    reasons = (
        ("no cross-section of the PDK fits its layer and width", guides.cross_section < 0),
        ("it has not two ends", (guides.port_a < 0) | (guides.port_b < 0)),
        ("its length could not be measured", ~np.isfinite(length_nm)),
        ("the radius of a bend could not be measured", ~bend_known),
        (
            "it is a row of boxes, whose light is not that of a solid core: no cross-section of the PDK is segmented",
            _is_unknown_row(tables, cross_sections),
        ),
    )
    left = wanted.copy()
    for reason, mask in reasons:
        gaps.add(guides.device[left & mask], reason)
        left &= ~mask
    n = len(length_nm)
    cause_db = np.zeros((n, len(CAUSES)))
    group_nm = np.zeros(n)
    curved_nm = _curved_nm(tables)
    notes: list[str] = []
    for index, section in enumerate(cross_sections):
        mine = left & (guides.cross_section == index)
        if not mine.any():
            continue
        factor, n_g = _along(tables, pdk, section, mine, wavelength_um)
        straight = guide.propagation_db(
            length_um=nm_to_um((length_nm - curved_nm)[mine]), loss_db_per_cm=section.loss_db_per_cm.value
        )
        curved = guide.propagation_db(length_um=nm_to_um(curved_nm[mine]), loss_db_per_cm=curved_loss(section))
        cause_db[mine, PROPAGATION] = (straight + curved) * factor[mine]
        group_nm[mine] = length_nm[mine] * n_g[mine]
        bend_db, note = _bend_db(tables, section, mine, peer)
        cause_db[mine, BEND] = bend_db[mine]
        taper_db, n_tapers = taper_loss(tables, pdk, section, mine)
        cause_db[mine, TRANSITION] = np.nan_to_num(taper_db[mine])
        notes += [*note, *_notes(pdk, section, taper_db, n_tapers, wavelength_um)]
        share = section.sidewall_share
        moved = np.abs(factor[mine] - 1.0).max() > MOVED
        if moved and share is not None and share.assumed:
            notes.append(f"{section.name}: loss moved by width or wavelength with a sidewall_share that is assumed")
    rows = np.flatnonzero(left)
    a, b = guides.port_a[rows], guides.port_b[rows]
    both = np.concatenate([rows, rows])
    return (
        arcs.make(
            np.concatenate([a, b]),
            np.concatenate([b, a]),
            guides.device[both],
            cause_db=cause_db[both],
            length_nm=length_nm[both],
            group_length_nm=group_nm[both],
            curved_nm=curved_nm[both],
            n_guides=1,
            n_bends=guides.n_bends[both],
            cross_section=guides.cross_section[both],
        ),
        notes,
    )


def curved_loss(section: CrossSection) -> float:
    """Return the loss along curves in dB/cm: that of straight guides where the PDK does not tell them apart."""
    stated = section.curved_loss_db_per_cm
    return section.loss_db_per_cm.value if stated is None else stated.value


def _curved_nm(tables: Tables) -> Floats:
    """Return the length along curves of each guide: of its pieces, or of its bends where it was not fitted."""
    pieces, bends, guides = tables.pieces, tables.bends, tables.waveguides
    n = len(guides)
    bent = pieces.kind != STRAIGHT
    along = np.bincount(pieces.waveguide[bent], pieces.length_nm[bent], minlength=n)
    fitted = np.zeros(n, dtype=bool)
    fitted[pieces.waveguide] = True
    by_bends = np.bincount(bends.waveguide, np.nan_to_num(bends.length_nm), minlength=n)
    length_nm = np.nan_to_num(guides.centerline_length_nm)
    return np.asarray(np.clip(np.where(fitted, along, by_bends), 0.0, length_nm), dtype=np.float64)


def _along(
    tables: Tables, pdk: Pdk, section: CrossSection, mine: Bools, wavelength_um: float | None
) -> tuple[Floats, Floats]:
    """Return, by guide, by what its loss per length is multiplied, and its group index: both by its widths."""
    n = len(tables.waveguides)
    found = stretches(tables, section, mine, pdk.limits.joint_width_nm.value)
    light_um = section.wavelength_um if wavelength_um is None else wavelength_um
    return (
        mean_along(found, n, lambda width: loss_factor(pdk, section, width_um=width, wavelength_um=wavelength_um)),
        mean_along(found, n, lambda width: group_index_of(pdk, section, width_um=width, wavelength_um=light_um)),
    )


def _notes(pdk: Pdk, section: CrossSection, taper_db: Floats, n_tapers: int, wavelength_um: float | None) -> list[str]:
    found = []
    if n_tapers and np.isnan(taper_db).any():
        missing = "clad_index for their loss" if section.slot is None else "taper_loss_db"
        found.append(f"{n_tapers} tapers of {section.name}: the PDK states no {missing}, taken as 0 dB")
    elif n_tapers and section.taper_loss_db is None:
        most = f"{float(taper_db.max()):.2f} dB"
        found.append(
            f"{n_tapers} tapers of {section.name}: loss estimated from their shape, {most} at most in one guide"
        )
    moved = wavelength_um is not None and abs(wavelength_um - section.wavelength_um) > SAME_LIGHT_UM
    if moved and not loss_moves_with_wavelength(pdk, section):
        found.append(f"{section.name}: the PDK states its loss at {section.wavelength_um:g} um only, taken as the same")
    return found


def _is_unknown_row(tables: Tables, cross_sections: Sequence[CrossSection]) -> Bools:
    """For each guide whether it is a row of separate boxes with the cross-section of a solid core."""
    of_guide = tables.waveguides.cross_section
    is_row = np.zeros(len(of_guide), dtype=np.bool_)
    is_row[tables.segments.waveguide] = True
    is_segmented = np.array([*(section.segmented for section in cross_sections), False])
    unknown: Bools = is_row & ~is_segmented[of_guide]
    return unknown


def _bends_known(tables: Tables) -> Bools:
    bends = tables.bends
    known = np.isfinite(bends.min_radius_nm) & np.isfinite(bends.turn_rad)
    result = np.ones(len(tables.waveguides.device), dtype=bool)
    result[bends.waveguide[~known]] = False
    return result


def _bend_db(tables: Tables, section: CrossSection, mine: Bools, peer: Ints) -> tuple[Floats, list[str]]:
    """Return the bend loss of each guide (of those in `mine`)."""
    bends = tables.bends
    n = len(tables.waveguides.device)
    owner = bends.waveguide
    rows = np.flatnonzero(mine[owner]) if len(owner) else np.zeros(0, dtype=np.int64)
    if section.bend_loss is None and section.bend_mismatch_db_um2 is not None:
        return _mismatch_db(tables, mine, rows, peer, section.bend_mismatch_db_um2.value), []
    if not len(rows):
        return np.zeros(n), []
    if section.bend_loss is not None:
        radius_um = nm_to_um(bends.min_radius_nm[rows])
        table_um = np.array([point.radius_um for point in section.bend_loss.table])
        table = {
            "table_radius_um": table_um,
            "table_db_per_90deg": np.array([point.db_per_90deg for point in section.bend_loss.table]),
            "includes_propagation": section.bend_loss.includes_propagation,
            "loss_db_per_cm": curved_loss(section),
        }
        loss_db = guide.bend_db(radius_um=radius_um, turn_rad=bends.turn_rad[rows], **table)  # type: ignore[arg-type]
        n_tight = int(guide.outside_table(radius_um=radius_um, table_radius_um=table_um).sum())
        tight = f"{n_tight} bends of {section.name} are tighter than its bend table: extrapolated"
        whole = _summed(owner[rows], loss_db, n)
        along, is_fitted = _along_pieces(tables, mine, table)
        # A curve that was fitted piece by piece is no tighter for its length than at its tightest place.
        return np.where(is_fitted, np.minimum(along, whole), whole), [tight] if n_tight else []
    return np.zeros(n), [f"{len(rows)} bends of {section.name}: the PDK states no bend loss, taken as 0 dB"]


def _along_pieces(tables: Tables, mine: Bools, table: dict[str, Any]) -> tuple[Floats, Bools]:
    """Return the bend loss of guides along their pieces of even curvature, and for which guides that is all of it."""
    pieces, n = tables.pieces, len(tables.waveguides.device)
    rows = np.flatnonzero(mine[pieces.waveguide] & (pieces.kind != STRAIGHT)) if len(pieces) else np.zeros(0, np.int64)
    loss_db = guide.bend_integral_db(
        begin_curvature_per_um=np.nan_to_num(per_nm_to_per_um(pieces.begin_curvature_per_nm[rows])),
        end_curvature_per_um=np.nan_to_num(per_nm_to_per_um(pieces.end_curvature_per_nm[rows])),
        length_um=nm_to_um(pieces.length_nm[rows]),
        **table,
    )
    part, is_fitted = _turned_along(tables)
    return _summed(pieces.waveguide[rows], loss_db, n) / part, is_fitted


def _turned_along(tables: Tables) -> tuple[Floats, Bools]:
    """Return the part of its turn that the pieces of a guide have, and whether that is nearly all of it.

    Pieces cut short where the curvature jumps, and those of a bad fit pass over tight places.
    """
    pieces, bends, n = tables.pieces, tables.bends, len(tables.waveguides.device)
    mean_per_nm = (pieces.begin_curvature_per_nm + pieces.end_curvature_per_nm) / 2
    along_rad = _summed(pieces.waveguide, np.abs(np.nan_to_num(mean_per_nm * pieces.length_nm)), n)
    turned_rad = _summed(bends.waveguide, np.abs(bends.turn_rad), n)
    has = np.zeros(n, dtype=bool)
    has[pieces.waveguide] = True
    fitted: Bools = has & (np.abs(along_rad - turned_rad) <= SAME_TURN * turned_rad)
    return np.divide(along_rad, turned_rad, out=np.ones(n), where=fitted & (turned_rad > 0)), fitted


def _summed(owner: Ints, loss_db: Floats, n: int) -> Floats:
    return np.asarray(np.bincount(owner, loss_db, minlength=n), dtype=np.float64)


def _mismatch_db(tables: Tables, mine: Bools, rows: Ints, peer: Ints, a_db_um2: float) -> Floats:
    """Return the mismatch of all steps of curvature, by guide; a joint of two alike guides is charged by halves.

    Bends are often cells of their own, so that the step from one bend to the next falls on a joint.
    """
    bends, guides = tables.bends, tables.waveguides
    owner, start_nm = bends.waveguide[rows], bends.start_nm[rows]
    end_nm = start_nm + bends.length_nm[rows]
    begin = np.nan_to_num(per_nm_to_per_um(bends.begin_curvature_per_nm[rows]))
    end = np.nan_to_num(per_nm_to_per_um(bends.end_curvature_per_nm[rows]))
    edge_nm = BEND_EDGE * bends.length_nm[rows] + GRID_STEP_NM
    at_a = start_nm < edge_nm
    at_b = guides.centerline_length_nm[owner] - end_nm < edge_nm
    # Within guides, from each bend to what lies before it, and to a straight behind it.
    meets = np.zeros(len(rows), dtype=bool)
    meets[1:] = (owner[1:] == owner[:-1]) & (start_nm[1:] - end_nm[:-1] < edge_nm[1:] + edge_nm[:-1])
    before = np.where(meets, np.roll(end, 1), 0.0)
    straight_follows = ~np.append(meets[1:], False) & ~at_b
    at_begin = guide.mismatch_db(curvature_before_per_um=before, curvature_after_per_um=begin, a_db_um2=a_db_um2)
    at_end = guide.mismatch_db(
        curvature_before_per_um=end, curvature_after_per_um=np.zeros_like(end), a_db_um2=a_db_um2
    )
    loss_db = _summed(owner, np.where(at_a, 0.0, at_begin) + np.where(straight_follows, at_end, 0.0), len(guides))
    # At their ends: the curvature that light entering through a port meets; none in devices and behind open ports.
    inwards, section = np.zeros(len(peer) + 1), np.full(len(peer) + 1, -1)
    inwards[guides.port_a[owner[at_a]]] = begin[at_a]
    inwards[guides.port_b[owner[at_b]]] = -end[at_b]
    for port in (guides.port_a[mine], guides.port_b[mine]):
        section[port] = guides.cross_section[mine]
    for port in (guides.port_a[mine], guides.port_b[mine]):
        step_db = guide.mismatch_db(
            curvature_before_per_um=-inwards[port], curvature_after_per_um=inwards[peer[port]], a_db_um2=a_db_um2
        )
        loss_db[mine] += np.where(section[peer[port]] == section[port], step_db / 2, step_db)
    return loss_db
