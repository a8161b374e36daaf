"""Waveguides that enter bodies wider than any waveguide end where the body begins, however it is drawn."""

from __future__ import annotations

import random

import gdstk
import numpy as np

from variants import cut
from waveguard import pdk
from waveguard.extract import extract
from waveguard.layout import read

PDK = pdk.load("generic-si220-o")
CORE = {"layer": 1, "datatype": 0}
WIDTH_UM, LEAD_UM = 0.5, 40.0
SEEDS = range(60)
TOLERANCE_UM = 0.003


def box_with_tapers(seed: int) -> tuple[list[gdstk.Polygon], list[float]]:
    """Return a box with one to four tapers and waveguides at each side, and how long these are together, in um."""
    rng = random.Random(seed)
    width_um, length_um = round(rng.uniform(4.2, 30.0), 2), round(rng.uniform(5.0, 120.0), 1)
    shapes, lengths_um = [gdstk.rectangle((0.0, -width_um / 2), (length_um, width_um / 2), **CORE)], []
    for is_right in (False, True):
        n_ports = rng.choice([1, 1, 2, 2, 3, 4])
        pitch_um = width_um / n_ports
        mouth_um = round(rng.uniform(WIDTH_UM, min(3.0, pitch_um - 0.5)), 2)
        taper_um = max(rng.choice([3.0, 5.0, 10.0, 20.0]), 3.0 * (mouth_um - WIDTH_UM))
        for k in range(n_ports):
            free_um = max(0.2 * (pitch_um - mouth_um - 0.3), 0.0)
            y = round(-width_um / 2 + pitch_um * (k + 0.5) + rng.uniform(-free_um, free_um), 3)
            sides = [(0.0, mouth_um), (-taper_um, WIDTH_UM), (-taper_um - LEAD_UM, WIDTH_UM)]
            ring = [(x, y + w / 2) for x, w in sides] + [(x, y - w / 2) for x, w in reversed(sides)]
            shapes.append(gdstk.Polygon([(length_um - x if is_right else x, v) for x, v in ring], **CORE))
            lengths_um.append(LEAD_UM + taper_um)
    turn_rad = rng.choice([0.0, 0.0, 0.3, 1.1, -0.7, np.pi / 4])
    merged = gdstk.boolean(shapes, [], "or", 1e-4, **CORE)
    for shape in merged:
        shape.rotate(turn_rad)
    return [gdstk.Polygon(np.round(shape.points, 3), **CORE) for shape in merged], lengths_um


def one_cell(shapes: list[gdstk.Polygon]) -> gdstk.Library:
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    library.new_cell("top").add(*shapes)
    return library


def lengths_of(library: gdstk.Library) -> list[float]:
    return sorted(extract(read(library), PDK).tables.waveguides.centerline_length_nm / 1e3)


def test_guides_end_at_the_mouths_of_boxes() -> None:
    off = []
    for seed in SEEDS:
        shapes, expected_um = box_with_tapers(seed)
        found_um = lengths_of(one_cell(shapes))
        if len(found_um) != len(expected_um) or np.abs(np.sort(expected_um) - found_um).max() > TOLERANCE_UM:
            off.append((seed, sorted(expected_um), found_um))
    assert not off


def test_guides_end_at_the_mouths_of_boxes_that_are_cut_along_lines() -> None:
    off = []
    for seed in SEEDS:
        shapes, expected_um = box_with_tapers(seed)
        # What a line cuts is several guides end to end.
        found_um = lengths_of(cut.cut_along_lines(one_cell(shapes), seed))
        if abs(sum(expected_um) - sum(found_um)) > TOLERANCE_UM * len(expected_um):
            off.append((seed, sorted(expected_um), found_um))
    assert not off


def test_a_guide_that_opens_steeply_into_a_box_ends_alike_in_every_direction() -> None:
    # Tapers of 10 um to 1 um, and of 1 um more to 2 um: sides that lean so much are no guide.
    upper = [(0.0, 2.5), (0.0, 1.0), (-1.0, 0.5), (-11.0, 0.25)]
    lower = [(x, -y) for x, y in reversed(upper)]
    right = [(6.5, -1.625), (16.5, -1.375), (16.5, -0.875), (6.5, -0.625), (5.5, -0.125)]
    outputs = [(5.5, -2.125), *right, *[(x, -y) for x, y in reversed(right)], (5.5, 2.125)]
    ring = np.array([*upper, *lower, (5.5, -2.5), *outputs, (5.5, 2.5)])
    expected_um = lengths_of(one_cell([gdstk.Polygon(ring, **CORE)]))
    assert len(expected_um) == 3
    for turn_rad in (0.2, 0.349, 1.1, 2.5):
        turned = gdstk.Polygon(ring, **CORE).rotate(turn_rad)
        found_um = lengths_of(one_cell([gdstk.Polygon(np.round(turned.points, 3), **CORE)]))
        assert np.abs(np.subtract(found_um, expected_um)).max() <= 0.004
