"""`waveguard pdk`: which PDKs there are, what one holds and where its numbers come from, whether a file is one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from waveguard.cli import _errors, _output

if TYPE_CHECKING:
    from waveguard.pdk import Pdk

app = typer.Typer(help="List, show and validate PDKs.", no_args_is_help=True, rich_markup_mode=None)

ASSUMED = "ASSUMED, no source"


@app.command("list")
def list_() -> int:
    """List the PDKs that come with waveguard."""
    from waveguard import pdk as pdks

    names = pdks.names()
    width = max((len(name) for name in names), default=0)
    headers = [pdks.load(name).pdk for name in names]
    lines = [f"{header.name:{width}}  {header.version:8}  {header.title}\n" for header in headers]
    _output.write_stdout(lambda out: out.writelines(lines))
    return 0


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of a PDK, or the path of its TOML file.")],
) -> int:
    """Show what a PDK holds: layers, guides, devices, and every number with its source."""
    from waveguard import pdk as pdks

    text = "\n".join(_lines(pdks.load(name))) + "\n"
    _output.write_stdout(lambda out: out.write(text))
    return 0


@app.command()
def validate(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="TOML files, or names of bundled PDKs.")],
) -> int:
    """Check PDK files: unknown keys, missing references, values out of range; every mistake with its line."""
    from waveguard import pdk as pdks
    from waveguard.errors import PdkError

    bad = 0
    for file in files:
        try:
            pdk = pdks.load(file)
        except PdkError as error:
            bad += 1
            where = ", ".join(part for part in (error.path, error.place) if part)
            _errors.complain(f"{where}: {error.message}" if where else error.message, error.hint)
        else:
            assumed = len(pdk.assumed())
            line = f"{file}: valid, {len(pdk.quantities())} numbers, {assumed} of them assumed\n"
            _output.write_stdout(lambda out, line=line: out.write(line))  # type: ignore[misc]
    return _errors.EXIT_BAD_INPUT if bad else 0


def _lines(pdk: Pdk) -> Iterable[str]:
    header = pdk.pdk
    yield f"{header.name} {header.version}: {header.title}"
    yield f"process {header.process}, {header.polarisation} at {header.wavelength_um:g} µm"
    yield header.description.strip()
    yield from (f"reference: {reference}" for reference in header.references)
    yield "\nLayers"
    yield from (f"  {name:20} {layer}" for name, layer in pdk.layers.items())
    yield "\nGuides"
    for section in pdk.cross_sections:
        width = f"{section.width_min_um:g}-{section.width_max_um:g} µm"
        cores = ", ".join(section.cores)
        yield f"  {section.name:24} core {cores}, width {section.width_um.value:g} µm (drawn {width})"
        meaning = section.stated_radius.meaning
        yield f"  {'':24} smallest true radius {section.min_radius_um.value:g} µm; a stated radius means {meaning}"
    yield "\nPins"
    yield from (f"  {pin.convention:20} {pin.form} on {pin.layer}, {pin.kind}" for pin in pdk.pins)
    yield "\nDevices (the first that matches counts)"
    for device in pdk.devices:
        patterns = ", ".join((*device.cells, *device.components, *device.functions))
        yield f"  {device.name:24} {device.kind:14} {patterns}"
    yield "\nNumbers"
    for path, part in pdk.quantities().items():
        value = getattr(part, "value", None)
        source = getattr(part, "source", None)
        shown = "table" if value is None else f"{value:g}"
        origin = ASSUMED if getattr(part, "assumed", False) else (source or "see its parts")
        note = getattr(part, "note", None)
        yield f"  {path:58} {shown:>10}  {origin}" + (f" ({note})" if note else "")
    assumed = len(pdk.assumed())
    yield f"\n{len(pdk.quantities())} numbers, {assumed} of them assumed"
