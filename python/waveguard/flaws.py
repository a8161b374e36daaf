"""Tables of what is wrong with the shapes of guides; like all tables they are given out by `tables`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from waveguard.views import Codes, Floats, Ids, View
from waveguard.views import column as _column


@dataclass(frozen=True, slots=True, eq=False)
class Flaws(View):
    """Places where a side of a guide leaves its line and goes on along it, or along another one beside it."""

    NAME: ClassVar[str] = "flaws"
    waveguide: Ids = _column("", "row in waveguides")
    start_nm: Floats = _column("nm", "distance from port_a along the guide")
    length_nm: Floats = _column("nm", "arc length")
    width_nm: Floats = _column("nm", "width of the guide before it")
    widened_nm: Floats = _column("nm", "how much wider the guide is behind it")
    aside_nm: Floats = _column("nm", "how far the guide goes on to one side of where it came from")
    out_nm: Floats = _column("nm", "farthest that a side leaves the lines before and behind; outwards positive")
    sides: Codes = _column("", "0 one side, 1 both as seen in a mirror, 2 both in their own ways")
    error_nm: Floats = _column("nm", "bound on the error of these by rounding")
    radius_nm: Floats = _column("nm", "radius of the sharpest smooth curve through its corners; 0 where there is none")
    turn_rad: Floats = _column(
        "rad", "turn there, to the left positive; 0 but at a corner between two straight stretches"
    )
    x_nm: Floats = _column("nm", "its middle")
    y_nm: Floats = _column("nm", "its middle")


@dataclass(frozen=True, slots=True, eq=False)
class ThinSlabs(View):
    """Stretches of guides over which the slab reaches less far beyond an edge of the core than was asked."""

    NAME: ClassVar[str] = "thin_slabs"
    waveguide: Ids = _column("", "row in waveguides")
    start_nm: Floats = _column("nm", "distance from port_a along the guide")
    length_nm: Floats = _column("nm", "length of the stretch")
    reach_nm: Floats = _column("nm", "least distance from an edge of the core to that of the slab; 0 without slab")
    x_nm: Floats = _column("nm", "place where that is so")
    y_nm: Floats = _column("nm", "place where that is so")
    step_nm: Floats = _column("nm", "largest change of that distance over no more length than the change itself")
    end_step_nm: Floats = _column("nm", "how much further the slab reaches right beyond an end of the guide")


@dataclass(frozen=True, slots=True, eq=False)
class Breaks(View):
    """Places where the core of a device with two ports does not go on from one to the other."""

    NAME: ClassVar[str] = "breaks"
    device: Ids = _column("", "row in devices")
    x_nm: Floats = _column("nm", "place")
    y_nm: Floats = _column("nm", "place")


@dataclass(frozen=True, slots=True, eq=False)
class SidesAhead(View):
    """For unjoined optical ports that look at the side of a guide within 1 µm, near to square: the nearest one."""

    NAME: ClassVar[str] = "sides_ahead"
    port: Ids = _column("", "the unjoined port")
    waveguide: Ids = _column("", "row in waveguides")
    gap_nm: Floats = _column("nm", "from the nearer corner of the end to the side, square to that; 0 where it touches")
    angle_rad: Floats = _column("rad", "between the way of the port and the side")
    x_nm: Floats = _column("nm", "place on the centre-line")
    y_nm: Floats = _column("nm", "place on the centre-line")


@dataclass(frozen=True, slots=True, eq=False)
class ShapesBeside(View):
    """Shapes close to the side of a guide that are none themselves, each where the gap is narrowest."""

    NAME: ClassVar[str] = "shapes_beside"
    waveguide: Ids = _column("", "row in waveguides")
    gap_nm: Floats = _column("nm", "between the shape and the side of the guide")
    x_nm: Floats = _column("nm", "place on the centre-line")
    y_nm: Floats = _column("nm", "place on the centre-line")
