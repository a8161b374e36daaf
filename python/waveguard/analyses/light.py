"""Whether what stands on a path was made for one and the same light."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from waveguard.circuit import CircuitModel
    from waveguard.pdk.devices import DevicePattern

Ints = npt.NDArray[np.int64]

BAND_UM = 0.03
"""Losses of guides and devices hold this far from the wavelength they were stated for."""
COUPLER_BAND_UM = 0.015
"""The same for fibre couplers without a stated bandwidth: an ordinary grating has lost 1 dB more there."""


def band_um(entry: DevicePattern) -> float:
    """Return how far from its wavelength a device may be used."""
    if entry.kind != "fibre_coupler":
        return BAND_UM
    stated = entry.params.get("bandwidth_1db_nm")
    return COUPLER_BAND_UM if stated is None else stated.value / 2 / 1e3


def other_light(model: CircuitModel, rows: Ints, *, asked_um: float | None, asked: str) -> str:
    """Say when parts on the way (rows of the arcs) were made for different light, or for other light than asked for.

    Parameters
    ----------
    model, rows
        The circuit and the arcs on the way.
    asked_um, asked
        The light, and who asks for it; with None the parts are only compared with each other.
    """
    sections, entries = (np.unique(one[rows]).tolist() for one in (model.arcs.cross_section, model.arcs.entry))
    parts = [
        (one.name, one.wavelength_um, one.polarisation, BAND_UM)
        for one in (model.cross_sections[k] for k in sections if k >= 0)
    ]
    parts += [
        (one.name, one.wavelength_um, one.polarisation, band_um(one))
        for one in (model.pdk.devices[k] for k in entries if k >= 0)
    ]
    light = ("", "")
    wave_um, by = asked_um, asked
    for name, wavelength_um, polarisation, band in parts:
        if wavelength_um is not None:
            if wave_um is None:
                wave_um, by = wavelength_um, name
            elif abs(wavelength_um - wave_um) > band:
                return f"{name} on the path is for {wavelength_um:g} um, {by} for {wave_um:g} um"
        if polarisation is not None:
            if light[1] and not set(light[1].split("-")) & set(polarisation.split("-")):
                return f"{name} on the path is for {polarisation}, {light[0]} for {light[1]}"
            # The narrower of the two: a guide for TE and TM carries what a TE coupler sends.
            light = (name, polarisation) if not light[1] or len(polarisation) < len(light[1]) else light
    return ""
