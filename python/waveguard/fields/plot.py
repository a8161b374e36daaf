"""The spectrum as a picture: level in dB of every passage from each port, by matplotlib."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from waveguard.assembly.names import shortened
from waveguard.fields.sparameters import SParameters

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_PANELS = 8
MAX_CURVES = 12
FLOOR_DB = -80.0
DOTS_PER_INCH = 150
NAME_ROOM = 28
SAME = 1e-9
"""Amplitudes both ways that differ by less are one."""


def write_png(found: SParameters, out: IO[bytes]) -> None:
    """Draw one panel for each port that light goes in at, one curve for each port where more than -80 dB comes out.

    Light that is drawn the other way round in another panel is not drawn again.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    # A "$" in the name of a cell begins no formula.
    with mpl.rc_context({"text.parse_math": False}):
        figure = figure_of(found)
        FigureCanvasAgg(figure)
        image = io.BytesIO()
        figure.savefig(image, format="png", dpi=DOTS_PER_INCH, metadata={"Software": "waveguard"})
    out.write(image.getvalue())


def figure_of(found: SParameters) -> Figure:
    """Return the picture as a figure."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    with np.errstate(divide="ignore", invalid="ignore"):
        level_db = 20.0 * np.log10(np.abs(found.s))
    strongest = np.where(np.isfinite(level_db), level_db, -np.inf).max(axis=0)
    lit = _not_seen_backwards(found, strongest) or [0]
    starts = lit[:MAX_PANELS]
    names = [shortened(name, NAME_ROOM) for name in found.ports]
    figure = Figure(figsize=(9.0, 1.2 + 2.6 * len(starts)), facecolor="white", layout="constrained")
    panels = figure.subplots(len(starts), 1, sharex=True, squeeze=False)[:, 0]
    # One colour for each port, the same in all panels; single wavelengths, and those too far apart, as dots.
    colours = colormaps["tab10" if len(found.ports) <= 10 else "tab20"].colors  # type: ignore[attr-defined]
    coarse = found.undersampled or len(found.wl_um) == 1
    dots = {"marker": "o", "markersize": 2.5} if coarse else {}
    for panel, start in zip(panels, starts, strict=True):
        order = [end for end in np.argsort(-strongest[:, start], kind="stable") if strongest[end, start] > FLOOR_DB]
        for end in order[:MAX_CURVES]:
            colour = colours[end % len(colours)]
            panel.plot(found.wl_um, level_db[:, end, start], label=names[end], linewidth=1.0, color=colour, **dots)
        left_out = len(order) - MAX_CURVES
        panel.set_title(f"from {names[start]}" + (f" ({left_out} weaker ports not shown)" if left_out > 0 else ""))
        panel.set_ylabel("level (dB)")
        panel.grid(visible=True, alpha=0.3)
        if not order:
            words = f"nothing is known to come out with more than {FLOOR_DB:.0f} dB"
            panel.text(0.5, 0.5, words, ha="center", va="center", transform=panel.transAxes)
            if len(found.wl_um) > 1:
                panel.set_xlim(found.wl_um.min(), found.wl_um.max())
        else:
            panel.legend(fontsize="small", title="to", loc="upper left", bbox_to_anchor=(1.0, 1.0))
    panels[-1].set_xlabel("wavelength (µm)")
    # Offsets such as "+1.55" in a corner are overlooked.
    panels[-1].ticklabel_format(axis="x", useOffset=False)
    remarks = []
    if found.undersampled and found.needed_step_um is not None:
        remarks.append(f"too coarse: this spectrum needs steps of {1e3 * found.needed_step_um:.2g} nm or less")
    if len(lit) > len(starts):
        remarks.append(f"light from {len(lit) - len(starts)} more ports is not shown")
    if remarks:
        figure.suptitle("\n".join(remarks), color="firebrick", fontsize="medium")
    return figure


def _not_seen_backwards(found: SParameters, strongest: npt.NDArray[np.float64]) -> list[int]:
    """Return the ports to draw a panel for: those whose light is not drawn already, the other way round."""
    alike = np.abs(found.s - found.s.transpose(0, 2, 1))
    same = np.nan_to_num(alike, nan=np.inf).max(axis=0) < SAME
    drawn: list[int] = []
    for start in range(len(found.ports)):
        ends = np.flatnonzero(strongest[:, start] > FLOOR_DB)
        if not len(ends):
            continue
        if not all(same[end, start] and end in drawn for end in ends.tolist()):
            drawn.append(start)
    return drawn
