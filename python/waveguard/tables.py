"""Every table that the core gives out: its columns, their types, units and meaning, declared once.

A table is a class whose attributes are numpy columns, so that a rule writes ``tables.ports.direction_rad[row]`` and a
type checker sees a spelling mistake. What a newcomer gets wrong: a row number is an id. ``ports.device[3]`` is the row
of `devices` that port 3 belongs to, and -1 means that there is none. Unknown numbers are NaN, a straight guide has a
radius of +inf. Positions are in nm in the frame of the top cell; directions point out of the device, in rad
counter-clockwise from +x; loss in dB is positive.

The core declares the same names in `rust/extract/src/tables.rs` and `rust/circuit/src/tables.rs`; a test compares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from waveguard.flaws import Breaks, Flaws, ShapesBeside, SidesAhead, ThinSlabs
from waveguard.solutions import Circuits, LoopMembers, Loops, Paths, Summary, Traces
from waveguard.views import Codes, Floats, Ids, TableSource, Texts, View
from waveguard.views import column as _column

# Codes of columns, as their meanings state them.
OPTICAL, ELECTRICAL, FIBRE = range(3)
"""`ports.kind`"""
FROM_PIN_PATH, FROM_PIN_RECTANGLE, FROM_METADATA, FROM_GUIDE_END, FROM_FIBRE_TARGET, FROM_GUIDE_ENTRY = range(6)
"""`ports.source`"""
GUIDE_ROLE = 1
"""`devices.role` of guides."""
MARKER_SOURCE = 0
"""`devices.source` of what a marker says is a device."""
JUNCTION_SOURCE = 5
"""`devices.source` of places where guides drawn beside devices meet, cross or end."""
PART_SOURCE = 6
"""`devices.source` of what is left of a known guide that is cut where devices lie over it."""
STATED_SOURCES = (MARKER_SOURCE, 1, 4)
"""`devices.source` of what a marker, metadata or a name says is a device."""
DRAWN_SOURCES = (2, 3, JUNCTION_SOURCE)
"""`devices.source` of what was worked out from shapes beside devices, of which no cell says what they are."""
JUNCTION_KINDS = ("end", "transition", "branch", "crossing", "coupler")
"""`junctions.kind`"""


@dataclass(frozen=True, slots=True, eq=False)
class Devices(View):
    """Placed devices, guides included."""

    NAME: ClassVar[str] = "devices"
    cell: Ids = _column("", "cell index")
    role: Codes = _column("", "0 device, 1 guide")
    top: Ids = _column("", "cell index of the top")
    x_nm: Floats = _column("nm", "origin of the placement")
    y_nm: Floats = _column("nm", "origin of the placement")
    rotation_rad: Floats = _column("rad", "rotation of the placement")
    mirrored: Codes = _column("", "1 when the placement mirrors")
    magnification: Floats = _column("", "magnification of the placement")
    bbox_x0_nm: Floats = _column("nm", "box of the marker, else of the core")
    bbox_y0_nm: Floats = _column("nm", "box of the marker, else of the core")
    bbox_x1_nm: Floats = _column("nm", "box of the marker, else of the core")
    bbox_y1_nm: Floats = _column("nm", "box of the marker, else of the core")
    waveguide: Ids = _column("", "row in waveguides, or -1")
    depth: Codes = _column("", "depth of the placement below the top")
    source: Codes = _column(
        "",
        "0 marker, 1 metadata, 2 drawn shape, 3 path spine, 4 name pattern, 5 junction of drawn shapes, "
        "6 part of a known guide",
    )


@dataclass(frozen=True, slots=True, eq=False)
class Ports(View):
    """Ports of the placed devices; the ports of a device follow each other."""

    NAME: ClassVar[str] = "ports"
    device: Ids = _column("", "row in devices")
    name: Texts = _column("", "name, empty when it has none")
    x_nm: Floats = _column("nm", "position")
    y_nm: Floats = _column("nm", "position")
    direction_rad: Floats = _column("rad", "direction out of the device; NaN for fibres and shapes")
    width_nm: Floats = _column("nm", "width")
    kind: Codes = _column("", "0 optical, 1 electrical, 2 fibre")
    cross_section: Ids = _column("", "row in the guides of the recipe, or -1")
    net: Ids = _column("", "row in nets, or -1")
    top: Ids = _column("", "cell index of the top")
    source: Codes = _column("", "0 pin path, 1 pin rectangle, 2 metadata, 3 guide end, 4 fibre target, 5 guide entry")


@dataclass(frozen=True, slots=True, eq=False)
class Nets(View):
    """Two ports joined."""

    NAME: ClassVar[str] = "nets"
    port_a: Ids = _column("", "row in ports")
    port_b: Ids = _column("", "row in ports")
    gap_nm: Floats = _column("nm", "distance of the two")
    lateral_nm: Floats = _column("nm", "distance across the direction of port_a")
    angle_rad: Floats = _column("rad", "deviation from opposite directions")
    width_difference_nm: Floats = _column("nm", "width of port_a less that of port_b")
    width_error_nm: Floats = _column("nm", "bound on the error of width_difference_nm, from the grid")


@dataclass(frozen=True, slots=True, eq=False)
class Waveguides(View):
    """Guides with what was measured along them."""

    NAME: ClassVar[str] = "waveguides"
    device: Ids = _column("", "row in devices")
    port_a: Ids = _column("", "port at the start")
    port_b: Ids = _column("", "port at the end")
    cross_section: Ids = _column("", "row in the guides of the recipe, or -1")
    centerline_length_nm: Floats = _column("nm", "arc length of the centre-line")
    drawn_length_nm: Floats = _column("nm", "area by end width, for guides of uniform width")
    length_error_nm: Floats = _column("nm", "bound on the error of centerline_length_nm")
    width_a_nm: Floats = _column("nm", "width at port_a")
    width_b_nm: Floats = _column("nm", "width at port_b")
    width_min_nm: Floats = _column("nm", "smallest width")
    width_max_nm: Floats = _column("nm", "largest width")
    width_error_nm: Floats = _column("nm", "bound on the error of width_min_nm")
    min_radius_nm: Floats = _column("nm", "smallest radius of the centre-line")
    min_radius_error_nm: Floats = _column("nm", "bound on the error of min_radius_nm")
    min_radius_upper_nm: Floats = _column("nm", "upper bound of the smallest radius, whatever the shape of the bends")
    min_radius_x_nm: Floats = _column("nm", "place of the smallest radius")
    min_radius_y_nm: Floats = _column("nm", "place of the smallest radius")
    turn_rad: Floats = _column("rad", "signed sum of turns")
    abs_turn_rad: Floats = _column("rad", "sum of turns without sign")
    n_bends: Ids = _column("", "number of bends")
    n_shapes: Ids = _column("", "number of shapes it is drawn with")
    area_nm2: Floats = _column("nm²", "core area")
    first_bend: Ids = _column("", "first row in bends")
    spine_length_nm: Floats = _column("nm", "length of the PATH it is drawn with; NaN without")
    route: Ids = _column("", "row in routes")


@dataclass(frozen=True, slots=True, eq=False)
class Routes(View):
    """Guides joined end to end without a step in width, as one way: the same however they were cut."""

    NAME: ClassVar[str] = "routes"
    port_a: Ids = _column("", "port at the start; -1 for a ring")
    port_b: Ids = _column("", "port at the end; -1 for a ring")
    n_guides: Ids = _column("", "number of guides")
    cross_section: Ids = _column("", "row in the guides of the recipe, or -1")
    centerline_length_nm: Floats = _column("nm", "arc length of the centre-line")
    drawn_length_nm: Floats = _column("nm", "area by end width; NaN where a guide is not uniform")
    length_error_nm: Floats = _column("nm", "bound on the error of centerline_length_nm")
    min_radius_nm: Floats = _column("nm", "smallest radius of the centre-line")
    abs_turn_rad: Floats = _column("rad", "sum of turns without sign")
    is_closed: Codes = _column("", "1 for a ring")
    first_waveguide: Ids = _column("", "a row in waveguides: the first of its guides")


@dataclass(frozen=True, slots=True, eq=False)
class Junctions(View):
    """Where guides drawn outside devices meet, cross or end: devices that nobody stated."""

    NAME: ClassVar[str] = "junctions"
    device: Ids = _column("", "row in devices")
    kind: Codes = _column("", "0 end, 1 transition, 2 branch, 3 crossing, 4 coupler")
    n_arms: Ids = _column("", "number of guides that enter it")
    x_nm: Floats = _column("nm", "middle")
    y_nm: Floats = _column("nm", "middle")
    angle_rad: Floats = _column(
        "rad", "between the two ways of a crossing, else the smallest between two arms; NaN with fewer than two"
    )
    area_nm2: Floats = _column("nm²", "core area")
    lean_rad: Floats = _column(
        "rad", "from the guide that enters it alone to the axis of symmetry of its outline; NaN where there is none"
    )
    aside_nm: Floats = _column(
        "nm", "from the line that its guides lie about to that which its outline lies about; NaN where one has none"
    )
    bare_x_nm: Floats = _column(
        "nm", "where another guide should enter, by those that enter where it looks the same; NaN where none is missing"
    )
    bare_y_nm: Floats = _column("nm", "where another guide should enter")


@dataclass(frozen=True, slots=True, eq=False)
class Bends(View):
    """Bends in order along their guide."""

    NAME: ClassVar[str] = "bends"
    waveguide: Ids = _column("", "row in waveguides")
    start_nm: Floats = _column("nm", "distance from port_a along the guide")
    length_nm: Floats = _column("nm", "arc length")
    turn_rad: Floats = _column("rad", "turn, positive to the left")
    min_radius_nm: Floats = _column("nm", "smallest radius")
    min_radius_upper_nm: Floats = _column("nm", "upper bound of the smallest radius, whatever the shape of the bend")
    x_nm: Floats = _column("nm", "place of the smallest radius")
    y_nm: Floats = _column("nm", "place of the smallest radius")
    begin_curvature_per_nm: Floats = _column("1/nm", "signed curvature where it begins")
    end_curvature_per_nm: Floats = _column("1/nm", "signed curvature where it ends")


@dataclass(frozen=True, slots=True, eq=False)
class Pieces(View):
    """Pieces of even curvature, in order along their guide; together they are the whole guide."""

    NAME: ClassVar[str] = "pieces"
    waveguide: Ids = _column("", "row in waveguides")
    kind: Codes = _column("", "0 straight, 1 arc, 2 clothoid")
    start_nm: Floats = _column("nm", "distance from port_a along the guide")
    length_nm: Floats = _column("nm", "arc length")
    begin_curvature_per_nm: Floats = _column("1/nm", "curvature where it begins, positive to the left")
    end_curvature_per_nm: Floats = _column("1/nm", "curvature where it ends")
    fit_error_nm: Floats = _column("nm", "largest distance of the drawn axis from the fitted curve")


@dataclass(frozen=True, slots=True, eq=False)
class Tapers(View):
    """Stretches over which the width of a guide changes evenly, in order along it."""

    NAME: ClassVar[str] = "tapers"
    waveguide: Ids = _column("", "row in waveguides")
    start_nm: Floats = _column("nm", "distance from port_a along the guide")
    length_nm: Floats = _column("nm", "arc length; nearly none where the width steps")
    begin_width_nm: Floats = _column("nm", "width where it begins")
    end_width_nm: Floats = _column("nm", "width where it ends")


@dataclass(frozen=True, slots=True, eq=False)
class Slots(View):
    """What lies between the edges of slot guides: one row for each."""

    NAME: ClassVar[str] = "slots"
    waveguide: Ids = _column("", "row in waveguides")
    gap_nm: Floats = _column("nm", "mean gap between the rails")
    gap_min_nm: Floats = _column("nm", "smallest gap")
    gap_error_nm: Floats = _column("nm", "bound on the error of gap_min_nm")
    gap_max_nm: Floats = _column("nm", "largest gap")
    rail_nm: Floats = _column("nm", "mean width of the rails")
    rail_min_nm: Floats = _column("nm", "smallest width of a rail")
    rail_error_nm: Floats = _column("nm", "bound on the error of rail_min_nm")
    rail_max_nm: Floats = _column("nm", "largest width of a rail")


@dataclass(frozen=True, slots=True, eq=False)
class Segments(View):
    """Guides that are rows of separate boxes."""

    NAME: ClassVar[str] = "segments"
    waveguide: Ids = _column("", "row in waveguides")
    n_segments: Ids = _column("", "number of boxes")
    pitch_nm: Floats = _column("nm", "mean distance from box to box along the guide")
    pitch_min_nm: Floats = _column("nm", "smallest distance from box to box")
    pitch_max_nm: Floats = _column("nm", "largest distance from box to box")
    gap_min_nm: Floats = _column("nm", "smallest gap between two boxes")
    gap_max_nm: Floats = _column("nm", "largest gap between two boxes")
    duty_cycle: Floats = _column("", "part of the length that is box, 0 to 1")


@dataclass(frozen=True, slots=True, eq=False)
class NearMisses(View):
    """For each unjoined optical port, the nearest port it may have been meant for."""

    NAME: ClassVar[str] = "near_misses"
    port_a: Ids = _column("", "the unjoined port")
    port_b: Ids = _column("", "the other")
    distance_nm: Floats = _column("nm", "distance")
    gap_nm: Floats = _column("nm", "along the direction of port_a, positive when apart")
    lateral_nm: Floats = _column("nm", "across the direction of port_a")
    angle_rad: Floats = _column("rad", "deviation from opposite directions")
    width_difference_nm: Floats = _column("nm", "width of port_a less that of port_b")


@dataclass(frozen=True, slots=True, eq=False)
class Runs(View):
    """Stretches over which two guides, or two turns of one, run side by side."""

    NAME: ClassVar[str] = "runs"
    waveguide_a: Ids = _column("", "the guide along which samples are taken")
    waveguide_b: Ids = _column("", "the other; may be the same")
    length_nm: Floats = _column("nm", "length along waveguide_a")
    start_nm: Floats = _column("nm", "distance from port_a of waveguide_a at which it begins")
    other_start_nm: Floats = _column("nm", "distance from port_a of waveguide_b beside that place")
    other_end_nm: Floats = _column("nm", "the same beside its end; less where waveguide_b runs the other way")
    gap_min_nm: Floats = _column("nm", "smallest edge-to-edge gap")
    gap_error_nm: Floats = _column("nm", "bound on the error of gap_min_nm")
    gap_mean_nm: Floats = _column("nm", "mean gap")
    x_nm: Floats = _column("nm", "place of the smallest gap on waveguide_a")
    y_nm: Floats = _column("nm", "place of the smallest gap on waveguide_a")
    profile_start: Ids = _column("", "first row in run_profile")
    profile_count: Ids = _column("", "number of rows in run_profile")
    relative_curvature_per_nm: Floats = _column(
        "1/nm", "second derivative of the gap at its smallest; NaN for short runs"
    )
    stretch: Ids = _column("", "number of its stretch: runs that go on in each other where guides are joined are one")
    goes_on_before: Codes = _column("", "1 when its stretch goes on before its beginning")
    goes_on_after: Codes = _column("", "1 when its stretch goes on beyond its end")


@dataclass(frozen=True, slots=True, eq=False)
class RunProfile(View):
    """Samples of the gap along runs."""

    NAME: ClassVar[str] = "run_profile"
    gap_nm: Floats = _column("nm", "edge-to-edge gap")
    step_nm: Floats = _column("nm", "length the sample stands for; long where nothing changes")
    other_step_nm: Floats = _column("nm", "length of the other guide beside it; it differs in bends")


@dataclass(frozen=True, slots=True, eq=False)
class Crossings(View):
    """Guides that cross with no device between."""

    NAME: ClassVar[str] = "crossings"
    waveguide_a: Ids = _column("", "row in waveguides")
    waveguide_b: Ids = _column("", "row in waveguides")
    x_nm: Floats = _column("nm", "place")
    y_nm: Floats = _column("nm", "place")
    angle_rad: Floats = _column("rad", "angle between the two, 0 to π/2")


@dataclass(frozen=True, slots=True, eq=False)
class Overlaps(View):
    """Devices whose outlines overlap by more than a common border."""

    NAME: ClassVar[str] = "overlaps"
    device_a: Ids = _column("", "row in devices")
    device_b: Ids = _column("", "row in devices")
    area_nm2: Floats = _column("nm²", "shared area")
    x0_nm: Floats = _column("nm", "box of the shared area")
    y0_nm: Floats = _column("nm", "box of the shared area")
    x1_nm: Floats = _column("nm", "box of the shared area")
    y1_nm: Floats = _column("nm", "box of the shared area")
    duplicate: Codes = _column("", "1 when both are the same: same cell and placement, or same outline; 2 when nearly")
    outline_only: Codes = _column("", "1 when a drawn guide lies within the outline of a device and touches no core")


@dataclass(frozen=True, slots=True, eq=False)
class Terminals(View):
    """Ports of the circuit as a whole, as its top cell names them."""

    NAME: ClassVar[str] = "terminals"
    top: Ids = _column("", "cell index of the top")
    name: Texts = _column("", "name")
    port: Ids = _column("", "the device port at that place, or -1")
    x_nm: Floats = _column("nm", "position")
    y_nm: Floats = _column("nm", "position")
    direction_rad: Floats = _column("rad", "direction out of the circuit")
    width_nm: Floats = _column("nm", "width")
    kind: Codes = _column("", "0 optical, 1 electrical, 2 fibre")


@dataclass(frozen=True, slots=True, eq=False)
class Coverage(View):
    """How much of the layout was understood."""

    NAME: ClassVar[str] = "coverage"
    kind: Texts = _column("", "what is counted: core_area_nm2, optical_pins, electrical_pins, devices, guides")
    total: Floats = _column("", "how much there is")
    explained: Floats = _column("", "how much of it was understood (pins: joined; guides: traced)")
    top: Ids = _column("", "cell index of the top")


@dataclass(frozen=True, slots=True, eq=False)
class Unexplained(View):
    """Core shapes that belong to no device and no guide, largest first."""

    NAME: ClassVar[str] = "unexplained"
    top: Ids = _column("", "cell index of the top")
    cell: Ids = _column("", "cell the shapes are drawn in, -1 for several")
    x0_nm: Floats = _column("nm", "box of the shapes")
    y0_nm: Floats = _column("nm", "box of the shapes")
    x1_nm: Floats = _column("nm", "box of the shapes")
    y1_nm: Floats = _column("nm", "box of the shapes")
    area_nm2: Floats = _column("nm²", "area of all count shapes")
    reason: Texts = _column("", "why")
    count: Ids = _column("", "number of shapes")


@dataclass(frozen=True, slots=True, eq=False)
class Problems(View):
    """What is wrong with the input although work went on."""

    NAME: ClassVar[str] = "problems"
    code: Texts = _column("", "stable identifier")
    cell: Texts = _column("", "cell, empty for the whole file")
    x_nm: Floats = _column("nm", "place in that cell; NaN without")
    y_nm: Floats = _column("nm", "place in that cell; NaN without")
    subject: Texts = _column("", "what it concerns")
    count: Ids = _column("", "how often")


@dataclass(frozen=True, slots=True, eq=False)
class Centerlines(View):
    """Thinned centre-lines: guide i has the points offsets[i] to offsets[i + 1]."""

    NAME: ClassVar[str] = "centerlines"
    ATTACHED: ClassVar[bool] = True

    offsets: Ids = _column("", "start of each guide's points, one more than guides")
    x_nm: Floats = _column("nm", "position")
    y_nm: Floats = _column("nm", "position")
    width_nm: Floats = _column("nm", "width")

    def __len__(self) -> int:
        """Return the number of guides."""
        return max(0, len(self.offsets) - 1)


VIEWS: Mapping[str, type[View]] = {
    table.NAME: table
    for table in (
        *(
            Devices,
            Ports,
            Nets,
            Waveguides,
            Bends,
            Pieces,
            Tapers,
            Flaws,
            ThinSlabs,
            Breaks,
            Slots,
            Segments,
            Routes,
            Junctions,
            NearMisses,
            SidesAhead,
            ShapesBeside,
            Runs,
            RunProfile,
        ),
        *(Crossings, Overlaps, Terminals, Coverage, Unexplained, Problems, Centerlines),
        *(Paths, Traces, Circuits, Loops, LoopMembers, Summary),
    )
}
"""All tables by name."""


def view(name: str, columns: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- the class depends on the name
    """Return columns of the core as the view of that name."""
    return VIEWS[name].of(columns)


@dataclass(frozen=True)
class Tables:
    """The tables of an extraction; those of a handle are taken when they are asked for the first time."""

    devices: Devices = field(default_factory=Devices.empty)
    ports: Ports = field(default_factory=Ports.empty)
    nets: Nets = field(default_factory=Nets.empty)
    waveguides: Waveguides = field(default_factory=Waveguides.empty)
    bends: Bends = field(default_factory=Bends.empty)
    pieces: Pieces = field(default_factory=Pieces.empty)
    tapers: Tapers = field(default_factory=Tapers.empty)
    flaws: Flaws = field(default_factory=Flaws.empty)
    thin_slabs: ThinSlabs = field(default_factory=ThinSlabs.empty)
    breaks: Breaks = field(default_factory=Breaks.empty)
    slots: Slots = field(default_factory=Slots.empty)
    segments: Segments = field(default_factory=Segments.empty)
    routes: Routes = field(default_factory=Routes.empty)
    junctions: Junctions = field(default_factory=Junctions.empty)
    near_misses: NearMisses = field(default_factory=NearMisses.empty)
    sides_ahead: SidesAhead = field(default_factory=SidesAhead.empty)
    shapes_beside: ShapesBeside = field(default_factory=ShapesBeside.empty)
    runs: Runs = field(default_factory=Runs.empty)
    run_profile: RunProfile = field(default_factory=RunProfile.empty)
    crossings: Crossings = field(default_factory=Crossings.empty)
    overlaps: Overlaps = field(default_factory=Overlaps.empty)
    terminals: Terminals = field(default_factory=Terminals.empty)
    coverage: Coverage = field(default_factory=Coverage.empty)
    unexplained: Unexplained = field(default_factory=Unexplained.empty)
    problems: Problems = field(default_factory=Problems.empty)
    centerlines: Centerlines = field(default_factory=Centerlines.empty)

    @classmethod
    def of(cls, source: TableSource) -> Self:
        """Give out the tables of a handle of the core. Each is written when its attribute is read, and kept."""
        late = object.__new__(cls)
        object.__setattr__(late, "_source", source)
        return late

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- the class depends on the name
        """Take a table that nobody asked for before."""
        if name.startswith("_") or name not in type(self).__dataclass_fields__:
            raise AttributeError(f"there is no table '{name}'", name=name, obj=self)
        table = view(name, self._source.table(name))
        object.__setattr__(self, name, table)
        return table
