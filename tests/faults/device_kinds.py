"""Faults at devices: what lies at the side of one, or is drawn across a taper.

As in `kinds.py`, each takes the correct chip, puts one fault in, and says where it is and what must be said. Lengths
are in µm.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from faults.kinds import ALL, CHIP, CROSSING, MARKED, MIDDLE, WIDTH_UM, Fault, end, on_guide
from faults.merged_kinds import BRANCH, across
from faults.scene import Item, box, guide, over_a_guide
from variants.curves import straight

TAPER = end("a5", 1) + 10
"""The middle of a taper from 0.5 to 0.8 µm."""

WITH_DEVICE_OVER = CHIP.with_item("over", Item(over_a_guide(20), 40 - 160j))
"""The correct chip with a device over a long straight."""
CUT_GUIDE = 120 - 160j
"""A place further on along that."""


def _found(*codes: str) -> frozenset[str]:
    return frozenset(codes)


NOT_BARE = {
    # Where shapes that touch are not merged, the body of the crossing goes on to the box and is not looked at beyond.
    ("crossing", 2.5 + 0.64j, 0.2): "bare and flat",
    **{("crossing", -3.5 - 0.45j, size): "bare and flat" for size in (0.2, 0.5, 1.0)},
    # As wide as the taper is long: the whole side is another one.
    ("branch", -5 - 0.5j, 1.0): "bare",
}
"""Ways of drawing in which a box is still missed; who mends one takes it out."""


def at_sides() -> Iterator[Fault]:
    """Boxes of core at the side of a device, most of them within its marker."""
    codes = _found("IN001", "WG007", "CN003", "CN005", "CN002")
    sides = {
        "crossing": (CROSSING, (1 + 0.9j, 2.5 + 0.64j, -3.5 - 0.45j, 0.6 + 2.4j, 2 + 0.75j), (0.2, 0.5, 1.0)),
        "branch": (BRANCH, (-5 - 0.5j, 1 + 1.35j), (0.2, 0.5, 1.0)),
        "coupler": (0j, (-8 + 2.75j, -12 - 3.95j), (0.2, 0.5)),
    }
    for name, (middle, places, sizes_um) in sides.items():
        for aside in places:
            for size_um in sizes_um:
                half, at = size_um / 2, middle + aside
                missed = NOT_BARE.get((name, aside, size_um))
                styles = tuple(style for style in ALL if missed is None or not style.startswith(missed))
                scene = CHIP.with_item("foreign", Item(box("box", -half, -half, half, half), at))
                title = f"box of {size_um} um at the side of a {name} at {aside}"
                yield Fault(title, scene, at, codes, styles, 3.5)


def across_tapers() -> Iterator[Fault]:
    """Guides across a taper, whose arms widen on one side only."""
    for angle in (90, 60, 30):
        name = f"guide across a taper at {angle} degrees"
        yield Fault(name, across(TAPER, angle, 20), TAPER, _found("CN005", "CN003"), ALL, 3.0)


def shapes_across_devices() -> Iterator[Fault]:
    """A guide drawn as no more than its shape, over a device with a marker."""
    codes = _found("CN003", "IN001")
    # The short one lies within the marker of the coupler, where it is a shape of that in a flat layout.
    devices = (("branch", BRANCH, 30), ("crossing", CROSSING, 30), ("coupler", -8 + 0j, 30), ("coupler", -8 + 0j, 11))
    for name, middle, long_um in devices:
        shape = box("shape", -long_um / 2, -WIDTH_UM / 2, long_um / 2, WIDTH_UM / 2)
        for angle in (10, 30, 45, 60, 90):
            for aside in (0, 0.6 + 0.3j, -2 - 0.5j):
                at = middle + aside
                scene = CHIP.with_item("foreign", Item(shape, at, float(np.deg2rad(angle))))
                title = f"shape of a guide of {long_um} um across a {name} at {angle} degrees, {aside} from its middle"
                yield Fault(title, scene, at, codes, MARKED, 12.0)


def shapes_at_guides() -> Iterator[Fault]:
    """A guide drawn as no more than its shape that ends on a guide with a marker, or at its side."""
    codes = _found("CN003", "CN005", "IN001", "WG007", "WG005", "CN002", "CN009")
    for long_um, from_um in ((4.0, 0.0), (4.0, 0.2), (10.0, 0.25), (10.0, 0.251), (2.0, 0.1)):
        shape = box("shape", -WIDTH_UM / 2, from_um, WIDTH_UM / 2, from_um + long_um)
        title = f"shape of a guide of {long_um} um that begins {from_um} um beside the axis of another one"
        yield Fault(title, on_guide(shape), MIDDLE, codes, MARKED, 3.0)
    for angle in (15, 45):
        shape = box("shape", -5, -WIDTH_UM / 2, 5, WIDTH_UM / 2)
        scene = on_guide(shape, heading_rad=float(np.deg2rad(angle)))
        yield Fault(f"shape of a guide across another one at {angle} degrees", scene, MIDDLE, codes, MARKED, 3.0)


def on_cut_guides() -> Iterator[Fault]:
    """Devices on a guide with a marker that another device, placed over it, has cut in parts."""
    for name in ("y_left", "crossing"):
        for angle in (90, 45, 10) if name == "y_left" else (45, 10):
            item = Item(CHIP.items[name].cell, CUT_GUIDE, float(np.deg2rad(angle)))
            title = f"{name} at {angle} degrees on a guide with a device over it"
            yield Fault(title, WITH_DEVICE_OVER.with_item("foreign", item), CUT_GUIDE, _found("CN003"), MARKED)
    item = Item(guide("across", straight(20, WIDTH_UM)), CUT_GUIDE - 10j, np.pi / 2)
    scene = WITH_DEVICE_OVER.with_item("foreign", item)
    yield Fault("guide across a guide with a device over it", scene, CUT_GUIDE, _found("CN005"), MARKED)


def faults() -> list[Fault]:
    """Return one of each."""
    groups = (at_sides, across_tapers, shapes_across_devices, shapes_at_guides, on_cut_guides)
    return [fault for group in groups for fault in group()]
