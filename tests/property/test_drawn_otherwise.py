"""A network does not depend on how its area is drawn: with which polygons, cells, order, place, angle and grid."""

from __future__ import annotations

from collections import Counter

import gdstk
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from variants import hierarchy, order, place, strip
from variants.circuits import Circuit, Style, random_circuit
from variants.network import Network, network_of
from variants.parts import PARTS
from variants.same import same_network
from variants.shapes import SHAPES, Variant, odd_angle
from waveguard import engine, pdk
from waveguard.extract import extract
from waveguard.layout import read

PDK = pdk.load("siepic-ebeam")
TOLERANCE_NM = 2.0
BRANCH_NM = 12.0
"""Arms that part slowly do so within some grid steps of way."""
COARSE_NM = 5.0
COARSE_BRANCH_STEPS = 8

# Each takes a library with a cell for each piece.
CELLS: dict[str, Variant] = {
    "flat": lambda library, _: place.on_grid(hierarchy.flattened(library)),
    "one level less": lambda library, _: hierarchy.with_one_level_less(place.wrapped(library)),
    "without names": lambda library, _: strip.stripped(library, PDK),
    "single placements": lambda library, _: hierarchy.with_single_placements(library),
    "turned": lambda library, seed: place.wrapped(library, odd_angle(seed)),
    "in another order": order.shuffled,
}

seeds = st.integers(0, 2**31 - 1)
# There are many tests here: a quarter of the usual number of examples each.
few = settings(max_examples=max(4, settings.default.max_examples // 4))


def network(library: gdstk.Library) -> Network:
    return network_of(extract(read(library), PDK))


def is_same(
    kind: str,
    library: gdstk.Library,
    other: gdstk.Library,
    tolerance_nm: float = TOLERANCE_NM,
    branch_nm: float = BRANCH_NM,
) -> bool:
    """Compare lengths too, but for wide boxes: which part of one is a wide guide is a matter of taste."""
    allowed_nm = branch_nm if kind == "branch" else tolerance_nm
    return same_network(network(library), network(other), allowed_nm, lengths="box" not in kind)


def small(seed: int, kind: str) -> Circuit:
    return random_circuit(seed, 2, [kind])


@pytest.mark.parametrize("style", ["flat", "cells"])
@pytest.mark.parametrize("kind", PARTS)
@given(seed=seeds)
@few
def test_a_circuit_is_found_as_it_was_drawn(kind: str, style: Style, seed: int) -> None:
    circuit = small(seed, kind)
    assert circuit.mistakes(network(circuit.library(style)), style) == []


@pytest.mark.parametrize("variant", SHAPES)
@pytest.mark.parametrize("kind", PARTS)
@given(seed=seeds)
@few
def test_shapes_drawn_otherwise_are_the_same_network(kind: str, variant: str, seed: int) -> None:
    library = small(seed, kind).library("flat")
    assert is_same(kind, library, SHAPES[variant](library, seed))


@pytest.mark.parametrize("variant", CELLS)
@pytest.mark.parametrize("kind", PARTS)
@given(seed=seeds)
@few
def test_cells_arranged_otherwise_are_the_same_network(kind: str, variant: str, seed: int) -> None:
    library = small(seed, kind).library("cells")
    assert is_same(kind, library, CELLS[variant](library, seed))


# The route of this seed has a pin that is rounded to a diagonal.
@pytest.mark.parametrize("kind", ["route", "coupler", "coil", "ring"])
@given(seed=seeds)
@example(seed=100_000)
@few
def test_markers_may_be_missing_or_lie_in_a_flat_layout(kind: str, seed: int) -> None:
    marked = small(seed, kind).library("marked")
    expected = network(marked)
    flat = place.on_grid(hierarchy.flattened(marked))
    assert same_network(expected, network(strip.stripped(marked, PDK)), TOLERANCE_NM)
    assert same_network(expected, network(flat), TOLERANCE_NM)
    assert same_network(expected, network(strip.stripped(flat, PDK)), TOLERANCE_NM)
    assert same_network(expected, network(place.wrapped(order.shuffled(marked, seed), odd_angle(seed))), TOLERANCE_NM)


# The seeds below were chosen for circuits of these.
SOLID = tuple(kind for kind in PARTS if kind not in ("row of boxes", "long box"))


def verdicts(library: gdstk.Library) -> Counter[tuple[str, str]]:
    """Count findings by rule and severity."""
    return Counter((one.code, str(one.severity)) for one in engine.check(library, pdk="siepic-ebeam").findings)


# The first ones, and some with runs beside other guides cut in pieces or as long as is allowed, ends beside a cut, ends
# cut off as pieces hardly longer than wide or a little askew, ends at odd angles, holes with a cut along their edge,
# a straight between bends with a corner of a cut in it, and bends cut along them a step inside of their sides.
SEEDS = (*range(16), 24, 29, 33, 35, 37, 39, 50, 93, 101, 108, 201, 211, 416, 1004, 1012, 1017, 5038, 5096)


@pytest.mark.parametrize("variant", SHAPES)
@pytest.mark.parametrize("seed", SEEDS)
def test_shapes_drawn_otherwise_have_the_same_findings(variant: str, seed: int) -> None:
    library = random_circuit(seed, 3, SOLID).library("flat")
    assert verdicts(SHAPES[variant](library, seed)) == verdicts(library)


# Turned, the width of an end is off by more than the nanometre that a joint is allowed.
@pytest.mark.parametrize("variant", [variant for variant in SHAPES if "turned" not in variant])
@pytest.mark.parametrize("kind", ["row of boxes", "long box"])
@given(seed=seeds)
@few
def test_boxes_drawn_otherwise_have_the_same_findings(kind: str, variant: str, seed: int) -> None:
    library = random_circuit(seed, 2, (kind, "route")).library("flat")
    assert verdicts(SHAPES[variant](library, seed)) == verdicts(library)


@pytest.mark.parametrize("dbu_nm", [0.5, 1.0, 5.0])
# Beside a box turned by an angle a coarse grid leaves gaps: whether they are joints is a matter of the unit. The small
# boxes of a bent row are turned by rounding, some so far that the row ends there.
@pytest.mark.parametrize("kind", [kind for kind in SOLID if kind != "box"])
@given(seed=seeds)
@few
def test_a_drawing_on_a_coarse_grid_does_not_depend_on_the_unit(kind: str, dbu_nm: float, seed: int) -> None:
    coarse = place.on_grid(small(seed, kind).library("flat"), COARSE_NM)
    allowed_nm = max(TOLERANCE_NM, 0.6 * dbu_nm)
    # A crack of one step between two arms is closed in the unit of the grid and is none in a finer one.
    assert is_same(kind, coarse, place.with_dbu(coarse, dbu_nm), allowed_nm, COARSE_BRANCH_STEPS * COARSE_NM)


@pytest.mark.parametrize("seed", range(24))
def test_a_drawing_turned_on_a_coarse_grid_has_the_findings_of_a_fine_one(seed: int) -> None:
    turned = hierarchy.flattened(place.wrapped(random_circuit(seed, 3, SOLID).library("flat"), odd_angle(seed)))
    assert verdicts(place.on_grid(turned, COARSE_NM)) == verdicts(place.on_grid(turned))
