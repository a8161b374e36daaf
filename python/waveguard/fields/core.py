"""The door to the field solver: blocks of amplitudes and joints down, S-matrices up.

Wavelengths go down in portions, so that memory is bounded by the largest portion and by what was asked for, not by the
circuit times the grid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from waveguard import _core
from waveguard.errors import IncompleteError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Complexes = npt.NDArray[np.complex128]
Rows = slice | Ints
"""Some rows of a grid of wavelengths."""
Progress = Callable[[str, int, int], None]

MAX_PORTION_BYTES = 128 << 20
"""Amplitudes of all blocks in one portion of wavelengths."""
MIN_PORTION = 8
"""Wavelengths in a portion at least: each portion is planned anew, and the core works on that many in a row."""
PASSIVE_WITHIN = 1e-9
"""A largest singular value beyond one by more is no rounding."""
SOLVED_WITHIN = 1e-9
"""A residual above is no solution."""


@dataclass(frozen=True)
class Blocks:
    """Devices with the same number of ports, evaluated together."""

    n_blocks: int
    n_ports: int
    evaluate: Callable[[Rows], Complexes]
    """Rows of the grid of wavelengths -> amplitudes (block, wavelength or 1, out, in)."""

    def bytes_per_wavelength(self) -> int:
        """Return the memory of its amplitudes at one wavelength."""
        return 16 * self.n_blocks * self.n_ports**2


class Fields(NamedTuple):
    """Solved fields: `s[wavelength, output, input]`, and how good they are."""

    s: Complexes
    residual: Floats
    largest_singular_value: Floats
    n_rows: int
    n_loops: int
    largest_loop: int


def constant(s: Complexes) -> Blocks:
    """Return one block with given amplitudes (wavelength or 1, out, in), for a grid."""
    held = np.ascontiguousarray(s[None], dtype=np.complex128)
    return Blocks(1, s.shape[-1], lambda rows: held if held.shape[1] == 1 else held[:, rows])


def solve(
    blocks: Sequence[Blocks],
    *,
    instance_block: npt.ArrayLike,
    port_peer: npt.ArrayLike,
    inputs: npt.ArrayLike,
    outputs: npt.ArrayLike,
    wl_um: Floats,
    rows: Ints | None = None,
    threads: int = 0,
    progress: Progress | None = None,
    portion_bytes: int = MAX_PORTION_BYTES,
) -> Fields:
    """Solve a circuit of blocks.

    Parameters
    ----------
    blocks
        The devices; their blocks are numbered through.
    instance_block
        For each instance its block. Ports are numbered by instance, in the order of the ports of its block.
    port_peer
        For each port the one it is joined to, -1 for none.
    inputs, outputs
        Ports that light is sent into, and where it is asked for.
    wl_um, rows
        Grid of wavelengths, and the rows of it to solve; all when None.
    threads
        Threads of the core; 0 for one on each processor.

    Raises
    ------
    IncompleteError
        When a loop keeps light for ever at some wavelength, so that there is no answer.
    """
    columns = {
        "instance_block": np.asarray(instance_block, dtype=np.int64),
        "port_peer": np.asarray(port_peer, dtype=np.int64),
        "input_port": np.asarray(inputs, dtype=np.int64),
        "output_port": np.asarray(outputs, dtype=np.int64),
    }
    grid = wl_um if rows is None else wl_um[rows]
    n_wl = len(grid)
    step = max(MIN_PORTION, portion_bytes // max(1, sum(one.bytes_per_wavelength() for one in blocks)))
    parts = []
    for start in range(0, n_wl, step):
        portion = slice(start, min(start + step, n_wl)) if rows is None else rows[start : start + step]
        stacks = [np.ascontiguousarray(one.evaluate(portion), dtype=np.complex128) for one in blocks]
        parts.append(_core.solve_fields({"n_wavelengths": min(step, n_wl - start), **columns}, stacks, threads, None))
        if progress is not None:
            progress("solve", min(start + step, n_wl), n_wl)
    residual = np.concatenate([part["residual"] for part in parts])
    wrong = np.flatnonzero(~(residual <= SOLVED_WITHIN))
    if len(wrong):
        at_um = float(grid[wrong[0]])
        raise IncompleteError(
            f"no solution at {len(wrong)} of {n_wl} wavelengths, first at {at_um:.9g} um: light goes round a loop for "
            "ever there",
            hint="give the guides of the loop a loss, or shift the wavelengths a little",
        )
    last = parts[-1]
    return Fields(
        s=parts[0]["s"] if len(parts) == 1 else np.concatenate([part["s"] for part in parts]),
        residual=residual,
        largest_singular_value=np.concatenate([part["largest_singular_value"] for part in parts]),
        n_rows=last["n_rows"],
        n_loops=last["n_loops"],
        largest_loop=last["largest_loop"],
    )
