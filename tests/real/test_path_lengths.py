"""Path lengths out of polygons: spirals that writers cut into many pieces, against area, outline and label."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import gdstk
import pytest

from waveguard import circuit
from waveguard.analyses.loss import LossResult, loss
from waveguard.extract import Extraction
from waveguard.optics.prepare import Prepared

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

CHIP = "openEBL-2024-10__EBL_Framework_1cm_PCM_static.oas"
WIDTH_UM = 0.5
RELATIVE = 1e-4
# Cell, label of the circuit it is in, and its length as calculated by others from its polygon.
SPIRALS = [
    ("spiral$4", "PCM_SpiralWG47363TE", 47_362.7),
    ("spiral$6", "PCM_SpiralWG5344TE", 5_345.0),
    # The digits of this label are swapped: it is 15 946 um long.
    ("spiral$7", "PCM_SpiralWG15497TE", 15_946.0),
]


@pytest.fixture(scope="module")
def paths(extracted: Callable[[str], Extraction]) -> LossResult:
    return loss(circuit.solve(Prepared("chip", extracted(CHIP), ()).model()))


@pytest.mark.parametrize(("cell", "label", "expected_um"), SPIRALS)
def test_a_path_is_as_long_as_its_polygons(
    cell: str,
    label: str,
    expected_um: float,
    paths: LossResult,
    extracted: Callable[[str], Extraction],
    layouts_dir: Path,
) -> None:
    tables = extracted(CHIP).tables
    cells = [extracted(CHIP).cell_names[int(one)] for one in tables.devices.cell[tables.waveguides.device]]
    rows = [row for row, name in enumerate(cells) if name == cell]
    assert rows
    for row in rows:
        assert tables.waveguides.centerline_length_nm[row] * 1e-3 == pytest.approx(expected_um, rel=RELATIVE)
        assert tables.waveguides.drawn_length_nm[row] * 1e-3 == pytest.approx(expected_um, rel=3 * RELATIVE)
    # The same from the shapes alone: half of the outline of all pieces as one, less the width of its end.
    core = extracted(CHIP).pdk.layer("si")
    found = {one.name: one for one in gdstk.read_oas(str(layouts_dir / CHIP)).cells}[cell]
    whole = gdstk.boolean(found.get_polygons(layer=core[0], datatype=core[1]), [], "or", precision=1e-4)
    outline_um = sum(one.perimeter() for one in whole) / 2 - WIDTH_UM
    assert outline_um == pytest.approx(expected_um, rel=RELATIVE)
    # And the path of the circuit is that, and the guides that lead there.
    (row,) = (k for k, name in enumerate(paths.from_name) if name.endswith(label))
    leads_um = paths.length_um[row] - expected_um
    assert 300.0 < leads_um < 700.0


def test_the_label_with_swapped_digits_is_seen_by_the_path(paths: LossResult) -> None:
    (row,) = (k for k, name in enumerate(paths.from_name) if name.endswith("PCM_SpiralWG15497TE"))
    assert paths.length_um[row] > 15_946.0
