"""Rules on tables made by hand, the registry, and what happens when a rule breaks.

What a rule finds in a drawing is in `tests/rules`; here stand the cases that no drawing reaches easily.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from waveguard import pdk, tables
from waveguard.errors import UsageError
from waveguard.findings import Finding, RuleStatus, Severity
from waveguard.rules import HEADINGS, Facts, LayoutProblem, _run, all_rules, judge, selected_rules
from waveguard.rules._registry import rule, sections
from waveguard.rules.input.layout_problem import WORDINGS

SPEC_PDK = Path(__file__).resolve().parents[1] / "rules" / "spec_pdk.toml"
DEFAULTS = {"float64": np.nan, "int64": -1, "uint8": 0, "str": ""}
NAMES = ("top", "wire", "coupler")


def view(name: str, /, **columns: list[Any]) -> Any:
    """A table of these columns; the others hold "unknown"."""
    kind = tables.VIEWS[name]
    rows = len(next(iter(columns.values()), []))
    values = {column.name: [DEFAULTS[column.dtype]] * rows for column in kind.columns()}
    return kind.of({**values, **columns})


def make_facts(problems: tuple[LayoutProblem, ...] = (), ends: tuple[int, ...] = (), **given: Any) -> Facts:
    kit = pdk.load(SPEC_PDK)
    extra = {
        name: given.pop(name)
        for name in list(given)
        if name.startswith("stated_") or name in ("coupled_db", "device_kinds")
    }
    n_guides = len(given["waveguides"]) if "waveguides" in given else 0
    for name in ("stated_length_um", "stated_width_um", "stated_radius_um"):
        extra.setdefault(name, np.full(n_guides, np.nan))
    return Facts(
        tables=tables.Tables(**given),
        pdk=kit,
        cell_names=NAMES,
        cross_sections=kit.cross_sections,
        problems=problems,
        ends=frozenset(ends),
        **extra,
    )


def run(code: str, facts: Facts) -> tuple[tuple[Finding, ...], RuleStatus]:
    judgement = judge(facts, {code})
    assert not [item for item in judgement.incomplete if item.internal], judgement.incomplete
    (status,) = [status for status in judgement.statuses if status.code == code]
    return judgement.findings, status


def guides(**columns: list[Any]) -> dict[str, Any]:
    """Waveguides of cell `wire`, one device each."""
    rows = len(next(iter(columns.values())))
    devices = view(
        "devices",
        cell=[1] * rows,
        role=[1] * rows,
        top=[0] * rows,
        waveguide=list(range(rows)),
        magnification=[1.0] * rows,
    )
    defaults = {
        "device": list(range(rows)),
        "cross_section": [0] * rows,
        "n_bends": [0] * rows,
        "first_bend": [0] * rows,
    }
    lines = tables.Centerlines.of(
        {"offsets": list(range(rows + 1)), "x_nm": [0.0] * rows, "y_nm": [0.0] * rows, "width_nm": [500.0] * rows}
    )
    return {"devices": devices, "waveguides": view("waveguides", **{**defaults, **columns}), "centerlines": lines}


def test_a_rule_with_nothing_to_look_at_is_not_applicable() -> None:
    judgement = judge(make_facts(), selected_rules(None, None))
    states = {status.code: status.state for status in judgement.statuses}
    assert states.pop("IN001") == "ran"
    assert set(states.values()) == {"not_applicable"}
    assert all(status.reason for status in judgement.statuses if status.state != "ran")
    assert judgement.findings == ()


def test_rules_not_selected_say_so() -> None:
    judgement = judge(make_facts(), {"WG001"})
    assert {status.reason for status in judgement.statuses if status.code != "WG001"} == {"not selected"}


def bent(radius_nm: float, upper_nm: float) -> dict[str, Any]:
    """One waveguide with one bend."""
    bends = view(
        "bends",
        waveguide=[0],
        start_nm=[0.0],
        length_nm=[8000.0],
        turn_rad=[1.57],
        min_radius_nm=[radius_nm],
        min_radius_upper_nm=[upper_nm],
    )
    return {**guides(min_radius_nm=[radius_nm], n_bends=[1]), "bends": bends}


@pytest.mark.parametrize(
    ("radius_nm", "upper_nm", "findings"),
    [(4899.0, 4899.0, 1), (4901.0, 4901.0, 0), (4890.0, 4910.0, 0), (4870.0, 4890.0, 1), (1000.0, 4890.0, 1)],
)
def test_a_bend_is_too_tight_only_beyond_the_error_of_its_measurement(
    radius_nm: float, upper_nm: float, findings: int
) -> None:
    found, status = run("WG001", make_facts(**bent(radius_nm, upper_nm)))
    assert len(found) == findings
    assert status.state == "ran"


def test_a_straight_guide_has_no_radius_that_is_too_small() -> None:
    found, status = run("WG001", make_facts(**guides(min_radius_nm=[np.inf])))
    assert (found, status.state) == ((), "ran")


def test_a_bend_whose_radius_is_known_badly_is_told_by_what_it_is_at_most() -> None:
    (well,), _ = run("WG001", make_facts(**bent(3000.0, 3010.0)))
    (badly,), _ = run("WG001", make_facts(**bent(1000.0, 2500.0)))
    assert "radius of 3.000 µm" in well.message
    assert well.measured == 3.0
    assert "radius of at most 2.500 µm" in badly.message
    assert badly.measured == 2.5


def test_a_bend_that_may_be_on_either_side_of_the_limit_is_not_a_pass() -> None:
    facts = make_facts(**bent(3000.0, 6000.0))
    found, status = run("WG001", facts)
    assert found == ()
    assert [(gap.subject, gap.count) for gap in status.gaps] == [("bend", 1)]
    assert judge(facts, {"WG001"}).incomplete


def test_a_bend_that_was_not_measured_is_not_a_pass() -> None:
    found, status = run("WG001", make_facts(**guides(min_radius_nm=[np.nan])))
    assert (found, status.state) == ((), "not_evaluated")
    assert judge(make_facts(**guides(min_radius_nm=[np.nan])), {"WG001"}).incomplete


def test_a_curved_guide_of_no_cross_section_is_not_a_pass_but_a_straight_one_is() -> None:
    facts = make_facts(**guides(min_radius_nm=[1000.0, np.inf], cross_section=[-1, -1]))
    found, status = run("WG001", facts)
    assert found == ()
    assert status.looked_at == (("waveguides", 1),)
    assert [(gap.count, gap.asked) for gap in status.gaps] == [(1, True)]


def test_a_waveguide_cell_that_was_not_traced_is_not_a_pass() -> None:
    facts = make_facts(devices=view("devices", cell=[1, 2], top=[0, 0]), device_kinds=["guide", "crossing"])
    assert run("WG001", facts)[1].state == "not_evaluated"
    assert [item.reason for item in judge(facts, {"WG001"}).incomplete] == [
        "1 waveguide not evaluated: could not be followed from end to end"
    ]


def test_lengths_are_judged_once_for_each_cell() -> None:
    facts = make_facts(
        **guides(centerline_length_nm=[21000.0, 21000.0], width_a_nm=[500.0, 500.0], width_b_nm=[500.0, 500.0]),
        stated_length_um=np.array([20.0, 20.0]),
    )
    (finding,), status = run("WG002", facts)
    assert "in 2 places" in finding.message
    assert len(finding.related) == 1
    assert status.looked_at == (("waveguide cells", 1),)


def test_stated_cells_that_were_not_traced_are_listed_but_do_not_make_the_run_incomplete() -> None:
    facts = make_facts(devices=view("devices", cell=[1], top=[0]), stated_cells=frozenset({1}))
    found, status = run("WG002", facts)
    assert (found, [gap.asked for gap in status.gaps]) == ((), [False])
    assert judge(facts, {"WG002"}).incomplete == ()


def spacing_facts(gaps_nm: list[float], step_nm: float, sections: tuple[int, int] = (0, 0)) -> Facts:
    count = len(gaps_nm)
    runs = view(
        "runs",
        waveguide_a=[0],
        waveguide_b=[1],
        length_nm=[count * step_nm],
        gap_min_nm=[min(gaps_nm)],
        x_nm=[0.0],
        y_nm=[0.0],
        profile_start=[0],
        profile_count=[count],
    )
    profile = view("run_profile", gap_nm=gaps_nm, step_nm=[step_nm] * count)
    parts = guides(cross_section=list(sections), min_radius_nm=[np.inf, np.inf])
    return make_facts(**parts, runs=runs, run_profile=profile, coupled_db=np.array([-12.5]))


def test_guides_may_come_close_for_a_short_stretch() -> None:
    assert run("WG003", spacing_facts([600.0] * 10 + [1500.0] * 90, 1000.0))[0] == ()
    (finding,), _ = run("WG003", spacing_facts([600.0] * 11 + [1500.0] * 90, 1000.0))
    assert "0.600 µm apart, less than 1.000 µm over 11.000 µm, which couples -12.50 dB of the power" in finding.message


def test_neighbours_that_exchange_all_light_on_the_way_are_told_so() -> None:
    """A report of what is left to cross at the end would call a run quiet whose light has come back."""
    facts = replace(spacing_facts([300.0] * 50, 1000.0), coupled_db=np.array([0.0]))
    (finding,), _ = run("WG003", facts)
    assert finding.message.endswith("over 50.000 µm, enough for all of the power to cross over")


def test_neighbours_of_no_cross_section_are_not_evaluated() -> None:
    found, status = run("WG003", spacing_facts([600.0] * 50, 1000.0, (0, -1)))
    assert found == ()
    assert [gap.count for gap in status.gaps] == [1]


def ports_apart(turn_rad: float) -> dict[str, Any]:
    return {
        "devices": view("devices", cell=[1, 2], top=[0, 0]),
        "ports": view(
            "ports", device=[0, 1], name=["b", "o"], x_nm=[390670.0, 389750.0], y_nm=[29030.0, 29950.0], top=[0, 0]
        ),
        "near_misses": view(
            "near_misses",
            port_a=[0],
            port_b=[1],
            distance_nm=[1301.0],
            gap_nm=[920.0],
            lateral_nm=[920.0],
            angle_rad=[turn_rad],
        ),
    }


def test_an_unconnected_port_names_its_neighbour_and_the_move_to_it() -> None:
    (finding, alone), status = run("CN001", make_facts(**ports_apart(0.0)))
    assert finding.message.startswith(
        "b of wire is not connected: o of coupler is 1.301 µm away (gap 920 nm, aside 920 nm"
    )
    assert finding.hint == "move wire by (-0.920, +0.920) µm"
    assert alone.message == "o of coupler is not connected, and no other port is near"
    assert status.looked_at == (("optical ports", 2),)


def test_a_turned_port_is_turned_before_it_is_moved() -> None:
    finding = run("CN001", make_facts(**ports_apart(np.pi / 2)))[0][0]
    assert finding.hint == "turn wire about this port by -90.0 degrees and move it by (-0.920, +0.920) µm"


def test_ports_where_light_enters_or_leaves_need_no_partner() -> None:
    assert run("CN001", make_facts(ends=(0, 1), **ports_apart(0.0)))[0] == ()


def test_electrical_ports_may_stay_open() -> None:
    parts = ports_apart(0.0)
    parts["ports"] = view("ports", device=[0, 1], kind=[1, 2], top=[0, 0])
    findings, status = run("CN001", make_facts(**parts))
    assert (findings, status.state, status.reason) == ((), "not_applicable", "no optical ports")


def test_a_pair_is_an_overlap_or_a_duplicate_but_not_both() -> None:
    overlaps = view(
        "overlaps",
        device_a=[0, 0],
        device_b=[1, 2],
        area_nm2=[5e6, 2e7],
        x0_nm=[0.0, 0.0],
        y0_nm=[0.0, 0.0],
        x1_nm=[1000.0, 1000.0],
        y1_nm=[5000.0, 5000.0],
        duplicate=[0, 1],
    )
    facts = make_facts(devices=view("devices", cell=[1, 2, 1], top=[0, 0, 0]), overlaps=overlaps)
    assert [finding.message.split()[1] for finding in run("CN003", facts)[0]] == ["overlaps"]
    assert [finding.message.split()[1] for finding in run("CN004", facts)[0]] == ["lies"]


def test_an_overlap_with_a_part_without_light_is_an_info() -> None:
    overlaps = view("overlaps", device_a=[0], device_b=[1], area_nm2=[5e6], x0_nm=[0.0], x1_nm=[1.0])
    devices = view("devices", cell=[1, 2], top=[0, 0])
    facts = make_facts(devices=devices, overlaps=overlaps, device_kinds=["guide", "ignore"])
    assert [finding.severity for finding in run("CN003", facts)[0]] == [Severity.INFO]


def test_a_crossing_is_no_overlap() -> None:
    overlaps = view("overlaps", device_a=[1], device_b=[0], area_nm2=[5e6])
    crossings = view("crossings", waveguide_a=[0], waveguide_b=[1], x_nm=[0.0], y_nm=[0.0], angle_rad=[1.0])
    facts = make_facts(**guides(cross_section=[0, 0]), overlaps=overlaps, crossings=crossings)
    assert (run("CN003", facts)[0], len(run("CN005", facts)[0])) == ((), 1)


def coupler_ports(nets: list[int]) -> dict[str, Any]:
    """A fibre coupler with a pin for the chip and one for the fibre."""
    return {
        "devices": view("devices", cell=[2], top=[0]),
        "ports": view("ports", device=[0, 0], x_nm=[0.0, -5.0], y_nm=[0.0, 0.0], top=[0, 0], net=nets),
        "device_kinds": ["fibre_coupler"],
    }


def test_the_fibre_side_of_a_connected_coupler_may_stay_open() -> None:
    assert run("CN001", make_facts(**coupler_ports([0, -1])))[0] == ()
    assert len(run("CN001", make_facts(**coupler_ports([-1, -1])))[0]) == 2


def test_ports_under_a_duplicate_are_left_to_the_duplicate() -> None:
    devices = view("devices", cell=[1, 1], top=[0, 0])
    overlaps = view("overlaps", device_a=[0], device_b=[1], area_nm2=[1.0], duplicate=[1])
    places = {"x_nm": [0.0, 9e3, 0.0, 9e3], "y_nm": [0.0] * 4}
    ports = view("ports", device=[0, 0, 1, 1], name=["a", "b", "a", "b"], top=[0] * 4, net=[0, -1, -1, -1], **places)
    found, _ = run("CN001", make_facts(devices=devices, overlaps=overlaps, ports=ports))
    assert [finding.message.split()[0] for finding in found] == ["b"]


@pytest.mark.parametrize(
    ("source", "turn_rad", "severity"),
    [(0, 0.0, Severity.ERROR), (3, 0.0, Severity.WARNING), (3, np.pi, Severity.INFO), (0, np.pi, Severity.ERROR)],
)
def test_a_loose_end_of_a_bare_shape_is_less_bad_than_an_open_pin(
    source: int, turn_rad: float, severity: Severity
) -> None:
    parts = ports_apart(turn_rad)
    parts["ports"] = view("ports", device=[0, 1], net=[-1, 7], top=[0, 0], source=[source] * 2, x_nm=[0.0, 0.0])
    (finding,), _ = run("CN001", make_facts(**parts))
    assert finding.severity is severity
    assert ("no other port is near" in finding.message) == (turn_rad > 3)


@pytest.mark.parametrize(
    ("code", "severity"),
    [("missing-cell", Severity.ERROR), ("degenerate-shape", Severity.INFO), ("never-heard-of", Severity.WARNING)],
)
def test_layout_problems_are_as_bad_as_what_they_mean(code: str, severity: Severity) -> None:
    (finding,), _ = run("IN001", make_facts((LayoutProblem(code, "wire", "x", count=3),)))
    assert finding.severity is severity
    assert "(3 times)" in finding.message


PROBLEM_CODES = (
    ("rust/layout/src/builder/notes.rs", r'const [A-Z_]+: &str = "([a-z0-9-]+)"'),
    ("rust/layout/src/scan", r'problems\.push\(\("([a-z0-9-]+)"'),
    ("rust/extract/src", r'Problem::(?:at|of_cell)\(\s*"([a-z0-9-]+)"'),
    ("python/waveguard", r'problems\.add\(\s*"([a-z0-9-]+)"'),
)


def test_every_problem_of_reader_and_core_has_words(repository: Path) -> None:
    found = set()
    for place, pattern in PROBLEM_CODES:
        path = repository / place
        files = [path] if path.is_file() else sorted([*path.rglob("*.rs"), *path.rglob("*.py")])
        for file in files:
            found |= set(re.findall(pattern, file.read_text(encoding="utf-8")))
    assert len(found) > 20, "the patterns no longer find the codes"
    assert found - set(WORDINGS) == set()


def test_core_shapes_without_a_network_are_not_evaluated() -> None:
    coverage = view("coverage", kind=["core_area_nm2"], total=[1e6], explained=[0.0], top=[0])
    found, status = run("EX001", make_facts(coverage=coverage))
    assert (found, status.state) == ((), "not_evaluated")


def test_low_coverage_is_a_warning_with_places() -> None:
    coverage = view("coverage", kind=["core_area_nm2"], total=[1e8], explained=[8e7], top=[0])
    rest = view(
        "unexplained",
        top=[0],
        cell=[1],
        x0_nm=[0.0],
        y0_nm=[0.0],
        x1_nm=[2.0],
        y1_nm=[2.0],
        area_nm2=[2e7],
        reason=["no ribbon"],
        count=[3],
    )
    devices = view("devices", cell=[1], top=[0])
    (finding,), _ = run("EX001", make_facts(coverage=coverage, unexplained=rest, devices=devices))
    assert finding.message.startswith("80.0% of the core area of top was understood")
    assert finding.related[0].message == "3 shapes of 20.0 µm² in wire: no ribbon"


def test_a_rule_that_breaks_is_no_pass_and_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_ctx: object) -> list[Finding]:
        raise KeyError("gone")

    broken = SimpleNamespace(code="ZZ999", title="Broken", judge=breaks)
    monkeypatch.setattr(_run, "all_rules", lambda: (broken, *all_rules()))
    judgement = judge(make_facts(), {"ZZ999", "IN001"})
    states = {status.code: status.state for status in judgement.statuses}
    assert (states["ZZ999"], states["IN001"]) == ("not_evaluated", "ran")
    assert [item.internal for item in judgement.incomplete] == [True]


def test_every_rule_is_documented_under_all_headings() -> None:
    assert len(all_rules()) >= 12
    for known in all_rules():
        texts = sections(known.documentation)
        assert list(texts) == list(HEADINGS), known.code
        assert all(texts.values()), known.code
        assert known.title
        assert not known.title.endswith(".")


def test_codes_are_unique_and_well_formed() -> None:
    with pytest.raises(ValueError, match="two capital letters"):
        rule("bad", severity="error", since="0.1")
    with pytest.raises(ValueError, match="declared twice"):
        rule("WG001", severity="error", since="0.1")(lambda _ctx: ())


def test_rules_are_selected_by_code_or_prefix() -> None:
    assert selected_rules(["WG"], ["WG003", "EX001"]) == {"WG001", "WG002", "WG004", "WG005", "WG006", "WG007", "WG008"}
    assert selected_rules(None, ["CN"]) == {known.code for known in all_rules() if not known.code.startswith("CN")}
    with pytest.raises(UsageError, match="no rule matches: XX"):
        selected_rules(["XX"], None)


def test_the_gate_runs_unless_it_is_ignored_by_name() -> None:
    assert selected_rules(["WG001"], None) == {"WG001", "EX001"}
    assert selected_rules(["WG001"], ["EX001"]) == {"WG001"}


@pytest.mark.parametrize(("select", "ignore"), [([], None), (["CN001"], ["CN"]), (None, [c.code for c in all_rules()])])
def test_a_choice_that_leaves_no_rule_is_refused(select: list[str] | None, ignore: list[str] | None) -> None:
    with pytest.raises(UsageError, match="no rule is left"):
        selected_rules(select, ignore)
