"""Files of an extraction: names, netlists, outcome, and which writer belongs to which file."""

from __future__ import annotations

import csv
import json
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import gdstk
import hypothesis
import hypothesis.strategies as st
import jsonschema
import numpy as np
import pytest
import yaml

from waveguard import pdk
from waveguard.cli import main
from waveguard.errors import UsageError
from waveguard.exports import Found, all_exports, export_for, outcome, tables_json
from waveguard.exports.gather import gather
from waveguard.exports.names import identifier, instance_names, natural_key, port_names, terminal_names, unique
from waveguard.exports.netlist import gdsfactory_netlist, netlist
from waveguard.exports.tables_json import plain, plain_column
from waveguard.exports.yamltext import yaml_lines
from waveguard.extract import extract
from waveguard.layout import read


def written(found: Found, suffix: str) -> str:
    """Return what a writer of text writes."""
    out = StringIO()
    export_for(Path(f"x{suffix}")).write(found, out)
    return out.getvalue()


def test_instances_are_called_after_their_cell_or_after_what_they_are(sample_found: Found) -> None:
    names = instance_names(sample_found)
    assert names == (
        "gc_te_1",
        "ebeam_y_1550_1",
        "Waveguide_1",
        "guide_1",
        "crossing_0",
        "guide_1_1",
        "cell2x2_detector_1",
    )
    assert terminal_names(sample_found) == ("link", "cell2x2_detector_1", "out_2")
    assert port_names(sample_found)[:3] == ("pin1", "fibre", "pin10")
    assert port_names(sample_found)[5:7] == ("o1", "o2")
    assert port_names(sample_found)[11:15] == ("in", "in_2", "opt_1", "anode")


def test_junctions_without_their_table_have_names_too(sample_found: Found) -> None:
    tables = {name: table for name, table in sample_found.tables.items() if name != "junctions"}
    assert instance_names(replace(sample_found, tables=tables))[4] == "junction_4"
    kinds = {**sample_found.tables["junctions"], "kind": np.array([2], dtype=np.uint8)}
    assert instance_names(replace(sample_found, tables={**tables, "junctions": kinds}))[4] == "branch_0"


@hypothesis.given(st.text())
def test_every_text_becomes_a_name_that_sax_takes(text: str) -> None:
    name = identifier(text)
    assert name.isidentifier()
    assert name.isascii()


@hypothesis.given(st.lists(st.sampled_from(["a", "a_2", "a_2_2", "b"])))
def test_no_name_comes_twice(wanted: list[str]) -> None:
    names = unique(wanted, lambda name, n: f"{name}_{n}")
    assert len(set(names)) == len(names) == len(wanted)


def test_pins_are_in_the_order_in_which_people_count() -> None:
    assert sorted(["opt10", "opt2", "a", "²"], key=natural_key) == ["a", "opt2", "opt10", "²"]


def test_tables_of_another_core_do_not_break_a_writer(sample_found: Found) -> None:
    few = replace(sample_found, tables={}, terminals=(), facts={}, stated_length_um=())
    for export in all_exports():
        if not export.binary:
            assert written(few, export.suffix)
    assert outcome.closing_line(few).startswith("0 devices, 0 guides, 0 optical nets")


def test_gdsfactory_reads_what_it_knows_and_nothing_else(sample_found: Found) -> None:
    document = yaml.safe_load(written(sample_found, ".yaml"))
    assert document == gdsfactory_netlist(sample_found) | {"info": document["info"]}
    # These are the keys that the netlists of gdsfactory and SAX may have; they refuse or drop others.
    assert set(document) <= {"name", "instances", "placements", "nets", "ports", "info", "settings", "connections"}
    assert all(set(one) == {"component", "settings", "info"} for one in document["instances"].values())
    assert all(set(one) == {"x", "y", "rotation", "mirror"} for one in document["placements"].values())
    ends = [end for net in document["nets"] for end in net.values()] + list(document["ports"].values())
    for end in ends:
        instance, port = end.split(",")
        assert instance in document["instances"]
        assert port.isidentifier()
    assert len(set(ends)) == len(ends)
    assert document["ports"]["link"] == "gc_te_1,fibre"


