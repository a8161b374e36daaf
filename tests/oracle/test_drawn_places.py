"""Crossings, branches and tapers that nobody stated: drawn as bare shapes between couplers, worked out on paper."""

from __future__ import annotations

import math

import gdstk
import numpy as np
import pytest

import waveguard
from waveguard import pdk
from waveguard.analyses import crosstalk as runs_of
from waveguard.designs import cells, drawing
from waveguard.extract import extract
from waveguard.layout import read
from waveguard.models import drawn, widening
from waveguard.optics import SamplePlan, drawn_couplers
from waveguard.pdk.quantity import Quantity

KIT = pdk.load("siepic-ebeam")
STRIP = KIT.cross_section("strip_te_1550_500")
SLAB, CLAD, WAVELENGTH_UM = 2.83793, 1.444, 1.55
PER_UM = STRIP.loss_db_per_cm.value * 1e-4
COUPLERS_DB = 2 * 4.1
GRID_UM = 1e-3


class Bare:
    """Couplers that are cells, and guides that are shapes of the top cell."""

    def __init__(self) -> None:
        self.library = gdstk.Library(unit=1e-6, precision=1e-9)
        self.coupler = cells.grating_coupler()
        self.top = self.library.new_cell("top")
        self.library.add(self.coupler)

    def end(self, name: str, at: tuple[float, float], turn_deg: float) -> None:
        """Place a coupler with its port at a place."""
        self.top.add(gdstk.Reference(self.coupler, at, rotation=math.radians(turn_deg)))
        layer, texttype = drawing.TEXT
        self.top.add(gdstk.Label(f"opt_in_TE_1550_device_{name}", at, layer=layer, texttype=texttype))

    def core(self, points: list[tuple[float, float]]) -> gdstk.Polygon:
        """Draw a core shape."""
        shape = gdstk.Polygon(points, *drawing.CORE)
        self.top.add(shape)
        return shape

    def loss(self, **options: object) -> waveguard.LossReport:
        """Return the loss of its paths."""
        return waveguard.loss(self.library, KIT, **options)  # type: ignore[arg-type]


def of(report: waveguard.LossReport, start: str, end: str) -> int:
    """Return the row of a path, either way round."""
    pairs = list(zip(report.paths["from"].tolist(), report.paths["to"].tolist(), strict=True))
    return pairs.index((start, end)) if (start, end) in pairs else pairs.index((end, start))


def crossed(width_um: float = 0.5, reach_um: float = 100.0) -> Bare:
    layout = Bare()
    half = width_um / 2
    shapes = [
        gdstk.rectangle((-reach_um, -half), (reach_um, half)),
        gdstk.rectangle((-half, -reach_um), (half, reach_um)),
    ]
    for shape in gdstk.boolean(*shapes, "or", precision=1e-6, layer=drawing.CORE[0], datatype=drawing.CORE[1]):
        layout.top.add(shape)
    for name, at, turn in (
        ("west", (-reach_um, 0.0), 0.0),
        ("east", (reach_um, 0.0), 180.0),
        ("south", (0.0, -reach_um), 90.0),
        ("north", (0.0, reach_um), 270.0),
    ):
        layout.end(name, at, turn)
    return layout


def test_two_plain_wires_that_cross_lose_what_is_published() -> None:
    """About 1.5 dB (Sanchis et al., Opt. Lett. 34, 2760 (2009)), and 12 dB below into the other wire."""
    found = crossed().loss()
    row = of(found, "west", "east")
    assert found.paths["n_crossings"][row] == 1
    assert found.paths["crossing_db"][row] == pytest.approx(1.5, abs=0.2)
    assert found.paths["loss_db"][row] == pytest.approx(
        COUPLERS_DB + 200 * PER_UM + found.paths["crossing_db"][row], abs=0.02
    )
    pairs = set(zip(found.paths["from"].tolist(), found.paths["to"].tolist(), strict=True))
    assert not {("west", "north"), ("north", "west")} & pairs
    assert any("drawn_crossing" in path and path.endswith("loss_db") for path in found.assumed)


