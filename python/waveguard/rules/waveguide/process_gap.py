"""WG005: waveguides with a gap between them that the process cannot make."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from waveguard.findings import Finding, Related
from waveguard.rules import Context, rule
from waveguard.rules import _words as words
from waveguard.rules.waveguide._stretches import closest_of, stretches_of
from waveguard.units import nm_to_um

GAP_ERROR_STEPS = 1.5
"""Both sides of a gap at a single place may be off by so many grid steps together."""


@rule("WG005", severity="error", since="0.1")
def process_gap(ctx: Context) -> Iterator[Finding]:
    """Gap between waveguides below the process minimum.

    What: two waveguides, or two turns of one, that come closer somewhere than the smallest gap their process can make.
        The gap is measured across the drawn guides and also sought between the samples. One finding per pair and
        place where they run side by side. The gap between the rails of a slot guide counts, too, and that between a
        waveguide and a shape of its layer that belongs to no device and is no waveguide itself.
    Why: a gap below what the process resolves is printed too narrow, or closes; a coupler with such a gap is another
        coupler.
    Fix: widen the gap, and lengthen the coupler to couple as much as before.
    Limits: process_gap_um of the cross-section; of two different ones, the larger. A pair is a finding only when the
        measured gap and its error bound together stay below: a coupler drawn at the limit is none. One grid step less
        is found between guides along the grid, and along bends as soon as the rounded vertices average out; at a
        single place, as between a ring and a bus, off-grid edges are known to 1.4 steps.
    Not checked: pairs in which a cross-section is not known or has no such limit (the rule says how many); pairs that
        run side by side for less than the extraction looks for; gaps inside devices.
    """
    guides, runs = ctx.tables.waveguides, ctx.tables.runs
    if not len(guides.device):
        ctx.not_applicable("no waveguides")
        return
    if not np.isfinite(ctx.limits_nm("process_gap_um", np.arange(len(ctx.facts.cross_sections)))).any():
        ctx.not_applicable("the PDK states no smallest gap")
        return
    sections = np.stack([guides.cross_section[runs.waveguide_a], guides.cross_section[runs.waveguide_b]])
    limit_nm = ctx.limits_nm("process_gap_um", sections)
    # A pair of which one has no limit is held to that of the other.
    limit_nm = np.fmax(limit_nm[0], limit_nm[1])
    judged = np.isfinite(limit_nm)
    ctx.looked_at("parallel runs", int(judged.sum()))
    ctx.not_evaluated("parallel runs", int((~judged).sum()), "the PDK states no smallest gap for them", asked=False)
    error_nm = np.nan_to_num(runs.gap_error_nm)
    for rows in stretches_of(runs, np.flatnonzero(judged & (runs.gap_min_nm + error_nm < limit_nm))):
        row = closest_of(runs, rows)
        yield _judge(ctx, row, float(limit_nm[row]))
    yield from _slots(ctx)
    yield from _shapes(ctx)


def _shapes(ctx: Context) -> Iterator[Finding]:
    """Judge the gaps to shapes that are no waveguides."""
    guides, beside = ctx.tables.waveguides, ctx.tables.shapes_beside
    limit_nm = ctx.limits_nm("process_gap_um", guides.cross_section[beside.waveguide])
    error_nm = GAP_ERROR_STEPS * ctx.facts.grid_nm
    for k in np.flatnonzero(beside.gap_nm + error_nm < limit_nm).tolist():
        row, gap_nm, bound_nm = int(beside.waveguide[k]), float(beside.gap_nm[k]), float(limit_nm[k])
        cell = ctx.waveguide_cell(row)
        yield ctx.finding(
            f"a shape that is no waveguide is {words.um(gap_nm)} from {cell}, the process needs {words.um(bound_nm)}",
            ctx.place(beside.x_nm[k], beside.y_nm[k], top=ctx.waveguide_top(row), cell=cell),
            facts=[cell, "shape"],
            measured=nm_to_um(gap_nm),
            limit=nm_to_um(bound_nm),
            unit="um",
            hint="delete it, or move it away from the waveguide",
        )


def _slots(ctx: Context) -> Iterator[Finding]:
    """Judge the gaps between the rails of slot guides."""
    guides, slots = ctx.tables.waveguides, ctx.tables.slots
    limit_nm = ctx.limits_nm("process_gap_um", guides.cross_section[slots.waveguide])
    judged = np.isfinite(limit_nm)
    if len(slots):
        ctx.looked_at("slot guides", int(judged.sum()))
        ctx.not_evaluated("slot guides", int((~judged).sum()), "the PDK states no smallest gap for them", asked=False)
    for k in np.flatnonzero(judged & (slots.gap_min_nm + slots.gap_error_nm < limit_nm)).tolist():
        row, gap_nm, bound_nm = int(slots.waveguide[k]), float(slots.gap_min_nm[k]), float(limit_nm[k])
        cell, port = ctx.waveguide_cell(row), int(guides.port_a[row])
        at = (float(guides.min_radius_x_nm[row]), float(guides.min_radius_y_nm[row]))
        yield ctx.finding(
            f"the rails of {cell} are {words.um(gap_nm)} apart where they are closest, "
            f"the process needs {words.um(bound_nm)}",
            ctx.port_place(port) if port >= 0 else ctx.place(*at, top=ctx.waveguide_top(row), cell=cell),
            facts=[cell],
            measured=nm_to_um(gap_nm),
            limit=nm_to_um(bound_nm),
            unit="um",
            hint="widen the gap to what the process can make",
        )


def _judge(ctx: Context, row: int, limit_nm: float) -> Finding:
    runs = ctx.tables.runs
    a, b = int(runs.waveguide_a[row]), int(runs.waveguide_b[row])
    cell_a, cell_b, top = ctx.waveguide_cell(a), ctx.waveguide_cell(b), ctx.waveguide_top(a)
    gap_nm = float(runs.gap_min_nm[row])
    x_nm, y_nm = float(runs.x_nm[row]), float(runs.y_nm[row])
    pair = f"two turns of {cell_a} are" if a == b else f"{cell_a} and {cell_b} are"
    return ctx.finding(
        f"{pair} {words.um(gap_nm)} apart where they are closest, the process needs {words.um(limit_nm)}",
        ctx.place(x_nm, y_nm, top=top, cell=cell_a),
        facts=sorted([cell_a, cell_b]),
        measured=nm_to_um(gap_nm),
        limit=nm_to_um(limit_nm),
        unit="um",
        related=[] if a == b else [Related(f"neighbour {cell_b}", ctx.place(x_nm, y_nm, top=top, cell=cell_b))],
        hint="widen the gap to what the process can make",
    )
