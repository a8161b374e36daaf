"""Rings drawn beside guides: their resonances, and how they suit a plan of channels."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from waveguard.analyses.coupling import bend_shift_um2
from waveguard.analyses.ways import ways_of
from waveguard.assembly.guides import curved_loss
from waveguard.assembly.index import group_index_of, index_of
from waveguard.models import wdm
from waveguard.optics.prepare import device_name
from waveguard.units import db_to_ratio, nm_to_cm, nm_to_um

if TYPE_CHECKING:
    from waveguard.analyses.crosstalk import CrosstalkResult
    from waveguard.circuit import CircuitModel

Ints = npt.NDArray[np.int64]

KNOWN_SHARE = 0.25
"""A resonance is known when its standard deviation is no more of the free spectral range."""
RING_COLUMNS = (
    "ring",
    "length_um",
    "fsr_nm",
    "fsr_ghz",
    "resonance_um",
    "resonance_sigma_nm",
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

    Where a ring resonates depends on nanometres of width (a few nm of wavelength across a chip). Where the PDK knows
    its index well enough for the free spectral range, the resonance nearest to the light is given with its standard
    deviation; else the note says why not. Against a plan of channels a ring is taken to be tuned to its channel; what
    counts is whether the comb fits its free spectral range and what it drops of the others.
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
        row |= _resonance(model, mine, route, light_um, 1e3 * fsr)
        said = str(row["note"])
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
        row["note"] = "; ".join(filter(None, dict.fromkeys((said, str(row["note"])))))
        yield row


def _resonance(model: CircuitModel, guides_at: Ints, route: int, light_um: float, fsr_nm: float) -> dict[str, Any]:
    """Return the resonance nearest to the light and its standard deviation, or why it cannot be told."""
    tables, guides = model.tables, model.tables.waveguides
    section = model.cross_sections[int(tables.routes.cross_section[route])]
    index = section.n_eff
    length_um = nm_to_um(float(tables.routes.centerline_length_nm[route]))
    if index.sigma is None and index.scatter is None and index.common_sigma == 0.0:
        return {"note": f"where it resonates is not known: the PDK states no sigma for the n_eff of {section.name}"}
    lengths = np.nan_to_num(guides.centerline_length_nm[guides_at])
    widths = (guides.width_a_nm[guides_at] + guides.width_b_nm[guides_at]) / 2
    width_um = nm_to_um(float(np.average(widths, weights=lengths))) if np.isfinite(widths).all() else None
    nominal = section.width_um.value
    if width_um is None or abs(width_um - nominal) <= nm_to_um(model.pdk.limits.joint_width_nm.value):
        width_um = nominal
    radius_um = nm_to_um(float(tables.routes.min_radius_nm[route]))
    turn = float(tables.routes.abs_turn_rad[route])
    n_eff = wdm.bent_index(
        n_eff=float(index_of(model.pdk, section, width_um=np.array(width_um), wavelength_um=light_um)),
        bend_shift_um2=bend_shift_um2(section),
        mean_square_curvature_per_um2=turn / (radius_um * length_um) if radius_um > 0.0 else 0.0,
    )
    n_g = float(group_index_of(model.pdk, section, width_um=np.array(width_um), wavelength_um=light_um))
    of_length = n_eff * nm_to_um(float(np.nan_to_num(tables.routes.length_error_nm[route]))) / length_um
    sigma_nm = 1e3 * light_um / n_g * math.hypot(index.common_sigma, index.scatter or 0.0, of_length)
    if sigma_nm > KNOWN_SHARE * fsr_nm:
        return {
            "resonance_sigma_nm": sigma_nm,
            "note": f"where it resonates is not known: ± {sigma_nm:.1f} nm is too much of its free spectral range",
        }
    found_um = wdm.nearest_resonance_um(wavelength_um=light_um, n_eff=n_eff, n_g=n_g, length_um=length_um)
    return {"resonance_um": found_um, "resonance_sigma_nm": sigma_nm}


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
