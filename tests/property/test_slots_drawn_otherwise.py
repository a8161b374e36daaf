"""Slot guides do not depend on how their rails are drawn: with which polygons, order, place, angle and grid."""

from __future__ import annotations

from pathlib import Path

import gdstk
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from variants import hierarchy, place
from variants.circuits import Circuit, Style, circuit
from variants.network import network_of
from variants.same import same_network
from variants.shapes import SHAPES, odd_angle
from variants.slots import GAP_UM, RAIL_UM, SLOT_PARTS
from waveguard import engine, pdk
from waveguard.extract import Extraction, extract
from waveguard.layout import read

SLOT_PDK = Path(__file__).parents[1] / "slot_pdk.toml"
PDK = pdk.load(SLOT_PDK)
TOLERANCE_NM = 2.0
CONVERTER_NM = 150.0
"""Where a rail that widens by 13 nm per um ceases to be one depends on a grid step of its width."""
GAP_TOLERANCE_NM = 1.0
"""Of a mean over all of a guide; each rail may have been rounded twice."""
SLOT = next(k for k, section in enumerate(PDK.cross_sections) if section.slot is not None)

seeds = st.integers(0, 2**31 - 1)
few = settings(max_examples=max(4, settings.default.max_examples // 4))


def drawn(seed: int, kind: str, n_parts: int = 2) -> Circuit:
    random = np.random.default_rng(seed)
    parts = [SLOT_PARTS[kind](random, 0.0) for _ in range(n_parts)]
    return circuit(parts, [odd_angle(seed + k) for k in range(n_parts)])


def found(library: gdstk.Library) -> Extraction:
    return extract(read(library), PDK)


def check_slots(extraction: Extraction) -> None:
    """Every slot guide has the gap and the rails that were drawn, and its rails do not run beside each other."""
    guides, slots = extraction.tables.waveguides, extraction.tables.slots
    assert slots.waveguide.tolist() == np.flatnonzero(guides.cross_section == SLOT).tolist()
    widest = np.argmax(guides.centerline_length_nm[slots.waveguide])
    assert abs(slots.gap_nm[widest] - GAP_UM * 1e3) <= GAP_TOLERANCE_NM
    coverage = extraction.tables.coverage
    assert coverage.explained[0] == pytest.approx(coverage.total[0], rel=1e-6)


@pytest.mark.parametrize("style", ["flat", "cells"])
@pytest.mark.parametrize("kind", SLOT_PARTS)
@given(seed=seeds)
@few
def test_a_slot_guide_is_found_as_it_was_drawn(kind: str, style: Style, seed: int) -> None:
    one = drawn(seed, kind)
    extraction = found(one.library(style))
    assert one.mistakes(network_of(extraction), style) == []
    if kind != "strip to slot":
        check_slots(extraction)
        slots = extraction.tables.slots
        assert np.abs(slots.rail_nm - RAIL_UM * 1e3).max() <= GAP_TOLERANCE_NM


@pytest.mark.parametrize("variant", SHAPES)
@pytest.mark.parametrize("kind", SLOT_PARTS)
@given(seed=seeds)
@few
def test_rails_drawn_otherwise_are_the_same_network(kind: str, variant: str, seed: int) -> None:
    library = drawn(seed, kind).library("flat")
    extraction = found(SHAPES[variant](library, seed))
    allowed_nm = CONVERTER_NM if kind == "strip to slot" else TOLERANCE_NM
    assert same_network(network_of(found(library)), network_of(extraction), allowed_nm)
    if kind == "slot":
        check_slots(extraction)


# Rings that begin where two halves meet a step of the grid aside, and tapers cut where a rail ends beside them.
@pytest.mark.parametrize(
    ("kind", "seed"),
    [("slot ring", seed) for seed in (906, 986, 1004, 2012, 2034, 2058)]
    + [("strip to slot", seed) for seed in (2011, 2021, 2041, 2044)],
)
def test_slots_that_were_found_otherwise_once_are_not_any_more(kind: str, seed: int) -> None:
    one = drawn(seed, kind)
    allowed_nm = CONVERTER_NM if kind == "strip to slot" else TOLERANCE_NM
    flat, cells = one.library("flat"), one.library("cells")
    expected = network_of(found(flat))
    for variant in ("cut along lines", "merged and cut along lines"):
        assert same_network(expected, network_of(found(SHAPES[variant](flat, seed))), allowed_nm)
    assert one.mistakes(network_of(found(cells)), "cells") == []
    in_cells = network_of(found(cells))
    assert same_network(in_cells, network_of(found(place.on_grid(hierarchy.flattened(cells)))), allowed_nm)
    assert same_network(in_cells, network_of(found(place.wrapped(cells, odd_angle(seed)))), allowed_nm)


@given(seed=seeds)
@few
def test_cells_of_slot_guides_may_be_flat_or_turned(seed: int) -> None:
    library = drawn(seed, "slot").library("cells")
    expected = network_of(found(library))
    assert same_network(expected, network_of(found(place.on_grid(hierarchy.flattened(library)))), TOLERANCE_NM)
    assert same_network(expected, network_of(found(place.wrapped(library, odd_angle(seed)))), TOLERANCE_NM)


@given(seed=seeds)
@few
def test_rails_are_not_judged_as_two_guides(seed: int) -> None:
    library = drawn(seed, "slot", 1).library("flat")
    run = engine.check(library, pdk=str(SLOT_PDK))
    assert {one.code for one in run.findings} <= {"CN001", "WG001"}
