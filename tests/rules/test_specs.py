"""Runs the specs of the rules: every case of every `CODE.md` in this folder.

A spec is prose. Each of its `##` headings is a case, with a fenced block ```` ```layout ```` and one
```` ```findings ```` (and, where links are judged, one ```` ```budget ```` in the form of budget files). The layout
block draws, in µm and degrees:

    cell NAME                                    begins a cell; the last one is the top
      box LAYER X0 Y0 X1 Y1                      LAYER is core, marker, pin, text or L/D
      taper LAYER X0 WIDTH0 X1 WIDTH1            along the x axis
      pin NAME X Y HEADING WIDTH                 the heading points out of the device
      text LAYER X Y WORDS …
      boxes COUNT PITCH LENGTH WIDTH X Y           a row of core boxes along x, the first from X on
      guide WIDTH X Y HEADING : PIECES           core, device marker 0.2 µm wider on each side, pins `a` and `b`
      strip WIDTH X Y HEADING : PIECES           only the core
      place CELL X Y [ANGLE] [mirror]
    PIECES are, separated by commas: straight LENGTH | turn RADIUS ANGLE | taper LENGTH WIDTH
    The cell `coupler` is there without being drawn: a fibre coupler whose one pin `o` is at its origin and looks to +x.

The findings block lists all findings that are no mere info, one a line, in the order of the report, or says `none`:

    CODE severity at (X, Y): part of the message [; measured VALUE +- ERROR] [; hint: part of the hint]

and may end in lines `not evaluated CODE: part of the reason` and `exit N`. A case without them must have no
rule that was not evaluated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gdstk
import numpy as np
import pytest

import waveguard
from waveguard.findings import Finding, Severity
from waveguard.rules import all_rules

FOLDER = Path(__file__).resolve().parent
PDK = FOLDER / "spec_pdk.toml"
LAYERS = {"core": (1, 0), "pin": (1, 10), "marker": (68, 0), "text": (10, 0)}
COUPLER = """
cell coupler
  box core -10 -0.25 0 0.25
  box marker -10 -4 0 4
  pin o 0 0 0 0.5
