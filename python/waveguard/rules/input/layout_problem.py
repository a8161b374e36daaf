"""IN001: what was wrong with the input although it could be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from waveguard.findings import Finding, Severity
from waveguard.rules import BEYOND_BOUNDS, Context, LayoutProblem, rule
from waveguard.rules.input._rows import with_rows


class Wording(NamedTuple):
    """How bad a problem is, what it is called, and what mends it."""

    severity: Severity
    what: str
    hint: str = ""


LOST = "what is missing was not checked"
WORDINGS: dict[str, Wording] = {
    "missing-cell": Wording(Severity.ERROR, "places a cell that the file does not hold", f"add the cell; {LOST}"),
    "reference-cycle": Wording(Severity.ERROR, "places itself, directly or through others", "break the cycle"),
    "beyond-range": Wording(
        Severity.ERROR, "reaches beyond the coordinate range", f"move it towards the origin; {LOST}"
    ),
    "bad-repetition": Wording(Severity.ERROR, "has an array without a valid step or count", f"draw it anew; {LOST}"),
    "bad-magnification": Wording(Severity.ERROR, "places a cell with an impossible magnification", f"use 1; {LOST}"),
    "bad-rotation": Wording(Severity.ERROR, "places a cell with an impossible rotation", f"draw it anew; {LOST}"),
    "bad-path-width": Wording(Severity.WARNING, "has a path of impossible width", "give the path a width"),
    "degenerate-shape": Wording(Severity.INFO, "has a shape without area", "delete it"),
    "path-without-extent": Wording(Severity.INFO, "has a path without extent", "delete it"),
    "duplicate-cell-name": Wording(Severity.ERROR, "has the name of another cell", "rename one of the two"),
    "empty-cell-name": Wording(Severity.WARNING, "is a cell without a name", "name it: other tools refuse such a file"),
    "name-not-utf8": Wording(Severity.INFO, "has a name that is not UTF-8", "rename it"),
    "text-not-utf8": Wording(Severity.INFO, "has a text that is not UTF-8", "write the text anew"),
    "raw-cell": Wording(Severity.ERROR, "is stored in a form that cannot be looked into", LOST),
    "properties-not-readable": Wording(Severity.WARNING, "has properties that could not be read", LOST),
    "bytes-after-end": Wording(Severity.INFO, "is followed by bytes that belong to nothing", "write the file anew"),
    "node-element-ignored": Wording(Severity.INFO, "has NODE elements, which carry no shape"),
    "metadata-lost": Wording(Severity.WARNING, "has metadata that could not be read", "write the file anew"),
    "metadata-not-understood": Wording(Severity.INFO, "has metadata in a form that is not known"),
    "port-not-understood": Wording(Severity.WARNING, "states a port in a form that is not known"),
    "stated-length-not-understood": Wording(Severity.INFO, "states a length that is no number"),
    "stated-unit-wrong": Wording(
        Severity.WARNING, "states a length or width that is wrong by a power of a thousand", "correct the label"
    ),
    "pin-without-direction": Wording(
        Severity.WARNING, "has a pin that does not say which way it looks", "draw it as a path that leaves the device"
    ),
    "pin-of-unknown-form": Wording(
        Severity.WARNING, "has a pin of a form that is not known", "draw it as a path of two points"
    ),
    "repeated-pin": Wording(Severity.INFO, "has two pins at one place", "delete one of them"),
    "loose-pin": Wording(Severity.INFO, "has a pin at which no device has a port", "give the cell a device marker"),
    "many-ports-at-one-point": Wording(
        Severity.INFO,
        "has more than two ports at one point, of which only two were joined",
        "see the other findings there",
    ),
    "shape-on-guide": Wording(
        Severity.ERROR,
        "has a shape of no device that lies on the waveguide",
        "delete it; if it is meant, draw it in the cell of the waveguide or make it a device",
    ),
    "row-on-guide": Wording(
        Severity.ERROR,
        "has an even row of shapes, as of a grating or of fill, that lie on the waveguide",
        "delete them; if a grating is meant, draw them in the cell of the waveguide or make it a device",
    ),
    "grating-without-guide": Wording(
        Severity.WARNING,
        "has a grating to which no waveguide leads",
        "draw the waveguide up to it; nothing of it was checked",
    ),
    "row-without-guide": Wording(
        Severity.INFO, "has a row of shapes, as of a grating, to which no waveguide leads", "nothing of it was checked"
    ),
    "joint-of-two-layers": Wording(
        Severity.ERROR,
        "has two waveguides that meet end to end on layers of different materials",
        "draw both on one layer, or put a transition between them",
    ),
    "shape-in-device": Wording(
        Severity.WARNING,
        "has a shape of no device that lies on the core of a device",
        "delete it; if it is meant, draw it in the cell of the device",
    ),
    "arm-not-traced": Wording(
        Severity.WARNING,
        "has a waveguide that could not be followed and was taken for a part of what it leads to",
        "see whether its two sides run along each other; its length and radius were not checked",
    ),
    "stretch-not-traced": Wording(
        Severity.INFO,
        "has a shape between two waveguides that looks like one and could not be followed",
        "its length and radius were not checked",
    ),
    "uneven-device": Wording(
        Severity.WARNING,
        "has a device that is the same on both sides but for one place",
        "see whether something was left there, or is missing on the other side",
    ),
    "hole-in-device": Wording(
        Severity.WARNING,
        "has a device with a small hole in its core",
        "fill it, unless it is meant: light spreads over all of the body of a coupler",
    ),
    "strip-on-guide": Wording(
        Severity.ERROR,
        "has a strip on the side of a waveguide that is too narrow to be one",
        "delete it, or draw it at the width of a waveguide",
    ),
    "text-on-guide-layer": Wording(
        Severity.INFO,
        "has a text drawn on a waveguide layer",
        "its letters are taken for no waveguides; if they are some, draw them up to what they belong to",
    ),
    "guide-not-traced": Wording(
        Severity.INFO,
        "looks like a waveguide and could not be followed as one",
        "its length and radius were not checked",
    ),
}
UNKNOWN = Severity.WARNING


@rule("IN001", severity="warning", since="0.1")
def layout_problem(ctx: Context) -> Iterator[Finding]:
    """Something is wrong with the layout as a file or as a drawing.

    What: a problem of the reader or of the extraction that did not stop the run: a missing cell, a reference cycle, a
        shape without area, a coordinate out of range, a pin without direction, a stray shape on a waveguide. The
        severity follows from what it means: error where part of the layout was lost to the check or light is
        disturbed, info where nothing but tidiness is.
    Why: what could not be read was not checked, and other tools may read it differently.
    Fix: see the hint of each finding; most vanish when the file is written again by the layout tool.
    Limits: none.
    Not checked: whether the file obeys every rule of its format; only what the check stumbled over is reported.
        A device is compared with its own other side only where it has 8 optical ports or fewer and not very many
        corners; what differs from it in the same way in several devices of one layout is taken for drawn so. Five or
        more shapes in an even row on one waveguide are one finding: a grating or fill that was drawn over it.
    """
    ctx.looked_at("cells", len(ctx.facts.cell_names))
    for problem in with_rows(ctx.facts.problems):
        yield _judge(ctx, problem)


def _judge(ctx: Context, problem: LayoutProblem) -> Finding:
    severity, what, hint = _wording(problem)
    subject = f": {problem.subject}" if problem.subject else ""
    times = f" ({problem.count:,} times)" if problem.count > 1 and problem.code not in BEYOND_BOUNDS else ""
    name = f"cell {problem.cell}" if problem.cell else "the layout"
    place = ctx.place(problem.x_nm, problem.y_nm, top=problem.top, cell=problem.cell)
    return ctx.finding(
        f"{name} {what}{subject}{times}",
        place,
        facts=[problem.code, problem.subject],
        measured=float(problem.count),
        limit=0.0,
        hint=hint,
        severity=severity,
    )


def _wording(problem: LayoutProblem) -> Wording:
    left_out = BEYOND_BOUNDS.get(problem.code)
    if left_out is not None:
        return Wording(
            Severity.WARNING,
            f"holds more than a chip can: {problem.count:,} {left_out}",
            f"if it is meant, raise {problem.subject} in the [extraction] table of the PDK; {LOST}",
        )
    return WORDINGS.get(problem.code) or Wording(UNKNOWN, f"has a problem: {problem.code}")
