"""Which field model stands for a kind of device of the PDK, and what is missing when none does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from waveguard.models.fields.coupler import coupler_2x2
from waveguard.models.fields.crossing import crossing
from waveguard.models.fields.detector import detector
from waveguard.models.fields.ends import terminator
from waveguard.models.fields.fibre import edge_coupler, fibre_coupler
from waveguard.models.fields.laser import laser
from waveguard.models.fields.ring import ring_add_drop
from waveguard.models.fields.scattering import Floats, Scattering
from waveguard.models.fields.splitter import splitter_1x2, splitter_1xn
from waveguard.models.fields.two_port import taper, two_port

PLAIN: dict[str, Callable[..., Scattering]] = {
    "coupler_2x2": coupler_2x2,
    "crossing": crossing,
    "detector": detector,
    "edge_coupler": edge_coupler,
    "fibre_coupler": fibre_coupler,
    "laser": laser,
    "splitter_1x2": splitter_1x2,
    "terminator": terminator,
}
UNUSED = frozenset({"power_dbm", "responsivity_a_per_w"})
"""Parameters of the PDK that say nothing about amplitudes."""
RING = ("round_trip_um", "coupling_fraction", "n_eff", "n_g")


@dataclass(frozen=True)
class Drawn:
    """What the layout and the PDK say about one device beside its parameters."""

    wl0_um: float
    """Wavelength for which the entry, or the PDK, is made."""
    length_um: float = 0.0
    """Length of guide in it, 0 when it was not traced."""
    n_eff: float = 1.0
    n_g: float = 1.0


def missing(kind: str, params: Mapping[str, float]) -> str | None:
    """Return why a kind has no amplitudes with these parameters, None when it has."""
    if kind == "ring_add_drop" and any(name not in params for name in RING):
        lacking = ", ".join(name for name in RING if name not in params)
        return f"at which wavelengths it drops light is not known: params {lacking}, or S-parameters of it"
    if kind == "mux":
        return "the bands of its channels are not known: S-parameters of the device"
    if kind not in {*PLAIN, "ring_add_drop", "splitter_1xn", "two_port", "taper"}:
        return f"a {kind} has no field model"
    return None


def scattering(kind: str, wl_um: Floats, *, n_ports: int, params: Mapping[str, float], drawn: Drawn) -> Scattering:
    """Return the amplitudes of a device; `missing` must have found nothing.

    The phase of a device is that of the guide drawn in it, and none where no length is known: it is the same for all
    devices of one cell, so interferometers between equal devices are right, others are off by a constant phase.
    """
    given = {name: value for name, value in params.items() if name not in UNUSED}
    guide = {"length_um": drawn.length_um, "n_eff": drawn.n_eff, "n_g": drawn.n_g, "wl0_um": drawn.wl0_um}
    if kind == "two_port":
        return two_port(wl_um, **given, **guide)
    if kind == "taper":
        return taper(wl_um, **given, **guide)
    if kind == "splitter_1xn":
        return splitter_1xn(wl_um, n_outputs=n_ports - 1, **given)
    if kind == "ring_add_drop":
        names = (*RING, "drop_coupling_fraction", "loss_db_per_cm")
        return ring_add_drop(wl_um, wl0_um=drawn.wl0_um, **{name: given[name] for name in names if name in given})
    if kind == "fibre_coupler":
        return fibre_coupler(wl_um, wl0_um=drawn.wl0_um, **given)
    return PLAIN[kind](wl_um, **given)
