"""Device models: pure functions, one small file per family; numbers in, passages with their loss out.

They know units and numpy only, so that a model file can be read and run alone. `passages` finds the model of a kind.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping

from waveguard.models.coupler import coupler_2x2
from waveguard.models.crossing import crossing
from waveguard.models.fibre import detector, edge_coupler, fibre_coupler, laser, terminator
from waveguard.models.mux import mux
from waveguard.models.passage import CAUSES, Passage
from waveguard.models.ring import ring_add_drop
from waveguard.models.splitter import splitter_1x2, splitter_1xn
from waveguard.models.two_port import taper, two_port

__all__ = ["CAUSES", "MODELS", "OUTSIDE", "Passage", "parameters", "passages"]

Model = Callable[..., tuple[Passage, ...]]

MODELS: dict[str, Model] = {
    model.__name__: model
    for model in (
        coupler_2x2,
        crossing,
        detector,
        edge_coupler,
        fibre_coupler,
        laser,
        mux,
        ring_add_drop,
        splitter_1x2,
        splitter_1xn,
        taper,
        terminator,
        two_port,
    )
}
"""Model of each kind of device. Guides, black boxes and ignored cells have none."""

OUTSIDE: dict[str, tuple[bool, bool]] = {
    "fibre_coupler": (True, True),
    "edge_coupler": (True, True),
    "laser": (True, False),
    "detector": (False, True),
}
"""Kinds with a port `outside`: whether light comes in there and goes out there."""


def parameters(kind: str) -> frozenset[str]:
    """Return the parameters that the model of a kind takes from the PDK; none for kinds without a model."""
    if kind not in MODELS:
        return frozenset()
    return frozenset(inspect.signature(MODELS[kind]).parameters) - {"n_outputs"}


def passages(kind: str, n_ports: int, params: Mapping[str, float]) -> tuple[Passage, ...]:
    """Return the passages of a device.

    Parameters
    ----------
    kind
        Kind of the device, a key of `MODELS`.
    n_ports
        Its number of optical ports.
    params
        Parameters of the PDK entry; those that concern reflections and leaks are not used here.
    """
    model = MODELS[kind]
    known = parameters(kind)
    arguments: dict[str, float] = {name: value for name, value in params.items() if name in known}
    if "n_outputs" in inspect.signature(model).parameters:
        arguments["n_outputs"] = n_ports - 1
    return model(**arguments)
