"""A table as a class whose attributes are numpy columns, each declared once with its unit and meaning.

What a newcomer would get wrong: a view is made of columns as they come from the core, and nothing is converted but
lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Protocol, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from waveguard.errors import InternalError

Floats: TypeAlias = npt.NDArray[np.float64]
"""Measured values."""
Ids: TypeAlias = npt.NDArray[np.int64]
"""Row numbers and counts; -1 for none."""
Codes: TypeAlias = npt.NDArray[np.uint8]
"""Small codes and flags."""
Texts: TypeAlias = list[str]
"""Names."""

_DTYPES = {"Floats": "float64", "Ids": "int64", "Codes": "uint8", "Texts": "str"}


def column(unit: str, meaning: str) -> Any:  # noqa: ANN401 -- stands for the default of any column type
    """Declare a column of a view."""
    return field(metadata={"unit": unit, "meaning": meaning})


class TableSource(Protocol):
    """What has tables: the extraction and solution handles of the core."""

    def table(self, name: str) -> dict[str, Any]:
        """Return the columns of a table."""


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """What a column holds."""

    name: str
    dtype: str
    """float64, int64, uint8 or str."""
    unit: str
    """Empty for ids, counts, codes and names."""
    meaning: str


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A table by its columns."""

    NAME: ClassVar[str]
    ATTACHED: ClassVar[bool] = False
    """True when the columns are an attachment and need not be of one length."""

    @classmethod
    def columns(cls) -> tuple[ColumnInfo, ...]:
        """Return what the table holds, in order."""
        return tuple(
            ColumnInfo(f.name, _DTYPES[str(f.type)], f.metadata["unit"], f.metadata["meaning"]) for f in fields(cls)
        )

    @classmethod
    def of(cls, columns: Mapping[str, Any]) -> Self:
        """Make a view of columns as the core gives them; lists are converted, nothing else is."""
        given = dict(columns)
        values = {c.name: _checked(cls.NAME, c, given.pop(c.name, None)) for c in cls.columns()}
        if given:
            raise InternalError(f"table {cls.NAME} has columns that nobody knows: {', '.join(sorted(given))}")
        lengths = {len(value) for value in values.values()}
        if not cls.ATTACHED and len(lengths) > 1:
            raise InternalError(f"the columns of table {cls.NAME} have {len(lengths)} different lengths")
        return cls(**values)

    @classmethod
    def empty(cls) -> Self:
        """Return the table without rows."""
        return cls.of({c.name: [] for c in cls.columns()})

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(getattr(self, fields(self)[0].name))

    def items(self) -> Iterator[tuple[str, Any]]:
        """Go through names and columns."""
        return ((c.name, getattr(self, c.name)) for c in self.columns())


def _checked(table: str, column: ColumnInfo, value: Any) -> Any:  # noqa: ANN401 -- any column
    if value is None:
        raise InternalError(f"table {table} lacks column {column.name}")
    if column.dtype == "str":
        return [str(item) for item in value]
    array = value if isinstance(value, np.ndarray) else np.asarray(value, dtype=column.dtype)
    if array.dtype != column.dtype or array.ndim != 1:
        raise InternalError(f"column {table}.{column.name} is {array.dtype} with {array.ndim} axes, not {column.dtype}")
    return array
