"""Devices that were flattened into one cell: each is what the text in its marker says."""

from __future__ import annotations

import gdstk
import numpy as np
import pytest

from faults.scene import WIDTH_UM, Item, chip, guide
from variants import hierarchy, place
from variants.curves import straight
from waveguard import engine, pdk
from waveguard.designs import drawing
from waveguard.extract import Extraction, extract
from waveguard.layout import read
from waveguard.parts import flattened_parts

PDK = pdk.load("siepic-ebeam")


def found(*, flat: bool, angle_deg: float = 0.0) -> Extraction:
    library = place.wrapped(chip().library(), angle_deg)
    return extract(read(hierarchy.flattened(library) if flat else library), PDK)


def kinds(extraction: Extraction) -> dict[str, int]:
    names = [PDK.devices[entry].kind for entry in extraction.device_entry.tolist() if entry >= 0]
    return {name: names.count(name) for name in names}


def test_flattened_devices_are_what_their_own_texts_say() -> None:
    marked = kinds(found(flat=False))
    assert kinds(found(flat=True)) == marked
    assert kinds(found(flat=True, angle_deg=33.0)) == marked


def test_only_what_shares_a_placed_cell_is_flattened() -> None:
    assert not flattened_parts(found(flat=False).tables.devices).any()
    assert flattened_parts(found(flat=True).tables.devices).all()


def test_what_a_flattened_cell_states_is_said_of_none_of_its_guides() -> None:
    assert np.isnan(found(flat=True).stated_length_um).all()
    assert np.isfinite(found(flat=False).stated_length_um).sum() > 0


def test_the_paths_of_a_flattened_chip_are_those_of_its_cells() -> None:
    library = chip().library()
    runs = [engine.check(one, pdk="siepic-ebeam") for one in (library, hierarchy.flattened(library))]
    assert runs[0].count("paths") == runs[1].count("paths") > 0


@pytest.mark.parametrize("name", ["a0", "a4", "b_in0", "b_mid0"])
def test_a_broken_guide_is_told_by_a_text_at_its_pin(name: str) -> None:
    """Tools write it there, at the edge of two markers: what is left when the others took theirs is its own."""
    library = chip().library()
    broken = chip().items[name].cell
    for cell in library.cells:
        guides = [one for one in cell.labels if "ebeam_wg" in one.text]
        for label in guides:
            label.origin = (0.0, 0.0)
        if guides and cell.name == broken.name:
            cell.remove(*[one for one in cell.polygons if (one.layer, one.datatype) == drawing.CORE])
    run = engine.check(hierarchy.flattened(library), pdk="siepic-ebeam")
    assert "CN008" in {one.code for one in run.findings}


def bragg(n_periods: int = 60) -> gdstk.Cell:
    """Return a cell of a Bragg grating: a box for each half of a period, and texts as its makers write them."""
    cell = gdstk.Cell("ebeam_bragg")
    half_um = 0.159
    for k in range(2 * n_periods):
        wide = 0.24 if k % 2 else 0.26
        cell.add(drawing.core(np.array([(k, -wide), (k + 1, -wide), (k + 1, wide), (k, wide)]) * [half_um, 1.0]))
    end_um = 2 * n_periods * half_um
    drawing.add_marker(cell, np.array([(0, -0.75), (end_um, -0.75), (end_um, 0.75), (0, 0.75)]), "ebeam_bragg_te1550")
    for label in cell.labels:
        label.origin = (end_um / 10, 0.0)
    drawing.add_pin(cell, "opt1", (0.0, 0.0), 180.0, 0.5)
    drawing.add_pin(cell, "opt2", (end_um, 0.0), 0.0, 0.5)
    return cell


def test_a_flattened_bragg_grating_is_no_guide_with_a_step_at_each_tooth() -> None:
    cell = bragg()
    length_um = 120 * 0.159
    before = chip()
    at = before.items["d0"]
    row = before.with_cell("d0", guide("first", straight(80, WIDTH_UM)))
    row = row.with_item("bragg", Item(cell, at.at + 80))
    row = row.with_item("d1", Item(guide("second", straight(100 - length_um, WIDTH_UM)), at.at + 80 + length_um))
    for library in (row.library(), hierarchy.flattened(row.library())):
        run = engine.check(library, pdk="siepic-ebeam")
        assert run.findings == ()
