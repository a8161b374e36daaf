"""What a file says about its cells beyond their shapes: one module per convention, one form for all.

KLayout keeps strings for each cell (`context`), in which kfactory puts ports, settings and lengths (`kfactory`) and
KLayout itself the parameters of its parametric cells (`klayout_pcell`). SiEPIC writes texts into the cell (`siepic`);
on which layers they lie is the PDK's to say, so those are read when the PDK is known.

Metadata are claims. What cannot be understood becomes a problem, never an error.
"""

from __future__ import annotations

from waveguard.metadata.cell import CellMetadata, StatedGuide, StatedPort, merge_metadata
from waveguard.metadata.context import read_context
from waveguard.metadata.siepic import MeasurementLabel, SiepicTexts, measurement_labels, siepic_texts

__all__ = [
    "CellMetadata",
    "MeasurementLabel",
    "SiepicTexts",
    "StatedGuide",
    "StatedPort",
    "measurement_labels",
    "merge_metadata",
    "read_context",
    "siepic_texts",
]
