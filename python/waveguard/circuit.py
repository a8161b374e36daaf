"""Extraction + device models of the PDK → circuit → loss of all paths.

The circuit is made here and solved in the core. The fact a newcomer would get wrong: what has no model is a gap, not a
piece of lossless guide; `CircuitModel.gaps` lists them, and an analysis that needs a path through one says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from waveguard import _core
from waveguard.assembly import arcs
from waveguard.assembly.devices import OpticalPorts, device_arcs
from waveguard.assembly.gaps import Gap, GapList
from waveguard.assembly.guides import guide_arcs
from waveguard.assembly.joints import with_joints
from waveguard.assembly.junctions import CROSSING_NAME, junction_arcs, plain_crossings, with_crossings
from waveguard.assembly.terminals import PlacedLabel, Terminals, find_terminals
from waveguard.models import parameters
from waveguard.solutions import SolutionTables
from waveguard.tables import DRAWN_SOURCES, GUIDE_ROLE, OPTICAL

if TYPE_CHECKING:
    from waveguard.pdk.schema import CrossSection, Pdk
    from waveguard.tables import Tables

__all__ = ["CircuitModel", "Gap", "PlacedLabel", "Solved", "Terminals", "build", "solve"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Progress = Callable[[str, int, int], None]

OF_ONE_CELL = re.compile(r"\[[^\]]*\](?=\.params\.)")
MAX_PAIRS = 2_000_000
MAX_TRACES = 4096
MAX_LOOP_PAIRS = 10_000_000


@dataclass(frozen=True)
class CircuitModel:
    """A circuit with the numbers of its PDK, ready to be solved."""

    pdk: Pdk
    cross_sections: tuple[CrossSection, ...]
    cell_names: tuple[str, ...]
    tables: Tables
    n_ports: int
    """Ports, those beyond the chip included."""
    port_device: Ints
    port_peer: Ints
    entry_of_device: Ints
    """Row in `pdk.devices`, -1 for none."""
    arcs: arcs.Arcs
    terminals: Terminals
    gaps: tuple[Gap, ...]
    notes: tuple[str, ...]
    """What was taken as zero or left out, in words."""

    @cached_property
    def ends(self) -> frozenset[int]:
        """Ports of the extraction at which the circuit ends on purpose, so that they need no partner."""
        own = self.terminals.port[self.terminals.port < len(self.tables.ports)]
        return frozenset(own.tolist())

    @cached_property
    def gap_devices(self) -> Ints:
        """Rows of the devices that have no model."""
        return np.unique(np.asarray([d for gap in self.gaps for d in gap.devices], dtype=np.int64))

    def columns(self, *, backwards: bool = False) -> dict[str, Any]:
        """Return the columns of the core; `backwards` for light that runs the other way."""
        columns: dict[str, Any] = {
            "n_devices": len(self.tables.devices),
            "port_device": self.port_device,
            "port_net_peer": self.port_peer,
            **self.arcs.columns(),
            "terminal_port": self.terminals.port,
            "terminal_in": self.terminals.is_in.astype(np.uint8),
            "terminal_out": self.terminals.is_out.astype(np.uint8),
            "terminal_loss_db": np.zeros(len(self.terminals)),
        }
        if backwards:
            columns["arc_from"], columns["arc_to"] = columns["arc_to"], columns["arc_from"]
            columns["terminal_in"], columns["terminal_out"] = columns["terminal_out"], columns["terminal_in"]
        return columns

    def assumed(self, rows: Ints | None = None) -> tuple[str, ...]:
        """Return the key paths of PDK numbers without a source that the loss of these arcs rests on (all when None)."""
        entries = self.arcs.entry if rows is None else self.arcs.entry[rows]
        sections = self.arcs.cross_section if rows is None else self.arcs.cross_section[rows]
        used = [self.pdk.devices[k] for k in np.unique(entries).tolist() if k >= 0]
        starts = {f"devices.{entry.name}.params.{name}" for entry in used for name in parameters(entry.kind)}
        for k in np.unique(sections).tolist():
            if k >= 0:
                name = f"cross_sections.{self.cross_sections[k].name}."
                bend = "bend_loss" if self.cross_sections[k].bend_loss is not None else "bend_mismatch_db_um2"
                starts |= {name + key for key in ("loss_db_per_cm", "curved_loss_db_per_cm", bend)}
        found = (path for path in self.pdk.assumed() if path.startswith(tuple(starts)))
        # Entries made for one cell are named `entry[cell]`: their other numbers are those of the entry.
        return tuple(dict.fromkeys(OF_ONE_CELL.sub("", path) for path in found))


def build(
    tables: Tables,
    *,
    pdk: Pdk,
    cross_sections: Sequence[CrossSection],
    entry_of_device: Ints,
    cell_names: Sequence[str],
    labels: Iterable[PlacedLabel] = (),
    wavelength_um: float | None = None,
) -> CircuitModel:
    """Make the circuit of an extraction.

    Parameters
    ----------
    tables
        What was extracted.
    pdk
        Device entries and limits.
    cross_sections
        What the columns `cross_section` of the tables count.
    entry_of_device
        For each device the number of its entry in `pdk.devices`, -1 for none.
    cell_names
        By cell index.
    labels
        Texts that may name couplers, in the frames of their top cells.
    wavelength_um
        Light in all guides in um; each cross-section at its own when None.
    """
    devices, guides = tables.devices, tables.waveguides
    gaps = GapList(devices.cell, tuple(cell_names))
    entries = np.where(np.isin(devices.source, DRAWN_SOURCES), -1, entry_of_device).astype(np.int64)
    # A traced guide is a guide, unless the PDK has a model of its own for the cell (tapers, phase shifters).
    kinds = np.array([*(entry.kind for entry in pdk.devices), ""])[entries]
    is_guide = devices.role == GUIDE_ROLE
    plain = is_guide & ((kinds == "") | (kinds == "guide"))
    peer = _peers(tables)
    guide_part, notes = guide_arcs(
        tables, pdk, cross_sections, plain[guides.device], peer, gaps, wavelength_um=wavelength_um
    )
    model_entries = np.where(plain, -1, entries)
    device_part, outside = device_arcs(
        tables, pdk, cross_sections, model_entries, pdk.extraction.tolerances.snap_nm, gaps
    )
    drawn = junction_arcs(tables, pdk, cross_sections, model_entries, OpticalPorts(tables), peer, gaps)
    pdk, model_entries = drawn.pdk, drawn.entry_of_device
    entries = np.where(model_entries >= 0, model_entries, entries)
    _unknown_devices(tables, model_entries, plain, gaps)
    parts = arcs.join([guide_part, device_part, *drawn.parts])
    crossed = with_crossings(parts, tables, pdk, cross_sections)
    passages, n_unknown_steps = with_joints(crossed, tables, pdk, cross_sections)
    terminals, more = find_terminals(tables, outside, cell_names, labels, peer)
    port_device = np.concatenate([tables.ports.device, np.asarray(outside.device, dtype=np.int64)])
    return CircuitModel(
        pdk=pdk,
        cross_sections=tuple(cross_sections),
        cell_names=tuple(cell_names),
        tables=tables,
        n_ports=len(port_device),
        port_device=port_device,
        port_peer=np.concatenate([peer, np.full(len(outside.device), -1, dtype=np.int64)]),
        entry_of_device=entries,
        arcs=passages,
        terminals=terminals,
        gaps=gaps.all(),
        notes=(*notes, *more, *_width_steps(n_unknown_steps), *_plain_crossings(tables, pdk)),
    )


def _unknown_devices(tables: Tables, entries: Ints, plain: npt.NDArray[np.bool_], gaps: GapList) -> None:
    count = OpticalPorts(tables).count
    unknown = np.flatnonzero((entries < 0) & ~plain & (count > 0))
    unknown = unknown[~np.isin(unknown, tables.junctions.device)]
    gaps.add(unknown, "no device entry of the PDK matches the cell")


def _peers(tables: Tables) -> Ints:
    """Return the optical port that each port is joined to, or -1."""
    peer = np.full(len(tables.ports), -1, dtype=np.int64)
    a, b = tables.nets.port_a, tables.nets.port_b
    optical = (tables.ports.kind[a] == OPTICAL) & (tables.ports.kind[b] == OPTICAL)
    peer[a[optical]] = b[optical]
    peer[b[optical]] = a[optical]
    return peer


def _width_steps(number: int) -> list[str]:
    return [f"{number} joints of unequal widths: the PDK states no loss for that, taken as 0 dB"] if number else []


def _plain_crossings(tables: Tables, pdk: Pdk) -> list[str]:
    number = len(plain_crossings(tables))
    if not number or any(entry.name == CROSSING_NAME for entry in pdk.devices):
        return []
    if pdk.process.clad_index is None:
        return [f"{number} crossings of guides without a device: the PDK states no clad_index, taken as 0 dB"]
    return [f"{number} crossings of guides without a device: loss estimated by diffraction, no source in the PDK"]


@dataclass(frozen=True)
class Solved:
    """Loss between terminals."""

    model: CircuitModel
    handle: _core.Solution
    tables: SolutionTables

    def row(self, source: int, sink: int) -> int | None:
        """Return the row of `paths` from one terminal to another, None when no light gets there."""
        paths = self.tables.paths
        start, end = np.searchsorted(paths.from_terminal, [source, source + 1])
        k = int(start + np.searchsorted(paths.to_terminal[start:end], sink))
        return k if k < end and int(paths.to_terminal[k]) == sink else None

    def trace(self, source: int, sink: int) -> Ints:
        """Return the arcs of the worst path, in order: from the table where it is stored, else traced again."""
        row = self.row(source, sink)
        start = -1 if row is None else int(self.tables.paths.trace_start[row])
        if start >= 0:
            return self.tables.traces.arc[start : start + int(self.tables.paths.trace_count[row])]
        return np.asarray(self.handle.trace(source, sink), dtype=np.int64)

    def reach(self, source: int) -> Floats:
        """Return, by port, the least loss in dB of light from a terminal that enters a device there; inf for none."""
        return np.asarray(self.handle.reach(source), dtype=np.float64)

    def reach_back(self, sink: int) -> Floats:
        """Return, by port, the least loss in dB of light that leaves a device there and gets to a terminal."""
        return np.asarray(self._backwards.reach(sink), dtype=np.float64)

    def count_paths(self, sources: Sequence[int] | None = None, sinks: Sequence[int] | None = None) -> int:
        """Return the exact number of paths from some terminals to others (all when None)."""
        given = (None if sources is None else list(sources), None if sinks is None else list(sinks))
        return int.from_bytes(self.handle.count_paths(*given), "little")

    def sample(
        self, columns: Mapping[str, Any], *, threads: int = 0, progress: Progress | None = None, **options: object
    ) -> dict[str, npt.NDArray[Any]]:
        """Return what the losses of some pairs are over samples of what is not known exactly.

        Parameters
        ----------
        columns
            What is uncertain (`waveguard.analyses.spread`), and `pair_from`, `pair_to` (terminals), `pair_limit_db`.
        threads
            Threads of the core; 0 means as many as there are processors. The result does not depend on it.
        progress
            Called now and then with the stage, the steps done and in all.
        options
            `n_samples`, `seed`, `probabilities`, `find_worst`, `keep`, `max_bytes`.
        """
        return self.handle.sample(dict(columns), json.dumps(options), threads, progress)

    @cached_property
    def _backwards(self) -> _core.Solution:
        options = json.dumps({"sources": [], "sinks": []})
        return _core.solve_paths(_core.build_circuit(self.model.columns(backwards=True)), options, 1)

    @property
    def complete(self) -> bool:
        """True when every pair with a path is in the tables."""
        return int(self.tables.summary.n_pairs[0]) == int(self.tables.summary.n_pairs_kept[0])


def solve(
    model: CircuitModel,
    *,
    threads: int = 0,
    sources: Sequence[int] | None = None,
    sinks: Sequence[int] | None = None,
    max_pairs: int = MAX_PAIRS,
    max_traces: int = MAX_TRACES,
    progress: Progress | None = None,
) -> Solved:
    """Solve all pairs of terminals, or only some.

    Parameters
    ----------
    model
        The circuit.
    threads
        Threads of the core; 0 means as many as there are processors.
    sources, sinks
        Rows of terminals; all when None.
    max_pairs, max_traces
        Most rows to keep and most worst paths to store; `Solved.trace` finds any other.
    progress
        Called now and then with the stage, the steps done and in all.
    """
    options = {
        "max_pairs": max_pairs,
        "max_traces": max_traces,
        "max_loop_pairs": MAX_LOOP_PAIRS,
        "sources": None if sources is None else list(sources),
        "sinks": None if sinks is None else list(sinks),
    }
    circuit = _core.build_circuit(model.columns())
    handle = _core.solve_paths(circuit, json.dumps(options), threads, progress)
    return Solved(model, handle, SolutionTables.of(handle))
