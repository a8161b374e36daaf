"""What a check says of a layout with a fault that it did not say of the correct one."""

from __future__ import annotations

from collections import Counter

import gdstk

from waveguard import engine
from waveguard.findings import Finding, Run

PDK = "siepic-ebeam"
DIGITS = 1
"""Places a tenth of a micrometre apart are the same place: what is moved takes its findings along."""
NOWHERE = complex("inf")


def checked(library: gdstk.Library, pdk: str = PDK) -> Run:
    """Return the run of a check."""
    return engine.check(library, pdk=pdk)


def new_findings(before: Run, after: Run) -> list[Finding]:
    """Return the findings of the second run that the first one does not have."""
    left = Counter(_key(one) for one in before.findings)
    new = []
    for one in after.findings:
        key = _key(one)
        if left[key] > 0:
            left[key] -= 1
        else:
            new.append(one)
    return new


def place_um(finding: Finding) -> complex:
    """Return where a finding is; at infinity when it is nowhere."""
    x, y = finding.place.x_um, finding.place.y_um
    return NOWHERE if x is None or y is None else complex(x, y)


def _key(finding: Finding) -> tuple[str, str, float, float]:
    at = place_um(finding)
    return (finding.code, str(finding.severity), round(at.real, DIGITS), round(at.imag, DIGITS))
