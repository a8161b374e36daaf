"""What a layout holds does not depend on where it lies, how it is turned, on which grid, or how deep its cells nest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gdstk
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waveguard import engine, pdk
from waveguard.designs import demo, mesh
from waveguard.extract import Extraction, extract
from waveguard.layout import read
from waveguard.reports import ReportOptions, by_name

PDK = "siepic-ebeam"
WRAPPER = "moved"
# Lengths are sums of measured pieces; turning a cell changes the order in which they are rounded, not more.
SAME_NM = 0.01
# On a finer grid the same points are other integers, and the fit of a bend may end at another vertex.
OTHER_GRID_NM = 1.0

quarter_turns = st.integers(min_value=0, max_value=3)
shifts_nm = st.tuples(st.integers(-5_000_000, 5_000_000), st.integers(-5_000_000, 5_000_000))


def contents(library: gdstk.Library) -> dict[str, Any]:
    """Return what must not change: devices, nets by the cells and ports they join, lengths, radii."""
    extraction = extract(read(library), pdk.load(PDK))
    tables = extraction.tables
    names = [extraction.cell_names[int(cell)] for cell in tables.devices.cell]

    def end(port: int) -> tuple[str, str]:
        return names[int(tables.ports.device[port])], tables.ports.name[port]

    nets = Counter(
        tuple(sorted((end(int(a)), end(int(b))))) for a, b in zip(tables.nets.port_a, tables.nets.port_b, strict=True)
    )
    return {
        "devices": Counter(names),
        "nets": nets,
        "lengths_nm": np.sort(tables.waveguides.centerline_length_nm),
        "drawn_nm": np.sort(tables.waveguides.drawn_length_nm),
        "radii_nm": np.sort(tables.waveguides.min_radius_nm[np.isfinite(tables.waveguides.min_radius_nm)]),
        "runs_nm": np.sort(tables.runs.length_nm),
        "gaps_nm": np.sort(tables.runs.gap_min_nm),
    }


def assert_same(actual: dict[str, Any], expected: dict[str, Any], tolerance_nm: float = SAME_NM) -> None:
    for key, value in expected.items():
        if isinstance(value, Counter):
            assert actual[key] == value, key
        else:
            assert actual[key] == pytest.approx(value, abs=tolerance_nm), key


def on_the_grid(library: gdstk.Library) -> gdstk.Library:
    """Return the library as a file of it holds it, with every point on the 1 nm grid."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "layout.gds"
        library.write_gds(path, max_points=0)
        return gdstk.read_gds(path)


def demo_library() -> gdstk.Library:
    return on_the_grid(demo.library(faults=True))


def mesh_library() -> gdstk.Library:
    return on_the_grid(mesh.library(mesh.MeshPlan(n_modes=4)))


DESIGNS = {"demo": demo_library, "mesh": mesh_library}


@pytest.fixture(scope="module", params=sorted(DESIGNS))
def design(request: pytest.FixtureRequest) -> tuple[Callable[[], gdstk.Library], dict[str, Any]]:
    """Return a maker of a design and the contents of it."""
    make = DESIGNS[request.param]
    return make, contents(make())


def wrapped(library: gdstk.Library, shift_nm: tuple[int, int], quarters: int, *, mirrored: bool) -> gdstk.Library:
    """Place the whole layout once, moved, turned and mirrored, in a new top cell."""
    (top,) = library.top_level()
    outer = gdstk.Cell(WRAPPER)
    origin = (shift_nm[0] / 1000, shift_nm[1] / 1000)
    outer.add(gdstk.Reference(top, origin, rotation=quarters * np.pi / 2, x_reflection=mirrored))
    library.add(outer)
    return library


@given(shift_nm=shifts_nm, quarters=quarter_turns, mirrored=st.booleans())
def test_moving_turning_and_mirroring_change_nothing(
    design: tuple[Callable[[], gdstk.Library], dict[str, Any]],
    shift_nm: tuple[int, int],
    quarters: int,
    mirrored: bool,
) -> None:
    make, expected = design
    assert_same(contents(wrapped(make(), shift_nm, quarters, mirrored=mirrored)), expected)


@pytest.mark.parametrize("dbu_nm", [0.5, 0.25, 0.1])
def test_a_finer_grid_changes_nothing(
    design: tuple[Callable[[], gdstk.Library], dict[str, Any]], dbu_nm: float
) -> None:
    make, expected = design
    library = make()
    library.precision = dbu_nm * 1e-9
    assert_same(contents(library), expected, OTHER_GRID_NM)


