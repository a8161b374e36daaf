"""Budget files: reading, judging, and what people are told when they got a name or a key wrong."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from waveguard import budget, circuit
from waveguard.analyses.budget import BudgetResult, evaluate
from waveguard.analyses.crosstalk import crosstalk
from waveguard.errors import BudgetError
from waveguard.pdk.quantity import Quantity
from waveguard.statement import Path as Route
from waveguard.statement import StatementError, parse_statement

LINK = """
[[link]]
name = "up"
from = "a"
to = "coupler@(1000,0)"
laser_power_dbm = 3.0
sensitivity_dbm = -12.0
"""


def judge(drawing: Any, text: str) -> BudgetResult:
    model = drawing.model()
    neighbours = crosstalk(drawing.tables(), drawing.kit.cross_sections, drawing.kit)
    return evaluate(budget.parse(text, "links.toml"), circuit.solve(model), neighbours)


def check(drawing: Any, statement: str) -> Any:
    return judge(drawing, f"[[assert]]\ncheck = '{statement}'\n").assertions[0]


# Reading.


def test_a_budget_is_read_with_its_defaults(tmp_path: Path) -> None:
    file = tmp_path / "links.toml"
    file.write_text("[budget]\nmargin_db = 2\n" + LINK + "extra_losses = [{ name = 'c', loss_db = 0.5 }]\n")
    read = budget.load(file)
    (link,) = read.link
    assert (link.from_, link.to, read.margin_db(link)) == ("a", "coupler@(1000,0)", 2.0)
    assert link.extra_losses[0].loss_db == 0.5
    assert read.line("link", 0, "to") == 7
    assert budget.load(read) is read


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LINK + "marginn_db = 3", "links.toml:8: unknown key 'marginn_db', nearest known key 'margin_db'"),
        (LINK.replace("to =", "too ="), "links.toml:5: unknown key 'too', nearest known key 'to'"),
        ("[budgets]\n" + LINK, "links.toml:1: unknown key 'budgets', nearest known key 'budget'"),
        (LINK.replace("3.0", "'loud'"), "links.toml:6: link.up.laser_power_dbm: "),
        (LINK.replace('to = "coupler@(1000,0)"\n', ""), "links.toml:2: link.up.to: field required"),
        (LINK + LINK, "links.toml:10: two links are called 'up'"),
        ("[budget]\nmargin_db = -1\n" + LINK, "links.toml:2: budget.margin_db: "),
        ("[budget]\n", "nothing to check"),
        ("[[link]\n", "not valid TOML"),
        (
            "[[assert]]\ncheck = 'loss(a, b) < 3 dB'",
            "links.toml:2: assert.1.check: cannot read the assertion 'loss(a, b) < 3 dB': expected one path",
        ),
    ],
)
def test_mistakes_are_named_with_file_line_and_key(text: str, message: str) -> None:
    with pytest.raises(BudgetError) as error:
        budget.parse(text, "links.toml")
    assert message in str(error.value)


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(BudgetError, match="no such file"):
        budget.load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "kind", "subjects", "limit"),
    [
        ("loss(a -> b) < 4.5 dB", "loss", (Route("a", "b"),), 4.5),
        ("loss( gc@(0,-127.5)→gc $1@(0, 0) ) >= .5dB", "loss", (Route("gc@(0,-127.5)", "gc $1@(0, 0)"),), 0.5),
        ("|dL(a, b)| < 50 nm", "length_difference", ("a", "b"), 50.0),
        ("|ΔL(x -> y, z → w)| ≤ 0.05 µm", "length_difference", (Route("x", "y"), Route("z", "w")), 0.05),
        ('isolation("a, b", c@(1,2)) > 3e1 dB', "isolation", ("a, b", "c@(1,2)"), 30.0),
    ],
)
def test_assertions_are_read(text: str, kind: str, subjects: tuple[Any, ...], limit: float) -> None:
    statement = parse_statement(text)
    assert (statement.kind, statement.subjects, statement.limit) == (kind, subjects, limit)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "expected loss(…), |dL(…)| or isolation(…) at the beginning"),
        ("los(a -> b) < 3 dB", "unknown quantity 'los', known: loss, dL, isolation"),
        ("loss(a -> b < 3 dB", "expected ')'"),
        ("loss(a) < 3 dB", "expected an arrow: loss(from -> to)"),
        ("loss(a -> b -> c) < 3 dB", "expected one arrow"),
        ("loss(-> b) < 3 dB", "expected a name"),
        ("loss(a -> b) 3 dB", "expected <, <=, > or >= after 'loss(a -> b)'"),
        ("loss(a -> b) == 3 dB", "expected <, <=, > or >="),
        ("loss(a -> b) < dB", "expected a number after 'loss(a -> b) <'"),
        ("loss(a -> b) < 3", "expected dB after 'loss(a -> b) < 3'"),
        ("loss(a -> b) < 3 nm", "expected dB"),
        ("loss(a -> b) < 3 dB or so", "did not expect 'or so'"),
        ("|loss(a -> b)| < 3 dB", "no bars around loss(…)"),
        ("dL(a, b) < 3 nm", "stands between bars"),
        ("|dL(a, b)| < 3 dB", "expected a unit of length: nm, um, mm"),
        ("|dL(a, b)| > -3 nm", "never negative"),
        ("isolation(a) > 3 dB", "expected two names with a comma between them, found 1"),
    ],
)
def test_what_is_no_assertion_is_told_what_was_expected(text: str, expected: str) -> None:
    with pytest.raises(StatementError) as error:
        parse_statement(text)
    assert expected in str(error.value)


# Links.


def test_the_margin_of_a_link_is_what_its_loss_leaves(link: Any) -> None:
    extra = "margin_db = 1.0\nextra_losses = [{ name = 'connector', loss_db = 0.8 }]\n"
    (result,) = judge(link(1000, name="a"), LINK + extra).links
    assert result.path_loss_db == pytest.approx(10.2)
    assert result.received_dbm == pytest.approx(3.0 - 10.2 - 0.8)
    assert result.margin_db == pytest.approx(4.0)
    assert (result.state, result.reason, result.line) == ("pass", "", 2)
    assert result.ledger == (("propagation", pytest.approx(0.2)), ("coupler", 10.0), ("connector", 0.8))
    assert {"up: connector", "devices.coupler.params.loss_db"} <= set(result.assumed)


def test_a_link_with_too_little_light_fails(link: Any) -> None:
    (result,) = judge(link(1000, name="a"), LINK + "margin_db = 5").links
    assert (result.state, result.reason) == ("fail", "margin 4.80 dB, 5.00 dB needed")


def test_a_link_without_a_path_fails_and_says_where_light_ends(drawing: Any) -> None:
    start, end = drawing.place("coupler"), drawing.place("coupler", 1000, 0, 180)
    first, second = drawing.guide(400.0, at=(0, 0)), drawing.guide(599.0, "rest", at=(401, 0))
    drawing.chain(start[0], first[0], second[1], end[0])
    drawing.label("opt_in_TE_1550_device_a", 0, 0)
    (result,) = judge(drawing, LINK).links
    assert (result.state, result.reason) == ("fail", "no path; light ends at the open port b of wire@(400,0)")
    assert math.isnan(result.margin_db)


def test_a_gap_on_the_way_is_not_evaluated(drawing: Any) -> None:
    start, end = drawing.place("coupler"), drawing.place("coupler", 1000, 0, 180)
    unknown = drawing.place("unknown", 500)
    drawing.chain(start[0], unknown[0], unknown[1], end[0])
    drawing.label("opt_in_TE_1550_device_a", 0, 0)
    (result,) = judge(drawing, LINK).links
    assert result.state == "not_evaluated"
    assert "unknown@(500,0) (no device entry of the PDK matches the cell)" in result.reason
    assert not judge(drawing, LINK).complete


def test_a_gap_beside_the_way_is_not_evaluated_either(drawing: Any) -> None:
    start, end = drawing.place("coupler"), drawing.place("coupler", 1000, 0, 180)
    first, last = drawing.place("splitter", 100), drawing.place("splitter", 400, 0, 180)
    wire, unknown = drawing.guide(300.0), drawing.place("unknown")
    drawing.chain(start[0], first[0], first[1], wire[0], wire[1], last[2], last[0], end[0])
    drawing.chain(first[2], unknown[0], unknown[1], last[1])
    drawing.label("opt_in_TE_1550_device_a", 0, 0)
    (result,) = judge(drawing, LINK).links
    assert result.state == "not_evaluated"
    assert result.n_paths == 1.0


def test_a_link_through_a_ring_is_not_evaluated(drawing: Any) -> None:
    start, end = drawing.place("coupler"), drawing.place("coupler", 1000, 0, 180)
    ring, wire = drawing.place("dc"), drawing.guide(60.0)
    drawing.chain(start[0], ring[0], ring[2], end[0], ring[3], wire[0], wire[1], ring[1])
    drawing.label("opt_in_TE_1550_device_a", 0, 0)
    (result,) = judge(drawing, LINK).links
    assert (result.state, result.looped) == ("not_evaluated", True)
    assert "loop" in result.reason


def test_a_wavelength_the_pdk_has_no_numbers_for_is_not_evaluated(link: Any) -> None:
    drawing = link(1000, name="a")
    (result,) = judge(drawing, "[budget]\nwavelength_um = 1.31\n" + LINK).links
    assert result.state == "not_evaluated"
    assert result.reason == "strip on the path is for 1.55 um, the budget for 1.31 um"
    assert judge(drawing, "[budget]\nwavelength_um = 1.56\n" + LINK).links[0].state == "pass"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({'"a"': '"aa"'}, "links.toml, line 4: no terminal is called 'aa'\nhint: did you mean a? `waveguard extract`"),
        ({"@(1000,0)": ""}, "line 5: 'coupler' is the name of"),
        ({"@(1000,0)": "@(1000,1)"}, "line 5: no terminal is called 'coupler@(1000,1)'"),
    ],
)
def test_unknown_names_are_told_the_nearest(link: Any, change: dict[str, str], message: str) -> None:
    drawing = link(1000, name="a")
    drawing.label("coupler", 0, 0)
    drawing.label("coupler", 1000, 0)
    text = LINK
    for old, new in change.items():
        text = text.replace(old, new)
    with pytest.raises(BudgetError) as error:
        judge(drawing, text)
    assert message in str(error.value)


def test_a_detector_is_no_source(drawing: Any) -> None:
    drawing.place("detector")
    drawing.place("laser", 100)
    with pytest.raises(BudgetError, match=r"'detector@.0,0.' is a detector: no light enters there"):
        judge(drawing, LINK.replace('"a"', '"detector@(0,0)"').replace("coupler@(1000,0)", "laser@(100,0)"))


# Assertions.


def test_losses_are_held_against_their_limits(link: Any) -> None:
    drawing = link(1000, name="a")
    assert check(drawing, "loss(a -> coupler@(1000,0)) < 10.3 dB").state == "pass"
    failed = check(drawing, "loss(a -> coupler@(1000,0)) < 10.1 dB")
    assert (failed.state, failed.measured, failed.limit, failed.unit) == ("fail", pytest.approx(10.2), 10.1, "dB")
    assert check(drawing, "loss(a -> coupler@(1000,0)) > 10.1 dB").state == "pass"


def test_lengths_of_guides_and_paths_are_compared(link: Any) -> None:
    link(1000, name="a", guide="arm_1")
    drawing = link(1000.04, name="b", guide="arm_2")
    assert check(drawing, "|dL(arm_1, arm_2)| < 50 nm").state == "pass"
    result = check(drawing, "|dL(arm_1, b -> coupler@(1000.04,127))| < 0.03 um")
    assert (result.state, result.measured) == ("fail", pytest.approx(0.04))
    with pytest.raises(BudgetError, match="no guide is called 'arm_3'\nhint: did you mean arm_"):
        check(drawing, "|dL(arm_1, arm_3)| < 50 nm")


def test_isolation_sums_what_leaks_between_guides(link: Any) -> None:
    link(1000, name="a")
    drawing = link(1000, name="b")
    quiet = check(drawing, "isolation(a, coupler@(1000,127)) > 30 dB")
    assert (quiet.state, quiet.measured) == ("pass", math.inf)
    # kappa 0.01/um at 300 nm, decay 10/um: at 1 um 9.1e-6/um, over 1 mm theta = 9.1e-3.
    drawing.run(0, 1, [1000.0] * 2000, 500.0)
    level_db = 20 * math.log10(math.sin(0.01 * math.exp(-7.0) * 1000.0))
    loud = check(drawing, "isolation(a, coupler@(1000,127)) > 60 dB")
    # Into the guide and out of it at the couplers, 5 dB each.
    assert (loud.state, loud.measured) == ("fail", pytest.approx(10.0 - level_db, abs=0.3))


def test_isolation_across_a_crossing_without_a_level_is_not_evaluated(drawing: Any) -> None:
    crossing = drawing.place("crossing")
    for k, port in enumerate(crossing):
        drawing.join(drawing.place("coupler", 100.0 * k, 0)[0], port)
    result = check(drawing, "isolation(coupler@(0,0), coupler@(100,0)) > 30 dB")
    assert (result.state, result.reason) == ("not_evaluated", "the PDK states no crosstalk_db for crossing")


def test_isolation_of_two_ends_of_one_path_is_its_loss(link: Any) -> None:
    result = check(link(1000, name="a"), "isolation(a, coupler@(1000,0)) > 30 dB")
    assert (result.state, result.measured) == ("fail", pytest.approx(10.2))


def test_what_neighbours_can_take_is_said_and_held_against_the_margin(link: Any) -> None:
    link(1000, name="a")
    drawing = link(1000, name="b")
    # theta = 0.01/um · 50 um = 0.5 at a gap of 300 nm: 23 % of the power, 1.13 dB.
    drawing.run(0, 1, [300.0] * 100, 500.0)
    (spare,) = judge(drawing, LINK).links
    taken = "guides that run beside the path may take up to 1.13 dB from it"
    assert (spare.state, spare.reason, spare.margin_db) == ("pass", taken, pytest.approx(4.8))
    (tight,) = judge(drawing, LINK + "margin_db = 4").links
    assert (tight.state, tight.reason) == ("not_evaluated", taken)
    assert check(drawing, "loss(a -> coupler@(1000,0)) < 10.5 dB").reason == taken
    assert check(drawing, "loss(a -> coupler@(1000,0)) < 11.5 dB").state == "pass"


# What a number may not hide.


def with_section(drawing: Any, **change: Any) -> Any:
    """Add a cross-section that differs from the first."""
    first = drawing.kit.cross_sections[0]
    more = first.model_copy(update={"name": "other", **change})
    drawing.kit = drawing.kit.model_copy(update={"cross_sections": (first, more)})
    return drawing


def with_entry(drawing: Any, name: str, **change: Any) -> Any:
    """Change a device entry."""
    entries = tuple(one.model_copy(update=change) if one.name == name else one for one in drawing.kit.devices)
    drawing.kit = drawing.kit.model_copy(update={"devices": entries})
    return drawing


def test_a_budget_without_a_wavelength_is_for_that_of_the_pdk(drawing: Any) -> None:
    with_section(drawing, wavelength_um=1.31)
    start, end = drawing.place("coupler"), drawing.place("coupler", 1000, 0, 180)
    ports = drawing.guide(1000.0, cross_section=1)
    drawing.chain(start[0], ports[0], ports[1], end[0])
    drawing.label("opt_in_TE_1310_device_a", 0, 0)
    (silent,) = judge(drawing, LINK).links
    asked = "the PDK (the budget states no wavelength_um)"
    assert silent.state == "not_evaluated"
    assert silent.reason == f"other on the path is for 1.31 um, {asked} for 1.55 um"
    assert judge(drawing, "[budget]\nwavelength_um = 1.31\n" + LINK).links[0].state == "pass"


def test_light_outside_the_band_of_a_fibre_coupler_is_not_evaluated(link: Any) -> None:
    """A grating that loses 1 dB more 15 nm from its peak loses four times that, in dB, at 30 nm."""
    drawing = with_entry(link(1000, name="a"), "coupler", wavelength_um=1.55)

    def state(nm: float) -> str:
        return judge(drawing, f"[budget]\nwavelength_um = {nm / 1e3}\n" + LINK).links[0].state

    assert (state(1564), state(1566)) == ("pass", "not_evaluated")
    params = {"loss_db": Quantity(value=5.0), "bandwidth_1db_nm": Quantity(value=40.0)}
    with_entry(drawing, "coupler", params=params)
    assert (state(1531), state(1569), state(1571)) == ("pass", "pass", "not_evaluated")


def test_a_wrong_wavelength_on_the_better_of_two_paths_is_seen(drawing: Any) -> None:
    with_section(drawing, wavelength_um=1.31)
    start, end = drawing.place("coupler"), drawing.place("coupler", 1000, 0, 180)
    first, last = drawing.place("splitter", 100), drawing.place("splitter", 400, 0, 180)
    long, short = drawing.guide(300.0), drawing.guide(200.0, cross_section=1)
    drawing.chain(start[0], first[0], first[1], long[0], long[1], last[2], last[0], end[0])
    drawing.chain(first[2], short[0], short[1], last[1])
    drawing.label("opt_in_TE_1550_device_a", 0, 0)
    (result,) = judge(drawing, LINK).links
    assert (result.state, result.n_paths) == ("not_evaluated", 2.0)
    assert result.reason.startswith("other on the path is for 1.31 um")


def test_a_neighbour_that_touches_is_no_neighbour_that_takes_nothing(link: Any) -> None:
    link(1000, name="a")
    drawing = link(1000, name="b")
    # Below 50 nm the table says nothing; all light may be gone within some micrometres.
    drawing.run(0, 1, [30.0] * 10, 500.0)
    (result,) = judge(drawing, LINK).links
    unknown = "what guides beside the path take from it is not known: the gap is below the coupling table"
    assert (result.state, result.reason) == ("not_evaluated", unknown)
    assert check(drawing, "loss(a -> coupler@(1000,0)) < 11 dB").reason == unknown
    # A loss that is too high already stays a finding.
    assert check(drawing, "loss(a -> coupler@(1000,0)) < 10 dB").state == "fail"
    assert judge(drawing, LINK + "margin_db = 5").links[0].state == "fail"


def test_unknown_coupling_of_guides_that_keep_the_spacing_does_not_hold_up_a_link(drawing: Any, link: Any) -> None:
    with_section(drawing, coupling=None)
    link(1000, name="a")
    link(1000, name="b")
    for guide in drawing.rows["waveguides"]:
        guide["cross_section"] = 1
    drawing.run(0, 1, [1000.0] * 10, 500.0)
    assert judge(drawing, LINK).links[0].state == "pass"
    drawing.rows["runs"][0]["gap_min_nm"] = 990.0
    assert judge(drawing, LINK).links[0].state == "not_evaluated"


def test_isolation_adds_leaks_to_a_weak_path(drawing: Any) -> None:
    """A path that loses 56 dB does not hide a leak beside it that arrives with 23 dB."""
    start, end = drawing.place("coupler"), drawing.place("coupler", 1000, 0, 180)
    first, last = drawing.place("splitter", 100), drawing.place("splitter", 400, 0, 180)
    long, one, two = drawing.guide(2e5), drawing.guide(50.0), drawing.guide(50.0)
    drawing.chain(start[0], first[0], first[1], long[0], long[1], last[2], last[0], end[0])
    drawing.chain(first[2], one[0], two[1], last[1])
    drawing.label("opt_in_TE_1550_device_a", 0, 0)
    statement = "isolation(a, coupler@(1000,0)) > 40 dB"
    split_db = 0.2 + 10 * math.log10(2)
    alone = check(drawing, statement)
    assert (alone.state, alone.measured) == ("pass", pytest.approx(10 + 2 * split_db + 40))
    drawing.run(1, 2, [300.0] * 100, 500.0)
    level_db = 20 * math.log10(math.sin(0.5))
    beside = check(drawing, statement)
    assert (beside.state, beside.measured) == ("fail", pytest.approx(10 + 2 * split_db - level_db, abs=0.01))
    # A leak that is not known cannot make too little isolation enough, nor enough light too little.
    drawing.rows["run_profile"][0]["gap_nm"] = 30.0
    assert check(drawing, statement).state == "not_evaluated"
    assert check(drawing, statement.replace("40", "60")).state == "fail"
    assert check(drawing, statement.replace("> 40", "< 60")).state == "pass"
