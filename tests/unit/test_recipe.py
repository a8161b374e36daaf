"""The recipe of an extraction: what PDK, names and metadata turn into, and that the core knows every field of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import gdstk
import numpy as np
import pytest

from waveguard import check, layout
from waveguard import pdk as pdks
from waveguard.errors import UsageError
from waveguard.extract import cell_facts, extract, find_guide, guides_of, port_kind, recipe
from waveguard.findings import Verdict
from waveguard.pdk.quantity import Quantity
from waveguard.pdk.tolerances import Extraction
from waveguard.tables import FROM_METADATA, FROM_PIN_PATH

CORE = Path(__file__).resolve().parents[2] / "rust" / "extract" / "src"


def recipe_source() -> str:
    """Return the source of the core's recipe."""
    return "\n".join(path.read_text(encoding="utf-8") for path in (CORE / "recipe.rs", *(CORE / "recipe").glob("*.rs")))


def rust_fields(struct: str) -> list[str]:
    """Return the field names of a struct of the core's recipe."""
    body = re.search(rf"pub struct {struct} \{{(.*?)\n\}}", recipe_source(), re.DOTALL)
    assert body is not None, struct
    return re.findall(r"^    pub (\w+):", body[1], re.MULTILINE)


def rust_defaults(struct: str) -> dict[str, float]:
    """Return the defaults of a struct of the core's recipe."""
    body = re.search(rf"impl Default for {struct} \{{.*?Self \{{(.*?)\}}", recipe_source(), re.DOTALL)
    assert body is not None, struct
    return {name: float(value.replace("_", "")) for name, value in re.findall(r"(\w+): ([\d._e]+)", body[1])}


def siepic_guide(
    name: str, length_um: float, *, kind: str = "Strip TE 1550 nm, w=500 nm", width_um: float = 0.5
) -> gdstk.Cell:
    """Return a straight waveguide cell as SiEPIC writes it."""
    cell = gdstk.Cell(name)
    half = width_um / 2
    cell.add(gdstk.rectangle((0, -half), (length_um, half), layer=1))
    cell.add(gdstk.rectangle((0, -0.75), (length_um, 0.75), layer=68))
    for text, x, out in (("opt1", 0.0, -0.01), ("opt2", length_um, 0.01)):
        cell.add(gdstk.FlexPath([(x - out, 0), (x + out, 0)], width_um, simple_path=True, layer=1, datatype=10))
        cell.add(gdstk.Label(text, (x, 0), layer=1, texttype=10))
    for text in (f"Spice_param:wg_length={length_um * 1e-6:.9f} wg_width={width_um}u", f"waveguide_type={kind}"):
        cell.add(gdstk.Label(text, (0, 0), layer=68))
    return cell


def two_guides() -> layout.LayoutFile:
    """Return two guides end to end, of 10 and 20 um."""
    library = gdstk.Library()
    first, second = siepic_guide("Waveguide", 10), siepic_guide("Waveguide$1", 20, kind="Strip TM 1550 nm, w=500 nm")
    top = gdstk.Cell("chip")
    top.add(gdstk.Reference(first), gdstk.Reference(second, (10, 0)))
    library.add(first, second, top)
    return layout.read(library)


@pytest.mark.parametrize(
    ("part", "struct"),
    [("tolerances", "Tolerances"), ("trace", "TracePlan"), ("runs", "RunsPlan"), ("limits", "Limits")],
)
def test_tolerances_are_those_of_the_core(part: str, struct: str) -> None:
    ours = Extraction().model_dump()[part]
    assert list(ours) == rust_fields(struct)
    assert recipe(pdks.load("siepic-ebeam"), two_guides())[part] == rust_defaults(struct)


def test_the_core_looks_as_far_as_the_process_has_limits() -> None:
    pdk = pdks.load("siepic-ebeam")
    wide = pdk.cross_sections[0].model_copy(
        update={
            "width_um": Quantity(value=6.0),
            "min_radius_um": Quantity(value=2000.0),
            "min_spacing_um": Quantity(value=20.0),
        }
    )
    assert recipe(pdk, two_guides())["tolerances"]["near_miss_nm"] == 2e3
    plan = recipe(pdk.model_copy(update={"cross_sections": (wide,)}), two_guides())
    assert plan["tolerances"]["near_miss_nm"] == 6e3
    assert plan["trace"]["straight_radius_nm"] == 4e6
    assert plan["runs"]["reach_nm"] == 2e4
    far = pdk.couplings[0].model_copy(update={"max_gap_nm": 5000.0})
    assert recipe(pdk.model_copy(update={"couplings": (far,)}), two_guides())["runs"]["reach_nm"] == 5000.0


def test_the_recipe_has_every_field_of_the_core() -> None:
    plan = recipe(pdks.load("siepic-ebeam"), two_guides())
    assert sorted(plan) == sorted(rust_fields("Recipe"))
    assert sorted(plan["guides"][0]) == sorted(rust_fields("GuideSection"))
    assert sorted(plan["pins"][0]) == sorted(rust_fields("PinForm"))
    assert sorted(plan["cells"][0]) == sorted(rust_fields("CellEntry"))
    json.dumps(plan, allow_nan=False)


def test_guides_come_in_the_order_of_the_pdk() -> None:
    pdk = pdks.load("siepic-ebeam")
    guides = guides_of(pdk, [(1, 0), (4, 0)])
    assert [guide.name for guide in guides] == [section.name for section in pdk.cross_sections]


