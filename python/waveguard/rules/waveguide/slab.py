"""WG008: rib waveguides whose slab is missing or too narrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from waveguard.findings import Finding
from waveguard.pdk import CrossSection
from waveguard.rules import Context, rule
from waveguard.rules import _words as words
from waveguard.units import NM_PER_UM, nm_to_um

ABRUPT = 0.5
"""A slab that narrows by more than this part of what it must reach, at once, does not end in a taper."""
USUAL_UM = 1.0
"""What that part is taken of where the PDK does not say how far a slab must reach."""
SHORT_NM = 100.0
"""At joints of pieces that were turned or cut askew a wide slab is short by so much; light passes over it."""


@rule("WG008", severity="error", since="0.1")
def slab(ctx: Context) -> Iterator[Finding]:
    """Slab of a rib waveguide missing, cut, aside or too narrow.

    What: a stretch of a rib waveguide over which the slab reaches less far beyond an edge of the core than the process
        needs, where it comes to that at once and not in a taper: at a cut of the slab, where it ends, jumps aside or
        is drawn narrower. Also a waveguide without slab that goes on right where a slab beside its core ends. Slab is
        slab whatever cell it lies in and however many shapes it is drawn as.
    Why: the mode of a rib reaches into its slab. Where the slab ends at once light is reflected and scattered, and
        beyond it the waveguide is another one than the PDK tells of.
    Fix: draw the slab on both sides along the whole waveguide; where it goes on as a strip, let the slab taper down to
        the core.
    Limits: min_slab_um of the cross-section; where the PDK does not state it, a stretch counts that has no slab beyond
        an edge at all. It must change by more than half of that limit (of 1 µm, where there is none) over no more
        length than the change itself: what narrows down more slowly is a taper.
    Not checked: waveguides that have too little slab all along, where it does not end at once either; places where less
        than half of a waveguide lies on slab, which is taken for a strip with a slab across it, but for its ends;
        slabs that begin beyond an open end; cuts of up to 100 nm; devices, slot waveguides and rows of boxes.
    """
    sections, thin = ctx.facts.cross_sections, ctx.tables.thin_slabs
    is_rib = np.array([*(section.slab is not None for section in sections), False])
    if not is_rib.any():
        ctx.not_applicable("no cross-section of the PDK has a slab")
        return
    guides = ctx.tables.waveguides
    n_ribs = int(is_rib[guides.cross_section].sum())
    if not n_ribs and not len(thin.waveguide):
        ctx.not_applicable("no rib waveguides")
        return
    ctx.looked_at("rib waveguides", n_ribs)
    own = guides.cross_section[thin.waveguide]
    needed_nm = _needed_nm(sections)[own]
    abrupt_nm = np.where(is_rib[own], np.fmax(thin.step_nm, thin.end_step_nm), thin.end_step_nm)
    least_nm = ABRUPT * np.where(needed_nm > 0, needed_nm, USUAL_UM * NM_PER_UM)
    for k in np.flatnonzero((abrupt_nm > least_nm) & (thin.length_nm > SHORT_NM)).tolist():
        row, reach_nm = int(thin.waveguide[k]), float(thin.reach_nm[k])
        cell, section = ctx.waveguide_cell(row), ctx.cross_section_name(int(own[k]))
        over = words.length(float(thin.length_nm[k]))
        if not is_rib[own[k]]:
            what = f"the slab beside {cell} ends at once where that goes on as {section}, over {over}"
        elif reach_nm > 0:
            few, needs = words.um(reach_nm), words.um(float(needed_nm[k]))
            what = f"the slab of {cell} reaches {few} beyond the core over {over}, {section} needs {needs}"
        else:
            what = f"the slab of {cell} is missing beside the core over {over}, {section} needs it on both sides"
        yield ctx.finding(
            what,
            ctx.place(thin.x_nm[k], thin.y_nm[k], top=ctx.waveguide_top(row), cell=cell),
            facts=[cell, section],
            measured=nm_to_um(reach_nm),
            limit=nm_to_um(float(needed_nm[k])),
            unit="um",
            hint="draw the slab on both sides of the core, or let it taper down to the core",
        )


def _needed_nm(sections: Sequence[CrossSection]) -> NDArray[np.float64]:
    """Return how far the slab of each cross-section must reach; of one without, that of a rib with the same core."""

    def of(section: CrossSection) -> float:
        ribs = [one for one in sections if one.slab is not None and set(one.cores) & set(section.cores)]
        rib = section if section.slab is not None else next(iter(ribs), section)
        return 0.0 if rib.min_slab_um is None else float(rib.min_slab_um) * NM_PER_UM

    return np.array([*(of(section) for section in sections), 0.0])