def test_several_tops_are_a_netlist_each(sample_found: Found) -> None:
    more = replace(sample_found, tops=["chip", "gc_te"], top_cells=[0, 1])
    document = yaml.safe_load(written(more, ".yml"))
    assert list(document) == ["chip", "gc_te"]
    assert document["gc_te"]["instances"] == {}
    assert document["chip"] == yaml.safe_load(written(sample_found, ".yaml"))


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()


@hypothesis.given(
    st.dictionaries(st.text(), st.recursive(PLAIN, lambda x: st.lists(x) | st.dictionaries(st.text(), x), max_leaves=6))
)
@hypothesis.example({"a": "no", "b": "1e5", "c": 1e-5, "d": "12:30", "e": "\x85\u2028", "f": [{"g": []}], "y": "~"})
def test_yaml_reads_what_was_written(value: dict[str, Any]) -> None:
    hypothesis.assume(not any("\ud800" <= letter <= "\udfff" for letter in json.dumps(value, ensure_ascii=False)))
    lists_are_of_one_kind = all(_one_kind(item) for item in _lists(value))
    hypothesis.assume(lists_are_of_one_kind)
    assert yaml.safe_load("\n".join(yaml_lines(value)) or "{}") == value


def _lists(value: Any) -> list[list[Any]]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [*([value] if isinstance(value, list) else []), *(one for item in inner for one in _lists(item))]


def _one_kind(items: list[Any]) -> bool:
    return not any(isinstance(item, dict) for item in items) or all(isinstance(item, dict) and item for item in items)


def test_the_json_netlist_has_both_lengths(sample_found: Found) -> None:
    document = netlist(sample_found)
    assert json.loads(written(sample_found, ".netlist.json")) == document
    guide = document["instances"]["Waveguide_1"]
    assert (guide["centerline_length_um"], guide["drawn_length_um"]) == (61.234568, 61.23)
    assert document["open_ports"] == ["crossing_0,o2", "cell2x2_detector_1,opt_1"]


def test_the_guides_have_names_places_and_stated_lengths(sample_found: Found) -> None:
    rows = list(csv.DictReader(StringIO(written(sample_found, ".csv"))))
    assert [row["name"] for row in rows] == ["Waveguide_1", "guide_1"]
    assert (rows[0]["x_a_nm"], rows[0]["y_b_nm"], rows[0]["stated_length_nm"]) == ("45000.0", "22750.0", "61300.0")
    assert (rows[1]["drawn_length_nm"], rows[1]["min_radius_nm"], rows[1]["stated_length_nm"]) == ("", "inf", "")


def test_a_column_is_written_as_its_values_are() -> None:
    values = np.array([1.23456, -0.0, np.nan, np.inf, -np.inf, 1e300])
    assert plain_column(values, "x_nm") == [plain(value, "x_nm") for value in values]
    assert plain_column(values[:2], "x_rad") == [1.23456, 0.0]
    assert plain_column(np.array([1, -1]), "device") == [1, -1]
    assert plain_column(["a"], "name") == ["a"]


def test_the_tables_keep_their_schema(sample_found: Found) -> None:
    document = json.loads(written(sample_found, ".json"))
    schema = json.loads(tables_json.published_schema())
    known = schema["properties"]["tables"]["properties"]
    document["tables"] = {name: table for name, table in document["tables"].items() if name in known}
    schema["properties"]["tables"]["required"] = list(document["tables"])
    jsonschema.validate(document, schema)


def test_the_outcome_never_rounds_up_to_all(sample_found: Found) -> None:
    assert outcome.closing_line(sample_found) == (
        "4 devices, 2 guides of 110.2 µm, 1 junction, 5 optical nets, 3 terminals, 2 open ends, 1 near miss; "
        "99.8 % of the core area understood, 0.1 µm² not"
    )
    nearly = {"kind": ["core_area_nm2"], "total": np.array([1e12]), "explained": np.array([1e12 - 1e6])}
    assert outcome.coverage(replace(sample_found, tables={"coverage": nearly})).startswith("99.9 %")


