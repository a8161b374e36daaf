"""How an extraction ended, in words: what was found, how much of the core was understood, whether it is a network."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from waveguard.exports.found import Found
from waveguard.tables import OPTICAL
from waveguard.units import nm2_to_um2, nm_to_um

CORE_AREA = "core_area_nm2"
UM_PER_MM = 1e3
MAX_REASONS = 3
ENOUGH = 0.9
"""Share of the core area below which a few words say where the rest is."""


def closing_line(found: Found) -> str:
    """Return one line about all that was found."""
    kinds = found.values("ports", "kind")
    nets = found.values("nets", "port_a").astype(np.int64)
    optical = int((kinds[nets] == OPTICAL).sum()) if nets.size else 0
    parts = [
        _count(found.rows("devices") - found.rows("waveguides") - found.rows("junctions"), "device"),
        _guides(found),
        *([_count(found.rows("junctions"), "junction")] if found.rows("junctions") else []),
        _count(optical, "optical net"),
        *([_count(len(nets) - optical, "electrical net")] if len(nets) > optical else []),
        _count(len(found.terminals), "terminal"),
        _count(len(found.open_ports), "open end"),
        *([_count(len(found.near_misses), "near miss", "near misses")] if found.near_misses else []),
    ]
    return f"{', '.join(parts)}; {coverage(found)}"


def _guides(found: Found) -> str:
    length_nm = found.values("waveguides", "centerline_length_nm").astype(np.float64)
    text = _count(found.rows("waveguides"), "guide")
    length_um = nm_to_um(float(np.nansum(length_nm)))
    if not length_nm.size:
        return text
    return f"{text} of {length_um / UM_PER_MM:.3f} mm" if length_um >= UM_PER_MM else f"{text} of {length_um:.1f} µm"


def coverage(found: Found) -> str:
    """Return the share of the core area that belongs to a device or a guide, over all top cells."""
    total, explained = core_area_nm2(found)
    if not total > 0:
        return "no core area"
    if explained >= total:
        return "100 % of the core area understood"
    # Never 100 % while something is missing.
    share = math.floor(1000.0 * explained / total) / 10.0
    return f"{share:.1f} % of the core area understood, {nm2_to_um2(total - explained):,.1f} µm² not"


def largest_gap(found: Found) -> str | None:
    """Return where most of what was not understood lies, when that is more than a little; None otherwise."""
    total, explained = core_area_nm2(found)
    table, areas = found.table("unexplained"), found.values("unexplained", "area_nm2").astype(np.float64)
    if not areas.size or explained >= ENOUGH * total:
        return None
    row = int(np.nanargmax(areas))
    x, y = (nm_to_um((float(table[f"{axis}0_nm"][row]) + float(table[f"{axis}1_nm"][row])) / 2) for axis in "xy")
    cell = int(table["cell"][row])
    where = f"of {found.cell_names[cell]}" if cell >= 0 else "of several cells"
    shapes = _count(int(table["count"][row]), "shape")
    place = f"about ({x:.3f}, {y:.3f}) µm, {nm2_to_um2(float(areas[row])):,.1f} µm²"
    reason = f"{table['reason'][row]}; an overlay (-o overlay.gds) shows every place"
    return f"largest part of the rest: {shapes} {where} {place}: {reason}"


def core_area_nm2(found: Found) -> tuple[float, float]:
    """Return the core area of all top cells, and how much of it was understood."""
    table = found.table("coverage")
    rows = [row for row, kind in enumerate(table.get("kind", ())) if kind == CORE_AREA]
    total, explained = (
        found.values("coverage", name)[rows] if rows else np.zeros(0) for name in ("total", "explained")
    )
    return float(np.nansum(total)), float(np.nansum(explained))


def missing_network(found: Found) -> str | None:
    """Return why there is no network although core is drawn; None when there is a network, or no core."""
    total, _ = core_area_nm2(found)
    recognised = ~found.free_devices & has_optical_port(found)
    if not total > 0 or found.rows("waveguides") or found.rows("nets") or bool(recognised.any()):
        return None
    reasons = list(dict.fromkeys(str(reason) for reason in found.table("unexplained").get("reason", ()) if reason))
    why = f" ({'; '.join(reasons[:MAX_REASONS])})" if reasons else ""
    return f"core shapes of {nm2_to_um2(total):,.1f} µm², but no guide, no device and no joint was found in them{why}"


def has_optical_port(found: Found) -> NDArray[np.bool_]:
    """Return which devices light can enter."""
    owners = found.values("ports", "device").astype(np.int64)
    optical = found.values("ports", "kind") == OPTICAL
    mine = np.zeros(found.rows("devices"), dtype=bool)
    mine[owners[optical & (owners >= 0)]] = True
    return mine


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
