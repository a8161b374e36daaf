"""WG001: bends that are tighter than the guide can take."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from waveguard.findings import Finding, Related
from waveguard.pdk.schema import CrossSection
from waveguard.rules import Context, rule
from waveguard.rules import _words as words
from waveguard.units import nm_to_um, um_to_nm

# Kind of PDK entries for waveguide cells.
GUIDE = "guide"
ROUNDED_NM = 1.0
"""A width at a limit of a cross-section is off it by the rounding of both sides."""
KNOWN = 1.1
"""Where the smallest radius may be larger than was measured by more than this factor, the larger one is told."""


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
        only when the upper bound of its smallest radius stays below: what is tight for a short stretch only counts,
        whatever the rest of the bend looks like, and is told as "at most" where no shape fits. In a guide with tapers
        the cross-section is that of the width at the bend.
    Not checked: curved waveguides whose cross-section or radius is not known, and waveguide cells that could not be
        followed from end to end (the rule says how many, and the run is incomplete), and bends of so few vertices that
        nobody can say on which side of the limit they are; bends inside devices.
    """
    guides, devices = ctx.tables.waveguides, ctx.tables.devices
    untraced = [row for row in np.flatnonzero(devices.waveguide < 0).tolist() if ctx.device_kind(row) == GUIDE]
    ctx.not_evaluated("waveguides", len(untraced), "could not be followed from end to end")
    if not len(guides.device):
        ctx.not_applicable("no waveguides")
        return
    sections = guides.cross_section
    tolerance = 1.0 - float(ctx.pdk.limits.radius_tolerance_relative)
    limit_nm = ctx.limits_nm("min_radius_um", sections) * tolerance
    straight = np.isposinf(guides.min_radius_nm)
    measured = np.isfinite(guides.min_radius_nm)
    judged = straight | (measured & np.isfinite(limit_nm))
    ctx.looked_at("waveguides", int(judged.sum()))
    ctx.not_evaluated("waveguides", int(np.isnan(guides.min_radius_nm).sum()), "radius could not be measured")
    ctx.not_evaluated("waveguides", int((measured & ~judged).sum()), "no cross-section of the PDK fits their width")
    bends, at_bends = ctx.tables.bends, _sections_at_bends(ctx)
    limit_at_nm = ctx.limits_nm("min_radius_um", at_bends) * tolerance
    is_tight = bends.min_radius_upper_nm < limit_at_nm
    is_unknown = (
        ~is_tight & (bends.min_radius_nm < limit_at_nm) & (bends.min_radius_upper_nm > KNOWN * bends.min_radius_nm)
    )
    ctx.not_evaluated("bends", int(is_unknown.sum()), "radius not known well enough to tell whether it is too small")
    for row in np.unique(bends.waveguide[is_tight]).tolist():
        own = int(guides.first_bend[row]) + np.arange(int(guides.n_bends[row]))
        tight = own[is_tight[own]]
        known_nm = np.array([_known_nm(ctx, bend) for bend in tight.tolist()])
        worst = int(tight[np.argmin(known_nm / limit_at_nm[tight])])
        yield _judge(ctx, row, int(at_bends[worst]), float(limit_at_nm[worst]), worst, tight)


def _sections_at_bends(ctx: Context) -> npt.NDArray[np.int64]:
    """Return the cross-section of each bend: that of its guide, or of the width that a tapered guide has there.

    A guide may be wide along its straights and narrow in its bends, drawn as one shape.
    """
    guides, bends, tapers = ctx.tables.waveguides, ctx.tables.bends, ctx.tables.tapers
    result = guides.cross_section[bends.waveguide].astype(np.int64)
    first = np.searchsorted(tapers.waveguide, np.arange(len(guides.device) + 1))
    for bend in np.flatnonzero(np.diff(first)[bends.waveguide] > 0):
        row = int(bends.waveguide[bend])
        section = ctx.cross_section(int(result[bend]))
        if section is None or section.slot is not None or section.segmented:
            continue
        own = slice(int(first[row]), int(first[row + 1]))
        ends = np.column_stack([tapers.start_nm[own], tapers.start_nm[own] + tapers.length_nm[own]]).ravel()
        widths = np.column_stack([tapers.begin_width_nm[own], tapers.end_width_nm[own]]).ravel()
        middle = float(bends.start_nm[bend] + bends.length_nm[bend] / 2)
        result[bend] = _section_of_width(ctx, section, float(np.interp(middle, ends, widths)), int(result[bend]))
    return result


