"""The bundled PDKs: where they are, and which of them fit a layout.

After `pip install` they lie inside the package (`waveguard/_pdk`); in an editable install they are read from the
checkout's top-level `pdk/`. The fact a newcomer would get wrong: `suggest_pdk` is for hints in messages only; nothing
is ever checked with a PDK that the user did not name.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from waveguard.errors import InternalError
from waveguard.pdk.schema import Pdk

SUFFIX = ".toml"


def folder() -> Traversable:
    """Return the folder of the bundled PDKs."""
    root = Path(__file__).resolve().parents[3]
    places: list[Traversable] = [resources.files("waveguard").joinpath("_pdk")]
    if (root / "pyproject.toml").is_file():
        # In a checkout the packaged files are a copy made by the last build; an edit of pdk/ must count at once.
        places.insert(0, root / "pdk")
    for place in places:
        if place.is_dir() and any(item.name.endswith(SUFFIX) for item in place.iterdir()):
            return place
    looked_in = " and ".join(str(place) for place in places)
    raise InternalError(f"the bundled PDKs are missing: looked in {looked_in}; reinstall waveguard")


@functools.lru_cache(maxsize=1)
def bundled() -> dict[str, Traversable]:
    """Return the files of the bundled PDKs by name, sorted."""
    files = [item for item in folder().iterdir() if item.name.endswith(SUFFIX)]
    return {item.name.removesuffix(SUFFIX): item for item in sorted(files, key=lambda item: item.name)}


def names() -> list[str]:
    """Return the names of the bundled PDKs, sorted."""
    return list(bundled())


def _score(pdk: Pdk, layers: Collection[tuple[int, int]], known: Iterable[tuple[str, str | None, str | None]]) -> float:
    """Return how well a PDK fits: 0 when no core layer is there, else shares of layers and cells it knows."""
    if not set(pdk.core_layers()) & set(layers):
        return 0.0
    named = {pdk.layer(name) for name in pdk.layers}
    of_layers = len(named & set(layers)) / max(1, len(layers))
    pins = {pdk.layer(pin.layer) for pin in pdk.pins}
    of_pins = 1.0 if pins & set(layers) else 0.0
    cells = list(known)
    matched = sum(1 for cell, component, function in cells if pdk.match(cell, component, function) is not None)
    of_cells = matched / max(1, len(cells))
    return of_layers + of_pins + of_cells


def suggest_pdk(
    layers: Collection[tuple[int, int]], cells: Iterable[tuple[str, str | None, str | None]] = ()
) -> list[str]:
    """Return the bundled PDKs that fit a layout, the best first; empty when none has its core layer there.

    Parameters
    ----------
    layers
        Layer and datatype pairs that the layout uses.
    cells
        Cell name, component text and kfactory function name of its cells.
    """
    from waveguard.pdk.load import load

    seen = list(cells)
    scored = [(-_score(load(name), layers, seen), name) for name in names()]
    return [name for score, name in sorted(scored) if score < 0]
