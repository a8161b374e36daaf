"""Complex S-parameters of random circuits and meshes, as SAX computes them, and as one dense numpy system does.

SAX (flaport) composes circuits by its own code on jax; the dense system is `S (1 - P S)⁻¹` over all ports. Loops come
from rings, mirrors and from joints at random.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import drawn_guides as draw
from waveguard import fields
from waveguard.models.fields import MODELS, Scattering

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    import sax

pytestmark = pytest.mark.filterwarnings("ignore")

WL = np.array([1.531, 1.5502, 1.5697])
WITHIN = 1e-9
KLU_FROM = 50
"""Smaller circuits go to SAX's solver after Filipsson and Gunnarsson: its sparse one refuses some of them."""
GUIDE = {"n_eff": 2.44, "n_g": 4.2, "wl0_um": 1.55, "loss_db_per_cm": 3.0}


def pool(random: np.random.Generator, n: int) -> dict[str, Scattering]:
    """Return devices of several families with numbers at random."""
    made: dict[str, Scattering] = {}
    for k in range(n):
        kind = random.choice(["guide", "coupler", "mirror", "splitter", "crossing", "ring", "any"])
        level = float(random.uniform(-40, -8))
        if kind == "guide":
            one = MODELS["guide"](WL, length_um=float(random.uniform(1, 300)), **GUIDE)
        elif kind == "coupler":
            one = MODELS["coupler_2x2"](WL, cross_fraction=float(random.uniform(0.02, 0.98)), reflection_db=level)
        elif kind == "mirror":
            one = MODELS["partial_reflector"](WL, reflectance=float(random.uniform(0.01, 0.9)), loss_db=0.1)
        elif kind == "splitter":
            one = MODELS["splitter_1x2"](WL, excess_loss_db=0.2, isolation_db=level)
        elif kind == "crossing":
            one = MODELS["crossing"](WL, loss_db=0.1, crosstalk_db=level, reflection_db=level)
        elif kind == "ring":
            one = MODELS["ring_add_drop"](WL, round_trip_um=62.8, coupling_fraction=0.1, **GUIDE)
        else:
            # No device at all: any passive matrix, not reciprocal, with zeros here and there.
            size = int(random.integers(1, 5))
            s = random.normal(size=(len(WL), size, size)) + 1j * random.normal(size=(len(WL), size, size))
            s *= random.random((size, size)) < 0.8
            s *= 0.97 / max(float(np.linalg.norm(s, 2, axis=(1, 2)).max()), 1e-3)
            one = Scattering(tuple(f"p{i}" for i in range(size)), s)
        made[f"c{k}"] = one
    return made


