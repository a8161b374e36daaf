"""Files that `waveguard extract` writes: all tables as JSON, the guides as CSV, the netlist as YAML or JSON.

Only what was found in the layout is written, nothing is judged. The fact a newcomer would get wrong: JSON has no
infinity and no NaN, so an unknown number is null and a straight guide has the radius "inf".
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias, cast

from waveguard.errors import UsageError
from waveguard.tables import VIEWS, Tables
from waveguard.units import nm_to_um

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCHEMA_VERSION = 1
INFINITE = "inf"
# Decimals kept: a picometre for lengths in nm, finer than any grid; nine digits for angles and curvatures.
DECIMALS_NM = 3
DECIMALS_OTHER = 12

Scalar: TypeAlias = str | int | float | bool | None
Column: TypeAlias = "Sequence[Any] | NDArray[Any]"
Table: TypeAlias = Mapping[str, Column]


@dataclass(frozen=True)
class Terminal:
    """A place where light enters or leaves; a budget may call it by any of its names."""

    names: Sequence[str]
    kind: str
    x_um: float
    y_um: float


@dataclass(frozen=True)
class Found:
    """An extraction, ready to be written."""

    layout: str
    layout_sha256: str
    pdk: str
    cell_names: Sequence[str]
    tops: Sequence[str]
    cross_sections: Sequence[str]
    tables: Mapping[str, Table]
    terminals: Sequence[Terminal] = ()


Writer: TypeAlias = Callable[[Found, TextIO], None]


def writer_for(path: Path) -> Writer:
    """Return the writer for the suffix of a file; UsageError lists what there is."""
    name = path.name.lower()
    for suffix, writer in WRITERS.items():
        if name.endswith(suffix):
            return writer
    message = f"cannot write an extraction as {path.suffix or 'a file without a suffix'}"
    raise UsageError(message, path=path, hint=f"known: {', '.join(WRITERS)}")


def _plain(value: Any, column: str) -> Scalar:  # noqa: ANN401 (a numpy scalar of any kind)
    """Return a value that JSON can hold, rounded so that equal results are equal text on every machine."""
    item = value.item() if hasattr(value, "item") else value
    if not isinstance(item, float):
        return cast("Scalar", item)
    if math.isnan(item):
        return None
    if math.isinf(item):
        return INFINITE if item > 0 else f"-{INFINITE}"
    is_length = column.endswith(("_nm", "_nm2")) and not column.endswith("_per_nm")
    rounded = round(item, DECIMALS_NM if is_length else DECIMALS_OTHER)
    return rounded + 0.0  # no minus zero


def write_json(found: Found, out: TextIO) -> None:
    """Write every table, column by column."""
    content = {
        "schema_version": SCHEMA_VERSION,
        "tool": "waveguard",
        "layout": {"name": found.layout, "sha256": found.layout_sha256},
        "pdk": found.pdk,
        "tops": list(found.tops),
        "cell_names": list(found.cell_names),
        "cross_sections": list(found.cross_sections),
        "tables": {
            table: {column: [_plain(value, column) for value in values] for column, values in columns.items()}
            for table, columns in found.tables.items()
        },
    }
    json.dump(content, out, indent=None, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    out.write("\n")


def schema_text() -> str:
    """Return the JSON Schema of the tables as JSON, made from their declarations."""
    kinds: dict[str, Any] = {
        "float64": {"anyOf": [{"type": "number"}, {"enum": [INFINITE, f"-{INFINITE}"]}, {"type": "null"}]},
        "int64": {"type": "integer"},
        "uint8": {"type": "integer", "minimum": 0, "maximum": 255},
        "str": {"type": "string"},
    }
    tables = {}
    for declared in fields(Tables):
        view = VIEWS[declared.name]
        columns = {
            column.name: {
                "type": "array",
                "items": {"$ref": f"#/$defs/{column.dtype}"},
                "description": f"{column.meaning} ({column.unit})" if column.unit else column.meaning,
            }
            for column in view.columns()
        }
        tables[declared.name] = _closed(columns)
    texts = {"type": "array", "items": {"type": "string"}}
    document = {
        "schema_version": {"const": SCHEMA_VERSION},
        "tool": {"const": "waveguard"},
        "layout": _closed({"name": {"type": "string"}, "sha256": {"type": "string"}}),
        "pdk": {"type": "string"},
        "tops": texts,
        "cell_names": texts,
        "cross_sections": texts,
        "tables": _closed(tables),
    }
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"waveguard extraction, version {SCHEMA_VERSION}",
        "description": "Tables column by column; a row number is an id, null an unknown number.",
        **_closed(document),
        "$defs": kinds,
    }
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    """Return an object that has these properties, all of them and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def published_schema() -> str:
    """Return the JSON Schema as it is published inside the package."""
    return resources.files("waveguard.cli").joinpath("schema/extraction-1.json").read_text(encoding="utf-8")


