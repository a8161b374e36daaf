"""What real files say about their cells is what is known of them: stated lengths, ports, parametric cells, labels."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from waveguard.layout import read
from waveguard.metadata import measurement_labels, siepic_texts

pytestmark = pytest.mark.real
MARKERS = {(68, 0)}


def test_stated_lengths_and_widths(layouts_dir: Path, layout_name: str) -> None:
    known = layouts_dir / "truth" / f"{layout_name}.wg.csv"
    if not known.is_file():
        return
    layout = read(layouts_dir / layout_name)
    found = {layout.cell_names[cell]: t for cell, t in siepic_texts(layout.labels, MARKERS, layout.cell_names).items()}
    with known.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows:
        texts = found[row["cell"]]
        assert texts.stated is not None
        assert texts.stated.length_um == pytest.approx(float(row["length_um"]), abs=1e-3)
        if row["width_um"]:
            assert texts.stated.width_um == pytest.approx(float(row["width_um"]), abs=1e-4)
        if row["radius_um"] and row["units"] == "SI":
            assert texts.stated.radius_um == pytest.approx(float(row["radius_um"]))
        assert texts.stated.waveguide_type == (row["waveguide_type"] or None)
        assert texts.n_stated == int(row["n_labels"])


@pytest.mark.parametrize("name", ["cspdk__mzi_sc.gds", "ubc__spiral.gds", "lxt_pdk_gf__mzm_unbalanced_high_speed.gds"])
def test_kfactory(layouts_dir: Path, name: str) -> None:
    data = (layouts_dir / name).read_bytes()
    layout = read(layouts_dir / name)
    metadata = layout.metadata
    assert set(metadata) == set(layout.cell_names)
    assert sum(len(m.ports) for m in metadata.values()) == len(re.findall(rb"META\('kfactory:ports:\d+'\)", data))
    lengths = len(re.findall(rb"META\('kfactory:info'\)=\{[^\0]*'length'=>", data))
    assert sum(m.stated is not None for m in metadata.values()) == lengths
    for cell in metadata.values():
        for port in cell.ports:
            assert port.name
            assert port.width_dbu is not None
            assert port.width_dbu > 0
            assert port.layer is not None


def test_round_paths_without_pins(layouts_dir: Path) -> None:
    metadata = read(layouts_dir / "SiEPIC_EBeam_PDK__SamanJahani_Eskid60nm110v1.GDS").metadata
    guides = [m.stated for m in metadata.values() if m.pcell == "ROUND_PATH"]
    widths = {round(g.width_um, 3) for g in guides if g is not None and g.width_um is not None}
    assert {0.06, 0.3, 0.324, 0.35, 0.374} <= widths
    assert all(g is not None and len(g.points_um) >= 2 for g in guides)


def test_measurement_labels(layouts_dir: Path) -> None:
    layout = read(layouts_dir / "openEBL-2025-05__EBeam_LukasChrostowski_MZI.oas")
    names = {m.name for m in measurement_labels(layout.labels, {(10, 0)})}
    assert names == {f"LukasChrostowski_MZI{i}" for i in (1, 2, 3)}
