"""More classes of faults: those that vanish where shapes are merged, and those that a flattened device hides.

As in `kinds.py`, each takes the correct chip, puts one fault in, and says where it is and what must be said. Lengths
are in µm.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from faults.kinds import (
    ALL,
    BEND_UM,
    CHIP,
    CROSSING,
    DRAWN,
    MARKED,
    MIDDLE,
    NM,
    WIDTH_UM,
    Fault,
    behind,
    beside,
    end,
    on_guide,
)
from faults.scene import Item, Scene, bare, box, guide
from variants.curves import straight

BESIDE = 90 - 160j
"""The middle of the stretch over which rows d and e run side by side."""
BRANCH = CHIP.items["y_left"].at


def _found(*codes: str) -> frozenset[str]:
    return frozenset(codes)


def merged_guides() -> Iterator[Fault]:
    """Two guides that become one where they run side by side."""
    codes = _found("CN009", "IN001", "WG005", "CN003")
    for gap_um, long_um in ((0.3, 0.8), (1.0, 0.02), (1.0, 0.1), (1.0, 0.8), (1.0, 5.0), (0.3, 40.0)):
        bridge = Item(box("bridge", -long_um / 2, -0.25 - gap_um, long_um / 2, -0.25), BESIDE)
        name = f"bridge of {long_um} um over {gap_um} um"
        yield Fault(name, beside(gap_um).with_item("foreign", bridge), BESIDE, codes, ALL, 2.0 + long_um / 2)
    for gap_um in (0.0, -0.01, -0.1, -0.2, -0.4):
        yield Fault(f"guides drawn {-gap_um} um into each other", beside(gap_um), BESIDE, codes, ALL, 45)
    yield Fault("guides drawn on each other", beside(-WIDTH_UM), BESIDE, codes, ALL, 45)


def across(at: complex, angle_deg: float, long_um: float = 30.0) -> Scene:
    """Return the chip with a straight guide across a place."""
    turn = complex(np.exp(1j * np.deg2rad(angle_deg)))
    cell = guide("across", straight(long_um, WIDTH_UM))
    return CHIP.with_item("foreign", Item(cell, at - turn * long_um / 2, float(np.deg2rad(angle_deg))))


def guides_across_devices() -> Iterator[Fault]:
    """A guide drawn over a device."""
    codes = _found("CN005", "CN003")
    for angle in (90, 60, 45):
        for aside in (-3, -1, 0, 1, 3):
            name = f"guide across a branch at {angle} degrees, {aside} um from its middle"
            yield Fault(name, across(BRANCH + aside, angle), BRANCH + aside, codes, ALL, 10)
        for aside in (1.5, 3):
            name = f"guide across a crossing at {angle} degrees, {aside} um from its middle"
            yield Fault(name, across(CROSSING + aside, angle), CROSSING, codes, ALL, 10)
        for aside in (-3, -8) if angle > 45 else (-3,):
            name = f"guide across a coupler at {angle} degrees, {-aside} um behind its pin"
            yield Fault(name, across(aside, angle, 60.0), aside, codes, ALL, 10)
    # Through the teeth, which the guide makes one shape with the coupler.
    for aside, angle in ((-12, 30), (-20, 30), (-22, 50), (-23, 20), (-25, 30), (-25, 45), (-25, 60)):
        name = f"guide across the teeth of a coupler at {angle} degrees, {-aside} um behind its pin"
        yield Fault(name, across(aside, angle, 60.0), aside, codes, ALL, 10)


def turned_couplers() -> Iterator[Fault]:
    """Couplers turned in their place."""
    for angle in (-5, -2, 1, 2, 5):
        codes = _found("CN006", "CN001", "CN003")
        yield Fault(f"coupler turned in its place by {angle} degrees", CHIP.turned("in_a", angle, 0), 0, codes)


def on_bend(shape: str, inside: bool, long_um: float, high_um: float) -> Fault:
    """Return a small thing on a side of the first bend."""
    out = complex(np.exp(1j * (0.7 - np.pi / 2)))
    middle = CHIP.items["a1"].at + 1j * BEND_UM
    hand = -1 if inside else 1
    side = middle + out * (BEND_UM + hand * WIDTH_UM / 2)
    feet = [side - hand * out * 0.05 + 1j * out * long_um * k for k in (-0.5, 0.5)]
    angle = np.linspace(0, np.pi, 24)
    top = {
        "triangle": [side + hand * out * high_um],
        "box": [side + out * (hand * high_um + 1j * long_um * k) for k in (0.5, -0.5)],
        "dome": list(side + out * (1j * long_um / 2 * np.cos(angle) + hand * high_um * np.sin(angle))),
    }[shape]
    points = np.array([*feet, *top])
    item = Item(bare("bump", np.column_stack([points.real, points.imag])))
    name = f"{shape} of {long_um} x {high_um} um on the {'inner' if inside else 'outer'} side of a bend"
    codes = _found("WG001", "WG007", "CN002")
    return Fault(name, CHIP.with_item("foreign", item), middle + out * BEND_UM, codes, DRAWN, 2.0)


def bumps_on_bends() -> Iterator[Fault]:
    """Low bumps on curved sides."""
    for inside in (True, False):
        for shape in ("triangle", "box", "dome"):
            for long_um, high_um in ((0.1, 0.005), (0.2, 0.01), (0.3, 0.02), (1.0, 0.02)):
                yield on_bend(shape, inside, long_um, high_um)


def small_jogs() -> Iterator[Fault]:
    """Jogs that are just more than rounding."""
    codes = _found("CN001", "CN006", "WG007")
    # Turned and merged to one area, rounding may leave most of it on one side: a step.
    yield Fault("jog of 2 nm in shapes that touch", behind(2j * NM), end("a4", 2), codes | {"CN002"}, DRAWN)
    yield Fault("coupler 2 nm aside", CHIP.moved("in_a", 2j * NM), 0, codes)
    yield Fault("branch 2 nm aside", CHIP.moved("y_left", 2j * NM), end("y_left", 1), codes)


def thin_strips() -> Iterator[Fault]:
    """Strips too narrow for guides."""
    codes = _found("IN001", "WG007", "WG005")
    for high_um in (1.0, 5.0, 12.0):
        for at_um in (0.2, 0.25):
            stub = on_guide(box("stub", -0.05, at_um, 0.05, 0.25 + high_um))
            yield Fault(f"thin stub of {high_um} um from {at_um} um on", stub, MIDDLE, codes, ALL, high_um + 1)
    for gap_um in (0.01, 0.05):
        strip = on_guide(box("strip", -2.5, 0.25 + gap_um, 2.5, 0.35 + gap_um))
        yield Fault(f"thin strip {gap_um} um beside a guide", strip, MIDDLE, codes | {"CN008"}, ALL, 4)


def within_devices() -> Iterator[Fault]:
    """Boxes in devices, also where nobody says any more what a device was drawn with."""
    for name, reach in (("y_left", 3.0), ("crossing", 3.0), ("in_a", 12.0)):
        at = complex(CHIP.items[name].at) - (10 if name == "in_a" else 0)
        for size_um in (0.05, 0.5, 1.0):
            half = size_um / 2
            scene = CHIP.with_item("foreign", Item(box("box", -half, -half, half, half), at))
            yield Fault(f"box of {size_um} um in {name}", scene, at, _found("IN001"), MARKED, reach)
    for name in ("y_left", "in_a"):
        at = complex(CHIP.items[name].at) - (10 if name == "in_a" else 0) + 0.8j
        scene = CHIP.with_item("foreign", Item(box("box", -1, -0.5, 1, 1.5), at))
        yield Fault(f"box at the side of {name}", scene, at, _found("IN001"), MARKED, 3.0)


def faults() -> list[Fault]:
    """Return one of each."""
    groups = (
        merged_guides,
        guides_across_devices,
        turned_couplers,
        bumps_on_bends,
        small_jogs,
        thin_strips,
        within_devices,
    )
    return [fault for group in groups for fault in group()]
