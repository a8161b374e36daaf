"""S-parameters of layouts and netlists: phases and losses of the drawn guides, gaps, measured devices, bad netlists."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from waveguard import circuit, fields, pdk
from waveguard.errors import IncompleteError, InputError, PdkError, UsageError
from waveguard.fields import SParameters
from waveguard.models.fields import MODELS

ROOT = Path(__file__).resolve().parents[2]
WL = np.linspace(1.54, 1.56, 5)
NETLIST: dict[str, Any] = {
    "instances": {
        "c": {"component": "coupler_2x2", "settings": {"cross_fraction": 0.3}},
        "g": {
            "component": "guide",
            "settings": {"length_um": 40.0, "n_eff": 2.4, "n_g": 4.2, "wl0_um": 1.55, "loss_db_per_cm": 2.0},
        },
    },
    "connections": {"c,out2": "g,in", "g,out": "c,in2"},
    "ports": {"in": "c,in1", "out": "c,out1"},
}


def changed(**parts: Any) -> dict[str, Any]:
    """Return the netlist with some parts exchanged."""
    return {**NETLIST, **parts}


def two_links(drawing: Any) -> Any:
    """Draw coupler - guide - box - guide - coupler, and beside it coupler - guide - coupler."""
    a, b = drawing.place("coupler", 0, 0), drawing.place("coupler", 200, 0, 180)
    one, box, two = drawing.guide(90.0, at=(0, 0)), drawing.place("box", 100, 0), drawing.guide(90.0, at=(110, 0))
    drawing.chain(a[0], one[0], one[1], box[0], box[1], two[0], two[1], b[0])
    c, d = drawing.place("coupler", 0, 127), drawing.place("coupler", 300, 127, 180)
    three = drawing.guide(300.0, at=(0, 127))
    drawing.chain(c[0], three[0], three[1], d[0])
    for name, y in (("box", 0), ("plain", 127)):
        drawing.label(f"opt_in_TE_1550_device_{name}", -5, y)
    return drawing


def test_a_link_has_the_phase_of_its_length_and_the_loss_of_the_path_analysis(link: Any) -> None:
    model = link(1000.0, name="x").model()
    found = fields.from_layout(model, wl_um=WL)
    solved = circuit.solve(model)
    start, end = found.ports
    loss_db = float(solved.tables.paths.best_loss_db[0])
    assert found.power_db(start, end) == pytest.approx(-loss_db, abs=1e-9)
    n = 2.4 - (4.2 - 2.4) / 1.55 * (WL - 1.55)
    turned = found.between(start, end) * np.exp(-2j * math.pi * n * 1000.0 / WL)
    assert np.angle(turned) == pytest.approx(0.0, abs=1e-9)


def test_what_depends_on_a_black_box_is_unknown_and_nothing_else_is(drawing: Any) -> None:
    found = fields.from_layout(two_links(drawing).model(), wl_um=WL)
    assert found.gaps == ("box: the PDK lists it as a black box",)
    assert not found.complete
    level = {pair: found.power_db(*pair) for pair in ((a, b) for a in found.ports for b in found.ports)}
    plain = next(name for name in found.ports if name == "plain")
    other = next(name for name in found.ports if "300" in name)
    assert level[plain, other] == pytest.approx(-10.06, abs=1e-9)
    assert np.isnan(level["box", "box"]).all()
    assert np.isnan(level["box", next(name for name in found.ports if "200" in name)]).all()
    assert not np.isnan(level["box", plain]).any()


def test_gaps_that_absorb_leave_no_light_behind_them(drawing: Any) -> None:
    found = fields.from_layout(two_links(drawing).model(), wl_um=WL, gaps="absorb")
    assert found.complete
    assert found.gaps
    assert np.isfinite(found.s).all()
    assert np.abs(found.between("box", next(name for name in found.ports if "200" in name))).max() == 0.0


def test_only_the_terminals_that_are_asked_for(drawing: Any) -> None:
    model = two_links(drawing).model()
    found = fields.from_layout(model, wl_um=WL, ports=["plain"])
    assert (found.ports, found.s.shape) == (("plain",), (5, 1, 1))
    with pytest.raises(UsageError, match="no terminals answer to 'plane'"):
        fields.from_layout(model, wl_um=WL, ports=["plane"])
    with pytest.raises(UsageError, match="named twice"):
        fields.from_layout(model, wl_um=WL, ports=["plain", "plain"])


def test_an_open_guide_reflects_as_its_index_says(drawing: Any) -> None:
    start, ports = drawing.place("coupler", 0, 0), drawing.guide(100.0)
    drawing.join(start[0], ports[0])
    found = fields.from_layout(drawing.model(), wl_um=WL)
    r = (2.4 - 1.444) / (2.4 + 1.444)
    expected_db = 20 * math.log10(r) - 2 * (5.0 + 0.02)
    assert found.power_db(*found.ports, *found.ports) == pytest.approx(expected_db, abs=1e-9)
    assert "an open end of a guide reflects as a facet in silica" in found.notes


def test_one_path_has_the_same_loss_for_power_and_amplitude_through_every_kind(drawing: Any) -> None:
    a, s, x = drawing.place("coupler", 0, 0), drawing.place("splitter", 20, 0), drawing.place("crossing", 60, 1)
    t, d = drawing.place("taper", 90, 1, shape="box"), drawing.place("detector", 120, 1)
    g = [drawing.guide(10.0, at=(10.0 * k, 0)) for k in range(4)]
    drawing.chain(a[0], g[0][0], g[0][1], s[0], s[1], g[1][0], g[1][1], x[0])
    drawing.chain(x[2], g[2][0], g[2][1], t[0], t[1], g[3][0], g[3][1], d[0])
    model = drawing.model()
    found = fields.from_layout(model, wl_um=WL)
    paths = circuit.solve(model).tables.paths
    assert len(paths.best_loss_db) == 1
    names = model.terminals.name
    start, end = names[int(paths.from_terminal[0])], names[int(paths.to_terminal[0])]
    assert found.power_db(start, end) == pytest.approx(-float(paths.best_loss_db[0]), abs=1e-9)


MEASURED = """
[[devices]]
name = "known_box"
cells = ["box*"]
kind = "black_box"
ports = { in = ["l"], out = ["r"] }
sparameters = { file = "box.s2p", ports = { in = "1", out = "2" }, source = "a measurement" }
"""


def test_a_measured_device_of_the_pdk_closes_a_gap(drawing: Any, tmp_path: Path) -> None:
    wl = np.linspace(1.5, 1.6, 101)
    s = MODELS["two_port"](wl, loss_db=3.0, reflection_db=-20.0, length_um=20.0, n_eff=2.4, n_g=4.2).s
    fields.write(SParameters(("a", "b"), wl, s), tmp_path / "box.s2p")
    spec = (ROOT / "tests" / "rules" / "spec_pdk.toml").read_text(encoding="utf-8")
    before, box = spec.split('[[devices]]\nname = "box"')
    (tmp_path / "kit.toml").write_text(before + MEASURED + '[[devices]]\nname = "box"' + box, encoding="utf-8")
    drawing.kit = pdk.load(tmp_path / "kit.toml")
    found = fields.from_layout(two_links(drawing).model(), wl_um=WL)
    assert found.complete
    assert not found.gaps
    end = next(name for name in found.ports if "200" in name)
    # 10 dB of couplers, 3 dB of the box, 180 um of guide.
    assert found.power_db("box", end) == pytest.approx(-13.036, abs=2e-3)
    with pytest.raises(InputError, match=r"box\.s2p: device known_box: S-parameters cover 1\.5 to 1\.6 um"):
        fields.from_layout(drawing.model(), wl_um=[1.7])


def test_ports_of_a_measured_device_are_told_by_where_they_lie(drawing: Any, tmp_path: Path) -> None:
    wl = np.linspace(1.5, 1.6, 101)
    one = MODELS["splitter_1x2"](wl, excess_loss_db=1.0, first_fraction=0.8)
    fields.write(SParameters(one.ports, wl, one.s), tmp_path / "y.npz")
    spec = (ROOT / "tests" / "rules" / "spec_pdk.toml").read_text(encoding="utf-8")
    with_file = 'kind = "splitter_1x2"\nsparameters = { file = "y.npz" }\n'
    (tmp_path / "kit.toml").write_text(spec.replace('kind = "splitter_1x2"\n', with_file), encoding="utf-8")
    drawing.kit = pdk.load(tmp_path / "kit.toml")
    ports = drawing.place("splitter", 0, 0)
    for name, port in zip(("in", "upper", "lower"), ports, strict=True):
        drawing.stated(name, port)
    found = fields.from_layout(drawing.model(), wl_um=WL)
    levels = {end: found.power_db("in", end)[0] for end in ("upper", "lower")}
    assert sorted(levels.values()) == pytest.approx([10 * math.log10(0.2) - 1, 10 * math.log10(0.8) - 1], abs=1e-6)
    assert "the S-parameters of splitter have no source in the PDK" in found.notes


def test_a_measured_device_whose_file_is_missing_is_refused_with_its_line(tmp_path: Path) -> None:
    spec = (ROOT / "tests" / "rules" / "spec_pdk.toml").read_text(encoding="utf-8")
    (tmp_path / "kit.toml").write_text(spec + MEASURED, encoding="utf-8")
    line = spec.count("\n") + MEASURED.split("sparameters")[0].count("\n") + 1
    with pytest.raises(PdkError, match=rf"kit\.toml:{line}: devices\.known_box\.sparameters\.file: no such file"):
        pdk.load(tmp_path / "kit.toml")


def test_ports_of_a_measured_device_that_do_not_fit_make_a_gap(drawing: Any, tmp_path: Path) -> None:
    fields.write(SParameters(("a", "b"), WL, np.zeros((5, 2, 2), dtype=complex)), tmp_path / "box.s2p")
    spec = (ROOT / "tests" / "rules" / "spec_pdk.toml").read_text(encoding="utf-8")
    before, box = spec.split('[[devices]]\nname = "box"')
    wrong = MEASURED.replace('out = "2"', 'out = "3"')
    (tmp_path / "kit.toml").write_text(before + wrong + '[[devices]]\nname = "box"' + box, encoding="utf-8")
    drawing.kit = pdk.load(tmp_path / "kit.toml")
    found = fields.from_layout(two_links(drawing).model(), wl_um=WL)
    assert found.gaps == ("box: its S-parameters have no port '3' (ports: a, b)",)
    assert not found.complete


# ---- netlists ----


def test_models_may_be_ours_those_of_sax_or_numbers() -> None:
    ours = fields.from_netlist(NETLIST, wl_um=WL)

    def sax_coupler(wl: Any = 1.5, cross_fraction: float = 0.5) -> dict[tuple[str, str], Any]:
        one = MODELS["coupler_2x2"](wl, cross_fraction=cross_fraction)
        return {(a, b): one.s[:, k, i] for i, a in enumerate(one.ports) for k, b in enumerate(one.ports)}

    by_sax = fields.from_netlist(NETLIST, wl_um=WL, models={"coupler_2x2": sax_coupler})
    assert np.abs(by_sax.s - ours.s).max() < 1e-14
    fixed = {"c": "fixed", "g": NETLIST["instances"]["g"]}
    numbers = MODELS["coupler_2x2"](WL, cross_fraction=0.3)
    given = fields.from_netlist(changed(instances=fixed), wl_um=WL, models={"fixed": numbers})
    assert np.abs(given.s - ours.s).max() < 1e-14


def test_a_netlist_in_a_netlist_is_a_component() -> None:
    pair = {
        "instances": {"a": "ring", "b": "ring"},
        "nets": [{"p1": "a,out", "p2": "b,in"}],
        "ports": {"in": "a,in", "out": "b,out"},
    }
    found = fields.from_netlist({"pair": pair, "ring": NETLIST}, wl_um=WL)
    one = fields.from_netlist(NETLIST, wl_um=WL)
    assert found.between("in", "out") == pytest.approx(one.between("in", "out") ** 2, abs=1e-13)
    with pytest.raises(InputError, match="nested more than"):
        fields.from_netlist({"pair": {**pair, "instances": {"a": "pair", "b": "pair"}}}, wl_um=WL)


def test_a_component_without_a_model_is_refused_unknown_or_dark() -> None:
    netlist = changed(instances={**NETLIST["instances"], "g": "guyde"})
    with pytest.raises(IncompleteError, match=r"no model for 1 instances: guyde \(instance g\)"):
        fields.from_netlist(netlist, wl_um=WL)
    unknown = fields.from_netlist(netlist, wl_um=WL, gaps="unknown")
    assert np.isnan(unknown.between("in", "out")).all()
    dark = fields.from_netlist(netlist, wl_um=WL, gaps="absorb")
    assert np.abs(dark.between("in", "out")) ** 2 == pytest.approx(0.7)
    assert dark.gaps == ("guyde (instance g)",)


@pytest.mark.parametrize(
    ("netlist", "message"),
    [
        ({"ports": {}}, "this is no netlist"),
        (changed(connections={"c,out2": "g"}), "`g` in connections is not `instance,port`"),
        (changed(connections={"c,out2": "h,in"}), "no instance is named 'h'"),
        (changed(connections={"c,out2": "g,input"}), "instance g has no port 'input'"),
        (changed(connections={"c,out2": "g,in", "g,out": "c,in1"}), "port in1 of instance c is used twice"),
        (changed(nets=[{"p1": "c,in1"}]), "net 0 is not {p1, p2}"),
        (changed(instances={"c": 3}), "instance c is neither"),
        (changed(instances={"c": {"component": "guide", "settings": {"length": 3.0}}}), "no setting is named 'length'"),
        (changed(instances={"c": {"component": "guide", "settings": {"length_um": 3.0}}}), "missing 3 required"),
    ],
)
def test_a_wrong_netlist_is_refused_with_its_place(netlist: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        fields.from_netlist(netlist, wl_um=WL)
    assert message in str(caught.value)


@pytest.mark.parametrize("wl", [[], [1.55, 1.54], [-1.0], [math.nan]])
def test_wavelengths_that_are_none_are_refused(wl: list[float], drawing: Any) -> None:
    with pytest.raises(InputError, match="wavelengths must"):
        fields.from_netlist(NETLIST, wl_um=wl)
    with pytest.raises(InputError, match="wavelengths must"):
        fields.from_layout(two_links(drawing).model(), wl_um=wl)


def test_a_netlist_without_joints_or_ports_is_a_small_one() -> None:
    guide = {"g": NETLIST["instances"]["g"]}
    assert fields.from_netlist({"instances": guide}, wl_um=WL).s.shape == (5, 0, 0)
    alone = fields.from_netlist({"instances": guide, "ports": {"a": "g,in"}}, wl_um=WL)
    assert alone.s.tolist() == [[[0.0]]] * 5


def test_light_that_goes_round_for_ever_is_no_answer() -> None:
    mirror = {"component": "partial_reflector", "settings": {"reflectance": 1.0}}
    loop = {"component": "lens", "settings": {}}
    netlist = {
        "instances": {"a": mirror, "l": loop},
        "connections": {"a,out": "l,x"},
        "ports": {"out": "l,y"},
    }
    # An amplifier of gain one behind a mirror.
    lens = {("x", "x"): 1.0, ("x", "y"): 0.5, ("y", "x"): 0.5}
    with pytest.raises(IncompleteError, match="light goes round a loop for ever"):
        fields.from_netlist(netlist, wl_um=WL, models={"lens": lens})


def test_portions_of_wavelengths_do_not_change_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    wl = np.linspace(1.5, 1.6, 57)
    whole = fields.from_netlist(NETLIST, wl_um=wl)
    monkeypatch.setattr(fields.core, "MIN_PORTION", 4)
    monkeypatch.setattr(fields.core.solve, "__kwdefaults__", {**fields.core.solve.__kwdefaults__, "portion_bytes": 1})
    assert np.array_equal(fields.from_netlist(NETLIST, wl_um=wl).s, whole.s)
