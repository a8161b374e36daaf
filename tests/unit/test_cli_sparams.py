"""`waveguard sparams`: files, messages, exit codes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import drawn_guides as draw
from waveguard import fields
from waveguard.cli import main
from waveguard.cli.sparams import split_names, wavelengths
from waveguard.errors import UsageError


def lines_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines on stderr; a traceback among them fails the test."""
    text = capsys.readouterr().err
    assert "Traceback" not in text
    return text.splitlines()


def test_all_formats_hold_the_same_numbers(demo_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["x.s2p", "x.npz", "x.csv", "x.png"]
    outputs = [part for name in names for part in ("-o", str(tmp_path / name))]
    chip = str(demo_dir / "mzi_link.gds")
    arguments = ["sparams", chip, "--pdk", "siepic-ebeam", "--wl", "1.54:1.56:11", "--ports", "bus,bus_out"]
    assert main([*arguments, *outputs]) == 0
    lines = lines_of(capsys)
    assert lines[0].startswith("2 ports, 11 wavelengths, ")
    assert "passive: largest singular value" in lines[1]
    assert any(line.startswith("  bus -> bus_out: -10.1") for line in lines)
    assert "1 coupler between guides side by side" in lines
    assert any(line.startswith("note: the grid is too coarse for a spectrum: steps of 2 nm") for line in lines)
    found = [fields.read(tmp_path / name) for name in names[:3]]
    for other in found[1:]:
        assert other.ports == ("bus", "bus_out")
        assert np.abs(other.s - found[0].s).max() < 1e-15
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    # The same input gives the same bytes, on any number of threads.
    before = (tmp_path / "x.s2p").read_bytes()
    assert main([*arguments, "-o", str(tmp_path / "x.s2p"), "--threads", "3", "-q"]) == 0
    assert (tmp_path / "x.s2p").read_bytes() == before
    assert not lines_of(capsys)


def test_the_table_goes_to_stdout(demo_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chip = str(demo_dir / "mzi_link.gds")
    assert main(["sparams", chip, "--pdk", "siepic-ebeam", "--wl", "1.55", "--ports", "bus", "-o", "-", "-q"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == 'wl_um,"re S(bus,bus)","im S(bus,bus)"'


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "error: no wavelengths given"),
        (["--wl", "1.5:1.6"], "error: '1.5:1.6' is no wavelength"),
        (["--wl", "1.6:1.5:9"], "error: '1.6:1.5:9': the first wavelength is larger than the last"),
        (["--wl", "1.55,1.31"], "error: --wl 1.55,1.31: wavelengths increase"),
        (["--wl", "-1:1.5:9"], "error: '-1:1.5:9': -1 um is no optical wavelength"),
        (["--wl", "1500:1600:9"], "error: '1500:1600:9': 1500 um is no optical wavelength"),
        (["--wl", "1.5:1.6:0"], "error: '1.5:1.6:0': 0 is neither a step"),
        (["--wl", "1.5:1.6:2000000"], "error: '1.5:1.6:2000000': more than 1,000,000 wavelengths"),
        (["--wl", "1.55", "--gaps", "guess"], "error: --gaps cannot be 'guess'"),
        (["--wl", "1.55", "-o", "x.xyz"], "error: x.xyz: no S-parameter format has the suffix '.xyz'"),
        (["--wl", "1.55", "-o", "nowhere/x.npz"], "error: nowhere/x.npz: cannot write the output"),
        (["--wl", "1.55", "--ports", "buss"], "error: no terminals answer to 'buss'"),
        (["--wl", "1.55", "--ports", "bus", "-o", "x.s4p"], "error: x.s4p: .s4p is a Touchstone file of 4 ports"),
    ],
)
def test_bad_usage_ends_with_2(
    arguments: list[str],
    message: str,
    demo_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["sparams", str(demo_dir / "mzi_link.gds"), "--pdk", "siepic-ebeam", *arguments]) == 2
    lines = lines_of(capsys)
    assert lines[0].startswith(message)
    assert not list(tmp_path.iterdir())


def test_a_picture_without_matplotlib_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    arguments = ["sparams", "nowhere.gds", "--pdk", "siepic-ebeam", "--wl", "1.55", "-o", str(tmp_path / "x.png")]
    assert main(arguments) == 2
    assert lines_of(capsys)[0].endswith("x.png: a picture needs matplotlib, which is not installed")


def test_names_may_hold_commas_in_brackets() -> None:
    assert split_names("a, gc@(0,127),b ") == ["a", "gc@(0,127)", "b"]
    with pytest.raises(UsageError, match="'a:b:c' is no wavelength"):
        wavelengths("a:b:c")


def test_what_has_no_model_ends_with_3_and_is_said(
    layouts_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chip = str(layouts_dir / "openEBL-2024-07-Si-Heaters__2x2_ring_switch_v10.gds")
    arguments = ["sparams", chip, "--pdk", "siepic-ebeam", "--wl", "1.54:1.56:3", "-o", str(tmp_path / "x.s4p")]
    assert main([*arguments, "-o", str(tmp_path / "x.npz")]) == 3
    lines = lines_of(capsys)
    assert any("x.s4p: not written" in line for line in lines)
    assert any(
        line.startswith("no model: ring_switch_w_heater: at which wavelengths it drops light is not known")
        for line in lines
    )
    assert any("16 of 16 pairs of ports depend on devices without a model" in line for line in lines)
    assert not (tmp_path / "x.s4p").exists()
    with np.load(tmp_path / "x.npz") as data:
        assert np.isnan(data["s"]).all()
    assert main([*arguments, "--gaps", "absorb"]) == 0
    assert (tmp_path / "x.s4p").exists()
    assert any("swallow light" in line for line in lines_of(capsys))


def test_bare_geometry_has_its_open_ends_as_ports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chip = tmp_path / "ring.gds"
    draw.library_of([draw.straight(0, 100, 0), *draw.ring(50, 10.7, 10)]).write_gds(chip)
    arguments = ["sparams", str(chip), "--pdk", draw.KIT, "--wl", "1.54:1.56:401"]
    assert main([*arguments, "-o", str(tmp_path / "x.npz")]) == 0
    lines = lines_of(capsys)
    assert any("a ring of 62.83 um has resonances" in line for line in lines)
    found = fields.read(tmp_path / "x.npz")
    assert set(found.ports) == {"end@(0,0)", "end@(100,0)"}
    assert found.undersampled
    assert found.power_db("end@(0,0)", "end@(100,0)").min() < -3.0
    assert main([*arguments, "--ports", "end@(0, 0),end@(100.001,0)", "-q"]) == 0
    lines_of(capsys)
    assert main([*arguments, "--ports", "end@(0,5)"]) == 2
    assert lines_of(capsys)[:2] == [
        "error: no open ends of guides lie at 'end@(0,5)'",
        "hint: nearest: end@(0,0), end@(100,0)",
    ]
    # A process that widens guides by 10 nm moves the resonance by 10 nm x dn/dw / n_g, and narrows the gap.
    assert main([*arguments, "--bias", "5", "-o", str(tmp_path / "wide.npz"), "-q"]) == 0
    assert main([*arguments, "--floor", "3"]) == 2
    assert main([*arguments, "--bias", "nan"]) == 2


def test_unknown_couplings_end_with_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chip = tmp_path / "narrow.gds"
    draw.library_of([draw.straight(0, 100, 0, 0.35), draw.straight(0, 100, 0.7, 0.35)]).write_gds(chip)
    arguments = ["sparams", str(chip), "--pdk", draw.KIT, "--wl", "1.55"]
    assert main(arguments) == 3
    lines = lines_of(capsys)
    assert any(line.startswith("no coupling: 1 parallel run: outside the model's validity: 350 nm") for line in lines)
    assert any(line.startswith("hint: keep --wl and the gaps within the coupling tables") for line in lines)
    assert main([*arguments, "--allow-incomplete", "-q"]) == 0