def test_crossing_wires_disturb_each_other() -> None:
    report = waveguard.crosstalk(crossed().library, KIT)
    assert len(report) == 4
    for level_db in report.victims["same_wavelength_db"]:
        # Two strangers, each 12 dB below; the crossing has taken 1.4 dB from the signal.
        assert level_db == pytest.approx(-12.0 + 1.37 + 10 * math.log10(2), abs=0.5)
    assert any("crosstalk_db" in path for path in report.assumed)


def test_wider_wires_cross_with_less_loss() -> None:
    light = {"n_eff": 2.4472, "n_slab": SLAB, "n_clad": CLAD, "wl_um": WAVELENGTH_UM}
    by_width = [
        drawn.crossing_db(width_um=one, other_width_um=one, angle_rad=math.pi / 2, **light)
        for one in (0.4, 0.5, 1.0, 2.0)
    ]
    assert (np.diff(by_width) < 0).all()
    slanted = drawn.crossing_db(width_um=0.5, other_width_um=0.5, angle_rad=math.radians(30), **light)
    assert slanted > by_width[1]


def test_spreading_across_is_that_of_a_beam() -> None:
    """The overlap of a Gaussian with itself after it spread in the film, by numbers."""
    radius, length = 0.26, 0.75
    x = np.linspace(-40, 40, 2**14)
    k = 2 * np.pi * np.fft.fftfreq(len(x), x[1] - x[0])
    field = np.exp(-((x / radius) ** 2))
    # Paraxial, as the closed form is.
    after = np.fft.ifft(np.fft.fft(field) * np.exp(-0.5j * k**2 * length / (2 * np.pi * SLAB / WAVELENGTH_UM)))
    overlap = abs(np.sum(after * field)) ** 2 / np.sum(field**2) ** 2
    rayleigh = np.pi * SLAB * radius**2 / WAVELENGTH_UM
    assert 5 * math.log10(1 + (length / (2 * rayleigh)) ** 2) == pytest.approx(-10 * math.log10(overlap), abs=1e-6)


def test_a_drawn_branch_halves_the_light() -> None:
    layout = Bare()
    trunk, arm_um, lift_um = 100.0, 150.0, 15.0
    x = np.linspace(0, arm_um, 601)
    rise = lift_um * (1 - np.cos(np.pi * x / arm_um)) / 2
    slope = lift_um * np.pi / (2 * arm_um) * np.sin(np.pi * x / arm_um)
    normal = np.column_stack([-slope, np.ones_like(slope)]) / np.hypot(1, slope)[:, None]
    shapes = [gdstk.rectangle((-trunk, -0.25), (0.5, 0.25))]
    for sign in (1.0, -1.0):
        axis = np.column_stack([x, sign * rise])
        across = normal * (1.0, 1.0) if sign > 0 else normal * (-1.0, 1.0)
        ribbon = np.concatenate([axis + 0.25 * across, (axis - 0.25 * across)[::-1]])
        shapes.append(gdstk.Polygon(np.round(ribbon / GRID_UM) * GRID_UM))
    for shape in gdstk.boolean(shapes, [], "or", precision=1e-6, layer=drawing.CORE[0], datatype=drawing.CORE[1]):
        layout.top.add(shape)
    layout.end("trunk", (-trunk, 0.0), 0.0)
    layout.end("upper", (arm_um, lift_um), 180.0)
    layout.end("lower", (arm_um, -lift_um), 180.0)
    found = layout.loss()
    for arm in ("upper", "lower"):
        row = of(found, "trunk", arm)
        assert found.paths["splitting_db"][row] == pytest.approx(10 * math.log10(2), abs=1e-6)
        assert found.paths["device_db"][row] == pytest.approx(drawn.PLAIN_BRANCH_EXCESS_DB)
    assert "devices.drawn_branch.params.excess_loss_db" in found.assumed


