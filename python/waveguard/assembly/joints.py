"""Loss of joints: ports that are joined a little off, at an angle, or with another width.

Charged to the passage that leaves through the port, so that each crossing of a joint pays once, either way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.models import CAUSES, joint
from waveguard.tables import OPTICAL
from waveguard.units import nm_to_um

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waveguard.assembly.arcs import Arcs
    from waveguard.pdk.schema import CrossSection, Pdk
    from waveguard.tables import Tables

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

GRID_NM = 0.5
"""Ports nearer than half a nanometre meet."""
GRID_RAD = 2e-3
"""A tilt of two ends of 500 nm on a grid of 1 nm that nobody drew."""
TRANSITION, DEFECT = CAUSES.index("transition"), CAUSES.index("defect")


@dataclass(frozen=True)
class JointLoss:
    """Loss of pairs of ports; NaN where the PDK does not know the guides."""

    step_db: Floats
    """By their difference of width."""
    defect_db: Floats
    """By offset, tilt and gap."""


def pair_loss(
    tables: Tables,
    pdk: Pdk,
    sections: Sequence[CrossSection],
    *,
    port_a: Ints,
    port_b: Ints,
    lateral_nm: Floats,
    gap_nm: Floats,
    angle_rad: Floats,
) -> JointLoss:
    """Return what light loses from one port to the other, as drawn."""
    clad = pdk.process.clad_index
    known = np.full(len(port_a), np.nan)
    if clad is None or not len(port_a):
        return JointLoss(known, known.copy())
    ports = tables.ports
    n_eff = np.array([*(one.n_eff.value for one in sections), np.nan])
    wave = np.array([*(one.wavelength_um for one in sections), np.nan])
    of_port = section_of_port(tables)
    section = np.where(of_port[port_a] >= 0, of_port[port_a], of_port[port_b])
    index, wavelength = n_eff[section], wave[section]
    # The mode of a slot guide is not that of a core as wide.
    is_slot = np.array([*(one.slot is not None for one in sections), False])
    index = np.where(is_slot[of_port[port_a]] | is_slot[of_port[port_b]], np.nan, index)
    radius = []
    for port in (port_a, port_b):
        width_um = nm_to_um(ports.width_nm[port])
        own = np.full(len(port), np.nan)
        for one in np.unique(wavelength[np.isfinite(wavelength)]).tolist():
            mine = wavelength == one
            own[mine] = joint.mode_radius_um(
                width_um=width_um[mine], n_eff=index[mine], n_clad=clad.value, wavelength_um=one
            )
        radius.append(own)
    step = joint.width_step_db(radius_um=radius[0], other_radius_um=radius[1])
    defect = joint.offset_db(offset_um=nm_to_um(lateral_nm), radius_um=radius[0], other_radius_um=radius[1])
    for one in np.unique(wavelength[np.isfinite(wavelength)]).tolist():
        mine = wavelength == one
        defect[mine] += joint.tilt_db(
            tilt_rad=angle_rad[mine],
            radius_um=radius[0][mine],
            other_radius_um=radius[1][mine],
            n_eff=index[mine],
            wavelength_um=one,
        )
        defect[mine] += joint.gap_db(
            gap_um=nm_to_um(np.maximum(gap_nm[mine], 0.0)),
            radius_um=(radius[0][mine] + radius[1][mine]) / 2,
            n_eff=index[mine],
            n_clad=clad.value,
            wavelength_um=one,
        )
    return JointLoss(step, defect)


def section_of_port(tables: Tables) -> Ints:
    """Return the cross-section at each port: that of the guide that ends there, else what the port itself says."""
    section = tables.ports.cross_section.copy()
    guides = tables.waveguides
    for port in (guides.port_a, guides.port_b):
        known = (port >= 0) & (guides.cross_section >= 0)
        section[port[known]] = guides.cross_section[known]
    return section


def with_joints(arcs: Arcs, tables: Tables, pdk: Pdk, sections: Sequence[CrossSection]) -> tuple[Arcs, int]:
    """Return the arcs with the loss of the joints they leave through, and for how many joints it is not known."""
    nets, ports = tables.nets, tables.ports
    mine = np.flatnonzero((ports.kind[nets.port_a] == OPTICAL) & (ports.kind[nets.port_b] == OPTICAL))
    loss = pair_loss(
        tables,
        pdk,
        sections,
        port_a=nets.port_a[mine],
        port_b=nets.port_b[mine],
        lateral_nm=nets.lateral_nm[mine],
        # What of the distance is not aside lies along; positive or not, the ends are this far apart.
        gap_nm=np.sqrt(np.maximum(nets.gap_nm[mine] ** 2 - nets.lateral_nm[mine] ** 2, 0.0)),
        angle_rad=nets.angle_rad[mine],
    )
    step_nm = np.abs(nets.width_difference_nm[mine])
    stepped = step_nm > pdk.limits.joint_width_nm.value
    step_db = np.where(stepped, np.nan_to_num(loss.step_db), 0.0)
    off = np.abs(nets.lateral_nm[mine]) > GRID_NM
    tilted = np.abs(nets.angle_rad[mine]) > GRID_RAD
    defect_db = np.where(off | tilted | (nets.gap_nm[mine] > GRID_NM), np.nan_to_num(loss.defect_db), 0.0)
    of_port = np.zeros((_n_ports(arcs, ports.width_nm), 2))
    for port in (nets.port_a[mine], nets.port_b[mine]):
        of_port[port, 0], of_port[port, 1] = step_db, defect_db
    cause_db = arcs.cause_db.copy()
    cause_db[:, TRANSITION] += of_port[arcs.end, 0]
    cause_db[:, DEFECT] += of_port[arcs.end, 1]
    return replace(arcs, cause_db=cause_db), int((stepped & np.isnan(loss.step_db)).sum())


def _n_ports(arcs: Arcs, of_ports: Floats) -> int:
    """Return how many ports there are, those beyond the chip included."""
    last = int(max(arcs.start.max(initial=-1), arcs.end.max(initial=-1)))
    return max(len(of_ports), last + 1)
