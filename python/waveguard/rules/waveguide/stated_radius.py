"""WG006: bends that are not drawn with the radius they state."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from waveguard.findings import Finding, Related
from waveguard.rules import Context, rule
from waveguard.rules import _words as words
from waveguard.units import nm_to_um, um_to_nm

RELATIVE = 0.05
"""Difference that counts. Chords and rounding stay far below it; a bend squeezed by a tenth of its room exceeds it."""
# A cell that is placed magnified is another waveguide than the one its label speaks of.
UNSCALED = 1.0


@rule("WG006", severity="info", since="0.1")
def stated_radius(ctx: Context) -> Iterator[Finding]:
    """Drawn radius is not the stated one.

    What: a waveguide cell that states the radius of its bends, and whose tightest bend has another: neither that of
        a circle nor that of the curve that the PDK says is meant by it. One finding per cell, with the number
        of places where it is used.
    Why: a layout tool that lacks the room for a bend draws a tighter one and keeps the label. The bend may still be
        wide enough for the process; it is not the one that was simulated.
    Fix: give the corner the room that its stated radius needs on both sides, or state the radius that is drawn.
    Limits: none of the PDK; differences below 5 % do not count, nor what the error bound of the measurement explains.
        What a stated radius means is the PDK's stated_radius; a smallest radius that metadata states goes before it.
    Not checked: cells that state no radius or have no bend; waveguides whose radius or cross-section is not known;
        bends tighter than the process allows, which WG001 reports; magnified placements.
    """
    guides, devices, facts = ctx.tables.waveguides, ctx.tables.devices, ctx.facts
    of_cell = devices.cell[guides.device]
    stated_nm = um_to_nm(facts.stated_radius_um)
    states = np.isfinite(stated_nm) & (stated_nm > 0) & np.isfinite(guides.min_radius_nm) & (guides.cross_section >= 0)
    states &= np.isclose(devices.magnification[guides.device], UNSCALED)
    if not states.any():
        ctx.not_applicable("no waveguide with a bend states a radius")
        return
    rows = np.flatnonzero(states)
    cells, first = np.unique(of_cell[rows], return_index=True)
    ctx.looked_at("waveguide cells", len(cells))
    tolerance = float(ctx.pdk.limits.radius_tolerance_relative)
    limit_nm = ctx.limits_nm("min_radius_um", guides.cross_section) * (1.0 - tolerance)
    too_tight = guides.min_radius_upper_nm < limit_nm
    for cell, row in zip(cells, rows[first], strict=True):
        if too_tight[row] or any(_explains(ctx, int(row), meant) for meant in _meant_nm(ctx, int(row))):
            continue
        yield _finding(ctx, rows[of_cell[rows] == cell])


def _meant_nm(ctx: Context, row: int) -> list[float]:
    """Return the smallest radii that the label may mean."""
    stated_nm = float(um_to_nm(ctx.facts.stated_radius_um[row]))
    section = ctx.cross_section(int(ctx.tables.waveguides.cross_section[row]))
    meant = [stated_nm]
    if section is not None:
        meant.append(stated_nm * float(section.stated_radius.ratio_min_to_stated))
    if row < len(ctx.facts.stated_min_radius_um):
        meant.append(float(um_to_nm(ctx.facts.stated_min_radius_um[row])))
    return [radius_nm for radius_nm in meant if np.isfinite(radius_nm)]


def _explains(ctx: Context, row: int, meant_nm: float) -> bool:
    guides = ctx.tables.waveguides
    error_nm = float(np.nan_to_num(guides.min_radius_error_nm[row]))
    return abs(float(guides.min_radius_nm[row]) - meant_nm) <= RELATIVE * meant_nm + error_nm


def _finding(ctx: Context, places: NDArray[np.int64]) -> Finding:
    guides = ctx.tables.waveguides
    at = [
        ctx.place(
            guides.min_radius_x_nm[row],
            guides.min_radius_y_nm[row],
            top=ctx.waveguide_top(int(row)),
            cell=ctx.waveguide_cell(int(row)),
        )
        for row in places
    ]
    row = int(places[0])
    drawn_nm, stated_um = float(guides.min_radius_nm[row]), float(ctx.facts.stated_radius_um[row])
    times = f" (in {len(places)} places)" if len(places) > 1 else ""
    return ctx.finding(
        f"{at[0].cell} states a radius of {stated_um:.3g} µm and bends with {words.um(drawn_nm)}{times}",
        at[0],
        facts=["radius"],
        measured=nm_to_um(drawn_nm),
        limit=stated_um,
        unit="um",
        related=[Related("also here", place) for place in at[1:]],
        hint=f"leave {stated_um:.3g} µm of straight room on both sides of each corner, or correct the label",
    )
