"""Coupling of neighbours: the law of the table, wrap-around, mismatch, sums, and what cannot be evaluated."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from waveguard.analyses.crosstalk import ESTIMATED, EVALUATED, NOT_EVALUATED, crosstalk
from waveguard.models import coupled
from waveguard.pdk.sections import Coupling

STEP_NM = 500.0
LAW = {
    "name": "published",
    "law": {"kappa_per_um": 0.042, "gap_nm": 200.0, "decay_per_um": 7.97},
    "min_gap_nm": 100.0,
    "max_gap_nm": 2000.0,
}


def with_law(drawing: Any, **change: Any) -> Any:
    """Replace the coupling table of the PDK by the published law."""
    table = Coupling.model_validate({**LAW, **change})
    section = drawing.kit.cross_sections[0]
    use = section.coupling.model_copy(update={"table": table.name})
    drawing.kit = drawing.kit.model_copy(
        update={"couplings": (table,), "cross_sections": (section.model_copy(update={"coupling": use}),)}
    )
    return drawing


def evaluate(drawing: Any) -> Any:
    return crosstalk(drawing.tables(), drawing.kit.cross_sections, drawing.kit)


@pytest.mark.parametrize(
    ("gap_um", "at_1_mm_db", "at_5_mm_db"),
    [(1.0, -22.9, -9.1), (1.2, -36.8, -22.8), (1.5, -57.5, -43.6), (2.0, -92.1, -78.2)],
)
def test_parallel_guides_couple_as_published(drawing: Any, gap_um: float, at_1_mm_db: float, at_5_mm_db: float) -> None:
    with_law(drawing)
    for length_mm in (1, 5):
        drawing.guide(1000.0 * length_mm)
        drawing.guide(1000.0 * length_mm)
        n = len(drawing.rows["waveguides"])
        drawing.run(n - 2, n - 1, [gap_um * 1e3] * (2000 * length_mm), STEP_NM)
    result = evaluate(drawing)
    assert result.coupled_db.tolist() == pytest.approx([at_1_mm_db, at_5_mm_db], abs=0.051)
    assert result.state.tolist() == [EVALUATED, EVALUATED]
    # Both guides of a run receive what the other loses.
    assert result.victim_db.tolist() == pytest.approx(np.repeat(result.coupled_db, 2).tolist())


def test_light_that_has_come_back_is_no_low_crosstalk(drawing: Any) -> None:
    with_law(drawing)
    drawing.guide(5000.0)
    drawing.guide(5000.0)
    drawing.run(0, 1, [800.0] * 10_000, STEP_NM)
    assert evaluate(drawing).coupled_db.tolist() == pytest.approx([-0.156], abs=1e-3)
    kappa_per_um = 0.042 * math.exp(-7.97 * 0.6)
    steps = round(math.pi / kappa_per_um * 1e3 / STEP_NM)
    drawing.rows["runs"].clear()
    drawing.rows["run_profile"].clear()
    drawing.run(0, 1, [800.0] * steps, STEP_NM)
    result = evaluate(drawing)
    assert result.coupled_db[0] < -60.0
    assert result.bound_db[0] == pytest.approx(0.0)
    assert result.victim_db.tolist() == pytest.approx([0.0, 0.0])


def test_a_tilted_neighbour_has_the_closed_form(drawing: Any) -> None:
    """Two straights at a small angle: theta = kappa(gap)/(decay · angle), lengths along the middle of the two."""
    with_law(drawing)
    drawing.guide(100.0)
    drawing.guide(100.0)
    angle, step_nm = 0.02, 20.0
    drawing.run(0, 1, [200.0 + angle * step_nm * (k + 0.5) for k in range(4500)], step_nm)
    expected = 0.042 / (7.97 * angle) * (1 - math.exp(-7.97 * 1.8))
    assert evaluate(drawing).theta_rad.tolist() == pytest.approx([expected * math.cos(angle / 2)], rel=1e-4)


def test_aggressors_add_up_and_turns_of_one_guide_do_not(drawing: Any) -> None:
    with_law(drawing)
    for _ in range(3):
        drawing.guide(1000.0)
    gaps = [1000.0] * 2000
    for a, b in ((0, 1), (1, 2), (0, 0)):
        drawing.run(a, b, gaps, STEP_NM)
    result = evaluate(drawing)
    once = result.coupled_db[0]
    assert result.victim_db.tolist() == pytest.approx([once, once + 10 * math.log10(2), once])


def test_gaps_beyond_the_table_are_marked_and_below_it_not_evaluated(drawing: Any) -> None:
    with_law(drawing, min_gap_nm=300.0, max_gap_nm=900.0)
    for _ in range(2):
        drawing.guide(100.0)
    for gaps in ([1000.0] * 20, [250.0, 400.0], [500.0]):
        drawing.run(0, 1, gaps, STEP_NM)
    result = evaluate(drawing)
    assert result.state.tolist() == [ESTIMATED, NOT_EVALUATED, EVALUATED]
    assert "beyond the coupling table" in result.reason[0]
    assert result.reason[1] == "the gap is below the coupling table"
    assert math.isnan(result.coupled_db[1])
    assert result.victim_state.tolist() == [NOT_EVALUATED, NOT_EVALUATED]


def test_a_guide_of_unknown_section_is_not_evaluated(drawing: Any) -> None:
    drawing.guide(100.0)
    drawing.guide(100.0, cross_section=-1)
    drawing.run(0, 1, [500.0], STEP_NM)
    result = evaluate(drawing)
    assert result.state.tolist() == [NOT_EVALUATED]
    assert result.reason == ("no cross-section of the PDK fits a guide",)
    assert result.assumed == ()


def test_numbers_without_a_source_are_named(drawing: Any) -> None:
    drawing.guide(100.0)
    drawing.guide(100.0)
    drawing.run(0, 1, [500.0], STEP_NM)
    assert any(path.startswith("couplings.strip") for path in evaluate(drawing).assumed)


def test_unequal_guides_follow_the_coupled_mode_equations() -> None:
    kappa, delta, length, n = 0.05, 0.1, 37.0, 50
    total = math.hypot(kappa, delta)
    given = {"kappa_per_um": np.full(n, kappa), "step_um": np.full(n, length / n), "delta_per_um": np.full(n, delta)}
    end, most = coupled.unequal_guides(first=np.array([0]), count=np.array([n]), **given)
    assert end.tolist() == pytest.approx([(kappa / total) ** 2 * math.sin(total * length) ** 2])
    assert most[0] <= (kappa / total) ** 2 + 1e-12
    assert most[0] == pytest.approx((kappa / total) ** 2, rel=0.02)


def test_many_runs_at_once_equal_each_alone() -> None:
    random = np.random.default_rng(7)
    count = np.array([1, 5, 8, 9, 200])
    first = np.concatenate([[0], np.cumsum(count)])[:-1]
    n = int(count.sum())
    samples = {"kappa_per_um": random.uniform(0, 0.1, n), "delta_per_um": random.uniform(-0.2, 0.2, n)}
    samples["step_um"] = random.uniform(0.1, 2.0, n)
    end, most = coupled.unequal_guides(first=first, count=count, **samples)
    for run, (start, number) in enumerate(zip(first, count, strict=True)):
        field, largest = np.array([1.0, 0.0], dtype=complex), 0.0
        for k in range(start, start + number):
            kappa, delta, step = (samples[name][k] for name in ("kappa_per_um", "delta_per_um", "step_um"))
            total = math.hypot(kappa, delta)
            cos, sin = math.cos(total * step), math.sin(total * step)
            own, other = cos + 1j * delta / total * sin, -1j * kappa / total * sin
            field = np.array([[own, other], [other, own.conjugate()]]) @ field
            largest = max(largest, abs(field[1]) ** 2)
        assert end[run] == pytest.approx(abs(field[1]) ** 2, abs=1e-12)
        assert most[run] == pytest.approx(largest, abs=1e-12)


def test_mismatch_of_concentric_turns() -> None:
    """Pitch 1 um at radius 50 um: delta about 0.099/um, 30 dB below full transfer at a kappa of 0.003/um."""
    n_eff = np.array([2.447])
    ratio = np.array([1 + 1 / 50])
    (delta,) = coupled.mismatch(n_eff=n_eff, n_eff_other=n_eff, wavelength_um=1.55, other_per_own=ratio)
    assert delta == pytest.approx(0.099, abs=1e-3)
    assert 20 * math.log10(0.003073 / math.hypot(0.003073, delta)) == pytest.approx(-30.2, abs=0.1)


def test_turns_of_a_spiral_couple_less_than_straights(drawing: Any) -> None:
    with_law(drawing)
    for _ in range(2):
        drawing.guide(1000.0)
    drawing.run(0, 1, [500.0] * 2000, STEP_NM)
    kappa_per_um = 0.042 * math.exp(-7.97 * 0.3)
    assert evaluate(drawing).bound_db.tolist() == pytest.approx([0.0])
    # The other guide is longer by 2 %, all at every fourth sample, as corners of a polyline have it.
    for k, sample in enumerate(drawing.rows["run_profile"]):
        sample["other_step_nm"] = STEP_NM * (1.08 if k % 4 == 0 else 1.0)
    result = evaluate(drawing)
    delta = math.pi * 2.4 / 1.55 * 0.02
    assert result.bound_db.tolist() == pytest.approx(
        [20 * math.log10(kappa_per_um / math.hypot(kappa_per_um, delta))], abs=0.4
    )


def test_one_sample_for_a_long_even_stretch_says_the_same_as_many(drawing: Any) -> None:
    """The core keeps 48 samples at both ends of a stretch where nothing changes, and one for the rest."""
    with_law(drawing)
    for _ in range(2):
        drawing.guide(1000.0)
    n, kept, bend = 2000, 48, 60
    drawing.run(0, 1, [500.0] * n, STEP_NM)
    # Bends at both ends, where the other guide is the longer one and the gap opens.
    for k in range(bend):
        for sample in (drawing.rows["run_profile"][k], drawing.rows["run_profile"][n - 1 - k]):
            sample["gap_nm"] = 500.0 + 2.0 * (bend - k)
    for k, sample in enumerate(drawing.rows["run_profile"]):
        sample["other_step_nm"] = STEP_NM * (1.02 if min(k, n - 1 - k) < bend else 1.0)
    many = evaluate(drawing)
    samples = drawing.rows["run_profile"]
    inner = n - 2 * (bend + kept)
    long = samples[n // 2] | {"step_nm": inner * STEP_NM, "other_step_nm": inner * STEP_NM}
    drawing.rows["run_profile"] = [*samples[: bend + kept], long, *samples[-bend - kept :]]
    drawing.rows["runs"][0]["profile_count"] = 2 * (bend + kept) + 1
    few = evaluate(drawing)
    for name in ("coupled_db", "bound_db", "theta_rad", "local_theta_rad", "most_share"):
        # The largest share along the run is looked for at samples.
        within = {"abs": 0.05} if name == "bound_db" else {"rel": 1e-9}
        assert getattr(few, name).tolist() == pytest.approx(getattr(many, name).tolist(), **within)


@pytest.mark.parametrize("swapped", [False, True])
def test_a_faster_guide_outside_a_bend_keeps_step_with_a_slower_one_inside(drawing: Any, swapped: bool) -> None:
    """Equal phase per turn, n1·R1 = n2·R2: all light crosses, whichever of the two the run calls its own."""
    with_law(drawing)
    slow = drawing.kit.cross_sections[0]
    fast = slow.model_copy(
        update={"name": "fast", "n_eff": slow.n_eff.model_copy(update={"value": slow.n_eff.value / 1.02})}
    )
    drawing.kit = drawing.kit.model_copy(update={"cross_sections": (slow, fast)})
    own, other = (1, 0) if swapped else (0, 1)
    length_um = math.pi / 2 / 0.042
    n = 400
    for section in (own, other):
        drawing.guide(length_um, cross_section=section)
    drawing.run(0, 1, [200.0] * n, length_um * 1e3 / n)
    for sample in drawing.rows["run_profile"]:
        sample["other_step_nm"] = sample["step_nm"] * (1 / 1.02 if swapped else 1.02)
    result = evaluate(drawing)
    assert result.coupled_db.tolist() == pytest.approx([0.0], abs=2e-3)
    # The other way round, with the slow guide outside, both differences add up.
    for sample in drawing.rows["run_profile"]:
        sample["other_step_nm"] = sample["step_nm"] * (1.02 if swapped else 1 / 1.02)
    delta = math.pi / 1.55 * 2.4 * (0.0396 if swapped else 0.0388)
    share = (0.042 / math.hypot(0.042, delta)) ** 2
    assert evaluate(drawing).bound_db.tolist() == pytest.approx([10 * math.log10(share)], abs=0.05)
