"""The same drawing without what helps a reader of it: markers, pins, texts, properties, names of cells."""

from __future__ import annotations

import gdstk

from variants.hierarchy import new_library, real_cells
from waveguard.pdk import Pdk


def helping_layers(pdk: Pdk) -> frozenset[tuple[int, int]]:
    """Return the layers that say what is drawn: markers, pins, fibre targets, texts."""
    names = [
        *pdk.markers.device,
        *pdk.markers.guide,
        *pdk.markers.black_box,
        *pdk.texts.component,
        *pdk.texts.measurement,
        *(pin.layer for pin in pdk.pins),
    ]
    return frozenset(pdk.layer(name) for name in names) - frozenset(pdk.core_layers())


def stripped(library: gdstk.Library, pdk: Pdk) -> gdstk.Library:
    """Return the library with bare shapes and placements only: no marker, pin, label, property or telling name.

    Paths are drawn as their outlines.
    """
    helping = helping_layers(pdk)
    result = new_library(library)
    cells = real_cells(library)
    copies = {id(cell): gdstk.Cell(f"c{number}") for number, cell in enumerate(cells)}
    for cell in cells:
        copy = copies[id(cell)]
        # Repetitions of shapes are drawn out by this; those of placements are kept.
        for polygon in cell.get_polygons(include_paths=True, depth=0):
            if (polygon.layer, polygon.datatype) not in helping:
                polygon.properties = []
                copy.add(polygon)
        for reference in cell.references:
            target = copies.get(id(reference.cell))
            if target is None:
                continue
            placed = gdstk.Reference(
                target,
                reference.origin,
                rotation=reference.rotation,
                magnification=reference.magnification,
                x_reflection=reference.x_reflection,
            )
            if reference.repetition.size:
                placed.repetition = reference.repetition
            copy.add(placed)
    result.add(*copies.values())
    return result
