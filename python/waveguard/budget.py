"""The budget file: links with the power they have and need, and assertions about paths.

    [budget]
    wavelength_um = 1.55
    margin_db = 3.0

    [[link]]
    name = "channel 1"
    from = "laser_1"
    to = "pd_1"
    laser_power_dbm = 10.0
    sensitivity_dbm = -15.0
    extra_losses = [{ name = "connector", loss_db = 0.5, source = "data sheet" }]

    [[assert]]
    check = "loss(a -> b) < 4.5 dB"

Unknown keys are refused with the nearest known one, and every mistake is reported with file and line. The fact a
newcomer would get wrong: names are only looked up when the circuit is known, see `waveguard.analyses.budget`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from waveguard.errors import BudgetError
from waveguard.pdk.quantity import nearest
from waveguard.pdk.tomlfile import places, read_model, read_text
from waveguard.statement import Statement, StatementError, parse_statement

__all__ = ["Assertion", "Budget", "ExtraLoss", "Header", "Link", "load", "parse"]

Number = Annotated[float, Field(allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, data: Any) -> Any:  # noqa: ANN401 -- whatever the file holds
        known = [info.alias or name for name, info in cls.model_fields.items()]
        unknown = [str(key) for key in data if key not in known] if isinstance(data, dict) else []
        if unknown:
            meant = nearest(unknown[0], known)
            hint = f", nearest known key '{meant}'" if meant else f" (known: {', '.join(known)})"
            raise PydanticCustomError(
                "unknown_key", "unknown key '{key}'{hint}", {"key": unknown[0], "hint": hint, "at": (unknown[0],)}
            )
        return data


class Header(_Part):
    """What holds for all links."""

    wavelength_um: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    """Wavelength of the light; the PDK's when absent."""
    margin_db: NotNegative = 0.0
    """Margin that links need unless they say otherwise."""


class ExtraLoss(_Part):
    """Loss beyond what the layout holds: connectors, modulation, ageing."""

    name: Text
    loss_db: NotNegative
    source: Text | None = None


class Link(_Part):
    """A way of light with the power it has and needs."""

    name: Text
    from_: Text = Field(alias="from")
    to: Text
    laser_power_dbm: Number
    sensitivity_dbm: Number
    margin_db: NotNegative | None = None
    extra_losses: tuple[ExtraLoss, ...] = ()


def _statement(text: str) -> str:
    try:
        parse_statement(text)
    except StatementError as error:
        raise PydanticCustomError("statement", "{message}", {"message": str(error)}) from None
    return text


class Assertion(_Part):
    """A statement about paths that must hold."""

    check: Annotated[Text, AfterValidator(_statement)]
    note: Text | None = None

    @property
    def statement(self) -> Statement:
        """Return what is asserted."""
        return parse_statement(self.check)


class Budget(_Part):
    """A budget file."""

    budget: Header = Header()
    link: tuple[Link, ...] = ()
    assert_: tuple[Assertion, ...] = Field(default=(), alias="assert")
    _path: str = PrivateAttr(default="")
    _lines: dict[tuple[str | int, ...], int] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _names_once(self) -> Budget:
        seen: dict[str, int] = {}
        for number, link in enumerate(self.link):
            if link.name in seen:
                raise PydanticCustomError(
                    "twice", "two links are called '{name}'", {"name": link.name, "at": ("link", number, "name")}
                )
            seen[link.name] = number
        if not self.link and not self.assert_:
            raise PydanticCustomError("empty", "the file has neither [[link]] nor [[assert]]: nothing to check")
        return self

    @property
    def path(self) -> str:
        """Return the name of the file, for messages."""
        return self._path

    def line(self, *key: str | int) -> int:
        """Return the line of a key, e.g. `line("link", 0, "to")`; 0 when it is not known."""
        while key and key not in self._lines:
            key = key[:-1]
        return self._lines.get(key, 0)

    def margin_db(self, link: Link) -> float:
        """Return the margin that a link needs."""
        return self.budget.margin_db if link.margin_db is None else link.margin_db


def parse(text: str, path: str = "budget.toml") -> Budget:
    """Return the budget that a TOML text describes; `path` is the name used in messages.

    Raises
    ------
    BudgetError
        Not TOML, unknown or missing keys, values out of range, assertions that cannot be read: every mistake with file,
        line and key.
    """
    budget = read_model(Budget, text, path, BudgetError)
    budget._path = path
    budget._lines = places(text)
    return budget


def load(path: str | os.PathLike[str] | Budget) -> Budget:
    """Return the budget in a file; see `parse` for what is refused."""
    if isinstance(path, Budget):
        return path
    return parse(read_text(Path(path), BudgetError), os.fspath(path))
