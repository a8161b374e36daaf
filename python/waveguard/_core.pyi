"""The compiled part of waveguard: geometry, extraction and circuit solving.

Tables come up as dicts of columns: numpy arrays (float64, int64, uint8), read-only, or lists of text.
`waveguard.tables` gives them names and types.
"""

from collections.abc import Callable
from typing import Any, TypeAlias, final

import numpy.typing as npt

__all__ = [
    "Boundaries",
    "Circuit",
    "Extraction",
    "Layout",
    "Solution",
    "__version__",
    "build_circuit",
    "build_layout",
    "extract",
    "probe",
    "scan_layout",
    "schemas",
    "solve_fields",
    "solve_paths",
]

__version__: str

_Column: TypeAlias = npt.NDArray[Any] | list[str]
_Table: TypeAlias = dict[str, _Column]
_Progress: TypeAlias = Callable[[str, int, int], object]

@final
class Layout:
    """A layout on the grid; immutable."""

    @property
    def dbu_nm(self) -> float: ...
    @property
    def layers(self) -> list[tuple[int, int]]: ...
    @property
    def cell_names(self) -> list[str]: ...
    @property
    def tops(self) -> list[int]: ...
    @property
    def n_polygons(self) -> int: ...
    @property
    def n_points(self) -> int: ...
    def n_placements(self, cell: int) -> int: ...
    def bbox_nm(self, cell: int) -> tuple[float, float, float, float] | None: ...
    def problems(self) -> _Table: ...
    def labels(self, top: int, layers: list[tuple[int, int]], most: int) -> _Table: ...

@final
class Extraction:
    """Devices, ports, guides and nets found in a layout; immutable."""

    def table(self, name: str) -> _Table: ...
    def names(self) -> list[str]: ...

@final
class Circuit:
    """Ports, arcs through devices and terminals; immutable."""

    @property
    def n_devices(self) -> int: ...
    @property
    def n_ports(self) -> int: ...
    @property
    def n_arcs(self) -> int: ...

@final
class Solution:
    """Loss of every path of a circuit; immutable."""

    def table(self, name: str) -> _Table: ...
    def names(self) -> list[str]: ...
    def trace(self, from_terminal: int, to_terminal: int) -> list[int]: ...
    def reach(self, from_terminal: int) -> list[float]: ...

@final
class Boundaries:
    """The polygons of a GDSII stream, still in its bytes; immutable."""

    @property
    def n_structures(self) -> int: ...
    @property
    def n_polygons(self) -> int: ...
    def layers(self, structure: int) -> list[tuple[int, int]]: ...
    def rest(self) -> bytes | None: ...

def scan_layout(data: bytes) -> dict[str, Any]: ...
def build_layout(columns: dict[str, Any], progress: _Progress | None = None, threads: int = 0) -> Layout: ...
def extract(layout: Layout, recipe_json: str, threads: int = 0, progress: _Progress | None = None) -> Extraction: ...
def build_circuit(columns: dict[str, Any]) -> Circuit: ...
def solve_paths(
    circuit: Circuit, options_json: str = "{}", threads: int = 0, progress: _Progress | None = None
) -> Solution: ...
def solve_fields(
    columns: dict[str, Any], stacks: list[npt.NDArray[Any]], threads: int = 0, progress: _Progress | None = None
) -> dict[str, Any]: ...
def schemas() -> dict[str, list[tuple[str, str]]]: ...
def probe(kind: str, seconds: float = 0.0, threads: int = 1, progress: _Progress | None = None) -> None: ...
