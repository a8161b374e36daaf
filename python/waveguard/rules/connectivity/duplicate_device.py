"""CN004: the same device twice at one place."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from waveguard.findings import Finding
from waveguard.rules import Context, rule
from waveguard.rules.connectivity._pairs import pair_finding

NEARLY = 2
"""Value of `duplicate` in the table of overlaps."""


@rule("CN004", severity="error", since="0.1")
def duplicate_device(ctx: Context) -> Iterator[Finding]:
    """Device drawn twice on top of itself.

    What: two devices with the same outline at the same place: the same cell placed twice, or a copy of it. Also a bare
        waveguide drawn twice, the one less than a width beside the other or further along.
    Why: the picture looks right, but the netlist has a device too many, and what one of the two is connected to is a
        matter of chance. After an edit of one of them the other still lies there.
    Fix: delete one of the two.
    Limits: none.
    Not checked: devices that overlap otherwise, which is CN003; bare waveguides that somebody united.
    """
    if not len(ctx.tables.devices.cell):
        ctx.not_applicable("no devices")
        return
    ctx.looked_at("devices", len(ctx.tables.devices.cell))
    duplicate = ctx.tables.overlaps.duplicate
    for row in np.flatnonzero(duplicate != 0).tolist():
        what = "lies nearly on" if duplicate[row] == NEARLY else "lies exactly on"
        yield pair_finding(ctx, row, what, "delete one of the two")
