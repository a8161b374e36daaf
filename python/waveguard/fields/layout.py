"""A circuit that was extracted, with the numbers of its PDK, to S-parameters between its terminals.

Guides carry the phase of their traced length and the loss of the path analysis, devices the field model of their kind
or measured S-parameters. The fact a newcomer would get wrong: what has no model is a gap; light that could pass one is
unknown, and said to be.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from waveguard.analyses.coupling import has_modes
from waveguard.analyses.light import band_um
from waveguard.assembly.devices import OpticalPorts, groups_alike, roles_of_ports
from waveguard.errors import UsageError
from waveguard.fields import core, measured, sampling
from waveguard.fields.circuit import FieldCircuit
from waveguard.fields.ends import named_ports
from waveguard.fields.guides import GuideArcs, add_guides
from waveguard.fields.runs import FLOOR_DB, place_runs
from waveguard.fields.sax import SDict, sax_of
from waveguard.fields.sparameters import SParameters, checked_grid
from waveguard.models import MODELS
from waveguard.models.fields import kinds
from waveguard.models.fields.ends import open_end
from waveguard.tables import OPTICAL
from waveguard.units import nm_to_um

if TYPE_CHECKING:
    from waveguard.circuit import CircuitModel
    from waveguard.pdk.schema import CrossSection, DevicePattern

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Complexes = npt.NDArray[np.complex128]

_COPY = re.compile(r"(\$\d+)+$")
"""What KLayout appends to the name of a cell of which it has several."""

MAX_VALUES = 1 << 27
"""Most amplitudes of a result, 2 GiB."""
MAX_BIAS_NM = 200.0
FAR_FROM = 0.1
"""Wavelengths further than this share from that of a cross-section are noted: its index is a straight line."""


def from_layout(
    model: CircuitModel,
    *,
    wl_um: npt.ArrayLike,
    ports: Sequence[str] | None = None,
    gaps: str = "unknown",
    floor_db: float = FLOOR_DB,
    edge_bias_nm: float = 0.0,
    core_between: npt.NDArray[np.bool_] | None = None,
    threads: int = 0,
    progress: core.Progress | None = None,
) -> SParameters:
    """Solve an extracted circuit between terminals.

    Parameters
    ----------
    model
        The circuit (`waveguard.engine.circuit_of` makes it from an extraction).
    wl_um
        Wavelengths, increasing.
    ports
        Names of terminals, or places of open ends of guides as `end@(x,y)` in um; all terminals when None, and all
        open ends where there is no terminal.
    gaps
        `unknown`: amplitudes that depend on a device without a model are NaN; `absorb`: such devices swallow light.
    floor_db
        Guides side by side couple at their place; pairs of ways that couple less than this are left out. Infinite for
        guides that do not couple at all.
    edge_bias_nm
        How far the process moves every edge of a core outwards: guides get wider by twice that, gaps narrower.
    core_between
        By run: whether core material stands between the two guides, so that no coupling table holds for them.
    threads, progress
        As everywhere.
    """
    wl = checked_grid(wl_um)
    named = named_ports(model, ports)
    if len(wl) * len(named) ** 2 > MAX_VALUES:
        raise UsageError(
            f"{len(named)} ports at {len(wl)} wavelengths are too many for one result",
            hint="choose ports, or fewer wavelengths",
        )
    extended, own, probed = sampling.with_probes(wl)
    builder = _Builder(model, extended, frozenset(named.values()), checked_bias(edge_bias_nm), floor_db, core_between)
    builder.build()
    solved = builder.circuit.solve(dict(named), extended, gaps=gaps, threads=threads, progress=progress)
    found = replace(
        solved.rows(own),
        gaps=builder.gaps(),
        notes=(*builder.all_notes(), *_beyond_bands(model, wl), *_uncoupled(builder.runs.unknown)),
        unknown_couplings=builder.runs.unknown,
        figures={**solved.figures, "couplers": len(builder.runs), "faint_runs": builder.runs.n_faint},
    )
    needs = [sampling.fringes(solved, probed), sampling.resonances(model, builder.runs, extended)]
    return sampling.judged(found, needs)


def sax_from_layout(
    model: CircuitModel,
    *,
    wl_um: npt.ArrayLike,
    ports: Sequence[str] | None = None,
    floor_db: float = FLOOR_DB,
    edge_bias_nm: float = 0.0,
    core_between: npt.NDArray[np.bool_] | None = None,
) -> tuple[dict[str, Any], dict[str, Callable[[], SDict]]]:
    """Return an extracted circuit as a netlist for SAX, with the models of its components over a grid of wavelengths.

    The same circuit that `from_layout` solves with `gaps="absorb"`: couplers between guides are in it, and devices
    without a model swallow light. Parameters as there. `sax.circuit(netlist, models)` solves it.
    """
    wl = checked_grid(wl_um)
    named = named_ports(model, ports)
    bias = checked_bias(edge_bias_nm)
    builder = _Builder(model, wl, frozenset(named.values()), bias, floor_db, core_between)
    builder.build()
    return sax_of(builder.circuit, named, len(wl))


def checked_bias(edge_bias_nm: float) -> float:
    """Return a bias in nm that can be one; else UsageError."""
    if not abs(edge_bias_nm) <= MAX_BIAS_NM:
        raise UsageError(f"{edge_bias_nm:g} nm is no bias of an edge", hint="give nm per edge, e.g. -11")
    return edge_bias_nm


@dataclass
class _Builder:
    model: CircuitModel
    wl: Floats
    asked: frozenset[int]
    """Ports of the result."""
    edge_bias_nm: float
    floor_db: float
    core_between: npt.NDArray[np.bool_] | None

    def __post_init__(self) -> None:
        self.circuit = FieldCircuit()
        self.placed: set[int] = set()
        self.reasons: dict[int, str] = {}
        self.notes: Counter[str] = Counter()
        self.far: set[str] = set()

    @cached_property
    def optical(self) -> OpticalPorts:
        """Optical ports by device."""
        return OpticalPorts(self.model.tables)

    def build(self) -> None:
        """Place all devices and guides, then join them."""
        self._guides()
        self._devices()
        self._gaps()
        self._joints()

    # ---- guides ----

    def _guides(self) -> None:
        model, sections = self.model, self.model.cross_sections
        guides = GuideArcs.of(model)
        for number in np.unique(model.arcs.cross_section[guides.arc]).tolist():
            self._far(sections[number])
            if self.edge_bias_nm and not has_modes(model.pdk, sections[number]):
                self.notes[f"no mode table for {sections[number].name}: the bias moves its coupling, not its index"] = 1
        self.runs = place_runs(
            model,
            self.wl,
            guides.mask(len(model.tables.waveguides)),
            floor_db=self.floor_db,
            edge_bias_nm=self.edge_bias_nm,
            core_between=self.core_between,
        )
        add_guides(self.circuit, model, self.wl, guides, self.runs, self.edge_bias_nm)
        self.placed.update(model.arcs.device[guides.arc].tolist())

    def _far(self, section: CrossSection) -> None:
        low, high = float(self.wl.min()), float(self.wl.max())
        if max(section.wavelength_um - low, high - section.wavelength_um) > FAR_FROM * section.wavelength_um:
            self.far.add(f"{section.name} is known at {section.wavelength_um:g} um: its index is extrapolated")

    # ---- devices ----

    def _devices(self) -> None:
        model, cells = self.model, self.model.tables.devices.cell
        entries = model.entry_of_device
        known = np.flatnonzero((entries >= 0) & (self.optical.count > 0))
        known = known[~np.isin(known, np.fromiter(self.placed, dtype=np.int64, count=len(self.placed)))]
        snap_nm = model.pdk.extraction.tolerances.snap_nm
        for number in np.unique(entries[known]).tolist():
            entry = model.pdk.devices[number]
            for alike in groups_alike(self.optical, cells, known[entries[known] == number], snap_nm):
                reason = self._alike(entry, alike)
                if reason is not None:
                    self.reasons.update(dict.fromkeys(alike.tolist(), reason))

    def _alike(self, entry: DevicePattern, devices: Ints) -> str | None:
        """Place devices of one cell; return the reason when they have no field model."""
        shape = self.optical.shape(int(devices[0]))
        if entry.sparameters is not None:
            roles = roles_of_ports(entry, shape) if entry.kind in MODELS else {}
            return self._measured(entry, devices, shape.names, {} if isinstance(roles, str) else roles)
        params = {name: quantity.value for name, quantity in entry.params.items()}
        reason = kinds.missing(entry.kind, params)
        if reason is not None:
            return None if entry.kind in {"black_box", "guide", "ignore"} else reason
        roles = roles_of_ports(entry, shape)
        if isinstance(roles, str):
            return roles
        lengths = self._lengths_um()[devices]
        for length_um in np.unique(lengths).tolist():
            mine = devices[lengths == length_um]
            found = kinds.scattering(
                entry.kind, self.wl, n_ports=len(shape), params=params, drawn=self._drawn(entry, mine, length_um)
            )
            block = self.circuit.add_blocks(core.constant(found.s))
            if length_um == 0.0 and entry.kind in {"two_port", "taper"}:
                self.notes[f"no length of {entry.name} is known: its phase is taken as 0"] += len(mine)
            for device in mine.tolist():
                self._place(device, block, entry.kind, found.ports, roles)
        return None

    def _place(self, device: int, block: int, kind: str, names: Sequence[str], roles: dict[str, int]) -> None:
        ids = self.optical.of(device).tolist()
        self.placed.add(device)
        if kind == "terminator":
            for port in ids:
                self.circuit.place(block, [port])
            return
        self.circuit.place(block, [self._outside[device] if name == "outside" else ids[roles[name]] for name in names])

    def _drawn(self, entry: DevicePattern, devices: Ints, length_um: float) -> kinds.Drawn:
        pdk = self.model.pdk
        section = pdk.cross_section(entry.cross_section) if entry.cross_section else None
        traced = self._section_of_device[int(devices[0])]
        if traced >= 0:
            section = self.model.cross_sections[traced]
        wl0_um = entry.wavelength_um or (section.wavelength_um if section is not None else pdk.pdk.wavelength_um)
        if section is None:
            return kinds.Drawn(wl0_um, length_um)
        return kinds.Drawn(wl0_um, length_um, section.n_eff.value, section.n_g.value)

    def _measured(self, entry: DevicePattern, devices: Ints, names: Sequence[str], roles: dict[str, int]) -> str | None:
        found = measured.of_entry(entry, self.wl)
        at = measured.ports_of(entry, found.ports, names, roles)
        if isinstance(at, str):
            return at
        if entry.sparameters is not None and entry.sparameters.assumed:
            self.notes[f"the S-parameters of {entry.name} have no source in the PDK"] += len(devices)
        for note in found.notes:
            self.notes[f"S-parameters of {entry.name}: {note}"] += len(devices)
        block = self.circuit.add_blocks(core.constant(found.s))
        for device in devices.tolist():
            ids = self.optical.of(device).tolist()
            outside = self._outside.get(device)
            self.circuit.place(block, [outside if k is None else ids[k] for k in at])
            self.placed.add(device)
        return None

    @cached_property
    def _outside(self) -> dict[int, int]:
        """Port beyond the chip by device."""
        terminals, n_drawn = self.model.terminals, len(self.model.tables.ports)
        beyond = np.flatnonzero(terminals.port >= n_drawn)
        return dict(zip(terminals.device[beyond].tolist(), terminals.port[beyond].tolist(), strict=True))

    @cached_property
    def _section_of_device(self) -> Ints:
        guides = self.model.tables.waveguides
        section = np.full(len(self.model.tables.devices), -1, dtype=np.int64)
        section[guides.device] = guides.cross_section
        return section

    def _lengths_um(self) -> Floats:
        """Return, by device, the length of guide that was traced in it."""
        guides = self.model.tables.waveguides
        length = np.zeros(len(self.model.tables.devices))
        length[guides.device] = np.nan_to_num(nm_to_um(guides.centerline_length_nm))
        return length

    # ---- what is left ----

    def _gaps(self) -> None:
        for gap in self.model.gaps:
            for device in gap.devices:
                self.reasons.setdefault(device, gap.reason)
        for device in np.flatnonzero(self.optical.count > 0).tolist():
            if device in self.placed:
                self.reasons.pop(device, None)
                continue
            ids = self.optical.of(device).tolist()
            outside = self._outside.get(device)
            self.circuit.place_gap(ids if outside is None else [*ids, outside])
            self.reasons.setdefault(device, "it has no field model")

    def _joints(self) -> None:
        circuit, peer = self.circuit, self.model.port_peer
        own = np.flatnonzero(peer > np.arange(len(peer)))
        for a, b in zip(own.tolist(), peer[own].tolist(), strict=True):
            if a in circuit.port_at and b in circuit.port_at:
                circuit.join(a, b)
        terminals = {*self.model.terminals.port.tolist(), *self.asked}
        gap = {number for number in self.reasons if number not in self.placed}
        section_of_device = self._section_of_device
        ends: dict[int, int] = {}
        ports = self.model.tables.ports
        for port in np.flatnonzero((peer[: len(ports)] < 0) & (ports.kind == OPTICAL)).tolist():
            device = int(ports.device[port])
            if port not in circuit.port_at or port in terminals or device in gap or device in self._outside:
                continue
            section = int(section_of_device[device])
            if section < 0:
                self.notes["an open port of a device swallows light"] += 1
                continue
            if section not in ends:
                n_eff = self.model.cross_sections[section].n_eff.value
                ends[section] = circuit.add_blocks(core.constant(open_end(self.wl[:1], n_eff=n_eff).s))
            circuit.place(ends[section], [("open", port)])
            circuit.join(port, ("open", port))
            self.notes["an open end of a guide reflects as a facet in silica"] += 1

    def gaps(self) -> tuple[str, ...]:
        """Return the devices without a field model, by cell and reason, in words."""
        devices, names = self.model.tables.devices, self.model.cell_names
        count = Counter(
            (_COPY.sub("", names[int(devices.cell[device])]) if devices.cell[device] >= 0 else "drawn shapes", reason)
            for device, reason in self.reasons.items()
        )
        return tuple(
            f"{number} × {cell}: {reason}" if number > 1 else f"{cell}: {reason}"
            for (cell, reason), number in sorted(count.items())
        )

    def all_notes(self) -> Iterable[str]:
        """Yield what was assumed, in words."""
        yield from self.model.notes
        yield from sorted(self.far)
        yield from self.runs.estimated
        if self.runs.n_other:
            yield f"{self.runs.n_other} parallel runs of guides with a model of their own are not placed"
        for text, number in sorted(self.notes.items()):
            yield f"{text} ({number} times)" if number > 1 else text
        assumed = self.model.assumed()
        if len(assumed) == 1:
            yield f"a number of the PDK is assumed: {assumed[0]}"
        elif assumed:
            yield f"{len(assumed)} numbers of the PDK are assumed, the first is {assumed[0]}"


def _beyond_bands(model: CircuitModel, wl_um: Floats) -> Iterable[str]:
    """Say of devices at which wavelengths they are asked beyond the band in which their numbers hold."""
    for row in np.unique(model.arcs.entry[model.arcs.entry >= 0]).tolist():
        entry = model.pdk.devices[row]
        if entry.wavelength_um is None or entry.sparameters is not None:
            continue
        reach_um = band_um(entry)
        low_um, high_um = entry.wavelength_um - reach_um, entry.wavelength_um + reach_um
        n_beyond = int(((wl_um < low_um) | (wl_um > high_um)).sum())
        if n_beyond:
            yield (
                f"the numbers of {entry.name} hold from {low_um:.4g} to {high_um:.4g} um: carried on for {n_beyond:,} "
                f"of {len(wl_um):,} wavelengths"
            )


def _uncoupled(unknown: Sequence[str]) -> Iterable[str]:
    """Say where guides side by side are taken not to couple, since nobody knows how much they do."""
    if unknown:
        more = f", and {len(unknown) - 1} more" if len(unknown) > 1 else ""
        yield f"guides side by side taken not to couple: {unknown[0]}{more}"
