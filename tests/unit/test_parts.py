"""Devices that were flattened into one cell: each is what the text in its marker says."""

from __future__ import annotations

import numpy as np
import pytest

from faults.scene import chip
from variants import hierarchy, place
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
