"""What joints and near misses cost as drawn: offsets, tilts, gaps and steps of width, by the overlap of modes.

`models.joint` has the closed forms and how well they hold. The fact a newcomer would get wrong: a near miss is not
joined, so no path leads over it; its loss is what light that crosses anyhow would lose.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.assembly.joints import pair_loss
from waveguard.tables import OPTICAL

if TYPE_CHECKING:
    from waveguard.pdk.schema import CrossSection, Pdk
    from waveguard.tables import Tables

Floats = npt.NDArray[np.float64]

LOST_DB = 40.0
"""Beyond this an overlap of modes says only that the light is lost."""
SAME_WAY_RAD = math.radians(135.0)
"""Two ports that look so nearly the same way miss nothing: light would have to turn back."""


def near_miss_loss(tables: Tables, pdk: Pdk, sections: Sequence[CrossSection]) -> Floats:
    """Return, by row of `near_misses`, the loss in dB of light that crosses as drawn; NaN where the PDK cannot tell."""
    table = tables.near_misses
    lost = pair_loss(
        tables,
        pdk,
        sections,
        port_a=table.port_a,
        port_b=table.port_b,
        lateral_nm=table.lateral_nm,
        gap_nm=table.gap_nm,
        angle_rad=table.angle_rad,
    )
    return np.asarray(lost.step_db + lost.defect_db)


def joint_loss(tables: Tables, pdk: Pdk, sections: Sequence[CrossSection]) -> Floats:
    """Return, by row of `nets`, the loss in dB of the joint as drawn; NaN where the PDK cannot tell."""
    nets, ports = tables.nets, tables.ports
    lost = pair_loss(
        tables,
        pdk,
        sections,
        port_a=nets.port_a,
        port_b=nets.port_b,
        lateral_nm=nets.lateral_nm,
        gap_nm=np.sqrt(np.maximum(nets.gap_nm**2 - nets.lateral_nm**2, 0.0)),
        angle_rad=nets.angle_rad,
    )
    optical = (ports.kind[nets.port_a] == OPTICAL) & (ports.kind[nets.port_b] == OPTICAL)
    return np.where(optical, lost.step_db + lost.defect_db, np.nan)


def in_words(loss_db: float) -> str:
    """Return the loss of a defect for people; empty where it is not known.

    Examples
    --------
    >>> in_words(1.234), in_words(120.0), in_words(0.001), in_words(math.nan)
    ('about 1.2 dB', 'more than 40 dB', 'less than 0.01 dB', '')
    """
    if math.isnan(loss_db):
        return ""
    if loss_db > LOST_DB:
        return f"more than {LOST_DB:g} dB"
    return "less than 0.01 dB" if loss_db < 0.01 else f"about {loss_db:.{1 if loss_db >= 1.0 else 2}f} dB"
