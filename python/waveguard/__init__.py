"""waveguard: check photonic layouts.

`check` runs everything on a file and returns a `Run`; `loss` and `crosstalk` return tables of numbers; `read` and
`load_pdk` are parts of all. Names are loaded when first
used, so that ``import waveguard`` and ``waveguard --help`` do not wait for numpy, gdstk and pydantic.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from waveguard.engine import check
    from waveguard.findings import Finding, Run, Severity
    from waveguard.layout import read
    from waveguard.optics import CrosstalkReport, LossReport, crosstalk, loss
    from waveguard.pdk.load import load as load_pdk

    __version__: str

__all__ = [
    "CrosstalkReport",
    "Finding",
    "LossReport",
    "Run",
    "Severity",
    "__version__",
    "check",
    "crosstalk",
    "load_pdk",
    "loss",
    "read",
]

_PLACES = {
    "CrosstalkReport": ("waveguard.optics", "CrosstalkReport"),
    "LossReport": ("waveguard.optics", "LossReport"),
    "Finding": ("waveguard.findings", "Finding"),
    "Run": ("waveguard.findings", "Run"),
    "Severity": ("waveguard.findings", "Severity"),
    "__version__": ("waveguard._core", "__version__"),
    "check": ("waveguard.engine", "check"),
    "crosstalk": ("waveguard.optics", "crosstalk"),
    "load_pdk": ("waveguard.pdk.load", "load"),
    "loss": ("waveguard.optics", "loss"),
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
