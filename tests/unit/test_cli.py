"""The command line: exit codes, messages, outputs."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

import gdstk
import jsonschema
import pytest

from waveguard.cli import _output, main
from waveguard.cli.check import plan_outputs
from waveguard.designs import demo
from waveguard.errors import UsageError
from waveguard.exports import tables_json

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the terminal of the developer out of the tests."""
    monkeypatch.setenv("NO_COLOR", "1")


def errors_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines on stderr; a traceback among them fails the test."""
    text = capsys.readouterr().err
    assert "Traceback" not in text
    return text.splitlines()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check"], "error: missing argument"),
        (["check", "chip.gds"], "error: no PDK given"),
        (["check", "chip.gds", "--pdk", "siepic-ebem"], "error: no PDK named 'siepic-ebem'"),
        (["check", "nowhere.gds", "--pdk", "siepic-ebeam"], "error: nowhere.gds"),
        (["check", "chip.gds", "--pdk", "siepic-ebeam", "--fail-on", "sometimes"], "error: unknown severity"),
        (["check", "chip.gds", "--pdk", "siepic-ebeam", "-o", "report.xyz"], "error: unknown report suffix"),
        (["check", "chip.gds", "--pdk", "siepic-ebeam", "-o", "nowhere/report.json"], "error: nowhere/report.json"),
        (["check", "chip.gds", "--pdk", "siepic-ebeam", "--format", "yaml"], "error: unknown report format"),
        (["check", "chip.gds", "--pdk", "siepic-ebeam", "--threads", "-1"], "error: invalid value"),
        (["check", "chip.gds", "--pdk", "siepic-ebeam", "--no-such-option"], "error: no such option"),
        (["frobnicate"], "error: no such command"),
        (["extract", "chip.gds", "--pdk", "siepic-ebeam", "-o", "x.def"], "error: x.def: cannot write an extraction"),
        (["explain", "XX999"], "error: unknown rule: XX999"),
        (["pdk", "show", "no-such-pdk"], "error: no PDK named"),
        (["pdk", "validate", "no-such-file.toml"], "error: no-such-file.toml"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_usage_ends_with_2_and_one_message(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    lines = errors_of(capsys)
    assert lines[0].startswith(message)
    assert not lines[0].endswith(".") or "Known" in lines[0] or "TOML" in lines[0]


def test_an_unknown_rule_is_answered_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "CN01"]) == 2
    assert any(line.startswith("hint:") and "CN001" in line for line in errors_of(capsys))


def test_explain_prints_the_documentation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "wg001"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("WG001")
    assert "Why:" in text


def test_explain_without_a_code_lists_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain"]) == 0
    assert "CN001" in capsys.readouterr().out


def test_pdk_list_and_show(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pdk", "list"]) == 0
    assert "siepic-ebeam" in capsys.readouterr().out
    assert main(["pdk", "show", "siepic-ebeam"]) == 0
    text = capsys.readouterr().out
    assert "ASSUMED" in text
    assert "Wang et al." in text


def test_a_pdk_file_without_suffix_can_be_validated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kit").write_bytes((ROOT / "pdk" / "generic-si220-o.toml").read_bytes())
    assert main(["pdk", "validate", "./kit", "generic-si220-o"]) == 0
    assert capsys.readouterr().out.startswith("./kit: valid, ")


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("waveguard ")


def test_no_arguments_show_the_help_and_end_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    captured = capsys.readouterr()
    assert "check" in captured.out + captured.err


def test_text_on_stdout_is_the_default() -> None:
    targets = plan_outputs(None, None, quiet=False)
    assert [(target.path, target.report.name) for target in targets] == [(None, "text")]
    assert plan_outputs(None, None, quiet=True) == []


def test_several_outputs_each_by_suffix() -> None:
    targets = plan_outputs(["a.json", "b.txt", "-"], "json", quiet=False)
    assert [target.report.name for target in targets] == ["json", "text", "json"]


def test_the_format_counts_where_the_suffix_says_nothing() -> None:
    targets = plan_outputs(["/dev/null", "a.json"], "text", quiet=False)
    assert [target.report.name for target in targets] == ["text", "json"]
    with pytest.raises(UsageError, match="no suffix"):
        plan_outputs(["/dev/null"], None, quiet=False)


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_text("before")

    def fail(out: TextIO) -> None:
        out.write("half")
        raise RuntimeError("the writer failed")

    with pytest.raises(RuntimeError):
        _output.write_file(path, fail)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_text("before")
    path.chmod(0o640)
    _output.write_file(path, lambda out: out.write("after"))  # type: ignore[arg-type, return-value]
    assert path.read_text() == "after"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("before")
    link.symlink_to(real)
    _output.write_file(link, lambda out: out.write("after"))  # type: ignore[arg-type, return-value]
    assert link.is_symlink()
    assert real.read_text() == "after"


def test_an_output_never_overwrites_an_input(tmp_path: Path) -> None:
    layout = tmp_path / "chip.txt"
    with pytest.raises(UsageError, match="overwrite"):
        _output.refuse_same_file([tmp_path / "." / "chip.txt"], [layout])
    with pytest.raises(UsageError, match="twice"):
        _output.refuse_same_file([tmp_path / "a.json", tmp_path / "a.json"], [layout])


def test_check_of_the_demo_ends_with_1_and_writes_all_outputs(
    demo_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = demo.names(demo_dir, faults=True)
    outputs = [tmp_path / "report.json", tmp_path / "report.txt"]
    arguments = ["check", str(written.layout), "--pdk", written.pdk, "--budget", str(written.budget)]
    assert main([*arguments, "-o", str(outputs[0]), "-o", str(outputs[1]), "-o", "-"]) == 1
    text = capsys.readouterr().out
    report = json.loads(outputs[0].read_text(encoding="utf-8"))
    assert report["exit_code"] == 1
    assert {"CN001", "WG001", "WG003", "OP001"} <= {finding["code"] for finding in report["findings"]}
    # On stdout the last line also tells the time.
    assert text.splitlines()[:-1] == outputs[1].read_text(encoding="utf-8").splitlines()[:-1]


def test_fail_on_and_select_change_the_verdict(demo_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = demo.names(demo_dir, faults=True)
    arguments = ["check", str(written.layout), "--pdk", written.pdk, "--quiet"]
    assert main([*arguments, "--select", "CN", "--fail-on", "never"]) == 0
    assert main([*arguments, "--select", "CN001"]) == 1
    assert main([*arguments, "--select", "CN002,CN003"]) == 0
    assert main([*arguments, "--select", "CN999"]) == 2
    assert main([*arguments, "--select", ""]) == 2
    assert capsys.readouterr().out == ""


def test_the_demo_shows_its_faults_and_its_clean_twin_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--out", str(tmp_path / "a")]) == 0
    assert "verdict: findings (exit code 1)" in capsys.readouterr().out
    assert main(["demo", "--out", str(tmp_path / "b"), "--clean"]) == 0
    assert "verdict: clean (exit code 0)" in capsys.readouterr().out


def test_extract_writes_tables_guides_and_netlist(
    demo_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = demo.names(demo_dir, faults=False)
    names = ["x.json", "x.csv", "x.yaml", "x.netlist.json"]
    options = [part for name in names for part in ("-o", str(tmp_path / name))]
    assert main(["extract", str(written.layout), "--pdk", written.pdk, *options]) == 0
    document = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, json.loads(tables_json.published_schema()))
    tables = document["tables"]
    netlist = json.loads((tmp_path / "x.netlist.json").read_text(encoding="utf-8"))
    assert len(netlist["instances"]) == len(tables["devices"]["cell"])
    assert len(netlist["nets"]) == len(tables["nets"]["port_a"])
    drawn = [one for one in netlist["instances"].values() if "drawn_length_um" in one]
    assert [one["centerline_length_um"] for one in drawn] == pytest.approx(
        [length_nm / 1e3 for length_nm in tables["waveguides"]["centerline_length_nm"]], abs=1e-5
    )
    assert {"mzi", "mzi_out"} <= {name for terminal in netlist["terminals"] for name in terminal["names"]}
    guides = (tmp_path / "x.csv").read_text(encoding="utf-8").splitlines()
    assert len(guides) == 1 + len(tables["waveguides"]["device"])
    assert any("mzi_long_arm" in line for line in guides)
    assert (tmp_path / "x.yaml").read_text(encoding="utf-8").startswith("name: waveguard_demo\ninstances:\n")


def test_extract_looks_only_into_the_cells_asked_for(demo_dir: Path, tmp_path: Path) -> None:
    written, tables = demo.names(demo_dir, faults=False), tmp_path / "x.json"
    arguments = ["extract", str(written.layout), "--pdk", written.pdk, "-o", str(tables), "--quiet"]
    assert main([*arguments, "--top", "bus_1"]) == 0
    assert json.loads(tables.read_text(encoding="utf-8"))["tops"] == ["bus_1"]
    assert main([*arguments, "--top", "bus_9"]) == 2


def test_extract_writes_every_format_and_says_how_much_it_understood(
    demo_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = demo.names(demo_dir, faults=True)
    names = ["x.spi", "x.gds", "y.oas", "x.svg", "x.png", "x.sax.yaml"]
    options = [part for name in names for part in ("-o", str(tmp_path / name))]
    assert main(["extract", str(written.layout), "--pdk", written.pdk, *options]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {*names, "x.overlay.lyp", "y.overlay.lyp"}
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "y.oas").read_bytes().startswith(b"%SEMI-OASIS")
    (line,) = errors_of(capsys)
    assert line.startswith("11 devices, 10 guides of 19.5")
    assert "8 terminals, 2 open ends, 1 near miss; 100 % of the core area understood; written: " in line


def test_extract_to_stdout_is_a_netlist_and_the_closing_line_is_apart(
    demo_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = demo.names(demo_dir, faults=False)
    assert main(["extract", str(written.layout), "--pdk", written.pdk]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("name: waveguard_demo\ninstances:\n")
    assert captured.err.endswith("100 % of the core area understood\n")
    assert main(["extract", str(written.layout), "--pdk", written.pdk, "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def layout_of(tmp_path: Path, *polygons: gdstk.Polygon) -> str:
    """Write a layout of some shapes."""
    library = gdstk.Library()
    library.new_cell("chip").add(*polygons)
    path = tmp_path / "chip.gds"
    library.write_gds(path)
    return str(path)


def test_core_without_a_network_ends_with_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill = [gdstk.rectangle((40 * k, 0), (40 * k + 30, 30), layer=1) for k in range(4)]
    arguments = ["extract", layout_of(tmp_path, *fill), "--pdk", "siepic-ebeam", "-o", str(tmp_path / "x.csv")]
    assert main(arguments) == 3
    lines = errors_of(capsys)
    assert lines[0].startswith("0 devices, 0 guides, 0 optical nets, 0 terminals, 0 open ends; 0.0 % of the core area")
    # The reason in brackets is that of the core, and may become a better one.
    assert ", chip: core shapes of 3,600.0 µm², but no guide, no device and no joint was found in them (" in lines[-2]
    assert lines[-1].startswith("hint: ")
    # What there is is written all the same.
    assert (tmp_path / "x.csv").read_text(encoding="utf-8").count("\n") == 1


def test_layers_that_the_pdk_does_not_know_end_with_3(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = layout_of(tmp_path, gdstk.rectangle((0, 0), (50, 0.45), layer=3))
    assert main(["extract", path, "--pdk", "siepic-ebeam", "-o", str(tmp_path / "x.yaml")]) == 3
    assert any("no shapes on the core layers of the PDK siepic-ebeam" in line for line in errors_of(capsys))


def test_a_lone_guide_is_a_network(tmp_path: Path) -> None:
    path = layout_of(tmp_path, gdstk.rectangle((0, 0), (50, 0.5), layer=1))
    assert main(["extract", path, "--pdk", "siepic-ebeam", "-o", str(tmp_path / "x.csv"), "-q"]) == 0
    assert "50000.0" in (tmp_path / "x.csv").read_text(encoding="utf-8")


def test_an_overlay_never_overwrites_what_was_read(
    demo_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = tmp_path / "chip.gds"
    layout.write_bytes(demo.names(demo_dir, faults=False).layout.read_bytes())
    assert main(["extract", str(layout), "--pdk", demo.PDK, "-o", str(layout)]) == 2
    assert "the output would overwrite an input" in errors_of(capsys)[0]
    names = ["-o", str(tmp_path / "x.gds"), "-o", str(tmp_path / "x.oas")]
    assert main(["extract", str(layout), "--pdk", demo.PDK, "-q", *names]) == 0
    assert (tmp_path / "x.overlay.lyp").is_file()


def run_main(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    """Start the command as a process of its own."""
    return subprocess.Popen([sys.executable, "-m", "waveguard", *arguments], stderr=subprocess.PIPE, **options)


@pytest.mark.parametrize("arguments", [["pdk", "show", "siepic-ebeam"], ["explain"], ["--help"]], ids=" ".join)
def test_a_reader_that_goes_away_is_not_taken_for_findings(arguments: list[str]) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with run_main(*arguments, stdout=write_end) as process:
        os.close(write_end)
        assert process.stderr is not None
        assert (process.wait(timeout=60), process.stderr.read()) == (141, b"")


def test_a_closed_stdout_leaves_the_exit_code(demo_dir: Path) -> None:
    written = demo.names(demo_dir, faults=True)
    arguments = ["check", str(written.layout), "--pdk", written.pdk]
    script = (
        f"import os, sys; os.close(1); os.execv(sys.executable, [sys.executable, '-m', 'waveguard', *{arguments!r}])"
    )
    with subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert (process.wait(timeout=60), process.stderr.read()) == (1, b"")


@pytest.mark.parametrize("arguments", [["explain"], ["pdk", "list"], ["pdk", "show", "generic-si220-o"], ["--version"]])
def test_a_full_disk_is_no_fault_of_ours(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Full(StringIO):
        def __init__(self, number: int) -> None:
            super().__init__()
            self._number = number

        def write(self, _text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        def fileno(self) -> int:
            return self._number

    with (tmp_path / "stdout").open("w") as file:
        monkeypatch.setattr(sys, "stdout", Full(file.fileno()))
        assert main(arguments) == 2
    assert errors_of(capsys) == ["error: cannot write to stdout: No space left on device"]


def test_on_a_terminal_without_unicode_people_read_on_and_programs_get_utf8(demo_dir: Path, tmp_path: Path) -> None:
    written = demo.names(demo_dir, faults=False)
    chip = tmp_path / "Ä→.gds"
    chip.write_bytes(written.layout.read_bytes())
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    texts = []
    for arguments in (["pdk", "show", written.pdk], ["check", str(chip), "--pdk", written.pdk, "--format", "json"]):
        with run_main(*arguments, stdout=subprocess.PIPE, env=ascii_only) as process:
            texts.append(process.communicate(timeout=60)[0])
            assert process.returncode == 0
    assert b"?m" in texts[0]
    assert json.loads(texts[1].decode("utf-8"))["inputs"][0]["name"] == "Ä→.gds"


def test_an_internal_fault_is_no_traceback(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def explode() -> None:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("waveguard.rules.all_rules", explode)
    assert main(["explain", "CN001"]) == 3
    lines = errors_of(capsys)
    assert lines[0] == "error: internal: ZeroDivisionError: planted"
    assert lines[1].startswith("hint: this is a fault of waveguard")