@pytest.mark.parametrize("length_um", [2.0, 5.0, 10.0])
def test_a_drawn_taper_loses_what_eigenmode_expansion_says(length_um: float) -> None:
    """0.5 to 2 um: 0.368, 0.036 and 0 dB (SiEPIC EBeam PDK), here up and down again."""
    layout = Bare()
    wide = 60.0
    x = [-100.0, -wide / 2 - length_um, -wide / 2, wide / 2, wide / 2 + length_um, 100.0]
    y = [0.25, 0.25, 1.0, 1.0, 0.25, 0.25]
    layout.core([*zip(x, y, strict=True), *zip(x[::-1], [-one for one in y[::-1]], strict=True)])
    layout.end("west", (-100.0, 0.0), 0.0)
    layout.end("east", (100.0, 0.0), 180.0)
    found = layout.loss()
    row = of(found, "west", "east")
    alone = widening.taper_db(
        begin_um=0.5, end_um=2.0, length_um=length_um, n_slab=SLAB, n_clad=CLAD, wavelength_um=WAVELENGTH_UM
    )
    published = {2.0: 0.368, 5.0: 0.036, 10.0: 0.0}[length_um]
    assert found.paths["transition_db"][row] == pytest.approx(2 * float(alone[0]), rel=0.05, abs=0.01)
    assert found.paths["transition_db"][row] == pytest.approx(2 * published, abs=0.25)


@pytest.mark.parametrize("bias_nm", [-11.0, 11.0])
def test_a_bias_moves_loss_delay_and_joints(bias_nm: float) -> None:
    layout = Bare()
    layout.core([(-500.0, -0.25), (500.0, -0.25), (500.0, 0.25), (-500.0, 0.25)])
    layout.end("west", (-500.0, 0.0), 0.0)
    layout.end("east", (500.0, 0.0), 180.0)
    plain, moved = layout.loss(), layout.loss(edge_bias_nm=bias_nm)
    # From the mode tables: dn_eff/dw and n_g at 478 and 522 nm.
    slope = {-11.0: 1.81, 11.0: 1.40}[bias_nm]
    factor = 0.1 + 0.9 * (slope / 1.587) ** 2
    assert moved.paths["propagation_db"][0] == pytest.approx(plain.paths["propagation_db"][0] * factor, rel=0.05)
    n_g = np.interp(0.5 + 2e-3 * bias_nm, [0.45, 0.48, 0.5, 0.52, 0.55], [4.2911, 4.2322, 4.1961, 4.1628, 4.1180])
    ratio = moved.paths["group_delay_ps"][0] / plain.paths["group_delay_ps"][0]
    assert ratio == pytest.approx(n_g / 4.1961, rel=1e-4)
    assert moved.edge_bias_nm == bias_nm


def test_guides_lose_more_at_shorter_wavelengths() -> None:
    layout = Bare()
    layout.core([(-5000.0, -0.25), (5000.0, -0.25), (5000.0, 0.25), (-5000.0, 0.25)])
    layout.end("west", (-5000.0, 0.0), 0.0)
    layout.end("east", (5000.0, 0.0), 180.0)
    found = layout.loss(wavelengths_um=[1.53, 1.55, 1.57])
    order = np.argsort(found.paths["wavelength_um"])
    along = found.paths["propagation_db"][order]
    assert along[1] == pytest.approx(1e4 * PER_UM, rel=1e-3)
    assert np.isfinite(along).all()
    assert len(set(along.round(4).tolist())) == 3


HALF_RINGS = [(5.0, 100.0, 0.205567), (10.0, 100.0, 0.283092), (5.0, 200.0, 0.0819594), (10.0, 200.0, 0.113598)]
"""Radius in um, gap in nm, and the phase of the power across (FDTD, truth/ring_point_couplers_fdtd.csv)."""
KAPPA_PER_UM, PHASE_RAD = 0.0401, 0.0819
"""FDTD of ebeam_dc_te1550 over 20 lengths (SiEPIC EBeam PDK): gap 200 nm, bends of 10 um."""


