"""What we read is what KLayout reads: shapes of a flattened layout, for every way in which the two can write it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import gdstk
import klayout.db as kdb
import numpy as np
import pytest

from waveguard import layout as reader
from waveguard.reading import source
from waveguard.reading.columns import take_apart

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fuzz"))
import corpus

FILES = dict(corpus.generated())
ROUNDING_DBU = 4
"""Turned by odd angles, vertices round differently by a step of the grid on each of two levels."""
CIRCLE_DBU = 12
"""Circles are polygons of different pitch."""


def flattened(path: Path) -> dict[tuple[int, int], kdb.Region]:
    """Flatten the columns of a file with KLayout's shapes, but our reading."""
    file = source.load(path)
    report = reader._scan(file)
    library = reader._gdstk_library(file, unit_m=report["dbu_m"])
    columns = take_apart(
        library, shapes_repeat=report["shapes_repeat"], owned=True, on_grid=file.format == "GDSII"
    ).columns
    regions: dict[tuple[int, int], kdb.Region] = {}
    offsets = columns["polygon_offsets"]
    xy = np.asarray(columns["polygon_xy"], dtype=np.float64).reshape(-1, 2)
    n_cells = len(columns["cell_names"])
    tops = sorted(set(range(n_cells)) - {int(t) for t in columns["ref_target"]})

    def place(cell: int, matrix: np.ndarray, shift: np.ndarray) -> None:
        for i in np.flatnonzero(columns["polygon_cell"] == cell):
            points = xy[offsets[i] : offsets[i + 1]]
            layer = columns["layers"][columns["polygon_layer"][i]]
            for offset in displacements(columns, columns["polygon_rep"][i]):
                placed = np.rint((points + offset) @ matrix.T + shift).astype(int)
                hull = [kdb.Point(int(x), int(y)) for x, y in placed]
                regions.setdefault(layer, kdb.Region()).insert(kdb.Polygon(hull))
        for i in np.flatnonzero(columns["ref_cell"] == cell):
            target = int(columns["ref_target"][i])
            if target < 0:
                continue
            angle, size = columns["ref_rotation_rad"][i], columns["ref_magnification"][i]
            mirror = np.diag([1.0, -1.0 if columns["ref_mirror"][i] else 1.0])
            turn = size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ mirror
            for offset in displacements(columns, columns["ref_rep"][i]):
                origin = columns["ref_xy"].reshape(-1, 2)[i] + offset
                place(target, matrix @ turn, matrix @ origin + shift)

    for top in tops:
        place(top, np.eye(2), np.zeros(2))
    return regions


def displacements(columns: dict[str, Any], rep: int) -> np.ndarray:
    kind, *values = columns["repetitions"][rep]
    if kind == "single":
        return np.zeros((1, 2))
    if kind == "listed":
        return np.asarray(values[0])
    n, m, *v = values
    steps = np.array([(c, r) for r in range(m) for c in range(n)], dtype=np.float64)
    return steps @ np.array(v).reshape(2, 2)


def by_klayout(path: Path) -> dict[tuple[int, int], kdb.Region]:
    layout = kdb.Layout()
    layout.read(str(path))
    regions: dict[tuple[int, int], kdb.Region] = {}
    for index in layout.layer_indexes():
        info = layout.get_info(index)
        region = regions.setdefault((info.layer, info.datatype), kdb.Region())
        for top in layout.top_cells():
            region.insert(top.begin_shapes_rec(index))
    return regions


@pytest.mark.parametrize("name", sorted(FILES))
def test_shapes_are_those_of_klayout(name: str, tmp_path: Path) -> None:
    path = tmp_path / "layout"
    path.write_bytes(FILES[name])
    ours, theirs = flattened(path), by_klayout(path)
    drawn = {layer for layer, region in theirs.items() if region.area()}
    assert drawn <= set(ours)
    for layer in drawn:
        slack = CIRCLE_DBU if "shapes" in name else ROUNDING_DBU
        difference = (ours[layer] ^ theirs[layer]).sized(-slack)
        assert difference.is_empty(), f"layer {layer}: {difference}"


@pytest.mark.parametrize("unit", [1e-3, 1e-6, 1e-9])
@pytest.mark.parametrize("precision", [1e-9, 5e-9, 1e-10])
def test_units_other_than_micrometres_and_nanometres(unit: float, precision: float, tmp_path: Path) -> None:
    library = gdstk.Library(unit=unit, precision=precision)
    micrometre = 1e-6 / unit
    library.new_cell("TOP").add(gdstk.rectangle((-1 * micrometre, 0), (3 * micrometre, 0.5 * micrometre)))
    library.write_gds(tmp_path / "layout")
    layout = reader.read(tmp_path / "layout")
    assert layout.dbu_nm == pytest.approx(precision * 1e9)
    assert layout.user_unit_m == pytest.approx(unit)
    assert layout.handle.bbox_nm(0) == pytest.approx((-1000, 0, 3000, 500))
