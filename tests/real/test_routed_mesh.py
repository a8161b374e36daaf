"""A routed mesh end to end, from its drawn geometry to the loss that its router printed.

The router charges 1.5 dB/cm, 0.01 dB per 90 degrees of accumulated bend, 0.5 dB per crossing, and the losses of its
netlist for the devices: 2.0 dB a grating, 0.3 dB a splitter, 1.2 dB an interferometer, no splits. The interferometers
count as one device each here as they do there.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import waveguard
from waveguard import pdk
from waveguard.models import CAUSES
from waveguard.optics import LossReport
from waveguard.pdk import Pdk
from waveguard.pdk.devices import DevicePattern
from waveguard.pdk.sections import BendLoss

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

LAYOUT = "LiDAR__clements_8x8_routed.gds"
SWITCH = {
    "name": "mesh_switch",
    "cells": ["mzi_DL10_LY2_LX200*"],
    "role": "device",
    "kind": "coupler_2x2",
    "ports": {"in1": ["o1"], "in2": ["o2"], "out1": ["o4"], "out2": ["o3"]},
    "params": {"excess_loss_db": 1.2, "cross_fraction": 0.5},
}
MODULATOR = {
    "name": "mesh_modulator",
    "cells": ["mzi_DL10_LY2_LX0p1*"],
    "role": "device",
    "kind": "two_port",
    "params": {"loss_db": 1.2},
}


def router_kit() -> Pdk:
    """Return the PDK with the constants of the router."""
    kit = pdk.load("generic-si220-o")
    bends = BendLoss.model_validate(
        {"table": [{"radius_um": 5.0, "db_per_90deg": 0.01}], "includes_propagation": False}
    )
    sections = tuple(one.model_copy(update={"bend_loss": bends}) for one in kit.cross_sections)
    devices = (DevicePattern.model_validate(SWITCH), DevicePattern.model_validate(MODULATOR), *kit.devices)
    return kit.model_copy(update={"cross_sections": sections, "devices": devices})


@pytest.fixture(scope="module")
def report(layouts_dir: Path) -> LossReport:
    return waveguard.loss(layouts_dir / LAYOUT, router_kit(), threads=2)


def test_the_worst_path_has_the_loss_of_the_router(report: LossReport, layouts_dir: Path) -> None:
    log = (layouts_dir / "truth" / f"{LAYOUT}.router.log").read_text(encoding="utf-8")
    last = re.search(r"criticalPath: .* WL: ([\d.]+), .*Max Insertion loss: ([\d.]+)", log)
    assert last is not None
    loss_db = report.paths["loss_db"] - report.paths["splitting_db"]
    worst = int(loss_db.argmax())
    assert loss_db[worst] == pytest.approx(float(last[2]), abs=0.05)
    assert report.paths["length_um"][worst] == pytest.approx(float(last[1]), abs=1.0)
    assert report.paths["n_crossings"][worst] == 0


def test_devices_cost_what_the_netlist_says(report: LossReport) -> None:
    devices_db = report.paths["device_db"] + report.paths["coupler_db"]
    assert devices_db.max() == pytest.approx(15.70)
    # 1300 ways from the one grating to eight, and as many back.
    assert report.total_paths == 2 * 1300
    assert len(report) == 8
    assert report.loops == ()
    assert report.incomplete == ()


def test_nothing_is_left_out(report: LossReport) -> None:
    total = sum(report.paths[f"{cause}_db"] for cause in CAUSES)
    assert total == pytest.approx(report.paths["loss_db"])
    assert (report.paths["group_delay_ps"] > report.paths["length_um"] * 3.3e-3).all()
