"""Sampled losses of a layout: which numbers vary, the bias of the process, yields, budgets, files, exit codes."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import waveguard
from waveguard import circuit, pdk
from waveguard.analyses.spread import LINEAR, REST, SHARE, Spread, Uncertain, moved, spread_of, uncertain
from waveguard.analyses.uncertainty import of_path
from waveguard.analyses.yields import wilson
from waveguard.cli import main
from waveguard.errors import InternalError, PdkError, UsageError
from waveguard.optics import LossReport, SamplePlan
from waveguard.optics.sampling import COLUMNS, QUANTILE_COLUMNS
from waveguard.pdk import Pdk
from waveguard.pdk.quantity import Quantity

KIT = "siepic-ebeam"
GRATING = "devices.gc_te1550.params.loss_db"
ALONG = "cross_sections.strip_te_1550_500.loss_db_per_cm"


@pytest.fixture(scope="module")
def chip(demo_dir: Path) -> Path:
    return demo_dir / "mzi_link.gds"


@pytest.fixture(scope="module")
def drawn(chip: Path) -> LossReport:
    return waveguard.loss(chip, KIT, samples=SamplePlan(40_000, seed=5, limit_db=13.0))


def at(table: dict[str, Any], name: str) -> int:
    return int(table["from"].tolist().index(name))


def changed(kit: Pdk, name: str, **numbers: Any) -> Pdk:
    """The PDK with another spread of a number."""
    kind, *middle, key = name.split(".")
    if kind == "process":
        process = kit.process.model_copy(update={key: Quantity(**numbers)})
        return kit.model_copy(update={"process": process})
    part, parts = middle[0], [*getattr(kit, kind)]
    row = next(k for k, one in enumerate(parts) if one.name == part)
    if kind == "devices":
        update = {"params": {**parts[row].params, key: parts[row].params[key].model_copy(update=numbers)}}
    else:
        update = {key: getattr(parts[row], key).model_copy(update=numbers)}
    parts[row] = parts[row].model_copy(update=update)
    return kit.model_copy(update={kind: tuple(parts)})


def spread(model: circuit.CircuitModel, again: Callable[[Pdk], Any]) -> Spread:
    """What the arcs of a circuit made by hand hang on."""
    sections, entries = [one.name for one in model.cross_sections], range(len(model.pdk.devices))
    numbers = uncertain(model.pdk, model.pdk, sections, [*entries])
    return spread_of(model.arcs, numbers, lambda one, value: again(moved(model.pdk, one, value)).arcs)


def test_samples_spread_as_linear_propagation_says_where_nothing_bends(drawn: LossReport) -> None:
    assert drawn.sampled is not None
    table = drawn.sampled.paths
    assert tuple(table) == COLUMNS
    row, own = at(table, "delay"), at(drawn.paths, "delay")
    # One path; guide losses between limits that the chip shares, normal scatter of two gratings.
    assert table["stated_db"][row] == pytest.approx(drawn.paths["loss_db"][own])
    assert table["sigma_db"][row] == pytest.approx(drawn.paths["sigma_db"][own], rel=0.015)
    # Limits that lie unevenly about a value move the mean.
    parts, known = drawn.uncertainties[own].parts, pdk.load(KIT).quantities()
    mean_db = drawn.paths["loss_db"][own]
    for part in parts:
        below, above = known[part.name].common_reach  # type: ignore[attr-defined]
        mean_db += part.weight * (above - below) / 2
    assert table["mean_db"][row] == pytest.approx(mean_db, abs=4 * table["mean_error_db"][row])
    shares = drawn.sampled.shares
    mine = shares["from"] == "delay"
    assert shares["share"][mine].sum() == pytest.approx(1.0)
    assert {GRATING, ALONG} <= {part.name for part in parts}
    for part in parts:
        [here] = np.flatnonzero(mine & (shares["number"] == part.name))
        assert shares["varies_by"][here] == ("device" if part.name == GRATING else "chip")
        assert shares["sigma_db"][here] == pytest.approx(part.sigma_db, rel=0.015)
        assert shares["share"][here] == pytest.approx((part.sigma_db / table["sigma_db"][row]) ** 2, abs=0.02)
    assert table["dominant"][row].startswith(parts[0].name)


def test_every_chip_has_its_own_worst_arm(chip: Path) -> None:
    # The arms of the interferometer lose nearly the same: where guides scatter, either may be the worse.
    kit = changed(pdk.load(KIT), ALONG, scatter=5.0)
    plan = SamplePlan(4000, seed=5, keep=True)
    found, held = (waveguard.loss(chip, kit, samples=replace(plan, hold_path=hold)).sampled for hold in (False, True))
    assert found is not None
    assert held is not None
    assert found.loss_db is not None
    assert held.loss_db is not None
    row = at(found.paths, "mzi")
    assert 0.05 < found.paths["other_path"][row] < 0.6
    assert held.paths["other_path"].tolist() == [0.0] * len(held)
    assert (found.loss_db >= held.loss_db - 1e-9).all()
    assert found.paths["mean_db"][row] > held.paths["mean_db"][row] + 1e-3


def test_yields_are_shares_of_chips(drawn: LossReport) -> None:
    assert drawn.sampled is not None
    table, chips = drawn.sampled.paths, drawn.sampled.chips
    row = at(table, "mzi")
    normal = stats.norm(table["mean_db"][row], table["sigma_db"][row])
    assert table["yield"][row] == pytest.approx(normal.cdf(13.0), abs=0.01)
    assert table["yield_low"][row] < table["yield"][row] < table["yield_high"][row]
    assert chips["n_pairs"].tolist() == [len(drawn.sampled)]
    # All paths of a chip keep a limit on fewer chips than any one of them.
    assert chips["yield"][0] <= table["yield"].min()
    assert chips["mean_db"][0] >= table["mean_db"].max()
    for low, high in pairwise(QUANTILE_COLUMNS):
        assert (table[low] < table[high]).all()


@pytest.mark.parametrize(("n_kept", "n"), [(0, 50), (50, 50), (1, 3), (950, 1000), (99_990, 100_000)])
def test_confidence_of_a_yield_is_that_of_scipy(n_kept: int, n: int) -> None:
    known = stats.binomtest(n_kept, n).proportion_ci(0.95, method="wilson")
    assert tuple(wilson(n_kept, n)) == pytest.approx((n_kept / n, known.low, known.high), abs=1e-12)


def test_few_samples_say_nothing_of_rare_chips(chip: Path) -> None:
    report = waveguard.loss(chip, KIT, samples=500).sampled
    assert report is not None
    assert np.isfinite(report.paths["p95_db"]).all()
    assert np.isnan(report.paths["p99_db"]).all(), "5 samples lie beyond"


def test_the_bias_of_the_process_moves_all_devices_together(chip: Path) -> None:
    # Two gratings that lose 0.1 dB more per nm, guides that lose less as they widen; edges 1 ± 2 nm.
    kit = changed(pdk.load(KIT), GRATING, scatter=None, min=None, max=None, per_edge_nm=0.1)
    kit = changed(kit, "process.edge_bias_nm", value=1.0, sigma=2.0)
    for key in ("loss_db_per_cm", "curved_loss_db_per_cm"):
        kit = changed(kit, f"cross_sections.strip_te_1550_500.{key}", min=None, max=None)
    at_biases = [waveguard.loss(chip, kit, edge_bias_nm=bias).paths for bias in (-1.0, 1.0, 3.0)]
    below, middle, above = (one["loss_db"][at(one, "delay")] for one in at_biases)
    slope, bend = (above - below) / 4, (above - 2 * middle + below) / 4
    assert 0.1 < slope < 0.2, "both gratings, and guides against them"
    report = waveguard.loss(chip, kit, samples=SamplePlan(20_000))
    assert report.sampled is not None
    table, shares = report.sampled.paths, report.sampled.shares
    row = at(table, "delay")
    assert table["mean_db"][row] == pytest.approx(middle + bend * 2.0**2 / 2, abs=0.012)
    [mine] = np.flatnonzero((shares["from"] == "delay") & (shares["number"] == "process.edge_bias_nm"))
    assert shares["sigma_db"][mine] == pytest.approx(slope * 2.0, rel=0.03)
    assert shares["varies_by"][mine] == "chip"


def test_a_split_is_followed_both_ways(drawing: Any) -> None:
    # Bar and cross of one coupler: what one gains the other loses, exactly.
    start, coupler = drawing.place("coupler"), drawing.place("dc", 100)
    bar, cross = drawing.place("coupler", 300, 0, 180), drawing.place("coupler", 300, 50, 180)
    drawing.chain(start[0], coupler[0], coupler[2], bar[0], coupler[3], cross[0])
    drawing.kit = changed(drawing.kit, "devices.coupler22.params.cross_fraction", value=0.4, sigma=0.05, scatter=0.1)
    model = drawing.model()

    def again(kit: Pdk) -> circuit.CircuitModel:
        drawing.kit = kit
        return drawing.model()

    found = spread(model, again)
    assert [one.name for one in found.known] == ["devices.coupler22.params.cross_fraction"]
    assert not found.straightened
    law, arcs = found.columns["term_law"], found.columns["term_arc"]
    assert sorted(set(law.tolist())) == [SHARE, REST]
    assert found.columns["term_weight"] == pytest.approx(np.ones(8))
    stated = np.where(law == SHARE, -10 * np.log10(0.4), -10 * np.log10(0.6))
    assert model.arcs.loss_db[arcs] == pytest.approx(stated + 0.1)


def test_what_bends_is_followed_by_a_table_or_straightened(link: Callable[..., Any]) -> None:
    model = link(1000).model()
    quantity = Quantity(value=1.0, sigma=0.1, source="made up")
    one = Uncertain("devices.made_up.params.loss_db", quantity, ("device", 0, "loss_db"), 0.0, math.inf)

    def again(_: Uncertain, value: float) -> Any:
        cause_db = model.arcs.cause_db.copy()
        cause_db[0, 0] += value**2 - 1.0
        return replace(model.arcs, cause_db=cause_db)

    bent = spread_of(model.arcs, [one], again)
    assert (len(bent.columns["term_arc"]), bent.columns["response_arc"].tolist()) == (0, [0])
    first, step = bent.columns["node_first"][0], bent.columns["node_step"][0]
    values = 1.0 + first + step * np.arange(bent.columns["node_count"])
    assert values[[0, -1]] == pytest.approx([0.6, 1.4])
    assert bent.columns["response_db"] == pytest.approx(values**2 - 1.0)
    scattered = replace(one, quantity=quantity.model_copy(update={"scatter": 0.1}))
    straight = spread_of(model.arcs, [scattered], again)
    assert straight.straightened == [one.name]
    assert straight.columns["term_law"].tolist() == [LINEAR]
    assert straight.columns["term_weight"] == pytest.approx([2.0])

    def fewer(_: Uncertain, __: float) -> Any:
        return replace(model.arcs, start=model.arcs.end)

    with pytest.raises(InternalError, match="another circuit"):
        spread_of(model.arcs, [one], fewer)


def test_numbers_of_parts_that_are_not_there_do_not_vary(drawn: LossReport) -> None:
    assert drawn.sampled is not None
    names = set(drawn.sampled.shares["number"].tolist())
    assert {ALONG, GRATING} <= names
    assert not any("tm1550" in name or "n_g" in name for name in names)


@pytest.mark.parametrize(
    ("given", "shape", "reach", "sigma"),
    [
        ({"sigma": 0.3}, "normal", (0.3, 0.3), 0.3),
        ({"min": 0.5, "max": 3.5}, "uniform", (1.5, 1.5), 3 / math.sqrt(12)),
        ({"min": 1.0, "max": 5.0, "distribution": "triangular"}, "triangular", (1.0, 3.0), math.sqrt(13 / 18)),
        ({"sigma": 0.3, "distribution": "uniform"}, "uniform", (0.3 * math.sqrt(3),) * 2, 0.3),
        ({"sigma": 0.3, "distribution": "triangular"}, "triangular", (0.3 * math.sqrt(6),) * 2, 0.3),
        ({"min": 1.0, "max": 3.0, "scatter": 0.5}, "normal", (0.0, 0.0), 0.0),
        ({"max": 3.0}, "uniform", (0.0, 0.0), 0.0),
    ],
)
def test_a_number_says_how_it_is_distributed(given: Any, shape: str, reach: tuple[float, float], sigma: float) -> None:
    one = Quantity(value=2.0, **given)
    assert (one.shape, one.common_reach) == (shape, pytest.approx(reach))
    assert one.common_sigma == pytest.approx(sigma)


def test_a_spread_that_makes_no_sense_is_refused() -> None:
    text = (Path(__file__).resolve().parents[1] / "rules" / "spec_pdk.toml").read_text(encoding="utf-8")
    limits = "{ value = 2.0, min = 1.0, max = 3.0, distribution = 'normal' }"
    for old, new, message in (
        ("loss_db_per_cm = 2.0", f"loss_db_per_cm = {limits}", "a normal distribution needs sigma or scatter"),
        ("dbu_nm = 1.0", "dbu_nm = 1.0\nedge_bias_nm = { value = 0.0, scatter = 1.0 }", "it takes sigma"),
    ):
        assert old in text
        with pytest.raises(PdkError, match=message):
            pdk.from_text(text.replace(old, new, 1))


def test_files_hold_the_samples_and_do_not_depend_on_threads(chip: Path, tmp_path: Path) -> None:
    for name, threads in (("a", "1"), ("b", "2"), ("c", "3")):
        files = [part for suffix in ("csv", "json", "txt") for part in ("-o", str(tmp_path / f"{name}.{suffix}"))]
        asked = ["--samples", "2000", "--seed", "9", "--max-loss", "30", "--threads", threads]
        assert main(["loss", str(chip), "--pdk", KIT, *asked, *files]) == 0
    for suffix in ("csv", "json", "txt"):
        one, two, three = ((tmp_path / f"{name}.{suffix}").read_bytes() for name in "abc")
        assert one == two == three
    document = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["sampled"]
    assert (document["n_samples"], document["seed"], document["worst_path"]) == (2000, 9, "of every chip")
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    by_name = dict(zip(document["paths"]["from"], document["paths"]["mean_db"], strict=True))
    for row in rows:
        assert float(row["mean_db"]) == pytest.approx(by_name[row["from"]])
        assert float(row["sigma_db"]) == pytest.approx(float(row["sampled_sigma_db"]), rel=0.1)
    text = (tmp_path / "a.txt").read_text(encoding="utf-8")
    assert "Samples of 2,000 chips, seed 9" in text
    assert "keep every limit" in text


def test_links_of_a_budget_have_limits_of_their_own(chip: Path) -> None:
    budget = chip.parent / "mzi_link_links.toml"
    [path] = [budget] if budget.exists() else sorted(chip.parent.glob("mzi_link*.toml"))[:1]
    known = waveguard.budget.load(path)
    report = waveguard.loss(chip, KIT, samples=SamplePlan(2000, budget=path)).sampled
    assert report is not None
    limits = dict(zip(report.paths["from"].tolist(), report.paths["limit_db"].tolist(), strict=True))
    for link in known.link:
        extra_db = sum(one.loss_db for one in link.extra_losses)
        expected = link.laser_power_dbm - link.sensitivity_dbm - known.margin_db(link) - extra_db
        assert limits[link.from_] == pytest.approx(expected)


def test_a_budget_is_judged_and_sampled_for_its_own_light(chip: Path, tmp_path: Path) -> None:
    """Grating couplers lose more beside their peak: a link that passes there must not pass here."""
    budget = tmp_path / "links.toml"
    link = '[[link]]\nname = "a"\nfrom = "mzi"\nto = "mzi_out"\nlaser_power_dbm = 3.0\nsensitivity_dbm = -12.5\n'
    states = {}
    for wavelength_um in (1.55, 1.54):
        budget.write_text(f"[budget]\nwavelength_um = {wavelength_um}\n" + link)
        table = waveguard.loss(chip, KIT, wavelengths_um=[wavelength_um]).paths
        ends = zip(table["from"].tolist(), table["to"].tolist(), strict=True)
        expected = dict(zip(ends, table["loss_db"].tolist(), strict=True))["mzi", "mzi_out"]
        links = waveguard.check(chip, KIT, budget).table("links")
        assert links is not None
        assert links.column("path_loss_db")[0] == pytest.approx(expected)
        states[wavelength_um] = links.column("state")[0]
        sampled = waveguard.loss(chip, KIT, samples=SamplePlan(2000, budget=budget)).sampled
        assert sampled is not None
        assert sampled.paths["stated_db"].tolist() == [pytest.approx(expected)]
    assert states == {1.55: "pass", 1.54: "fail"}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--samples", "1"], 2, "error: 1 is no number of samples"),
        (["--samples", "2000", "--seed", "-1"], 2, "error: -1 is no seed"),
        (["--samples", "2000", "--corner", "max"], 2, "error: corner max holds every number at its limit"),
        (["--seed", "3"], 2, "error: --seed without samples"),
        (["--hold-path"], 2, "error: --hold-path without samples"),
        (["--samples", "2000", "--min-yield", "0.9"], 2, "error: --min-yield without a limit"),
        (["--samples", "2000", "--min-yield", "0.9", "--max-loss", "40"], 0, ""),
        (
            ["--samples", "2000", "--min-yield", "0.9", "--max-loss", "15.4"],
            1,
            "finding: mzi to mzi_out keeps 15.4 dB on",
        ),
        (["--samples", "20", "--min-yield", "0.9", "--max-loss", "40"], 1, "with 95 % confidence on 83.89 % or more"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_exit_codes(chip: Path, arguments: list[str], code: int, message: str, capsys: Any) -> None:
    assert main(["loss", str(chip), "--pdk", KIT, "-q", *arguments]) == code
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert message in said
    assert bool(said) == bool(message)


def test_nothing_to_vary_is_said(link: Callable[..., Any], chip: Path) -> None:
    kit = pdk.load(KIT)
    bare = {"min": None, "max": None, "sigma": None, "scatter": None}
    devices = tuple(
        one.model_copy(update={"params": {key: q.model_copy(update=bare) for key, q in one.params.items()}})
        for one in kit.devices
    )
    sections = tuple(
        one.model_copy(
            update={
                key: getattr(one, key).model_copy(update=bare)
                for key in type(one).model_fields
                if isinstance(getattr(one, key), Quantity)
            }
        )
        for one in kit.cross_sections
    )
    exact = kit.model_copy(update={"devices": devices, "cross_sections": sections})
    report = waveguard.loss(chip, exact, samples=SamplePlan(100, limit_db=20.0))
    assert report.sampled is not None
    assert report.sampled.paths["sigma_db"].tolist() == [0.0] * len(report)
    assert report.sampled.paths["mean_db"] == pytest.approx(report.paths["loss_db"])
    assert "nothing varies" in report.sampled.notes[0]
    model = link(1000).model()
    assert of_path(model, np.arange(len(model.arcs))).sigma_db == 0.0
    with pytest.raises(UsageError, match="is no number of samples"):
        SamplePlan(10**9)
