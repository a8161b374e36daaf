"""The real layouts, each read, extracted and checked once per run of the tests."""

from __future__ import annotations

import csv
import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from waveguard import engine, pdk
from waveguard.extract import Extraction, extract
from waveguard.findings import Run
from waveguard.layout import read

# Every file of the set with the PDK its author used.
PDKS = {
    "openEBL-2025-05__EBeam_LukasChrostowski_MZI.oas": "siepic-ebeam",
    "openEBL-2024-10__EBL_Framework_1cm_PCM_static.oas": "siepic-ebeam",
    "UBC-ELEC413-2025Fall__Shuksan_2025-10-05.oas": "siepic-shuksan",
    "SiEPIC_EBeam_PDK__SiEPIC_Tools_EBeam_PDK_Verification_Check.gds": "siepic-ebeam",
    "openEBL-2024-02__EBeam_mustafacc.bad.oas": "siepic-ebeam",
    "openEBL-2024-02__EBeam_mustafacc.good.oas": "siepic-ebeam",
    "openEBL-2024-10__EBeam_inesmj27.bad.gds": "siepic-ebeam",
    "openEBL-2024-10__EBeam_jzbrown88.bad.gds": "siepic-ebeam",
    "openEBL-2025-02__EBeam_Ehsan1170.gds": "siepic-ebeam",
    "SiEPIC-Tools__MZI_KLayout.gds": "siepic-ebeam",
    "SiEPIC_EBeam_PDK__CWDM4_example.GDS": "siepic-ebeam",
    "openEBL-2025-02__EBeam_ebramire_B.gds": "siepic-ebeam",
    "openEBL-2024-07-Si-Heaters__2x2_ring_switch_v10.gds": "siepic-ebeam",
    "cspdk__mzi_sc.gds": "cornerstone-si220",
    "ubc__spiral.gds": "siepic-ebeam",
    "lxt_pdk_gf__mzm_unbalanced_high_speed.gds": "lnoi400",
    "SiEPIC_EBeam_PDK__SamanJahani_Eskid60nm110v1.GDS": "siepic-ebeam",
    "LiDAR__clements_8x8_routed.gds": "generic-si220-o",
    "SiEPIC_EBeam_PDK__EBeam_PCM_Etch_Loading.OAS": "siepic-ebeam",
    "openEBL-2024-10-SiN__EBeam_Omid_SiN1550.oas": "siepic-ebeam",
    "SiEPIC_EBeam_PDK__Crossing220nmPlatform.gds": "siepic-ebeam",
}


NOT_REDRAWN = {
    # 1.7 million placements, which must not be drawn flat, and the two largest layouts.
    "SiEPIC_EBeam_PDK__EBeam_PCM_Etch_Loading.OAS",
    "openEBL-2024-10__EBL_Framework_1cm_PCM_static.oas",
    "UBC-ELEC413-2025Fall__Shuksan_2025-10-05.oas",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `layout_name` on every file of the table, for `redrawn_name` on all but the largest."""
    if "redrawn_name" in metafunc.fixturenames:
        metafunc.parametrize("redrawn_name", [name for name in PDKS if name not in NOT_REDRAWN])
    if "layout_name" in metafunc.fixturenames:
        metafunc.parametrize("layout_name", PDKS)


@pytest.fixture(scope="session")
def table() -> dict[str, str]:
    """Return the files and their PDKs."""
    return PDKS


@pytest.fixture(scope="session")
def checked(layouts_dir: Path) -> Callable[[str], Run]:
    """Return a function from a file name to the run of its check."""

    @functools.cache
    def check(name: str) -> Run:
        return engine.check(layouts_dir / name, pdk=PDKS[name], threads=2)

    return check


@pytest.fixture(scope="session")
def extracted(layouts_dir: Path) -> Callable[[str], Extraction]:
    """Return a function from a file name to its extraction."""

    @functools.cache
    def run(name: str) -> Extraction:
        return extract(read(layouts_dir / name), pdk.load(PDKS[name]))

    return run


@pytest.fixture(scope="session")
def stated(layouts_dir: Path) -> Callable[[str], list[dict[str, str]]]:
    """Return a function from a file name to what is known of its waveguide cells; empty when nothing is."""

    def rows(name: str) -> list[dict[str, str]]:
        path = layouts_dir / "truth" / f"{name}.wg.csv"
        if not path.is_file():
            return []
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return rows
