"""A netlist in the dialect of SPICE that SiEPIC-Tools writes and Lumerical INTERCONNECT reads.

One subcircuit per top cell. The facts a newcomer would get wrong: a line names the nets of a component in the order
electrical pins, ports to the world beyond the chip, optical pins by name, and no pin names, so the order is the
interface; `wg_length` is the length drawn (area over width), as SiEPIC states it, and not what a label says; and
INTERCONNECT turns clockwise and mirrors about the other axis than a layout does.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TextIO

import numpy as np
from numpy.typing import NDArray

from waveguard.exports.found import Found
from waveguard.exports.names import (
    cell_identifier,
    identifier,
    natural_key,
    outside_ports,
    port_names,
    terminal_names,
    unique,
)
from waveguard.exports.netlist import component_of
from waveguard.tables import ELECTRICAL, FIBRE, OPTICAL
from waveguard.units import nm_to_um

PARAMETERS = (
    "MC_uniformity_width=0",
    "MC_uniformity_thickness=0",
    "MC_resolution_x=100",
    "MC_resolution_y=100",
    "MC_grid=10e-6",
    "MC_non_uniform=99",
)
"""Settings of Monte Carlo runs that INTERCONNECT wants to find in a subcircuit."""
MEASURED = ("wg_length", "wg_width")
"""Parameters that are written as measured, whatever the file states."""
NEAREST_APART = 0.6
"""Distance of the two nearest components of a schematic, in its own unit."""
LARGEST_EXTENT = 50.0
"""Extent of a schematic beyond which its components are moved together."""
NEIGHBOURS = 64
"""Neighbours in a sweep that are looked at for the nearest; it only sets the scale of a drawing."""
_PLAIN_VALUE = re.compile(r"^[^\s\"\[\]]+$")


def write_spice(found: Found, out: TextIO) -> None:
    """Write the netlist."""
    out.write(f"* Netlist of {_comment(found.layout)}, extracted by waveguard with the PDK {_comment(found.pdk)}.\n\n")
    names = unique([cell_identifier(top) for top in found.tops], lambda name, n: f"{name}_{n}")
    circuit = _Circuit(found)
    for name, top in zip(names, found.top_cells, strict=True):
        out.writelines(f"{line}\n" for line in circuit.lines(name, top))


@dataclass
class _Nets:
    """Nets of a subcircuit: those inside by their first port, and the names of those that lead out of it."""

    guides: dict[int, str] = field(default_factory=dict)
    wires: dict[int, str] = field(default_factory=dict)
    electrical: list[str] = field(default_factory=list)
    optical: list[str] = field(default_factory=list)


class _Circuit:
    """Names of nets by port, and the order of the pins."""

    def __init__(self, found: Found) -> None:
        self.found = found
        self.devices = found.table("devices")
        ports = found.table("ports")
        self.kinds = [int(kind) for kind in ports.get("kind", ())]
        self.port_names = port_names(found)
        self.of_device: dict[int, list[int]] = {}
        for row, device in enumerate(ports.get("device", ())):
            self.of_device.setdefault(int(device), []).append(row)
        self.of_top: dict[int, list[int]] = {}
        for row, top in enumerate(self.devices.get("top", ())):
            self.of_top.setdefault(int(top), []).append(row)
        nets = found.table("nets")
        self.peer = {int(a): int(b) for a, b in zip(nets.get("port_a", ()), nets.get("port_b", ()), strict=True)}
        self.peer |= {b: a for a, b in self.peer.items()}
        owners = ports.get("device", ())
        self.outside: dict[int, str] = {}
        self.at_port: dict[int, str] = {}
        for name, one in zip(terminal_names(found), found.terminals, strict=True):
            if one.port >= 0 and one.outside:
                self.outside.setdefault(int(owners[one.port]), name)
            elif one.port >= 0:
                self.at_port.setdefault(one.port, name)
        self.far_port = outside_ports(found)

    def lines(self, name: str, top: int) -> Iterator[str]:
        """Yield the subcircuit of a top cell and the line that calls it."""
        rows = self.of_top.get(top, [])
        middle_um = self._middles(rows)
        scale = _schematic_scale(middle_um)
        nets = _Nets()
        body = []
        for index, row in enumerate(rows):
            component = component_of(self.found, row)
            pins = self._pins(row, f"{component}_{index}", nets)
            body.append(self._line(row, f"{component}_{index}", component, pins, middle_um[index], scale))
        outer = " ".join([*nets.electrical, *nets.optical])
        yield f".subckt {name} {outer}".rstrip()
        yield from (f".param {parameter} " for parameter in PARAMETERS)
        yield from body
        yield f".ends {name}"
        yield ""
        yield f"{name}   {outer} {name} sch_x=-1 sch_y=-1 "
        yield ""

    def _middles(self, rows: list[int]) -> NDArray[np.float64]:
        sides = [self.found.values("devices", f"bbox_{side}_nm")[rows] for side in ("x0", "x1", "y0", "y1")]
        middles = np.column_stack([(sides[0] + sides[1]) / 2, (sides[2] + sides[3]) / 2])
        return np.asarray(nm_to_um(middles), dtype=np.float64)

    def _pins(self, row: int, instance: str, nets: _Nets) -> list[str]:
        """Return the nets of a device in order."""
        mine = sorted(self.of_device.get(row, ()), key=lambda port: natural_key(self.port_names[port]))
        by_kind = {kind: [port for port in mine if self.kinds[port] == kind] for kind in (OPTICAL, ELECTRICAL, FIBRE)}
        found = []
        for port in by_kind[ELECTRICAL]:
            if port in self.peer:
                found.append(nets.wires.setdefault(min(port, self.peer[port]), f"E${len(nets.wires)}"))
            else:
                found.append(f"{instance}_{self.port_names[port]}")
                nets.electrical.append(found[-1])
        outer = [f"{instance}_{self.port_names[port]}" for port in by_kind[FIBRE]]
        if row in self.outside:
            far = self.far_port[row]
            outer = [self.outside[row], *(name for name in outer if name != f"{instance}_{far}")]
        found += outer
        nets.optical += outer
        for port in by_kind[OPTICAL]:
            if port in self.at_port:
                found.append(self.at_port[port])
                nets.optical.append(found[-1])
            else:
                first = min(port, self.peer.get(port, port))
                found.append(nets.guides.setdefault(first, f"N${len(nets.guides)}"))
        return found

    def _line(
        self, row: int, instance: str, component: str, pins: list[str], middle_um: NDArray[np.float64], scale: float
    ) -> str:
        fact = self.found.fact(row)
        x, y = float(middle_um[0]), float(middle_um[1])
        turn_deg = round(math.degrees(float(self.devices["rotation_rad"][row])) / 90.0) * 90
        mirrored = bool(self.devices["mirrored"][row])
        schematic_deg = (180 - turn_deg if mirrored else -turn_deg) % 360
        parts = [f" {instance} ", *pins, component]
        if fact.library:
            parts.append(f'library="{_one_line(fact.library)}"')
        parts += self._parameters(row)
        parts += [f"lay_x={_exponent(x, -6)}", f"lay_y={_exponent(y, -6)}"]
        parts += [f"sch_x={_exponent(x * scale, 0)}", f"sch_y={_exponent(y * scale, 0)}", ""]
        return (
            " ".join(parts) + (f" sch_r={schematic_deg}" if schematic_deg else "") + (" sch_f=true" if mirrored else "")
        )

    def _parameters(self, row: int) -> list[str]:
        guides, guide = self.found.table("waveguides"), int(self.devices["waveguide"][row])
        written = []
        if guide >= 0:
            drawn_nm = float(guides["drawn_length_nm"][guide])
            length_nm = drawn_nm if math.isfinite(drawn_nm) else float(guides["centerline_length_nm"][guide])
            for name, value_nm in zip(MEASURED, (length_nm, float(guides["width_a_nm"][guide])), strict=True):
                if math.isfinite(value_nm):
                    written.append(f"{name}={nm_to_um(value_nm):.3f}u")
        for name, value in self.found.fact(row).parameters.items():
            if guide < 0 or name not in MEASURED:
                text = _one_line(value)
                written.append(
                    f"{identifier(name)}={text}" if _PLAIN_VALUE.match(text) else f'{identifier(name)}="{text}"'
                )
        return written


def _schematic_scale(middle_um: NDArray[np.float64]) -> float:
    """Return the scale by which a schematic is drawn, so that its nearest components stay apart."""
    if len(middle_um) < 2:
        return 1.0
    # Along a line that no row or column of a chip follows, near components are near in order, too.
    along = middle_um[np.argsort(middle_um @ np.array([1.0, math.sqrt(2.0) / 3.0]))]
    nearest = math.inf
    for shift in range(1, min(NEIGHBOURS, len(along) - 1) + 1):
        apart = np.hypot(*(along[shift:] - along[:-shift]).T)
        apart = apart[apart > 0.0]
        nearest = min(nearest, float(apart.min()) if apart.size else math.inf)
    extent = float(np.hypot(*(middle_um.max(axis=0) - middle_um.min(axis=0))))
    if not math.isfinite(nearest) or extent == 0.0:
        return 1.0
    return min(NEAREST_APART / nearest, LARGEST_EXTENT / extent)


def _exponent(value: float, exponent: int) -> str:
    """Return a number with a power of ten, as the dialect writes it."""
    text = f"{value:.9f}".rstrip("0")
    return f"{text}0E{exponent}" if text.endswith(".") else f"{text}E{exponent}"


def _one_line(text: str) -> str:
    return " ".join(text.replace('"', "").split())


def _comment(text: str) -> str:
    return re.sub(r"[^ -~]", "?", text)
