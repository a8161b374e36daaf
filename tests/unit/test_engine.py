"""One run from end to end on small layouts: order, verdicts, incompleteness, determinism."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import gdstk
import pytest

import waveguard
from waveguard import engine
from waveguard.errors import BudgetError, IncompleteError, InputError, LayoutFileError, PdkError, UsageError
from waveguard.findings import Run, Verdict

PDK = Path(__file__).resolve().parents[1] / "rules" / "spec_pdk.toml"
CORE, PIN, MARKER = {"layer": 1}, {"layer": 1, "datatype": 10}, {"layer": 68}


def device(library: gdstk.Library, name: str, length_um: float, pins: tuple[str, ...]) -> gdstk.Cell:
    """A straight piece of core from 0 to `length_um`, with a pin `a` at 0 and `b` at the end."""
    cell = library.new_cell(name)
    cell.add(gdstk.rectangle((0, -0.25), (length_um, 0.25), **CORE), gdstk.rectangle((0, -1), (length_um, 1), **MARKER))
    for pin in pins:
        x, out = (0.0, -0.01) if pin == "a" else (length_um, 0.01)
        cell.add(gdstk.FlexPath([(x - out, 0), (x + out, 0)], 0.5, simple_path=True, **PIN))
        cell.add(gdstk.Label(pin, (x, 0), layer=1, texttype=10))
    return cell


def chain(gap_um: float = 0.0, middle: str = "wire") -> gdstk.Library:
    """Coupler, one device, coupler; the last one `gap_um` too far away."""
    library = gdstk.Library()
    coupler = device(library, "coupler", 10.0, ("b",))
    wire = device(library, middle, 20.0, ("a", "b"))
    top = library.new_cell("top")
    top.add(gdstk.Reference(coupler, (-10, 0)), gdstk.Reference(wire, (0, 0)))
    top.add(gdstk.Reference(coupler, (30 + gap_um, 0), rotation=3.141592653589793))
    return library


def check(library: gdstk.Library | Path, **options: Any) -> Run:
    return waveguard.check(library, pdk=PDK, **options)


def test_a_good_layout_is_clean_and_says_what_it_looked_at() -> None:
    run = check(chain())
    assert (run.verdict, run.exit_code, run.findings) == (Verdict.CLEAN, 0, ())
    assert {name: run.count(name) for name in ("devices", "waveguides", "nets", "paths")} == {
        "devices": 3,
        "waveguides": 1,
        "nets": 2,
        "paths": 2,
    }
    states = {status.code: status.state for status in run.rules}
    assert states["CN001"] == states["WG001"] == "ran"
    assert (run.tops, run.pdk_name) == (("top",), "spec")
    assert dict(run.versions).keys() >= {"waveguard", "gdstk"}


def test_path_loss_is_listed_without_a_budget() -> None:
    table = check(chain()).table("paths")
    assert table is not None
    assert table.column("worst_loss_db") == (pytest.approx(10.004, abs=1e-6),)


def test_findings_make_the_run_fail() -> None:
    run = check(chain(gap_um=0.3))
    assert (run.exit_code, [finding.code for finding in run.findings]) == (1, ["CN001", "CN001"])


def test_the_threshold_decides_what_fails() -> None:
    assert check(chain(gap_um=0.3), fail_on="never").exit_code == 0
    with pytest.raises(UsageError, match="unknown severity"):
        check(chain(), fail_on="fatal")


def test_rules_can_be_left_out() -> None:
    run = check(chain(gap_um=0.3), ignore=["CN001"])
    assert run.findings == ()
    assert next(status for status in run.rules if status.code == "CN001").reason == "not selected"


def test_choosing_rules_does_not_hide_that_nothing_was_understood() -> None:
    library = gdstk.Library()
    library.new_cell("top").add(gdstk.rectangle((0, 0), (20, 20), **CORE))
    run = check(library, select=["CN"])
    assert (run.verdict, run.exit_code) == (Verdict.INCOMPLETE, 3)
    assert check(library, select=["CN"], ignore=["EX001"]).exit_code == 0


def test_an_empty_layout_is_not_a_pass() -> None:
    run = check(gdstk.Library())
    assert (run.verdict, run.exit_code) == (Verdict.INCOMPLETE, 3)
    assert check(gdstk.Library(), allow_incomplete=True).exit_code == 0


def test_a_black_box_is_listed_and_makes_only_a_link_through_it_incomplete(tmp_path: Path) -> None:
    library = chain(middle="box")
    run = check(library)
    table = run.table("without_model")
    assert run.exit_code == 0
    assert table is not None
    assert table.column("cell") == ("box",)
    budget = tmp_path / "budget.toml"
    budget.write_text(
        '[[link]]\nname = "l"\nfrom = "coupler@(0,0)"\nto = "coupler@(20,0)"\n'
        "laser_power_dbm = 0.0\nsensitivity_dbm = -30.0\n"
    )
    run = check(library, budget=budget)
    assert (run.verdict, run.exit_code) == (Verdict.INCOMPLETE, 3)
    assert [file.role for file in run.inputs] == ["layout", "pdk", "budget"]


def test_a_pdk_file_is_told_by_its_hash_whatever_its_name(tmp_path: Path) -> None:
    kit = tmp_path / "kit"
    kit.write_bytes(PDK.read_bytes())
    for given in (kit, str(kit)):
        found = [file.name for file in waveguard.check(chain(), pdk=given).inputs if file.role == "pdk"]
        assert found == ["kit"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"pdk": "no-such-pdk"}, PdkError),
        ({"pdk": Path("siepic-ebeam")}, PdkError),
        ({"budget": "no-such-file.toml"}, BudgetError),
        ({"top": "nobody"}, UsageError),
        ({"select": ["XX"]}, UsageError),
    ],
)
def test_input_that_cannot_be_used_is_raised(arguments: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        waveguard.check(chain(), **{"pdk": PDK, **arguments})


def test_a_file_that_is_no_layout_is_raised(tmp_path: Path) -> None:
    path = tmp_path / "text.gds"
    path.write_text("hello")
    with pytest.raises(LayoutFileError):
        check(path)


@pytest.mark.parametrize(("error", "internal"), [(RuntimeError("boom"), True), (IncompleteError("too large"), False)])
def test_an_analysis_that_fails_makes_the_run_incomplete(
    monkeypatch: pytest.MonkeyPatch, error: Exception, internal: bool
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(engine.circuit, "build", fails)
    run = check(chain())
    assert (run.exit_code, [item.internal for item in run.incomplete]) == (3, [internal])
    assert next(status for status in run.rules if status.code == "WG001").state == "ran"


def test_errors_of_the_input_are_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise InputError("no")

    monkeypatch.setattr(engine.circuit, "build", refuses)
    with pytest.raises(InputError):
        check(chain())


def test_a_run_is_the_same_twice_and_with_any_number_of_threads(tmp_path: Path) -> None:
    path = tmp_path / "chain.gds"
    chain(gap_um=0.3).write_gds(path)
    runs = [check(path, threads=threads) for threads in (1, 1, 2)]
    assert runs[0] == runs[1] == runs[2]
    assert dataclasses.replace(runs[0], timings=()) == runs[0]
    assert runs[0].timings[-1][0] == "total"


def test_fingerprints_survive_a_move_and_a_turn() -> None:
    here = check(chain(gap_um=0.3))
    library = chain(gap_um=0.3)
    (top,) = library.top_level()
    moved = library.new_cell("moved")
    moved.add(gdstk.Reference(top, (123.0, -45.0), rotation=1.5707963267948966))
    there = check(library)
    assert {finding.fingerprint for finding in here.findings} == {finding.fingerprint for finding in there.findings}
    assert {finding.place for finding in here.findings}.isdisjoint({finding.place for finding in there.findings})


def test_texts_left_out_make_the_run_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    library = chain()
    (top,) = library.top_level()
    top.add(*(gdstk.Label(f"opt_in_TE_1550_device_{name}", (0, 0), layer=10) for name in "abc"))
    assert check(library).exit_code == 0
    monkeypatch.setattr(engine, "MAX_LABELS", 2)
    run = check(library)
    assert (run.exit_code, [item.subject for item in run.incomplete]) == (3, ["labels"])


def test_progress_is_told_in_stages() -> None:
    stages: list[str] = []
    check(chain(), progress=lambda stage, _done, _total: stages.append(stage))
    assert "judge" in stages