def coupler(length_um: float, gap_um: float = 0.2, radius_um: float = 10.0, name: str = "") -> gdstk.Cell:
    """Return a cell of a directional coupler with marker and pins; both guides turn off by 90 degrees."""
    cell = gdstk.Cell(name or f"ebeam_dc_te1550_L{length_um:g}".replace(".", "p"))
    middle, half = (0.5 + gap_um) / 2, length_um / 2 + radius_um
    for sign in (1.0, -1.0):
        corners = [
            (-half, sign * (middle + 20.0)),
            (-half, sign * middle),
            (half, sign * middle),
            (half, sign * (middle + 20.0)),
        ]
        line = drawing.route(corners, radius_um)
        cell.add(drawing.core(drawing.ribbon(line, 0.5)))
    top = middle + 20.0
    drawing.add_marker(cell, ((-half - 1, -top), (half + 1, top)), "ebeam_dc_te1550")
    for pin, x, y in (("opt1", -half, -top), ("opt2", -half, top), ("opt3", half, -top), ("opt4", half, top)):
        drawing.add_pin(cell, pin, (x, y), 90.0 if y > 0 else -90.0)
    return cell


@pytest.mark.parametrize("length_um", [5.0, 17.5, 30.0, 60.0])
def test_the_split_of_a_coupler_cell_is_that_of_its_shapes(length_um: float) -> None:
    """Within 4 % of the phase, also beyond the length of full exchange (37 um)."""
    cell = coupler(length_um)
    bare = gdstk.Library(unit=1e-6, precision=1e-9)
    bare.new_cell("shapes").add(*cell.get_polygons(layer=1, datatype=0))
    split = drawn_couplers.split_of(extract(read(bare), KIT), KIT)
    assert isinstance(split, drawn_couplers.Split)
    theta = KAPPA_PER_UM * length_um + PHASE_RAD
    off = abs(math.sin(theta * 1.04) ** 2 - math.sin(theta) ** 2)
    assert split.fraction == pytest.approx(math.sin(theta) ** 2, abs=off + 0.002)
    assert split.sigma > 0.0


def around_a_coupler() -> Bare:
    """A coupler cell of 17.5 um with a grating at each of its ports."""
    layout = Bare()
    cell = coupler(17.5)
    layout.library.add(cell)
    layout.top.add(gdstk.Reference(cell))
    top, half = 0.35 + 20.0, 17.5 / 2 + 10.0
    for name, at, turn in (
        ("a", (-half, top), 270.0),
        ("b", (half, top), 270.0),
        ("c", (-half, -top), 90.0),
        ("d", (half, -top), 90.0),
    ):
        layout.end(name, at, turn)
    return layout


def test_a_coupler_whose_split_has_no_source_takes_that_of_its_shapes() -> None:
    layout = around_a_coupler()
    found = layout.loss()
    theta = KAPPA_PER_UM * 17.5 + PHASE_RAD
    share = {"a": math.cos(theta) ** 2, "c": math.sin(theta) ** 2}
    for start, expected in share.items():
        row = of(found, start, "b")
        assert 10 ** (-found.paths["splitting_db"][row] / 10) == pytest.approx(expected, abs=0.04)
    assert not any(path.endswith("cross_fraction") for path in found.assumed)
    narrow = layout.loss(edge_bias_nm=-11.0)
    assert narrow.paths["splitting_db"][of(narrow, "c", "b")] != found.paths["splitting_db"][of(found, "c", "b")]


def test_a_measured_split_is_sampled_with_what_is_not_known_of_it() -> None:
    process = KIT.process.model_copy(update={"edge_bias_nm": Quantity(value=0.0, sigma=3.0)})
    kit = KIT.model_copy(update={"process": process})
    library = around_a_coupler().library
    found = waveguard.loss(library, kit, samples=SamplePlan(20_000, seed=2))
    assert found.sampled is not None
    shares = found.sampled.shares
    name = "devices.directional_coupler[ebeam_dc_te1550_L17p5].params.cross_fraction"
    for start in ("a", "c"):
        row = of(found, start, "b")
        ends = {found.paths[end][row] for end in ("from", "to")}
        mine = [{*pair} == ends for pair in zip(shares["from"].tolist(), shares["to"].tolist(), strict=True)]
        [split] = np.flatnonzero(np.array(mine) & (shares["number"] == name))
        [bias] = np.flatnonzero(np.array(mine) & (shares["number"] == "process.edge_bias_nm"))
        linear = next(part for part in found.uncertainties[row].parts if part.name == name)
        # The split bends the loss: linear propagation is near, not equal.
        assert shares["sigma_db"][split] == pytest.approx(linear.sigma_db, rel=0.15)
        assert 0.0 < shares["sigma_db"][bias] < shares["sigma_db"][split]
        assert (shares["varies_by"][split], shares["varies_by"][bias]) == ("chip", "chip")


