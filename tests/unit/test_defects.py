"""What findings and exports say a miss or a bad joint costs: the closed forms of the joint models, in words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import gdstk
import pytest

import waveguard
from waveguard import pdk
from waveguard.cli import main
from waveguard.designs import drawing
from waveguard.models import joint

KIT = pdk.load("siepic-ebeam")
LIGHT = {"n_eff": 2.4472, "n_clad": 1.444, "wavelength_um": 1.55}


def two_guides(
    tmp_path: Path, *, widths: tuple[float, float] = (0.5, 0.5), gap: float = 0.0, aside: float = 0.0
) -> Path:
    """Draw two straight guides of 50 um that meet, or nearly."""
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    top = library.new_cell("top")
    for name, width, x, y in (("left", widths[0], 0.0, 0.0), ("right", widths[1], 50.0 + gap, aside)):
        cell = drawing.waveguide_cell(name, [(0.0, 0.0), (50.0, 0.0)], 5.0, width)
        library.add(cell)
        top.add(gdstk.Reference(cell, (x, y)))
    path = tmp_path / "two.gds"
    library.write_gds(path)
    return path


def said(run: waveguard.Run, code: str) -> list[float]:
    """Return the decibels that the findings of a rule name."""
    messages = [one.message for one in run.findings if one.code == code]
    return [float(found[1]) for found in (re.search(r"loses about ([\d.]+) dB", one) for one in messages) if found]


def radius_um(width_um: float) -> float:
    return float(joint.mode_radius_um(width_um=width_um, **LIGHT))


@pytest.mark.parametrize(("gap", "aside"), [(0.5, 0.0), (0.1, 0.15), (0.0, 0.2)])
def test_a_port_that_misses_another_says_what_that_costs(tmp_path: Path, gap: float, aside: float) -> None:
    run = waveguard.check(two_guides(tmp_path, gap=gap, aside=aside), "siepic-ebeam")
    radius = radius_um(0.5)
    expected = joint.offset_db(offset_um=aside, radius_um=radius, other_radius_um=radius) + joint.gap_db(
        gap_um=gap, radius_um=radius, **LIGHT
    )
    found = said(run, "CN001")
    assert len(found) == 2
    assert found == pytest.approx([float(expected)] * 2, abs=0.06)


def test_a_joint_of_two_widths_says_what_it_costs(tmp_path: Path) -> None:
    run = waveguard.check(two_guides(tmp_path, widths=(0.5, 0.9)), "siepic-ebeam")
    expected = joint.width_step_db(radius_um=radius_um(0.5), other_radius_um=radius_um(0.9))
    assert said(run, "CN002") == pytest.approx([float(expected)], abs=0.006)


def test_the_extraction_names_the_loss_of_a_miss(tmp_path: Path) -> None:
    path = two_guides(tmp_path, gap=0.5)
    out = tmp_path / "found.json"
    assert main(["extract", str(path), "--pdk", "siepic-ebeam", "-o", str(out), "-q"]) == 0
    document = json.loads(out.read_text(encoding="utf-8"))
    losses = document["near_miss_loss_db"]
    assert len(losses) == len(document["tables"]["near_misses"]["port_a"]) == 2
    radius = radius_um(0.5)
    expected = float(joint.gap_db(gap_um=0.5, radius_um=radius, **LIGHT))
    assert losses == pytest.approx([expected] * 2, rel=1e-6)
