"""CN008: waveguide cells whose core does not lead from pin to pin."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from waveguard.findings import Finding
from waveguard.rules import Context, rule
from waveguard.rules import _words as words
from waveguard.tables import STATED_SOURCES

GUIDE = "guide"
"""Kind of PDK entries for waveguide cells."""
ROUNDING_STEPS = 1.0
"""The middle of a cap that is off the grid is rounded by a step at most, and so is a pin."""


@rule("CN008", severity="error", since="0.1")
def core_beside_pins(ctx: Context) -> Iterator[Finding]:
    """Core that does not lead from pin to pin.

    What: a waveguide cell whose drawn core ends before, behind or beside its pin, or whose core cannot be followed from
        one pin to the other at all: it is missing, on another layer, cut, has a hole, a neck or something that sticks
        out.
    Why: pins are what tools compare, the core is what the fab makes. A netlist from pins shows a connection where the
        light meets a gap, a step or nothing.
    Fix: generate the cell anew, or draw the core from pin to pin.
    Limits: snap_nm of the PDK's extraction tolerances for the end of the core, and a grid step for rounding.
    Not checked: cells that are no waveguides, and those whose shapes carry no pins.
    """
    guides, devices, ports = ctx.tables.waveguides, ctx.tables.devices, ctx.tables.ports
    stated = np.flatnonzero(np.isin(devices.source[guides.device], STATED_SOURCES))
    untraced = [row for row in np.flatnonzero(devices.waveguide < 0).tolist() if ctx.device_kind(row) == GUIDE]
    if not stated.size and not untraced:
        ctx.not_applicable("no waveguide cells with pins")
        return
    ctx.looked_at("waveguide cells", stated.size + len(untraced))
    for device in untraced:
        yield _broken(ctx, device)
    lines = ctx.tables.centerlines
    limit_nm = ctx.pdk.extraction.tolerances.snap_nm + ROUNDING_STEPS * ctx.facts.grid_nm
    for end, port_of in (
        (lines.offsets[stated], guides.port_a[stated]),
        (lines.offsets[stated + 1] - 1, guides.port_b[stated]),
    ):
        known = (port_of >= 0) & (lines.offsets[stated + 1] > lines.offsets[stated])
        off_nm = np.hypot(lines.x_nm[end] - ports.x_nm[port_of], lines.y_nm[end] - ports.y_nm[port_of])
        for k in np.flatnonzero(known & (off_nm > limit_nm)).tolist():
            yield _off(ctx, int(port_of[k]), float(lines.x_nm[end[k]]), float(lines.y_nm[end[k]]), limit_nm)


def _broken(ctx: Context, device: int) -> Finding:
    devices, ports = ctx.tables.devices, ctx.tables.ports
    cell = ctx.device_cell(device)
    names = [ports.name[port] for port in np.flatnonzero(ports.device == device).tolist() if ports.name[port]]
    box = tuple(
        float(column[device])
        for column in (devices.bbox_x0_nm, devices.bbox_y0_nm, devices.bbox_x1_nm, devices.bbox_y1_nm)
    )
    breaks = ctx.tables.breaks
    known = np.flatnonzero(breaks.device == device)
    place = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    if known.size:
        place = (float(breaks.x_nm[known[0]]), float(breaks.y_nm[known[0]]))
    between = f" from {' to '.join(names[:2])}" if len(names) > 1 else ""
    return ctx.finding(
        f"the core of {cell} does not lead{between}: it is missing, broken or not that of a waveguide",
        ctx.place(*place, top=int(devices.top[device]), cell=cell, bbox_nm=box),  # type: ignore[arg-type]  # four values
        facts=["broken"],
        hint="draw the core as one ribbon from pin to pin, on a core layer of the PDK",
    )


def _off(ctx: Context, port: int, x_nm: float, y_nm: float, limit_nm: float) -> Finding:
    ports, place = ctx.tables.ports, ctx.port_place(port)
    step = complex(x_nm - ports.x_nm[port], y_nm - ports.y_nm[port]) * np.exp(-1j * float(ports.direction_rad[port]))
    way = "behind" if step.real > 0 else "before"
    return ctx.finding(
        f"the core of {place.cell} ends {words.length(abs(step.real))} {way} {ports.name[port] or 'its pin'} "
        f"and {words.length(abs(step.imag))} aside of it",
        place,
        facts=[ports.name[port], "off"],
        measured=abs(step),
        limit=limit_nm,
        unit="nm",
        hint="draw the core to the pin, or move the pin to the end of the core",
    )