def _section_of_width(ctx: Context, own: CrossSection, width_nm: float, otherwise: int) -> int:
    """Return the cross-section on the core of another one that a width is nearest to, of those that hold it."""

    def holds(section: CrossSection) -> bool:
        is_like = section.core == own.core and section.slot is None and not section.segmented
        low_nm, high_nm = um_to_nm(section.width_min_um), um_to_nm(section.width_max_um)
        return is_like and low_nm - ROUNDED_NM <= width_nm <= high_nm + ROUNDED_NM

    # The guide's own first: of two that hold a width it is the one it was drawn as.
    if holds(own):
        return otherwise
    fitting = [k for k, section in enumerate(ctx.facts.cross_sections) if holds(section)]
    off = [abs(um_to_nm(ctx.facts.cross_sections[k].width_um.value) - width_nm) for k in fitting]
    return fitting[int(np.argmin(off))] if fitting else otherwise


def _judge(
    ctx: Context, row: int, section_id: int, limit_nm: float, worst: int, tight: npt.NDArray[np.int64]
) -> Finding:
    bends, number = ctx.tables.bends, int(ctx.tables.waveguides.n_bends[row])
    cell, top = ctx.waveguide_cell(row), ctx.waveguide_top(row)
    section = ctx.cross_section_name(section_id)
    which = f"{len(tight)} of its {number} bends" if number > 1 else "its bend"
    return ctx.finding(
        f"{cell} bends with a radius of {_radius(ctx, worst)}, {section} needs {words.um(limit_nm)}: {which}",
        ctx.place(float(bends.x_nm[worst]), float(bends.y_nm[worst]), top=top, cell=cell),
        facts=[section],
        measured=nm_to_um(_known_nm(ctx, worst)),
        limit=nm_to_um(limit_nm),
        unit="um",
        related=[
            Related(
                f"radius {_radius(ctx, bend)}, turns {words.degrees(bends.turn_rad[bend])}",
                ctx.place(bends.x_nm[bend], bends.y_nm[bend], top=top, cell=cell),
            )
            for bend in tight.tolist()
        ],
        hint=_room(ctx, row, section_id),
    )


def _is_known(ctx: Context, bend: int) -> bool:
    bends = ctx.tables.bends
    return bool(bends.min_radius_upper_nm[bend] <= KNOWN * bends.min_radius_nm[bend])


def _known_nm(ctx: Context, bend: int) -> float:
    """Return the smallest radius of a bend, or what it is at most where no more is known."""
    bends = ctx.tables.bends
    return float(bends.min_radius_nm[bend] if _is_known(ctx, bend) else bends.min_radius_upper_nm[bend])


def _radius(ctx: Context, bend: int) -> str:
    return ("" if _is_known(ctx, bend) else "at most ") + words.um(_known_nm(ctx, bend))


def _room(ctx: Context, row: int, section_id: int) -> str:
    section = ctx.cross_section(section_id)
    if section is None:
        return "widen the bend"
    stated_um = float(ctx.facts.stated_radius_um[row])
    room_um = float(section.min_radius_um) / float(section.stated_radius.ratio_min_to_stated)
    said = f" (the cell states {_rounded(stated_um)} µm)" if np.isfinite(stated_um) else ""
    return f"leave at least {_rounded(room_um)} µm of straight room on both sides of each corner{said}"


def _rounded(value: float) -> str:
    """Return a number with three digits, but with all before the point."""
    return f"{value:.0f}" if value >= 1000.0 else f"{value:.3g}"
