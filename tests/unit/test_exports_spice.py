"""The netlist as SiEPIC-Tools writes it."""

from __future__ import annotations

import math
from dataclasses import replace
from io import StringIO

import numpy as np
import pytest

from waveguard.exports import Found
from waveguard.exports.spice import _schematic_scale, write_spice


def lines_of(found: Found) -> dict[str, str]:
    """Return the lines of the components, by instance."""
    out = StringIO()
    write_spice(found, out)
    return {line.split()[0]: line for line in out.getvalue().splitlines() if line.startswith(" ")}


def test_pins_are_electrical_then_outer_then_optical_by_name(sample_found: Found) -> None:
    lines = lines_of(sample_found)
    assert lines["gc_te_0"].split()[1:4] == ["link", "N$0", "gc_te"]
    assert lines["ebeam_y_1550_1"].split()[1:5] == ["N$0", "N$1", "N$2", "ebeam_y_1550"]
    assert lines["cell2x2_detector_6"].split()[1:4] == ["cell2x2_detector_6_anode", "cell2x2_detector_1", "N$6"]
    assert lines["taper_5"].split()[1:3] == ["N$3", "out_2"]


def test_the_length_is_the_drawn_one_and_the_rest_is_as_stated(sample_found: Found) -> None:
    line = lines_of(sample_found)["ebeam_wg_integral_1550_2"]
    assert 'wg_length=61.230u wg_width=0.500u points="[[45.0,2.75],[95.0,22.75]]" radius=5.0' in line
    assert "wg_length=49.006u" in lines_of(sample_found)["guide_3"]


@pytest.mark.parametrize(
    ("rotation_deg", "mirrored", "written"),
    [
        (0, False, ""),
        (90, False, " sch_r=270"),
        (180, False, " sch_r=180"),
        (-90, False, " sch_r=90"),
        (0, True, " sch_r=180 sch_f=true"),
        (90, True, " sch_r=90 sch_f=true"),
        (180, True, " sch_f=true"),
        (270, True, " sch_r=270 sch_f=true"),
    ],
)
def test_schematics_turn_the_other_way(rotation_deg: float, mirrored: bool, written: str, sample_found: Found) -> None:
    devices = dict(sample_found.tables["devices"])
    devices["rotation_rad"] = np.full(7, math.radians(rotation_deg))
    devices["mirrored"] = np.full(7, mirrored, dtype=np.uint8)
    line = lines_of(replace(sample_found, tables={**sample_found.tables, "devices": devices}))["gc_te_0"]
    assert line.split("sch_y=0.0E0 ")[1] == written


def test_the_nearest_components_of_a_schematic_stay_apart_and_large_ones_are_bounded() -> None:
    apart = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 6.0], [0.0, 0.0]])
    assert _schematic_scale(apart) == pytest.approx(0.6 / math.sqrt(13))
    grid = np.stack(np.meshgrid(np.arange(200.0), np.arange(200.0)), axis=-1).reshape(-1, 2)
    assert _schematic_scale(grid) == pytest.approx(50.0 / math.hypot(199, 199))
    assert _schematic_scale(grid[:10]) == pytest.approx(0.6)
    assert _schematic_scale(grid[:1]) == 1.0
    assert _schematic_scale(np.zeros((3, 2))) == 1.0


def test_wires_join_electrical_pins_and_only_loose_ones_lead_out(sample_found: Found) -> None:
    ports, nets = dict(sample_found.tables["ports"]), dict(sample_found.tables["nets"])
    ports["kind"] = np.array([*ports["kind"][:11], 1, *ports["kind"][12:]], dtype=np.uint8)
    joint = {"port_a": 11, "port_b": 14}
    nets = {name: np.append(np.delete(column, 3), joint.get(name, 0)) for name, column in nets.items()}
    found = replace(sample_found, tables={**sample_found.tables, "ports": ports, "nets": nets})
    lines = lines_of(found)
    assert lines["taper_5"].split()[1:3] == ["E$0", "out_2"]
    assert lines["cell2x2_detector_6"].split()[1] == "E$0"
