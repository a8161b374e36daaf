"""The deliberately wrong layout: each fault that its author wrote beside it is found at its place by a fitting rule.

The texts on 999/0 stand some micrometres beside what they mean; the places here are those of the shapes. Everything
left of the texts is marked as correct.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from waveguard.findings import Finding, Run

Checked = Callable[[str], Run]

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

ANNOTATED = "SiEPIC_EBeam_PDK__SiEPIC_Tools_EBeam_PDK_Verification_Check.gds"
TOP = "SiEPIC-Tools-verification"
REACH_UM = 0.2
CORRECT_UNTIL_UM = 100.0
"""The blocks marked CORRECT and `connected WGs` end left of this; all faults lie right of it."""


@dataclass(frozen=True)
class Fault:
    """A fault with the places of its shapes in µm, and the rules that may find it."""

    places_um: tuple[tuple[float, float], ...]
    codes: frozenset[str]
    words: str = ""
    reach_um: float = REACH_UM


UNCONNECTED = frozenset({"CN001"})
FAULTS = {
    # Two bends of 2.8 µm in a waveguide that states 5 µm.
    "min bend radius": Fault(((180.0, 171.0),), frozenset({"WG001", "WG006"}), reach_um=6.0),
    "perpendicular pin and waveguide": Fault(((186.0, 79.7),), UNCONNECTED, "turned 90.0 degrees"),
    "perpendicular waveguides": Fault(((258.0, 126.0),), frozenset({"CN001", "CN007", "WG001"})),
    "misaligned by 10 nm": Fault(((169.15, 36.91),), UNCONNECTED, "aside 10 nm"),
    "misaligned by 1 nm": Fault(((164.3, 32.125),), frozenset({"CN006"}), "1 nm off"),
    "disconnected waveguides": Fault(((131.5, 379.1), (232.2, 379.1), (133.6, 363.2), (233.8, 363.2)), UNCONNECTED),
    # Grating coupler, directional coupler, terminator, branch, crossing.
    "disconnected components": Fault(
        (
            (174.6, 313.7),
            (158.35, 299.25),
            (158.35, 303.95),
            (229.1, 299.25),
            (229.1, 303.95),
            (181.1, 284.3),
            (189.6, 319.8),
            (204.4, 317.05),
            (204.4, 322.55),
            (227.7, 317.5),
            (232.5, 312.7),
            (232.5, 322.3),
            (237.3, 317.5),
        ),
        UNCONNECTED,
    ),
    "one disconnected waveguide": Fault(((225.0, 211.5),), UNCONNECTED),
    "a waveguide without bends": Fault(((155.6, 194.8),), frozenset({"WG001"}), "3 of its 3 bends"),
}


def of_top(run: Run) -> list[Finding]:
    return [finding for finding in run.findings if finding.place.top == TOP]


def is_near(finding: Finding, place_um: tuple[float, float], reach_um: float) -> bool:
    x, y = finding.place.x_um, finding.place.y_um
    return x is not None and y is not None and bool(np.hypot(x - place_um[0], y - place_um[1]) <= reach_um)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_at_its_place(name: str, checked: Checked) -> None:
    fault = FAULTS[name]
    findings = [one for one in of_top(checked(ANNOTATED)) if one.code in fault.codes and fault.words in one.message]
    missed = [at for at in fault.places_um if not any(is_near(one, at, fault.reach_um) for one in findings)]
    assert not missed


def test_what_is_marked_correct_is_clean(checked: Checked) -> None:
    within = [one for one in of_top(checked(ANNOTATED)) if (one.place.x_um or 0.0) < CORRECT_UNTIL_UM]
    assert within == []
