"""Field models: pure functions of wavelength that return complex amplitudes, one small file per family.

`MODELS` finds one by name. They know units and numpy only. See `scattering` for the conventions.
"""

from __future__ import annotations

from collections.abc import Callable

from waveguard.models.fields.bragg import bragg_grating, partial_reflector
from waveguard.models.fields.broadband import broadband_coupler
from waveguard.models.fields.connector import fibre_connector
from waveguard.models.fields.contra import contra_coupler
from waveguard.models.fields.coupler import coupler_2x2, directional_coupler
from waveguard.models.fields.crossing import crossing
from waveguard.models.fields.detector import detector
from waveguard.models.fields.ends import open_end, terminator
from waveguard.models.fields.fibre import edge_coupler, fibre_coupler
from waveguard.models.fields.guide import guide
from waveguard.models.fields.laser import laser
from waveguard.models.fields.mmi import mmi_1x2, mmi_2x2
from waveguard.models.fields.modulator import mz_modulator, ring_modulator
from waveguard.models.fields.mux import mux
from waveguard.models.fields.mzi import mzi_2x2
from waveguard.models.fields.phase_shifter import phase_shifter
from waveguard.models.fields.ring import ring_add_drop, ring_all_pass
from waveguard.models.fields.scattering import Scattering
from waveguard.models.fields.splitter import splitter_1x2, splitter_1xn
from waveguard.models.fields.tap import monitor_tap
from waveguard.models.fields.two_port import interface, taper, two_port

__all__ = ["MODELS", "ONE_WAY", "FieldModel", "Scattering"]

FieldModel = Callable[..., Scattering]

MODELS: dict[str, FieldModel] = {
    model.__name__: model
    for model in (
        bragg_grating,
        broadband_coupler,
        contra_coupler,
        coupler_2x2,
        crossing,
        detector,
        directional_coupler,
        edge_coupler,
        fibre_connector,
        fibre_coupler,
        guide,
        interface,
        laser,
        mmi_1x2,
        mmi_2x2,
        monitor_tap,
        mux,
        mz_modulator,
        mzi_2x2,
        open_end,
        partial_reflector,
        phase_shifter,
        ring_add_drop,
        ring_all_pass,
        ring_modulator,
        splitter_1x2,
        splitter_1xn,
        taper,
        terminator,
        two_port,
    )
}
"""Every field model by its name."""

ONE_WAY = frozenset({"detector", "laser"})
"""Models that are not reciprocal: one of their ports is no light on the chip."""
