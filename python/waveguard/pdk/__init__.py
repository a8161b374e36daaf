"""PDKs: schema, loading, and where the bundled ones are."""

from __future__ import annotations

from waveguard.pdk.find import names, suggest_pdk
from waveguard.pdk.load import from_text, is_file_name, load
from waveguard.pdk.schema import CrossSection, DevicePattern, Pdk, Quantity

__all__ = [
    "CrossSection",
    "DevicePattern",
    "Pdk",
    "Quantity",
    "from_text",
    "is_file_name",
    "load",
    "names",
    "suggest_pdk",
]
