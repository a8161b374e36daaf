"""Faults put into correct layouts by hand: each is found at its place by a fitting rule, and nothing is said elsewhere.

What a fault is and which rules may find it stands in `kinds.py`. Where the same fault has another name in another way
of drawing (a gap in a marked guide is an open port, in an area it is two ends), any of its codes will do.
"""

from __future__ import annotations

import functools

import gdstk
import numpy as np
import pytest

from faults import compare, device_kinds, merged_kinds
from faults.kinds import CHIP, Fault, faults, harmless
from faults.scene import STYLES, WIDTH_UM, Item, Scene, bare, outline
from variants import place
from variants.curves import chained, s_bend, straight
from waveguard.designs import demo, mesh
from waveguard.findings import Finding, Run, Severity

ANGLE_DEG = 33.0
MOST_NEW = 14
"""A branch the wrong way round opens six ports and overlaps what it lies on."""
FAR_UM = 90.0
"""What is said of a fault lies within the longest guide that it touches."""
MARGIN_UM = 0.5


def drawn(scene: Scene, style: str, angle_deg: float = 0.0) -> gdstk.Library:
    return STYLES[style](place.wrapped(scene.library(), angle_deg))


@functools.cache
def correct(style: str, angle_deg: float) -> Run:
    return compare.checked(drawn(CHIP, style, angle_deg))


def said(scene: Scene, style: str, angle_deg: float = 0.0) -> list[Finding]:
    return compare.new_findings(correct(style, angle_deg), compare.checked(drawn(scene, style, angle_deg)))


def is_found(fault: Fault, findings: list[Finding], angle_deg: float = 0.0) -> bool:
    at = fault.place * np.exp(1j * np.deg2rad(angle_deg))
    return any(one.code in fault.codes and abs(compare.place_um(one) - at) <= fault.reach_um for one in findings)


TURNED = (faults() + merged_kinds.faults())[::5]
FAULTS = faults() + merged_kinds.faults() + device_kinds.faults()


@pytest.mark.parametrize("angle_deg", [0.0, ANGLE_DEG])
@pytest.mark.parametrize("style", STYLES)
def test_the_correct_chip_is_clean_however_it_is_drawn(style: str, angle_deg: float) -> None:
    run = correct(style, angle_deg)
    assert (run.findings, run.incomplete) == ((), ())


@pytest.mark.parametrize(
    ("fault", "style"),
    [pytest.param(fault, style, id=f"{fault.name}, {style}") for fault in FAULTS for style in fault.styles],
)
def test_a_fault_is_found_at_its_place_and_nothing_far_from_it(fault: Fault, style: str) -> None:
    findings = said(fault.scene, style)
    assert is_found(fault, findings)
    grave = [one for one in findings if one.severity is not Severity.INFO]
    assert len(grave) <= MOST_NEW
    assert all(abs(compare.place_um(one) - fault.place) <= FAR_UM for one in grave)


@pytest.mark.parametrize("style", ["bare and flat", "bare and merged"])
@pytest.mark.parametrize("name", ["a1", "a2", "a4", "a6", "b_up1", "b_mid0", "e2", "crossing"])
def test_a_straight_or_a_bend_that_is_missing_is_more_than_an_open_end(name: str, style: str) -> None:
    """Nothing says of one end of a bare guide that it should go on; another one that looks at it does."""
    for angle_deg in (0.0, ANGLE_DEG):
        grave = [one for one in said(CHIP.without(name), style, angle_deg) if one.severity is Severity.WARNING]
        assert {one.code for one in grave} == {"CN001"}
        assert len(grave) in (2, 4)
        assert all("looks at it" in one.message for one in grave)


@pytest.mark.parametrize("fault", TURNED, ids=lambda fault: fault.name)
def test_a_fault_is_found_in_a_turned_chip(fault: Fault) -> None:
    style = fault.styles[-1]
    assert is_found(fault, said(fault.scene, style, ANGLE_DEG), ANGLE_DEG)


@pytest.mark.parametrize("style", ["marked", "bare and flat"])
@pytest.mark.parametrize("name", harmless())
def test_what_is_no_fault_gives_no_finding(name: str, style: str) -> None:
    assert said(harmless()[name], style) == []


@pytest.mark.parametrize("style", ["marked", "bare and flat", "bare and merged"])
@pytest.mark.parametrize("rise_um", [0.0, 3.0])
def test_bare_waveguides_that_end_beside_each_other_are_no_loose_pieces(rise_um: float, style: str) -> None:
    """Two straights drawn as a pair, and a coupler of which nobody says that it is one."""
    scene, gap_um = CHIP, 0.3
    for sign in (1, -1):
        pieces = [straight(12.0, WIDTH_UM)]
        if rise_um:
            pieces = [s_bend(12.0, -sign * rise_um, WIDTH_UM), *pieces, s_bend(12.0, sign * rise_um, WIDTH_UM)]
        cell = bare("half_" + ("low" if sign < 0 else "high"), outline(chained(pieces)))
        at = 100 - 110j + 1j * sign * (rise_um + (WIDTH_UM + gap_um) / 2)
        scene = scene.with_item(f"half {sign}", Item(cell, at))
    assert {(one.code, one.severity) for one in said(scene, style)} == {("CN001", Severity.INFO)}


@pytest.mark.parametrize("style", ["marked", "marked and flat"])
def test_a_device_over_a_guide_is_no_fault(style: str) -> None:
    assert said(device_kinds.WITH_DEVICE_OVER, style) == []


def edited(library: gdstk.Library, number: int, change: str) -> tuple[gdstk.Library, tuple[complex, complex]]:
    """Move or delete one placement of the top cell, and return the corners of its box."""
    top = library.top_level()[0]
    reference = top.references[number]
    (x0, y0), (x1, y1) = reference.bounding_box()
    if change == "deleted":
        top.remove(reference)
    else:
        reference.origin = (reference.origin[0] + 0.03, reference.origin[1] + 0.03)
    return library, (complex(x0, y0), complex(x1, y1))


@functools.cache
def correct_design(name: str) -> Run:
    return compare.checked(DESIGNS[name]())


PLAN = mesh.MeshPlan(n_modes=4)
TOPS = {"demo": demo.TOP, "mesh": mesh.TOP}
DESIGNS = {"demo": lambda: demo.library(faults=False), "mesh": lambda: mesh.library(PLAN)}


@pytest.mark.parametrize("change", ["moved", "deleted"])
@pytest.mark.parametrize(
    ("design", "number"), [("demo", k) for k in range(0, 21, 4)] + [("mesh", k) for k in (0, 4, 9)]
)
def test_whatever_is_moved_or_deleted_in_a_design_opens_ports_beside_it(design: str, number: int, change: str) -> None:
    library, (low, high) = edited(DESIGNS[design](), number, change)
    findings = compare.new_findings(correct_design(design), compare.checked(library))
    # The cell of what is deleted may be a top of its own then.
    here = [one for one in findings if one.place.top == TOPS[design]]
    opened = [compare.place_um(one) for one in here if one.code == "CN001"]
    assert opened
    margin = complex(MARGIN_UM, MARGIN_UM)
    low, high = low - margin, high + margin
    assert all(low.real <= at.real <= high.real and low.imag <= at.imag <= high.imag for at in opened)
