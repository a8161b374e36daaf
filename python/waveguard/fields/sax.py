"""A circuit as a netlist with models for SAX, so that another program can solve the same circuit.

Every piece of guide, device and coupler between guides is an instance; its model is a table of amplitudes over the grid
of wavelengths that was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from waveguard.errors import UsageError
from waveguard.fields.circuit import FieldCircuit

Complexes = npt.NDArray[np.complex128]
SDict = dict[tuple[str, str], Complexes]

MAX_VALUES = 1 << 26
"""Most amplitudes of all models, 1 GiB."""


def sax_of(
    circuit: FieldCircuit, ports: Mapping[str, Hashable], n_wavelengths: int
) -> tuple[dict[str, Any], dict[str, Callable[[], SDict]]]:
    """Return the netlist of a circuit, and its models by component.

    Names of ports that SAX cannot take (`gc@(0,127)`) are numbered, `x0` and so on, in the order given.
    """
    number_of_values = sum(one.bytes_per_wavelength() for one in circuit.blocks) // 16 * n_wavelengths
    if number_of_values > MAX_VALUES:
        raise UsageError(
            f"a netlist with {number_of_values:,} amplitudes is too large", hint="ask for fewer wavelengths"
        )
    models: dict[str, Callable[[], SDict]] = {}
    sizes: list[int] = []
    for one in circuit.blocks:
        for s in np.asarray(one.evaluate(slice(None))):
            models[f"block{len(sizes)}"] = _model(s, n_wavelengths)
            sizes.append(one.n_ports)
    instances: dict[str, str] = {}
    at: list[str] = []
    for number, block in enumerate(circuit.instance_block):
        instances[f"i{number}"] = f"block{block}"
        at += [f"i{number},p{k}" for k in range(sizes[block])]
    named = {_plain(name, k): at[circuit.port_at[key]] for k, (name, key) in enumerate(ports.items())}
    return {
        "instances": instances,
        "connections": {at[a]: at[b] for a, b in circuit.pairs},
        "ports": named,
    }, models


def _plain(name: str, number: int) -> str:
    return name if name.isidentifier() else f"x{number}"


def _model(s: Complexes, n_wavelengths: int) -> Callable[[], SDict]:
    table = np.broadcast_to(s, (n_wavelengths, *s.shape[1:]))
    found = {
        (f"p{start}", f"p{out}"): np.ascontiguousarray(table[:, out, start])
        for start in range(s.shape[1])
        for out in range(s.shape[1])
    }
    return lambda: found
