"""Places along waveguides, and across the places where two of them meet: what several rules need of the tables."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from waveguard.rules._context import Context
from waveguard.tables import OPTICAL

STRAIGHT_ON_RAD = math.radians(20.0)
"""Two waveguides that deviate less from one line go on into each other."""


def place_along(ctx: Context, waveguide: int, along_nm: float) -> tuple[float, float]:
    """Return the place on the centre-line of a waveguide at a distance from its first port, in nm."""
    lines = ctx.tables.centerlines
    part = slice(int(lines.offsets[waveguide]), int(lines.offsets[waveguide + 1]))
    x_nm, y_nm = lines.x_nm[part], lines.y_nm[part]
    walked = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x_nm), np.diff(y_nm)))])
    # Thinned points shorten a curve; distances in the tables are those of the whole.
    scale = float(walked[-1]) / max(float(ctx.tables.waveguides.centerline_length_nm[waveguide]), 1e-9)
    at = along_nm * scale
    return float(np.interp(at, walked, x_nm)), float(np.interp(at, walked, y_nm))


class OpticalPorts:
    """The optical ports of each device, found without looking through all."""

    def __init__(self, ctx: Context) -> None:
        ports = ctx.tables.ports
        rows = np.flatnonzero(ports.kind == OPTICAL)
        self._rows = rows[np.argsort(ports.device[rows], kind="stable")]
        self._devices = ports.device[self._rows]

    def __call__(self, device: int) -> NDArray[np.int64]:
        """Return the ports of a device, in order."""
        first, end = np.searchsorted(self._devices, [device, device + 1])
        return self._rows[first:end]


@dataclass(frozen=True)
class Passages:
    """Junctions in which exactly two waveguides meet, and go straight on into each other."""

    junction: NDArray[np.int64]
    """Rows of the junctions."""
    port_a: NDArray[np.int64]
    """Ports of the two waveguides."""
    port_b: NDArray[np.int64]
    along_nm: NDArray[np.float64]
    """From one end to the other, along the waveguides."""
    aside_nm: NDArray[np.float64]
    """The same across them."""


def passages(ctx: Context) -> Passages:
    """Return the places at which a waveguide goes on as another one with a shape between that is neither of them."""
    junctions, ports, nets = ctx.tables.junctions, ctx.tables.ports, ctx.tables.nets
    rows, ends = [], []
    straight = (junctions.n_arms == 2) & (junctions.angle_rad > math.pi - STRAIGHT_ON_RAD)
    ports_of = OpticalPorts(ctx)
    for row in np.flatnonzero(straight).tolist():
        own = ports_of(int(junctions.device[row]))
        joined = [_partner(nets.port_a, nets.port_b, int(port), int(ports.net[port])) for port in own]
        if len(joined) == 2 and min(joined) >= 0:
            rows.append(row)
            ends.append(joined)
    pairs = np.asarray(ends, dtype=np.int64).reshape(-1, 2)
    a, b = pairs[:, 0], pairs[:, 1]
    step = (ports.x_nm[b] - ports.x_nm[a]) + 1j * (ports.y_nm[b] - ports.y_nm[a])
    # Neither end knows its direction well where the outline begins to be another.
    step = step * np.exp(-1j * np.angle(np.exp(1j * ports.direction_rad[a]) - np.exp(1j * ports.direction_rad[b])))
    return Passages(np.asarray(rows, dtype=np.int64), a, b, np.abs(step.real), np.abs(step.imag))


def partners(ctx: Context, own: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each of some ports the port it is joined to; -1 where it is joined to none."""
    nets = ctx.tables.nets
    net = ctx.tables.ports.net[own]
    out = np.full(len(own), -1, dtype=np.int64)
    joined = net >= 0
    a, b = nets.port_a[net[joined]], nets.port_b[net[joined]]
    out[joined] = np.where(a == own[joined], b, a)
    return out


def leads_into(ctx: Context, port: int, reach_nm: float) -> int:
    """Return the device at the other end of the way from a port of a waveguide on; -1 when it is out of reach."""
    devices, guides = ctx.tables.devices, ctx.tables.waveguides
    way_nm = 0.0
    while True:
        device = int(ctx.tables.ports.device[port])
        guide = int(devices.waveguide[device])
        if guide < 0:
            return device
        way_nm += float(guides.centerline_length_nm[guide])
        a, b = int(guides.port_a[guide]), int(guides.port_b[guide])
        far = b if port == a else a
        port = int(partners(ctx, np.array([far]))[0]) if far >= 0 else -1
        # A length that is not known ends the way, too: around a ring of such waveguides it would not end.
        if port < 0 or not way_nm <= reach_nm:
            return -1


def narrowest_nm(ctx: Context) -> NDArray[np.float64]:
    """Return for each waveguide the least width of its route.

    A taper may be a waveguide of its own behind a wide one: the whole way to a place counts.
    """
    guides = ctx.tables.waveguides
    least_nm = np.full(int(guides.route.max(initial=-1)) + 1, np.inf)
    np.minimum.at(least_nm, guides.route, guides.width_min_nm)
    narrowest: NDArray[np.float64] = least_nm[guides.route]
    return narrowest


def _partner(port_a: NDArray[np.int64], port_b: NDArray[np.int64], port: int, net: int) -> int:
    if net < 0:
        return -1
    return int(port_b[net]) if int(port_a[net]) == port else int(port_a[net])
