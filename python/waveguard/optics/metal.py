"""Thermal crosstalk from drawn heaters to guides, and electrical crosstalk between long parallel metal lines."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import gdstk
import numpy as np
import numpy.typing as npt

from waveguard.models import rf, thermal
from waveguard.optics.bars import Bars, bars_of
from waveguard.optics.between import MAX_PLACEMENTS, library_of
from waveguard.optics.prepare import Columns, as_columns, device_name
from waveguard.units import nm_to_um, ratio_to_db

if TYPE_CHECKING:
    from waveguard.circuit import CircuitModel
    from waveguard.extract import Extraction
    from waveguard.optics.prepare import Source

Floats = npt.NDArray[np.float64]

HEATER_COLUMNS = (
    "x_um",
    "y_um",
    "heater_length_um",
    "guide",
    "distance_um",
    "along_um",
    "phase_rad_per_mw",
    "phase_error_rad",
    "share_db",
)
LINE_COLUMNS = ("x_um", "y_um", "other_x_um", "other_y_um", "spacing_um", "along_um", "near_end_db")
REACH_UM = 60.0
"""Guides further from a heater feel no more than the whole chip does."""
STEP_UM = 1.0
FAINT_SHARE = 0.005
"""Guides that get less of the phase of the heated one are not listed."""
BESIDE_UM = 3.0
"""A heater belongs to the guide nearest below it, no further than this from its middle line."""
PARALLEL_RAD = 0.05
MIN_ALONG_UM, MAX_SPACING_UM = 200.0, 500.0
"""Lines beside each other for less, or further apart, are left out."""
RISE_PS = 20.0
"""Edges for which lines are judged; shorter ones couple whole already."""
MAX_LINES = 3000
MAX_ROWS = 2000


def heaters_and_lines(
    source: Source, extraction: Extraction, model: CircuitModel, wavelength_um: float | None
) -> tuple[Columns, Columns, list[str]]:
    """Return what heaters do to guides, what lines do to each other, and what was not looked at."""
    kit, tables = extraction.pdk, extraction.tables
    heater_rows: list[dict[str, Any]] = []
    line_rows: list[dict[str, Any]] = []
    notes: list[str] = []
    wanted = kit.heaters is not None or kit.process.metal_layers
    drawn = set(extraction.file.handle.layers) & {kit.layer(name) for name in kit.process.metal_layers}
    if wanted and drawn:
        large = any(extraction.file.handle.n_placements(top) > MAX_PLACEMENTS for top in extraction.tops)
        library = None if large else library_of(source, extraction)
        if library is None:
            notes.append("heaters and metal lines were not looked at: the layout is compressed or too large")
        else:
            cells = {cell.name: cell for cell in library.cells if isinstance(cell, gdstk.Cell)}
            scale = library.unit / 1e-6
            for top in extraction.tops:
                cell = cells.get(extraction.cell_names[top])
                if cell is None:
                    continue
                if kit.heaters is not None:
                    bars = bars_of(cell, [kit.layer(kit.heaters.layer)], scale)
                    heater_rows += _heated(model, top, bars, wavelength_um)
                    notes += _left(bars, "heaters")
                lines = [name for name in kit.process.metal_layers if kit.heaters is None or name != kit.heaters.layer]
                for name in lines:
                    bars = bars_of(cell, [kit.layer(name)], scale)
                    line_rows += _lines(bars)
                    notes += _left(bars, f"shapes on {name}")
    elif kit.heaters is None and len(tables.devices):
        notes.append("the PDK says nothing about heaters")
    heater_rows.sort(key=lambda row: -row["phase_error_rad"])
    line_rows.sort(key=lambda row: -row["near_end_db"])
    return (
        as_columns(heater_rows[:MAX_ROWS], HEATER_COLUMNS),
        as_columns(line_rows[:MAX_ROWS], LINE_COLUMNS),
        list(dict.fromkeys(notes)),
    )


def _left(bars: Bars, what: str) -> Iterator[str]:
    if bars.n_other:
        yield f"{bars.n_other} {what} are no straight bars: not counted as heaters or lines"
    if bars.cut:
        yield f"too many {what}: only the first were looked at"


def _heated(model: CircuitModel, top: int, bars: Bars, wavelength_um: float | None) -> Iterator[dict[str, Any]]:
    """Return the phase that each heater gives to each guide, for heaters that have a guide below them.

    The phase error of a guide is what it gets while the heater turns its own guide by pi.
    """
    heat, tables = model.pdk.heaters, model.tables
    if heat is None or not len(bars):
        return
    guides = np.flatnonzero(tables.devices.top[tables.waveguides.device] == top)
    lines = [_line(model, int(one)) for one in guides.tolist()]
    boxes = np.array([[*line.min(axis=0), *line.max(axis=0)] for line in lines]).reshape(-1, 4)
    for k in range(len(bars)):
        start, end, length_um = bars.start_um[k], bars.end_um[k], float(bars.length_um[k])
        low, high = np.minimum(start, end) - REACH_UM, np.maximum(start, end) + REACH_UM
        near = (boxes[:, 0] < high[0]) & (boxes[:, 2] > low[0]) & (boxes[:, 1] < high[1]) & (boxes[:, 3] > low[1])
        along = (end - start) / length_um
        found = []
        for row in np.flatnonzero(near).tolist():
            points = _walk(lines[row])
            middle, step = (points[1:] + points[:-1]) / 2, np.hypot(*np.diff(points, axis=0).T)
            at = (middle - start) @ along
            side = np.abs((middle - start) @ np.array([-along[1], along[0]]))
            inside = (at >= 0.0) & (at <= length_um) & (side <= REACH_UM)
            if not inside.any():
                continue
            warm = thermal.warmth_k(
                distance_um=side[inside],
                power_mw_per_um=1.0 / length_um,
                own_k_um_per_mw=heat.own_k_um_per_mw.value,
                oxide_um=heat.oxide_um.value,
                heater_length_um=length_um,
                substrate_w_per_m_k=heat.substrate_w_per_m_k.value,
                wafer_um=heat.wafer_um.value,
            )
            number = int(model.tables.waveguides.cross_section[guides[row]])
            light_um = model.cross_sections[number].wavelength_um if number >= 0 else model.pdk.pdk.wavelength_um
            phase = thermal.phase_rad(
                warmth_k_um=float((warm * step[inside]).sum()),
                dn_per_k=heat.dn_per_k.value,
                wavelength_um=wavelength_um if wavelength_um is not None else light_um,
            )
            found.append((float(side[inside].min()), float(step[inside].sum()), float(phase), int(guides[row])))
        own = max((one for one in found if one[0] <= BESIDE_UM), key=lambda one: one[2], default=None)
        if own is None:
            continue
        for distance_um, along_um, phase_per_mw, guide in found:
            share = phase_per_mw / own[2]
            if guide != own[3] and share >= FAINT_SHARE:
                yield {
                    "x_um": float((start[0] + end[0]) / 2),
                    "y_um": float((start[1] + end[1]) / 2),
                    "heater_length_um": length_um,
                    "guide": device_name(model, int(tables.waveguides.device[guide])),
                    "distance_um": distance_um,
                    "along_um": along_um,
                    "phase_rad_per_mw": phase_per_mw,
                    "phase_error_rad": math.pi * share,
                    "share_db": float(ratio_to_db(share)),
                }


def _line(model: CircuitModel, guide: int) -> Floats:
    lines = model.tables.centerlines
    own = slice(int(lines.offsets[guide]), int(lines.offsets[guide + 1]))
    return np.asarray(nm_to_um(np.stack([lines.x_nm[own], lines.y_nm[own]], axis=1)))


def _walk(line: Floats) -> Floats:
    """Return points along a line, no further apart than a step."""
    far = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.linspace(0.0, far[-1], max(math.ceil(far[-1] / STEP_UM), 1) + 1)
    return np.stack([np.interp(at, far, line[:, 0]), np.interp(at, far, line[:, 1])], axis=1)


def _lines(bars: Bars) -> Iterator[dict[str, Any]]:
    """Return pairs of bars that run beside each other for long."""
    long = np.flatnonzero(bars.length_um >= MIN_ALONG_UM)[:MAX_LINES]
    start, end, width = bars.start_um[long], bars.end_um[long], bars.width_um[long]
    length = np.hypot(*(end - start).T)
    unit = (end - start) / length[:, None]
    for k in range(len(long)):
        cross = np.abs(unit[k + 1 :, 0] * unit[k, 1] - unit[k + 1 :, 1] * unit[k, 0])
        a, b = ((point[k + 1 :] - start[k]) @ unit[k] for point in (start, end))
        along = np.minimum(np.maximum(a, b), length[k]) - np.maximum(np.minimum(a, b), 0.0)
        normal = np.array([-unit[k, 1], unit[k, 0]])
        apart = np.abs(((start[k + 1 :] + end[k + 1 :]) / 2 - start[k]) @ normal)
        spacing = apart - (width[k] + width[k + 1 :]) / 2
        fits = (cross < PARALLEL_RAD) & (along >= MIN_ALONG_UM) & (spacing > 0.0) & (spacing <= MAX_SPACING_UM)
        for j in np.flatnonzero(fits).tolist():
            one, other = (start[k] + end[k]) / 2, (start[k + 1 + j] + end[k + 1 + j]) / 2
            level = rf.near_end_db(spacing_um=float(spacing[j]), length_um=float(along[j]), rise_ps=RISE_PS)
            yield {
                "x_um": float(one[0]),
                "y_um": float(one[1]),
                "other_x_um": float(other[0]),
                "other_y_um": float(other[1]),
                "spacing_um": float(spacing[j]),
                "along_um": float(along[j]),
                "near_end_db": float(level),
            }
