"""Rings drawn beside guides: their resonances, and how they suit a plan of channels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from waveguard.analyses.crosstalk import ways_of
from waveguard.assembly.guides import curved_loss
from waveguard.models import wdm
from waveguard.optics.prepare import device_name
from waveguard.units import db_to_ratio, nm_to_cm, nm_to_um

if TYPE_CHECKING:
    from waveguard.analyses.crosstalk import CrosstalkResult
    from waveguard.circuit import CircuitModel

RING_COLUMNS = (
    "ring",
    "length_um",
    "fsr_nm",
    "fsr_ghz",
    "k1",
    "k2",
    "fwhm_pm",
    "q",
    "drop_loss_db",
    "through_db",
    "n_channels_in_fsr",
    "n_collisions",
    "channel_leak_db",
    "note",
)


def rings(
    model: CircuitModel, coupling: CrosstalkResult, wavelength_um: float | None, channels_um: Sequence[float]
) -> Iterator[dict[str, Any]]:
    """Return one row per closed guide; the channel columns need a plan of channels.

    Where a ring resonates depends on nanometres of width (a few nm of wavelength across a chip), so it is taken to be
    tuned to its channel; what counts is whether the comb fits its free spectral range and what it drops of the others.
    """
    tables = model.tables
    guides, routes, runs = tables.waveguides, tables.routes, tables.runs
    way = ways_of(tables)
    closed = np.flatnonzero(routes.is_closed != 0) if len(routes) else np.zeros(0, dtype=np.int64)
    share = np.nan_to_num(db_to_ratio(coupling.coupled_db))
    for route in closed.tolist():
        mine = np.flatnonzero(way == route)
        number = int(routes.cross_section[route])
        if not len(mine) or number < 0:
            continue
        section = model.cross_sections[number]
        light_um = wavelength_um if wavelength_um is not None else section.wavelength_um
        at_a, at_b = way[runs.waveguide_a] == route, way[runs.waveguide_b] == route
        beside = np.flatnonzero(at_a != at_b)
        other = np.where(at_a[beside], way[runs.waveguide_b[beside]], way[runs.waveguide_a[beside]])
        # Pieces of one coupler add up as fields.
        by_bus = {
            int(bus): min(float((np.sqrt(share[beside[other == bus]])).sum()) ** 2, 0.999_999)
            for bus in np.unique(other).tolist()
        }
        strongest = sorted(by_bus.values(), reverse=True)[:2]
        k1, k2 = (*strongest, 0.0, 0.0)[:2]
        unknown = bool(np.isnan(coupling.coupled_db[beside]).any())
        length_nm = float(routes.centerline_length_nm[route])
        name = device_name(model, int(guides.device[mine[0]]))
        row: dict[str, Any] = dict.fromkeys(RING_COLUMNS, math.nan)
        fsr = wdm.fsr_um(wavelength_um=light_um, n_g=section.n_g.value, length_um=nm_to_um(length_nm))
        ghz = wdm.fsr_ghz(n_g=section.n_g.value, length_um=nm_to_um(length_nm))
        row |= {"ring": name, "length_um": nm_to_um(length_nm), "fsr_nm": 1e3 * fsr, "fsr_ghz": ghz, "note": ""}
        row |= {"n_channels_in_fsr": 0, "n_collisions": 0}
        if unknown:
            row["note"] = "the coupling to a bus is not known"
        elif k1 <= 0.0:
            row["note"] = "no guide beside it couples"
        else:
            found = wdm.resonance(
                wavelength_um=light_um,
                n_g=section.n_g.value,
                length_um=nm_to_um(length_nm),
                loss_db=curved_loss(section) * nm_to_cm(length_nm),
                k1=k1,
                k2=k2,
            )
            row |= {"k1": k1, "k2": k2, "fwhm_pm": 1e6 * found.fwhm_um, "q": found.q}
            row |= {"drop_loss_db": found.drop_loss_db, "through_db": found.through_db}
            if len(channels_um) > 1:
                row |= _against_plan(channels_um, found)
        yield row


def _against_plan(channels_um: Sequence[float], found: wdm.Resonance) -> dict[str, Any]:
    spacing = float(np.min(np.diff(np.sort(channels_um))))
    hits = wdm.collisions(channels_um=channels_um, fsr_um=found.fsr_um, window_um=min(2 * found.fwhm_um, spacing / 2))
    span = max(channels_um) - min(channels_um) + spacing
    middle = len(channels_um) // 2
    leak = wdm.leak_db(channels_um=channels_um, own=middle, fwhm_um=found.fwhm_um, fsr_um=found.fsr_um)
    note = "" if span <= found.fsr_um * (1 + 1e-9) else "the comb is wider than the free spectral range"
    return {
        "n_channels_in_fsr": int(found.fsr_um / spacing + 1e-9),
        "n_collisions": len(hits),
        "channel_leak_db": leak,
        "note": note,
    }
