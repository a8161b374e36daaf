"""The classes of faults: each takes the correct chip, puts one fault in, and says where it is and what must be said.

A fault is found when a new finding of one of its codes lies within its reach. Lengths are in µm.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import gdstk
import numpy as np

from faults.scene import BEND_UM, QUARTER, WIDTH_UM, Item, Scene, bare, box, chip, guide, neighbour, outline
from variants.curves import Piece, arc, straight, taper
from waveguard.designs import cells, drawing

NM = 1e-3
CHIP = chip()

MARKED = ("marked", "marked and flat")
DRAWN = ("bare and flat", "bare and merged")
APART = ("marked", "marked and flat", "bare and flat")
"""Where shapes that touch are still shapes of their own."""
ALL = (*APART, "bare and merged")


@dataclass(frozen=True)
class Fault:
    """A chip with one fault."""

    name: str
    scene: Scene
    place: complex
    codes: frozenset[str]
    styles: tuple[str, ...] = ALL
    reach_um: float = 6.0


def end(name: str, which: int, scene: Scene = CHIP) -> complex:
    """Return where a pin of an item is."""
    item = scene.items[name]
    label = next(one for one in item.cell.labels if one.text == f"opt{which}")
    return complex(item.at + complex(*label.origin) * np.exp(1j * item.heading_rad))


def shortened(name: str, length_um: float, by_um: float) -> Scene:
    """Return the chip with a straight guide that ends too soon."""
    return CHIP.with_cell(name, guide("short", straight(length_um - by_um, WIDTH_UM)))


def behind(by: complex = 0.0, turned_deg: float = 0.0) -> Scene:
    """Return the chip with all that follows on the straight of row a moved or turned about the joint there."""
    scene, about = CHIP, end("a4", 2)
    for name in ("a5", "a6", "a7", "a8", "out_a"):
        scene = scene.turned(name, turned_deg, about) if turned_deg else scene.moved(name, by)
    return scene


def instead(cell: gdstk.Cell) -> Scene:
    """Return the chip with another cell for the long straight of row a."""
    return CHIP.with_cell("a4", cell)


def changed(change: Callable[[gdstk.Cell], object]) -> Scene:
    """Return the chip with the cell of the long straight of row a edited."""
    cell = guide("edited", straight(60, WIDTH_UM))
    change(cell)
    return instead(cell)


def on_guide(cell: gdstk.Cell, at: complex = 0.0, heading_rad: float = 0.0) -> Scene:
    """Return the chip with something more, placed relative to the middle of the long straight of row a."""
    return CHIP.with_item("foreign", Item(cell, MIDDLE + at, heading_rad))


MIDDLE = end("a4", 1) + 30
CROSSING = CHIP.items["crossing"].at


def _found(*codes: str) -> frozenset[str]:
    return frozenset(codes)


OPEN = _found("CN001")
SHAPE = _found("CN002", "CN005", "CN007", "CN008", "IN001", "WG004", "WG007")


def gaps_and_offsets() -> Iterator[Fault]:
    """Moved guides and devices."""
    for gap_nm in (3, 5, 10, 50, 100, 500):
        yield Fault(f"gap of {gap_nm} nm between guides", shortened("a0", 40, gap_nm * NM), 40, OPEN)
    for gap_nm in (10, 500):
        yield Fault(f"gap of {gap_nm} nm before a branch", shortened("b_in0", 50, gap_nm * NM), end("b_in0", 2), OPEN)
        yield Fault(
            f"gap of {gap_nm} nm before a crossing", shortened("b_mid0", 40, gap_nm * NM), end("b_mid0", 2), OPEN
        )
        yield Fault(f"coupler {gap_nm} nm away", CHIP.moved("in_a", -gap_nm * NM), 0, OPEN)
    for aside_nm in (5, 20, 100, 300):
        merged = _found("CN001", "WG001", "WG007")
        styles = ALL if aside_nm > 5 else APART
        yield Fault(f"guides {aside_nm} nm aside", behind(1j * aside_nm * NM), end("a4", 2), merged, styles)
    yield Fault("branch 10 nm aside", CHIP.moved("y_left", 10j * NM), end("y_left", 1), OPEN)
    yield Fault("branch 300 nm aside", CHIP.moved("y_left", 0.3j), end("y_left", 1), _found("CN001", "WG007"))
    yield Fault("port off by 1 nm", CHIP.moved("in_a", 1j * NM), 0, _found("CN006"), MARKED)
    yield Fault("port off by 5 nm", CHIP.moved("in_a", 5j * NM), 0, OPEN, MARKED)


def turns() -> Iterator[Fault]:
    """Turned ends and devices."""
    for angle in (0.5, 1, 2, 5):
        codes = _found("CN001", "CN006", "WG001", "WG007", "CN007")
        styles = ("marked", "bare and flat") if angle > 0.5 else ("marked",)
        yield Fault(f"guides turned by {angle} degrees", behind(turned_deg=angle), end("a4", 2), codes, styles)
    yield Fault("coupler turned by 0.5 degrees", CHIP.turned("in_a", 0.5, 0), 0, _found("CN006"), ("marked",))
    yield Fault("coupler turned by 2 degrees", CHIP.turned("in_a", 2, 0), 0, OPEN, ("marked",))
    middle = CHIP.items["y_left"].at
    yield Fault("branch the wrong way round", CHIP.turned("y_left", 180, middle), end("y_left", 1), OPEN)
    yield Fault("coupler the wrong way round", CHIP.turned("in_a", 180, 0), 0, OPEN, APART)


def profile(width_um: float, over_um: float) -> Piece:
    """Return a straight guide of another width in its middle."""
    places = np.array([0, 30 - over_um / 2, 30 - over_um / 2, 30 + over_um / 2, 30 + over_um / 2, 60])
    widths = np.array([WIDTH_UM, WIDTH_UM, width_um, width_um, WIDTH_UM, WIDTH_UM])
    return Piece(places.astype(np.complex128), np.zeros(6), widths, 60.0)


def widths() -> Iterator[Fault]:
    """Steps, notches, necks and bumps."""
    for width_um in (0.502, 0.45, 0.4, 0.8):
        step = instead(guide("step", straight(60, width_um)))
        yield Fault(f"step to {width_um} um", step, end("a4", 1), _found("CN002"), APART)
    merged = instead(guide("step", straight(60, 0.4)))
    yield Fault("step in one area", merged, end("a4", 2), _found("CN002"), ("bare and merged",))
    yield Fault(
        "taper missing", CHIP.with_cell("a5", guide("no_taper", straight(20, 0.5))), end("a5", 2), _found("CN002")
    )
    turned = CHIP.with_cell("a5", guide("turned_taper", taper(20, 0.8, 0.5)))
    yield Fault("taper the wrong way round", turned, end("a5", 1), _found("CN002"), APART)
    for width_um, over_um in ((0.3, 0.1), (0.4, 1.0), (0.06, 1.0), (0.8, 1.0), (0.4, 10.0), (0.8, 10.0)):
        scene = instead(guide("uneven", profile(width_um, over_um)))
        name = f"{width_um} um wide over {over_um} um"
        yield Fault(name, scene, MIDDLE, SHAPE, reach_um=over_um / 2 + 2)
    for wide, high in ((0.05, 0.05), (0.2, 0.2), (0.5, 0.5)):
        spike = box("spike", -wide / 2, 0.25, wide / 2, 0.25 + high)
        yield Fault(f"spike of {wide} x {high} um", on_guide(spike), MIDDLE, SHAPE)


def triangle(long_um: float, high_um: float) -> gdstk.Cell:
    """Return a triangle that stands on the upper side of a guide, or hangs into it."""
    return bare("triangle", np.array([[-long_um / 2, 0.25], [long_um / 2, 0.25], [0.0, 0.25 + high_um]]))


def dome(long_um: float, high_um: float) -> gdstk.Cell:
    """Return half an ellipse that stands on the upper side of a guide."""
    angle = np.linspace(0, np.pi, 24)
    return bare("dome", np.column_stack([long_um / 2 * np.cos(angle), 0.25 + high_um * np.sin(angle)]))


def cut_out(shape: gdstk.Cell) -> Scene:
    """Return the chip with a shape taken out of the long straight of row a."""
    points = shape.polygons[0].points + np.array([30.0, 0.0])
    return changed(lambda cell: without_core(cell, gdstk.Polygon(points)))


def sides() -> Iterator[Fault]:
    """Small things that a side of a guide does."""
    bump = _found("WG007", "IN001", "WG001")
    for long, high in ((0.1, 0.03), (0.5, 0.1), (1.0, 0.05), (1.0, 0.02), (2.0, 0.2), (5.0, 0.1)):
        yield Fault(f"triangle of {long} x {high} um on a side", on_guide(triangle(long, high)), MIDDLE, bump)
        yield Fault(f"notch of {long} x {high} um", cut_out(triangle(long, -high)), MIDDLE, bump)
    for long, high in ((0.1, 0.03), (0.5, 0.1), (1.0, 0.05), (5.0, 0.1)):
        yield Fault(f"dome of {long} x {high} um on a side", on_guide(dome(long, high)), MIDDLE, bump | {"CN002"})
    sliver = on_guide(box("sliver", -10, 0.25, 10, 0.27))
    yield Fault("sliver along a side", sliver, MIDDLE, SHAPE | OPEN, reach_um=11)
    for aside_nm in (2, 3, 5):
        jog = behind(1j * aside_nm * NM)
        styles = DRAWN if aside_nm > 2 else ("bare and merged",)
        yield Fault(f"jog of {aside_nm} nm", jog, end("a4", 2), _found("CN001", "WG007"), styles)
    for width_um in (0.502, 0.504, 0.508):
        step = instead(guide("step", straight(60, width_um)))
        styles = DRAWN if width_um > 0.503 else ("bare and flat",)
        yield Fault(f"small step to {width_um} um", step, end("a4", 1), _found("CN002"), styles)
    for width_um in (0.504, 0.508, 0.52):
        scene = instead(guide("uneven", profile(width_um, 10.0)))
        yield Fault(f"{width_um} um wide over 10 um within a guide", scene, MIDDLE, _found("CN002"), reach_um=7)


def without_core(cell: gdstk.Cell, hole: gdstk.Polygon | None) -> None:
    """Take the core of a straight guide out of its cell, or cut something out of it."""
    whole = [one for one in cell.polygons if (one.layer, one.datatype) == drawing.CORE]
    cell.remove(*whole)
    if hole is not None:
        layer, datatype = drawing.CORE
        cell.add(*gdstk.boolean(whole, hole, "not", layer=layer, datatype=datatype))


def redrawn(length_um: float, aside_um: float) -> Callable[[gdstk.Cell], None]:
    """Return a change that draws the core of a straight guide with another length, or beside its pins."""

    def change(cell: gdstk.Cell) -> None:
        without_core(cell, None)
        cell.add(drawing.core(outline(straight(length_um, WIDTH_UM)) + np.array([0.0, aside_um])))

    return change


def cores() -> Iterator[Fault]:
    """Cores that are not what their cell says."""
    for size, name in (((0.05, 0.05), "small hole"), ((1.0, 0.1), "slit")):
        hole = gdstk.rectangle((30 - size[0], -size[1]), (30 + size[0], size[1]))
        yield Fault(f"{name} in a guide", changed(lambda cell, hole=hole: without_core(cell, hole)), MIDDLE, SHAPE)
    for size, name in (((0.05, 0.05), "hole"), ((0.05, 1.0), "cut")):
        hole = gdstk.rectangle((10 - size[0], -size[1]), (10 + size[0], size[1]))
        scene, codes = changed(lambda cell, hole=hole: without_core(cell, hole)), _found("CN008")
        yield Fault(f"{name} far from the middle of a cell", scene, end("a4", 1) + 10, codes, MARKED, 0.1)
    cut = gdstk.rectangle((30, -1), (30.05, 1))
    yield Fault("guide cut across", changed(lambda cell: without_core(cell, cut)), MIDDLE, SHAPE | OPEN)
    missing = changed(lambda cell: without_core(cell, None))
    yield Fault("core missing", missing, MIDDLE, _found("CN008"), MARKED)
    yield Fault("core missing, bare", missing, end("a4", 1), OPEN, DRAWN)
    for short_nm in (10, 200):
        scene = changed(redrawn(60 - short_nm * NM, 0.0))
        yield Fault(f"core {short_nm} nm short of its pin", scene, end("a4", 2), SHAPE, MARKED, reach_um=31)
    yield Fault("core beside its pins", changed(redrawn(60, 0.05)), end("a4", 2), _found("CN008"), MARKED)


def bends() -> Iterator[Fault]:
    """Bends too tight, and corners."""
    for radius in (2.0, 1.0, 0.5):
        scene = CHIP.with_cell("a0", guide("lead", straight(50 - radius, WIDTH_UM)))
        scene = scene.with_item("a1", Item(guide("tight", arc(radius, QUARTER, WIDTH_UM)), 50 - radius))
        lead = guide("lead_2", straight(30 + BEND_UM - radius, WIDTH_UM))
        scene = scene.with_item("a2", Item(lead, 50 + radius * 1j, QUARTER))
        yield Fault(f"bend of {radius} um", scene, 50, _found("WG001"))
    half = WIDTH_UM / 2
    scene = CHIP.without("a1").with_cell("a0", guide("to_corner", straight(50 + half, WIDTH_UM)))
    scene = scene.with_item("a2", Item(guide("from_corner", straight(40 + half, WIDTH_UM)), 50 - half * 1j, QUARTER))
    yield Fault("corner of two guides", scene, 50, _found("CN001", "CN007", "WG001"))
    mitred = Piece(
        np.array([0, 50, 50 + 40j]), np.array([0, QUARTER / 2, QUARTER]), WIDTH_UM * np.array([1, 2**0.5, 1]), 90
    )
    scene = CHIP.without("a1").without("a2").with_cell("a0", guide("mitred", mitred))
    yield Fault("corner in one guide", scene, 50, _found("CN007", "WG001"))


def missing_and_double() -> Iterator[Fault]:
    """Things deleted, or drawn twice."""
    for name in ("a2", "a4", "b_up1", "b_mid0", "e2", "y_left", "crossing"):
        yield Fault(f"{name} deleted", CHIP.without(name), end(name, 1), OPEN)
    yield Fault("coupler deleted", CHIP.without("in_a"), 0, OPEN, MARKED)
    for name in ("a0", "a1", "a4", "b_up0"):
        twice = CHIP.with_item("again", CHIP.items[name])
        yield Fault(f"{name} drawn twice", twice, (end(name, 1) + end(name, 2)) / 2, _found("CN004"), APART)
    twice = _found("CN003", "CN004", "CN001")
    for by_nm in (5, 50, 300):
        for name in ("a1", "a4", "b_low0"):
            again = CHIP.items[name]
            for by, way in ((1, "along"), (1j, "aside"), (1 + 1j, "askew")):
                copy = Item(again.cell, again.at + by * by_nm * NM, again.heading_rad)
                middle = (end(name, 1) + end(name, 2)) / 2
                shifted = CHIP.with_item("again", copy)
                title = f"{name} drawn again {by_nm} nm {way}"
                yield Fault(title, shifted, middle, twice | {"CN005"}, APART, 41)
    for name, reach in (("in_a", 20.0), ("y_left", 10.0), ("crossing", 10.0)):
        twice = CHIP.with_item("again", CHIP.items[name])
        yield Fault(f"{name} placed twice", twice, end(name, 1), _found("CN004"), MARKED, reach)
    guide_at, moved = CHIP.items["a0"], 0.3
    shifted = CHIP.with_item("again", Item(guide_at.cell, guide_at.at + moved))
    yield Fault("guide drawn again beside itself", shifted, 0, _found("CN001", "CN003"), MARKED, 25)


def foreign_shapes() -> Iterator[Fault]:
    """Things on or across a guide."""
    codes = SHAPE | {"WG001", "CN003"}
    yield Fault("box on a guide", on_guide(box("box", -2.5, -2.5, 2.5, 2.5)), MIDDLE, codes)
    yield Fault("box across a guide", on_guide(box("box", -0.25, -5, 0.25, 5)), MIDDLE, _found("CN005"))
    yield Fault("box at the side of a guide", on_guide(box("box", -1, 0.25, 1, 2.25)), MIDDLE, codes, APART)
    on_bend = CHIP.with_item("foreign", Item(box("box", -1, -1, 1, 1), 47.071 + 2.929j))
    yield Fault("box on a bend", on_bend, 47.071 + 2.929j, codes, (*MARKED, "bare and merged"))
    for angle in (45.0, 90.0):
        turn = np.exp(1j * np.deg2rad(angle))
        across = on_guide(guide("across", straight(20, WIDTH_UM)), complex(-10 * turn), float(np.deg2rad(angle)))
        yield Fault(f"guide across a guide at {angle} degrees", across, MIDDLE, _found("CN005"))
    into = on_guide(guide("into", straight(20, WIDTH_UM)), 20j, -QUARTER)
    yield Fault("guide into the side of a guide", into, MIDDLE, _found("CN001", "CN003", "CN007"))
    middle = CHIP.items["y_left"].at
    into = CHIP.with_item("foreign", Item(guide("into", straight(20, WIDTH_UM)), middle + 20j, -QUARTER))
    yield Fault("guide into the side of a branch", into, middle, _found("CN001", "CN003", "CN007"))
    reach = cells.CROSSING_HALF_LENGTH_UM
    bare_cross = CHIP.without("crossing").with_cell("b_mid0", guide("long", straight(40 + 2 * reach, WIDTH_UM)))
    upright = Item(guide("upright", straight(2 * reach, WIDTH_UM)), CROSSING - reach * 1j, QUARTER)
    bare_cross = bare_cross.with_item("upright", upright)
    yield Fault("crossing without a device", bare_cross, CROSSING, _found("CN005"))


def pieces_beside() -> Iterator[Fault]:
    """Small shapes near a guide, and short pieces of guides."""
    for gap_um in (0.03, 0.05):
        for long_um in (0.4, 1.0, 3.0):
            piece = box("piece", -long_um / 2, 0.25 + gap_um, long_um / 2, 0.75 + gap_um)
            yield Fault(f"{long_um} um of core {gap_um} um beside a guide", on_guide(piece), MIDDLE, _found("WG005"))
    # Pieces of guides, which are free at both ends.
    for gap_um, long_um in ((0.2, 2.0), (0.2, 10.0), (0.1, 10.0), (0.6, 10.0), (0.2, 18.0), (0.2, 30.0)):
        piece = box("piece", -long_um / 2, 0.25 + gap_um, long_um / 2, 0.75 + gap_um)
        name = f"{long_um} um of a guide {gap_um} um beside another one"
        yield Fault(name, on_guide(piece), MIDDLE, _found("WG003"), ALL, 1 + long_um / 2)
    halves = on_guide(box("half", -5, 0.45, 0, 0.95)).with_item("other", Item(box("rest", 0, 0.45, 5, 0.95), MIDDLE))
    yield Fault("two halves of a piece beside a guide", halves, MIDDLE, _found("WG003"))
    bent = Item(bare("bent", outline(arc(BEND_UM - WIDTH_UM - 0.3, QUARTER / 2, WIDTH_UM))), 40 + 0.8j)
    yield Fault("piece inside a bend", CHIP.with_item("foreign", bent), 43.8 + 0.8j, _found("WG003"))


def layers() -> Iterator[Fault]:
    """Cores on the wrong layer."""
    for layer, name in (((4, 0), "nitride"), ((2, 0), "no guide layer")):
        moved = changed(functools.partial(on_another_layer, layer=layer))
        yield Fault(f"core on {name}", moved, end("a4", 1), OPEN | {"IN001"}, DRAWN)
        yield Fault(f"core on {name}, marked", moved, MIDDLE, _found("CN008", "IN001"), MARKED, 31)


def on_another_layer(cell: gdstk.Cell, layer: tuple[int, int]) -> None:
    """Draw the core of a straight guide on another layer."""
    without_core(cell, None)
    cell.add(drawing.polygon(outline(straight(60, WIDTH_UM)), layer))


def turned_and_moved_devices() -> Iterator[Fault]:
    """Devices that are a little off."""
    codes = _found("CN001", "CN002", "CN003", "WG007", "CN007", "WG001")
    for name, reach in (("y_left", 9.0), ("crossing", 6.0)):
        middle = complex(CHIP.items[name].at)
        for angle in (0.5, 1.0, 2.0, 3.0):
            yield Fault(
                f"{name} turned by {angle} degrees", CHIP.turned(name, angle, middle), middle, codes, ALL, reach
            )
        for by in (0.02, 0.02j, 0.02 + 0.02j):
            yield Fault(f"{name} moved by {by} um", CHIP.moved(name, by), middle, codes, ALL, reach)
    lost = CHIP.without("a0")
    # Either the coupler is known and its port is open, or its shapes are told as a row to which nothing leads.
    yield Fault("coupler without its guide", lost, 0j, OPEN | {"IN001"}, DRAWN, 20)
    for name in ("in_a", "y_left"):
        spare = CHIP.with_item("spare", Item(CHIP.items[name].cell, 100 - 100j))
        yield Fault(f"spare {name}", spare, 100 - 100j, OPEN | {"IN001"}, ALL, 20)
    within = CHIP.with_item("foreign", Item(box("box", -1, -1, 1, 1), CHIP.items["y_left"].at))
    yield Fault("box on a branch", within, complex(CHIP.items["y_left"].at), _found("IN001"), ("marked",))


def edges() -> Iterator[Fault]:
    """Corners and slits of a guide that somebody edited."""
    drawn = {
        "corner cut off": [(0, -0.25), (60, -0.25), (59.8, 0.25), (0, 0.25)],
        "slanted end": [(0, -0.25), (59.75, -0.25), (60.25, 0.25), (0, 0.25)],
        "narrowing on one side": [(0, -0.25), (30, -0.25), (60, -0.05), (60, 0.25), (0, 0.25)],
    }
    codes = SHAPE | OPEN
    for name, points in drawn.items():
        yield Fault(name, changed(functools.partial(redrawn_as, points=points)), end("a4", 2), codes, ALL, 31)
    for wide_nm, deep_um, name in (
        (2, 0.5, "half across"),
        (10, 0.5, "half across"),
        (2, 2, "across"),
        (10, 2, "across"),
    ):
        slit = gdstk.rectangle((30, 0.25 - deep_um / 2), (30 + wide_nm * NM, 0.3))
        cut = changed(lambda cell, slit=slit: without_core(cell, slit))
        yield Fault(f"slit of {wide_nm} nm {name}", cut, MIDDLE, codes | {"WG001", "CN007"})
    for size_nm in (4, 20):
        hole = gdstk.rectangle((30, -size_nm * NM / 2), (30 + size_nm * NM, size_nm * NM / 2))
        cut = changed(lambda cell, hole=hole: without_core(cell, hole))
        yield Fault(f"hole of {size_nm} nm", cut, MIDDLE, codes)
    for wide, high in ((0.5, 1.0), (0.5, 5.0), (0.1, 5.0)):
        stub = on_guide(box("stub", -wide / 2, 0.25, wide / 2, 0.25 + high))
        yield Fault(f"stub of {wide} x {high} um", stub, MIDDLE, codes | {"CN007"})


def redrawn_as(cell: gdstk.Cell, points: list[tuple[float, float]]) -> None:
    """Draw the core of a straight guide with other corners."""
    without_core(cell, None)
    cell.add(drawing.core(np.array(points)))


def spacings() -> Iterator[Fault]:
    """Neighbours too near."""
    for gap_um, code in ((0.3, "WG003"), (0.7, "WG003"), (0.98, "WG003"), (0.05, "WG005"), (0.03, "WG005")):
        yield Fault(f"neighbours {gap_um} um apart", beside(gap_um), 90 - 160j, _found(code), reach_um=45)


def beside(gap_um: float) -> Scene:
    """Return the chip with row e led along row d at a gap."""
    scene, at, heading = CHIP, -190j, 0.0
    for number, piece in enumerate(neighbour(30.0 - WIDTH_UM - gap_um)):
        scene = scene.with_item(f"e{number}", Item(guide(f"near_{number}", piece), at, heading))
        at += piece.end * np.exp(1j * heading)
        heading += piece.turn_rad
    return scene


def repinned(at: complex, direction_deg: float, width_um: float = WIDTH_UM) -> Callable[[gdstk.Cell], None]:
    """Return a change that draws the first pin of a guide otherwise."""

    def change(cell: gdstk.Cell) -> None:
        cell.remove(*[one for one in cell.paths if abs(one.spine()[:, 0].mean()) < 1])
        cell.remove(*[one for one in cell.labels if one.text == "opt1"])
        drawing.add_pin(cell, "opt1", (at.real, at.imag), direction_deg, width_um)

    return change


def on_layer(layer: tuple[int, int]) -> Callable[[gdstk.Cell], None]:
    """Return a change that draws all pins on another layer."""

    def change(cell: gdstk.Cell) -> None:
        for path in list(cell.paths):
            cell.remove(path)
            points = [tuple(point) for point in path.spine()]
            cell.add(gdstk.FlexPath(points, WIDTH_UM, simple_path=True, layer=layer[0], datatype=layer[1]))

    return change


def pins_and_labels() -> Iterator[Fault]:
    """Pins and texts that are wrong; bare layouts have none."""
    at, codes = end("a4", 1), _found("CN001", "CN006", "CN008")
    yield Fault("pin the wrong way", changed(repinned(0, 0)), at, OPEN, ("marked",))
    yield Fault("pin across", changed(repinned(0, 90)), at, OPEN, ("marked",))
    yield Fault("pin 1 nm off", changed(repinned(1 * NM, 180)), at, codes, MARKED)
    yield Fault("pin 5 nm off", changed(repinned(5 * NM, 180)), at, codes, MARKED)
    yield Fault("pin 5 nm aside", changed(repinned(5j * NM, 180)), at, codes, MARKED)
    yield Fault("pin of another width", changed(repinned(0, 180, 0.45)), at, _found("CN002"), MARKED)
    yield Fault("pins on a metal layer", changed(on_layer((12, 0))), at, OPEN, ("marked",))
    yield Fault("pins for current", changed(on_layer((1, 11))), at, OPEN, ("marked",))
    for stated_um in (61, 60.05):
        scene = instead(guide("stated", straight(60, WIDTH_UM), stated_um=stated_um))
        yield Fault(f"{stated_um} um stated for 60", scene, MIDDLE, _found("WG002"), ("marked",), 31)
    scene = instead(guide("stated", straight(60, WIDTH_UM), width_um=0.45))
    yield Fault("another width stated", scene, MIDDLE, _found("WG002"), ("marked",), 31)


def faults() -> list[Fault]:
    """Return one of each."""
    groups = (
        gaps_and_offsets,
        turns,
        widths,
        sides,
        cores,
        bends,
        missing_and_double,
        foreign_shapes,
        pieces_beside,
        layers,
        turned_and_moved_devices,
        edges,
        spacings,
        pins_and_labels,
    )
    return [fault for group in groups for fault in group()]


def harmless() -> dict[str, Scene]:
    """Return changes that are no faults, or smaller than what may be seen."""
    lead = CHIP.with_cell("a0", guide("lead", straight(50 - 2.4, WIDTH_UM)))
    lead = lead.with_item("a1", Item(guide("tight", arc(2.4, QUARTER, WIDTH_UM)), 50 - 2.4))
    heater = box("heater", -20, -1.5, 20, 1.5, (11, 0))
    return {
        "nothing": CHIP,
        "a turn of 0.1 degrees": CHIP.turned("in_a", 0.1, 0),
        "a bend at the limit": lead.with_item(
            "a2", Item(guide("lead_2", straight(40 - 2.4, WIDTH_UM)), 50 + 2.4j, QUARTER)
        ),
        "neighbours at the limit": beside(1.0),
        "a heater over a guide": on_guide(heater),
        "a text more": on_guide(_with_text()),
        "a length stated 10 nm wrong": instead(guide("stated", straight(60, WIDTH_UM), stated_um=60.01)),
        "metal beside a guide": on_guide(bare("metal", np.array([[-5, 1], [5, 1], [5, 3], [-5, 3]]), (12, 0))),
    }


def _with_text() -> gdstk.Cell:
    cell = gdstk.Cell("text")
    cell.add(gdstk.Label("hello", (0, 0), layer=drawing.TEXT[0], texttype=drawing.TEXT[1]))
    return cell
