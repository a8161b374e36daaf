"""CN003: devices that share an area."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from waveguard.findings import Finding, Severity
from waveguard.rules import Context, rule
from waveguard.rules.connectivity._pairs import pair_finding

# Kind of PDK entries for pads, wires and texts.
WITHOUT_LIGHT = "ignore"


@rule("CN003", severity="error", since="0.1")
def overlapping_devices(ctx: Context) -> Iterator[Finding]:
    """Devices that overlap.

    What: the outlines of two devices or waveguides (their device marker, else their core shapes) share more than a
        common border; or a waveguide drawn outside devices leads through one, but not up to the port it is joined to,
        or lies with its end on a waveguide with a marker, or at the side of that. Where one of the two is a part
        without light (a pad, a wire), it is an info only; where such a waveguide touches none of the core of the
        device, a warning.
    Why: light couples between the two in a way that neither model describes, or the shapes merge into one.
    Fix: move the devices apart, or use a crossing where two waveguides have to cross.
    Limits: the extraction tolerances of the PDK for the area and the depth of a common border.
    Not checked: shapes inside one device; two instances of one cell at the same place, which is CN004; waveguides
        that cross, which is CN005.
    """
    if not len(ctx.tables.devices.cell):
        ctx.not_applicable("no devices")
        return
    ctx.looked_at("devices", len(ctx.tables.devices.cell))
    crossing = _crossing_pairs(ctx)
    overlaps = ctx.tables.overlaps
    for row in np.flatnonzero(overlaps.duplicate == 0):
        if frozenset((int(overlaps.device_a[row]), int(overlaps.device_b[row]))) in crossing:
            continue
        severity = _severity(ctx, int(row))
        hint = "fine where this layer may lie over a waveguide" if severity is Severity.INFO else "move them apart"
        yield pair_finding(ctx, int(row), "overlaps", hint, severity=severity)


def _crossing_pairs(ctx: Context) -> set[frozenset[int]]:
    crossings, device = ctx.tables.crossings, ctx.tables.waveguides.device
    pairs = zip(device[crossings.waveguide_a].tolist(), device[crossings.waveguide_b].tolist(), strict=True)
    return {frozenset(pair) for pair in pairs}


def _severity(ctx: Context, row: int) -> Severity | None:
    overlaps = ctx.tables.overlaps
    kinds = {ctx.device_kind(int(overlaps.device_a[row])), ctx.device_kind(int(overlaps.device_b[row]))}
    if WITHOUT_LIGHT in kinds:
        return Severity.INFO
    return Severity.WARNING if overlaps.outline_only[row] else None
