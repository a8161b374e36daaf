"""What files say about their cells: KLayout's value syntax, kfactory, parametric cells, SiEPIC's texts."""

from __future__ import annotations

import contextlib
import math
import tempfile
import warnings
from pathlib import Path
from typing import Any

import gdstk
import klayout.db as kdb
import klayout.lib  # noqa: F401  (registers the Basic library)
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waveguard.layout import LayoutFile, read
from waveguard.metadata import measurement_labels, siepic_texts
from waveguard.metadata.klayout_value import (
    Tagged,
    ValueSyntaxError,
    direction_of,
    layer_of,
    number_of,
    parse_value,
)
from waveguard.reading.columns import CONTEXT_CELL, Label
from waveguard.reading.problem import ProblemList


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("nil", None),
        ("true", True),
        ("false", False),
        ("#7", 7),
        ("#-7", -7),
        ("#l10000", 10000),
        ("#u5", 5),
        ("##1.5", 1.5),
        ("##-43.5476190476191", -43.5476190476191),
        ("##1e-05", 1e-5),
        ("'strip'", "strip"),
        (r"'it\'s \\ \n \302\265m'", "it's \\ \n µm"),
        ("()", []),
        ("(#1,##2,'x')", [1, 2.0, "x"]),
        ("{}", {}),
        ("{'a'=>#1,'b'=>{'c'=>(nil)}}", {"a": 1, "b": {"c": [None]}}),
        ("[layer:WG (3/0)]", Tagged("layer", "WG (3/0)")),
        ("[layer:'a]b' (3/0)]", Tagged("layer", "'a]b' (3/0)")),
        ("word", "word"),
    ],
)
def test_values(text: str, value: object) -> None:
    assert parse_value(text) == value


@pytest.mark.parametrize("text", ["", "'open", "(#1", "{'a'}", "{'a'=>", "[layer", "#", "##x", "#1 #2", "(" * 200])
def test_what_is_no_value_is_refused(text: str) -> None:
    with pytest.raises(ValueSyntaxError):
        parse_value(text)


@given(st.text(alphabet="#l('){}[]=>,:1.5-e\\nilxµ \"", max_size=40))
def test_no_text_raises_anything_else(text: str) -> None:
    with contextlib.suppress(ValueSyntaxError):
        parse_value(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**31), 2**31 - 1) | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    )
)
def test_what_klayout_writes_is_understood(value: Any) -> None:
    layout = kdb.Layout()
    cell = layout.create_cell("A")
    cell.add_meta_info(kdb.LayoutMetaInfo("key", value, None, True))
    options = kdb.SaveLayoutOptions()
    options.format = "OASIS"
    data = layout.write_bytes(options)
    again = kdb.Layout()
    again.read_bytes(data, kdb.LoadLayoutOptions())
    expected = again.cell("A").meta_info_value("key")
    (text,) = [line for line in _strings(data) if line.startswith("META(key)=")]
    assert parse_value(text.removeprefix("META(key)=")) == expected


def _strings(data: bytes) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layout"
        path.write_bytes(data)
        library = gdstk.read_oas(path)
    (cell,) = library.cells
    (values,) = [p[1:] for p in cell.properties if p[0] == "KLAYOUT_CONTEXT"]
    return [value.decode("utf-8") for value in values]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[trans:r0 16,-2]", (16, -2, 0)),
        ("[trans:r180 0,0]", (0, 0, 180)),
        ("[trans:r270 1,2]", (1, 2, 270)),
        ("[trans:m90 3,4]", (3, 4, 180)),
        ("[trans:m135 3,4]", (3, 4, 270)),
        ("[dcplxtrans:m15 *1 1.5,2.25]", (1.5, 2.25, 30)),
        ("[dcplxtrans:r30 *1 1.5,2.25]", (1.5, 2.25, 30)),
    ],
)
def test_directions(text: str, place: tuple[float, float, float]) -> None:
    assert direction_of(parse_value(text)) == place


