"""A Bragg grating is a guide with a wall of teeth, whatever polygons it is drawn with: no step, no loose end."""

from __future__ import annotations

import math
from collections.abc import Callable

import gdstk
import pytest

from variants import cut, order, place
from variants.network import OPEN, network_of
from waveguard import engine, pdk
from waveguard.extract import extract
from waveguard.layout import read

PDK = pdk.load("siepic-ebeam")
LEAD_UM, PERIOD_UM, N_PERIODS = 12.0, 0.318, 40
LENGTH_NM = 1e3 * (2 * LEAD_UM + N_PERIODS * PERIOD_UM)
Corners = list[tuple[float, float]]


def rectangle(x_um: float, length_um: float, width_um: float) -> Corners:
    half = width_um / 2
    return [(x_um, -half), (x_um + length_um, -half), (x_um + length_um, half), (x_um, half)]


def leads() -> list[Corners]:
    end = N_PERIODS * PERIOD_UM
    return [rectangle(-LEAD_UM, LEAD_UM, 0.5), rectangle(end, LEAD_UM, 0.5)]


def periods(narrow_um: float, wide_um: float) -> list[Corners]:
    """A polygon for each period, narrow first."""
    out = []
    for k in range(N_PERIODS):
        first = rectangle(k * PERIOD_UM, PERIOD_UM / 2, narrow_um)
        second = rectangle((k + 0.5) * PERIOD_UM, PERIOD_UM / 2, wide_um)
        out.append([*first[:2], *second[:3], second[3], first[2], first[3]])
    return out


def boxes(narrow_um: float, wide_um: float) -> list[Corners]:
    """A box for each half of a period."""
    halves = [(narrow_um, 0.0), (wide_um, 0.5)]
    return [rectangle((k + at) * PERIOD_UM, PERIOD_UM / 2, width) for k in range(N_PERIODS) for width, at in halves]


DRAWN: dict[str, list[Corners]] = {
    "periods": [*leads(), *periods(0.45, 0.55)],
    "weak periods": [*leads(), *periods(0.495, 0.505)],
    "boxes": [*leads(), *boxes(0.47, 0.53)],
    "strong boxes": [*leads(), *boxes(0.42, 0.58)],
    "over a guide": [rectangle(-LEAD_UM, 2 * LEAD_UM + N_PERIODS * PERIOD_UM, 0.45), *leads(), *periods(0.45, 0.55)],
}
Variant = Callable[[gdstk.Library], gdstk.Library]
VARIANTS: dict[str, Variant] = {
    "as drawn": lambda library: library,
    "merged": cut.merged,
    "turned": lambda library: turned(library, 33.0),
    "turned by a degree": lambda library: turned(library, 1.0),
    "merged and turned": lambda library: cut.merged(turned(library, 77.0)),
    "cut at 32 corners": lambda library: cut.fractured(cut.merged(library), 32),
    **{f"cut along lines {seed}": lambda library, seed=seed: cut.cut_along_lines(library, seed) for seed in range(3)},  # type: ignore[misc]
    "merged and cut": lambda library: cut.cut_along_lines(cut.merged(library), 7),
}


def turned(library: gdstk.Library, angle_deg: float) -> gdstk.Library:
    out = gdstk.Library("turned", unit=library.unit, precision=library.precision)
    cell = out.new_cell("bragg")
    for polygon in library.cells[0].polygons:
        cell.add(polygon.copy().rotate(math.radians(angle_deg)))
    return place.on_grid(out)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("drawn", DRAWN)
def test_a_grating_is_one_way_from_end_to_end(drawn: str, variant: str) -> None:
    library = gdstk.Library("bragg", unit=1e-6, precision=1e-9)
    cell = library.new_cell("bragg")
    cell.add(*(gdstk.Polygon(corners, layer=1) for corners in DRAWN[drawn]))
    library = VARIANTS[variant](library)
    found = network_of(extract(read(library), PDK))
    assert [node.kind for node in found.nodes] == [OPEN, OPEN], [str(node) for node in found.nodes]
    (route,) = found.edges
    assert route.length_nm == pytest.approx(LENGTH_NM, abs=2.0)
    codes = {(one.code, str(one.severity)) for one in engine.check(library, pdk="siepic-ebeam").findings}
    assert codes <= {("CN001", "info")}


