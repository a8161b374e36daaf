"""Pictures of loss and crosstalk: ledgers as bars, loss against wavelength, who disturbs whom as a matrix."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING

import numpy as np

from waveguard.assembly.names import shortened
from waveguard.models import CAUSES
from waveguard.optics.disturbance import CrosstalkReport
from waveguard.optics.path_loss import LossReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_BARS, MAX_LINES, MAX_MATRIX = 25, 12, 40
DPI = 150
COLOURS = ("#4477aa", "#66ccee", "#228833", "#ccbb44", "#ee6677", "#aa3377", "#bbbbbb", "#222222")
"""One per cause; told apart by the colour-blind, too (scheme of P. Tol)."""
FLOOR_DB = -80.0


def write(report: LossReport | CrosstalkReport, out: IO[bytes], kind: str) -> None:
    """Write a picture, `png` or `svg`; equal reports give equal bytes on one machine."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "waveguard", "font.size": 8}):
        figure = Figure(figsize=_size(report), layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        if isinstance(report, LossReport):
            _loss(report, figure)
        else:
            _crosstalk(report, figure)
        held = io.BytesIO()
        metadata = {"Software": "waveguard"} if kind == "png" else {"Date": None, "Creator": "waveguard"}
        figure.savefig(held, format=kind, dpi=DPI, metadata=metadata)
    out.write(held.getvalue())


def _size(report: LossReport | CrosstalkReport) -> tuple[float, float]:
    if isinstance(report, LossReport):
        bars = min(len(report), MAX_BARS)
        spectrum = 3.2 if len(report.wavelengths_um) > 1 else 0.0
        return 10.0, 1.4 + 0.26 * max(bars, 4) + spectrum
    n = min(len(report), MAX_MATRIX)
    pairs = min(len(report.pairs["guide"]), MAX_BARS)
    return 10.0, 1.6 + 0.22 * max(n, 6) + 0.24 * max(pairs, 3)


def _short(name: str) -> str:
    return shortened(name, 34)


def _nothing(axes: Axes, words: str) -> None:
    axes.set_axis_off()
    axes.text(0.5, 0.5, words, ha="center", va="center", transform=axes.transAxes)


def _loss(report: LossReport, figure: Figure) -> None:
    if not len(report):
        _nothing(figure.subplots(), "no path between two places where light enters or leaves")
        return
    several = len(report.wavelengths_um) > 1
    axes = figure.subplots(2 if several else 1, 1, squeeze=False)[:, 0]
    _ledger(report, axes[0])
    if several:
        _spectrum(report, axes[1])
    figure.suptitle(f"{report.layout} · {report.pdk} · {report.corner}")


def _ledger(report: LossReport, axes: Axes) -> None:
    """One bar per path, the worst on top, split by cause, with its standard deviation."""
    table, n = report.paths, min(len(report), MAX_BARS)
    at, left = np.arange(n), np.zeros(n)
    for cause, colour in zip(CAUSES, COLOURS, strict=True):
        part = table[f"{cause}_db"][:n].astype(float)
        if part.max() > 0.0:
            axes.barh(at, part, left=left, height=0.75, color=colour, label=cause)
        left = left + part
    sigma = np.nan_to_num(table["sigma_db"][:n].astype(float))
    axes.errorbar(left, at, xerr=sigma, fmt="none", ecolor="black", elinewidth=0.8, capsize=2)
    names = [f"{_short(str(a))} → {_short(str(b))}" for a, b in zip(table["from"][:n], table["to"][:n], strict=True)]
    if len(report.wavelengths_um) > 1:
        names = [f"{name}, {wave:g} µm" for name, wave in zip(names, table["wavelength_um"][:n], strict=True)]
    axes.set_yticks(at, names)
    axes.invert_yaxis()
    axes.set_xlabel("loss of the worst path (dB), bars: ± one standard deviation")
    more = f", the worst {n} of {len(report)}" if len(report) > n else ""
    axes.set_title(f"Loss by cause{more}")
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
    axes.grid(axis="x", alpha=0.3)


def _spectrum(report: LossReport, axes: Axes) -> None:
    table = report.paths
    pairs = list(dict.fromkeys(zip(table["from"].tolist(), table["to"].tolist(), strict=True)))
    for source, sink in pairs[:MAX_LINES]:
        own = (table["from"] == source) & (table["to"] == sink)
        order = np.argsort(table["wavelength_um"][own])
        wave, loss_db = table["wavelength_um"][own][order], table["loss_db"][own][order]
        axes.plot(1e3 * wave, loss_db, marker=".", linewidth=1, label=f"{_short(source)} → {_short(sink)}")
    axes.invert_yaxis()
    axes.set_xlabel("wavelength (nm)")
    axes.set_ylabel("loss (dB)")
    axes.set_title("Loss against wavelength")
    axes.grid(alpha=0.3)
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)


