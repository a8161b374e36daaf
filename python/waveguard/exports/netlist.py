"""The netlist: in the format of gdsfactory and SAX as YAML, and with all lengths and names as JSON.

gdsfactory and SAX agree on `instances`, `placements`, `nets` and `ports`; what only we know stands in `info`, which
both let pass. The facts a newcomer would get wrong: SAX takes names of letters, digits and underscores only, and a
layout with several top cells is one netlist per top cell by its name (a recursive netlist).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from waveguard.exports.found import Found
from waveguard.exports.names import (
    cell_identifier,
    identifier,
    instance_names,
    outside_ports,
    port_labels,
    terminal_names,
    unique,
)
from waveguard.exports.tables_json import SCHEMA_VERSION, plain
from waveguard.exports.yamltext import yaml_lines
from waveguard.tables import OPTICAL
from waveguard.units import nm_to_um

LENGTHS = ("centerline_length", "drawn_length")
"""The path of the light, and area over width, which is what layout tools state as the length."""
DIGITS_UM = 6
DIGITS_DEG = 6


def write_netlist_yaml(found: Found, out: TextIO) -> None:
    """Write the netlist as gdsfactory and SAX read it."""
    for line in yaml_lines(gdsfactory_netlist(found)):
        out.write(line + "\n")


def gdsfactory_netlist(found: Found) -> dict[str, Any]:
    """Return the netlist of the top cell, or those of all top cells by name when there are several."""
    names = unique([cell_identifier(top) for top in found.tops], lambda name, n: f"{name}_{n}")
    parts = _Parts(found)
    netlists = {name: _document(parts, top, name) for name, top in zip(names, found.top_cells, strict=True)}
    return next(iter(netlists.values())) if len(netlists) == 1 else netlists


class _Parts:
    """The rows of each top cell, found once."""

    def __init__(self, found: Found) -> None:
        self.found = found
        self.names = instance_names(found)
        self.labels = port_labels(found)
        self.outside = outside_ports(found)
        ports = found.table("ports")
        self.port_owner, self.port_kind = ports.get("device", ()), ports.get("kind", ())
        nets, tops = found.table("nets"), ports.get("top", ())
        self.devices = _by_top(found.table("devices").get("top", ()))
        self.nets = _by_top([tops[int(port)] for port in nets.get("port_a", ())])
        self.open_ports = _by_top([tops[port] for port in found.open_ports])
        self.terminals = _by_top([one.top for one in found.terminals])


def _by_top(tops: Iterable[Any]) -> dict[int, list[int]]:
    rows: dict[int, list[int]] = {}
    for row, top in enumerate(tops):
        rows.setdefault(int(top), []).append(row)
    return rows


def _document(parts: _Parts, top: int, name: str) -> dict[str, Any]:
    """Return the netlist of a top cell; `info` holds what has no place in the format."""
    found, labels, nets = parts.found, parts.labels, parts.found.table("nets")
    joints: dict[bool, list[dict[str, str]]] = {True: [], False: []}
    for row in parts.nets.get(top, ()):
        a, b = int(nets["port_a"][row]), int(nets["port_b"][row])
        joints[int(parts.port_kind[a]) == OPTICAL].append({"p1": labels[a], "p2": labels[b]})
    terminals, ports = _terminals(parts, top)
    rows = parts.devices.get(top, [])
    info = {
        "schema_version": SCHEMA_VERSION,
        "layout": found.layout,
        "layout_sha256": found.layout_sha256,
        "pdk": found.pdk,
        "terminals": terminals,
        "open_ports": [labels[found.open_ports[row]] for row in parts.open_ports.get(top, ())],
        "electrical_nets": joints[False],
    }
    return {
        "name": name,
        "instances": {parts.names[row]: _instance(found, row) for row in rows},
        "placements": {parts.names[row]: _placement(found, row) for row in rows},
        "nets": joints[True],
        "ports": ports,
        "info": info,
    }


def _placement(found: Found, row: int) -> dict[str, Any]:
    devices = found.table("devices")
    rotation = round(math.degrees(float(devices["rotation_rad"][row])) % 360.0, DIGITS_DEG) % 360.0
    return {
        "x": um(devices["x_nm"][row]),
        "y": um(devices["y_nm"][row]),
        "rotation": int(rotation) if rotation.is_integer() else rotation,
        "mirror": bool(devices["mirrored"][row]),
    }


def _terminals(parts: _Parts, top: int) -> tuple[list[dict[str, Any]], dict[str, str]]:
    names = terminal_names(parts.found)
    listed, ports = [], {}
    for row in parts.terminals.get(top, ()):
        name, one = names[row], parts.found.terminals[row]
        port = ""
        if one.port >= 0:
            owner = int(parts.port_owner[one.port])
            port = f"{parts.names[owner]},{parts.outside[owner]}" if one.outside else parts.labels[one.port]
            ports[name] = port
        place = {"x_um": plain(one.x_um, "um"), "y_um": plain(one.y_um, "um")}
        listed.append({"name": name, "names": list(one.names), "kind": one.kind, **place, "port": port})
    return listed, ports


def component_of(found: Found, device: int) -> str:
    """Return what a device is, as simulators call it: the component or function that made it, else its cell.

    What has no cell of its own is called after what it is.
    """
    name = instance_names(found)[device]
    fact = found.fact(device)
    if fact.component:
        return cell_identifier(fact.component)
    if found.free_devices[device]:
        return name.rpartition("_")[0] or name
    return cell_identifier(found.cell_names[int(found.table("devices")["cell"][device])])


def _instance(found: Found, row: int) -> dict[str, Any]:
    devices, guides = found.table("devices"), found.table("waveguides")
    fact = found.fact(row)
    settings = {identifier(key): _simple(value) for key, value in fact.settings.items()}
    info: dict[str, Any] = {"cell": found.cell_names[int(devices["cell"][row])]}
    magnification = float(devices["magnification"][row])
    if magnification != 1.0:
        info["magnification"] = magnification
    guide = int(devices["waveguide"][row])
    if guide >= 0:
        for length in LENGTHS:
            info[f"{length}_um"] = um(guides[f"{length}_nm"][guide])
        info["width_um"] = um(guides["width_a_nm"][guide])
        info["min_radius_um"] = um(guides["min_radius_nm"][guide])
        info["cross_section"] = found.cross_section(int(guides["cross_section"][guide]))
        if not settings:
            # Enough for a model of a straight guide: SAX passes settings to the model of the component.
            settings = {"length": info["centerline_length_um"], "width": info["width_um"]}
    info.update(_junction(found, row))
    return {"component": component_of(found, row), "settings": settings, "info": info}


def _junction(found: Found, device: int) -> dict[str, Any]:
    """Return what is known of a branch or crossing in drawn geometry; nothing for other devices."""
    row = found.junction_of.get(device)
    if row is None:
        return {}
    table = found.table("junctions")
    known: dict[str, Any] = {f"{axis}_um": um(table[f"{axis}_nm"][row]) for axis in "xy" if f"{axis}_nm" in table}
    if "n_arms" in table:
        known["n_arms"] = int(table["n_arms"][row])
    if "angle_rad" in table:
        angle = float(table["angle_rad"][row])
        known["angle_deg"] = round(math.degrees(angle), DIGITS_DEG) if math.isfinite(angle) else None
    return known


def um(length_nm: Any) -> Any:  # noqa: ANN401 -- a numpy number, and what JSON can hold
    """Return a length in µm, rounded as all lengths in netlists are; None when unknown, "inf" when infinite."""
    value = plain(nm_to_um(float(length_nm)), "um")
    return round(value, DIGITS_UM) + 0.0 if isinstance(value, float) else value


def _simple(value: Any) -> Any:  # noqa: ANN401 -- whatever a file states
    """Return a stated value as JSON can hold it; what it cannot hold as text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _simple(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_simple(item) for item in value]
    return str(value)


