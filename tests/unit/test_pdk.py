"""PDK files: what is refused and with which words, where numbers come from, how a PDK is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from waveguard import pdk as pdks
from waveguard.errors import PdkError
from waveguard.pdk.quantity import Quantity, nearest
from waveguard.pdk.schema import Pdk
from waveguard.pdk.tomlfile import places

SMALL = """\
[pdk]
name = "small"
title = "A small PDK"
version = "1"
process = "none"
wavelength_um = 1.55
polarisation = "TE"
description = "For tests."

[process]
dbu_nm = 1.0

[layers]
core = "1/0"

[limits]
joint_width_nm = 1.0
radius_tolerance_relative = 0.05
length_tolerance_nm = 20.0
length_tolerance_relative = 1e-4

[[couplings]]
name = "table"
gap_nm = [100, 200, 300]
kappa_per_um = [0.1, 0.01, 0.001]
min_gap_nm = 100
max_gap_nm = 300
source = "made up"

[[cross_sections]]
name = "strip"
cores = ["core"]
width_um = { value = 0.5, source = "made up" }
width_min_um = 0.4
width_max_um = 0.6
wavelength_um = 1.55
polarisation = "TE"
n_eff = 2.4
n_g = { value = 4.2, source = "made up", min = 4.1, max = 4.3 }
loss_db_per_cm = 2.0
min_radius_um = 5.0
stated_radius = { meaning = "arc", ratio_min_to_stated = 1.0 }
min_spacing_um = 1.0
min_spacing_length_um = 10.0
coupling = { table = "table" }

[[devices]]
name = "splitter"
cells = ["split*"]
components = ["y_*"]
kind = "splitter_1x2"
params.excess_loss_db = { value = 0.3, source = "made up" }

