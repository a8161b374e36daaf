"""CN002: joints of different width."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from waveguard.analyses.defects import in_words, joint_loss
from waveguard.findings import Finding, Related
from waveguard.rules import Context, rule
from waveguard.rules import _words as words
from waveguard.tables import OPTICAL


@rule("CN002", severity="error", since="0.1")
def width_mismatch(ctx: Context) -> Iterator[Finding]:
    """Waveguides of different width joined.

    What: two optical ports that meet and differ in width by more than the process allows, beyond what rounding to the
        grid explains. The finding says what light loses at the joint, by the overlap of the modes, where the PDK states
        clad_index.
    Why: a step in width reflects and excites higher modes; the model of neither device holds at such a joint.
    Fix: put a taper between them, or draw both with the same cross-section.
    Limits: joint_width_nm of the PDK's limits. Widths along the axes of the grid are known exactly; where an end that
        was measured on a drawn shape is turned, each corner is known to half a step in x and in y.
    Not checked: joints where one of the widths is not known; electrical joints.
    """
    nets, ports = ctx.tables.nets, ctx.tables.ports
    optical = ports.kind[nets.port_a] == OPTICAL
    if not optical.any():
        ctx.not_applicable("no two optical ports meet")
        return
    difference_nm = np.abs(nets.width_difference_nm)
    known = optical & np.isfinite(difference_nm)
    ctx.looked_at("joints", int(known.sum()))
    ctx.not_evaluated("joints", int((optical & ~known).sum()), "width of a port not known", asked=False)
    limit_nm = float(ctx.pdk.limits.joint_width_nm)
    losses_db = joint_loss(ctx.tables, ctx.pdk, ctx.facts.cross_sections)
    for row in np.flatnonzero(known & (difference_nm - np.nan_to_num(nets.width_error_nm) > limit_nm)):
        a, b = int(nets.port_a[row]), int(nets.port_b[row])
        place, other_place = ctx.port_place(a), ctx.port_place(b)
        name = words.port_name(place.cell, ports.name[a])
        other_name = words.port_name(other_place.cell, ports.name[b])
        lost = in_words(float(losses_db[row]))
        yield ctx.finding(
            f"{name} is {words.nm(ports.width_nm[a])} wide and meets {other_name} of {words.nm(ports.width_nm[b])}"
            + (f"; light loses {lost} there" if lost else ""),
            place,
            facts=[ports.name[a], other_place.cell, ports.name[b]],
            measured=float(difference_nm[row]),
            limit=limit_nm,
            unit="nm",
            related=[Related(f"joined to {other_name}", other_place)],
            hint="join them through a taper",
        )