def test_another_user_unit_changes_nothing(
    design: tuple[Callable[[], gdstk.Library], dict[str, Any]], tmp_path: Path
) -> None:
    make, expected = design
    make().write_gds(tmp_path / "um.gds", max_points=0)
    gdstk.read_gds(tmp_path / "um.gds", unit=1e-3).write_gds(tmp_path / "mm.gds", max_points=0)
    assert_same(contents(gdstk.read_gds(tmp_path / "mm.gds")), expected)


def test_flattening_one_level_changes_nothing() -> None:
    nested = mesh_library()
    expected = contents(nested)
    opened = gdstk.Library("waveguard", unit=1e-6, precision=1e-9)
    cells = {cell.name: cell for cell in nested.cells}
    top = gdstk.Cell(mesh.TOP)
    for reference in cells[mesh.TOP].references:
        inner = reference.cell
        if inner.name != "mzi_unit":
            top.add(gdstk.Reference(inner, reference.origin))
            continue
        for below in inner.references:
            origin = (reference.origin[0] + below.origin[0], reference.origin[1] + below.origin[1])
            top.add(gdstk.Reference(below.cell, origin))
    opened.add(top, *(cell for name, cell in cells.items() if name not in (mesh.TOP, "mzi_unit")))
    assert_same(contents(opened), expected)


def test_an_array_is_its_single_placements() -> None:
    def library(*, as_array: bool) -> gdstk.Library:
        source = mesh.library(mesh.MeshPlan(n_modes=2))
        unit = next(cell for cell in source.cells if cell.name == "mzi_unit")
        outer = gdstk.Cell("many")
        if as_array:
            outer.add(gdstk.Reference(unit, (0, 0), columns=3, rows=2, spacing=(300.0, 60.0)))
        else:
            outer.add(*(gdstk.Reference(unit, (300.0 * i, 60.0 * j)) for j in range(2) for i in range(3)))
        result = gdstk.Library("waveguard", unit=1e-6, precision=1e-9)
        result.add(outer, *outer.dependencies(True))
        return result

    assert_same(contents(library(as_array=True)), contents(library(as_array=False)))


@given(shift_nm=shifts_nm, quarters=quarter_turns, mirrored=st.booleans())
def test_findings_keep_their_fingerprints(
    demo_dir: Path, shift_nm: tuple[int, int], quarters: int, mirrored: bool
) -> None:
    budget = demo.names(demo_dir, faults=True).budget
    here = engine.check(demo_library(), pdk=PDK, budget=budget)
    there = engine.check(wrapped(demo_library(), shift_nm, quarters, mirrored=mirrored), pdk=PDK, budget=budget)
    expected = sorted((one.code, one.fingerprint) for one in here.findings)
    assert {"CN001", "OP001", "WG001", "WG003"} <= {code for code, _ in expected}
    assert sorted((one.code, one.fingerprint) for one in there.findings) == expected


def test_the_number_of_threads_changes_no_byte(demo_dir: Path) -> None:
    written = demo.names(demo_dir, faults=True)
    texts = set()
    for threads in (1, 2, 2, 3):
        run = engine.check(written.layout, pdk=PDK, budget=written.budget, threads=threads)
        out = StringIO()
        by_name("json").write(run, out, ReportOptions())
        texts.add(out.getvalue())
    assert len(texts) == 1


def test_flattened_cores_trace_as_guides_of_the_same_length() -> None:
    plan = mesh.MeshPlan(n_modes=4)
    extraction: Extraction = extract(read(mesh.flattened(plan)), pdk.load(PDK))
    tables = extraction.tables
    # Two guides in each of two couplers, two arms; per column a bypass for each mode that is not used, and links.
    n_columns, n_modes = plan.n_modes, plan.n_modes
    n_bypasses = sum(n_modes - 2 * ((n_modes - column % 2) // 2) for column in range(n_columns))
    expected = 6 * mesh.n_units(plan) + n_bypasses + n_modes * (n_columns - 1)
    assert len(tables.waveguides) == expected
    straight = np.count_nonzero(~np.isfinite(tables.waveguides.min_radius_nm))
    assert straight == expected - 4 * mesh.n_units(plan)
