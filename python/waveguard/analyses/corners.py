"""A PDK at a corner of its process or at another wavelength: the same PDK with other numbers in it.

Corners take the stated `min` or `max` of each loss and level; numbers without limits stay. The fact a newcomer would
get wrong: at a corner everything is at its limit together, which no chip is; for what a chip is likely to be see
`uncertainty`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from waveguard.pdk.devices import DevicePattern
    from waveguard.pdk.quantity import Quantity
    from waveguard.pdk.schema import Pdk

Corner = Literal["min", "typ", "max"]
CORNERS: tuple[Corner, ...] = ("min", "typ", "max")
"""Least loss, typical, most loss."""

SECTION_LOSSES = ("loss_db_per_cm", "curved_loss_db_per_cm", "taper_loss_db", "bend_mismatch_db_um2")
DEVICE_LOSSES = ("loss_db", "excess_loss_db", "through_loss_db", "drop_loss_db")
DEVICE_SHARES = ("cross_fraction", "first_fraction")
SMALLEST_SHARE = 1e-6
"""A split that a bias moves keeps both its ways."""
DEVICE_LEVELS = ("crosstalk_db", "reflection_db", "isolation_db")


def at_corner(pdk: Pdk, corner: Corner) -> Pdk:
    """Return the PDK with each loss and each leak at its least (`min`) or most (`max`)."""
    if corner == "typ":
        return pdk

    def moved(quantity: Quantity) -> Quantity:
        limit = quantity.min if corner == "min" else quantity.max
        return quantity if limit is None else quantity.model_copy(update={"value": limit, "min": None, "max": None})

    return _with(pdk, moved, (*DEVICE_LOSSES, *DEVICE_LEVELS))


def at_bias(pdk: Pdk, edge_bias_nm: float) -> Pdk:
    """Return the PDK with each loss and share that states `per_edge_nm` as it is when all edges have moved outwards."""

    def moved(most: float, least: float = 0.0) -> Callable[[Quantity], Quantity]:
        def change(quantity: Quantity) -> Quantity:
            if quantity.per_edge_nm is None or edge_bias_nm == 0.0:
                return quantity
            value = quantity.value + quantity.per_edge_nm * edge_bias_nm
            return quantity.model_copy(update={"value": min(max(value, least), most)})

        return change

    kit = _with(pdk, moved(math.inf), DEVICE_LOSSES)
    return _with(kit, moved(1.0 - SMALLEST_SHARE, SMALLEST_SHARE), DEVICE_SHARES, sections=())


def _with(
    pdk: Pdk,
    change: Callable[[Quantity], Quantity],
    names: tuple[str, ...],
    sections: tuple[str, ...] = SECTION_LOSSES,
) -> Pdk:
    changed = tuple(
        section.model_copy(
            update={name: change(getattr(section, name)) for name in sections if getattr(section, name) is not None}
        )
        for section in pdk.cross_sections
    )
    devices = tuple(
        entry.model_copy(
            update={"params": {key: change(one) if key in names else one for key, one in entry.params.items()}}
        )
        for entry in pdk.devices
    )
    return pdk.model_copy(update={"cross_sections": changed, "devices": devices})


def at_wavelength(pdk: Pdk, wavelength_um: float) -> Pdk:
    """Return the PDK for light of one wavelength: couplers with a stated bandwidth lose more off their peak.

    The peak of a grating falls off as a parabola, 1 dB at half of its 1 dB bandwidth. What else is stated for another
    wavelength keeps its numbers; whether it may be used there is for the path to say.
    """
    devices = tuple(_coupler_at(entry, wavelength_um) for entry in pdk.devices)
    return pdk.model_copy(update={"devices": devices})


def _coupler_at(entry: DevicePattern, wavelength_um: float) -> DevicePattern:
    band = entry.params.get("bandwidth_1db_nm")
    if band is None or entry.wavelength_um is None or "loss_db" not in entry.params:
        return entry
    more = (2e3 * (wavelength_um - entry.wavelength_um) / band.value) ** 2
    loss = entry.params["loss_db"]
    limits = {name: None if getattr(loss, name) is None else getattr(loss, name) + more for name in ("min", "max")}
    moved = loss.model_copy(update={"value": loss.value + more, **limits})
    return entry.model_copy(update={"params": {**entry.params, "loss_db": moved}})
