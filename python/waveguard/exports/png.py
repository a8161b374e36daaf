"""A picture as PNG, by matplotlib, which need not be installed for anything else."""

from __future__ import annotations

import io
import warnings
from typing import IO, TYPE_CHECKING

from waveguard.exports.found import Found
from waveguard.exports.picture import picture
from waveguard.exports.scene import Lines, Polygons, Rings, Scene, Text, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DOTS_PER_PX = 1.5
"""Fine enough to read the small texts."""
PX_PER_INCH = 100.0
POINTS_PER_PX = 72.0 / PX_PER_INCH
ANCHORS = {"start": "left", "middle": "center", "end": "right"}


def write_png(found: Found, out: IO[bytes]) -> None:
    """Draw what was found."""
    write_scene(picture(found), out)


def write_scene(scene: Scene, out: IO[bytes]) -> None:
    """Write a picture."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(scene.width_px / PX_PER_INCH, scene.height_px / PX_PER_INCH), facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0.0, scene.width_px)
    axes.set_ylim(scene.height_px, 0.0)
    axes.set_axis_off()
    for order, item in enumerate(scene.items):
        _draw(axes, item, order + 1)
    # Without the version of matplotlib in it, equal pictures are equal bytes on one machine.
    image = io.BytesIO()
    with warnings.catch_warnings():
        # A letter that the font does not have is shown as a box, which says enough.
        warnings.simplefilter("ignore", UserWarning)
        figure.savefig(image, format="png", dpi=PX_PER_INCH * DOTS_PER_PX, metadata={"Software": "waveguard"})
    out.write(image.getvalue())


def _draw(axes: Axes, item: Lines | Polygons | Rings | Text, order: int) -> None:
    from matplotlib.collections import EllipseCollection, LineCollection, PolyCollection

    if isinstance(item, Lines):
        axes.add_collection(
            LineCollection(
                item.points,
                colors=item.colour,
                linewidths=item.width_px * POINTS_PER_PX,
                alpha=item.opacity,
                capstyle="round",
                joinstyle="round",
                zorder=order,
            ),
            autolim=False,
        )
    elif isinstance(item, Polygons):
        fill = item.fill or "none"
        filling = PolyCollection(item.points, facecolors=fill, edgecolors="none", alpha=item.opacity, zorder=order)
        axes.add_collection(filling, autolim=False)
        if item.edge:
            width = item.edge_px * POINTS_PER_PX
            edges = PolyCollection(item.points, facecolors="none", edgecolors=item.edge, linewidths=width, zorder=order)
            axes.add_collection(edges, autolim=False)
    elif isinstance(item, Rings):
        diameter = [2 * item.radius_px] * len(item.places)
        axes.add_collection(
            EllipseCollection(
                diameter,
                diameter,
                [0.0] * len(item.places),
                units="xy",
                offsets=item.places,
                offset_transform=axes.transData,
                facecolors=item.colour if item.solid else "none",
                edgecolors="white" if item.solid else item.colour,
                linewidths=(1.0 if item.solid else item.width_px) * POINTS_PER_PX,
                zorder=order,
            ),
            autolim=False,
        )
    else:
        _write(axes, item, order)


def _write(axes: Axes, item: Text, order: int) -> None:
    from matplotlib.patheffects import withStroke

    axes.text(
        item.x,
        item.y,
        printable(item.text),
        parse_math=False,
        fontsize=item.size_px * POINTS_PER_PX,
        color=item.colour,
        ha="center" if item.turned and item.anchor == "middle" else ANCHORS[item.anchor],
        va="center" if item.turned else "center_baseline",
        fontweight="bold" if item.bold else "normal",
        rotation=90 if item.turned else 0,
        path_effects=[withStroke(linewidth=3 * POINTS_PER_PX, foreground="white")] if item.halo else None,
        zorder=order,
    )
