"""CN002: joints of different width."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from waveguard.analyses.defects import in_words, joint_loss
from waveguard.findings import Finding, Place, Related
from waveguard.rules import Context, rule
from waveguard.rules import _along as along
from waveguard.rules import _words as words
from waveguard.rules.connectivity import _unlike as unlike
from waveguard.rules.connectivity._jumps import PITCH_WIDTHS, TEETH, Jump, mean_pitch_nm, rows_through_devices, teeth
from waveguard.tables import OPTICAL

STEEPEST = 1.0
"""A width that changes by more than this part of the way is no taper: even fans of couplers widen by less."""
LEAST_STEP_NM = 10.0
"""Widths within one shape are known to some grid steps at a single place."""
TWICE_ROUNDED = 1.42
"""The sides of a taper may be stairs of the grid, rounded once more where its cell was turned and drawn flat."""
TAPER_NM = 250.0
"""A change of width over a longer way is a taper, over a shorter one it may be the jump itself."""
ARM_WIDTHS = 5.0
"""What is wide for so many widths only, before waveguides meet, is an arm of the device where they do."""
SAME_WIDTH = 0.1
"""Two ends of one waveguide are as wide as each other within this part; what disturbs such a one is WG007."""


@rule("CN002", severity="error", since="0.1")
def width_mismatch(ctx: Context) -> Iterator[Finding]:
    """Waveguides of different width joined.

    What: two optical ports that meet and differ in width by more than the process allows, beyond what rounding to the
        grid explains. The finding says what light loses at the joint, by the overlap of the modes, where the PDK states
        clad_index. Also one shape whose width jumps on its way: two waveguides that go on into each other with widths
        that differ by more than a tenth, or one whose width changes by more than the way on which it does so. Twelve
        such jumps in a row, closer than two widths to each other, are the teeth of a grating: one note, no errors;
        so are twelve at joints and within devices that are no longer than that, as a grating is drawn cell by cell.
        Two waveguides that enter a bare body, as that of a multimode coupler, as far from its axis of symmetry on
        either side, with widths that differ by more than a tenth, are a warning: one of them lacks its taper.
    Why: a step in width reflects and excites higher modes; the model of neither device holds at such a joint.
    Fix: put a taper between them, or draw both with the same cross-section.
    Limits: joint_width_nm of the PDK's limits. Widths along the axes of the grid are known exactly; where an end that
        was measured on a drawn shape is turned, each corner is known to half a step in x and in y.
    Not checked: joints where one of the widths is not known; electrical joints; jumps by less than 10 nm within one
        shape, or within a width of its ends, unless its sides are straight for 250 nm before and behind; jumps within
        a taper by less than a corner that was rounded twice may be off; arms of bare crossings and branches (five
        widths up to where waveguides meet), which widen as whoever designed them meant; tapers at bodies that are wider
        than any waveguide of the PDK, which are parts of the body.
    """
    yield from _steps_between(ctx)
    yield from unlike.findings(ctx)
    found = [*_joints(ctx), *_steps_within(ctx)]
    jumps = [jump for jump, _ in found]
    for row in rows_through_devices(ctx, jumps):
        if len(row) < TEETH:
            yield from (found[number][1] for number in row)
        else:
            teeth_of = [jumps[number] for number in row]
            yield teeth(ctx, teeth_of, mean_pitch_nm(teeth_of))


def _joints(ctx: Context) -> Iterator[tuple[Jump, Finding]]:
    """Judge joints of two ports."""
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
        finding = ctx.finding(
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
        devices = (int(ports.device[a]), int(ports.device[b]))
        yield Jump(devices, place, float(ports.width_nm[a]), float(ports.width_nm[b])), finding


def _steps_within(ctx: Context) -> Iterator[tuple[Jump, Finding]]:
    """Judge waveguides whose width jumps between their ends."""
    is_arm = _Arms(ctx)
    steps = sorted((one for one in _steps(ctx) if not is_arm.behind(one)), key=lambda step: (step.row, step.at_nm))
    for row in _rows(steps):
        jumps = [step.jump for step in row]
        if len(row) < TEETH:
            yield from ((jump, _jump(ctx, jump.place, jump.width_nm, jump.other_nm)) for jump in jumps)
        else:
            pitch_nm = (row[-1].at_nm - row[0].at_nm) / (len(row) - 1)
            yield jumps[len(jumps) // 2], teeth(ctx, jumps, pitch_nm)


@dataclass(frozen=True)
class _Step:
    """A jump of the width of a waveguide between its ends."""

    row: int
    """Of `waveguides`."""
    at_nm: float
    """Distance along it."""
    jump: Jump


def _rows(steps: Sequence[_Step]) -> Iterator[list[_Step]]:
    """Part jumps into those that follow each other closely on one waveguide."""
    row: list[_Step] = []
    for step in steps:
        if row:
            last = row[-1]
            wide_nm = max(last.jump.wide_nm, step.jump.wide_nm)
            if step.row != last.row or step.at_nm - last.at_nm > PITCH_WIDTHS * wide_nm:
                yield row
                row = []
        row.append(step)
    if row:
        yield row


class _Arms:
    """Tells what is wide for a short way only, up to where waveguides meet."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._ports_of = along.OpticalPorts(ctx)

    def from_port(self, port: int, width_nm: float, way_nm: float = 0.0) -> bool:
        """Whether the way from a port of a waveguide is an arm, after some way already."""
        body = along.leads_into(self._ctx, port, ARM_WIDTHS * width_nm - way_nm) if port >= 0 else -1
        return body >= 0 and len(self._ports_of(body)) > 2

    def behind(self, step: _Step) -> bool:
        """Whether the wide side of a jump within a waveguide is an arm."""
        guides = self._ctx.tables.waveguides
        is_ahead = step.jump.other_nm > step.jump.width_nm
        rest_nm = float(guides.centerline_length_nm[step.row]) - step.at_nm if is_ahead else step.at_nm
        end = int((guides.port_b if is_ahead else guides.port_a)[step.row])
        width_nm = step.jump.wide_nm
        if end < 0 or rest_nm > ARM_WIDTHS * width_nm:
            return False
        return self.from_port(int(along.partners(self._ctx, np.array([end]))[0]), width_nm, rest_nm)


