"""The one form in which all conventions deliver what they know about a cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Value = Any
"""A value as a file states it: None, bool, int, float, str, list, dict, or one of the small classes of
`klayout_value`.
"""


@dataclass(frozen=True, slots=True)
class StatedPort:
    """A port that the file states in so many words."""

    name: str
    x_dbu: float
    y_dbu: float
    angle_rad: float
    """Direction out of the cell, counter-clockwise from +x."""
    kind: str
    """The port type as stated, `optical` or `electrical` for the most part."""
    width_dbu: float | None = None
    cross_section: str | None = None
    """Name of the cross-section that the port says it has, as people name it where the file knows that name."""
    layer: tuple[int, int] | None = None
    """Layer of the core, where the file says it."""


@dataclass(frozen=True, slots=True)
class StatedGuide:
    """What the file says about the waveguide in a cell."""

    length_um: float | None = None
    width_um: float | None = None
    radius_um: float | None = None
    """The radius asked for; of a Bezier or Euler bend it is not the smallest one."""
    min_radius_um: float | None = None
    """The smallest radius, where stated apart."""
    points_um: tuple[tuple[float, float], ...] = ()
    """The polyline that the guide was drawn along."""
    waveguide_type: str | None = None
    layer: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class CellMetadata:
    """What the file says about one cell."""

    function_name: str | None = None
    """The generator that made the cell."""
    settings: Mapping[str, Value] = field(default_factory=dict)
    info: Mapping[str, Value] = field(default_factory=dict)
    ports: tuple[StatedPort, ...] = ()
    stated: StatedGuide | None = None
    pcell: str | None = None
    """Name of the parametric cell of KLayout that this is an instance of."""
    library: str | None = None
    parameters: Mapping[str, Value] = field(default_factory=dict)
    """Parameters of that."""


def merge_metadata(first: CellMetadata, second: CellMetadata) -> CellMetadata:
    """Join two conventions about one cell; where both speak, the first is believed."""
    merged: dict[str, Any] = {}
    for name in CellMetadata.__dataclass_fields__:
        value = getattr(first, name)
        merged[name] = value if value else getattr(second, name)
    return replace(first, **merged)
