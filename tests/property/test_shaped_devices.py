"""Devices of other shapes than guides are found, with all of their ports, in whatever way they are drawn."""

from __future__ import annotations

import functools
from collections import Counter

import gdstk
import pytest

from variants import devices, hierarchy, order, place
from variants.network import DEVICE, OPEN, Network, network_of
from variants.same import differences
from variants.shapes import SHAPES, Variant, odd_angle
from waveguard import engine, pdk
from waveguard.extract import extract
from waveguard.layout import read

PDK = pdk.load("siepic-ebeam")
SEEDS = range(3)


def flat(library: gdstk.Library) -> gdstk.Library:
    return place.on_grid(hierarchy.flattened(library))


def on_flat(name: str, variant: Variant) -> Variant:
    # What turns a drawing flattens it by itself: put on the grid twice, joints would be off by more than they may be.
    return variant if name.endswith("turned") else lambda library, seed: variant(flat(library), seed)


# Each takes a library with a cell for the device and for each guide.
DRAWN: dict[str, Variant] = {
    "flat": lambda library, _: flat(library),
    "in cells, turned": lambda library, seed: place.wrapped(library, odd_angle(seed)),
    "in cells, in another order": order.shuffled,
    **{f"flat, {name}": on_flat(name, variant) for name, variant in SHAPES.items()},
}


def seen(library: gdstk.Library) -> tuple[Network, Counter[tuple[str, str]]]:
    """Return the network, and the findings by rule and severity."""
    findings = engine.check(library, pdk="siepic-ebeam").findings
    return network_of(extract(read(library), PDK)), Counter((one.code, str(one.severity)) for one in findings)


@functools.cache
def as_drawn(kind: str, seed: int) -> tuple[Network, Counter[tuple[str, str]]]:
    return seen(devices.library(seed, kind))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", devices.DEVICES)
def test_a_device_is_found_with_the_guides_at_its_ports(kind: str, seed: int) -> None:
    network, findings = as_drawn(kind, seed)
    number = devices.n_ports(kind)
    placed = Counter({(OPEN, 1): devices.N_PLACED * number})
    if kind != "coupler":
        # Two guides that do not touch are none.
        placed[DEVICE, number] = devices.N_PLACED
    assert Counter(node.label for node in network.nodes) == placed
    assert findings == {("CN001", "info"): devices.N_PLACED * number}


@pytest.mark.parametrize("variant", DRAWN)
@pytest.mark.parametrize("kind", devices.DEVICES)
def test_a_device_drawn_otherwise_is_the_same(kind: str, variant: str) -> None:
    for seed in SEEDS:
        network, findings = as_drawn(kind, seed)
        other, other_findings = seen(DRAWN[variant](devices.library(seed, kind), seed))
        assert differences(network, other, lengths=False) == []
        assert other_findings == findings, (seed, variant)


@pytest.mark.parametrize("kind", [kind for kind in devices.DEVICES if "crossing" in kind])
def test_an_arm_without_a_guide_is_an_open_end(kind: str) -> None:
    for seed in SEEDS:
        library = devices.library(seed, kind)
        library.remove(next(cell for cell in library.cells if cell.name.startswith("guide")))
        top = next(cell for cell in library.cells if cell.name == "circuit")
        top.remove(*(one for one in top.references if one.cell not in library.cells))
        _, findings = seen(library)
        open_ends = sum(number for (code, _), number in findings.items() if code == "CN001")
        # That of the guide is gone, that of the arm is new.
        assert open_ends == devices.N_PLACED * devices.n_ports(kind), seed