def test_layers_and_numbers() -> None:
    assert layer_of(parse_value("[layer:LN_RIDGE (2/0)]")) == (2, 0)
    assert layer_of(parse_value("[layer:2/3]")) == (2, 3)
    assert layer_of(parse_value("[layer:name]")) is None
    assert number_of(10**400) is None
    assert number_of("1.5") == 1.5
    assert number_of(True) is None


def context_layout(tmp_path: Path, strings: list[str], of_layout: list[str] | None = None) -> LayoutFile:
    """Write a GDSII file whose context cell holds those strings for the cell A."""
    library = gdstk.Library()
    cell = library.new_cell("A")
    cell.add(gdstk.rectangle((0, 0), (1, 1)))
    context = library.new_cell(CONTEXT_CELL)
    reference = gdstk.Reference(cell)
    for i, text in enumerate(strings):
        reference.set_gds_property(i, text)
    context.add(reference)
    if of_layout:
        carrier = gdstk.rectangle((0, 0), (0.001, 0.001))
        for i, text in enumerate(of_layout):
            carrier.set_gds_property(i, text)
        context.add(carrier)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # gdstk: properties of more than 128 bytes are not in the standard
        library.write_gds(tmp_path / "layout")
    return read(tmp_path / "layout")


def test_kfactory_version_3(tmp_path: Path) -> None:
    strip = "'cross_section'=>'777166f3_450','info'=>{'cross_section'=>'strip'}"
    other = "'cross_section'=>'unknown_9','info'=>{}"
    layout = context_layout(
        tmp_path,
        [
            "META('kfactory:function_name')='straight'",
            "META('kfactory:info')={'length'=>##6.57,'width'=>##0.45,'min_bend_radius'=>##7.061,'radius'=>##10}",
            f"META('kfactory:ports:0')={{{strip},'name'=>'o1','port_type'=>'optical','trans'=>[trans:r180 0,0]}}",
            f"META('kfactory:ports:1')={{{other},'name'=>'e2','port_type'=>'electrical','trans'=>[trans:r0 6570,0]}}",
            "META('kfactory:settings')={'length'=>##6.57,'width'=>nil}",
        ],
        [
            "META('kfactory:cross_section:777166f3_450')={'layer_enclosure'=>'777166f3','width'=>#l450}",
            "META('kfactory:layer_enclosure:777166f3')={'main_layer'=>[layer:WG (3/0)],'name'=>'777166f3'}",
        ],
    )
    cell = layout.metadata["A"]
    assert cell.function_name == "straight"
    assert cell.settings == {"length": 6.57, "width": None}
    assert cell.stated is not None
    assert (cell.stated.length_um, cell.stated.width_um) == (6.57, 0.45)
    assert (cell.stated.radius_um, cell.stated.min_radius_um) == (10, 7.061)
    first, second = cell.ports
    assert (first.name, first.x_dbu, first.y_dbu, first.angle_rad) == ("o1", 0, 0, math.pi)
    assert (first.kind, first.width_dbu, first.cross_section, first.layer) == ("optical", 450, "strip", (3, 0))
    assert (second.kind, second.width_dbu, second.cross_section) == ("electrical", 9, "unknown_9")
    assert layout.problems == ()


def test_kfactory_flat_keys(tmp_path: Path) -> None:
    layout = context_layout(
        tmp_path,
        [
            "META('kfactory:function_name')='taper'",
            "META('kfactory:info:length')=##12.5",
            "META('kfactory:settings:width')=#l1",
            "META('kfactory:ports:0:name')='o1'",
            "META('kfactory:ports:0:trans')=[trans:r180 0,0]",
            "META('kfactory:ports:0:width')=#l250",
            "META('kfactory:ports:0:port_type')='optical'",
            "META('kfactory:ports:0:layer')=[layer:LN_SLAB (3/0)]",
            "META('kfactory:ports:1:dcplx_trans')=[dcplxtrans:r30 *1 1.5,2.25]",
            "META('kfactory:ports:1:name')='o2'",
        ],
    )
    cell = layout.metadata["A"]
    first, second = cell.ports
    assert (first.name, first.width_dbu, first.layer) == ("o1", 250, (3, 0))
    assert (second.x_dbu, second.y_dbu) == pytest.approx((1500, 2250))
    assert second.angle_rad == pytest.approx(math.radians(30))
    assert cell.info == {"length": 12.5}
    assert cell.settings == {"width": 1}


