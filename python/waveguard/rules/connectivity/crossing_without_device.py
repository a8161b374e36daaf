"""CN005: waveguides that cross on the bare chip."""

from __future__ import annotations

from collections.abc import Iterator

from waveguard.findings import Finding, Related
from waveguard.rules import Context, rule
from waveguard.rules import _words as words


@rule("CN005", severity="error", since="0.1")
def crossing_without_device(ctx: Context) -> Iterator[Finding]:
    """Waveguides that cross without a crossing device.

    What: the centre-lines of two waveguides cross where no crossing device is placed.
    Why: a plain crossing of strips loses about a decibel and sends some percent of the light into the other guide; the
        layout tool shows it as a neat cross.
    Fix: place a crossing device there, or route one waveguide around.
    Limits: none.
    Not checked: crossings inside devices; waveguides in different layers, whose coupling depends on the stack.
    """
    crossings = ctx.tables.crossings
    number = len(ctx.tables.waveguides.device)
    if not number:
        ctx.not_applicable("no waveguides")
        return
    ctx.looked_at("waveguides", number)
    for row in range(len(crossings.waveguide_a)):
        a, b = int(crossings.waveguide_a[row]), int(crossings.waveguide_b[row])
        cell_a, cell_b = ctx.waveguide_cell(a), ctx.waveguide_cell(b)
        top = ctx.waveguide_top(a)
        x_nm, y_nm = float(crossings.x_nm[row]), float(crossings.y_nm[row])
        place = ctx.place(x_nm, y_nm, top=top, cell=cell_a)
        yield ctx.finding(
            f"{cell_a} crosses {cell_b} at {words.degrees(crossings.angle_rad[row])} without a crossing device",
            place,
            facts=sorted([cell_a, cell_b]),
            related=[Related(f"crosses {cell_b}", ctx.place(x_nm, y_nm, top=top, cell=cell_b))],
            hint="place a crossing device here, or route one of the two around",
        )
