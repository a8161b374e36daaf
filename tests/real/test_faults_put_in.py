"""Faults put into a real layout whose correct parts are known: each is found, and nothing else is new."""

from __future__ import annotations

import functools
from pathlib import Path

import gdstk
import pytest

from faults import compare
from waveguard.findings import Finding, Run, Severity

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

LAYOUT = "openEBL-2024-02__EBeam_mustafacc.good.oas"
GUIDE = "ebeam_wg_integral"
"""Component of its waveguide cells."""
OFFSETS_UM = (0.005, 0.05, 0.3)


def opened(path: Path) -> gdstk.Library:
    return gdstk.read_oas(str(path))


@functools.cache
def correct(path: Path) -> Run:
    return compare.checked(opened(path))


def guides(library: gdstk.Library) -> list[tuple[gdstk.Cell, gdstk.Reference]]:
    """Return the placements of waveguide cells, with the cells that hold them."""
    found = []
    for cell in library.cells:
        for reference in cell.references:
            if any(GUIDE in label.text for label in reference.cell.labels):
                found.append((cell, reference))
    return found


def new(path: Path, library: gdstk.Library) -> list[Finding]:
    findings = compare.new_findings(correct(path), compare.checked(library))
    return [one for one in findings if one.severity is not Severity.INFO]


@pytest.mark.parametrize("offset_um", OFFSETS_UM)
@pytest.mark.parametrize("number", [0, 5, 11])
def test_a_guide_that_is_moved_misses_both_its_neighbours(number: int, offset_um: float, layouts_dir: Path) -> None:
    path = layouts_dir / LAYOUT
    library = opened(path)
    _, reference = guides(library)[number]
    reference.origin = (reference.origin[0] + offset_um, reference.origin[1] + offset_um)
    opened_ports = [one for one in new(path, library) if one.code == "CN001"]
    assert {one.place.cell for one in opened_ports} >= {reference.cell.name}
    assert all(reference.cell.name in one.message for one in opened_ports)


@pytest.mark.parametrize("number", [1, 8])
def test_a_guide_that_is_deleted_or_drawn_twice_is_found(number: int, layouts_dir: Path) -> None:
    path = layouts_dir / LAYOUT
    library = opened(path)
    cell, reference = guides(library)[number]
    cell.add(reference.copy())
    assert "CN004" in {one.code for one in new(path, library)}
    library = opened(path)
    cell, reference = guides(library)[number]
    cell.remove(reference)
    assert {one.code for one in new(path, library)} == {"CN001"}
