"""kfactory's metadata: ports, cross-sections, settings and info of a cell, in the format `v3` and in the flat keys
before it.

`v3` has one value per port (`kfactory:ports:0` → a hash) and refers to cross-sections of the whole layout by a hashed
name with the width in dbu. Before, each field was a key of its own (`kfactory:ports:0:name`).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

from waveguard.metadata.cell import CellMetadata, StatedGuide, StatedPort
from waveguard.metadata.klayout_value import Value, direction_of, layer_of, number_of
from waveguard.reading.problem import ProblemList

PREFIX = "kfactory:"
_PORT = re.compile(r"kfactory:ports:(\d{1,9})")
_PORT_FIELD = re.compile(r"kfactory:ports:(\d{1,9}):(.+)")
_FLAT = re.compile(r"kfactory:(settings|info):(.+)")


@dataclass(frozen=True, slots=True)
class CrossSections:
    """What the layout says about cross-sections, by their hashed names."""

    width_dbu: dict[str, float] = field(default_factory=dict)
    layer: dict[str, tuple[int, int]] = field(default_factory=dict)


def read_cross_sections(meta: dict[str, Value]) -> CrossSections:
    """Collect cross-sections from the values of the whole layout."""
    found = CrossSections()
    enclosure_layer: dict[str, tuple[int, int]] = {}
    for key, value in meta.items():
        if key.startswith("kfactory:layer_enclosure:") and isinstance(value, dict):
            layer = layer_of(value.get("main_layer"))
            if layer is not None:
                enclosure_layer[key.removeprefix("kfactory:layer_enclosure:")] = layer
    for key, value in meta.items():
        if key.startswith("kfactory:cross_section:") and isinstance(value, dict):
            name = key.removeprefix("kfactory:cross_section:")
            width = number_of(value.get("width"))
            if width is not None:
                found.width_dbu[name] = width
            layer = enclosure_layer.get(str(value.get("layer_enclosure")))
            if layer is not None:
                found.layer[name] = layer
    return found


def read_kfactory(
    cell: str, meta: dict[str, Value], cross_sections: CrossSections, dbu_nm: float, problems: ProblemList
) -> CellMetadata | None:
    """Return what kfactory says about one cell; None when it says nothing."""
    known = {key: value for key, value in meta.items() if key.startswith(PREFIX)}
    if not known:
        return None
    settings = _hash_or_flat(known, "settings")
    info = _hash_or_flat(known, "info")
    ports: list[StatedPort] = []
    for number, port in sorted(_ports(known).items()):
        stated = _port(port, cross_sections, info, dbu_nm)
        if stated is None:
            problems.add("port-not-understood", cell, f"port {number}: {str(port.get('name', ''))[:60]}")
        else:
            ports.append(stated)
    function = known.get("kfactory:function_name")
    return CellMetadata(
        function_name=str(function) if isinstance(function, str) else None,
        settings=settings,
        info=info,
        ports=tuple(ports),
        stated=_stated(info),
    )


def _hash_or_flat(known: dict[str, Value], part: str) -> dict[str, Any]:
    whole = known.get(PREFIX + part)
    found: dict[str, Any] = {str(k): v for k, v in whole.items()} if isinstance(whole, dict) else {}
    for key, value in known.items():
        match = _FLAT.fullmatch(key)
        if match and match[1] == part:
            found.setdefault(match[2], value)
    return found


def _ports(known: dict[str, Value]) -> dict[int, dict[str, Value]]:
    ports: dict[int, dict[str, Value]] = {}
    for key, value in known.items():
        if (match := _PORT.fullmatch(key)) and isinstance(value, dict):
            ports.setdefault(int(match[1]), {}).update({str(k): v for k, v in value.items()})
        elif match := _PORT_FIELD.fullmatch(key):
            ports.setdefault(int(match[1]), {})[match[2]] = value
    return ports


def _port(
    port: dict[str, Value], cross_sections: CrossSections, info: dict[str, Any], dbu_nm: float
) -> StatedPort | None:
    place = direction_of(port.get("trans"))
    if place is None:
        complex_place = direction_of(port.get("dcplx_trans"))
        if complex_place is None:
            return None
        dbu_um = dbu_nm * 1e-3
        place = (complex_place[0] / dbu_um, complex_place[1] / dbu_um, complex_place[2])
    hashed = port.get("cross_section")
    hashed_name = hashed if isinstance(hashed, str) else None
    own_info = port.get("info")
    named = own_info.get("cross_section") if isinstance(own_info, dict) else port.get("info:cross_section")
    width = cross_sections.width_dbu.get(hashed_name) if hashed_name else None
    if width is None:
        width = number_of(port.get("width"))
    if width is None and hashed_name:
        width = number_of(hashed_name.rpartition("_")[2])
    if width is None and (width_um := number_of(info.get("width"))) is not None:
        width = width_um / (dbu_nm * 1e-3)
    layer = cross_sections.layer.get(hashed_name) if hashed_name else None
    name = port.get("name")
    kind = port.get("port_type")
    return StatedPort(
        name=name if isinstance(name, str) else "",
        x_dbu=place[0],
        y_dbu=place[1],
        angle_rad=math.radians(place[2]),
        kind=kind if isinstance(kind, str) else "optical",
        width_dbu=width,
        cross_section=named if isinstance(named, str) else hashed_name,
        layer=layer if layer is not None else layer_of(port.get("layer")),
    )


def _stated(info: dict[str, Any]) -> StatedGuide | None:
    length = number_of(info.get("length"))
    if length is None:
        return None
    return StatedGuide(
        length_um=length,
        width_um=number_of(info.get("width")),
        radius_um=number_of(info.get("radius")),
        min_radius_um=number_of(info.get("min_bend_radius")),
    )