def netlist(found: Found) -> dict[str, Any]:
    """Return devices, nets, terminals and open ports by name, with all that is known of each device."""
    devices, nets = found.table("devices"), found.table("nets")
    names, labels = instance_names(found), port_labels(found)
    instances: dict[str, Any] = {}
    for row, cell in enumerate(devices.get("cell", ())):
        instances[names[row]] = {
            "cell": found.cell_names[int(cell)],
            "top": found.cell_names[int(devices["top"][row])],
            "x_um": um(devices["x_nm"][row]),
            "y_um": um(devices["y_nm"][row]),
            "rotation_deg": round(math.degrees(float(devices["rotation_rad"][row])), DIGITS_DEG),
            "mirrored": bool(devices["mirrored"][row]),
        }
        guide = int(devices["waveguide"][row])
        if guide >= 0:
            lengths = {f"{length}_um": um(found.table("waveguides")[f"{length}_nm"][guide]) for length in LENGTHS}
            instances[names[row]].update(lengths)
    return {
        "schema_version": SCHEMA_VERSION,
        "instances": instances,
        "nets": [
            {"p1": labels[int(a)], "p2": labels[int(b)]}
            for a, b in zip(nets.get("port_a", ()), nets.get("port_b", ()), strict=True)
        ],
        "terminals": [
            {
                "names": list(one.names),
                "kind": one.kind,
                "x_um": plain(one.x_um, "um"),
                "y_um": plain(one.y_um, "um"),
            }
            for one in found.terminals
        ],
        "open_ports": [labels[row] for row in found.open_ports],
    }


def write_netlist_json(found: Found, out: TextIO) -> None:
    """Write the netlist as JSON."""
    json.dump(netlist(found), out, indent=1, ensure_ascii=False, allow_nan=False)
    out.write("\n")
