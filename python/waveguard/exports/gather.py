"""An extraction → `Found`, what the writers are given.

The only file of this package that knows where the data comes from. Terminals are those of the circuit, since a budget
calls them by the names given there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from waveguard import engine
from waveguard.analyses.defects import near_miss_loss
from waveguard.exports.found import Facts, Found, Terminal
from waveguard.metadata import siepic_texts
from waveguard.models import OUTSIDE
from waveguard.units import nm_to_um

if TYPE_CHECKING:
    from waveguard.extract import Extraction


def gather(extraction: Extraction) -> Found:
    """Return what was found in a layout, ready to be written."""
    file, handle = extraction.file, extraction.handle
    return Found(
        layout=file.path.name if file.path is not None else engine.MEMORY_NAME,
        layout_sha256=file.sha256 or "",
        pdk=extraction.pdk.name,
        cell_names=file.cell_names,
        tops=[file.cell_names[cell] for cell in extraction.tops],
        cross_sections=[guide.name for guide in extraction.guides],
        tables={table: handle.table(table) for table in handle.names()},
        terminals=_terminals(extraction),
        facts=_facts(extraction),
        stated_length_um=extraction.stated_length_um,
        near_miss_loss_db=near_miss_loss(extraction.tables, extraction.pdk, extraction.cross_sections),
        dbu_nm=file.dbu_nm,
        top_cells=extraction.tops,
    )


def _terminals(extraction: Extraction) -> tuple[Terminal, ...]:
    found = engine.circuit_of(extraction).terminals
    return tuple(
        Terminal(
            names=found.names[row],
            kind=kind,
            x_um=nm_to_um(float(found.x_nm[row])),
            y_um=nm_to_um(float(found.y_nm[row])),
            top=int(found.top[row]),
            port=int(found.chip_port[row]),
            outside=kind in OUTSIDE,
        )
        for row, kind in enumerate(found.kind)
    )


def _facts(extraction: Extraction) -> dict[int, Facts]:
    file, kit = extraction.file, extraction.pdk
    texts = siepic_texts(file.labels, [kit.layer(name) for name in kit.texts.component], file.cell_names)
    found = {}
    for cell, known in enumerate(extraction.facts):
        metadata, text = known.metadata, texts.get(cell)
        if metadata is None and text is None:
            continue
        function = metadata.function_name if metadata is not None else None
        found[cell] = Facts(
            component=known.component or function or "",
            library=(text.library if text is not None else None) or "",
            parameters=text.parameters if text is not None else {},
            settings=metadata.settings if metadata is not None else {},
            info=metadata.info if metadata is not None else {},
        )
    return found
