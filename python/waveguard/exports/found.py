"""What the writers are given: the tables of an extraction with the words that belong to their numbers.

The fact a newcomer would get wrong: a table or a column may be absent (an extraction of an older or newer core), so
writers ask with `Found.table` and `Found.rows`, which then answer with nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from waveguard.analyses.defects import SAME_WAY_RAD
from waveguard.tables import DRAWN_SOURCES, OPTICAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

Column: TypeAlias = "Sequence[Any] | NDArray[Any]"
Table: TypeAlias = Mapping[str, Column]
Polyline: TypeAlias = "NDArray[np.float64]"
"""Points by row: x and y in nm."""


@dataclass(frozen=True)
class Terminal:
    """A place where light enters or leaves; a budget may call it by any of its names."""

    names: Sequence[str]
    kind: str
    x_um: float
    y_um: float
    top: int = -1
    """Cell index."""
    port: int = -1
    """Row in ports: the port of the chip that it feeds."""
    outside: bool = False
    """Whether light goes through the device of that port to a place beyond the chip (fibre, laser, detector)."""


@dataclass(frozen=True)
class Facts:
    """What the file says about one cell besides its shapes."""

    component: str = ""
    """The name by which simulators know it; the cell name when empty."""
    library: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Parameters of a simulator, as written in the file."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of the function that made the cell."""
    info: Mapping[str, Any] = field(default_factory=dict)


NO_FACTS = Facts()


@dataclass(frozen=True, eq=False)
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
    facts: Mapping[int, Facts] = field(default_factory=dict)
    """By cell index; cells of which the file says nothing are absent."""
    stated_length_um: Column = ()
    """By waveguide; NaN where none is stated."""
    near_miss_loss_db: Column = ()
    """By row of `near_misses`: what light that crosses as drawn would lose; NaN where the PDK cannot tell."""
    dbu_nm: float = 1.0
    top_cells: Sequence[int] = (0,)
    """Cell indices of the tops, in the order of `tops`; names may be equal, these are not."""

    def table(self, name: str) -> Table:
        """Return a table; without columns when there is none of that name."""
        return self.tables.get(name, {})

    def rows(self, name: str) -> int:
        """Return the number of rows of a table."""
        return max((len(column) for column in self.table(name).values()), default=0)

    def values(self, table: str, column: str) -> NDArray[Any]:
        """Return a column as an array; without entries when it is absent."""
        return np.asarray(self.table(table).get(column, ()))

    @cached_property
    def joined_ports(self) -> frozenset[int]:
        """Rows of ports that are joined to another."""
        return frozenset(int(port) for side in ("port_a", "port_b") for port in self.values("nets", side).tolist())

    @cached_property
    def segmented(self) -> dict[int, tuple[float, float]]:
        """Pitch in nm and duty cycle of the waveguides that are rows of boxes, by row."""
        columns = (self.values("segments", name).tolist() for name in ("waveguide", "pitch_nm", "duty_cycle"))
        return {int(row): (pitch_nm, duty) for row, pitch_nm, duty in zip(*columns, strict=True)}

    @cached_property
    def open_ports(self) -> tuple[int, ...]:
        """Rows of optical ports that meet no other and at which no terminal lies."""
        ends = {one.port for one in self.terminals if not one.outside}
        kinds = self.values("ports", "kind").tolist()
        taken = self.joined_ports
        return tuple(row for row, kind in enumerate(kinds) if kind == OPTICAL and row not in taken and row not in ends)

    @cached_property
    def near_misses(self) -> tuple[int, ...]:
        """Rows of near misses to show: one of two ports that miss each other, none of two that look the same way."""
        columns = (self.values("near_misses", name).tolist() for name in ("port_a", "port_b", "angle_rad"))
        shown: dict[tuple[int, int], int] = {}
        for row, (a, b, angle_rad) in enumerate(zip(*columns, strict=True)):
            if not abs(angle_rad) > SAME_WAY_RAD:
                shown.setdefault((min(a, b), max(a, b)), row)
        return tuple(shown.values())

    def fact(self, device: int) -> Facts:
        """Return what the file says about the cell of a device; nothing for guides drawn beside devices."""
        if self.free_devices[device]:
            return NO_FACTS
        return self.facts.get(int(self.table("devices")["cell"][device]), NO_FACTS)

    def cross_section(self, row: int) -> str:
        """Return the name of a cross-section by its id; empty for -1."""
        return self.cross_sections[row] if 0 <= row < len(self.cross_sections) else ""

    @cached_property
    def free_devices(self) -> NDArray[np.bool_]:
        """Which devices have no cell of their own: guides and junctions drawn beside the devices."""
        return np.isin(self.values("devices", "source"), DRAWN_SOURCES)

    @cached_property
    def junction_of(self) -> dict[int, int]:
        """For each branch or crossing that belongs to no cell its row in `junctions`, by device."""
        return {int(device): row for row, device in enumerate(self.table("junctions").get("device", ()))}

    @cached_property
    def line_points(self) -> Polyline:
        """The points of all centre-lines."""
        return np.column_stack([self.values("centerlines", name).astype(np.float64) for name in ("x_nm", "y_nm")])

    @cached_property
    def line_lengths(self) -> NDArray[np.int64]:
        """How many of them belong to each waveguide."""
        offsets = self.values("centerlines", "offsets").astype(np.int64)
        return np.asarray(offsets[1:] - offsets[:-1], dtype=np.int64)

    @cached_property
    def centerlines(self) -> tuple[Polyline, ...]:
        """The centre-line of each waveguide."""
        offsets = self.values("centerlines", "offsets").tolist()
        return tuple(self.line_points[first:last] for first, last in itertools.pairwise(offsets))