def random_netlist(
    random: np.random.Generator, devices: dict[str, Scattering], n: int, joined: float
) -> dict[str, Any]:
    """Return a netlist of `n` instances whose ports are joined at random: one pair or more, two or more left open."""
    names = [name for name, one in devices.items() if n > 2 or len(one.ports) > 1]
    instances = {f"i{k}": names[int(random.integers(len(names)))] for k in range(n)}
    ports = [f"{name},{port}" for name, component in instances.items() for port in devices[component].ports]
    order = [ports[k] for k in random.permutation(len(ports))]
    pairs = max(1, min(int(joined * len(order)) // 2, (len(order) - 2) // 2))
    connections = {order[2 * k]: order[2 * k + 1] for k in range(pairs)}
    open_ports = order[2 * pairs :][:12]
    return {
        "instances": instances,
        "connections": connections,
        "ports": {f"x{k}": port for k, port in enumerate(open_ports)},
    }


def by_sax(netlist: dict[str, Any], devices: dict[str, Scattering]) -> Any:
    """Return what SAX finds, as (wavelength, out, in)."""

    def model(one: Scattering) -> Any:
        table = {
            (start, end): jnp.asarray(one.s[:, k, i])
            for i, start in enumerate(one.ports)
            for k, end in enumerate(one.ports)
        }
        return lambda wl=1.5: table  # noqa: ARG005

    backend = "klu" if len(netlist["instances"]) > KLU_FROM else "filipsson_gunnar"
    models = {name: model(one) for name, one in devices.items()}
    circuit, _ = sax.circuit(netlist=netlist, models=models, backend=backend)
    found = sax.sdict(circuit())
    ports = list(netlist["ports"])
    # What no light passes may be missing there.
    of_pair = [[np.broadcast_to(found.get((start, end), 0.0), WL.shape) for start in ports] for end in ports]
    return np.array(of_pair).transpose(2, 0, 1)


def by_dense(netlist: dict[str, Any], devices: dict[str, Scattering]) -> Any:
    """Return the answer of one dense system over all ports."""
    at: dict[str, int] = {}
    blocks = []
    for name, component in netlist["instances"].items():
        one = devices[component]
        blocks.append((len(at), one.s))
        at |= {f"{name},{port}": len(at) + k for k, port in enumerate(one.ports)}
    n = len(at)
    s = np.zeros((len(WL), n, n), dtype=complex)
    for first, block in blocks:
        s[:, first : first + block.shape[1], first : first + block.shape[1]] = block
    joined = np.zeros((n, n))
    for a, b in netlist["connections"].items():
        joined[at[a], at[b]] = joined[at[b], at[a]] = 1.0
    outside = [at[port] for port in netlist["ports"].values()]
    return (s @ np.linalg.inv(np.eye(n) - joined @ s))[:, outside][:, :, outside]


@pytest.mark.parametrize("seed", range(12))
def test_random_circuits_with_loops(seed: int) -> None:
    random = np.random.default_rng(seed)
    n = [2, 3, 5, 8, 13, 20, 30, 45, 60, 80, 100, 130][seed]
    devices = pool(random, 10)
    netlist = random_netlist(random, devices, n, float(random.choice([0.6, 0.85, 0.97])))
    found = fields.from_netlist(netlist, wl_um=WL, models=devices)
    assert np.abs(found.s - by_dense(netlist, devices)).max() < 1e-11
    assert np.abs(found.s - by_sax(netlist, devices)).max() < WITHIN
    assert found.residual is not None
    assert found.largest_singular_value is not None
    assert found.residual.max() < 1e-12
    assert found.largest_singular_value.max() < 1.0 + 1e-12
    exact = np.linalg.norm(found.s, 2, axis=(1, 2))
    # A lower bound, the closer the nearer to one.
    assert (found.largest_singular_value <= exact + 1e-12).all()
    assert (exact - found.largest_singular_value <= 2e-3 * (1.0 - exact) + 1e-9).all()


@pytest.mark.slow
def test_three_hundred_devices_with_loops() -> None:
    random = np.random.default_rng(300)
    devices = pool(random, 14)
    netlist = random_netlist(random, devices, 300, 0.98)
    found = fields.from_netlist(netlist, wl_um=WL, models=devices)
    assert found.figures["largest_loop"] > 100
    assert np.abs(found.s - by_dense(netlist, devices)).max() < 1e-11
    assert np.abs(found.s - by_sax(netlist, devices)).max() < WITHIN


def mesh(
    n: int, random: np.random.Generator, reflection_db: float | None
) -> tuple[dict[str, Any], dict[str, Scattering]]:
    """Return a rectangular mesh after Clements et al., every device a coupler of its own behind a phase."""
    devices, instances, connections = {}, {}, {}
    lines: list[str | None] = [None] * n
    ports: dict[str, str] = {}
    for column in range(n):
        for row in range(column % 2, n - 1, 2):
            name = f"m{column}x{row}"
            one = MODELS["mzi_2x2"](
                WL,
                first_arm_um=100.0,
                second_arm_um=100.0,
                phase_rad=float(random.uniform(0, 2 * np.pi)),
                n_eff=2.44,
                n_g=4.2,
                wl0_um=1.55,
                loss_db_per_cm=2.0,
            )
            back = 0.0 if reflection_db is None else 10.0 ** (reflection_db / 20.0)
            devices[name] = Scattering(one.ports, one.s * (1.0 - back) + back * np.eye(4))
            instances[name] = name
            for side in (0, 1):
                last = lines[row + side]
                if last is None:
                    ports[f"a{row + side}"] = f"{name},in{side + 1}"
                else:
                    connections[last] = f"{name},in{side + 1}"
                lines[row + side] = f"{name},out{side + 1}"
    ports |= {f"b{row}": last for row, last in enumerate(lines) if last is not None}
    return {"instances": instances, "connections": connections, "ports": ports}, devices


@pytest.mark.parametrize(("n", "reflection_db"), [(4, None), (8, None), (16, None), (4, -25.0), (8, -25.0)])
def test_meshes(n: int, reflection_db: float | None) -> None:
    netlist, devices = mesh(n, np.random.default_rng(n), reflection_db)
    found = fields.from_netlist(netlist, wl_um=WL, models=devices)
    assert (found.figures["loops"] == 0) == (reflection_db is None)
    assert np.abs(found.s - by_dense(netlist, devices)).max() < 1e-11
    assert np.abs(found.s - by_sax(netlist, devices)).max() < WITHIN


def test_what_we_hand_to_sax_composes_there_as_it_does_here() -> None:
    random = np.random.default_rng(5)
    devices = pool(random, 6)
    netlist = random_netlist(random, devices, 6, 0.5)
    inner = fields.from_netlist(netlist, wl_um=WL, models=devices)
    # Twice the same circuit in a row, joined by two of its ports.
    again = {
        "instances": {"left": "inner", "right": "inner"},
        "connections": {f"left,{inner.ports[0]}": f"right,{inner.ports[1]}"},
        "ports": {f"{side}_{port}": f"{side},{port}" for side in ("left", "right") for port in inner.ports[2:]},
    }
    ours = fields.from_netlist(again, wl_um=WL, models={"inner": inner})
    circuit, _ = sax.circuit(netlist=again, models={"inner": lambda: inner.to_sax()})
    theirs = sax.sdict(circuit())
    for start in ours.ports:
        for end in ours.ports:
            assert np.abs(ours.between(start, end) - theirs[start, end]).max() < WITHIN


def test_a_drawn_layout_is_the_same_circuit_in_sax() -> None:
    """A ring beside two guides, and a spiral that couples to itself, from their shapes: couplers and all."""
    ring = [draw.straight(0, 100, 0), *draw.ring(50, 10.7, 10), draw.straight(0, 100, 21.4)]
    model = draw.circuit_of([*ring, *(one.translate(0, 80) for one in draw.spiral(5, 30, 0.8, 20))])
    ours = fields.from_layout(model, wl_um=WL)
    assert ours.figures["couplers"] > 8
    netlist, models = fields.sax_from_layout(model, wl_um=WL)
    circuit, _ = sax.circuit(netlist=netlist, models=models, backend="klu")
    theirs = circuit()
    for k, start in enumerate(netlist["ports"]):
        for i, end in enumerate(netlist["ports"]):
            value = np.broadcast_to(np.asarray(theirs.get((start, end), 0.0)), WL.shape)
            assert np.abs(value - ours.s[:, i, k]).max() < WITHIN
    # And back: the netlist is one that we read ourselves.
    again = fields.from_netlist(netlist, wl_um=WL, models={name: model() for name, model in models.items()})
    assert np.abs(again.s - ours.s).max() < 1e-12
