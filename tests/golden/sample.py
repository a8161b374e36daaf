"""A run written by hand that holds one of everything a report can show."""

from __future__ import annotations

from waveguard.findings import (
    Assumption,
    ColumnInfo,
    Coverage,
    CoverageItem,
    Finding,
    Gap,
    Incomplete,
    InputFile,
    Place,
    Related,
    ResultTable,
    RuleStatus,
    Run,
    Severity,
    Unexplained,
    finish,
)

TOP = "chip"

FINDINGS = (
    Finding(
        code="CN001",
        severity=Severity.ERROR,
        message="port opt2 of loop_1 has no partner; the nearest is opt1 of loop_2, 20.0 nm away",
        place=Place(TOP, "loop_1", 60.0, 635.02),
        measured=20.0,
        limit=1.5,
        unit="nm",
        related=(Related("opt1 of loop_2", Place(TOP, "loop_2", 60.0, 635.0)),),
        hint="move loop_1 by (0, -0.020) µm",
        fingerprint="0123456789abcdef",
    ),
    Finding(
        code="WG001",
        severity=Severity.ERROR,
        message="bend with a radius of 1.500 µm, below 2.386 µm",
        place=Place(TOP, "bus_1", 319.56, 380.56, (318.5, 379.5, 320.25, 381.25)),
        measured=1500.0,
        limit=2386.0,
        unit="nm",
        fingerprint="fedcba9876543210",
    ),
    Finding(
        code="IN001",
        severity=Severity.WARNING,
        message="cell LOGO is placed and not in the file",
        place=Place(TOP, "LOGO"),
        fingerprint="00112233aabbccdd",
    ),
    Finding(code="EX001", severity=Severity.INFO, message="a note without a place", place=Place()),
)

RULES = (
    RuleStatus("CN001", "Optical port without a partner", "ran", "", (("ports", 26),), (), 1),
    RuleStatus("EX001", "Core shapes that were not understood", "ran", "", (("shapes", 3),), (), 1),
    RuleStatus("IN001", "Something is wrong with the layout as a file", "ran", "", (("cells", 9),), (), 1),
    RuleStatus("OP001", "Link without margin", "not_applicable", "no budget was given"),
    RuleStatus(
        "WG001",
        "Bend below the minimum radius",
        "ran",
        "",
        (("waveguides", 12),),
        (Gap("waveguides", 2, "cross-section without min_radius_um"),),
        1,
    ),
    RuleStatus("WG003", "Waveguides closer than the minimum spacing", "not_evaluated", "no gap could be measured"),
)

PATHS = ResultTable(
    "paths",
    "Loss between terminals",
    (
        ColumnInfo("from", "", "from"),
        ColumnInfo("to", "", "to"),
        ColumnInfo("worst_loss_db", "dB", "worst loss"),
        ColumnInfo("worst_length_um", "um", "length"),
        ColumnInfo("n_paths", "", "paths"),
        ColumnInfo("looped", "", "looped"),
        ColumnInfo("note", "", "note"),
    ),
    (
        ("gc#1.opt1", "gc#2.opt1", 9.30123, 412.3456, 2, False, None),
        ("gc#3.opt1", "gc#4.opt1", None, None, 0, True, None),
    ),
)

RUN = Run(
    findings=finish(FINDINGS),
    rules=RULES,
    coverage=Coverage(
        (
            CoverageItem("core area", 1000.0, 982.4, "µm²", TOP),
            CoverageItem("optical pins", 26.0, 26.0, "", TOP),
            CoverageItem("devices", 0.0, 0.0, "", TOP),
        ),
        (Unexplained(Place(TOP, "LOGO", 10.0, 20.0), 17.6, "no ribbon from end to end"),),
    ),
    counts=(("devices", 48), ("nets", 44), ("waveguides", 15)),
    tables=(PATHS,),
    inputs=(
        InputFile("layout", "chip.gds", "ab" * 32, 17712, "GDSII"),
        InputFile("pdk", "siepic-ebeam.toml", "cd" * 32),
    ),
    versions=(("waveguard", "0.1.0"),),
    pdk_name="siepic-ebeam",
    pdk_version="0.1",
    assumptions=(Assumption("limits.radius_tolerance_relative", "0.05", "grid and chords"),),
    incomplete=(Incomplete("rule WG003", "no gap could be measured"),),
    tops=(TOP,),
    timings=(("read", 0.05), ("total", 0.21)),
)
