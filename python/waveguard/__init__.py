"""waveguard: check photonic layouts.

`check` runs everything on a file and returns a `Run`; `read` and `load_pdk` are its parts. Names are loaded when first
used, so that ``import waveguard`` and ``waveguard --help`` do not wait for numpy, gdstk and pydantic.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from waveguard.engine import check
    from waveguard.findings import Finding, Run, Severity
    from waveguard.layout import read
    from waveguard.pdk.load import load as load_pdk

    __version__: str

__all__ = ["Finding", "Run", "Severity", "__version__", "check", "load_pdk", "read"]

_PLACES = {
    "Finding": ("waveguard.findings", "Finding"),
    "Run": ("waveguard.findings", "Run"),
    "Severity": ("waveguard.findings", "Severity"),
    "__version__": ("waveguard._core", "__version__"),
    "check": ("waveguard.engine", "check"),
    "load_pdk": ("waveguard.pdk.load", "load"),
    "read": ("waveguard.layout", "read"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 -- whatever the name stands for
    try:
        module, attribute = _PLACES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
