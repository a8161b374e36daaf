"""Pictures of loss and crosstalk: ledgers as bars, loss against wavelength, who disturbs whom as a matrix."""

from __future__ import annotations

import io
import math
from typing import IO, TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.assembly.names import shortened
from waveguard.models import CAUSES
from waveguard.optics.disturbance import CrosstalkReport
from waveguard.optics.path_loss import LossReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_BARS, MAX_LINES, MAX_MATRIX = 25, 10, 40
DPI = 150
COLOURS = ("#4477aa", "#66ccee", "#228833", "#ccbb44", "#ee6677", "#aa3377", "#bbbbbb", "#222222")
"""One per cause; told apart by the colour-blind, too (scheme of P. Tol)."""
FLOOR_DB, LEAST_FLOOR_DB = -80.0, -140.0
"""Where scales of levels begin, and how far down they go for weaker ones."""
WIDTH_IN, ROW_IN, LEGEND_ROW_IN = 11.0, 0.24, 0.17
LEAST_ROWS = 3
AXIS_LABEL_IN = 0.4
"""Height of the numbers along an axis and of what they mean."""
LETTER_IN = 0.06
TILT_RAD = math.pi / 3


def write(report: LossReport | CrosstalkReport, out: IO[bytes], kind: str) -> None:
    """Write a picture, `png` or `svg`; equal reports give equal bytes on one machine."""
    import matplotlib as mpl

    with mpl.rc_context({"svg.hashsalt": "waveguard"}):
        held = io.BytesIO()
        metadata = {"Software": "waveguard"} if kind == "png" else {"Date": None, "Creator": "waveguard"}
        figure_of(report).savefig(held, format=kind, dpi=DPI, metadata=metadata)
    out.write(held.getvalue())


