"""The declaration of tables in Python: the same as in the core, checked when columns come up, typed."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from waveguard import _core, tables
from waveguard.errors import InternalError, LayoutFormatError, PdkError, WaveguardError

DTYPES = {"float64", "int64", "uint8", "str"}
UNITS = {"_nm": "nm", "_nm2": "nm²", "_rad": "rad", "_db": "dB", "_per_nm": "1/nm"}


def net_columns() -> dict[str, Any]:
    return {
        "port_a": np.array([0, 2]),
        "port_b": np.array([1, 3]),
        "gap_nm": np.array([0.0, 1.0]),
        "lateral_nm": np.array([0.0, 0.5]),
        "angle_rad": np.array([0.0, 0.01]),
        "width_difference_nm": np.array([0.0, np.nan]),
        "width_error_nm": np.array([0.0, 0.0]),
    }


def test_tables_are_those_of_the_core() -> None:
    declared = {name: [(c.name, c.dtype) for c in view.columns()] for name, view in tables.VIEWS.items()}
    assert declared == _core.schemas()


@pytest.mark.parametrize("name", sorted(tables.VIEWS))
def test_every_column_has_a_meaning_and_the_unit_that_its_name_ends_in(name: str) -> None:
    for column in tables.VIEWS[name].columns():
        assert column.dtype in DTYPES
        assert column.meaning
        suffix = max((s for s in UNITS if column.name.endswith(s)), key=len, default="")
        assert column.unit == UNITS.get(suffix, ""), column.name


def test_a_view_gives_columns_by_name_without_a_copy() -> None:
    columns = net_columns()
    nets = tables.view("nets", columns)
    assert isinstance(nets, tables.Nets)
    assert len(nets) == 2
    assert nets.gap_nm is columns["gap_nm"]
    assert dict(nets.items()).keys() == columns.keys()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gap_nm": None}, "lacks column gap_nm"),
        ({"gap_um": np.zeros(2)}, "nobody knows: gap_um"),
        ({"gap_nm": np.zeros(2, dtype=np.float32)}, "nets.gap_nm is float32"),
        ({"gap_nm": np.zeros((2, 1))}, "2 axes"),
        ({"gap_nm": np.zeros(3)}, "2 different lengths"),
    ],
)
def test_columns_that_are_not_the_table_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InternalError, match=message):
        tables.view("nets", net_columns() | change)


def test_an_attachment_counts_guides_not_points() -> None:
    lines = tables.Centerlines.of(
        {"offsets": [0, 2, 5], "x_nm": np.zeros(5), "y_nm": np.zeros(5), "width_nm": np.zeros(5)}
    )
    assert len(lines) == 2
    assert len(tables.Centerlines.empty()) == 0


def test_tables_left_out_are_empty() -> None:
    some = tables.Tables(nets=tables.Nets.of(net_columns()))
    assert len(some.nets) == 2
    assert len(some.ports) == 0
    assert some.ports.direction_rad.dtype == np.float64


def test_tables_of_a_handle_are_taken_once_when_they_are_read() -> None:
    asked: list[str] = []

    class Handle:
        def table(self, name: str) -> dict[str, Any]:
            asked.append(name)
            return net_columns()

    late = tables.Tables.of(Handle())
    assert asked == []
    assert len(late.nets) == 2
    assert late.nets is late.nets
    assert asked == ["nets"]
    with pytest.raises(AttributeError, match="no table 'nests'"):
        _ = late.nests  # type: ignore[attr-defined]
    assert asked == ["nets"]


def test_errors_say_where_and_what_to_do() -> None:
    error = PdkError("unknown key 'widht_um'", path="a.toml", place="line 3", hint="did you mean width_um?")
    assert str(error) == "a.toml, line 3: unknown key 'widht_um'\nhint: did you mean width_um?"
    assert isinstance(error, WaveguardError)


def test_errors_cross_process_borders() -> None:
    error = LayoutFormatError("record too short", path="a.gds", place="byte 4", hint="copy it again")
    error.offset = 4
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.offset) == (LayoutFormatError, str(error), 4)