def _steps(ctx: Context) -> Iterator[_Step]:
    known: dict[int, list[float]] = {}
    for step in _steps_of_sides(ctx):
        known.setdefault(step.row, []).append(step.at_nm)
        yield step
    tapers, guides = ctx.tables.tapers, ctx.tables.waveguides
    step_nm = np.abs(tapers.end_width_nm - tapers.begin_width_nm)
    wider_nm = np.fmax(tapers.begin_width_nm, tapers.end_width_nm)
    end_nm = tapers.start_nm + tapers.length_nm
    inside = (tapers.start_nm > wider_nm) & (end_nm < guides.centerline_length_nm[tapers.waveguide] - wider_nm)
    jumps = inside & (step_nm > LEAST_STEP_NM) & (step_nm > STEEPEST * tapers.length_nm)
    for places_nm in known.values():
        places_nm.sort()
    for k in np.flatnonzero(jumps).tolist():
        row, at_nm = int(tapers.waveguide[k]), float(tapers.start_nm[k] + tapers.length_nm[k] / 2)
        if _is_near(known.get(row, []), at_nm, float(wider_nm[k])):
            continue
        x_nm, y_nm = along.place_along(ctx, row, at_nm)
        place = ctx.place(x_nm, y_nm, top=ctx.waveguide_top(row), cell=ctx.waveguide_cell(row))
        devices = (int(guides.device[row]),)
        jump = Jump(devices, place, float(tapers.begin_width_nm[k]), float(tapers.end_width_nm[k]))
        yield _Step(row, at_nm, jump)


def _is_near(places_nm: list[float], at_nm: float, reach_nm: float) -> bool:
    """Whether one of some places in order is within reach of another."""
    k = bisect_left(places_nm, at_nm - reach_nm)
    return k < len(places_nm) and places_nm[k] <= at_nm + reach_nm


def _steps_of_sides(ctx: Context) -> Iterator[_Step]:
    """Return steps of straight sides, which are known to rounding."""
    flaws = ctx.tables.flaws
    step_nm = np.abs(flaws.widened_nm)
    least_nm = np.maximum(flaws.error_nm, float(ctx.pdk.limits.joint_width_nm))
    for k in np.flatnonzero((step_nm > least_nm) & (step_nm > STEEPEST * flaws.length_nm)).tolist():
        row, width_nm = int(flaws.waveguide[k]), float(flaws.width_nm[k])
        is_small = step_nm[k] <= TWICE_ROUNDED * flaws.error_nm[k]
        if is_small and _in_taper(ctx, row, float(flaws.start_nm[k])):
            continue
        at = ctx.place(flaws.x_nm[k], flaws.y_nm[k], top=ctx.waveguide_top(row), cell=ctx.waveguide_cell(row))
        devices = (int(ctx.tables.waveguides.device[row]),)
        jump = Jump(devices, at, width_nm, width_nm + float(flaws.widened_nm[k]))
        yield _Step(row, float(flaws.start_nm[k]), jump)


def _in_taper(ctx: Context, guide: int, at_nm: float) -> bool:
    """Whether a place along a waveguide lies in a taper."""
    tapers = ctx.tables.tapers
    first, end = np.searchsorted(tapers.waveguide, [guide, guide + 1])
    start_nm, length_nm = tapers.start_nm[first:end], tapers.length_nm[first:end]
    return bool(((start_nm <= at_nm) & (at_nm <= start_nm + length_nm) & (length_nm >= TAPER_NM)).any())


def _steps_between(ctx: Context) -> Iterator[Finding]:
    """Judge waveguides of one shape that go on with another width where no taper has room."""
    ports, junctions = ctx.tables.ports, ctx.tables.junctions
    found = along.passages(ctx)
    widths_nm = np.stack([ports.width_nm[found.port_a], ports.width_nm[found.port_b]])
    wider_nm = widths_nm.max(axis=0, initial=0.0)
    step_nm = np.abs(widths_nm[0] - widths_nm[1])
    is_arm = _Arms(ctx)
    for k in np.flatnonzero((step_nm > SAME_WIDTH * wider_nm) & (found.along_nm < wider_nm)).tolist():
        row = int(found.junction[k])
        wide = int((found.port_a if widths_nm[0, k] > widths_nm[1, k] else found.port_b)[k])
        if is_arm.from_port(wide, float(wider_nm[k])):
            continue
        device = int(junctions.device[row])
        cell = ctx.device_cell(device)
        at = ctx.place(junctions.x_nm[row], junctions.y_nm[row], top=int(ctx.tables.devices.top[device]), cell=cell)
        yield _jump(ctx, at, float(widths_nm[0, k]), float(widths_nm[1, k]))


def _jump(ctx: Context, place: Place, width_nm: float, other_nm: float) -> Finding:
    narrow, wide = (words.nm(one) for one in sorted((width_nm, other_nm)))
    return ctx.finding(
        f"the width of a waveguide of {place.cell} jumps from {narrow} to {wide}",
        place,
        facts=[place.cell, "step"],
        measured=abs(width_nm - other_nm),
        limit=float(ctx.pdk.limits.joint_width_nm),
        unit="nm",
        hint="join them through a taper",
    )
