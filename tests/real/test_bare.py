"""Real layouts flat and without markers, pins, texts and names: the guides are found with the lengths they had."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import gdstk
import numpy as np
import pytest

from variants import along, cut, hierarchy, order, place, strip
from variants.network import Network, network_of
from variants.same import differences
from waveguard import engine, pdk
from waveguard.extract import Extraction, extract
from waveguard.findings import Run, Severity
from waveguard.layout import read

pytestmark = [pytest.mark.real, pytest.mark.timeout(900)]

Extracted = Callable[[str], Extraction]
Bare = Callable[[str], gdstk.Library]

ARRAYS_ONLY = "SiEPIC_EBeam_PDK__EBeam_PCM_Etch_Loading.OAS"
"""1.7 million placements in 51 kB and no optical network: it must not be drawn flat."""
EBL = "openEBL-2024-10__EBL_Framework_1cm_PCM_static.oas"
ROUTED = "LiDAR__clements_8x8_routed.gds"
VERIFICATION = "SiEPIC_EBeam_PDK__SiEPIC_Tools_EBeam_PDK_Verification_Check.gds"
ESKID = "SiEPIC_EBeam_PDK__SamanJahani_Eskid60nm110v1.GDS"
PICTURES = {"ubc"}
"""Cells of pictures drawn in pixels of 126 nm. What looks like a guide in them is chance; nobody states its length."""
SAME_NM = 3.0
SHARE = 0.98
# Lengths of paths from area over width, in PHYSICS of the layout's makers; a length is known to a ten-thousandth.
SPIRALS_UM = {"spiral$4": 47_362.7, "spiral$6": 5_345.0, "spiral$7": 15_946.0}
RELATIVE = 1e-4


@pytest.fixture(scope="session")
def bare(layouts_dir: Path, table: dict[str, str]) -> Bare:
    """Return a function from a file name to its shapes, flat, without anything that says what they are."""

    @functools.cache
    def make(name: str) -> gdstk.Library:
        path = layouts_dir / name
        with path.open("rb") as file:
            oasis = file.read(5) == b"%SEMI"
        library = gdstk.read_oas(path) if oasis else gdstk.read_gds(path)
        return place.on_grid(hierarchy.flattened(strip.stripped(library, pdk.load(table[name]))))

    return make


@pytest.fixture(scope="session")
def extracted_bare(bare: Bare, table: dict[str, str]) -> Extracted:
    """Return a function from a file name to the extraction of its bare shapes."""

    @functools.cache
    def run(name: str) -> Extraction:
        return extract(read(bare(name)), pdk.load(table[name]))

    return run


def in_words(extraction: Extraction, lengths: along.Lengths, row: int) -> str:
    tables = extraction.tables
    port = int(tables.waveguides.port_a[row])
    cell = extraction.cell_names[int(tables.devices.cell[tables.waveguides.device[row]])]
    at = f"({tables.ports.x_nm[port] / 1e3:.3f}, {tables.ports.y_nm[port] / 1e3:.3f})"
    return f"{cell} from {at}: {lengths.marked_nm[row]:.1f} nm, bare {lengths.bare_nm[row]:.1f} nm"


def test_guides_of_bare_layouts_have_their_lengths(
    table: dict[str, str], extracted: Extracted, extracted_bare: Extracted
) -> None:
    good, missed = 0, []
    for name in table:
        if name == ARRAYS_ONLY:
            continue
        marked = extracted(name)
        lengths = along.compared(marked, extracted_bare(name))
        rows = lengths.missed(SAME_NM)
        good += int(lengths.checkable.sum()) - len(rows)
        missed += [f"{name}: {in_words(marked, lengths, int(row))}" for row in rows]
    assert good > 3500
    assert good / (good + len(missed)) >= SHARE, "\n".join(missed[:30])


def test_guides_of_each_bare_layout_are_found(
    layout_name: str, extracted: Extracted, extracted_bare: Extracted
) -> None:
    if layout_name == ARRAYS_ONLY:
        return
    marked = extracted(layout_name)
    lengths = along.compared(marked, extracted_bare(layout_name))
    tables = marked.tables
    pictures = [cell for cell, name in enumerate(marked.cell_names) if name in PICTURES]
    is_guide = ~np.isin(tables.devices.cell[tables.waveguides.device], pictures)
    missed = [row for row in lengths.missed(SAME_NM) if is_guide[row]]
    words = [in_words(marked, lengths, int(row)) for row in missed]
    assert len(missed) <= (1 - SHARE) * int((lengths.checkable & is_guide).sum()), "\n".join(words[:20])


def test_spirals_of_many_pieces_have_their_length_with_and_without_markers(
    extracted: Extracted, extracted_bare: Extracted
) -> None:
    marked = extracted(EBL)
    lengths = along.compared(marked, extracted_bare(EBL))
    tables = marked.tables
    cells = [marked.cell_names[int(cell)] for cell in tables.devices.cell[tables.waveguides.device]]
    for cell, length_um in SPIRALS_UM.items():
        rows = [row for row, name in enumerate(cells) if name == cell]
        assert rows, cell
        for row in rows:
            assert lengths.marked_nm[row] * 1e-3 == pytest.approx(length_um, rel=RELATIVE), cell
            assert lengths.bare_nm[row] * 1e-3 == pytest.approx(length_um, rel=RELATIVE), cell


def test_each_pair_of_guides_of_the_plain_geometry_is_one_parallel_run(extracted_bare: Extracted) -> None:
    tables = extracted_bare(ESKID).tables
    guides, runs = tables.waveguides, tables.runs
    # The strips of 60 nm beside the guides are none; a tip tapers down to that width.
    assert guides.width_max_nm.min() > 200
    widths = []
    for row in range(len(runs)):
        a, b = int(runs.waveguide_a[row]), int(runs.waveguide_b[row])
        width = float(guides.width_a_nm[a] + guides.width_a_nm[b]) / 2
        assert a != b
        assert runs.gap_min_nm[row] + width == pytest.approx(1000.0, abs=2.0)
        # From corner to corner 110 µm; two bends of 5 µm take away 5 µm at each end, where they part slowly.
        assert 100e3 <= runs.length_nm[row] <= 110e3
        widths.append(width)
    assert sorted(widths) == pytest.approx([300, 324, 350, 374], abs=1.0)


def routed_nets_um(path: Path) -> dict[str, float]:
    """Return the length of each net as the router logged it."""
    found = re.findall(r"^Net: (\w+), WL: ([\d.]+) um", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: float(length) for name, length in found}


def critical_path(path: Path) -> tuple[list[str], float]:
    found = re.search(r"criticalPath: \[(.*)\], WL: ([\d.]+)", path.read_text(encoding="utf-8"))
    assert found is not None
    return re.findall(r"\w+", found[1]), float(found[2])


def routes_between_devices(network: Network) -> list[float]:
    """Return the lengths in µm of routes that alone join their two devices; arms of interferometers do not."""
    pairs: dict[tuple[int, int], list[float]] = {}
    for edge in network.edges:
        pairs.setdefault((min(edge.a, edge.b), max(edge.a, edge.b)), []).append(edge.length_nm * 1e-3)
    return sorted(lengths[0] for lengths in pairs.values() if len(lengths) == 1)


def test_routed_nets_have_the_lengths_that_the_router_logged(layouts_dir: Path, extracted: Extracted) -> None:
    log = layouts_dir / "truth" / f"{ROUTED}.router.log"
    stated = routed_nets_um(log)
    extraction = extracted(ROUTED)
    measured = routes_between_devices(network_of(extraction))
    assert len(stated) == len(measured) == 79
    names = sorted(stated, key=lambda name: stated[name])
    found = dict(zip(names, measured, strict=True))
    off_um = np.abs([found[name] - stated[name] for name in names])
    assert np.median(off_um) < 0.020
    assert off_um.max() < 1.0
    assert len(extraction.tables.crossings) == 0
    nets, length_um = critical_path(log)
    assert len(nets) == 13
    assert sum(found[name] for name in nets) == pytest.approx(length_um, abs=0.1)


def test_routed_nets_keep_their_lengths_without_markers(extracted: Extracted, extracted_bare: Extracted) -> None:
    """A net ends where the device of the marked layout begins, wherever along a bare route that is."""
    marked = extracted(ROUTED)
    routes = along.Routes(extracted_bare(ROUTED), extracted_bare(ROUTED).tops[0])
    ports, guides = marked.tables.ports, marked.tables.waveguides
    network = network_of(marked)
    off_nm = []
    for edge in network.edges:
        first = edge.entries[0]
        last = int(guides.port_a[edge.guides[-1]] + guides.port_b[edge.guides[-1]]) - edge.entries[-1]
        a, b = ((float(ports.x_nm[port]), float(ports.y_nm[port])) for port in (first, last))
        off_nm.append(abs(routes.length_nm(a, b, edge.length_nm) - edge.length_nm))
    assert len(off_nm) == 79 + 72
    assert max(off_nm) < 10.0
    assert len(extracted_bare(ROUTED).tables.crossings) == 0


VARIANTS: dict[str, Callable[[gdstk.Library], gdstk.Library]] = {
    "turned": lambda library: place.turned(library, 33.0),
    "turned by a degree as a placement": lambda library: place.wrapped(library, 1.0),
    "mirrored": lambda library: place.wrapped(library, mirrored=True),
    "on half the grid": lambda library: place.with_dbu(library, 0.5),
    "cut at 199 corners": cut.fractured,
    "cut along lines": lambda library: cut.cut_along_lines(library, 7, n_lines=4),
    "merged": cut.merged,
    "in another order": lambda library: order.shuffled(library, 3),
}
SAME_EACH_NM = 2.0
SAME_SHARE = 5e-6
"""All corners of a layout that is turned are rounded again: the length of a guide is a sum of many of them."""


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_bare_layout_drawn_otherwise_is_the_same_network(
    redrawn_name: str, variant: str, table: dict[str, str], bare: Bare, extracted_bare: Extracted
) -> None:
    there = extract(read(VARIANTS[variant](bare(redrawn_name))), pdk.load(table[redrawn_name]))
    here = network_of(extracted_bare(redrawn_name))
    assert differences(here, network_of(there), SAME_EACH_NM, relative=SAME_SHARE) == []


NOT_THE_SAME = {
    VERIFICATION: "a tip of 60 nm that is 64 nm wide where it is joined, turned by a degree",
    "SiEPIC_EBeam_PDK__CWDM4_example.GDS": "gratings drawn inside of their tapers, merged",
}
"""Layouts of which one way of drawing still has other findings; who mends one takes it out."""


def findings(library: gdstk.Library, name: str) -> tuple[Counter[tuple[str, Severity]], int]:
    """Return how often what is found in a layout, and the number of rules that could not look at everything."""
    run = engine.check(library, pdk=name)
    return Counter((one.code, one.severity) for one in run.findings), len(run.incomplete)


def test_a_bare_layout_drawn_otherwise_has_the_same_findings(
    redrawn_name: str, table: dict[str, str], bare: Bare
) -> None:
    here = findings(bare(redrawn_name), table[redrawn_name])
    there = {name: findings(redrawn(bare(redrawn_name)), table[redrawn_name]) for name, redrawn in VARIANTS.items()}
    differing = [name for name, found in there.items() if found != here]
    assert bool(differing) == (redrawn_name in NOT_THE_SAME), differing


def test_the_routed_mesh_has_the_same_errors_with_and_without_its_devices(
    checked: Callable[[str], Run], table: dict[str, str], bare: Bare
) -> None:
    """Two routes lie too close three times; arms of multimode couplers begin beside each other and bend apart."""
    marked = [one for one in checked(ROUTED).findings if one.severity is Severity.ERROR]
    flat = [one for one in engine.check(bare(ROUTED), pdk=table[ROUTED]).findings if one.severity is Severity.ERROR]
    for found in (marked, flat):
        assert [one.code for one in found] == 3 * ["WG003"]
        assert [round(one.place.y_um or 0.0) for one in found] == [699, 799, 899]


@pytest.mark.parametrize("angle_deg", [0.0, 7.5, 33.0, 77.0])
def test_branches_drawn_by_hundreds_of_corners_have_no_bumps_however_they_are_turned(
    angle_deg: float, table: dict[str, str], bare: Bare
) -> None:
    found = engine.check(place.turned(bare(VERIFICATION), angle_deg), pdk=table[VERIFICATION]).findings
    assert [one.message for one in found if one.code == "WG007"] == []
