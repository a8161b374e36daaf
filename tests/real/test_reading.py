"""Every real layout is read as `truth/*.stats.json` says: cells, tops, shapes with repetitions expanded, box, units."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from waveguard import layout as reader
from waveguard.layout import LayoutFile, read
from waveguard.reading import source
from waveguard.reading.columns import take_apart

pytestmark = pytest.mark.real


def truth_of(layouts: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((layouts / "truth" / f"{name}.stats.json").read_text())
    return found


def columns_of(path: Path) -> dict[str, Any]:
    file = source.load(path)
    report = reader._scan(file)
    library = reader._gdstk_library(file, unit_m=report["dbu_m"])
    return take_apart(library, shapes_repeat=report["shapes_repeat"], owned=True).columns


def copies(columns: dict[str, Any]) -> np.ndarray:
    sizes = {"single": lambda _: 1, "grid": lambda r: r[1] * r[2], "listed": lambda r: len(r[1])}
    return np.array([sizes[r[0]](r) for r in columns["repetitions"]], dtype=np.int64)


def placements(columns: dict[str, Any], layout: LayoutFile) -> np.ndarray:
    """How often each cell is placed below the tops."""
    n = copies(columns)
    count = np.zeros(len(columns["cell_names"]), dtype=np.int64)
    count[layout.handle.tops] = 1
    parents: dict[int, list[tuple[int, int]]] = {}
    for cell, target, rep in zip(columns["ref_cell"], columns["ref_target"], columns["ref_rep"], strict=True):
        parents.setdefault(int(target), []).append((int(cell), int(n[rep])))

    known: dict[int, int] = {}

    def placed(cell: int) -> int:
        if cell not in known:
            known[cell] = int(count[cell]) + sum(placed(parent) * k for parent, k in parents.get(cell, []))
        return known[cell]

    return np.array([placed(cell) for cell in range(len(count))], dtype=np.int64)


def test_counts_agree_with_the_known_ones(layouts_dir: Path, layout_name: str) -> None:
    truth = truth_of(layouts_dir, layout_name)
    layout = read(layouts_dir / layout_name)
    columns = columns_of(layouts_dir / layout_name)
    n, placed = copies(columns), placements(columns, layout)
    outlines = np.zeros(len(columns["polygon_cell"]), dtype=bool)
    outlines[columns["path_outline"][columns["path_outline"] >= 0]] = True
    drawn = ~outlines
    vertices = np.diff(columns["polygon_offsets"])

    def flat(kind: str, of: Any = slice(None), weight: Any = 1) -> int:
        cells, reps = columns[f"{kind}_cell"][of], columns[f"{kind}_rep"][of]
        return int((placed[cells] * n[reps] * weight).sum())

    assert layout.format == truth["format"]
    assert len(layout.cell_names) == truth["cells"]
    assert list(layout.tops) == truth["top"]
    assert layout.dbu_nm == pytest.approx(truth["precision"] * 1e9)
    assert layout.user_unit_m == pytest.approx(truth["unit"])
    assert int(drawn.sum()) == truth["hier_polygons"]
    assert int(vertices[drawn].sum()) == truth["hier_vertices"]
    assert len(columns["path_cell"]) == truth["hier_paths"]
    assert len(layout.labels) == truth["hier_labels"]
    assert flat("polygon", drawn) == truth["flat_polygons"]
    assert flat("polygon", drawn, vertices[drawn]) == truth["flat_vertices"]
    assert flat("path") == truth["flat_paths"]
    assert flat("label") == truth["flat_labels"]
    instances = sum(layout.handle.n_placements(top) - 1 for top in layout.handle.tops)
    assert flat("ref") == instances
    assert instances == truth["flat_instances"] or len(layout.tops) > 1


def test_the_box_agrees_with_the_known_one(layouts_dir: Path, layout_name: str) -> None:
    truth = truth_of(layouts_dir, layout_name)
    handle = read(layouts_dir / layout_name).handle
    corners: list[tuple[float, float]] = []
    for top in handle.tops:
        box = handle.bbox_nm(top)
        corners += [(box[0], box[1]), (box[2], box[3])] if box is not None else []
        # The box of the known answer takes in texts too.
        labels = handle.labels(top, handle.layers, 1_000_000)
        corners += list(zip(labels["x_nm"], labels["y_nm"], strict=True))
    found = np.array(corners) * 1e-3
    assert [*found.min(axis=0), *found.max(axis=0)] == pytest.approx(truth["bbox_um"], abs=0.0011)


def test_only_the_real_problems_are_reported(layouts_dir: Path, layout_name: str) -> None:
    truth = truth_of(layouts_dir, layout_name)
    problems = read(layouts_dir / layout_name).problems
    assert sum(p.count for p in problems if p.code == "missing-cell") == truth["missing_refs"]
    assert {p.code for p in problems} <= {"degenerate-shape"}


def test_context_is_kept_for_the_cells_it_is_about(layouts_dir: Path, layout_name: str) -> None:
    truth = truth_of(layouts_dir, layout_name)
    layout = read(layouts_dir / layout_name)
    assert "$$$CONTEXT_INFO$$$" not in layout.cell_names
    if truth["klayout_context"]:
        assert len(layout.metadata) > 0