def _crosstalk(report: CrosstalkReport, figure: Figure) -> None:
    n, pairs = min(len(report), MAX_MATRIX), min(len(report.pairs["guide"]), MAX_BARS)
    upper, lower = figure.subplots(2, 1, height_ratios=(max(n, 6), max(pairs, 4)))
    _matrix(report, upper)
    _pairs(report, lower)
    figure.suptitle(f"{report.layout} · {report.pdk} · {report.corner}")


def _matrix(report: CrosstalkReport, axes: Axes) -> None:
    """Victims by aggressors; the level relative to the signal as colour and number."""
    if not len(report):
        _nothing(axes, "no signal gets from a place where light enters to one where it leaves")
        return
    victims = report.victims["victim"][:MAX_MATRIX].tolist()
    table = report.aggressors
    rows = [row for row, name in enumerate(table["victim"].tolist()) if name in set(victims)]
    strength: dict[str, float] = {}
    for row in rows:
        name = str(table["aggressor"][row])
        strength[name] = max(strength.get(name, -np.inf), float(table["level_db"][row]))
    names = sorted(strength, key=lambda name: (-strength[name], name))[:MAX_MATRIX]
    level = np.full((len(victims), max(len(names), 1)), np.nan)
    for row in rows:
        name = str(table["aggressor"][row])
        if name in names:
            level[victims.index(table["victim"][row]), names.index(name)] = table["level_db"][row]
    image = axes.imshow(level, cmap="magma", vmin=FLOOR_DB, vmax=0.0, aspect="auto")
    axes.set_yticks(range(len(victims)), [_short(name) for name in victims])
    axes.set_xticks(
        range(len(names)), [_short(name) for name in names], rotation=60, ha="right", rotation_mode="anchor"
    )
    if level.size <= 400:
        for (i, j), value in np.ndenumerate(level):
            if np.isfinite(value):
                colour = "black" if value > FLOOR_DB / 2 else "white"
                axes.text(j, i, f"{value:.0f}", ha="center", va="center", color=colour, fontsize=6)
    axes.set_ylabel("victim")
    axes.set_title("Crosstalk by aggressor (dB relative to the signal)")
    axes.figure.colorbar(image, ax=axes, pad=0.01)


def _pairs(report: CrosstalkReport, axes: Axes) -> None:
    table = report.pairs
    n = min(len(table["guide"]), MAX_BARS)
    if not n:
        _nothing(axes, "no guides side by side")
        return
    level = np.maximum(table["coupled_db"][:n].astype(float), FLOOR_DB)
    at = np.arange(n)
    axes.barh(at, np.nan_to_num(level, nan=FLOOR_DB) - FLOOR_DB, left=FLOOR_DB, height=0.75, color=COLOURS[0])
    for k in np.flatnonzero(np.isnan(level)).tolist():
        axes.text(FLOOR_DB, k, " no number: outside of the model or not in the PDK", va="center", fontsize=7)
    names = [
        f"{_short(str(a))} | {_short(str(b))}" for a, b in zip(table["guide"][:n], table["neighbour"][:n], strict=True)
    ]
    axes.set_yticks(at, names)
    axes.set_xlim(FLOOR_DB, 0.0)
    axes.invert_yaxis()
    axes.set_xlabel("most power that can cross over (dB)")
    axes.set_title("Guides side by side")
    axes.grid(axis="x", alpha=0.3)
