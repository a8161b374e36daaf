"""A circuit of named instances under construction, and its solution between named ports."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from waveguard.errors import UsageError
from waveguard.fields import core
from waveguard.fields.sparameters import SParameters

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Complexes = npt.NDArray[np.complex128]
Bools = npt.NDArray[np.bool_]

GAP_AMPLITUDE = 1e-9
"""Pairs that a device without a model could change by more (-180 dB) are unknown."""
PROBES = 2
"""Trials with other devices in the gaps; one could by chance leave a pair as it is."""


@dataclass
class FieldCircuit:
    """Instances with ports by key, joined one to one."""

    blocks: list[core.Blocks] = field(default_factory=list)
    instance_block: list[int] = field(default_factory=list)
    port_at: dict[Hashable, int] = field(default_factory=dict)
    """Number of each port by its key."""
    pairs: list[tuple[int, int]] = field(default_factory=list)
    gap_instances: list[int] = field(default_factory=list)
    group_um: list[float] = field(default_factory=list)
    """By instance, length times group index of the light that passes it."""
    _n_blocks: int = 0
    _n_ports: int = 0

    def add_blocks(self, blocks: core.Blocks) -> int:
        """Add evaluated devices; return the number of the first block."""
        first = self._n_blocks
        self.blocks.append(blocks)
        self._n_blocks += blocks.n_blocks
        return first

    def place(self, block: int, keys: Sequence[Hashable], *, group_um: float = 0.0) -> None:
        """Place an instance of a block; `keys` name its ports in the order of the block."""
        self.instance_block.append(block)
        self.group_um.append(group_um)
        for key in keys:
            self.port_at[key] = self._n_ports
            self._n_ports += 1

    def place_gap(self, keys: Sequence[Hashable]) -> None:
        """Place a device of which nothing is known but its ports."""
        n = len(keys)
        first = self.add_blocks(core.constant(np.zeros((1, n, n), dtype=np.complex128)))
        self.gap_instances.append(len(self.instance_block))
        self.place(first, keys)

    def join(self, a: Hashable, b: Hashable) -> None:
        """Join two ports."""
        self.pairs.append((self.port_at[a], self.port_at[b]))

    def solve(
        self,
        ports: Mapping[str, Hashable],
        wl_um: Floats,
        *,
        gaps: str = "unknown",
        threads: int = 0,
        progress: core.Progress | None = None,
    ) -> SParameters:
        """Solve between named ports.

        With `gaps="unknown"` amplitudes that depend on a gap are NaN; with `"absorb"` gaps swallow light.
        """
        if gaps not in {"unknown", "absorb"}:
            raise UsageError(f"gaps cannot be '{gaps}'", hint="say unknown or absorb")
        wl = np.asarray(wl_um, dtype=np.float64)
        peer = np.full(self._n_ports, -1, dtype=np.int64)
        for a, b in self.pairs:
            peer[a], peer[b] = b, a
        at = [self.port_at[key] for key in ports.values()]

        def run(
            blocks: Sequence[core.Blocks], rows: Ints | None = None, show: core.Progress | None = None
        ) -> core.Fields:
            return core.solve(
                blocks,
                instance_block=self.instance_block,
                port_peer=peer,
                inputs=at,
                outputs=at,
                wl_um=wl,
                rows=rows,
                threads=threads,
                progress=show,
            )

        solved = run(self.blocks, None, progress)
        s, unknown = solved.s, None
        if self.gap_instances and gaps == "unknown":
            unknown = self._unknown(run, len(wl))
            if unknown.any():
                s = s.copy()
                s[:, unknown] = complex(math.nan, math.nan)
            else:
                unknown = None
        figures = {
            "instances": len(self.instance_block),
            "joints": len(self.pairs),
            "loops": solved.n_loops,
            "largest_loop": solved.largest_loop,
        }
        return SParameters(
            tuple(ports),
            wl,
            s,
            unknown=unknown,
            residual=solved.residual,
            largest_singular_value=solved.largest_singular_value,
            figures=figures,
        )

    def _unknown(self, run: Callable[[Sequence[core.Blocks], Ints], core.Fields], n_wl: int) -> Bools:
        """Return the pairs (out, in) that change when something passive is put into the gaps."""
        some = np.unique([0, n_wl // 2, n_wl - 1])
        still = run(self.blocks, some).s
        block_of_gap = {self.instance_block[instance] for instance in self.gap_instances}
        random = np.random.default_rng(7)
        changed = np.zeros(still.shape[1:], dtype=bool)
        for _ in range(PROBES):
            trial, number = [], 0
            for one in self.blocks:
                trial.append(core.constant(_anything(random, one.n_ports)) if number in block_of_gap else one)
                number += one.n_blocks
            changed |= (np.abs(run(trial, some).s - still) > GAP_AMPLITUDE).any(axis=0)
        return changed


def _anything(random: np.random.Generator, n_ports: int) -> Complexes:
    """Return a symmetric device that loses half of the light and sends some of it everywhere."""
    m = random.normal(size=(n_ports, n_ports)) + 1j * random.normal(size=(n_ports, n_ports))
    m = m + m.T
    return np.asarray(m[None] * (math.sqrt(0.5) / np.linalg.norm(m, 2)))
