"""A number of a PDK together with where it comes from.

A number without a source is *assumed*: it works, but every report that used it says so. The fact a newcomer would get
wrong: a bare number in the TOML is legal and means exactly that, assumed.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1)]
Distribution = Literal["normal", "uniform", "triangular"]
REACH: dict[Distribution, float] = {"normal": 1.0, "uniform": math.sqrt(3.0), "triangular": math.sqrt(6.0)}
"""Half width of an even distribution by its standard deviation; of a normal one that itself."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word most like `word`, or None when none is alike.

    Examples
    --------
    >>> nearest("loss_db_per_m", ["loss_db_per_cm", "n_eff"])
    'loss_db_per_cm'
    """
    lower = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), list(lower), n=1, cutoff=0.5)
    return lower[found[0]] if found else None


class Part(BaseModel):
    """Base of everything in a PDK: immutable, and an unknown key is refused with the nearest known one."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, data: object) -> object:
        # Done before `extra="forbid"` gets its turn, because only here are the known keys at hand.
        if isinstance(data, Mapping):
            unknown = [str(key) for key in data if key not in cls.model_fields]
            if unknown:
                meant = nearest(unknown[0], cls.model_fields) or ""
                raise PydanticCustomError(
                    "unknown_key",
                    "unknown key '{key}'{hint}",
                    {
                        "key": unknown[0],
                        "hint": f", nearest known key '{meant}'" if meant else "",
                        "nearest": meant,
                        "at": (unknown[0],),
                    },
                )
        return data


class Sourced(Part):
    """What comes from a publication, a measurement or a foundry, which it names; else it is assumed."""

    source: Text | None = None
    note: Text | None = None

    @property
    def assumed(self) -> bool:
        """True when no source backs it."""
        return self.source is None


class Quantity(Sourced):
    """A physical number: `2.5` (assumed) or `{ value = 2.5, source = "…", min = 2.3, max = 2.7, note = "…" }`."""

    value: Number
    min: Number | None = None
    max: Number | None = None
    sigma: Number | None = Field(default=None, ge=0)
    """Standard deviation of what is not known, the same for all of a chip."""
    scatter: Number | None = Field(default=None, ge=0)
    """Standard deviation from one device to the next on a chip."""
    distribution: Distribution | None = None
    """How `sigma`, `scatter` or the limits are meant; when absent normal where a standard deviation is stated, and
    uniform where only `min` and `max` are. Triangular has its peak at the value."""
    per_edge_nm: Number | None = None
    """Change per nm by which the edges of all cores lie further out than drawn."""

    @model_validator(mode="before")
    @classmethod
    def _bare_number(cls, data: object) -> object:
        if isinstance(data, int | float) and not isinstance(data, bool):
            return {"value": data}
        if isinstance(data, Mapping | Quantity):
            return data
        raise PydanticCustomError("quantity", 'expected a number or { value = …, source = "…" }')

    @model_validator(mode="after")
    def _ordered(self) -> Quantity:
        if self.min is not None and self.min > self.value:
            raise PydanticCustomError("quantity_range", "min is above value")
        if self.max is not None and self.max < self.value:
            raise PydanticCustomError("quantity_range", "max is below value")
        if self.distribution == "normal" and self.sigma is None and self.scatter is None:
            raise PydanticCustomError("quantity_distribution", "a normal distribution needs sigma or scatter")
        return self

    @property
    def shape(self) -> Distribution:
        """Return how it is distributed.

        Where nothing but limits is known they are taken as equally likely between (Guide to the Expression of
        Uncertainty in Measurement, 4.3.7), the value is then not the mean unless it lies in the middle.
        """
        stated = self.sigma is not None or self.scatter is not None
        return self.distribution or ("normal" if stated else "uniform")

    @property
    def common_reach(self) -> tuple[float, float]:
        """Return how far the part that all of a chip shares reaches below and above the value.

        For a normal distribution that is its standard deviation. Where only the scatter from device to device is
        stated, the limits are taken to be its, and nothing is shared.
        """
        if self.sigma is not None:
            reach = self.sigma * REACH[self.shape]
            return reach, reach
        if self.scatter is not None or self.min is None or self.max is None:
            return 0.0, 0.0
        return self.value - self.min, self.max - self.value

    @property
    def common_sigma(self) -> float:
        """Standard deviation that all of a chip shares: as stated; else that of the limits."""
        if self.sigma is not None:
            return self.sigma
        below, above = self.common_reach
        if self.shape == "triangular":
            return math.sqrt((below**2 + above**2 + below * above) / 18.0)
        return (below + above) / math.sqrt(12.0)

    def __float__(self) -> float:
        return self.value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Say in the JSON Schema that a bare number will do."""
        table = handler.resolve_ref_schema(handler(core))
        return {"anyOf": [{"type": "number"}, dict(table)], "description": cls.__doc__}


def _not_negative(quantity: Quantity) -> Quantity:
    if quantity.value < 0:
        raise PydanticCustomError("quantity_negative", "must not be negative")
    return quantity


def _positive(quantity: Quantity) -> Quantity:
    if quantity.value <= 0:
        raise PydanticCustomError("quantity_not_positive", "must be above zero")
    return quantity


NonNegative = Annotated[Quantity, AfterValidator(_not_negative)]
Positive = Annotated[Quantity, AfterValidator(_positive)]
