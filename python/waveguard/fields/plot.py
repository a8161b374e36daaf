"""The spectrum as a picture: level in dB of every passage from each port, by matplotlib."""

from __future__ import annotations

import io
from typing import IO

import numpy as np

from waveguard.fields.sparameters import SParameters

MAX_PANELS = 8
MAX_CURVES = 12
FLOOR_DB = -80.0
DOTS_PER_INCH = 150


def write_png(found: SParameters, out: IO[bytes]) -> None:
    """Draw one panel for each port that light goes in at, one curve for each port where more than -80 dB comes out."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with np.errstate(divide="ignore", invalid="ignore"):
        level_db = 20.0 * np.log10(np.abs(found.s))
    strongest = np.where(np.isfinite(level_db), level_db, -np.inf).max(axis=0)
    starts = [k for k in range(len(found.ports)) if strongest[:, k].max() > FLOOR_DB][:MAX_PANELS] or [0]
    figure = Figure(figsize=(8.0, 1.0 + 2.6 * len(starts)), facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(starts), 1, sharex=True, squeeze=False)[:, 0]
    for panel, start in zip(panels, starts, strict=True):
        order = [end for end in np.argsort(-strongest[:, start], kind="stable") if strongest[end, start] > FLOOR_DB]
        for end in order[:MAX_CURVES]:
            panel.plot(found.wl_um, level_db[:, end, start], label=found.ports[end], linewidth=1.0)
        left_out = len(order) - MAX_CURVES
        panel.set_title(
            f"from {found.ports[start]}" + (f" ({left_out} weaker ports not shown)" if left_out > 0 else "")
        )
        panel.set_ylabel("level (dB)")
        panel.grid(visible=True, alpha=0.3)
        if order:
            panel.legend(fontsize="small", title="to")
    panels[-1].set_xlabel("wavelength (µm)")
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=DOTS_PER_INCH, metadata={"Software": "waveguard"})
    out.write(image.getvalue())