[[devices]]
name = "rest"
cells = ["*"]
functions = ["black"]
kind = "black_box"
"""


def line_of(text: str, piece: str) -> int:
    """Return the line on which a piece of text stands."""
    return text[: text.index(piece)].count("\n") + 1


def refusal(old: str, new: str) -> str:
    """Return the message with which SMALL is refused after one replacement."""
    assert SMALL.count(old) == 1, old
    with pytest.raises(PdkError) as caught:
        pdks.from_text(SMALL.replace(old, new), "small.toml")
    return str(caught.value)


def test_the_small_pdk_is_accepted() -> None:
    pdk = pdks.from_text(SMALL)
    assert pdk.name == "small"
    assert pdk.layer("core") == (1, 0)
    assert pdk.core_layers() == [(1, 0)]
    assert float(pdk.cross_section("strip").n_g) == 4.2


@pytest.mark.parametrize(
    ("old", "new", "near", "words"),
    [
        ("n_g = {", "n_gg = {", "n_g = {", "unknown key 'n_gg', nearest known key 'n_g' (in cross_sections.strip)"),
        ('source = "made up", min', 'sorce = "made up", min', "n_g =", "nearest known key 'source'"),
        ("[process]", "[proces]", "[process]", "unknown key 'proces', nearest known key 'process'"),
        ("loss_db_per_cm = 2.0", "loss_db_per_cm = -2.0", "loss_db_per_cm", "cross_sections.strip.loss_db_per_cm"),
        ("loss_db_per_cm = 2.0", 'loss_db_per_cm = "2"', "loss_db_per_cm", "expected a number or {"),
        ("min = 4.1", "min = 4.25", "n_g =", "min is above value"),
        ("width_max_um = 0.6", "width_max_um = 0.45", "[[cross_sections]]", "width_um lies outside"),
        ('cores = ["core"]', 'cores = ["cor"]', "cores =", "no layer is named 'cor', nearest: 'core'"),
        ('table = "table"', 'table = "tabel"', "coupling = {", "no coupling table is named 'tabel', nearest: 'table'"),
        ('core = "1/0"', 'core = "1:0"', 'core = "1/0"', "layers.core"),
        ("[100, 200, 300]", "[100, 300, 200]", "[[couplings]]", "gap_nm must increase"),
        ("params.excess_loss_db", "params.exces_loss_db", "params.", "nearest known key 'excess_loss_db'"),
        ("params.excess_loss_db = { value = 0.3", "params.excess_loss_db = { value = -0.3", "params.", "out of range"),
        ('kind = "black_box"', 'kind = "crossing"', 'name = "rest"', "kind crossing needs params.loss_db"),
        (
            "[limits]",
            "[extraction.trace]\nstraight_radius_nm = 4000\n[limits]",
            "[limits]",
            "straight_radius_nm lies below min_radius_um of 'strip', 5 um",
        ),
        (
            "[limits]",
            "[extraction.runs]\nreach_nm = 900\n[limits]",
            "[limits]",
            "reach_nm lies below min_spacing_um of 'strip', 1 um",
        ),
        ('name = "rest"', 'name = "splitter"', "[pdk]", "'splitter' is there twice"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(old: str, new: str, near: str, words: str) -> None:
    message = refusal(old, new)
    assert words in message
    place = int(message.split(":")[1])
    assert message.startswith("small.toml:")
    # The line of the key itself, or of the table it stands in.
    assert abs(place - line_of(SMALL, near)) <= 1 or place == 1


def test_every_mistake_of_a_file_is_reported_at_once() -> None:
    with pytest.raises(PdkError) as caught:
        pdks.from_text(SMALL.replace("n_eff = 2.4", "n_eff = 0.0").replace("dbu_nm = 1.0", "dbu_nm = 0.0"), "two.toml")
    assert len(str(caught.value).splitlines()) == 2


def test_text_that_is_no_toml_is_refused_with_its_line() -> None:
    assert refusal("dbu_nm = 1.0", "dbu_nm = = 1.0").startswith("small.toml:11: not valid TOML")


def test_a_pdk_never_changes() -> None:
    pdk = pdks.from_text(SMALL)
    with pytest.raises(ValueError, match="frozen"):
        pdk.limits.joint_width_nm = Quantity(value=2.0)  # type: ignore[misc]


def test_a_number_without_a_source_is_assumed() -> None:
    assumed = pdks.from_text(SMALL).assumed()
    assert "cross_sections.strip.n_eff" in assumed
    assert "limits.joint_width_nm" in assumed
    assert "cross_sections.strip.n_g" not in assumed
    assert "devices.splitter.params.excess_loss_db" not in assumed
    assert "couplings.table" not in assumed


def test_the_first_entry_that_matches_wins() -> None:
    pdk = pdks.from_text(SMALL)
    assert pdk.match("splitter_7") == 0
    assert pdk.match("anything", component="y_1550") == 0
    assert pdk.match("Splitter") == 1


def test_kappa_is_log_linear_between_points_and_beyond() -> None:
    table = pdks.from_text(SMALL).coupling("table")
    assert np.allclose(table.kappa([100, 150, 300, 400, 50]), [0.1, 10**-1.5, 1e-3, 1e-4, 10**-0.5])


def test_kappa_of_a_law() -> None:
    law = "law = { kappa_per_um = 0.042, gap_nm = 200, decay_per_um = 7.97 }\n"
    text = SMALL.replace("gap_nm = [100, 200, 300]\nkappa_per_um = [0.1, 0.01, 0.001]\n", law)
    table = pdks.from_text(text).coupling("table")
    assert np.allclose(table.kappa([200, 1200]), [0.042, 0.042 * np.exp(-7.97)])


def test_places_follow_tables_arrays_and_inline_tables() -> None:
    text = 'a.b = 1 # [c]\n\n[[t]]\nx = [\n  1, # one\n  { y = "]" },\n]\n[t.u]\nz = 2.5\n[[t]]\nx = 3\n'
    found = places(text)
    assert found["a", "b"] == 1
    assert found["t", 0, "x", 1, "y"] == 6
    assert found["t", 0, "u", "z"] == 9
    assert found["t", 1, "x"] == 11


def test_nearest_has_no_answer_for_a_stranger() -> None:
    assert nearest("qqqq", ["n_eff", "n_g"]) is None


def test_a_pdk_is_found_by_path(tmp_path: Path) -> None:
    path = tmp_path / "small.toml"
    path.write_text(SMALL, encoding="utf-8")
    assert pdks.load(path).name == "small"
    assert pdks.load(str(path)).name == "small"


def test_a_pdk_that_is_loaded_already_is_returned_as_it_is() -> None:
    pdk = pdks.from_text(SMALL)
    assert pdks.load(pdk) is pdk


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(PdkError, match="did you mean 'siepic-ebeam'") as caught:
        pdks.load("siepic_ebeam")
    assert "lnoi400" in str(caught.value)


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path, words in (
        (tmp_path / "none.toml", "no such file"),
        (tmp_path / "", "is a directory"),
        (binary, "not UTF-8"),
    ):
        with pytest.raises(PdkError, match=words):
            pdks.load(path if path.suffix else f"{path}/")


def test_hints_name_the_pdk_whose_layers_a_file_uses() -> None:
    siepic = pdks.suggest_pdk([(1, 0), (1, 10), (68, 0), (81, 0)], [("ebeam_y_1550", None, None)])
    assert siepic[0] == "siepic-ebeam"
    assert pdks.suggest_pdk([(3, 0), (39, 0)], [("x", None, "mmi1x2")])[0] == "cornerstone-si220"
    assert pdks.suggest_pdk([(2, 10), (3, 10)]) == ["ltoi300"]
    assert pdks.suggest_pdk([(77, 7)]) == []


def test_quantities_lists_numbers_of_every_part() -> None:
    paths = set(pdks.from_text(SMALL).quantities())
    assert {"limits.joint_width_nm", "cross_sections.strip.stated_radius.ratio_min_to_stated"} <= paths


def test_the_model_knows_its_own_json_schema() -> None:
    assert Pdk.model_json_schema()["additionalProperties"] is False