def test_a_parametric_cell(tmp_path: Path) -> None:
    cell = context_layout(
        tmp_path,
        [
            "LIB=Basic",
            "P(layer)=[layer:1/0]",
            "P(radius)=##5",
            "P(path)=[dpath:(85.637,113;85.637,19.363;45,19.363) w=0.06 bx=0 ex=0 r=false]",
            "P(npoints)=#400",
            "PCELL=ROUND_PATH",
        ],
    ).metadata["A"]
    assert (cell.pcell, cell.library, cell.parameters["npoints"]) == ("ROUND_PATH", "Basic", 400)
    assert cell.stated is not None
    assert cell.stated.points_um == ((85.637, 113), (85.637, 19.363), (45, 19.363))
    assert (cell.stated.width_um, cell.stated.radius_um, cell.stated.layer) == (0.06, 5, (1, 0))


@pytest.mark.parametrize("suffix", ["gds", "oas"])
def test_klayout_context_of_either_format(suffix: str, tmp_path: Path) -> None:
    layout = kdb.Layout()
    top, child = layout.create_cell("TOP"), layout.create_cell("CHILD")
    child.shapes(layout.layer(1, 0)).insert(kdb.Box(0, 0, 10, 10))
    top.insert(kdb.CellInstArray(child.cell_index(), kdb.Trans()))
    path = kdb.DPath([kdb.DPoint(0, 0), kdb.DPoint(10, 0), kdb.DPoint(10, 10)], 0.5)
    parameters = {"layer": kdb.LayerInfo(1, 0), "path": path, "radius": 2.5, "npoints": 32}
    guide = layout.create_cell("ROUND_PATH", "Basic", parameters)
    top.insert(kdb.CellInstArray(guide.cell_index(), kdb.Trans()))
    port = {"name": "o1", "port_type": "optical", "cross_section": "abc_500", "trans": kdb.Trans(1, False, 3, 4)}
    child.add_meta_info(kdb.LayoutMetaInfo("kfactory:ports:0", port, None, True))
    layout.add_meta_info(kdb.LayoutMetaInfo("kfactory:cross_section:abc_500", {"width": 510}, None, True))
    layout.write(str(tmp_path / f"a.{suffix}"))
    metadata = read(tmp_path / f"a.{suffix}").metadata
    (stated,) = metadata["CHILD"].ports
    assert (stated.x_dbu, stated.y_dbu, stated.width_dbu) == (3, 4, 510)
    assert stated.angle_rad == pytest.approx(math.pi / 2)
    guide_stated = metadata["ROUND_PATH"].stated
    assert guide_stated is not None
    assert guide_stated.points_um == ((0, 0), (10, 0), (10, 10))


def test_bad_metadata_is_a_problem(tmp_path: Path) -> None:
    layout = context_layout(
        tmp_path,
        [
            "META('kfactory:info')={'length'=>",
            "META('kfactory:ports:0')={'name'=>'o1','trans'=>[trans:sideways]}",
            "PCELL=ROUND_PATH",
            "P(path)=[dpath:(1,2;x,y) w=0.5]",
            "P(broken",
        ],
    )
    codes = [problem.code for problem in layout.problems]
    assert codes.count("metadata-not-understood") == 3
    assert codes.count("port-not-understood") == 1
    assert layout.metadata["A"].ports == ()


