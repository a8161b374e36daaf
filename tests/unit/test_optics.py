"""`waveguard loss` and `waveguard crosstalk`: tables, files, texts and exit codes, on the demo chip."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import waveguard
from waveguard.assembly.names import shortened
from waveguard.cli import main
from waveguard.cli._wavelengths import wavelengths_um
from waveguard.models import CAUSES
from waveguard.optics import CrosstalkReport, LossReport
from waveguard.optics.path_loss import COLUMNS

KIT = "siepic-ebeam"


@pytest.fixture(scope="module")
def chip(demo_dir: Path) -> Path:
    return demo_dir / "mzi_link.gds"


@pytest.fixture(scope="module")
def lost(chip: Path) -> LossReport:
    return waveguard.loss(chip, KIT)


@pytest.fixture(scope="module")
def disturbed(chip: Path) -> CrosstalkReport:
    return waveguard.crosstalk(chip, KIT)


def test_the_ledger_adds_up_and_units_stand_in_the_names(lost: LossReport) -> None:
    assert tuple(lost.paths) == COLUMNS
    total = sum(lost.paths[f"{cause}_db"] for cause in CAUSES)
    assert total == pytest.approx(lost.paths["loss_db"])
    assert (np.diff(lost.paths["loss_db"]) <= 0).all()
    assert lost.paths["group_delay_ps"] == pytest.approx(lost.paths["length_um"] * 4.19088 / 299.792458, rel=0.01)
    assert lost.incomplete == ()


def test_a_path_says_how_well_it_is_known_and_why(lost: LossReport) -> None:
    row = lost.paths["from"].tolist().index("delay")
    known = lost.uncertainties[row]
    # 1.7 cm of guide, some of it in bends, and two gratings that scatter by 0.87 dB.
    curved_cm = 0.0470
    parts = {part.name.split(".")[-1]: part for part in known.dominant}
    assert parts["curved_loss_db_per_cm"].weight == pytest.approx(curved_cm, rel=0.01)
    assert parts["loss_db_per_cm"].weight == pytest.approx(1.7012241 - curved_cm, rel=1e-3)
    along = np.hypot((1.7012241 - curved_cm) * 0.17, curved_cm * 0.3)
    assert lost.paths["sigma_db"][row] == pytest.approx(np.hypot(along, 0.87 * np.sqrt(2)), rel=1e-3)
    assert "loss_db_per_cm" in lost.paths["dominant"][row]


def test_corners_enclose_the_typical_loss(chip: Path, lost: LossReport) -> None:
    least, most = (waveguard.loss(chip, KIT, corner=corner) for corner in ("min", "max"))
    for row, name in enumerate(lost.paths["from"].tolist()):
        low, high = (one.paths["loss_db"][one.paths["from"].tolist().index(name)] for one in (least, most))
        assert low < lost.paths["loss_db"][row] < high
    row = least.paths["from"].tolist().index("delay")
    assert least.paths["propagation_db"][row] == pytest.approx((1.7012241 - 0.0470) * 0.82 + 0.0470 * 2.4, rel=1e-3)


def test_gratings_lose_one_db_at_half_of_their_bandwidth(chip: Path) -> None:
    half_um = 0.0306 / 2
    report = waveguard.loss(chip, KIT, wavelengths_um=[1.55, 1.55 - half_um, 1.55 + half_um])
    assert len(report) == 9
    for name in ("bus", "mzi", "delay"):
        own = report.paths["from"] == name
        order = np.argsort(report.paths["wavelength_um"][own])
        loss_db = (report.paths["loss_db"] - report.paths["propagation_db"])[own][order]
        assert loss_db - loss_db[1] == pytest.approx([2.0, 0.0, 2.0])


def test_light_that_nothing_was_made_for_is_said(chip: Path) -> None:
    report = waveguard.loss(chip, KIT, wavelengths_um=[1.31])
    assert all("on the path is for 1.55 um" in note for note in report.paths["note"].tolist())
    assert any("made for other light" in line for line in report.incomplete)


def test_a_near_miss_has_the_loss_of_its_offset(lost: LossReport) -> None:
    assert lost.near_misses["lateral_um"].tolist() == pytest.approx([0.02])
    # 4.343 d²/w0² with w0 = 0.3516 (0.5 + 2/gamma).
    gamma = 2 * np.pi / 1.55 * np.sqrt(2.44553**2 - 1.444**2)
    radius = 0.3516 * (0.5 + 2 / gamma)
    assert lost.near_misses["loss_db"].tolist() == pytest.approx([4.343 * 0.02**2 / radius**2], rel=0.01)


def test_victims_are_sorted_and_their_aggressors_add_up(disturbed: CrosstalkReport) -> None:
    worst = np.maximum(disturbed.victims["coherent_worst_db"], disturbed.victims["other_wavelength_db"])
    assert (np.diff(worst[np.isfinite(worst)]) <= 1e-9).all()
    for row, name in enumerate(disturbed.victims["victim"].tolist()):
        mine = disturbed.aggressors["victim"] == name
        power = (10 ** (disturbed.aggressors["level_db"][mine] / 10)).sum()
        if power:
            assert 10 * np.log10(power) == pytest.approx(disturbed.victims["same_wavelength_db"][row], abs=0.01)
        assert name not in disturbed.aggressors["aggressor"][mine].tolist()


def test_a_bias_of_the_edges_moves_the_coupling(chip: Path) -> None:
    clean = chip.parent / "mzi_link_clean.gds"
    wide, narrow = (waveguard.crosstalk(clean, KIT, edge_bias_nm=bias).pairs for bias in (5.0, -5.0))
    assert len(wide["theta_rad"]) == len(narrow["theta_rad"])
    for one, other in zip(wide["theta_rad"], narrow["theta_rad"], strict=True):
        # 10 nm more width hold the light better than 10 nm less gap lets it out.
        assert np.isfinite(one)
        assert np.isfinite(other)
        assert one != pytest.approx(other, rel=1e-3)


def test_files_hold_what_the_text_says(chip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / f"loss.{suffix}" for suffix in ("csv", "json", "txt", "png", "svg")]
    assert main(["loss", str(chip), "--pdk", KIT, *(part for file in files for part in ("-o", str(file)))]) == 0
    assert capsys.readouterr().out == ""
    with files[0].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    document = json.loads(files[1].read_text(encoding="utf-8"))
    assert [float(row["loss_db"]) for row in rows] == pytest.approx(document["paths"]["loss_db"])
    assert document["paths"]["wavelength_um"] == [None] * 3
    text = files[2].read_text(encoding="utf-8")
    assert f"{document['paths']['loss_db'][0]:.2f}" in text
    assert files[3].read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in files[4].read_bytes()


def test_files_of_crosstalk(chip: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"x.{suffix}" for suffix in ("csv", "json", "png")]
    assert main(["crosstalk", str(chip), "--pdk", KIT, *(part for file in files for part in ("-o", str(file)))]) == 0
    document = json.loads(files[1].read_text(encoding="utf-8"))
    assert "-inf" in document["victims"]["other_wavelength_db"]
    assert files[2].read_bytes().startswith(b"\x89PNG")


def test_equal_runs_write_equal_bytes(chip: Path, tmp_path: Path) -> None:
    for name, threads in (("a", "1"), ("b", "2")):
        outputs = [part for suffix in ("json", "svg") for part in ("-o", str(tmp_path / f"{name}.{suffix}"))]
        assert main(["crosstalk", str(chip), "--pdk", KIT, "--threads", threads, *outputs]) == 0
    for suffix in ("json", "svg"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


@pytest.mark.parametrize(
    ("text", "expected_um"),
    [
        ("1.55", [1.55]),
        ("1.31, 1.55", [1.31, 1.55]),
        ("1.53:1.57:0.02", [1.53, 1.55, 1.57]),
        ("1.53:1.57:0.03", [1.53, 1.56]),
        ("1.53:1.57:3", [1.53, 1.55, 1.57]),
        ("1.55:1.55:0.01", [1.55]),
    ],
)
def test_a_row_of_wavelengths_has_a_step_or_a_number(text: str, expected_um: list[float]) -> None:
    assert wavelengths_um(text, 10) == expected_um


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["loss", "--max-loss", "10"], 1, "finding: mzi to mzi_out loses 15.20 dB, more than 10 dB"),
        (["loss", "--max-loss", "99"], 0, ""),
        (["crosstalk", "--limit", "-20"], 1, "finding: bus_out receives crosstalk"),
        (["loss", "--corner", "worst"], 2, "error: there is no corner 'worst'"),
        (["loss", "--wl", "1550"], 2, "hint: write 1.55"),
        (["loss", "--wl", "red"], 2, "error: 'red' is no wavelength"),
        (["loss", "--wl", "1.5:1.6:0"], 2, "error: '1.5:1.6:0': 0 is neither a step"),
        (["loss", "--wl", "1.5:1.6:1e-9"], 2, "error: '1.5:1.6:1e-9': more than 10,000 wavelengths"),
        (["loss", "--max-loss", "nan"], 2, "error: the limit is not a number"),
        (["crosstalk", "--limit", "nan"], 2, "error: the limit is not a number"),
        (["loss", "--wl", "1.31"], 3, "incomplete: "),
        (["loss", "--wl", "1.31", "--allow-incomplete"], 0, ""),
        (["loss", "-o", "x.pdf"], 2, "error: x.pdf: the suffix says no format"),
        (["crosstalk", "--light", "bus"], 2, "error: 'bus' is no NAME=UM"),
        (["crosstalk", "--light", "bos=1.55"], 2, "error: no terminal is called 'bos'"),
        (["crosstalk", "--wl", "1.54,1.55"], 2, "error: crosstalk takes one wavelength"),
        (["crosstalk", "--bias", "nan"], 2, "error: nan nm is no bias"),
        (["crosstalk", "--top", "nowhere"], 2, "error: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_exit_codes(
    chip: Path, arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command, *rest = arguments
    assert main([command, str(chip), "--pdk", KIT, "-q", *rest]) == code
    said = capsys.readouterr().err
    assert "Traceback" not in said
    if code == 3:
        return  # quiet says it by its exit code alone
    assert message in said
    assert bool(said) == bool(message)


def test_a_layout_without_light_is_incomplete(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import gdstk

    library = gdstk.Library()
    library.new_cell("empty")
    library.write_gds(tmp_path / "empty.gds")
    for command in ("loss", "crosstalk"):
        assert main([command, str(tmp_path / "empty.gds"), "--pdk", KIT]) == 3
        assert "incomplete: the layout holds nothing" in capsys.readouterr().err


@pytest.mark.parametrize("room", [10, 24, 34])
def test_a_shortened_name_fits_and_keeps_its_place(room: int) -> None:
    names = [f"grating_coupler_elliptical_4c46b398@({x},814)" for x in (27, 28)]
    short = [shortened(name, room) for name in names]
    assert all(len(name) <= room for name in short)
    if room > len("…@(27,814)"):
        assert [name[name.index("@") :] for name in short] == ["@(27,814)", "@(28,814)"]
    assert shortened("bus", room) == "bus"


def test_long_paths_move_with_corner_wavelength_and_bias_together(chip: Path) -> None:
    """The delay line of 1.7 cm: each input moves its propagation by what the PDK says, and nothing is counted twice."""
    own: dict[tuple[str, float, float], float] = {}
    for corner in ("min", "typ", "max"):
        for bias_nm in (0.0, -11.0):
            report = waveguard.loss(chip, KIT, corner=corner, wavelengths_um=[1.54, 1.55], edge_bias_nm=bias_nm)
            for row, name in enumerate(report.paths["from"].tolist()):
                if name == "delay":
                    key = corner, float(report.paths["wavelength_um"][row]), bias_nm
                    own[key] = float(report.paths["propagation_db"][row])
    for bias_nm in (0.0, -11.0):
        for wavelength_um in (1.54, 1.55):
            least, typical, most = (own[corner, wavelength_um, bias_nm] for corner in ("min", "typ", "max"))
            assert least < typical < most
    # Factors of width, wavelength and corner multiply.
    for corner in ("min", "max"):
        ratio = own[corner, 1.55, -11.0] / own[corner, 1.55, 0.0]
        assert ratio == pytest.approx(own["typ", 1.55, -11.0] / own["typ", 1.55, 0.0], rel=1e-9)
    assert own["typ", 1.55, -11.0] / own["typ", 1.55, 0.0] == pytest.approx(1.27, abs=0.02)
    assert own["typ", 1.54, 0.0] != pytest.approx(own["typ", 1.55, 0.0], rel=1e-4)


def test_a_bias_that_is_none_is_refused(chip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["loss", str(chip), "--pdk", KIT, "--bias", "900"]) == 2
    assert "no bias of an edge" in capsys.readouterr().err
    assert main(["loss", str(chip), "--pdk", KIT, "--bias", "-11", "-q"]) == 0