def drawn_as(corners: list[Corners]) -> gdstk.Library:
    library = gdstk.Library("bragg", unit=1e-6, precision=1e-9)
    library.new_cell("bragg").add(*(gdstk.Polygon(one, layer=1) for one in corners))
    return library


FEW: dict[str, Variant] = {name: VARIANTS[name] for name in ("as drawn", "merged", "turned", "merged and turned")}


@pytest.mark.parametrize("variant", FEW)
@pytest.mark.parametrize("widths_um", [(0.45, 0.55), (0.47, 0.53), (0.42, 0.58), (0.5, 0.55)])
@pytest.mark.parametrize("n_periods", range(3, 9))
def test_a_grating_of_few_periods_is_one_too(n_periods: int, widths_um: tuple[float, float], variant: str) -> None:
    narrow_um, wide_um = widths_um
    teeth = boxes(narrow_um, wide_um)[: 2 * n_periods]
    ends = [rectangle(-LEAD_UM, LEAD_UM, 0.5), rectangle(n_periods * PERIOD_UM, LEAD_UM, 0.5)]
    library = FEW[variant](drawn_as([*ends, *teeth]))
    (route,) = network_of(extract(read(library), PDK)).edges
    assert route.length_nm == pytest.approx(1e3 * (2 * LEAD_UM + n_periods * PERIOD_UM), abs=2.0)
    codes = {(one.code, str(one.severity)) for one in engine.check(library, pdk="siepic-ebeam").findings}
    assert codes <= {("CN001", "info")}


@pytest.mark.parametrize("variant", FEW)
@pytest.mark.parametrize("stub_um", [0.01, 0.03, 0.06])
@pytest.mark.parametrize("widths_um", [(0.45, 0.55), (0.495, 0.505), (0.42, 0.58)])
def test_a_grating_alone_may_end_in_stubs(widths_um: tuple[float, float], stub_um: float, variant: str) -> None:
    ends = [rectangle(-stub_um, stub_um, 0.5), rectangle(N_PERIODS * PERIOD_UM, stub_um, 0.5)]
    library = FEW[variant](drawn_as([*ends, *boxes(*widths_um)]))
    codes = {(one.code, str(one.severity)) for one in engine.check(library, pdk="siepic-ebeam").findings}
    assert codes <= {("CN001", "info")}


N_APODISED, SIGMA = 300, 0.22


def apodised(strength_um: float) -> list[Corners]:
    """A box for each half of a period, the sides of two rows of boxes apart in the middle: its teeth grow from nothing.

    Rounded to the grid they grow by a step of it on one side and then on the other.
    """
    out = []
    for k in range(2 * N_APODISED):
        part = k / (2 * N_APODISED) - 0.5
        aside_um = strength_um * math.exp(-((part / SIGMA) ** 2)) * (1 if k % 2 else -1)
        x, to = (round(at * PERIOD_UM / 2, 3) for at in (k, k + 1))
        sides = [round(0.22 + aside_um / 2, 3), -round(0.22 + (aside_um + 0.001) / 2, 3)]
        out += [[(x, 0.0), (to, 0.0), (to, side), (x, side)] for side in sides]
    end = N_APODISED * PERIOD_UM
    return [rectangle(-LEAD_UM, LEAD_UM, 0.44), *out, rectangle(end, LEAD_UM, 0.44)]


@pytest.mark.parametrize("variant", [*VARIANTS, "mirrored", "in another order"])
@pytest.mark.parametrize("strength_um", [0.006, 0.02, 0.05])
def test_teeth_that_grow_from_nothing_are_no_bumps(strength_um: float, variant: str) -> None:
    more: dict[str, Variant] = {
        "mirrored": lambda library: place.wrapped(library, mirrored=True),
        "in another order": lambda library: order.shuffled(library, 3),
    }
    library = {**VARIANTS, **more}[variant](drawn_as(apodised(strength_um)))
    codes = {(one.code, str(one.severity)) for one in engine.check(library, pdk="siepic-ebeam").findings}
    assert codes <= {("CN001", "info")}
