"""All tables as JSON, column by column, with a schema.

Only what was found in the layout is written. The fact a newcomer would get wrong: JSON has no infinity and no NaN, so
an unknown number is null and a straight guide has the radius "inf".
"""

from __future__ import annotations

import json
import math
from dataclasses import fields
from importlib import resources
from typing import Any, TextIO, TypeAlias, cast

from waveguard.exports.found import Found
from waveguard.tables import VIEWS, Tables

SCHEMA_VERSION = 1
INFINITE = "inf"
# Decimals kept: a picometre for lengths in nm, finer than any grid; nine digits for angles and curvatures.
DECIMALS_NM = 3
DECIMALS_OTHER = 12

Scalar: TypeAlias = str | int | float | bool | None


def plain(value: Any, column: str) -> Scalar:  # noqa: ANN401 (a numpy scalar of any kind)
    """Return a value that JSON can hold, rounded so that equal results are equal text on every machine."""
    item = value.item() if hasattr(value, "item") else value
    return _plain_float(item, _decimals(column)) if isinstance(item, float) else cast("Scalar", item)


def plain_column(values: Any, column: str) -> list[Scalar]:  # noqa: ANN401 (a numpy column, or a list of texts)
    """Return a column as JSON can hold it; a table has millions of values, so each gets as little as can be."""
    decimals = _decimals(column)
    items = values.tolist() if hasattr(values, "tolist") else list(values)
    if all(isinstance(item, float) and math.isfinite(item) for item in items):
        return [round(item, decimals) + 0.0 for item in items]
    return [_plain_float(item, decimals) if isinstance(item, float) else item for item in items]


def _decimals(column: str) -> int:
    is_length = column.endswith(("_nm", "_nm2")) and not column.endswith("_per_nm")
    return DECIMALS_NM if is_length else DECIMALS_OTHER


def _plain_float(item: float, decimals: int) -> Scalar:
    if math.isnan(item):
        return None
    if math.isinf(item):
        return INFINITE if item > 0 else f"-{INFINITE}"
    return round(item, decimals) + 0.0  # no minus zero


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
            table: {column: plain_column(values, column) for column, values in columns.items()}
            for table, columns in found.tables.items()
        },
        "near_miss_loss_db": plain_column(found.near_miss_loss_db, "near_miss_loss_db"),
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
        "near_miss_loss_db": {
            "type": "array",
            "items": {"$ref": "#/$defs/float64"},
            "description": "by row of near_misses: loss of light that crosses as drawn, by the overlap of modes (dB)",
        },
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
    return resources.files("waveguard.exports").joinpath("schema/extraction-1.json").read_text(encoding="utf-8")
