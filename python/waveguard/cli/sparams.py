"""`waveguard sparams`: fields of the circuit of a layout, as S-parameters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from waveguard.cli import _errors, _optics, _options, _output
from waveguard.cli._progress import progress
from waveguard.cli._wavelengths import wavelengths_um
from waveguard.cli.check import require_pdk

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from waveguard.fields import SParameters

MAX_WAVELENGTHS = 1_000_000
MAX_LINES = 20
PASSIVE_WITHIN = 1e-9


def sparams(
    layout: _options.Layout,
    pdk: _options.PdkName = None,
    wl: Annotated[
        str,
        typer.Option(
            metavar="UM", help="Wavelengths in um: 1.5:1.6:101 (first, last, number), first:last:step, or 1.31,1.55."
        ),
    ] = "",
    ports: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Terminals, or open ends as end@(x,y), separated by commas outside brackets; all without it.",
        ),
    ] = None,
    top: _options.Top = None,
    output: Annotated[
        list[str] | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File to write (repeatable), by suffix: .sNp Touchstone, .npz, .csv, .png picture; - for CSV.",
        ),
    ] = None,
    gaps: Annotated[
        str,
        typer.Option(
            metavar="WHAT", help="Devices without a model: `unknown` leaves out what depends on them, `absorb` ends it."
        ),
    ] = "unknown",
    floor: Annotated[
        float,
        typer.Option(
            metavar="DB",
            help="Guides side by side couple at their place; ways that couple less than this are left out.",
        ),
    ] = -80.0,
    bias: _options.Bias = 0.0,
    allow_incomplete: Annotated[
        bool, typer.Option("--allow-incomplete", help="End with 0 although the coupling of some guides is not known.")
    ] = False,
    threads: _options.Threads = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no closing lines.")] = False,
) -> int:
    """Solve the fields of a layout and write its S-parameters."""
    from dataclasses import replace

    from waveguard import engine, fields
    from waveguard import pdk as pdks
    from waveguard.analyses.crosstalk import crosstalk
    from waveguard.errors import UsageError
    from waveguard.extract import extract as run_extraction
    from waveguard.fields.files import writer_of
    from waveguard.fields.layout import checked_bias
    from waveguard.fields.plot import write_png
    from waveguard.layout import read
    from waveguard.optics.between import core_between

    grid = wavelengths(wl)
    name = require_pdk(pdk)
    if gaps not in {"unknown", "absorb"}:
        raise UsageError(f"--gaps cannot be '{gaps}'", hint="say unknown or absorb")
    if not floor <= 0.0:
        raise UsageError(f"--floor {floor:g}: a level in dB is not above 0", hint="say e.g. --floor -80")
    outputs = output or []
    paths = [Path(one) for one in outputs if one != _output.STDOUT]
    _output.refuse_same_file(paths, [layout, Path(name)])
    for path in paths:
        if path.suffix.lower() == ".png":
            require_matplotlib(path)
        else:
            writer_of(path)
        _output.refuse_unwritable(path)
    kit = pdks.load(name)
    with progress(quiet=quiet) as show_progress:
        file = read(layout, threads=threads, progress=show_progress)
        extraction = run_extraction(file, kit, tops=top or None, threads=threads, progress=show_progress)
        model = engine.circuit_of(extraction)
        middle_um = float(grid[len(grid) // 2])
        coupling = crosstalk(
            model.tables, model.cross_sections, model.pdk, wavelength_um=middle_um, edge_bias_nm=checked_bias(bias)
        )
        between, not_looked = core_between(layout, extraction, coupling)
        found = fields.from_layout(
            model,
            wl_um=grid,
            ports=split_names(ports) if ports else None,
            gaps=gaps,
            floor_db=floor,
            edge_bias_nm=bias,
            core_between=between,
            threads=threads,
            progress=show_progress,
        )
    if not_looked:
        found = replace(found, notes=(*found.notes, not_looked))
    refused, kept = False, []
    for path in paths:
        if path.suffix.lower() == ".png":
            _output.write_file(path, lambda out: write_png(found, out), binary=True)
            kept.append(path)
            continue
        save, binary = writer_of(path, len(found.ports))
        if not found.complete and save.__module__.endswith("touchstone"):
            refused = True
            _errors.complain(
                f"{path}: not written: a Touchstone file cannot leave out what depends on a device without a model",
                "choose other --ports, write .npz or .csv, or say --gaps absorb",
            )
            continue
        _output.write_file(path, lambda out, save=save: save(found, out), binary=binary)  # type: ignore[misc]
        kept.append(path)
    if _output.STDOUT in outputs:
        _output.write_stdout(lambda out: fields.files.write_csv(found, out), for_programs=True)
    if not quiet:
        tell(found, gaps)
    _optics.tell_written(kept, quiet=quiet)
    missing = [one.reason for one in engine.nothing_to_see(file, extraction)]
    for reason in missing:
        _errors.complain(f"{layout}: {reason}")
    lacking = bool(found.unknown_couplings) and not allow_incomplete
    return _errors.EXIT_INCOMPLETE if missing or refused or lacking or not found.complete else 0


def require_matplotlib(path: Path) -> None:
    """Raise UsageError when pictures cannot be drawn, before any work is done for them."""
    from importlib.util import find_spec

    from waveguard.errors import UsageError

    if find_spec("matplotlib") is None:
        raise UsageError(
            "a picture needs matplotlib, which is not installed",
            path=path,
            hint="pip install matplotlib, or write .csv",
        )


def wavelengths(text: str) -> npt.NDArray[np.float64]:
    """Return the wavelengths of `--wl`; UsageError says what is wrong with it."""
    import numpy as np

    from waveguard.errors import UsageError

    if not text:
        raise UsageError("no wavelengths given", hint="say --wl, such as --wl 1.5:1.6:101 (in um)")
    grid = np.array(wavelengths_um(text, MAX_WAVELENGTHS))
    if np.any(np.diff(grid) <= 0.0):
        raise UsageError(f"--wl {text}: wavelengths increase", hint="write the shortest first, each once")
    return grid


def split_names(text: str) -> list[str]:
    """Return names separated by commas; commas within brackets belong to a name, as in `gc@(0,127)`."""
    names, depth, current = [], 0, ""
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth <= 0:
            names.append(current)
            current = ""
        else:
            current += letter
    return [name.strip() for name in [*names, current] if name.strip()]


def tell(found: SParameters, gaps: str) -> None:
    """Say on stderr what was solved, how well, and what is missing."""
    import numpy as np

    assert found.residual is not None
    assert found.largest_singular_value is not None
    counts = found.figures
    loops = ""
    if counts["loops"]:
        largest = f"of {counts['largest_loop']:,} ports"
        loops = f", a loop {largest}" if counts["loops"] == 1 else f", {counts['loops']:,} loops, the largest {largest}"
    _errors.tell(
        f"{len(found.ports):,} ports, {len(found.wl_um):,} wavelengths, {counts['instances']:,} instances, "
        f"{counts['joints']:,} joints{loops}"
    )
    singular = float(found.largest_singular_value.max())
    passive = "passive" if singular <= 1.0 + PASSIVE_WITHIN else "NOT PASSIVE"
    dark = " (devices without a model taken as dark)" if found.gaps else ""
    _errors.tell(f"residual {float(found.residual.max()):.1e}; {passive}: largest singular value {singular:.6f}{dark}")
    middle = len(found.wl_um) // 2
    power = np.abs(found.s[middle]) ** 2
    shown = 0
    for start in range(len(found.ports)):
        order = np.argsort(-np.where(np.isfinite(power[:, start]), power[:, start], -1.0), kind="stable")
        ends = [end for end in order.tolist() if end != start and power[end, start] > 1e-12][:1]
        for end in ends:
            if shown < MAX_LINES:
                level_db = 10.0 * np.log10(power[end, start])
                _errors.tell(
                    f"  {found.ports[start]} -> {found.ports[end]}: {level_db:.2f} dB at {found.wl_um[middle]:.6g} µm"
                )
            shown += 1
    if shown > MAX_LINES:
        _errors.tell(f"  … and {shown - MAX_LINES} more ports")
    if counts.get("couplers") or counts.get("faint_runs"):
        faint = f", {counts['faint_runs']:,} too weak to count" if counts["faint_runs"] else ""
        noun = "coupler" if counts["couplers"] == 1 else "couplers"
        _errors.tell(f"{counts['couplers']:,} {noun} between guides side by side{faint}")
    for note in found.notes:
        _errors.tell(f"note: {note}")
    if found.unknown_couplings:
        for text in found.unknown_couplings[:MAX_LINES]:
            _errors.tell(f"no coupling: {text}")
        _errors.complain(
            "how much some guides side by side couple is not known: they are taken not to, at all wavelengths",
            "keep --wl and the gaps within the coupling tables of the PDK, give it one, or say --allow-incomplete",
        )
    for gap in found.gaps[:MAX_LINES]:
        _errors.tell(f"no model: {gap}")
    if len(found.gaps) > MAX_LINES:
        _errors.tell(f"no model: … and {len(found.gaps) - MAX_LINES} more")
    if found.gaps and gaps == "absorb":
        _errors.tell("devices without a model swallow light, as --gaps absorb asks for")
    if not found.complete:
        assert found.unknown is not None
        _errors.complain(
            f"{int(found.unknown.sum()):,} of {found.unknown.size:,} pairs of ports depend on devices without a model "
            "and are left out (NaN)",
            "give such a device S-parameters in the PDK (`sparameters`), or choose other --ports",
        )
