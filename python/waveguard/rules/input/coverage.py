"""EX001: what part of the drawn light path was understood."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from waveguard.findings import Finding, Related
from waveguard.rules import Context, rule
from waveguard.rules import _words as words
from waveguard.tables import DRAWN_SOURCES
from waveguard.units import nm2_to_um2

CORE_AREA = "core_area_nm2"
MAX_NAMED = 3
MOST_PASSED = 2
"""Arms of a place through which light of a waveguide goes on, if anywhere."""
NOTHING = "core shapes, but no waveguide, no device and no joint"
LONE = "shapes with ends of waveguides, but no waveguide and no joint"


@rule("EX001", severity="warning", since="0.1", gate=True)
def coverage(ctx: Context) -> Iterator[Finding]:
    """Core shapes that were not understood.

    What: the share of the waveguide core area that belongs to a device or to a traced waveguide. A top cell below the
        limit gets one finding with the largest places that belong to neither. The run is incomplete when less than
        half of a top cell was understood, when a top cell is one device that the PDK does not know, and when core
        shapes form no network: no device was recognised, no waveguide closes on itself, none meet other than the
        pieces of one, and nothing says where light enters (a pin of the top cell, a path of a budget).
    Why: no other rule looks at what was not understood. Without this one a file in a convention that the PDK does not
        describe would pass with no findings; so it runs whatever rules are selected, unless it is ignored by its code.
    Fix: name the cells in the PDK's devices (with `role = "ignore"` for fill and test patterns that carry no light),
        give them pins or a device marker, or use the PDK of the file.
    Limits: the least coverage of the run (0.9 of the core area), and that of a pass (0.5).
    Not checked: whether what lies inside a device is what its name says.
    """
    table = ctx.tables.coverage
    kinds = np.asarray(table.kind, dtype=object)
    rows = np.flatnonzero((kinds == CORE_AREA) & (table.total > 0))
    if not rows.size:
        ctx.not_applicable("no shapes on the core layers of the PDK")
        return
    is_drawn = np.isin(ctx.tables.devices.source, DRAWN_SOURCES).all()
    if is_drawn and not ctx.facts.ends and not _is_network(ctx):
        names = ", ".join(ctx.cell_name(int(top)) for top in table.top[rows[:MAX_NAMED]])
        guides = len(ctx.tables.waveguides)
        lone = LONE if len(ctx.tables.devices) else NOTHING
        names_of = ("piece of waveguides", "pieces of waveguides") if len(ctx.tables.nets) else ("waveguide",)
        found = f"{words.count(guides, *names_of)}, but no device and no joint" if guides else lone
        ctx.not_evaluated("top cells", rows.size, f"{found} found in {names}")
        return
    ctx.looked_at("top cells", rows.size)
    for row in rows:
        top = int(table.top[row])
        if _is_black_box(ctx, top):
            ctx.not_evaluated("top cells", 1, f"{ctx.cell_name(top)} is one device that the PDK does not know")
        share = float(table.explained[row] / table.total[row])
        if share < ctx.facts.gate_coverage:
            ctx.not_evaluated(
                "top cells", 1, f"only {share:.1%} of the core area of {ctx.cell_name(top)} was understood"
            )
        if share < ctx.facts.least_coverage:
            yield _judge(ctx, top, share, float(table.total[row] - table.explained[row]))


def _is_network(ctx: Context) -> bool:
    """Whether light is led around a ring, or to anything but the other end of a waveguide in however many pieces."""
    if ctx.tables.routes.is_closed.any():
        return True
    nets, devices, junctions = ctx.tables.nets, ctx.tables.devices, ctx.tables.junctions
    is_passed = devices.waveguide >= 0
    # Where a waveguide changes its width one drawing has a place of two arms, another one two pieces that meet.
    is_passed[junctions.device[junctions.n_arms <= MOST_PASSED]] = True
    owner = ctx.tables.ports.device
    return bool((~is_passed[owner[nets.port_a]] | ~is_passed[owner[nets.port_b]]).any())


def _is_black_box(ctx: Context, top: int) -> bool:
    """Whether a top cell is a single device by its marker and pins, of which nothing inside was looked at."""
    devices = ctx.tables.devices
    own = np.flatnonzero(devices.top == top)
    if own.size != 1 or int(devices.cell[own[0]]) != top:
        return False
    device = int(own[0])
    return not ctx.device_kind(device) and int(devices.waveguide[device]) < 0


def _judge(ctx: Context, top: int, share: float, missing_nm2: float) -> Finding:
    unexplained = ctx.tables.unexplained
    rows = np.flatnonzero(unexplained.top == top)
    related = []
    for row in rows:
        x0, y0, x1, y1 = (float(column[row]) for column in _box(ctx))
        cell = ctx.cell_name(int(unexplained.cell[row]))
        place = ctx.place((x0 + x1) / 2, (y0 + y1) / 2, top=top, cell=cell, bbox_nm=(x0, y0, x1, y1))
        shapes = words.count(int(unexplained.count[row]), "shape")
        area_um2 = nm2_to_um2(float(unexplained.area_nm2[row]))
        related.append(
            Related(f"{shapes} of {area_um2:,.1f} µm² in {cell or 'several cells'}: {unexplained.reason[row]}", place)
        )
    name = ctx.cell_name(top)
    place = ctx.place(np.nan, np.nan, top=top, cell=name)
    return ctx.finding(
        f"{share:.1%} of the core area of {name} was understood: {nm2_to_um2(missing_nm2):,.1f} µm² belong to no "
        "device and no waveguide",
        place,
        measured=share,
        limit=ctx.facts.least_coverage,
        related=related,
        hint="name the cells in the PDK's devices, or give them pins or a device marker",
    )


def _box(ctx: Context) -> tuple[np.ndarray, ...]:
    unexplained = ctx.tables.unexplained
    return unexplained.x0_nm, unexplained.y0_nm, unexplained.x1_nm, unexplained.y1_nm
