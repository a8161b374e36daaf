"""WG002: waveguides that are not what they say they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from waveguard.findings import Finding, Place, Related
from waveguard.rules import Context, rule
from waveguard.rules import _words as words
from waveguard.units import um_to_nm

Numbers: TypeAlias = NDArray[np.float64]

# A cell that is placed magnified is another waveguide than the one its label speaks of.
UNSCALED = 1.0


@rule("WG002", severity="warning", since="0.1")
def stated_length(ctx: Context) -> Iterator[Finding]:
    """Stated length or width differs from the drawn one.

    What: a waveguide cell whose label or metadata states a length or a width, and whose drawn polygon has another. One
        finding per cell, with the number of places where it is used.
    Why: simulations and delay calculations read the label, the fab makes the polygon. Labels survive editing: a cell
        that is stretched by hand, or in which something else is drawn, keeps the old text.
    Fix: generate the cell anew, or correct the label.
    Limits: length_tolerance_nm plus length_tolerance_relative of the PDK's limits, plus the error bound of the
        measurement; joint_width_nm for the width. What a stated length means is the PDK's stated_length: area divided
        by width (SiEPIC) or the length of the centre-line.
    Not checked: cells that state nothing; cells that could not be traced as one waveguide (the rule says how many); the
        stated radius, which says what was asked for and not what was drawn (see WG001); magnified placements.
    """
    guides, devices, facts = ctx.tables.waveguides, ctx.tables.devices, ctx.facts
    of_cell = devices.cell[guides.device]
    states = np.isfinite(facts.stated_length_um) | np.isfinite(facts.stated_width_um)
    states &= np.isclose(devices.magnification[guides.device], UNSCALED)
    untraced = set(devices.cell[devices.waveguide < 0].tolist()) & facts.stated_cells
    ctx.not_evaluated("waveguide cells", len(untraced), "what they hold is not one waveguide", asked=False)
    if not states.any():
        ctx.not_applicable("no waveguide states a length or a width")
        return
    rows = np.flatnonzero(states)
    cells, first = np.unique(of_cell[rows], return_index=True)
    ctx.looked_at("waveguide cells", len(cells))
    off_nm, limit_nm, drawn_nm = _length_errors(ctx)
    wide_nm = guides.width_a_nm - um_to_nm(facts.stated_width_um)
    width_limit_nm = float(ctx.pdk.limits.joint_width_nm)
    uniform = np.abs(guides.width_a_nm - guides.width_b_nm) <= width_limit_nm
    for cell, row in zip(cells, rows[first], strict=True):
        long_wrong = bool(np.abs(off_nm[row]) > limit_nm[row])
        width_wrong = bool(uniform[row] and np.abs(wide_nm[row]) > width_limit_nm)
        if not (long_wrong or width_wrong):
            continue
        places = rows[of_cell[rows] == cell]
        if long_wrong:
            sense = "longer" if off_nm[row] > 0 else "shorter"
            what = (
                f"states a length of {words.um(um_to_nm(facts.stated_length_um[row]))} and is "
                f"{words.um(drawn_nm[row])} long, {words.length(abs(off_nm[row]))} {sense}"
            )
            yield _finding(ctx, places, "length", what, (abs(off_nm[row]), limit_nm[row]))
        if width_wrong:
            stated = words.length(um_to_nm(facts.stated_width_um[row]))
            what = f"states a width of {stated} and is {words.nm(guides.width_a_nm[row])} wide"
            yield _finding(ctx, places, "width", what, (abs(wide_nm[row]), width_limit_nm))


def _length_errors(ctx: Context) -> tuple[Numbers, Numbers, Numbers]:
    """For each waveguide: drawn less stated length, the limit of that, and the drawn length, all in nm."""
    guides, limits = ctx.tables.waveguides, ctx.pdk.limits
    stated_nm = um_to_nm(ctx.facts.stated_length_um)
    by_area = np.array([section.stated_length == "area_over_width" for section in ctx.facts.cross_sections] + [False])
    use_area = by_area[guides.cross_section] & np.isfinite(guides.drawn_length_nm)
    drawn_nm = np.where(use_area, guides.drawn_length_nm, guides.centerline_length_nm)
    limit_nm = float(limits.length_tolerance_nm) + float(limits.length_tolerance_relative) * stated_nm
    return drawn_nm - stated_nm, limit_nm + np.nan_to_num(guides.length_error_nm), drawn_nm


def _finding(
    ctx: Context, places: NDArray[np.int64], kind: str, what: str, measured_and_limit_nm: tuple[float, float]
) -> Finding:
    place = _middle(ctx, int(places[0]))
    times = f" (in {len(places)} places)" if len(places) > 1 else ""
    measured_nm, limit_nm = measured_and_limit_nm
    return ctx.finding(
        f"{place.cell} {what}{times}",
        place,
        facts=[kind],
        measured=measured_nm,
        limit=limit_nm,
        unit="nm",
        related=[Related("also here", _middle(ctx, int(row))) for row in places[1:]],
        hint="generate the cell anew, or correct its label",
    )


def _middle(ctx: Context, row: int) -> Place:
    lines = ctx.tables.centerlines
    middle = (int(lines.offsets[row]) + int(lines.offsets[row + 1])) // 2
    return ctx.place(lines.x_nm[middle], lines.y_nm[middle], top=ctx.waveguide_top(row), cell=ctx.waveguide_cell(row))
