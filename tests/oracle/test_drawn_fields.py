"""Fields of bare geometry: rings, racetracks, couplers and bundles of guides, against closed forms.

Nothing here is a device of a PDK: guides are drawn beside each other, and what they do must follow from the gap. The
closed forms are those of rings with point couplers (Yariv, Electron. Lett. 36, 321 (2000)), of two coupled guides, and
of several, whose supermodes are the eigenvectors of the matrix of couplings.
"""

from __future__ import annotations

import math
from typing import Any

import gdstk
import numpy as np
import pytest

import drawn_guides as draw
from drawn_guides import circuit_of, end
from waveguard import engine, fields, pdk
from waveguard.analyses.crosstalk import crosstalk
from waveguard.circuit import CircuitModel
from waveguard.extract import extract
from waveguard.fields.runs import place_runs
from waveguard.layout import read
from waveguard.models.fields import MODELS
from waveguard.pdk.sections import LossSpectrum
from waveguard.units import db_to_ratio

RADIUS_UM = 10.0
AT_UM = 1.55


def shares(model: CircuitModel, bias_nm: float = 0.0, wl_um: float = AT_UM) -> list[float]:
    """Return the share of power that crosses in each run, as the analysis of crosstalk has it."""
    found = crosstalk(model.tables, model.cross_sections, model.pdk, wavelength_um=wl_um, edge_bias_nm=bias_nm)
    assert not found.state.any()
    return [float(one) for one in db_to_ratio(found.coupled_db)]


def guide_losses_db(model: CircuitModel) -> dict[int, float]:
    """Return the loss of each guide, by its row."""
    arcs = model.arcs
    return {int(model.tables.devices.waveguide[d]): float(v) for d, v in zip(arcs.device, arcs.loss_db, strict=True)}


def power(found: fields.SParameters, start: str, stop: str) -> np.ndarray:
    return np.abs(found.between(start, stop)) ** 2


def shifted(wl: np.ndarray, drawn: np.ndarray, closed: Any) -> tuple[float, float]:
    """Return by how much the drawn dips lie off (in pm), and what is left of the difference after that shift."""
    trial = np.linspace(-60e-6, 60e-6, 121)
    off = [float(np.abs(drawn - closed(wl + one)).max()) for one in trial]
    best = int(np.argmin(off))
    return float(trial[best]) * 1e6, off[best]


def ring_of(model: CircuitModel, rows: tuple[int, ...]) -> dict[str, float]:
    """Return what the closed form needs to know of a ring that some guides make."""
    losses = guide_losses_db(model)
    section = model.cross_sections[0]
    return {
        "round_trip_um": float(model.tables.waveguides.centerline_length_nm[list(rows)].sum()) / 1e3,
        "round_trip_loss_db": sum(losses[row] for row in rows),
        "n_eff": section.n_eff.value,
        "n_g": section.n_g.value,
        "wl0_um": section.wavelength_um,
    }


@pytest.mark.parametrize(("gap", "drop_gap"), [(0.2, 0.2), (0.15, 0.2), (0.25, 0.25), (0.12, 0.3)])
def test_a_ring_between_two_guides_is_an_add_drop_ring(gap: float, drop_gap: float) -> None:
    y, far = RADIUS_UM + 0.5 + gap, 2 * RADIUS_UM + 1.0 + gap + drop_gap
    model = circuit_of([draw.straight(0, 100, 0), *draw.ring(50, y, RADIUS_UM), draw.straight(0, 100, far)])
    wl = np.linspace(1.545, 1.555, 4_001)
    found = fields.from_layout(model, wl_um=wl)
    assert found.complete
    assert not found.unknown_couplings
    k1, k2 = shares(model)
    ring = ring_of(model, (1, 2))
    bus = float(db_to_ratio(-guide_losses_db(model)[0]))

    def closed(at: np.ndarray, port: int) -> np.ndarray:
        s = MODELS["ring_add_drop"](at, coupling_fraction=k1, drop_coupling_fraction=k2, **ring).s
        return bus * np.abs(s[:, port, 0]) ** 2

    through = power(found, end(0, 0), end(100, 0))
    drop = power(found, end(0, 0), end(0, far))
    # Couplings grow with the wavelength; the closed form has one number, right in the middle. The couplers turn the
    # phase of the ring a little, which moves the resonances.
    off_pm, left = shifted(wl, drop, lambda at: closed(at, 2))
    assert abs(off_pm) < 25.0
    assert left < 0.025
    assert shifted(wl, through, lambda at: closed(at, 1))[1] < 0.025
    peaks = np.flatnonzero((drop[1:-1] > drop[:-2]) & (drop[1:-1] > drop[2:])) + 1
    fsr_um = AT_UM**2 / (ring["n_g"] * ring["round_trip_um"])
    wide = fields.from_layout(model, wl_um=np.linspace(1.53, 1.57, 8001))
    tops = power(wide, end(0, 0), end(0, far))
    places = np.linspace(1.53, 1.57, 8001)[np.flatnonzero((tops[1:-1] > tops[:-2]) & (tops[1:-1] > tops[2:])) + 1]
    assert len(peaks) in {1, 2}
    assert float(np.diff(places).mean()) == pytest.approx(fsr_um * (float(places.mean()) / AT_UM) ** 2, rel=2e-3)
    # Light that goes round the other way is not made by point couplers.
    assert power(found, end(0, 0), end(100, far)).max() < 1e-20


