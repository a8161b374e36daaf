"""SiEPIC's texts: `Component=…`, `Spice_param:wg_length=…`, `Length=… (microns)`, and the `opt_in_…` labels of
measurements.

Traps, all met in real files. Lengths are in metres, or carry a suffix (`u`); where they carry one, a bare radius is
in µm. Some files are wrong by a factor of a thousand. A text may describe a cell into which somebody has drawn
something else since.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from waveguard.metadata.cell import StatedGuide
from waveguard.reading.columns import Label
from waveguard.reading.problem import ProblemList

PLAUSIBLE_WIDTH_UM = (0.02, 100.0)
"""A stated guide width outside of this is taken as wrong by a power of a thousand, if that brings it inside."""
LENGTH_FACTOR_SLACK = 2.0
"""A stated length may differ from the polyline or the `Length=` text by this factor before a power of a thousand is
tried.
"""

_PARAMETER = re.compile(r'(\w+)=("[^"]*"|\[\[.*?\]\]|\S+)')
_NUMBER = re.compile(r"([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(meg|[munpkfxg]?)m?$", re.IGNORECASE)
_SUFFIX_M = {"m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15, "k": 1e3, "x": 1e6, "meg": 1e6, "g": 1e9, "": 1.0}
_POINT = re.compile(r"\[\s*([-+\d.eE]+)\s*,\s*([-+\d.eE]+)\s*\]")
_LENGTH = re.compile(r"\s*([-+\d.eE]+)")
_MEASUREMENT = re.compile(r"opt_(?:in|laser|out)?_?(TE|TM)_(\d{3,4})_(.+)", re.IGNORECASE | re.DOTALL)
_KINDS = ("device_", "PCM_", "input_", "calibration_")


@dataclass(frozen=True, slots=True)
class SiepicTexts:
    """What the texts of one cell say about it."""

    component: str | None = None
    library: str | None = None
    parameters: dict[str, str] = field(default_factory=dict)
    """`Spice_param` as written."""
    stated: StatedGuide | None = None
    """For waveguides: length, width, radius and polyline of the first text that states a length."""
    n_stated: int = 0
    """Texts that state a waveguide length; more than one means that the cell holds several guides."""


@dataclass(frozen=True, slots=True)
class MeasurementLabel:
    """A label that tells a measurement where to put the fibre: `opt_in_TE_1550_device_NAME`."""

    cell: int
    x_dbu: float
    y_dbu: float
    polarisation: str
    wavelength_nm: float
    kind: str
    """`device`, `PCM`, … or empty."""
    name: str
    """The circuit that is fed there."""
    text: str


def siepic_texts(
    labels: Iterable[Label],
    layers: Collection[tuple[int, int]],
    names: Sequence[str],
    problems: ProblemList | None = None,
) -> dict[int, SiepicTexts]:
    """Read the texts on the given layers; the result is by cell index.

    Parameters
    ----------
    labels
        Texts of the layout.
    layers
        Where the PDK says that such texts lie; texts elsewhere are not read.
    names
        Cell names, for problems.
    problems
        Takes what could not be understood.
    """
    wanted = set(layers)
    noted = problems if problems is not None else ProblemList()
    found: dict[int, SiepicTexts] = {}
    length_texts: dict[int, float] = {}
    for label in labels:
        if label.layer not in wanted:
            continue
        before = found.get(label.cell, SiepicTexts())
        after = _read_text(label, before, names, noted, length_texts)
        if after is not before:
            found[label.cell] = after
    for cell, length_um in length_texts.items():
        texts = found.get(cell)
        stated = texts.stated if texts is not None else None
        if texts is not None and stated is not None and stated.length_um is not None:
            length = _with_factor(stated.length_um, length_um, names[cell], noted)
            found[cell] = replace(texts, stated=replace(stated, length_um=length))
    return found


def measurement_labels(labels: Iterable[Label], layers: Collection[tuple[int, int]]) -> Iterator[MeasurementLabel]:
    """Yield the measurement labels on the given layers, once per text (repetitions are the caller's)."""
    wanted = set(layers)
    for label in labels:
        if label.layer not in wanted:
            continue
        match = _MEASUREMENT.fullmatch(label.text.strip())
        if match is None:
            continue
        rest = match[3]
        kind = next((k for k in _KINDS if rest.startswith(k)), "")
        yield MeasurementLabel(
            cell=label.cell,
            x_dbu=label.x_dbu,
            y_dbu=label.y_dbu,
            polarisation=match[1].upper(),
            wavelength_nm=float(match[2]),
            kind=kind.rstrip("_"),
            name=rest[len(kind) :],
            text=label.text,
        )


def _read_text(
    label: Label, before: SiepicTexts, names: Sequence[str], problems: ProblemList, length_texts: dict[int, float]
) -> SiepicTexts:
    text = label.text.strip()
    head, equals, value = text.partition("=")
    value = value.strip()
    if text.startswith("Spice_param:"):
        return _read_parameters(text.removeprefix("Spice_param:"), label, before, names, problems)
    if not equals:
        return before
    if head in {"Component", "Lumerical_INTERCONNECT_component"}:
        return replace(before, component=value) if before.component is None or head == "Component" else before
    if head == "Lumerical_INTERCONNECT_library":
        return replace(before, library=value)
    if head == "waveguide_type":
        return replace(before, stated=replace(before.stated or StatedGuide(), waveguide_type=value))
    if head == "Length" and (match := _LENGTH.match(value)):
        length = _finite(match[1])
        if length is not None:
            length_texts.setdefault(label.cell, length)
    return before


def _read_parameters(
    text: str, label: Label, before: SiepicTexts, names: Sequence[str], problems: ProblemList
) -> SiepicTexts:
    parameters = {m[1]: m[2].strip('"') for m in _PARAMETER.finditer(text)}
    stated = _stated(parameters, names[label.cell], problems)
    if stated is None:
        return replace(before, parameters=before.parameters or parameters)
    if before.n_stated:
        return replace(before, n_stated=before.n_stated + 1)
    kind = before.stated.waveguide_type if before.stated is not None else None
    return replace(before, parameters=parameters, stated=replace(stated, waveguide_type=kind), n_stated=1)


def _stated(parameters: dict[str, str], cell: str, problems: ProblemList) -> StatedGuide | None:
    if "wg_length" not in parameters:
        return None
    length = _metres(parameters["wg_length"])
    width = _metres(parameters.get("wg_width", ""))
    radius = _metres(parameters.get("radius", ""))
    if length is None:
        problems.add("stated-length-not-understood", cell, parameters["wg_length"][:60])
        return None
    with_suffix = length[1] or (width is not None and width[1])
    points = tuple(
        (x, y)
        for a, b in _POINT.findall(parameters.get("points", ""))
        if (x := _finite(a)) is not None and (y := _finite(b)) is not None
    )
    length_um = length[0] * 1e6
    polyline_um = sum(math.dist(a, b) for a, b in itertools.pairwise(points))
    if polyline_um > 0:
        length_um = _with_factor(length_um, polyline_um, cell, problems)
    radius_um = None
    if radius is not None:
        bare_um = with_suffix and not radius[1]
        radius_um = radius[0] if bare_um else radius[0] * 1e6
    return StatedGuide(
        length_um=length_um,
        width_um=_plausible_width(width[0] * 1e6, cell, problems) if width is not None else None,
        radius_um=radius_um,
        points_um=points,
    )


def _metres(text: str) -> tuple[float, bool] | None:
    """Return a number in metres, and whether it carried a suffix."""
    match = _NUMBER.match(text.strip())
    if match is None:
        return None
    number = _finite(match[1])
    if number is None:
        return None
    suffix = match[2].lower()
    return number * _SUFFIX_M[suffix], bool(suffix)


def _plausible_width(width_um: float, cell: str, problems: ProblemList) -> float:
    low, high = PLAUSIBLE_WIDTH_UM
    if width_um <= 0 or low <= width_um <= high:
        return width_um
    for factor in (1e-3, 1e3, 1e-6, 1e6):
        if low <= width_um * factor <= high:
            problems.add("stated-unit-wrong", cell, f"width {width_um:g} um taken as {width_um * factor:g} um")
            return width_um * factor
    return width_um


def _with_factor(length_um: float, reference_um: float, cell: str, problems: ProblemList) -> float:
    """Return the length times the power of a thousand that brings it near the reference, if any does."""
    for factor in (1.0, 1e-3, 1e3, 1e-6, 1e6):
        if reference_um / LENGTH_FACTOR_SLACK <= length_um * factor <= reference_um * LENGTH_FACTOR_SLACK:
            if factor == 1.0:
                return length_um
            problems.add("stated-unit-wrong", cell, f"length {length_um:g} um taken as {length_um * factor:g} um")
            # Powers of ten are exact only the other way round.
            return length_um / 1e3 if factor == 1e-3 else length_um * factor
    return length_um


def _finite(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
