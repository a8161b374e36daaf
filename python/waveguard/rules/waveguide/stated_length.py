"""WG002: waveguides that are not what they say they are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from waveguard.findings import Finding, Place, Related
from waveguard.rules import Context, rule
from waveguard.rules import _words as words
from waveguard.units import um_to_nm

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
    guides, devices = ctx.tables.waveguides, ctx.tables.devices
    of_cell = devices.cell[guides.device]
    rows = np.flatnonzero(np.isclose(devices.magnification[guides.device], UNSCALED))
    cells, first = np.unique(of_cell[rows], return_index=True)
    n_stated = 0
    for cell, row in zip(cells, rows[first], strict=True):
        name = ctx.cell_name(int(cell))
        stated = ctx.facts.stated_of(name)
        if stated is None or (stated.length_um is None and stated.width_um is None):
            continue
        n_stated += 1
        places = np.flatnonzero(of_cell == cell)
        if stated.length_um is not None:
            yield from _judge_length(ctx, int(row), um_to_nm(float(stated.length_um)), places)
        if stated.width_um is not None:
            yield from _judge_width(ctx, int(row), um_to_nm(float(stated.width_um)), places)
    ctx.looked_at("waveguide cells", n_stated)
    not_traced = {int(cell) for cell in devices.cell[devices.waveguide < 0]} - {int(cell) for cell in cells}
    silent = [cell for cell in not_traced if ctx.facts.stated_of(ctx.cell_name(cell)) is not None]
    ctx.not_evaluated(
        "waveguide cells", len(silent), "what they hold could not be traced as one waveguide", asked=False
    )
    if not n_stated:
        ctx.not_applicable("no waveguide states a length or a width")


def _judge_length(ctx: Context, row: int, stated_nm: float, places: np.ndarray) -> Iterator[Finding]:
    guides, limits = ctx.tables.waveguides, ctx.pdk.limits
    drawn_nm = _drawn_length_nm(ctx, row)
    error_nm = float(np.nan_to_num(guides.length_error_nm[row]))
    limit_nm = float(limits.length_tolerance_nm) + float(limits.length_tolerance_relative) * stated_nm + error_nm
    difference_nm = drawn_nm - stated_nm
    if abs(difference_nm) <= limit_nm or not np.isfinite(drawn_nm):
        return
    sense = "longer" if difference_nm > 0 else "shorter"
    yield _finding(
        ctx,
        row,
        f"states a length of {words.um(stated_nm)} and is {words.um(drawn_nm)} long, "
        f"{words.length(abs(difference_nm))} {sense}",
        (abs(difference_nm), limit_nm, "length"),
        places,
    )


def _judge_width(ctx: Context, row: int, stated_nm: float, places: np.ndarray) -> Iterator[Finding]:
    guides = ctx.tables.waveguides
    drawn_nm = float(guides.width_a_nm[row])
    limit_nm = float(ctx.pdk.limits.joint_width_nm)
    tapered = abs(drawn_nm - float(guides.width_b_nm[row])) > limit_nm
    if tapered or not abs(drawn_nm - stated_nm) > limit_nm:
        return
    yield _finding(
        ctx,
        row,
        f"states a width of {words.length(stated_nm)} and is {words.nm(drawn_nm)} wide",
        (abs(drawn_nm - stated_nm), limit_nm, "width"),
        places,
    )


def _drawn_length_nm(ctx: Context, row: int) -> float:
    """The measured length in the sense in which the PDK's files state it."""
    guides = ctx.tables.waveguides
    section = ctx.cross_section(int(guides.cross_section[row]))
    by_area = section is not None and section.stated_length == "area_over_width"
    drawn_nm = float(guides.drawn_length_nm[row])
    return drawn_nm if by_area and np.isfinite(drawn_nm) else float(guides.centerline_length_nm[row])


def _finding(
    ctx: Context, row: int, what: str, measured_limit_kind: tuple[float, float, str], places: np.ndarray
) -> Finding:
    measured_nm, limit_nm, kind = measured_limit_kind
    place = _middle(ctx, row)
    times = f" (in {len(places)} places)" if len(places) > 1 else ""
    others = [Related("also here", _middle(ctx, int(other))) for other in places if int(other) != row]
    return ctx.finding(
        f"{place.cell} {what}{times}",
        place,
        facts=[kind],
        measured=measured_nm,
        limit=limit_nm,
        unit="nm",
        related=others,
        hint="generate the cell anew, or correct its label",
    )


def _middle(ctx: Context, row: int) -> Place:
    guides, lines = ctx.tables.waveguides, ctx.tables.centerlines
    middle = (int(lines.offsets[row]) + int(lines.offsets[row + 1])) // 2
    return ctx.place(lines.x_nm[middle], lines.y_nm[middle], top=ctx.waveguide_top(row), cell=ctx.waveguide_cell(row))
