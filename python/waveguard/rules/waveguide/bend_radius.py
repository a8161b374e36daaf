"""WG001: bends that are tighter than the guide can take."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from waveguard.findings import Finding, Related
from waveguard.rules import Context, rule
from waveguard.rules import _words as words
from waveguard.units import nm_to_um

# Kind of PDK entries for waveguide cells.
GUIDE = "guide"


@rule("WG001", severity="error", since="0.1")
def bend_radius(ctx: Context) -> Iterator[Finding]:
    """Bend below the minimum radius.

    What: a waveguide whose drawn centre-line is curved more tightly somewhere than its cross-section allows. The radius
        is measured from the drawn polygon; a radius that the cell states plays no part. One finding per placed
        waveguide, with its tightest place; the other tight bends are listed with it.
    Why: radiation and mode-mismatch loss grow steeply below the qualified radius. The usual cause is a bend squeezed
        into too little room: the layout tool then draws a tighter curve and keeps the stated radius in the label.
    Fix: give the bend the room that its stated radius needs on both sides, or use a cross-section that is qualified
        for tighter bends. A stated radius is often not the true one: a Bezier bend goes below it, an Euler bend above
        or below; the PDK's stated_radius says which, and min_radius_um is always the true radius.
    Limits: min_radius_um of the cross-section, less radius_tolerance_relative of the PDK's limits. A bend is a finding
        only when the measured radius and its error bound together stay below.
    Not checked: curved waveguides whose cross-section or radius is not known, and waveguide cells that could not be
        followed from end to end (the rule says how many, and the run is incomplete); bends inside devices.
    """
    guides, devices = ctx.tables.waveguides, ctx.tables.devices
    untraced = [row for row in np.flatnonzero(devices.waveguide < 0).tolist() if ctx.device_kind(row) == GUIDE]
    ctx.not_evaluated("waveguides", len(untraced), "could not be followed from end to end")
    if not len(guides.device):
        ctx.not_applicable("no waveguides")
        return
    sections = guides.cross_section
    limit_nm = ctx.limits_nm("min_radius_um", sections) * (1.0 - float(ctx.pdk.limits.radius_tolerance_relative))
    straight = np.isposinf(guides.min_radius_nm)
    measured = np.isfinite(guides.min_radius_nm)
    judged = straight | (measured & np.isfinite(limit_nm))
    ctx.looked_at("waveguides", int(judged.sum()))
    ctx.not_evaluated("waveguides", int(np.isnan(guides.min_radius_nm).sum()), "radius could not be measured")
    ctx.not_evaluated("waveguides", int((measured & ~judged).sum()), "no cross-section of the PDK fits their width")
    error_nm = np.nan_to_num(guides.min_radius_error_nm)
    for row in np.flatnonzero(measured & (guides.min_radius_nm + error_nm < limit_nm)):
        yield _judge(ctx, int(row), float(limit_nm[row]))


def _judge(ctx: Context, row: int, limit_nm: float) -> Finding:
    guides, bends = ctx.tables.waveguides, ctx.tables.bends
    cell, top = ctx.waveguide_cell(row), ctx.waveguide_top(row)
    radius_nm = float(guides.min_radius_nm[row])
    place = ctx.place(guides.min_radius_x_nm[row], guides.min_radius_y_nm[row], top=top, cell=cell)
    first, number = int(guides.first_bend[row]), int(guides.n_bends[row])
    own = np.arange(first, first + number)
    tight = own[bends.min_radius_nm[own] < limit_nm]
    section = ctx.cross_section_name(int(guides.cross_section[row]))
    which = f"{len(tight)} of its {number} bends" if number > 1 else "its bend"
    return ctx.finding(
        f"{cell} bends with a radius of {words.um(radius_nm)}, {section} needs {words.um(limit_nm)}: {which}",
        place,
        facts=[section],
        measured=nm_to_um(radius_nm),
        limit=nm_to_um(limit_nm),
        unit="um",
        related=[
            Related(
                f"radius {words.um(bends.min_radius_nm[bend])}, turns {words.degrees(bends.turn_rad[bend])}",
                ctx.place(bends.x_nm[bend], bends.y_nm[bend], top=top, cell=cell),
            )
            for bend in tight
        ],
        hint=_room(ctx, row),
    )


def _room(ctx: Context, row: int) -> str:
    section = ctx.cross_section(int(ctx.tables.waveguides.cross_section[row]))
    if section is None:
        return "widen the bend"
    stated_um = float(ctx.facts.stated_radius_um[row])
    room_um = float(section.min_radius_um) / float(section.stated_radius.ratio_min_to_stated)
    said = f" (the cell states {stated_um:.3g} µm)" if np.isfinite(stated_um) else ""
    return f"leave at least {room_um:.3g} µm of straight room on both sides of each corner{said}"
