"""Seeds of the mutation test: small real layouts, and generated ones that use what real ones seldom do."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import gdstk
import klayout.db as kdb
import klayout.lib  # noqa: F401  (registers the Basic library)

MAX_REAL_BYTES = 450_000
USUAL_PDK = "siepic-ebeam"
# By what the name of a layout begins with.
OTHER_PDKS = {
    "cspdk": "cornerstone-si220",
    "lxt_pdk": "ltoi300",
    "UBC-ELEC413": "siepic-shuksan",
    "LiDAR": "generic-si220-o",
}


def seeds(layouts: Path | None) -> dict[str, bytes]:
    """Return layouts by name, in a fixed order."""
    found = dict(generated())
    if layouts is not None:
        for path in sorted(layouts.iterdir()):
            if path.suffix.lower() not in {".gds", ".oas"} or path.stat().st_size > MAX_REAL_BYTES:
                continue
            data = path.read_bytes()
            found[path.name] = data
            if data.startswith(b"%SEMI"):
                # A flipped bit in a compressed block hardly ever survives unpacking; without blocks it meets the
                # records.
                found[f"{path.name}, no blocks"] = rewritten(data, cblocks=False)
    return dict(sorted(found.items()))


def real_layouts() -> Path | None:
    """Return the folder of the real layouts, or None when this machine has none."""
    stated = os.environ.get("WAVEGUARD_LAYOUTS")
    folder = Path(stated) if stated else Path(__file__).resolve().parents[3] / "shared" / "layouts"
    return folder if folder.is_dir() else None


def pdk_of(name: str) -> str:
    """Return the PDK by which a seed is checked."""
    return next((pdk for start, pdk in OTHER_PDKS.items() if name.startswith(start)), USUAL_PDK)


def generated() -> Iterator[tuple[str, bytes]]:
    """Yield layouts made here."""
    library = gdstk_library()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layout"
        library.write_gds(path)
        yield "gdstk.gds", path.read_bytes()
        for name, options in {
            "plain": {"compression_level": 0},
            "packed": {"compression_level": 6},
            "shapes": {
                "compression_level": 0,
                "detect_rectangles": True,
                "detect_trapezoids": True,
                "circle_tolerance": 0.01,
            },
            "crc32": {"compression_level": 0, "standard_properties": True, "validation": "crc32"},
            "checksum32": {"compression_level": 6, "validation": "checksum32"},
        }.items():
            library.write_oas(path, **options)
            yield f"gdstk {name}.oas", path.read_bytes()
    layout = klayout_layout()
    for name, options in klayout_variants().items():
        yield f"klayout {name}", written(layout, options)


def gdstk_library() -> gdstk.Library:
    """Make a library with every kind of element and repetition that gdstk knows."""
    library = gdstk.Library("corpus", unit=1e-6, precision=1e-9)
    device = library.new_cell("DEVICE")
    device.add(gdstk.rectangle((0, -0.25), (10, 0.25), layer=1))
    device.add(gdstk.Polygon([(0, 0), (4, 0), (3, 2), (1, 2)], layer=2, datatype=3))
    device.add(gdstk.ellipse((5, 5), 2, layer=3, tolerance=0.001))
    device.add(gdstk.Label("Component=DEVICE", (1, 1), layer=68))
    device.add(gdstk.Label("opt1", (0, 0), layer=1, texttype=10))
    for ends in ("flush", "extended", "round", (0.1, 0.3)):
        path = gdstk.FlexPath([(0, 0), (5, 0), (5, 5)], 0.5, ends=ends, simple_path=True, layer=1)
        path.set_property("note", ["text", 7, -3, 2.5])
        device.add(path)
    top = library.new_cell("TOP")
    for i, repetition in enumerate(repetitions()):
        polygon = gdstk.rectangle((0, 0), (1, 1), layer=10 + i)
        polygon.repetition = repetition
        path = gdstk.FlexPath([(0, 0), (0, 2)], 0.5, simple_path=True, layer=1, datatype=10)
        path.repetition = repetition
        label = gdstk.Label(f"text{i}", (i, i), layer=10)
        label.repetition = repetition
        top.add(polygon, path, label)
        reference = gdstk.Reference(
            device, (i * 30, 0), rotation=0.5 * i, magnification=1 + 0.1 * i, x_reflection=i % 2 == 1
        )
        reference.repetition = repetition
        reference.set_gds_property(1, "META('kfactory:info')={'length'=>##10}")
        top.add(reference)
    top.add(gdstk.Reference(device, (0, 50), columns=3, rows=2, spacing=(20, 30)))
    top.add(gdstk.Reference("MISSING", (0, 0)))
    return library


def repetitions() -> list[gdstk.Repetition]:
    """Return one repetition of each kind."""
    return [
        gdstk.Repetition(columns=3, rows=2, spacing=(5, 7)),
        gdstk.Repetition(columns=4, rows=1, spacing=(5, 0)),
        gdstk.Repetition(columns=2, rows=3, v1=(5, 1), v2=(-1, 5)),
        gdstk.Repetition(offsets=[(1, 2), (30, -4), (5, 60)]),
        gdstk.Repetition(x_offsets=[2, 4, 9]),
        gdstk.Repetition(y_offsets=[3, 5, 11]),
    ]


def klayout_layout() -> kdb.Layout:
    """Make a layout with what KLayout writes and gdstk does not."""
    layout = kdb.Layout()
    top = layout.create_cell("TOP")
    child = layout.create_cell("CHILD")
    core, text = layout.layer(1, 0), layout.layer(kdb.LayerInfo(10, 0, "LABELS"))
    chance = random.Random(7)
    for i in range(20):
        box = kdb.Box(0, 0, 100 + 10 * (i % 3), 200).moved(i * 500, (i % 4) * 700)
        child.shapes(core).insert(box)
        child.shapes(core).insert(
            kdb.Polygon([kdb.Point(0, i), kdb.Point(300, 0), kdb.Point(200, 90), kdb.Point(40, 90)])
        )
    for i in range(8):
        ends = ((0, 0), (50, 50), (30, 10))[i % 3]
        corners = [(0, 0), (3000 + 100 * i, 0), (5000 + 100 * i, 2000), (5000 + 100 * i, 5000)]
        points = [kdb.Point(x, y + chance.randrange(2000)) for x, y in corners]
        child.shapes(core).insert(kdb.Path(points, 100, *ends, i % 2 == 0))
        child.shapes(text).insert(kdb.Text(f"text{i % 3}", kdb.Trans(i % 4, False, i * 100, 0)))
    for height in (300, 400, 1000):
        for skew in (0, 100, -100):
            hull = [kdb.Point(0, 0), kdb.Point(0, height), kdb.Point(600 - abs(skew), height), kdb.Point(600, 0)]
            child.shapes(core).insert(kdb.Polygon(hull).moved(10 * skew, height * 5))
    big = [kdb.Point(i * 10, i * i % 11 * 100) for i in range(9000)] + [kdb.Point(90000, -5000), kdb.Point(0, -5000)]
    top.shapes(core).insert(kdb.Polygon(big))
    shape = top.shapes(core).insert(kdb.Box(0, 0, 10, 10))
    shape.set_property(1, "value")
    shape.set_property("long name", "x" * 300)
    top.set_property(5, "of the cell")
    for i in range(12):
        top.insert(kdb.CellInstArray(child.cell_index(), kdb.Trans(i % 4, i % 2 == 0, i * 10000, i * i)))
    top.insert(
        kdb.CellInstArray(child.cell_index(), kdb.Trans(3, True, 7, 9), kdb.Vector(9000, 0), kdb.Vector(0, 8000), 3, 4)
    )
    top.insert(kdb.DCellInstArray(child.cell_index(), kdb.DCplxTrans(1.5, 33.0, True, 1.0, 2.0)))
    parameters = {
        "layer": kdb.LayerInfo(1, 0),
        "path": kdb.DPath([kdb.DPoint(0, 0), kdb.DPoint(10, 0), kdb.DPoint(10, 10)], 0.5),
        "radius": 2.5,
        "npoints": 32,
    }
    guide = layout.create_cell("ROUND_PATH", "Basic", parameters)
    top.insert(kdb.CellInstArray(guide.cell_index(), kdb.Trans()))
    port = {"name": "o1", "port_type": "optical", "cross_section": "abc_500", "trans": kdb.Trans(2, False, 0, 0)}
    child.add_meta_info(kdb.LayoutMetaInfo("kfactory:ports:0", port, None, True))
    child.add_meta_info(
        kdb.LayoutMetaInfo("kfactory:info", {"length": 12.5, "none": None, "list": [1, "two"]}, None, True)
    )
    layout.add_meta_info(kdb.LayoutMetaInfo("kfactory:cross_section:abc_500", {"width": 500}, None, True))
    return layout


def klayout_variants() -> dict[str, kdb.SaveLayoutOptions]:
    """Return ways to write a layout, by file name."""
    variants: dict[str, kdb.SaveLayoutOptions] = {}
    for level in (0, 2, 10):
        for cblocks in (False, True):
            for strict in (False, True):
                options = kdb.SaveLayoutOptions()
                options.format = "OASIS"
                options.oasis_compression_level = level
                options.oasis_write_cblocks = cblocks
                options.oasis_strict_mode = strict
                options.oasis_write_std_properties_ext = level // 5
                variants[f"level {level} cblocks {cblocks} strict {strict}.oas"] = options
    for name, points, multi in (("8000 points", 8000, False), ("200 points", 200, False), ("several XY", 8000, True)):
        options = kdb.SaveLayoutOptions()
        options.format = "GDS2"
        options.gds2_max_vertex_count = points
        options.gds2_multi_xy_records = multi
        options.gds2_write_cell_properties = True
        options.gds2_write_file_properties = True
        variants[f"{name}.gds"] = options
    return variants


def written(layout: kdb.Layout, options: kdb.SaveLayoutOptions) -> bytes:
    """Return the bytes that KLayout writes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layout"
        layout.write(str(path), options)
        return path.read_bytes()


def rewritten(data: bytes, *, cblocks: bool) -> bytes:
    """Read a layout with KLayout and write it as OASIS."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layout"
        path.write_bytes(data)
        layout = kdb.Layout()
        layout.read(str(path))
    options = kdb.SaveLayoutOptions()
    options.format = "OASIS"
    options.oasis_compression_level = 2
    options.oasis_write_cblocks = cblocks
    return written(layout, options)