def test_a_ring_beside_one_guide_is_an_all_pass_ring() -> None:
    model = circuit_of([draw.straight(0, 100, 0), *draw.ring(50, RADIUS_UM + 0.7, RADIUS_UM)])
    wl = np.linspace(1.545, 1.555, 4_001)
    found = fields.from_layout(model, wl_um=wl)
    (k,) = shares(model)
    ring = ring_of(model, (1, 2))
    bus = float(db_to_ratio(-guide_losses_db(model)[0]))

    def closed(at: np.ndarray) -> np.ndarray:
        return bus * np.abs(MODELS["ring_all_pass"](at, coupling_fraction=k, **ring).s[:, 1, 0]) ** 2

    through = power(found, end(0, 0), end(100, 0))
    off_pm, left = shifted(wl, through, closed)
    assert abs(off_pm) < 25.0
    assert left < 0.02
    assert through.min() == pytest.approx(float(closed(wl).min()), abs=0.02)


@pytest.mark.parametrize("length", [3.0, 10.0, 25.0])
def test_a_racetrack_couples_along_its_straight(length: float) -> None:
    model = circuit_of(
        [draw.straight(0, 120, 0), *draw.racetrack(60, RADIUS_UM + 0.7, RADIUS_UM, length), draw.straight(0, 120, 21.4)]
    )
    wl = np.linspace(1.5495, 1.5505, 2001)
    found = fields.from_layout(model, wl_um=wl)
    theta = math.asin(math.sqrt(shares(model)[0]))
    whole = crosstalk(model.tables, model.cross_sections, model.pdk, wavelength_um=AT_UM).theta_rad[0]
    # kappa of 0.0413/um along the straight, and the rest of a point coupler of 10 um at both ends.
    assert whole == pytest.approx(0.0413 * length + 0.119, rel=0.02)
    # The bends are out of step with the straight guide, which takes a little.
    assert theta == pytest.approx(whole if whole < math.pi / 2 else math.pi - whole, rel=0.09)
    k1, k2 = shares(model)
    ring = ring_of(model, (1, 2))
    a = float(db_to_ratio(-ring["round_trip_loss_db"] / 2))
    t1, t2 = math.sqrt(1 - k1), math.sqrt(1 - k2)
    bus = float(db_to_ratio(-guide_losses_db(model)[0]))
    drop = power(fields.from_layout(model, wl_um=np.linspace(1.545, 1.555, 4_001)), end(0, 0), end(0, 21.4))
    assert drop.max() == pytest.approx(bus * k1 * k2 * a / (1 - t1 * t2 * a) ** 2, rel=0.03)
    assert drop.min() == pytest.approx(bus * k1 * k2 * a / (1 + t1 * t2 * a) ** 2, rel=0.12)
    assert found.largest_singular_value is not None
    assert found.largest_singular_value.max() <= 1.0


def test_a_drawn_coupler_exchanges_as_sin_squared_of_its_length() -> None:
    lengths = [0.0, 5.0, 10.0, 20.0, 30.0, 50.0, 80.0, 120.0]
    theta = []
    for length in lengths:
        model = circuit_of(draw.coupler(length, 0.2))
        found = fields.from_layout(model, wl_um=[AT_UM])
        matrix = np.abs(found.s[0]) ** 2
        start = 0
        across, along = sorted((matrix[k, start] for k in range(4) if matrix[k, start] > 1e-9), reverse=False)[:2]
        (share,) = shares(model)
        # The same power as the analysis of crosstalk, beside what the guides lose.
        assert min(abs(v / (across + along) - share) for v in (across, along)) < 1e-4
        theta.append(share)
    # As in simulations of such couplers (FDTD, SiEPIC EBeam PDK, ebeam_dc_te1550): kappa 0.0401/um, bends 0.0819 rad.
    kappa, bends = 0.0413, 0.09
    for length, share in zip(lengths, theta, strict=True):
        assert share == pytest.approx(math.sin(kappa * length + bends) ** 2, abs=0.025)
    assert kappa == pytest.approx(0.0401, rel=0.04)
    assert bends == pytest.approx(0.0819, rel=0.12)