def test_a_second_core_layer_counts_only_where_it_is_used() -> None:
    pdk = pdks.load("siepic-ebeam")
    others = guides_of(pdk, [(1, 5)])[len(pdk.cross_sections) :]
    assert {guide.layer for guide in others} == {(1, 5)}
    assert others[0].section is pdk.cross_section(others[0].name.split("@")[0])


def test_a_cell_says_which_guide_it_is() -> None:
    file = two_guides()
    plan = recipe(pdks.load("siepic-ebeam"), file)
    said = {file.cell_names[cell["cell"]]: cell["guide"] for cell in plan["cells"]}
    assert said == {"Waveguide": "strip_te_1550_500", "Waveguide$1": "strip_tm_1550_500"}


def test_a_label_counts_only_where_width_and_layer_fit() -> None:
    guides = guides_of(pdks.load("siepic-ebeam"), [])
    name = "SiN Strip TE 1550 nm, w=800 nm"
    found = find_guide(guides, [None, name], 0.8, None)
    assert found is not None
    assert found.name == "sin_te_1550_800"
    assert find_guide(guides, [name], 0.5, None) is None
    assert find_guide(guides, [name], 0.8, (1, 0)) is None


@pytest.mark.parametrize(
    ("stated", "kind"),
    [
        ("optical", "optical"),
        ("vertical_te", "fibre"),
        ("edge_te", "fibre"),
        ("electrical", "electrical"),
        ("placement", None),
    ],
)
def test_kinds_of_ports(stated: str, kind: str | None) -> None:
    assert port_kind(stated) == kind


def test_a_name_never_makes_a_top_cell_a_device() -> None:
    library = gdstk.Library()
    taper, top = gdstk.Cell("taper_inner"), gdstk.Cell("taper_cutback")
    top.add(gdstk.Reference(taper))
    library.add(taper, top)
    file = layout.read(library)
    plan = recipe(pdks.load("siepic-ebeam"), file)
    assert [(file.cell_names[cell["cell"]], cell["role"]) for cell in plan["cells"]] == [("taper_inner", "device")]


def test_names_lose_the_counter_of_klayout() -> None:
    library = gdstk.Library()
    for name in ("ebeam_y_1550$2$1", "ebeam$y", "unheard_of"):
        library.new_cell(name)
    pdk = pdks.load("siepic-ebeam")
    entries = [facts.entry for facts in cell_facts(pdk, layout.read(library))]
    assert [pdk.devices[entry].name if entry >= 0 else "" for entry in entries] == ["y_1550", "y_1550", ""]


def test_only_the_asked_cells_are_extracted() -> None:
    file = two_guides()
    plan = recipe(pdks.load("siepic-ebeam"), file, ["Waveguide", "Waveguide"])
    assert [file.cell_names[cell] for cell in plan["tops"]] == ["Waveguide"]


def test_an_unknown_top_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="no cell 'chap'") as caught:
        recipe(pdks.load("siepic-ebeam"), two_guides(), ["chap"])
    assert caught.value.hint == "did you mean 'chip'?"


def test_an_extraction_knows_entries_sections_and_stated_values() -> None:
    found = extract(two_guides(), pdks.load("siepic-ebeam"))
    guides = found.tables.waveguides
    order = np.argsort(guides.centerline_length_nm)
    assert np.allclose(guides.centerline_length_nm[order], [10_000, 20_000])
    assert np.allclose(found.stated_length_um[order], [10, 20])
    assert np.allclose(found.stated_width_um, 0.5)
    assert np.isnan(found.stated_radius_um).all()
    names = [found.cross_sections[section].name for section in guides.cross_section[order]]
    assert names == ["strip_te_1550_500", "strip_tm_1550_500"]
    assert {found.pdk.devices[entry].name for entry in found.device_entry} == {"guide"}
    assert set(found.tables.ports.source.tolist()) == {FROM_PIN_PATH}
    assert len(found.tables.nets.port_a) == 1


def test_kfactory_metadata_are_read_with_any_pdk(layouts_dir: Path) -> None:
    found = extract(layout.read(layouts_dir / "ubc__spiral.gds"), pdks.load("siepic-ebeam"))
    assert set(found.tables.ports.source.tolist()) == {FROM_METADATA}
    assert len(found.tables.devices.cell) == 55
    assert len(found.tables.nets.port_a) == 54
    assert np.nanmax(np.abs(found.tables.waveguides.centerline_length_nm * 1e-3 - found.stated_length_um)) < 0.011


def test_a_check_with_the_wrong_pdk_is_no_pass_and_names_the_right_one() -> None:
    library = gdstk.Library()
    library.add(siepic_guide("Waveguide", 10))
    run = check(library, "ltoi300")
    assert run.verdict == Verdict.INCOMPLETE
    assert "no shapes on the core layers of the PDK ltoi300" in run.incomplete[0].reason
    reason = run.incomplete[0].reason
    assert "the layout has 1/" in reason
    assert "which fit siepic-ebeam" in reason


def test_what_a_guide_leads_to_in_a_cell_called_waveguide_is_no_broken_waveguide() -> None:
    cell = gdstk.Cell("Waveguide_6")
    fan = [(40, -0.25), (60, -6), (60, 6), (40, 0.25)]
    cell.add(gdstk.rectangle((0, -0.25), (40, 0.25), 1, 0), gdstk.Polygon(fan, 1, 0))
    library = gdstk.Library()
    library.add(cell)
    run = check(library, "siepic-ebeam")
    assert [finding.code for finding in run.findings] == ["CN001"]
    extraction = extract(layout.read(library), pdks.load("siepic-ebeam"))
    assert extraction.device_entry[extraction.tables.devices.waveguide < 0].tolist() == [-1]
