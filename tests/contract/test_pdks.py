"""The bundled PDKs: they load, say where their numbers come from, and fit the public layouts they are for."""

from __future__ import annotations

import csv
import json
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import jsonschema
import pytest

from waveguard import pdk as pdks
from waveguard.pdk.find import bundled
from waveguard.pdk.schema import Pdk, json_schema

REPOSITORY = Path(__file__).resolve().parents[2]
NAMES = ["cornerstone-si220", "generic-si220-o", "lnoi400", "ltoi300", "siepic-ebeam", "siepic-shuksan"]
# Words of files that only exist on somebody's own machine.
PRIVATE = ("/work", "/tmp", "PHYSICS", "SYSTEMS", "[PROP]")


def test_these_pdks_are_bundled() -> None:
    assert pdks.names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_pdk_loads_and_is_named_like_its_file(name: str) -> None:
    pdk = pdks.load(name)
    assert pdk.name == name
    assert pdk.devices


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_pdk_fits_the_published_schema(name: str) -> None:
    data = tomllib.loads(bundled()[name].read_text(encoding="utf-8"))
    jsonschema.validate(data, json.loads(json_schema()), cls=jsonschema.Draft202012Validator)


def test_the_published_schema_is_that_of_the_code() -> None:
    published = (REPOSITORY / "pdk" / "schema.json").read_text(encoding="utf-8")
    assert published == json_schema(), "run: python -m waveguard.pdk > pdk/schema.json"


@pytest.mark.parametrize("name", NAMES)
def test_sources_are_public(name: str) -> None:
    text = bundled()[name].read_text(encoding="utf-8")
    assert not [word for word in PRIVATE if word in text]


@pytest.mark.parametrize("name", NAMES)
def test_a_stated_radius_and_the_limit_agree_on_what_a_bend_is(name: str) -> None:
    for section in pdks.load(name).cross_sections:
        stated = section.stated_radius
        assert (stated.bezier is not None) == (stated.meaning == "bezier"), section.name
        assert 0 < stated.ratio_min_to_stated.value <= 1, section.name


@pytest.mark.parametrize("name", NAMES)
def test_windows_of_widths_hold_the_nominal_width_of_no_other_mode(name: str) -> None:
    # Where two sections share layer, wavelength and polarisation, a nominal width must fall to its own section.
    sections = pdks.load(name).cross_sections
    for one in sections:
        rivals = [
            other
            for other in sections
            if set(other.cores) & set(one.cores)
            and (other.wavelength_um, other.polarisation, other.slab) == (one.wavelength_um, one.polarisation, one.slab)
            and other.width_min_um <= one.width_um.value <= other.width_max_um
        ]
        best = min(rivals, key=lambda other: abs(other.width_um.value - one.width_um.value))
        assert best.name == one.name


@pytest.mark.parametrize("name", NAMES)
def test_the_smallest_bend_of_the_bend_loss_table_is_no_wider_than_usual_bends(name: str) -> None:
    for section in pdks.load(name).cross_sections:
        if section.bend_loss is not None:
            radii = [point.radius_um for point in section.bend_loss.table]
            assert radii == sorted(radii)


def test_the_ordinary_siepic_bend_is_allowed_and_a_squeezed_one_is_not() -> None:
    pdk = pdks.load("siepic-ebeam")
    section = pdk.cross_section("strip_te_1550_500")
    limit_um = section.min_radius_um.value * (1 - pdk.limits.radius_tolerance_relative.value)
    drawn_um = 5.0 * section.stated_radius.ratio_min_to_stated.value
    assert 1.36 < limit_um < drawn_um < 2.39


def test_public_cells_are_known() -> None:
    pdk = pdks.load("siepic-ebeam")
    kinds = {
        "ebeam_y_1550": "splitter_1x2",
        "ebeam$y": "splitter_1x2",
        "ebeam_bdc_te1550": "coupler_2x2",
        "ebeam$crossing4": "crossing",
        "ebeam$gc$te1550": "fibre_coupler",
        "GC_TE_1550_8degOxide_BB": "fibre_coupler",
        "ebeam$terminator$te1550": "terminator",
        "Contra-Directional$Coupler": "ring_add_drop",
        "Waveguide": "guide",
        "phc_L3c": "black_box",
    }
    for cell, kind in kinds.items():
        number = pdk.match(cell)
        assert number is not None, cell
        assert pdk.devices[number].kind == kind, cell


def stated_guides(layouts: Path) -> list[tuple[Pdk, float, str, str]]:
    """Return PDK, width, core layer and type of every guide whose cell states a width."""
    rows = []
    for file in sorted((layouts / "truth").glob("*.wg.csv")):
        pdk = pdks.load("siepic-shuksan" if "Shuksan" in file.name else "siepic-ebeam")
        with file.open(encoding="utf-8") as text:
            rows += [
                (pdk, float(row["width_um"]), row["core_layer"], row["waveguide_type"])
                for row in csv.DictReader(text)
                if row["width_um"]
            ]
    return rows


def test_windows_catch_the_guides_of_public_layouts(layouts_dir: Path) -> None:
    rows = stated_guides(layouts_dir)
    assert len(rows) > 1000
    caught = typed = right = 0
    for pdk, width_um, layer, kind in rows:
        fitting = [
            section
            for section in pdk.cross_sections
            if layer in {pdk.layers[core] for core in section.cores}
            and section.width_min_um <= width_um <= section.width_max_um
        ]
        caught += bool(fitting)
        typed += bool(kind)
        right += bool(kind) and any(fnmatchcase(kind, label) for section in fitting for label in section.labels)
    assert caught > 0.99 * len(rows)
    assert right == typed