def test_a_text_in_pieces_is_lost_and_said_so(tmp_path: Path) -> None:
    layout = kdb.Layout()
    cell = layout.create_cell("A")
    cell.shapes(layout.layer(1, 0)).insert(kdb.Box(0, 0, 10, 10))
    cell.add_meta_info(kdb.LayoutMetaInfo("kfactory:info", {"text": "x" * 70000}, None, True))
    layout.write(str(tmp_path / "a.gds"))
    assert [problem.code for problem in read(tmp_path / "a.gds").problems] == ["metadata-lost"]


MARKER = (68, 0)
CURRENT = 'Spice_param:wg_length=0.000145397 wg_width=5e-07 points="[[0,0],[10,0],[10,130],[20,130]]" radius=5e-06'
LEGACY = "Spice_param:wg_length=145.397u wg_width=0.500u points=[[0,0],[10,0],[10,130],[20,130]] radius=5.0"


def texts(*values: str, layer: tuple[int, int] = MARKER) -> list[Label]:
    return [Label(0, layer, value, 0, 0, 0) for value in values]


@pytest.mark.parametrize("text", [CURRENT, LEGACY])
def test_siepic_parameters_in_metres_and_with_suffix(text: str) -> None:
    labels = texts("Component=ebeam_wg", text, "Length=145.397 (microns)", "waveguide_type=Strip TE 1550 nm, w=500 nm")
    problems = ProblemList()
    found = siepic_texts(labels, {MARKER}, ["Waveguide"], problems)[0]
    assert found.component == "ebeam_wg"
    assert found.stated is not None
    assert found.stated.length_um == pytest.approx(145.397)
    assert found.stated.width_um == pytest.approx(0.5)
    assert found.stated.radius_um == pytest.approx(5)
    assert found.stated.points_um == ((0, 0), (10, 0), (10, 130), (20, 130))
    assert found.stated.waveguide_type == "Strip TE 1550 nm, w=500 nm"
    assert problems.items() == ()


def test_siepic_values_wrong_by_a_thousand_are_mended_and_reported() -> None:
    text = 'Spice_param:wg_length=0.145397 wg_width=0.0005 points="[[0,0],[10,0],[10,130],[20,130]]" radius=5e-06'
    problems = ProblemList()
    stated = siepic_texts(texts(text), {MARKER}, ["Waveguide"], problems)[0].stated
    assert stated is not None
    assert stated.length_um == pytest.approx(145.397)
    assert stated.width_um == pytest.approx(0.5)
    assert [p.code for p in problems.items()] == ["stated-unit-wrong", "stated-unit-wrong"]


def test_siepic_texts_on_other_layers_are_not_read() -> None:
    assert siepic_texts(texts(CURRENT, layer=(10, 0)), {MARKER}, ["A"]) == {}
    assert siepic_texts(texts("opt1", "note"), {MARKER}, ["A"]) == {}


def test_siepic_devices_have_parameters_but_no_length() -> None:
    found = siepic_texts(texts("Spice_param:radius=5.000u wg_width=0.500u"), {MARKER}, ["A"])[0]
    assert found.parameters == {"radius": "5.000u", "wg_width": "0.500u"}
    assert found.stated is None
    assert siepic_texts(texts(CURRENT, LEGACY), {MARKER}, ["A"])[0].n_stated == 2


def test_measurement_labels() -> None:
    labels = texts(
        "opt_in_TE_1550_device_LukasChrostowski_MZI3",
        "opt_in_TM_1310_PCM_x",
        "opt_in_te_1550_MZI",
        "opt_out",
        layer=(10, 0),
    )
    found = [(m.polarisation, m.wavelength_nm, m.kind, m.name) for m in measurement_labels(labels, {(10, 0)})]
    assert found == [
        ("TE", 1550, "device", "LukasChrostowski_MZI3"),
        ("TM", 1310, "PCM", "x"),
        ("TE", 1550, "", "MZI"),
    ]
