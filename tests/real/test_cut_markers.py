"""A flattened layout written with cut polygons, markers among them, is judged as the layout itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import gdstk
import pytest

from variants import cut, hierarchy
from waveguard import engine
from waveguard.findings import Run

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

NAMES = (
    "SiEPIC-Tools__MZI_KLayout.gds",
    "openEBL-2024-10__EBeam_inesmj27.bad.gds",
    "openEBL-2025-02__EBeam_Ehsan1170.gds",
    "openEBL-2025-02__EBeam_ebramire_B.gds",
)


@pytest.mark.parametrize("name", NAMES)
def test_cut_markers_are_whole(name: str, layouts_dir: Path, checked: Callable[[str], Run]) -> None:
    pieces = cut.fractured(hierarchy.flattened(gdstk.read_gds(layouts_dir / name)))
    judged = engine.check(pieces, pdk="siepic-ebeam")
    found, expected = (
        Counter((one.code, str(one.severity)) for one in run.findings) for run in (judged, checked(name))
    )
    assert found == expected
