"""Overlapping pairs of devices, which CN003 and CN004 share between them: each pair is reported by exactly one."""

from __future__ import annotations

from waveguard.findings import Finding, Related, Severity
from waveguard.rules import Context
from waveguard.rules import _words as words
from waveguard.tables import DRAWN_SOURCES
from waveguard.units import nm2_to_um2


def pair_finding(ctx: Context, row: int, what: str, hint: str, *, severity: Severity | None = None) -> Finding:
    """One finding for a pair of the overlap table; `what` stands between the two names."""
    overlaps, devices = ctx.tables.overlaps, ctx.tables.devices
    a, b = int(overlaps.device_a[row]), int(overlaps.device_b[row])
    cell_a, cell_b = ctx.device_cell(a), ctx.device_cell(b)
    x0, y0, x1, y1 = (
        float(overlaps.x0_nm[row]),
        float(overlaps.y0_nm[row]),
        float(overlaps.x1_nm[row]),
        float(overlaps.y1_nm[row]),
    )
    top = int(devices.top[a])
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    place = ctx.place(*middle, top=top, cell=cell_a, bbox_nm=(x0, y0, x1, y1))
    area_um2 = nm2_to_um2(float(overlaps.area_nm2[row]))
    box = f"{words.um_number(x1 - x0)} x {words.um(y1 - y0)}"
    name_a, name_b = _names(ctx, a, b)
    return ctx.finding(
        f"{name_a} {what} {name_b} over {area_um2:.3f} µm² in a box of {box}",
        place,
        facts=sorted([cell_a, cell_b]),
        measured=area_um2,
        limit=0.0,
        unit="um2",
        related=[
            Related(f"origin of {cell}", ctx.place(devices.x_nm[i], devices.y_nm[i], top=top, cell=cell))
            for i, cell in ((a, cell_a), (b, cell_b))
        ],
        hint=hint,
        severity=severity,
    )


def _names(ctx: Context, a: int, b: int) -> tuple[str, str]:
    """Return the names of two devices; what is drawn beside devices and lies on one is said to be a waveguide."""
    cells = [ctx.device_cell(device) for device in (a, b)]
    drawn = [int(ctx.tables.devices.source[device]) in DRAWN_SOURCES for device in (a, b)]
    if drawn[0] != drawn[1]:
        cells[drawn.index(True)] = f"a waveguide of {cells[drawn.index(True)]}"
    return cells[0], cells[1]