"""
PIN_LENGTH_UM = 0.02
MARKER_MARGIN_UM = 0.2
# Chords leave their arc by less than the grid of 1 nm can show.
CHORD_ERROR_UM = 0.0002
PLACE_TOLERANCE_UM = 0.05
# Where a turned chip is moved to, and how far apart two copies of a circuit lie.
SHIFT_UM, APART_UM = (123.456, -78.9), (3000.0, 1000.0)

EXPECTED = re.compile(
    r"(?P<code>[A-Z]{2}\d{3}) (?P<severity>error|warning)(?: at \((?P<x>[-+\d.]+), (?P<y>[-+\d.]+)\))?"
    r": (?P<message>[^;]+)"
    r"(?:; measured (?P<measured>[-+\d.]+) \+- (?P<error>[\d.]+))?(?:; hint: (?P<hint>[^;]+))?$"
)


@dataclass(frozen=True)
class Case:
    """One case of a spec."""

    code: str
    title: str
    layout: str
    budget: str
    expected: tuple[str, ...]


def read_cases() -> Iterator[Case]:
    for path in sorted(FOLDER.glob("*.md")):
        for part in path.read_text(encoding="utf-8").split("\n## ")[1:]:
            blocks = dict(re.findall(r"^```(\w+)\n(.*?)^```$", part, re.DOTALL | re.MULTILINE))
            title = part.partition("\n")[0].strip()
            assert {"layout", "findings"} <= set(blocks), f"{path.name}, {title}: needs a layout and a findings block"
            expected = tuple(line.strip() for line in blocks["findings"].splitlines() if line.strip())
            yield Case(path.stem, title, blocks["layout"], blocks.get("budget", ""), expected)


CASES = list(read_cases())


def draw(text: str) -> gdstk.Library:
    """Return the library that a layout block describes."""
    library = gdstk.Library(unit=1e-6, precision=1e-9)
    cell: gdstk.Cell | None = None
    for line in ((COUPLER if "place coupler" in text else "") + text).splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == "cell":
            cell = library.new_cell(words[1])
        else:
            assert cell is not None, f"before the first cell: {line}"
            draw_line(library, cell, words)
    return library


def draw_line(library: gdstk.Library, cell: gdstk.Cell, words: list[str]) -> None:
    command, *rest = words
    if command == "box":
        x0, y0, x1, y1 = map(float, rest[1:5])
        cell.add(gdstk.rectangle((x0, y0), (x1, y1), **layer(rest[0])))
    elif command == "taper":
        x0, width, x1, other = map(float, rest[1:5])
        corners = [(x0, -width / 2), (x1, -other / 2), (x1, other / 2), (x0, width / 2)]
        cell.add(gdstk.Polygon(corners, **layer(rest[0])))
    elif command == "boxes":
        pitch, length, width, x, y = map(float, rest[1:6])
        for k in range(int(rest[0])):
            low, high = (x + k * pitch, y - width / 2), (x + k * pitch + length, y + width / 2)
            cell.add(gdstk.rectangle(low, high, **layer("core")))
    elif command == "pin":
        x, y, heading, width = map(float, rest[1:5])
        add_pin(cell, rest[0], np.array([x, y]), math.radians(heading), width)
    elif command == "text":
        text_layer = layer(rest[0])
        x, y = map(float, rest[1:3])
        label = gdstk.Label(" ".join(rest[3:]), (x, y), layer=text_layer["layer"], texttype=text_layer["datatype"])
        cell.add(label)
    elif command in ("guide", "strip"):
        add_guide(cell, rest, with_pins=command == "guide")
    elif command == "place":
        angle = float(rest[3]) if len(rest) > 3 and rest[3] != "mirror" else 0.0
        origin = (float(rest[1]), float(rest[2]))
        # A cell that is not drawn is referred to by its name, as gdstk does for a missing one.
        target = next((known for known in library.cells if known.name == rest[0]), rest[0])
        cell.add(gdstk.Reference(target, origin, math.radians(angle), x_reflection="mirror" in rest))
    else:
        raise AssertionError(f"unknown command: {command}")


def layer(name: str) -> dict[str, int]:
    number, datatype = LAYERS[name] if name in LAYERS else tuple(map(int, name.split("/")))
    return {"layer": number, "datatype": datatype}


def add_pin(cell: gdstk.Cell, name: str, at: np.ndarray, heading_rad: float, width_um: float) -> None:
    out = np.array([math.cos(heading_rad), math.sin(heading_rad)]) * PIN_LENGTH_UM / 2
    cell.add(gdstk.FlexPath([at - out, at + out], width_um, simple_path=True, **layer("pin")))
    cell.add(gdstk.Label(name, tuple(at), layer=1, texttype=10))


def add_guide(cell: gdstk.Cell, rest: list[str], *, with_pins: bool) -> None:
    width, x, y, heading = map(float, rest[:4])
    assert rest[4] == ":", "a colon before the pieces"
    points, normals, widths = [np.array([x, y])], [normal(math.radians(heading))], [width]
    angle = math.radians(heading)
    for piece in " ".join(rest[5:]).split(","):
        kind, *numbers = piece.split()
        start = points[-1]
        if kind == "turn":
            radius, turn = float(numbers[0]), math.radians(float(numbers[1]))
            steps = max(8, math.ceil(abs(turn) / (2 * math.acos(1 - CHORD_ERROR_UM / radius))))
            centre = start + math.copysign(radius, turn) * normal(angle)
            for step in np.linspace(0, turn, steps + 1)[1:]:
                points.append(centre - math.copysign(radius, turn) * normal(angle + step))
                normals.append(normal(angle + step))
                widths.append(widths[-1])
            angle += turn
        else:
            points.append(start + float(numbers[0]) * np.array([math.cos(angle), math.sin(angle)]))
            normals.append(normal(angle))
            widths.append(float(numbers[1]) if kind == "taper" else widths[-1])
    shapes = [("core", 0.0)] + ([("marker", MARKER_MARGIN_UM)] if with_pins else [])
    for name, margin in shapes:
        half = np.array(widths)[:, None] / 2 + margin
        left, right = np.array(points) + half * normals, np.array(points) - half * normals
        cell.add(gdstk.Polygon(np.vstack([left, right[::-1]]), **layer(name)))
    if with_pins:
        add_pin(cell, "a", points[0], math.radians(heading) + math.pi, widths[0])
        add_pin(cell, "b", points[-1], angle, widths[-1])


def normal(angle_rad: float) -> np.ndarray:
    return np.array([-math.sin(angle_rad), math.cos(angle_rad)])


def show(finding: Finding) -> str:
    place = f" at ({finding.place.x_um}, {finding.place.y_um})" if finding.place.x_um is not None else ""
    numbers = f"measured {finding.measured}; hint: {finding.hint}"
    return f"{finding.code} {finding.severity}{place}: {finding.message}; {numbers}"


def fits(finding: Finding, expected: str) -> bool:
    match = EXPECTED.fullmatch(expected)
    assert match is not None, f"not a line of a findings block: {expected}"
    said = match.groupdict()
    same = (
        finding.code == said["code"]
        and finding.severity == said["severity"]
        and said["message"].strip() in finding.message
    )
    if said["x"] is not None:
        away = (float(said["x"]) - (finding.place.x_um or 0.0), float(said["y"]) - (finding.place.y_um or 0.0))
        same = same and finding.place.x_um is not None and math.hypot(*away) <= PLACE_TOLERANCE_UM
    if said["measured"] is not None:
        off = abs((finding.measured if finding.measured is not None else math.inf) - float(said["measured"]))
        same = same and off <= float(said["error"])
    return same and (said["hint"] is None or said["hint"].strip() in finding.hint)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}: {case.title}")
def test_spec(case: Case, tmp_path: Path) -> None:
    budget = None
    if case.budget:
        budget = tmp_path / "links.toml"
        budget.write_text(case.budget, encoding="utf-8")
    run = waveguard.check(draw(case.layout), pdk=PDK, budget=budget)
    found = [finding for finding in run.findings if finding.severity is not Severity.INFO]
    lines = [line for line in case.expected if line != "none" and EXPECTED.fullmatch(line)]
    report = "\n".join(map(show, found)) or "none"
    assert len(found) == len(lines), f"expected {len(lines)} findings, got:\n{report}"
    for finding, line in zip(found, lines, strict=True):
        assert fits(finding, line), f"expected\n{line}\ngot:\n{report}"
    check_states(case, run)


def check_states(case: Case, run: waveguard.Run) -> None:
    silent = dict(
        re.fullmatch(r"not evaluated (\w+): (.+)", line).groups() for line in case.expected if line.startswith("not ")
    )
    gaps = {status.code: [gap.reason for gap in status.gaps if gap.asked] for status in run.rules if status.gaps}
    gaps = {code: reasons for code, reasons in gaps.items() if reasons}
    assert set(gaps) == set(silent), gaps
    for code, reason in silent.items():
        assert any(reason in gap for gap in gaps[code]), gaps
    exits = [int(line.split()[1]) for line in case.expected if line.startswith("exit ")]
    assert not exits or run.exit_code == exits[0], run.incomplete


def test_every_rule_has_a_failing_and_a_clean_case() -> None:
    for rule in all_rules():
        cases = [case for case in CASES if case.code == rule.code]
        says = [any(rule.code in line for line in case.expected) for case in cases]
        assert any(says), f"{rule.code} has no case in which it speaks"
        assert not all(says), f"{rule.code} has no case in which it is silent"
    assert {case.code for case in CASES} == {rule.code for rule in all_rules()}


def turn(library: gdstk.Library, quarters: int, *, mirrored: bool) -> gdstk.Library:
    """Mirror, turn and move everything in the top cell, which keeps its name."""
    (top,) = library.top_level()
    angle = quarters * math.pi / 2

    def moved(at: tuple[float, float]) -> tuple[float, float]:
        x, y = at[0], -at[1] if mirrored else at[1]
        for _ in range(quarters):
            x, y = -y, x
        return x + SHIFT_UM[0], y + SHIFT_UM[1]

    for shape in (*top.polygons, *top.paths):
        if mirrored:
            shape.mirror((1, 0))
        shape.rotate(angle)
        shape.translate(*SHIFT_UM)
    for label in top.labels:
        label.origin = moved(label.origin)
    for reference in top.references:
        reference.origin = moved(reference.origin)
        reference.rotation = (-reference.rotation if mirrored else reference.rotation) + angle
        reference.x_reflection = reference.x_reflection != mirrored
    return library


def fingerprints(library: gdstk.Library) -> list[tuple[str, str]]:
    """Return code and fingerprint of all findings, sorted."""
    return sorted((one.code, one.fingerprint) for one in waveguard.check(library, pdk=PDK).findings)


@pytest.mark.parametrize(("quarters", "mirrored"), [(0, False), (1, False), (2, False), (3, True)])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}: {case.title}")
def test_a_finding_is_known_again_however_the_chip_lies(case: Case, quarters: int, mirrored: bool) -> None:
    assert fingerprints(turn(draw(case.layout), quarters, mirrored=mirrored)) == fingerprints(draw(case.layout))


def beside_itself(case: Case, angle_rad: float = 0.0, *, mirrored: bool = False) -> gdstk.Library:
    """Return the layout of a case twice on one chip, the second time turned and mirrored."""
    library = draw(case.layout)
    tops = library.top_level()
    chip = library.new_cell("chip")
    for top in tops:
        chip.add(gdstk.Reference(top), gdstk.Reference(top, APART_UM, rotation=angle_rad, x_reflection=mirrored))
    return library


@pytest.mark.parametrize(("quarters", "mirrored"), [(1, False), (0, True)])
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.code}: {case.title}")
def test_a_finding_is_known_again_when_one_circuit_is_turned(case: Case, quarters: int, mirrored: bool) -> None:
    turned = beside_itself(case, quarters * math.pi / 2, mirrored=mirrored)
    assert fingerprints(turned) == fingerprints(beside_itself(case))