def write_guides_csv(found: Found, out: TextIO) -> None:
    """Write one row per waveguide, with its cell and cross-section by name."""
    waveguides, devices = found.tables["waveguides"], found.tables["devices"]
    plain = [column for column in waveguides if column not in ("device", "cross_section")]
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["waveguide", "cell", "top", "cross_section", *plain])
    for row, device in enumerate(waveguides["device"]):
        section = int(waveguides["cross_section"][row])
        head = [
            row,
            found.cell_names[int(devices["cell"][device])],
            found.cell_names[int(devices["top"][device])],
            found.cross_sections[section] if section >= 0 else "",
        ]
        values = [_plain(waveguides[column][row], column) for column in plain]
        writer.writerow(head + ["" if value is None else value for value in values])


def netlist(found: Found) -> dict[str, Any]:
    """Return devices, nets and open ports by name; a device is called after its cell and counted within it."""
    devices, ports, nets = (found.tables[name] for name in ("devices", "ports", "nets"))
    seen: dict[int, int] = {}
    names = []
    instances: dict[str, Any] = {}
    for row, cell in enumerate(devices["cell"]):
        count = seen[int(cell)] = seen.get(int(cell), 0) + 1
        name = f"{found.cell_names[int(cell)]}#{count}"
        names.append(name)
        instance = {
            "cell": found.cell_names[int(cell)],
            "top": found.cell_names[int(devices["top"][row])],
            "x_um": _plain(nm_to_um(float(devices["x_nm"][row])), "x_um"),
            "y_um": _plain(nm_to_um(float(devices["y_nm"][row])), "y_um"),
            "rotation_deg": round(math.degrees(float(devices["rotation_rad"][row])), 6),
            "mirrored": bool(devices["mirrored"][row]),
        }
        guide = int(devices["waveguide"][row])
        if guide >= 0:
            # The path of the light, and area over width, which is what layout tools state as the length.
            for length in ("centerline_length", "drawn_length"):
                value_um = nm_to_um(float(found.tables["waveguides"][f"{length}_nm"][guide]))
                instance[f"{length}_um"] = _plain(round(value_um, 6), "length_um")
        instances[name] = instance
    labels = _port_labels(ports, names)
    joined = {int(port) for side in ("port_a", "port_b") for port in nets[side]}
    return {
        "schema_version": SCHEMA_VERSION,
        "instances": instances,
        "nets": [
            {"p1": labels[int(a)], "p2": labels[int(b)]} for a, b in zip(nets["port_a"], nets["port_b"], strict=True)
        ],
        "terminals": [
            {"names": list(one.names), "kind": one.kind, "x_um": _plain(one.x_um, "x_um"), "y_um": _plain(one.y_um, "")}
            for one in found.terminals
        ],
        "open_ports": [label for port, label in enumerate(labels) if port not in joined],
    }


def _port_labels(ports: Table, device_names: Sequence[str]) -> list[str]:
    """Return "device,port" for every port; a port without a name, or with one used before, is called by its number."""
    labels: list[str] = []
    used: set[str] = set()
    for row, device in enumerate(ports["device"]):
        owner = device_names[int(device)] if int(device) >= 0 else ""
        label = f"{owner},{ports['name'][row]}"
        if not ports["name"][row] or label in used:
            label = f"{owner},port{row}"
        used.add(label)
        labels.append(label)
    return labels


def write_netlist_json(found: Found, out: TextIO) -> None:
    """Write the netlist as JSON."""
    json.dump(netlist(found), out, indent=1, ensure_ascii=False, allow_nan=False)
    out.write("\n")


def write_netlist_yaml(found: Found, out: TextIO) -> None:
    """Write the netlist as YAML; scalars are written as in JSON, which YAML 1.2 contains."""
    for line in _yaml(netlist(found), 0):
        out.write(line + "\n")


def _yaml(value: Mapping[str, Any], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for key, item in value.items():
        name = key if depth == 0 else json.dumps(key, ensure_ascii=False)
        if isinstance(item, Mapping) and item and depth == 0:
            yield f"{indent}{name}:"
            yield from _yaml(item, depth + 1)
        elif isinstance(item, list) and item:
            yield f"{indent}{name}:"
            yield from (f"{indent}- {json.dumps(entry, ensure_ascii=False)}" for entry in item)
        else:
            yield f"{indent}{name}: {json.dumps(item, ensure_ascii=False)}"


# The longer suffix stands first.
WRITERS: dict[str, Writer] = {
    ".netlist.json": write_netlist_json,
    ".netlist.yaml": write_netlist_yaml,
    ".netlist.yml": write_netlist_yaml,
    ".yaml": write_netlist_yaml,
    ".yml": write_netlist_yaml,
    ".json": write_json,
    ".csv": write_guides_csv,
}
