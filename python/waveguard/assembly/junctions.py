"""Places where drawn guides cross, branch or go over into each other, as devices with numbers of their own.

Entries of the PDK named `drawn_crossing` and `drawn_branch` (or `drawn_branch_1xn`) are taken where there are any. Else
entries are made from the shape, without a source, so that every report lists them as assumed. The fact a newcomer would
get wrong: a place that no closed form fits stays a gap: corners, guides that run into the side of another, bodies.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.assembly import arcs
from waveguard.assembly.index import slab_index
from waveguard.assembly.joints import section_of_port
from waveguard.models import CAUSES, drawn, joint, passages, ports
from waveguard.pdk.devices import DevicePattern
from waveguard.pdk.quantity import Quantity
from waveguard.units import nm_to_um

if TYPE_CHECKING:
    from waveguard.assembly.devices import OpticalPorts
    from waveguard.assembly.gaps import GapList
    from waveguard.pdk.schema import CrossSection, Pdk
    from waveguard.tables import Tables

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

END, TRANSITION, BRANCH, CROSSING, COUPLER = range(5)
"""`junctions.kind`"""
CORNER_RAD = math.radians(20.0)
"""Two guides that turn by more do not go over into each other; as rule CN007 has it."""
BRANCH_RAD = math.radians(35.0)
"""Arms of a branch open by less than this."""
CROSSING_NAME, BRANCH_NAME, BRANCHES_NAME = "drawn_crossing", "drawn_branch", "drawn_branch_1xn"
CONVERTER_NAME = "drawn_slot_converter"
PLAIN = "as drawn, without a model in the PDK"


@dataclass
class Junctions:
    """Devices at junctions, and the entries they use; those made here follow those of the PDK."""

    pdk: Pdk
    """With the entries that were made."""
    entry_of_device: Ints
    parts: list[arcs.Arcs] = field(default_factory=list)


def junction_arcs(
    tables: Tables,
    pdk: Pdk,
    sections: Sequence[CrossSection],
    entry_of_device: Ints,
    optical: OpticalPorts,
    peer: Ints,
    gaps: GapList,
) -> Junctions:
    """Return the arcs of all junctions that a model fits; the others become gaps, with the reason."""
    table = tables.junctions
    made = _Entries(tables, pdk, sections, peer)
    entries = entry_of_device.copy()
    parts: list[arcs.Arcs] = []
    for row, device in enumerate(table.device.tolist()):
        ids = optical.of(device)
        if not len(ids) or entries[device] >= 0:
            continue
        number = made.of(row, ids)
        if isinstance(number, str):
            gaps.add(np.array([device]), number)
            continue
        entry = made.all[number]
        shape = optical.shape(device)
        roles = ports.match(entry.kind, shape, entry.ports)
        if isinstance(roles, str):
            gaps.add(np.array([device]), roles)
            continue
        entries[device] = number
        params = {name: quantity.value for name, quantity in entry.params.items()}
        for way in passages(entry.kind, len(shape), params):
            cause_db = np.array([[way.loss_db.get(cause, 0.0) for cause in CAUSES]])
            start, end = (ids[[roles[role]]] for role in (way.start, way.end))
            one = np.array([device])
            parts.append(
                arcs.make(start, end, one, cause_db=cause_db, n_crossings=way.n_crossings, entry=np.array([number]))
            )
    return Junctions(made.extended(), entries, parts)


class _Entries:
    """Entries of the PDK, and those made for junctions, each once."""

    def __init__(self, tables: Tables, pdk: Pdk, sections: Sequence[CrossSection], peer: Ints) -> None:
        self._tables, self._pdk, self._sections = tables, pdk, sections
        self.all = list(pdk.devices)
        self._by_name = {entry.name: number for number, entry in reversed(list(enumerate(pdk.devices)))}
        of_port = section_of_port(tables)
        # A port of a junction is of the section of the guide joined to it.
        self._section = np.where(of_port < 0, np.where(peer >= 0, of_port[peer], -1), of_port)

    def extended(self) -> Pdk:
        """Return the PDK with the entries that were made."""
        if len(self.all) == len(self._pdk.devices):
            return self._pdk
        return self._pdk.model_copy(update={"devices": tuple(self.all)})

    def of(self, row: int, ids: Ints) -> int | str:
        """Return the entry of a junction with some ports, or why it has none."""
        table = self._tables.junctions
        kind, angle_rad = int(table.kind[row]), float(table.angle_rad[row])
        n_arms = len(ids)
        if kind == CROSSING and n_arms == 4:
            return self._crossing(ids, angle_rad)
        if kind == BRANCH and n_arms >= 3:
            return self._branch(n_arms, angle_rad)
        if kind == TRANSITION and n_arms == 2:
            return self._transition(ids, angle_rad)
        if kind == COUPLER:
            return "guides drawn as one body: how light divides there is not known"
        return "the shape where guides end or meet fits no model"

    def _has_slot(self, ids: Ints) -> bool:
        known = self._section[ids][self._section[ids] >= 0]
        return any(self._sections[int(one)].slot is not None for one in known)

    def _light(self, ids: Ints) -> tuple[CrossSection, float] | str:
        known = self._section[ids][self._section[ids] >= 0]
        clad = self._pdk.process.clad_index
        if not len(known):
            return "no cross-section of the PDK fits the guides that meet there"
        if self._has_slot(ids):
            return "one of the guides that meet there is a slot guide: what its light loses there is not known"
        if clad is None:
            return "the PDK states no clad_index, from which the loss of a drawn place is estimated"
        return self._sections[int(known[0])], clad.value

    def _crossing(self, ids: Ints, angle_rad: float) -> int | str:
        if CROSSING_NAME in self._by_name:
            return self._by_name[CROSSING_NAME]
        light = self._light(ids)
        if isinstance(light, str):
            return light
        section, clad = light
        width_nm = round(float(np.median(self._tables.ports.width_nm[ids])))
        turned = round(math.degrees(angle_rad)) if math.isfinite(angle_rad) else 90
        loss_db = drawn.crossing_db(
            width_um=nm_to_um(width_nm),
            other_width_um=nm_to_um(width_nm),
            angle_rad=math.radians(turned),
            n_eff=section.n_eff.value,
            n_slab=slab_index(self._pdk, section),
            n_clad=clad,
            wl_um=section.wavelength_um,
        )
        return self._made(
            f"{CROSSING_NAME}_{section.name}_{width_nm}nm_{turned}deg",
            "crossing",
            loss_db=Quantity(value=loss_db, note="diffraction of the mode across the other guide"),
            crosstalk_db=Quantity(value=drawn.PLAIN_CROSSTALK_DB, note="two plain wires at a right angle"),
        )

    def _branch(self, n_arms: int, angle_rad: float) -> int | str:
        if math.isfinite(angle_rad) and angle_rad > BRANCH_RAD:
            return f"guides run into each other at {math.degrees(angle_rad):.0f} degrees: no branch"
        name, kind = (BRANCH_NAME, "splitter_1x2") if n_arms == 3 else (BRANCHES_NAME, "splitter_1xn")
        if name in self._by_name:
            return self._by_name[name]
        note = "an ordinary Y-branch; split evenly"
        return self._made(name, kind, excess_loss_db=Quantity(value=drawn.PLAIN_BRANCH_EXCESS_DB, note=note))

    def _transition(self, ids: Ints, angle_rad: float) -> int | str:
        turned_rad = math.pi - angle_rad if math.isfinite(angle_rad) else 0.0
        if abs(turned_rad) > CORNER_RAD:
            return f"guides meet at a corner of {math.degrees(turned_rad):.0f} degrees"
        if self._has_slot(ids):
            missing = f"a strip becomes a slot guide there: the PDK has no entry {CONVERTER_NAME} for its loss"
            return self._by_name.get(CONVERTER_NAME, missing)
        light = self._light(ids)
        if isinstance(light, str):
            return light
        section, clad = light
        widths_nm = sorted(round(float(one)) for one in self._tables.ports.width_nm[ids])
        turned_deg = round(math.degrees(turned_rad), 1)
        own = {"n_eff": section.n_eff.value, "n_clad": clad, "wavelength_um": section.wavelength_um}
        first, second = (joint.mode_radius_um(width_um=nm_to_um(width), **own) for width in widths_nm)
        loss_db = joint.width_step_db(radius_um=first, other_radius_um=second) + joint.tilt_db(
            tilt_rad=math.radians(turned_deg),
            radius_um=first,
            other_radius_um=second,
            n_eff=section.n_eff.value,
            wavelength_um=section.wavelength_um,
        )
        return self._made(
            f"drawn_transition_{section.name}_{widths_nm[0]}_{widths_nm[1]}nm_{turned_deg:g}deg",
            "taper",
            loss_db=Quantity(value=float(loss_db), note="overlap of the modes on both sides"),
        )

    def _made(self, name: str, kind: str, **params: Quantity) -> int:
        if name not in self._by_name:
            self._by_name[name] = len(self.all)
            self.all.append(
                DevicePattern.model_validate(
                    {"name": name, "cells": (name,), "kind": kind, "params": params, "note": PLAIN}
                )
            )
        return self._by_name[name]


def plain_crossings(tables: Tables) -> Ints:
    """Return the rows of `crossings` whose two guides run on through each other: no junction stands there."""
    crossings, guides, nets = tables.crossings, tables.waveguides, tables.nets
    if not len(crossings):
        return np.zeros(0, dtype=np.int64)
    peer = np.full(len(tables.ports) + 1, -1)
    peer[nets.port_a], peer[nets.port_b] = nets.port_b, nets.port_a
    owner = np.append(tables.ports.device, -1)
    is_junction = np.zeros(len(tables.devices) + 1, dtype=bool)
    is_junction[tables.junctions.device] = True

    def beyond(guide: Ints) -> list[Ints]:
        found = [owner[peer[port]] for port in (guides.port_a[guide], guides.port_b[guide])]
        return [np.where(is_junction[device], device, -1) for device in found]

    shared = np.zeros(len(crossings), dtype=bool)
    for one in beyond(crossings.waveguide_a):
        for other in beyond(crossings.waveguide_b):
            shared |= (one >= 0) & (one == other)
    return np.flatnonzero(~shared)


def with_crossings(given: arcs.Arcs, tables: Tables, pdk: Pdk, sections: Sequence[CrossSection]) -> arcs.Arcs:
    """Return the arcs with the loss of guides that cross others where no device is, charged to both guides."""
    table, guides = tables.crossings, tables.waveguides
    clad, rows = pdk.process.clad_index, plain_crossings(tables)
    if not len(rows) or clad is None:
        return given
    number = np.full(len(tables.devices), -1)
    number[guides.device] = np.arange(len(guides))
    loss_db, count = np.zeros(len(guides)), np.zeros(len(guides), dtype=np.int64)
    first, second = table.waveguide_a[rows], table.waveguide_b[rows]
    for one, other in ((first, second), (second, first)):
        each = [
            _crossing_db(pdk, sections, tables, int(a), int(b), float(angle), clad.value)
            for a, b, angle in zip(one.tolist(), other.tolist(), table.angle_rad[rows].tolist(), strict=True)
        ]
        np.add.at(loss_db, one, each)
        np.add.at(count, one, 1)
    own = number[given.device]
    mine = own >= 0
    cause_db, n_crossings = given.cause_db.copy(), given.n_crossings.copy()
    cause_db[mine, CAUSES.index("crossing")] += loss_db[own[mine]]
    n_crossings[mine] += count[own[mine]]
    return replace(given, cause_db=cause_db, n_crossings=n_crossings)


def _crossing_db(
    pdk: Pdk, sections: Sequence[CrossSection], tables: Tables, guide: int, other: int, angle_rad: float, clad: float
) -> float:
    guides = tables.waveguides
    number = int(guides.cross_section[guide])
    if number < 0:
        return 0.0
    section = sections[number]
    widths_um = [nm_to_um(float(np.fmax(guides.width_a_nm[one], guides.width_b_nm[one]))) for one in (guide, other)]
    widths_um = [one if one > 0.0 else section.width_um.value for one in widths_um]
    entry = next((one for one in pdk.devices if one.name == CROSSING_NAME), None)
    if entry is not None:
        return entry.params["loss_db"].value
    return drawn.crossing_db(
        width_um=widths_um[0],
        other_width_um=widths_um[1],
        angle_rad=angle_rad,
        n_eff=section.n_eff.value,
        n_slab=slab_index(pdk, section),
        n_clad=clad,
        wl_um=section.wavelength_um,
    )