def figure_of(report: LossReport | CrosstalkReport) -> Figure:
    """Return the picture of a report as a figure."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # A "$" in the name of a cell begins no formula.
    with mpl.rc_context({"font.size": 8, "text.parse_math": False}):
        figure = Figure(figsize=_size(report), layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        if isinstance(report, LossReport):
            _loss(report, figure)
        else:
            _crosstalk(report, figure)
    return figure


def _size(report: LossReport | CrosstalkReport) -> tuple[float, float]:
    """Return width and height in inches: as many rows as there are, whatever room their names take beside them."""
    if isinstance(report, LossReport):
        pairs = len(_pairs_of(report))
        spectrum = 3.2 + LEGEND_ROW_IN * min(pairs, MAX_LINES) if len(report.wavelengths_um) > 1 else 0.0
        return WIDTH_IN, 1.9 + 0.26 * max(min(pairs, MAX_BARS), 4) + spectrum
    n = min(len(report), MAX_MATRIX)
    pairs = min(len(report.pairs["guide"]), MAX_BARS)
    letters = max((len(_short(str(name))) for name in report.aggressors["aggressor"]), default=0)
    names_in = LETTER_IN * letters * math.sin(TILT_RAD)
    return WIDTH_IN, 2.0 + names_in + ROW_IN * (max(n, LEAST_ROWS) + max(pairs, LEAST_ROWS))


def _short(name: str) -> str:
    return shortened(name, 34)


def _floor_db(level_db: npt.NDArray[np.float64]) -> float:
    """Return where a scale begins that shows all levels, unless they are too weak to matter at all."""
    known = level_db[np.isfinite(level_db)]
    weakest = 10.0 * math.floor(float(known.min()) / 10.0) - 10.0 if known.size else FLOOR_DB
    return min(FLOOR_DB, max(weakest, LEAST_FLOOR_DB))


def _nothing(axes: Axes, words: str) -> None:
    axes.set_axis_off()
    axes.text(0.5, 0.5, words, ha="center", va="center", transform=axes.transAxes)


def _loss(report: LossReport, figure: Figure) -> None:
    if not len(report):
        _nothing(figure.subplots(), "no path between two places where light enters or leaves")
        return
    several = len(report.wavelengths_um) > 1
    n_bars = max(min(len(_pairs_of(report)), MAX_BARS), 4)
    heights = (0.26 * n_bars, 2.4) if several else (1.0,)
    axes = figure.subplots(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
    _ledger(report, axes[0])
    if several:
        _spectrum(report, axes[1])
    figure.suptitle(f"{report.layout} · {report.pdk} · {report.corner}")


def _pairs_of(report: LossReport) -> dict[tuple[str, str], int]:
    """Return the row of each path at the wavelength of its greatest loss, the worst path first."""
    table = report.paths
    worst: dict[tuple[str, str], int] = {}
    loss_db = table["loss_db"].astype(float)
    for row in np.argsort(-loss_db, kind="stable").tolist():
        worst.setdefault((str(table["from"][row]), str(table["to"][row])), row)
    return worst


def _ledger(report: LossReport, axes: Axes) -> None:
    """One bar per path, the worst on top, split by cause, with its standard deviation."""
    table, worst = report.paths, _pairs_of(report)
    rows = np.array(list(worst.values()))[:MAX_BARS]
    at, left = np.arange(len(rows)), np.zeros(len(rows))
    for cause, colour in zip(CAUSES, COLOURS, strict=True):
        part = table[f"{cause}_db"][rows].astype(float)
        if part.max() > 0.0:
            axes.barh(at, part, left=left, height=0.75, color=colour, label=cause)
        left = left + part
    sigma = np.nan_to_num(table["sigma_db"][rows].astype(float))
    axes.errorbar(left, at, xerr=sigma, fmt="none", ecolor="black", elinewidth=0.8, capsize=2)
    names = [f"{_short(source)} → {_short(sink)}" for source, sink in list(worst)[:MAX_BARS]]
    several = len(report.wavelengths_um) > 1
    if several:
        names = [f"{name}, {wave:g} µm" for name, wave in zip(names, table["wavelength_um"][rows], strict=True)]
    axes.set_yticks(at, names)
    axes.invert_yaxis()
    axes.set_xlabel("loss of the worst path (dB), bars: ± one standard deviation")
    more = f", the worst {len(rows)} of {len(worst)} pairs" if len(worst) > len(rows) else ""
    axes.set_title(f"Loss by cause{', each at its worst wavelength' if several else ''}{more}")
    _legend(axes, n_columns=len(CAUSES))
    axes.grid(axis="x", alpha=0.3)


def _legend(axes: Axes, n_columns: int) -> None:
    """Write what colours mean below the axes: beside them, long names would leave no room for what is drawn."""
    from matplotlib.transforms import ScaledTranslation

    below = axes.transAxes + ScaledTranslation(0.0, -AXIS_LABEL_IN, axes.figure.dpi_scale_trans)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), bbox_transform=below, frameon=False, ncols=n_columns)


def _spectrum(report: LossReport, axes: Axes) -> None:
    table = report.paths
    worst = _pairs_of(report)
    for source, sink in list(worst)[:MAX_LINES]:
        own = (table["from"] == source) & (table["to"] == sink)
        order = np.argsort(table["wavelength_um"][own])
        wave, loss_db = table["wavelength_um"][own][order], table["loss_db"][own][order]
        axes.plot(1e3 * wave, loss_db, marker=".", linewidth=1, label=f"{_short(source)} → {_short(sink)}")
    axes.invert_yaxis()
    axes.set_xlabel("wavelength (nm)")
    axes.set_ylabel("loss (dB)")
    more = f", the worst {MAX_LINES} of {len(worst)} pairs" if len(worst) > MAX_LINES else ""
    axes.set_title(f"Loss against wavelength{more}")
    axes.grid(alpha=0.3)
    _legend(axes, n_columns=1)


def _crosstalk(report: CrosstalkReport, figure: Figure) -> None:
    n, pairs = min(len(report), MAX_MATRIX), min(len(report.pairs["guide"]), MAX_BARS)
    upper, lower = figure.subplots(2, 1, height_ratios=(max(n, LEAST_ROWS), max(pairs, LEAST_ROWS)))
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
    floor_db = _floor_db(level)
    image = axes.imshow(level, cmap="magma", vmin=floor_db, vmax=0.0, aspect="auto")
    axes.set_yticks(range(len(victims)), [_short(name) for name in victims])
    axes.set_xticks(
        range(len(names)),
        [_short(name) for name in names],
        rotation=math.degrees(TILT_RAD),
        ha="right",
        rotation_mode="anchor",
    )
    if level.size <= 400:
        for (i, j), value in np.ndenumerate(level):
            if np.isfinite(value):
                colour = "black" if value > floor_db / 2 else "white"
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
    level = table["coupled_db"][:n].astype(float)
    floor_db = _floor_db(level)
    at = np.arange(n)
    reach = np.maximum(np.nan_to_num(level, nan=floor_db), floor_db) - floor_db
    axes.barh(at, reach, left=floor_db, height=0.75, color=COLOURS[0])
    for k in np.flatnonzero(~(level > floor_db)).tolist():
        unknown = np.isnan(level[k])
        words = "no number: outside of the model or not in the PDK" if unknown else f"below {floor_db:.0f} dB"
        axes.text(floor_db, k, f" {words}", va="center", fontsize=7)
    names = [
        f"{_short(str(a))} | {_short(str(b))}" for a, b in zip(table["guide"][:n], table["neighbour"][:n], strict=True)
    ]
    axes.set_yticks(at, names)
    axes.set_xlim(floor_db, 0.0)
    axes.invert_yaxis()
    axes.set_xlabel("most power that can cross over (dB)")
    axes.set_title("Guides side by side")
    axes.grid(axis="x", alpha=0.3)
