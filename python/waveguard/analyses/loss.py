"""Loss of every path between two terminals, by cause, with names and places.

Loss is that of single paths. Where several lead from one terminal to another their fields interfere: `n_paths` says so,
and `in_phase_loss_db` is the loss if all arrived in phase, the least that interference can leave. Paths through a loop
are taken by the shortest way once round, and marked; what resonance does to them is not evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.models import CAUSES
from waveguard.units import nm_to_um

if TYPE_CHECKING:
    from waveguard.circuit import Solved

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LossResult:
    """One row per pair of terminals with a path, in order of source and sink."""

    from_terminal: Ints
    to_terminal: Ints
    from_name: tuple[str, ...]
    to_name: tuple[str, ...]
    top: Ints
    """Cell index of the top cell."""
    circuit: Ints
    """Number of the connected circuit."""
    best_loss_db: Floats
    worst_loss_db: Floats
    in_phase_loss_db: Floats
    n_paths: Floats
    looped: npt.NDArray[np.bool_]
    cause_db: Floats
    """Loss of the worst path by cause, one column per cause of `CAUSES`."""
    length_um: Floats
    group_length_um: Floats
    n_guides: Ints
    n_bends: Ints
    n_crossings: Ints
    assumed: tuple[str, ...]
    """Key paths of PDK numbers without a source that the circuit rests on."""
    n_pairs: int
    """Pairs with a path; more than rows when the table was cut."""

    def __len__(self) -> int:
        return len(self.from_terminal)

    def ledger(self, row: int) -> tuple[tuple[str, float], ...]:
        """Return what the worst path of a row loses to what, the causes that cost nothing left out."""
        pairs = zip(CAUSES, self.cause_db[row].tolist(), strict=True)
        return tuple((cause, loss_db) for cause, loss_db in pairs if loss_db > 0.0)


def loss(solved: Solved) -> LossResult:
    """Return the path table of a solved circuit; each part counts at the wavelength that the PDK states it for."""
    model, paths = solved.model, solved.tables.paths
    names, terminals = model.terminals.name, model.terminals
    source = paths.from_terminal
    return LossResult(
        from_terminal=source,
        to_terminal=paths.to_terminal,
        from_name=tuple(names[k] for k in source.tolist()),
        to_name=tuple(names[k] for k in paths.to_terminal.tolist()),
        top=terminals.top[source],
        circuit=solved.tables.circuits.circuit[terminals.device[source]],
        best_loss_db=paths.best_loss_db,
        worst_loss_db=paths.worst_loss_db,
        in_phase_loss_db=paths.in_phase_loss_db,
        n_paths=paths.n_paths,
        looped=paths.looped != 0,
        cause_db=np.stack([getattr(paths, f"{cause}_db") for cause in CAUSES], axis=1),
        length_um=nm_to_um(paths.worst_length_nm),
        group_length_um=nm_to_um(paths.worst_group_length_nm),
        n_guides=paths.worst_n_guides.astype(np.int64),
        n_bends=paths.worst_n_bends.astype(np.int64),
        n_crossings=paths.worst_n_crossings.astype(np.int64),
        assumed=model.assumed(),
        n_pairs=int(solved.tables.summary.n_pairs[0]),
    )