def test_weak_neighbours_couple_as_the_analysis_of_power_says() -> None:
    model = circuit_of([draw.straight(0, 400, 0), draw.straight(0, 400, 1.5)])
    found = fields.from_layout(model, wl_um=np.linspace(1.54, 1.56, 3))
    (share,) = shares(model)
    got = power(found, end(0, 0), end(400, 1.5))[1] / power(found, end(0, 0), end(400, 0))[1]
    assert got == pytest.approx(share / (1 - share), rel=1e-6)
    assert share == pytest.approx(math.sin(4.55046e-5 * 400) ** 2, rel=0.01)


@pytest.mark.parametrize(("n", "gap", "length"), [(3, 0.3, 60.0), (4, 0.3, 150.0), (5, 0.5, 800.0)])
def test_several_guides_side_by_side_have_their_supermodes(n: int, gap: float, length: float) -> None:
    pitch = gap + draw.WIDTH_UM
    model = circuit_of([draw.straight(0, length, k * pitch) for k in range(n)])
    ports = [end(x, k * pitch) for x in (0, length) for k in range(n)]
    # Next neighbours only, as in the closed form.
    found = fields.from_layout(model, wl_um=[AT_UM], floor_db=-60.0, ports=ports)
    whole = crosstalk(model.tables, model.cross_sections, model.pdk, wavelength_um=AT_UM).theta_rad.max()
    couplings = whole * (np.eye(n, k=1) + np.eye(n, k=-1))
    own, modes = np.linalg.eigh(couplings)
    expected = np.abs((modes * np.exp(1j * own)) @ modes.T) ** 2
    got = np.abs(found.s[0][n:, :n]) ** 2
    assert got / got.sum(axis=0) == pytest.approx(expected, abs=3e-3)


def test_a_guide_that_winds_past_itself_is_a_ring() -> None:
    """One turn of a spiral: what crosses to the inner turn leaves a round trip early, and what stays goes round."""
    model = circuit_of(draw.spiral(2, 30.0, 0.8, 20.0))
    runs = model.tables.runs
    whole = crosstalk(model.tables, model.cross_sections, model.pdk, wavelength_um=AT_UM)
    assert (len(runs), int(runs.waveguide_a[0]), int(runs.waveguide_b[0])) == (1, 0, 0)
    wl = np.linspace(1.548, 1.552, 4001)
    found = fields.from_layout(model, wl_um=wl)
    start, stop = found.ports
    got = power(found, start, stop)
    turn_um = float(runs.other_start_nm[0] - runs.start_nm[0]) / 1e3
    length_um = float(model.tables.waveguides.centerline_length_nm[0]) / 1e3
    loss_db = guide_losses_db(model)[0]
    once = float(db_to_ratio(-loss_db * turn_um / length_um / 2))
    rest = float(db_to_ratio(-loss_db * (1 - turn_um / length_um)))
    # Straight t, across ix: out = (ix + e) / (1 - ix e) with e = once·exp(i phase).
    x = math.sqrt(float(db_to_ratio(whole.coupled_db[0])))
    assert got.min() == pytest.approx(rest * ((once - x) / (1 - x * once)) ** 2, rel=2e-3)
    assert got.max() == pytest.approx(rest * ((once + x) / (1 + x * once)) ** 2, rel=2e-3)
    dips = wl[np.flatnonzero((got[1:-1] < got[:-2]) & (got[1:-1] < got[2:])) + 1]
    n_g = model.cross_sections[0].n_g.value
    assert AT_UM**2 / (n_g * float(np.diff(dips).mean())) == pytest.approx(turn_um, rel=0.01)


