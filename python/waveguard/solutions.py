"""Tables of a solved circuit; like all tables they are among the `VIEWS` of `tables`, which says how rows are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Self

from waveguard.views import Codes, Floats, Ids, TableSource, View
from waveguard.views import column as _column


@dataclass(frozen=True, slots=True, eq=False)
class Paths(View):
    """Loss between two terminals, over all ways light can take from one to the other."""

    NAME: ClassVar[str] = "paths"

    from_terminal: Ids = _column("", "terminal where light enters")
    to_terminal: Ids = _column("", "terminal where it leaves")
    best_loss_db: Floats = _column("dB", "loss of the best path")
    worst_loss_db: Floats = _column("dB", "loss of the worst path")
    in_phase_loss_db: Floats = _column("dB", "loss if the fields of all paths added up in phase")
    n_paths: Floats = _column("", "number of paths, exact up to 2**53")
    looped: Codes = _column("", "1 when a path leads through a loop, which is passed by its shortest way")
    best_length_nm: Floats = _column("nm", "geometric length of the best path")
    worst_length_nm: Floats = _column("nm", "geometric length of the worst path")
    worst_group_length_nm: Floats = _column("nm", "length times group index of the worst path")
    worst_n_guides: Floats = _column("", "guides on the worst path")
    worst_n_bends: Floats = _column("", "bends on the worst path")
    worst_n_crossings: Floats = _column("", "crossings on the worst path")
    propagation_db: Floats = _column("dB", "share of straight and bent length in the loss of the worst path")
    bend_db: Floats = _column("dB", "share of bends in the loss of the worst path")
    transition_db: Floats = _column("dB", "share of transitions between sections in the loss of the worst path")
    crossing_db: Floats = _column("dB", "share of crossings in the loss of the worst path")
    splitting_db: Floats = _column("dB", "share of splitting in the loss of the worst path")
    device_db: Floats = _column("dB", "share of the excess loss of devices in the loss of the worst path")
    coupler_db: Floats = _column("dB", "share of coupling in and out in the loss of the worst path")
    defect_db: Floats = _column("dB", "share of joints that do not meet exactly in the loss of the worst path")
    trace_start: Ids = _column("", "first row in traces; -1 when the path is not stored")
    trace_count: Ids = _column("", "number of rows in traces; -1 when the path is not stored")


@dataclass(frozen=True, slots=True, eq=False)
class Traces(View):
    """Arcs of the worst paths, in order from source to sink."""

    NAME: ClassVar[str] = "traces"

    arc: Ids = _column("", "row of the arcs of the circuit")


@dataclass(frozen=True, slots=True, eq=False)
class Circuits(View):
    """One row for each device: the connected circuit it belongs to."""

    NAME: ClassVar[str] = "circuits"

    circuit: Ids = _column("", "number of the circuit")


@dataclass(frozen=True, slots=True, eq=False)
class Loops(View):
    """Ways in which light can go round."""

    NAME: ClassVar[str] = "loops"

    circuit: Ids = _column("", "number of the circuit")
    n_devices: Ids = _column("", "devices in the loop")
    n_ports: Ids = _column("", "ports in the loop")
    device_start: Ids = _column("", "first row in loop_members")


@dataclass(frozen=True, slots=True, eq=False)
class LoopMembers(View):
    """Devices of the loops."""

    NAME: ClassVar[str] = "loop_members"

    device: Ids = _column("", "row in devices")


@dataclass(frozen=True, slots=True, eq=False)
class Summary(View):
    """One row: how much was solved, and how much of it is in the tables."""

    NAME: ClassVar[str] = "summary"

    n_sources: Ids = _column("", "terminals where light enters")
    n_sinks: Ids = _column("", "terminals where light leaves")
    n_pairs: Ids = _column("", "pairs with a path between them")
    n_pairs_kept: Ids = _column("", "rows in paths")
    n_traces: Ids = _column("", "paths whose arcs are in traces")


@dataclass(frozen=True, slots=True)
class SolutionTables:
    """The tables of a solved circuit."""

    paths: Paths = field(default_factory=Paths.empty)
    traces: Traces = field(default_factory=Traces.empty)
    circuits: Circuits = field(default_factory=Circuits.empty)
    loops: Loops = field(default_factory=Loops.empty)
    loop_members: LoopMembers = field(default_factory=LoopMembers.empty)
    summary: Summary = field(default_factory=Summary.empty)

    @classmethod
    def of(cls, source: TableSource) -> Self:
        """Take all tables from a handle of the core."""
        return cls(
            paths=Paths.of(source.table(Paths.NAME)),
            traces=Traces.of(source.table(Traces.NAME)),
            circuits=Circuits.of(source.table(Circuits.NAME)),
            loops=Loops.of(source.table(Loops.NAME)),
            loop_members=LoopMembers.of(source.table(LoopMembers.NAME)),
            summary=Summary.of(source.table(Summary.NAME)),
        )
