"""WG004: waveguides that are narrower than the process can make them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from waveguard.findings import Finding
from waveguard.rules import Context, rule
from waveguard.rules import _words as words
from waveguard.units import nm_to_um


@rule("WG004", severity="error", since="0.1")
def process_width(ctx: Context) -> Iterator[Finding]:
    """Waveguide narrower than its process allows.

    What: a waveguide that is narrower somewhere than the narrowest core its process can make. Measured across the
        drawn guide, at any angle and in bends and tapers, not between the edges of polygons. Of a slot guide it is the
        narrower rail. One finding per placed waveguide.
    Why: what is narrower than the process resolves is printed thinner, broken or not at all.
    Fix: widen the waveguide, or end the taper at the smallest tip of the process.
    Limits: process_width_um of the cross-section. A waveguide is a finding only when the measured width and its error
        bound together stay below: a guide drawn at the limit on any grid is none. One grid step less is found where
        the guide runs along the grid, and elsewhere as soon as its rounded vertices average out, after about thirty of
        them; a single place off the grid is known to 1.4 steps.
    Not checked: waveguides whose cross-section is not known or for which the PDK states no such width (the rule says
        how many); what is drawn inside devices.
    """
    guides = ctx.tables.waveguides
    if not len(guides.device):
        ctx.not_applicable("no waveguides")
        return
    limit_nm = ctx.limits_nm("process_width_um", guides.cross_section)
    judged = np.isfinite(limit_nm) & np.isfinite(guides.width_min_nm)
    if not np.isfinite(ctx.limits_nm("process_width_um", np.arange(len(ctx.facts.cross_sections)))).any():
        ctx.not_applicable("the PDK states no narrowest waveguide")
        return
    ctx.looked_at("waveguides", int(judged.sum()))
    silent = int((~judged).sum())
    ctx.not_evaluated("waveguides", silent, "the PDK states no narrowest waveguide for them", asked=False)
    narrowest_nm, error_nm, slots = guides.width_min_nm.copy(), np.nan_to_num(guides.width_error_nm), ctx.tables.slots
    # What the process makes of a slot guide are its rails.
    narrowest_nm[slots.waveguide], error_nm[slots.waveguide] = slots.rail_min_nm, slots.rail_error_nm
    for row in np.flatnonzero(judged & (narrowest_nm + error_nm < limit_nm)).tolist():
        cell = ctx.waveguide_cell(row)
        section = ctx.cross_section_name(int(guides.cross_section[row]))
        width_nm, bound_nm = float(narrowest_nm[row]), float(limit_nm[row])
        port = int(guides.port_a[row])
        what = f"a rail of {cell} is" if row in slots.waveguide else f"{cell} is"
        at = (guides.min_radius_x_nm[row], guides.min_radius_y_nm[row])
        yield ctx.finding(
            f"{what} {words.um(width_nm)} wide where it is narrowest, "
            f"the process of {section} needs {words.um(bound_nm)}",
            ctx.port_place(port) if port >= 0 else ctx.place(*at, top=ctx.waveguide_top(row), cell=cell),
            facts=[cell, section],
            measured=nm_to_um(width_nm),
            limit=nm_to_um(bound_nm),
            unit="um",
            hint="widen it to what the process can make",
        )
