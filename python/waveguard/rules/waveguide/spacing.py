"""WG003: waveguides that run too close to each other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from waveguard.findings import Finding, Related, Severity
from waveguard.rules import Context, rule
from waveguard.rules import _words as words
from waveguard.rules.waveguide._arms import leave_one_device
from waveguard.rules.waveguide._couplers import is_drawn_coupler
from waveguard.rules.waveguide._loose import loose_pieces
from waveguard.rules.waveguide._stretches import Ints, closest_of, stretches_of, tips_of
from waveguard.units import db_to_ratio, nm_to_um, ratio_to_db

ALL_DB = -0.05
"""From here on at least 99 % cross over."""


@rule("WG003", severity="error", since="0.1")
def spacing(ctx: Context) -> Iterator[Finding]:
    """Waveguides closer than the minimum spacing.

    What: two waveguides, or two turns of one, whose edges stay closer than the minimum spacing over a longer stretch
        than the process allows. A stretch goes on where guides are joined: it does not matter how they were cut. The
        finding names the smallest gap, the length over which the two are too close, and the largest part of the power
        that crosses over on the way, from the coupling table of the PDK. Also a bare piece of waveguide, however short,
        with two open ends, all of which lies so close beside a waveguide that goes on beyond it.
    Why: neighbours couple. Half a micrometre of gap over a hundred micrometres moves all of the light. A piece that
        leads nowhere is left over from something, and takes light away or throws it back.
    Fix: route the two further apart. Where they are meant to couple, make the coupler a device. Delete what is left
        over.
    Limits: min_spacing_um, less one grid step, and min_spacing_length_um of the cross-section; of two different ones,
        the larger spacing.
        Two waveguides drawn as bare shapes where they are near, whose cells cannot say that they are a coupler, are an
        info only when they look like one: less than 0.4 mm long, both further apart before and after, and nearer than
        0.4 of the minimum spacing or one of them wider or narrower only there. So are two that leave the same device,
        are nowhere nearer than there, and reach the minimum spacing within 0.1 mm. A piece with two open ends is a
        warning.
    Not checked: waveguides next to shapes that are no waveguide; pairs in which a cross-section is not known (the rule
        says how many); pairs further apart than the extraction looks.
    """
    guides, runs = ctx.tables.waveguides, ctx.tables.runs
    if not len(guides.device):
        ctx.not_applicable("no waveguides")
        return
    ctx.looked_at("waveguides", len(guides.device))
    ctx.looked_at("parallel runs", len(runs.waveguide_a))
    sections = np.stack([guides.cross_section[runs.waveguide_a], guides.cross_section[runs.waveguide_b]])
    known = (sections >= 0).all(axis=0)
    ctx.not_evaluated("parallel runs", int((~known).sum()), "no cross-section of the PDK fits a waveguide's width")
    limits_nm = ctx.limits_nm("min_spacing_um", sections)
    lengths_nm = ctx.limits_nm("min_spacing_length_um", sections)
    stricter = np.argmax(np.nan_to_num(limits_nm), axis=0)
    pick = (stricter, np.arange(stricter.size))
    limit_nm, allowed_nm = limits_nm[pick], lengths_nm[pick]
    # Guides drawn exactly at the limit may come out a grid step nearer.
    near_nm = limit_nm - ctx.facts.grid_nm
    near = np.flatnonzero(known & (runs.gap_min_nm < near_nm))
    close_nm = np.zeros(len(runs))
    for row in near.tolist():
        close_nm[row] = _close_length_nm(ctx, row, float(near_nm[row]))
    for rows in stretches_of(runs, near):
        # Where the cross-section changes along a stretch the largest spacing counts, and the shortest length with it.
        strictest = float(limit_nm[rows].max())
        least_nm = float(allowed_nm[rows][limit_nm[rows] == strictest].min())
        if float(close_nm[rows].sum()) > least_nm:
            yield _judge(ctx, rows, strictest, float(close_nm[rows].sum()))
            close_nm[rows] = 0.0
    yield from loose_pieces(ctx, close_nm, limit_nm)


def _close_length_nm(ctx: Context, row: int, near_nm: float) -> float:
    runs, profile = ctx.tables.runs, ctx.tables.run_profile
    first = int(runs.profile_start[row])
    own = slice(first, first + int(runs.profile_count[row]))
    return float(profile.step_nm[own][profile.gap_nm[own] < near_nm].sum())


def _judge(ctx: Context, rows: Ints, limit_nm: float, close_nm: float) -> Finding:
    runs = ctx.tables.runs
    row = closest_of(runs, rows)
    a, b = int(runs.waveguide_a[row]), int(runs.waveguide_b[row])
    cell_a, cell_b = ctx.waveguide_cell(a), ctx.waveguide_cell(b)
    top = ctx.waveguide_top(a)
    gap_nm = float(runs.gap_min_nm[row])
    x_nm, y_nm = float(runs.x_nm[row]), float(runs.y_nm[row])
    place = ctx.place(x_nm, y_nm, top=top, cell=cell_a)
    pair = f"two turns of {cell_a} are" if a == b else f"{cell_a} and {cell_b} are"
    tips = list(tips_of(runs, ctx.tables.run_profile, int(runs.stretch[rows[0]])))
    are_arms = a != b and leave_one_device(ctx, rows, tips, limit_nm, close_nm)
    is_meant = are_arms or is_drawn_coupler(ctx, rows, tips, limit_nm, close_nm)
    return ctx.finding(
        f"{pair} {words.um(gap_nm)} apart{' where they leave the same device' if are_arms else ''}, "
        f"less than {words.um(limit_nm)} over {words.um(close_nm)}{_coupled(ctx, rows)}",
        place,
        facts=sorted([cell_a, cell_b]),
        measured=nm_to_um(gap_nm),
        limit=nm_to_um(limit_nm),
        unit="um",
        related=[] if a == b else [Related(f"neighbour {cell_b}", ctx.place(x_nm, y_nm, top=top, cell=cell_b))],
        hint="let them part sooner" if are_arms else "route them further apart, or make the coupler a device",
        severity=Severity.INFO if is_meant else None,
    )


def _coupled(ctx: Context, rows: Ints) -> str:
    coupled_db = ctx.facts.coupled_db[rows] if len(ctx.facts.coupled_db) else np.full(len(rows), np.nan)
    if not np.isfinite(coupled_db).all():
        return ""
    # What crosses over along one stretch adds up as fields, and comes back after a quarter of a turn.
    angle_rad = np.arcsin(np.sqrt(np.minimum(db_to_ratio(coupled_db), 1.0))).sum()
    whole_db = float(ratio_to_db(np.sin(min(float(angle_rad), np.pi / 2)) ** 2))
    # Light that has come back again was all away: the largest share along the way counts.
    if whole_db > ALL_DB:
        return ", enough for all of the power to cross over"
    return f", which couples {words.db(whole_db)} of the power"
