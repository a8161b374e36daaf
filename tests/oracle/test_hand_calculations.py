"""Small layouts whose loss, coupling and margin can be worked out on paper, drawn and checked as users do it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, TypeAlias

import gdstk
import numpy as np
import pytest

import waveguard
from waveguard.designs import cells, drawing

Corners: TypeAlias = list[tuple[float, float]]

UNIT_M, DBU_M = 1e-6, 1e-9
STRAIGHT_DB_PER_UM, CURVED_DB_PER_UM = 1.16e-4, 3.79e-4
COUPLERS_DB = 2 * 4.1
KAPPA_200_NM, KAPPA_1000_NM = 4.13369e-2, 4.55046e-5
"""Per um: 500 x 220 nm silicon at 1550 nm, full-vector finite elements."""


class Layout:
    """A top cell with links: coupler, guide, coupler."""

    def __init__(self, coupler: gdstk.Cell | None = None) -> None:
        self.library = gdstk.Library(unit=UNIT_M, precision=DBU_M)
        self.top = self.library.new_cell("top")
        self.coupler = coupler or cells.grating_coupler()
        self.library.add(self.coupler)

    def place(self, cell: gdstk.Cell, at: tuple[float, float] = (0.0, 0.0), turn_rad: float = 0.0) -> None:
        """Place a cell; the file gets it with its first place."""
        if cell.name not in {one.name for one in self.library.cells}:
            self.library.add(cell)
        self.top.add(gdstk.Reference(cell, at, rotation=turn_rad))

    def end(self, name: str, at: tuple[float, float], towards: tuple[float, float]) -> None:
        """Place a coupler that sends light from `at` towards a place, with its label."""
        self.place(self.coupler, at, math.atan2(towards[1] - at[1], towards[0] - at[0]))
        layer, texttype = drawing.TEXT
        self.top.add(gdstk.Label(f"opt_in_TE_1550_device_{name}", at, layer=layer, texttype=texttype))

    def guide(self, name: str, corners: Corners, radius_um: float = 10.0, width_um: float = 0.5) -> None:
        """Draw a guide."""
        self.place(drawing.waveguide_cell(name, corners, radius_um, width_um))

    def link(self, name: str, corners: Corners, radius_um: float = 10.0, width_um: float = 0.5) -> None:
        """Draw a guide with a coupler `NAME_in` at its beginning and `NAME_out` at its end."""
        self.guide(f"guide_{name}", corners, radius_um, width_um)
        self.end(f"{name}_in", corners[0], corners[1])
        self.end(f"{name}_out", corners[-1], corners[-2])

    def check(self, folder: Path, budget: str, pdk: str = "siepic-ebeam") -> waveguard.Run:
        """Check it against a budget."""
        path = folder / "layout.gds"
        self.library.write_gds(path)
        (folder / "budget.toml").write_text(budget, encoding="utf-8")
        return waveguard.check(path, pdk, folder / "budget.toml")


def row(run: waveguard.Run, table: str, first: str) -> dict[str, Any]:
    """Return a row of a result table by what stands in its first column (or its second, after the top cell)."""
    (found,) = [one for one in run.tables if one.name == table]
    (cells_,) = [cells_ for cells_ in found.rows if first in cells_[:2]]
    return dict(zip([column.name for column in found.columns], cells_, strict=True))


def ledger(text: str) -> dict[str, float]:
    """Return the losses of a ledger by cause."""
    return {name: float(value) for name, value in (item.rsplit(" ", 1) for item in text.split(", "))}


def link_toml(name: str, to: str = "", *, more: str = "") -> str:
    """Return a link of a budget."""
    ends = f'from = "{name}_in"\nto = "{to or name + "_out"}"\n'
    return f'[[link]]\nname = "{name}"\n{ends}laser_power_dbm = 10.0\nsensitivity_dbm = -10.0\n{more}'


def test_a_centimetre_of_guide_loses_its_loss_per_centimetre(tmp_path: Path) -> None:
    layout = Layout()
    layout.link("cm", [(0, 0), (10_000, 0)])
    found = row(layout.check(tmp_path, link_toml("cm")), "links", "cm")
    assert found["path_loss_db"] == pytest.approx(STRAIGHT_DB_PER_UM * 1e4 + COUPLERS_DB, abs=1e-4)
    assert found["margin_db"] == pytest.approx(20.0 - STRAIGHT_DB_PER_UM * 1e4 - COUPLERS_DB, abs=1e-4)
    # Each coupler once, whichever way light passes it.
    assert ledger(found["ledger"]) == {"propagation": 1.16, "coupler": COUPLERS_DB}


@pytest.mark.parametrize(("radius_um", "bend_db"), [(5.0, 0.0112), (10.0, 0.0069)])
@pytest.mark.parametrize("degrees", [90, 45])
def test_a_bend_loses_by_its_turn_beyond_its_length(
    tmp_path: Path, radius_um: float, bend_db: float, degrees: int
) -> None:
    layout = Layout()
    angle = math.radians(degrees)
    n_bends = 8
    corners, heading = [(0.0, 0.0), (100.0, 0.0)], 0.0
    for k in range(n_bends):
        heading += angle if k % 2 == 0 else -angle
        x, y = corners[-1]
        corners.append((round(x + 100 * math.cos(heading), 3), round(y + 100 * math.sin(heading), 3)))
    layout.link("bent", corners, radius_um)
    run = layout.check(tmp_path, link_toml("bent"))
    found = row(run, "links", "bent")
    length_um = row(run, "paths", "bent_in")["length_um"]
    expected = n_bends * bend_db * degrees / 90
    tangents_um = radius_um * math.tan(angle / 2)
    assert length_um == pytest.approx((n_bends + 1) * 100 + n_bends * (radius_um * angle - 2 * tangents_um), abs=0.02)
    # The measured radius is off by a percent or two, and the loss of a bend falls with its radius.
    curved_um = n_bends * radius_um * angle
    along_db = (length_um - curved_um) * STRAIGHT_DB_PER_UM + curved_um * CURVED_DB_PER_UM
    assert found["path_loss_db"] - COUPLERS_DB - along_db == pytest.approx(expected, rel=0.02)


def test_a_y_branch_halves_the_light_and_has_an_excess(tmp_path: Path) -> None:
    layout = Layout()
    layout.place(cells.y_branch(), (100, 0))
    half, pitch = cells.Y_HALF_LENGTH_UM, cells.Y_HALF_PITCH_UM
    layout.guide("trunk", [(0, 0), (100 - half, 0)])
    layout.guide("arm", [(100 + half, pitch), (300, pitch)])
    layout.end("y_in", (0, 0), (1, 0))
    layout.end("y_out", (300, pitch), (0, pitch))
    found = row(layout.check(tmp_path, link_toml("y")), "links", "y")
    length_um = 300 - 2 * half
    assert ledger(found["ledger"]) == {"propagation": 0.03, "splitting": 3.01, "device": 0.22, "coupler": COUPLERS_DB}
    assert found["path_loss_db"] == pytest.approx(
        COUPLERS_DB + 10 * math.log10(2) + 0.224 + length_um * STRAIGHT_DB_PER_UM, abs=1e-4
    )


def grating(name: str, width_um: float) -> gdstk.Cell:
    """Return a stand-in for a coupler: pin at the origin pointing to +x."""
    cell = gdstk.Cell(name)
    cell.add(drawing.core(np.array([(-50, -0.1), (0, -width_um / 2), (0, width_um / 2), (-50, 0.1)])))
    drawing.add_marker(cell, ((-50, -5), (0, 5)), name)
    drawing.add_pin(cell, "opt1", (0, 0), 0.0, width_um)
    return cell


def nitride(cell: gdstk.Cell) -> gdstk.Cell:
    """Move the core to the nitride layer."""
    for shape in cell.polygons:
        if (shape.layer, shape.datatype) == drawing.CORE:
            shape.layer = 4
    cell.remove(*(label for label in cell.labels if label.text.startswith("Component=ebeam_wg")))
    return cell


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize(("shape", "steps"), [("S", 1 + 4 + 1), ("U", 1 + 1)])
def test_mode_mismatch_counts_each_step_of_curvature(tmp_path: Path, shape: str, steps: int, cut: bool) -> None:
    """Nitride without a bend table, A = 22.1 dB um²: an S steps by 1/R, 2/R and 1/R, a U by 1/R twice."""
    radius_um, length_um = 120.0, 2 * (100 + 120 * math.pi / 2)
    far = (2 * radius_um + 100, 2 * radius_um) if shape == "S" else (-100.0, 2 * radius_um)
    layout = Layout(nitride(grating("GC_SiN_TE_1550_x", 1.0)))
    # A corner that leaves no straight at all: half a grid step less than the radius.
    fit = radius_um - 5e-4
    if cut:
        bend = nitride(drawing.waveguide_cell("bend", [(0, 0), (radius_um, 0), (radius_um, radius_um)], fit, 1.0))
        layout.place(bend)
        turned = {"S": {"rotation": math.pi, "origin": (2 * radius_um, 2 * radius_um)}}
        mirrored = {"U": {"x_reflection": True, "origin": (0, 2 * radius_um)}}
        layout.top.add(gdstk.Reference(bend, **(turned | mirrored)[shape]))  # type: ignore[arg-type]
        first, last = far[0] - math.copysign(100, far[0]), far[1]
        for name, corners in (("one", [(-100, 0), (0, 0)]), ("two", [(first, last), far])):
            layout.place(nitride(drawing.waveguide_cell(name, corners, 1.0, 1.0)))
    else:
        corners = [(-100, 0), (radius_um, 0), (radius_um, 2 * radius_um), far]
        layout.place(nitride(drawing.waveguide_cell("whole", corners, fit, 1.0)))
    layout.end("n_in", (-100, 0), (0, 0))
    layout.end("n_out", far, (radius_um, far[1]))
    found = row(layout.check(tmp_path, link_toml("n")), "links", "n")
    bend_db = found["path_loss_db"] - 2 * 5.0 - length_um * 1e-4
    assert bend_db == pytest.approx(steps * 22.1 / radius_um**2, rel=0.01)


@pytest.mark.parametrize(
    ("gap_um", "length_um", "kappa_per_um"),
    [(0.2, 38.0, KAPPA_200_NM), (0.2, 19.0, KAPPA_200_NM), (1.0, 1000.0, KAPPA_1000_NM)],
)
def test_two_straight_guides_exchange_light_as_coupled_modes_say(
    tmp_path: Path, gap_um: float, length_um: float, kappa_per_um: float
) -> None:
    layout = Layout()
    for k in range(2):
        y = k * (0.5 + gap_um)
        layout.guide(f"guide_{k}", [(0, y), (length_um, y)])
    layout.link("far", [(0, 500), (100, 500)])
    found = row(layout.check(tmp_path, link_toml("far")), "neighbours", "guide_0")
    assert found["gap_um"] == pytest.approx(gap_um, abs=1e-3)
    assert found["coupled_db"] == pytest.approx(20 * math.log10(math.sin(kappa_per_um * length_um)), abs=0.01)


def test_isolation_of_two_lines_is_two_couplers_and_the_coupling(tmp_path: Path) -> None:
    """1 um of gap over 1 mm: 26.8 dB between the guides, and on the mean half of either guide along it."""
    layout = Layout()
    layout.link("a", [(0, 0), (1000, 0)])
    layout.link("b", [(-60, 60), (-20, 60), (-20, 1.5), (1020, 1.5), (1020, 60), (1060, 60)])
    run = layout.check(tmp_path, '[[assert]]\ncheck = "isolation(a_in, b_out) > 30 dB"\n')
    (found,) = next(one for one in run.tables if one.name == "assertions").rows
    assert found[1] == "pass"
    along_db = STRAIGHT_DB_PER_UM * (1000 + 1160) / 2
    coupled_db = 20 * math.log10(math.sin(KAPPA_1000_NM * 1000))
    assert found[2] == pytest.approx(COUPLERS_DB + along_db - coupled_db, abs=0.05)


def test_the_difference_of_two_arms_is_known_to_nanometres(tmp_path: Path) -> None:
    """A corner of radius R is shorter by (2 - π/2)·R than its legs."""
    layout = Layout()
    for name, radius_um, x in (("r10", 10.0, 0.0), ("r5", 5.0, 300.0)):
        layout.link(name, [(x, 0), (x + 100, 0), (x + 100, 100)], radius_um)
    statement = "|dL(r10_in -> r10_out, r5_in -> r5_out)| < {} nm"
    text = "".join(f'[[assert]]\ncheck = "{statement.format(limit)}"\n' for limit in (2140, 2150))
    found = next(one for one in layout.check(tmp_path, text).tables if one.name == "assertions").rows
    assert [one[1] for one in found] == ["fail", "pass"]
    assert found[0][2] == pytest.approx((2 - math.pi / 2) * 5e3, abs=3.0)


def test_the_ledger_of_a_transmitter_lane_adds_up(tmp_path: Path) -> None:
    """A 100G lane fed by a 20 dBm source: two edge couplers and 6 mm of guide drawn, the rest stated."""
    extra = {
        "fibre and connectors": 1.0,
        "1:4 split": 10 * math.log10(4),
        "split excess": 0.4,
        "modulator": 4.0,
        "quadrature bias": 10 * math.log10(2),
        "detachable connector": 1.0,
    }
    layout = Layout(grating("edge_coupler", 0.45))
    layout.link("lane", [(0, 0), (6000, 0)], width_um=0.45)
    losses = ", ".join(f'{{ name = "{name}", loss_db = {loss_db} }}' for name, loss_db in extra.items())
    text = link_toml("lane", more=f"extra_losses = [{losses}]\n").replace("= 10.0", "= 20.0")
    text = text.replace("lane_in", "edge_coupler@(0,0)").replace("lane_out", "edge_coupler@(6000,0)")
    found = row(layout.check(tmp_path, text, "generic-si220-o"), "links", "lane")
    assert found["path_loss_db"] == pytest.approx(1.5 + 0.9 + 1.5, abs=1e-4)
    assert found["received_dbm"] == pytest.approx(0.67, abs=0.005)
    assert found["margin_db"] == pytest.approx(10.67, abs=0.005)
    # Fan-out stands in the budget here; it is no loss of the layout too.
    assert "splitting" not in ledger(found["ledger"])
