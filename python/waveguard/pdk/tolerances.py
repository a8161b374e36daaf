"""Tolerances of measuring, as the core's recipe has them; a test compares the two lists of names.

They say when two things count as the same and how far to look. The defaults follow from a grid of 1 nm and from the
drawing habits of layout tools, so most PDKs set none of them. They judge nothing: limits are in `schema.Limits`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from waveguard.pdk.quantity import Number, Part

Above = Annotated[Number, Field(gt=0)]
NotBelow = Annotated[Number, Field(ge=0)]
Count = Annotated[int, Field(ge=0, strict=True)]


class Tolerances(Part):
    """When things count as the same place, direction or width."""

    snap_nm: Above = 1.5
    """Ports this close are at one place."""
    angle_rad: Above = 0.02
    """Deviation from opposite directions that still joins."""
    width_nm: NotBelow = 1.0
    """Widths this close are equal; tells uniform guides from tapers."""
    near_miss_nm: Above | None = None
    """How far to look for the port an unjoined one was meant for; what is not stated is 2 um, or the width of the
    narrowest waveguide."""
    name_reach_nm: Above = 500.0
    """How far from the middle of a pin its name may stand."""
    marker_edge_nm: NotBelow = 20.0
    """How far shapes of a device may stand out of its marker."""
    guide_end_nm: NotBelow = 100.0
    """How far the ends of a traced guide may lie from its ports."""
    edge_rectangle_nm: NotBelow = 2.0
    """Pin rectangles up to this thickness lie on the end face of the core."""
    overlap_area_nm2: NotBelow = 100.0
    """Devices whose outlines share no more than this do not overlap."""
    overlap_depth_nm: NotBelow = 2.0
    """Devices whose shared area is thinner than this do not overlap."""


class Trace(Part):
    """How centre-lines are traced and cut into bends."""

    curvature_window_nm: NotBelow = 0.0
    """Length of the curvature fit; 0 derives it from the grid."""
    bend_min_turn_rad: NotBelow = 0.02
    """Smallest turn that counts as a bend."""
    straight_radius_nm: Above | None = None
    """Radii beyond this are straight; what is not stated is 1 mm, or twice the largest `min_radius_um`."""
    chord_tolerance_nm: Above = 12.0
    """Largest bulge of a drawn chord that is taken as part of a smooth curve."""
    line_tolerance_nm: Above = 0.5
    """Deviation of the stored centre-line from the traced one."""


class Runs(Part):
    """How parallel runs are looked for."""

    reach_nm: Above | None = None
    """Largest edge-to-edge gap; what is not stated is 3 um, or the largest `min_spacing_um` or `max_gap_nm`."""
    min_length_nm: NotBelow = 1000.0
    """Shortest run that is listed."""
    step_nm: Above = 500.0
    """Distance of samples along a guide."""
    parallel_rad: Above = 0.2
    """Guides that deviate more than this are not parallel."""
    curvature_window_nm: Above = 5000.0
    """Half-length of the window over which the relative curvature is fitted."""


class Segments(Part):
    """Which rows of separate boxes are guides; what is not stated follows from the wavelengths of the PDK."""

    gap_max_nm: NotBelow | None = None
    """Largest gap between two boxes; half of the longest wavelength in the cladding. With 0 no rows are looked for."""
    pitch_max_nm: NotBelow | None = None
    """Largest distance from box to box; twice that gap, beyond which any row scatters light out."""
    fewest: Count = 8
    """A row has at least so many boxes."""


class Effort(Part):
    """Bounds on effort and on the size of listings.

    They are far beyond what a chip holds, and keep the time of a check in proportion to its input and its findings
    whatever a damaged file says. What is cut is reported with its number and place, and makes the run incomplete.
    """

    free_placements: Count = 2000
    """A cell without devices that is placed more often than this is counted, not walked."""
    unexplained_rows: Count = 1000
    """Rows of the table of unexplained shapes."""
    guide_shapes: Count = 10_000
    """Shapes of a device looked at when it is traced as a guide."""
    free_aspect: NotBelow = 3.0
    """Drawn shapes shorter than this many widths that join nothing are no guides."""
    crossing_end_widths: NotBelow = 2.0
    """Cross-overs nearer than this many widths to the end of a guide are its joint."""
    repetition: Count = 1_000_000
    """Copies of the repeated pins, markers or shapes of one cell that are expanded."""
    placements: Count = 50_000_000
    """Placements that are visited."""
    placed_ports: Count = 10_000_000
    """Ports of all placed devices; a device without ports counts as one."""
    line_points: Count = 50_000_000
    """Points of the centre-lines of all placed guides."""
    line_steps: Count = 50_000_000
    """Pieces between the points of all placed guides beside which neighbours are looked for."""
    stacked_devices: Count = 32
    """Copies of an array of one device that may lie on each other; no more of such an array are placed."""
    stacked_circuits: Count = 128
    """The same for an array of a circuit, whose outlines may well reach into each other."""
    device_ports: Count = 4096
    """Ports of one device."""
    ports_nearby: Count = 1000
    """Ports looked at around one port, and texts around one pin."""
    piece_pairs: Count = 2000
    """Pieces of other guides looked at for each piece and each sample of a guide."""
    run_samples: Count = 20_000_000
    """Rows of the profiles of all runs."""
    crossing_rows: Count = 20_000
    """Rows of the table of crossings."""
    overlap_steps: Count = 2_000_000_000
    """Steps of the search for overlaps: boxes of devices and corners of outlines that are compared."""
    overlap_rows: Count = 20_000
    """Rows of the table of overlaps."""
    segments: Count = 60_000
    """Placements of one cell that are looked at as the boxes of a row, beyond `free_placements`."""
    block_share: NotBelow = 0.25
    """Devices that are looked at in cells and pairs of cells that are placed often, as a part of all devices."""


class Extraction(Part):
    """All of them, by the parts of the recipe."""

    tolerances: Tolerances = Tolerances()
    trace: Trace = Trace()
    runs: Runs = Runs()
    segments: Segments = Segments()
    limits: Effort = Effort()
