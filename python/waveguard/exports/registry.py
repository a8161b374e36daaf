"""Which writer belongs to which suffix; the only list of them.

Writers are imported when they are asked for, so that nobody waits for gdstk or matplotlib who writes a CSV.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, Any, TypeAlias

from waveguard.errors import UsageError
from waveguard.exports.found import Found

OVERLAY = "overlay"
Writer: TypeAlias = Callable[[Found, IO[Any]], None]


@dataclass(frozen=True)
class Export:
    """A format: the suffix of its files, what is in them, and its writer as `module:function`."""

    suffix: str
    title: str
    place: str
    binary: bool = False
    needs: str = ""
    """Name of a package that must be installed beside waveguard."""
    beside: tuple[str, str] | None = None
    """Suffix and writer of a second file that is written beside it."""

    @property
    def write(self) -> Writer:
        """The writer."""
        return _load(self.place)

    def companions(self, path: Path) -> list[tuple[Path, Writer]]:
        """Return the files that are written beside `path`; always text."""
        if self.beside is None:
            return []
        suffix, place = self.beside
        stem = path.name[: -len(self.suffix)]
        # A file of the same name with nothing but `.lyp` may be that of the layout itself.
        stem = stem if stem.lower().endswith(OVERLAY) else f"{stem}.{OVERLAY}"
        return [(path.with_name(stem + suffix), _load(place))]


def _load(place: str) -> Writer:
    module, function = place.split(":")
    writer: Writer = getattr(import_module(f"waveguard.exports.{module}"), function)
    return writer


_NETLIST = "netlist as gdsfactory and SAX read it"
_OVERLAY = "overlay for KLayout, with its .lyp of layer properties beside it"
# The longer suffix stands first.
_EXPORTS = (
    Export(".netlist.json", "netlist with lengths, terminals and open ports", "netlist:write_netlist_json"),
    Export(".json", "all tables", "tables_json:write_json"),
    Export(".routes.csv", "guides joined end to end, as one way", "routes_csv:write_routes_csv"),
    Export(".csv", "guides", "guides_csv:write_guides_csv"),
    Export(".yaml", _NETLIST, "netlist:write_netlist_yaml"),
    Export(".yml", _NETLIST, "netlist:write_netlist_yaml"),
    Export(".spi", "netlist in the SPICE of SiEPIC-Tools", "spice:write_spice"),
    Export(".gds", _OVERLAY, "overlay:write_gds", binary=True, beside=(".lyp", "layers:write_lyp")),
    Export(".oas", _OVERLAY, "overlay:write_oas", binary=True, beside=(".lyp", "layers:write_lyp")),
    Export(".svg", "picture", "svg:write_svg"),
    Export(".png", "picture", "png:write_png", binary=True, needs="matplotlib"),
)


def all_exports() -> tuple[Export, ...]:
    """Return every format."""
    return _EXPORTS


def export_for(path: Path) -> Export:
    """Return the format for the suffix of a file; UsageError lists what there is."""
    name = path.name.lower()
    for export in _EXPORTS:
        if name.endswith(export.suffix):
            _require(export, path)
            return export
    message = f"cannot write an extraction as {path.suffix or 'a file without a suffix'}"
    raise UsageError(message, path=path, hint=f"known: {', '.join(export.suffix for export in _EXPORTS)}")


def _require(export: Export, path: Path) -> None:
    """Raise UsageError when the package that a format needs is not there, before any work is done for it."""
    if export.needs:
        try:
            import_module(export.needs)
        except ImportError:
            raise UsageError(
                f"a picture as {export.suffix} needs {export.needs}, which is not installed",
                path=path,
                hint=f"pip install {export.needs}, or write .svg, which needs nothing",
            ) from None