def test_couplers_are_lossless_reciprocal_and_passive() -> None:
    ring = [draw.straight(0, 100, 0), *draw.ring(50, 10.7, 10), draw.straight(0, 100, 21.4)]
    model = circuit_of([*ring, *(one.translate(0, 80) for one in draw.spiral(5, 40, 1, 30))])
    found = fields.from_layout(model, wl_um=np.linspace(1.54, 1.56, 41))
    assert np.abs(found.s - found.s.transpose(0, 2, 1)).max() < 1e-12
    assert found.largest_singular_value is not None
    assert found.largest_singular_value.max() <= 1.0
    placed = place_runs(model, np.linspace(1.54, 1.56, 41), np.ones(len(model.tables.waveguides), dtype=bool))
    for block in placed.blocks().evaluate(slice(0, 41)):
        product = block.conj().transpose(0, 2, 1) @ block
        assert np.abs(product - np.eye(4)).max() < 1e-12
        assert np.abs(block - block.transpose(0, 2, 1)).max() == 0.0


def turned(model_of: Any, angle: float) -> Any:
    return [one.copy().rotate(angle) for one in model_of]


BASE = [draw.straight(0, 100, 0), *draw.ring(50, 10.7, 10), draw.straight(0, 100, 21.4)]
REDRAWN = {
    "cut at 199 corners": [part for one in BASE for part in one.fracture(199, 1e-3)],
    "bus in pieces": [draw.straight(0, 47, 0), draw.straight(47, 53, 0), draw.straight(53, 100, 0), *BASE[1:]],
    "bus cut at the ring": [draw.straight(0, 50, 0), draw.straight(50, 100, 0), *BASE[1:]],
    "merged": gdstk.boolean(BASE, [], "or", precision=1e-4, **draw.CORE),
    "turned by 33 degrees": turned(BASE, math.radians(33)),
    "turned by 90 degrees": turned(BASE, math.pi / 2),
    "mirrored": [one.copy().mirror((1, 0)) for one in BASE],
    "in another order": BASE[::-1],
}
PLACES = {"turned by 33 degrees": math.radians(33), "turned by 90 degrees": math.pi / 2}


@pytest.mark.parametrize("how", list(REDRAWN))
def test_a_ring_drawn_otherwise_is_the_same_ring(how: str) -> None:
    wl = np.linspace(1.546, 1.556, 4_001)

    def spectra(shapes: Any, angle: float, hand: float) -> tuple[np.ndarray, np.ndarray]:
        def place(x: float, y: float) -> str:
            y *= hand
            return end(x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle))

        names = [place(0, 0), place(100, 0), place(0, 21.4)]
        found = fields.from_layout(circuit_of(shapes), wl_um=wl, ports=names)
        return power(found, names[0], names[1]), power(found, names[0], names[2])

    whole = spectra(BASE, 0.0, 1.0)
    other = spectra(REDRAWN[how], PLACES.get(how, 0.0), -1.0 if how == "mirrored" else 1.0)
    # Lengths are within some nm of each other, which moves a resonance by their share of the round trip.
    assert wl[int(other[1].argmax())] == pytest.approx(wl[int(whole[1].argmax())], abs=15e-6)
    assert other[1].max() == pytest.approx(float(whole[1].max()), abs=0.02)
    assert other[0].min() == pytest.approx(float(whole[0].min()), abs=0.02)
    assert np.median(other[1]) == pytest.approx(float(np.median(whole[1])), rel=0.08)


def test_hierarchy_makes_no_difference() -> None:
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    ring, top = library.new_cell("ring_anyhow"), library.new_cell("top")
    ring.add(*draw.ring(0, 0, 10))
    top.add(draw.straight(0, 100, 0), draw.straight(0, 100, 21.4), gdstk.Reference(ring, (50, 10.7)))
    wl = np.linspace(1.549, 1.551, 101)
    nested = fields.from_layout(engine.circuit_of(extract(read(library), pdk.load(draw.KIT))), wl_um=wl)
    flat = fields.from_layout(circuit_of(BASE), wl_um=wl)
    assert np.abs(nested.only(flat.ports).s - flat.s).max() < 2e-3


def test_what_no_table_knows_is_said_and_what_is_faint_is_counted() -> None:
    # Guides of 350 nm: they were solved for 1310 nm only.
    narrow = circuit_of([draw.straight(0, 100, 0, 0.35), draw.straight(0, 100, 0.7, 0.35)])
    found = fields.from_layout(narrow, wl_um=[AT_UM])
    assert len(found.unknown_couplings) == 1
    assert found.figures["couplers"] == 0
    far = circuit_of([draw.straight(0, 50, 0), draw.straight(0, 50, 2.5)])
    found = fields.from_layout(far, wl_um=[AT_UM])
    assert not found.unknown_couplings
    assert (found.figures["couplers"], found.figures["faint_runs"]) == (0, 1)
    assert fields.from_layout(far, wl_um=[AT_UM], floor_db=-140.0).figures["couplers"] == 1
    between = np.array([True])
    found = fields.from_layout(far, wl_um=[AT_UM], core_between=between)
    assert "core material" in found.unknown_couplings[0]


