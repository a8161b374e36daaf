"""Coupling out of drawn layouts: fabricated rings from their bare shapes, and guides that no model covers."""

from __future__ import annotations

import csv
from pathlib import Path

import gdstk
import numpy as np
import pytest

from waveguard import pdk
from waveguard.analyses.crosstalk import NOT_EVALUATED, OUTSIDE_MODEL, crosstalk
from waveguard.extract import Extraction, extract
from waveguard.layout import read

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

CHIP = "openEBL-2024-10__EBL_Framework_1cm_PCM_static.oas"
CLAD = "SiEPIC_EBeam_PDK__SamanJahani_Eskid60nm110v1.GDS"
KIT = pdk.load("siepic-ebeam")
CORE = KIT.layer("si")
N_G = 4.1961  # 500x220 nm, 1550 nm TE, finite elements


@pytest.fixture(scope="module")
def rings(layouts_dir: Path) -> Extraction:
    """Return the network of the fifteen measured rings, from nothing but their core shapes."""
    library = gdstk.read_oas(str(layouts_dir / CHIP))
    bare = gdstk.Library(unit=1e-6, precision=1e-9)
    for cell in library.cells:
        if cell.name.startswith("ring_r10_g"):
            copy = bare.new_cell(cell.name)
            copy.add(*cell.get_polygons(layer=CORE[0], datatype=CORE[1]))
    return extract(read(bare), KIT)


def measured() -> dict[str, dict[str, str]]:
    path = Path(__file__).parents[1] / "oracle" / "truth" / "rings_fabricated.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return {f"ring_r10_g{row['gap_drawn_nm']}_WG500": row for row in csv.DictReader(file)}


def test_drawn_rings_couple_as_the_fabricated_ones(rings: Extraction) -> None:
    tables, truth = rings.tables, measured()
    result = crosstalk(tables, rings.cross_sections, KIT)
    ratio = []
    for row in range(len(tables.runs)):
        guide = tables.runs.waveguide_a[row]
        name = rings.cell_names[int(tables.devices.top[tables.waveguides.device[guide]])]
        theta = float(np.arcsin(np.sqrt(10 ** (result.coupled_db[row] / 10))))
        ratio.append(theta / float(truth[name]["theta_measured_rad"]))
    assert len(ratio) == 30  # two buses each
    assert abs(np.mean(ratio) - 1) < 0.06
    assert np.std(ratio) < 0.12


def test_rings_resonate_at_the_measured_spacing(rings: Extraction) -> None:
    routes = rings.tables.routes
    lengths_um = routes.centerline_length_nm[routes.is_closed == 1] / 1e3
    assert len(lengths_um) == 15
    fsr_nm = 1.55**2 / (N_G * lengths_um) * 1e3
    truth = [float(row["FSR_nm"]) for row in measured().values()]
    assert fsr_nm == pytest.approx(np.mean(truth), rel=0.005)


def test_metamaterial_clad_guides_are_outside_of_the_model(layouts_dir: Path) -> None:
    """60 nm strips between the guides, which are narrower than any that was solved at 1550 nm: no number."""
    found = extract(read(layouts_dir / CLAD), KIT)
    result = crosstalk(found.tables, found.cross_sections, KIT, wavelength_um=1.55)
    assert len(found.tables.runs) == 4
    assert (result.state == NOT_EVALUATED).all()
    assert np.isnan(result.bound_db).all()
    assert all(reason.startswith(OUTSIDE_MODEL) for reason in result.reason)