def test_a_coupler_that_is_no_pair_of_guides_keeps_the_split_of_the_pdk() -> None:
    layout = Bare()
    cell = gdstk.Cell("ebeam_dc_te1550_body")
    cell.add(gdstk.rectangle((-10, -2), (10, 2), layer=1, datatype=0))
    drawing.add_marker(cell, ((-10, -3), (10, 3)), "ebeam_dc_te1550")
    for pin, x, y, direction in (
        ("opt1", -10.0, -1.0, 180.0),
        ("opt2", -10.0, 1.0, 180.0),
        ("opt3", 10.0, -1.0, 0.0),
        ("opt4", 10.0, 1.0, 0.0),
    ):
        drawing.add_pin(cell, pin, (x, y), direction)
    layout.library.add(cell)
    layout.top.add(gdstk.Reference(cell))
    layout.end("west", (-10.0, 1.0), 0.0)
    layout.end("east", (10.0, 1.0), 180.0)
    found = layout.loss()
    assert found.paths["splitting_db"][0] == pytest.approx(10 * math.log10(2), abs=1e-6)
    assert "devices.directional_coupler.params.cross_fraction" in found.assumed
    assert any(note.startswith("split of ebeam_dc_te1550_body: that of the PDK (0.5)") for note in found.notes)


@pytest.mark.parametrize(("radius_um", "gap_nm", "theta_rad"), HALF_RINGS)
def test_the_split_of_a_half_ring_is_that_of_a_point_coupler(radius_um: float, gap_nm: float, theta_rad: float) -> None:
    """Against simulations in three dimensions, within 6 % as for whole rings of 5 um and more."""
    bare = gdstk.Library(unit=1e-6, precision=1e-9)
    middle = 0.5 + gap_nm * 1e-3 + radius_um
    shapes = [gdstk.rectangle((-radius_um - 5, -0.25), (radius_um + 5, 0.25), layer=1, datatype=0)]
    half = gdstk.ellipse(
        (0, middle),
        radius_um + 0.25,
        inner_radius=radius_um - 0.25,
        initial_angle=math.pi,
        final_angle=2 * math.pi,
        tolerance=2e-4,
        layer=1,
        datatype=0,
    )
    bare.new_cell("half_ring").add(*shapes, half)
    split = drawn_couplers.split_of(extract(read(bare), KIT), KIT)
    assert isinstance(split, drawn_couplers.Split)
    assert math.asin(math.sqrt(split.fraction)) == pytest.approx(theta_rad, rel=0.06)
    # Both guides enter on one side and leave on the other.
    (straight_in, straight_out), (ring_in, ring_out) = split.pairs
    assert np.sign(straight_out[0] - straight_in[0]) == np.sign(ring_out[0] - ring_in[0])


def test_arms_that_part_alike_keep_step() -> None:
    """A coupler of equal arms has no mismatch: all light crosses over where theta is a quarter turn, bends or not."""
    for length_um in (5.0, 30.0):
        bare = gdstk.Library(unit=1e-6, precision=1e-9)
        bare.new_cell("shapes").add(*coupler(length_um).get_polygons(layer=1, datatype=0))
        found = extract(read(bare), KIT)
        result = runs_of.crosstalk(found.tables, found.cross_sections, KIT)
        (theta,), (level_db,) = result.theta_rad, result.coupled_db
        assert 10 ** (level_db / 10) == pytest.approx(math.sin(theta) ** 2, abs=0.003)
        assert result.local_theta_rad[0] == pytest.approx(theta, rel=0.005)