def test_a_bias_of_the_process_moves_resonances_by_the_index_of_the_new_width() -> None:
    bias_nm = 5.0
    model = circuit_of(BASE)
    section = model.cross_sections[0]
    wl = np.linspace(1.53, 1.57, 8_001)
    names = [end(0, 0), end(0, 21.4)]
    spectra = {bias: power(fields.from_layout(model, wl_um=wl, edge_bias_nm=bias), *names) for bias in (0.0, bias_nm)}

    def tops(bias: float) -> np.ndarray:
        drop = spectra[bias]
        return wl[np.flatnonzero((drop[1:-1] > drop[:-2]) & (drop[1:-1] > drop[2:])) + 1]

    # n_eff and n_g of 500 and 520 nm wide guides (finite elements): 2.44720 and 2.47709, 4.1961 and 4.1628.
    widened = 2 * bias_nm / 20.0
    index_shift, group = widened * (2.47709 - 2.44720), section.n_g.value + widened * (4.1628 - 4.1961)
    before, after = tops(0.0), tops(bias_nm)
    expected = before + before * index_shift / group
    off = np.abs(expected[:, None] - after[None]).min(axis=1)
    assert off[expected < wl[-1]].max() < 0.15e-3
    # The gap closes by twice the bias, and the wider guides hold their light better: as the analysis of power has it.
    # Midway between two resonances, where the drop is the product of both couplings over (1 + what is left)².
    least = {bias: int(np.searchsorted(wl, (tops(bias)[1] + tops(bias)[2]) / 2)) for bias in spectra}
    grown = float(spectra[bias_nm][least[bias_nm]] / spectra[0.0][least[0.0]])
    coupled = {bias: math.prod(shares(model, bias, float(wl[at]))) for bias, at in least.items()}
    assert grown == pytest.approx(coupled[bias_nm] / coupled[0.0], rel=0.02)


def test_guides_of_another_width_have_the_index_of_that_width() -> None:
    narrow, wide = (circuit_of([draw.straight(0, 1000, 0, width)]) for width in (0.5, 0.53))
    assert narrow.cross_sections[0] is narrow.cross_sections[int(wide.tables.waveguides.cross_section[0])]
    wl = np.linspace(1.5499, 1.5501, 3)
    phases = [
        np.unwrap(np.angle(fields.from_layout(one, wl_um=wl).between(end(0, 0), end(1000, 0))))
        for one in (narrow, wide)
    ]
    # Between 520 and 550 nm in the table: n_eff 2.47709 and 2.51610, n_g 4.1628 and 4.1180.
    shift = 2.47709 + (2.51610 - 2.47709) / 3 - 2.44720
    turn = 2 * np.pi * 1000 * shift / 1.55
    assert float((phases[1] - phases[0])[1] - turn + np.pi) % (2 * np.pi) - np.pi == pytest.approx(0.0, abs=1e-3)
    slope = (phases[1] - phases[0])[2] - (phases[1] - phases[0])[0]
    group = 4.1628 - (4.1628 - 4.1180) / 3 - 4.1961
    assert slope == pytest.approx(-2 * np.pi * 1000 * group * 2e-4 / 1.55**2, rel=1e-3)


def test_the_loss_of_a_guide_moves_with_wavelength_as_the_pdk_says() -> None:
    kit = pdk.load(draw.KIT)
    spectrum = LossSpectrum(wavelength_um=(1.53, 1.55, 1.57), db_per_cm=(4.0, 2.0, 3.0), source="made up for this test")
    sections = tuple(one.model_copy(update={"loss_spectrum": spectrum}) for one in kit.cross_sections)
    shapes = draw.library_of([draw.straight(0, 10_000, 0), draw.straight(0, 10_000, 1.4)])
    model = engine.circuit_of(extract(read(shapes), kit.model_copy(update={"cross_sections": sections})))
    wl = np.linspace(1.53, 1.57, 5)
    found = fields.from_layout(model, wl_um=wl)
    loss = model.cross_sections[0].loss_db_per_cm.value
    # All that comes out, of both guides: cut or not, what is lost is lost along the length.
    out = sum(power(found, end(0, 0), end(10_000, y)) for y in (0, 1.4))
    assert found.figures["couplers"] > 0
    assert -10 * np.log10(out) == pytest.approx(loss * np.array([2.0, 1.5, 1.0, 1.25, 1.5]), rel=1e-9)