def test_a_place_is_named_when_much_is_not_understood(sample_found: Found) -> None:
    assert outcome.largest_gap(sample_found) is None
    area = {"kind": ["core_area_nm2"], "total": np.array([64e6]), "explained": np.array([30e6])}
    words = outcome.largest_gap(replace(sample_found, tables={**sample_found.tables, "coverage": area}))
    assert words is not None
    assert words.startswith("largest part of the rest: 3 shapes of chip about (1.000, 30.500) µm, 0.1 µm²: no end")


def test_core_without_a_network_is_told_from_a_lone_guide(sample_found: Found) -> None:
    assert outcome.missing_network(sample_found) is None
    tables = {name: sample_found.tables[name] for name in ("coverage", "unexplained")}
    reason = outcome.missing_network(replace(sample_found, tables=tables))
    assert reason == "core shapes of 64.0 µm², but no guide, no device and no joint was found in them (no end)"
    alone = {**tables, "waveguides": sample_found.tables["waveguides"]}
    assert outcome.missing_network(replace(sample_found, tables=alone)) is None


def test_a_suffix_tells_the_writer_and_an_unknown_one_lists_them() -> None:
    assert export_for(Path("a.netlist.json")).place == "netlist:write_netlist_json"
    assert export_for(Path("a.sax.yaml")) == export_for(Path("b.YAML"))
    with pytest.raises(UsageError) as refused:
        export_for(Path("chip.def"))
    assert ".spi, .gds, .oas, .svg, .png" in str(refused.value.hint)


def test_layer_properties_never_take_the_place_of_those_of_the_layout() -> None:
    ((path, _),) = export_for(Path("d/chip.gds")).companions(Path("d/chip.gds"))
    assert path == Path("d/chip.overlay.lyp")
    ((path, _),) = export_for(Path("chip.overlay.OAS")).companions(Path("chip.overlay.OAS"))
    assert path == Path("chip.overlay.lyp")


def test_a_png_without_matplotlib_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], demo_dir: Path
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    layout = next(demo_dir.glob("*.gds"))
    assert main(["extract", str(layout), "--pdk", "siepic-ebeam", "-o", "x.png"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "error: x.png: a picture as .png needs matplotlib, which is not installed"
    assert "pip install matplotlib" in lines[1]


def test_odd_names_of_cells_break_no_format(tmp_path: Path) -> None:
    library = gdstk.Library()
    names = ["Ünï <&>", "a b$1", "a b", "1x", "中文", "x" * 300, "q\"uo'te;\\", "tab\there", "$x$"]
    for name in names:
        library.new_cell(name).add(gdstk.rectangle((0, 0), (50, 0.5), layer=1))
    library.write_gds(tmp_path / "odd.gds")
    found = gather(extract(read(tmp_path / "odd.gds"), pdk.load("siepic-ebeam")))
    assert sorted(found.tops) == sorted(names)
    for export in all_exports():
        path = tmp_path / f"x{export.suffix}"
        with path.open("wb" if export.binary else "w", **({} if export.binary else {"encoding": "utf-8"})) as out:
            export.write(found, out)
        assert path.stat().st_size > 0
    netlists = yaml.safe_load((tmp_path / "x.yaml").read_text(encoding="utf-8"))
    assert all(name.isidentifier() and one["name"] == name for name, one in netlists.items())
    assert len(netlists) == len(names)
    subcircuits = [line for line in (tmp_path / "x.spi").read_text().splitlines() if line.startswith(".subckt ")]
    assert [line.split()[1] for line in subcircuits] == list(netlists)
    ElementTree.fromstring((tmp_path / "x.svg").read_text(encoding="utf-8"))
    assert len(gdstk.read_gds(tmp_path / "x.gds").cells) == len(names)


def test_the_readme_names_every_suffix(repository: Path) -> None:
    text = (repository / "README.md").read_text(encoding="utf-8")
    assert [export.suffix for export in all_exports() if f"`{export.suffix}`" not in text] == []
