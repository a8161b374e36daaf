"""Exports of real layouts: the golden netlist of SiEPIC-Tools, the netlists of gdsfactory, and names everywhere."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml

from waveguard.exports import Found, export_for
from waveguard.exports.gather import gather
from waveguard.exports.names import instance_names, port_labels, terminal_names
from waveguard.extract import Extraction

pytestmark = pytest.mark.real
COMPONENT = re.compile(r'^ (\S+)\s+(.*?) (?:library="([^"]*)")?\s*((?:[a-z_]\w*=.*)?)$')
LENGTH_UM = re.compile(r"wg_length=([\d.]+)u")


def written(found: Found, suffix: str) -> str:
    """Return what a writer of text writes."""
    out = StringIO()
    export_for(Path(f"x{suffix}")).write(found, out)
    return out.getvalue()


def components(spice: str) -> dict[str, tuple[str, list[str], str | None]]:
    """Return component, nets and stated length by instance."""
    found = {}
    for line in spice.splitlines():
        match = COMPONENT.match(line)
        if match:
            *nets, component = match[2].split()
            length = LENGTH_UM.search(line)
            found[match[1]] = (component, nets, length[1] if length else None)
    return found


def test_the_golden_netlist_of_siepic_tools(layouts_dir: Path, extracted: Callable[[str], Extraction]) -> None:
    name = "SiEPIC-Tools__MZI_KLayout.gds"
    golden = (layouts_dir / "truth" / f"{name}.spi").read_text(encoding="utf-8")
    ours = written(gather(extracted(name)), ".spi")
    right, found = components(golden), components(ours)
    assert list(found) == list(right)
    assert len(found) == 7
    renamed: dict[str, str] = {}
    for instance, (component, nets, length) in right.items():
        assert found[instance][0] == component
        assert found[instance][2] == length
        assert len(found[instance][1]) == len(nets)
        for net, own in zip(nets, found[instance][1], strict=True):
            assert renamed.setdefault(own, net) == net
    assert len(set(renamed.values())) == len(renamed) == 9
    # Where a component stands in layout and schematic, and what else is stated, is the same text.
    tails = [
        [line[line.index(" lay_x") :] for line in text.splitlines() if " lay_x" in line] for text in (golden, ours)
    ]
    assert [tail.split() for tail in tails[0]] == [tail.split() for tail in tails[1]]
    points = re.compile(r'points="[^"]*" radius=\S+')
    assert points.findall(golden) == points.findall(ours)


@pytest.mark.parametrize("name", ["cspdk__mzi_sc.gds", "ubc__spiral.gds"])
def test_the_netlists_of_gdsfactory(name: str, layouts_dir: Path, extracted: Callable[[str], Extraction]) -> None:
    right = yaml.safe_load((layouts_dir / "truth" / f"{name}.netlist.yml").read_text(encoding="utf-8"))
    found = yaml.safe_load(written(gather(extracted(name)), ".yaml"))

    def places(document: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
        at = document["placements"]
        return {
            instance: (
                what["component"],
                round(at[instance]["x"], 3),
                round(at[instance]["y"], 3),
                at[instance]["rotation"] % 360,
                at[instance]["mirror"],
            )
            for instance, what in document["instances"].items()
        }

    ours, theirs = places(found), places(right)
    # An instance is known by what it is and where it lies; its name is free.
    renamed = {}
    by_place: dict[tuple[Any, ...], list[str]] = {}
    for instance, place in theirs.items():
        by_place.setdefault(place, []).append(instance)
    for instance, place in ours.items():
        renamed[instance] = by_place[place].pop()
    assert len(renamed) == len(theirs)

    def joints(document: dict[str, Any], names: dict[str, str]) -> set[frozenset[str]]:
        ends = [[net[side].split(",") for side in ("p1", "p2")] for net in document["nets"]]
        return {frozenset(f"{names[instance]},{port}" for instance, port in pair) for pair in ends}

    assert joints(found, renamed) == joints(right, {instance: instance for instance in theirs})
    ends = {name: end.split(",") for name, end in found["ports"].items()}
    assert {name: f"{renamed[instance]},{port}" for name, (instance, port) in ends.items()} == right["ports"]
    for instance, what in found["instances"].items():
        stated = right["instances"][renamed[instance]]["info"].get("length")
        if stated is not None and "centerline_length_um" in what["info"]:
            assert what["info"]["centerline_length_um"] == pytest.approx(stated, abs=0.02)


def test_names_are_valid_and_none_comes_twice(layout_name: str, extracted: Callable[[str], Extraction]) -> None:
    found = gather(extracted(layout_name))
    names, labels, terminals = instance_names(found), port_labels(found), terminal_names(found)
    for group in (names, labels, terminals):
        assert len(set(group)) == len(group)
    assert all(name.isidentifier() and name.isascii() for name in (*names, *terminals))
    rows = list(csv.DictReader(StringIO(written(found, ".csv"))))
    assert len(rows) == found.rows("waveguides")
