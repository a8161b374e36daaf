"""S-parameter files: what we write others read, what others write we read, and damage is named with its line."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skrf

from waveguard import fields
from waveguard.errors import InputError, UsageError
from waveguard.fields import SParameters
from waveguard.models.fields import MODELS

pytestmark = pytest.mark.filterwarnings("ignore")

WL = np.linspace(1.5, 1.6, 11)


def sample(n: int) -> SParameters:
    """Return amplitudes of `n` ports, not reciprocal."""
    random = np.random.default_rng(n)
    s = random.normal(size=(len(WL), n, n)) + 1j * random.normal(size=(len(WL), n, n))
    return SParameters(tuple(f"port {k}" for k in range(n)), WL, s)


@pytest.mark.parametrize("suffix", ["touchstone", "npz", "csv"])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
def test_what_is_written_is_read_back(tmp_path: Path, suffix: str, n: int) -> None:
    path = tmp_path / f"x.{f's{n}p' if suffix == 'touchstone' else suffix}"
    given = sample(n)
    fields.write(given, path)
    found = fields.read(path)
    assert found.ports == given.ports
    assert found.wl_um == pytest.approx(given.wl_um, rel=1e-14)
    assert np.array_equal(found.s, given.s)


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_scikit_rf_reads_what_we_write_and_we_read_what_it_writes(tmp_path: Path, n: int) -> None:
    given = sample(n)
    fields.write(given, tmp_path / f"ours.s{n}p")
    network = skrf.Network(str(tmp_path / f"ours.s{n}p"))
    assert network.f == pytest.approx(299_792_458e6 / WL[::-1], rel=1e-12)
    # RF counts time the other way.
    assert np.abs(network.s - given.s[::-1].conj()).max() < 1e-12
    assert list(network.port_names) == list(given.ports)
    for form in ("ri", "ma", "db"):
        network.write_touchstone(f"theirs_{form}", dir=str(tmp_path), form=form)
        back = fields.read(tmp_path / f"theirs_{form}.s{n}p")
        assert np.abs(back.s - given.s).max() < 1e-9


def test_a_guide_has_a_positive_delay_in_rf_tools(tmp_path: Path) -> None:
    one = MODELS["guide"](WL, length_um=10.0, n_eff=2.4, n_g=4.2, wl0_um=1.55)
    fields.write(SParameters(one.ports, WL, one.s), tmp_path / "guide.s2p")
    delay_s = skrf.Network(str(tmp_path / "guide.s2p")).group_delay[5, 1, 0]
    assert float(np.real(delay_s)) == pytest.approx(4.2 * 10.0 / 299.792458e12, rel=1e-3)


def lumerical(**changes: str) -> str:
    """Return a table of a two-port of Lumerical."""
    frequency = 299_792_458e6 / np.array([1.6, 1.55, 1.5])
    lines = ['["port 1","LEFT"]', '["port 2","RIGHT"]']
    for end, start, size in ((1, 1, 0.1), (2, 1, 0.9), (1, 2, 0.9), (2, 2, 0.2)):
        lines += [f'("port {end}","TE",1,"port {start}",1,"transmission")', "(3,3)"]
        lines += [f"{f:.10e} {size} {0.5 * k}" for k, f in enumerate(frequency)]
    text = "\n".join(lines)
    for old, new in changes.items():
        text = text.replace(old.replace("_", " "), new)
    return text


def test_tables_of_lumerical(tmp_path: Path) -> None:
    (tmp_path / "x.dat").write_text(lumerical(), encoding="utf-8")
    found = fields.read(tmp_path / "x.dat")
    assert found.ports == ("port 1", "port 2")
    assert found.wl_um == pytest.approx([1.5, 1.55, 1.6])
    assert found.between("port 1", "port 2")[::-1] == pytest.approx(0.9 * np.exp(0.5j * np.arange(3)))
    assert np.abs(found.between("port 2", "port 2")) == pytest.approx(0.2)
    # A file that counts time as RF does.
    other = fields.read(tmp_path / "x.dat", time_sign=1)
    assert np.array_equal(other.s, found.s.conj())


def table_of_modes(
    names: dict[int, str], amplitude: Callable[[int, int, int, int], complex], delay_s: float = 0.0
) -> str:
    """Return a table of a two-port with modes: `amplitude(out port, out mode, in port, in mode)`."""
    frequency = 299_792_458e6 / np.array([1.6, 1.55, 1.5])
    lines = ['["port 1","LEFT"]', '["port 2","RIGHT"]']
    for end, start, out, into in itertools.product((1, 2), (1, 2), names, names):
        value = amplitude(end, out, start, into)
        tail = f",{delay_s!r}" if delay_s else ""
        lines += [f'("port {end}","{names[out]}",{out},"port {start}",{into},"transmission"{tail})', "(3,3)"]
        lines += [f"{f:.12e} {abs(value)!r} {float(np.angle(value))!r}" for f in frequency]
    return "\n".join(lines)


def some_amplitude(end: int, out: int, start: int, into: int) -> complex:
    return complex(
        (0.1 * end + 0.01 * out + 0.001 * start + 0.0001 * into) * np.exp(0.3j * (end + 2 * out - start - into))
    )


def read_by_hand(text: str) -> dict[tuple[str, int, str, int], list[complex]]:
    """Return the amplitudes of a table by its literals alone, as Python reads them: another reader of the format."""
    found, lines = {}, text.splitlines()
    for k, line in enumerate(lines):
        if line.startswith("("):
            head = ast.literal_eval(line)
            if len(head) > 2:
                size = ast.literal_eval(lines[k + 1])[0]
                rows = [[float(word) for word in one.split()] for one in lines[k + 2 : k + 2 + size]]
                found[head[0], head[2], head[3], head[4]] = [row[1] * np.exp(1j * row[2]) for row in rows]
    return found


@pytest.mark.parametrize(("labels", "called"), [({1: "TE", 2: "TM"}, "TE TM"), ({1: "mode 1", 3: "mode 3"}, "1 3")])
def test_tables_with_several_modes(tmp_path: Path, labels: dict[int, str], called: str) -> None:
    path = tmp_path / "x.sparam"
    path.write_text(table_of_modes(labels, some_amplitude), encoding="utf-8")
    modes = called.split()
    with pytest.raises(InputError, match=f"it holds 2 modes: {modes[0]}, {modes[1]}") as caught:
        fields.read(path)
    assert "say `mode`" in (caught.value.hint or "")
    every = fields.read(path, mode="all")
    assert every.ports == tuple(f"port {k}@{mode}" for k in (1, 2) for mode in modes)
    by_hand = read_by_hand(path.read_text(encoding="utf-8"))
    assert len(by_hand) == every.s[0].size
    for (end, out, start, into), value in by_hand.items():
        names = dict(zip(labels, modes, strict=True))
        got = every.between(f"{start}@{names[into]}", f"{end}@{names[out]}")
        assert got[::-1] == pytest.approx(value, abs=1e-12)
    one = fields.read(path, mode=modes[1].lower())
    assert one.ports == ("port 1", "port 2")
    assert np.array_equal(one.between("port 1", "port 2"), every.between(f"port 1@{modes[1]}", f"port 2@{modes[1]}"))
    with pytest.raises(InputError, match="there is no mode 'TX'"):
        fields.read(path, mode="TX")


def test_one_number_with_two_labels_is_two_modes(tmp_path: Path) -> None:
    blocks = [
        f'("port {end}","{label}",1,"port {start}",1,"transmission")\n(1,3)\n1.93e14 {size} 0.0'
        for label, size in (("TE", 0.9), ("TM", 0.5))
        for end, start in ((1, 2), (2, 1))
    ]
    path = tmp_path / "x.dat"
    path.write_text("\n".join(blocks), encoding="utf-8")
    assert np.abs(fields.read(path, mode="TM").between("port 1", "port 2")) == pytest.approx(0.5)
    path.write_text("\n".join(blocks).replace('"port 1",1,"tr', '"port 1",2,"tr'), encoding="utf-8")
    with pytest.raises(InputError, match="mode 1 has several labels"):
        fields.read(path, mode="TM")
    path.write_text("\n".join([*blocks, blocks[0]]), encoding="utf-8")
    with pytest.raises(InputError, match="stands twice, first in line 1"):
        fields.read(path, mode="TM")


def test_a_delay_taken_out_of_a_table_is_put_back(tmp_path: Path) -> None:
    path = tmp_path / "x.dat"
    path.write_text(table_of_modes({1: "TE"}, lambda *_: 0.5, delay_s=1e-14), encoding="utf-8")
    found = fields.read(path)
    assert found.group_delay_ps("port 1", "port 2") == pytest.approx(0.01, rel=1e-6)


def test_modes_in_other_files_are_ports_called_port_at_mode(tmp_path: Path) -> None:
    (tmp_path / "x.sparam").write_text(table_of_modes({1: "TE", 2: "TM"}, some_amplitude), encoding="utf-8")
    every = fields.read(tmp_path / "x.sparam", mode="all")
    for name in ("x.csv", "x.s4p", "x.npz"):
        fields.write(every, tmp_path / name)
        assert np.abs(fields.read(tmp_path / name).s - every.s).max() < 1e-12
        one = fields.read(tmp_path / name, mode="TE")
        assert one.ports == ("port 1", "port 2")
        assert np.abs(one.s - fields.read(tmp_path / "x.sparam", mode="TE").s).max() < 1e-12
    # Another program reads what was written, mode conversion and all.
    other = skrf.Network(str(tmp_path / "x.s4p"))
    assert np.abs(other.s[::-1].conj() - every.s).max() < 1e-12
    # A place is no mode.
    fields.write(SParameters(("gc@(0,127)",), every.wl_um, every.s[:, :1, :1]), tmp_path / "y.csv")
    with pytest.raises(InputError, match="ports are not called port@mode"):
        fields.read(tmp_path / "y.csv", mode="TE")


def test_notes_and_the_step_needed_are_kept(tmp_path: Path) -> None:
    one = SParameters(
        ("a",), np.array([1.5, 1.6]), np.zeros((2, 1, 1), complex), notes=("one", "two"), needed_step_um=1e-3
    )
    fields.write(one, tmp_path / "x.npz")
    again = fields.read(tmp_path / "x.npz")
    assert (again.notes, again.needed_step_um, again.undersampled) == (("one", "two"), 1e-3, True)
    fields.write(one, tmp_path / "x.s1p")
    text = (tmp_path / "x.s1p").read_text(encoding="utf-8")
    assert "! step of the wavelength that the spectrum needs: 0.001 um" in text
    assert "! note: two" in text


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.s2p", "# GHz S RI R 50\n1.9e5 1 2 3\n", "line 2: 4 numbers are no whole rows of 2 ports"),
        ("a.s2p", "# GHz S RI R 50\n1.9e5 1 2 3 4 5 6 7 x\n", "line 2: 'x' is no number"),
        ("a.s2p", "# GHz Z RI R 50\n", "line 1: parameters of kind Z, expected S"),
        ("a.s2p", "# GHz S RI R 50 furlongs\n", "line 1: option 'furlongs' is not understood"),
        ("a.s2p", "! nothing\n", "there are no data in it"),
        ("a.s1p", "# GHz S RI R 50\n0 1 0\n", "frequencies must be above zero"),
        ("a.s1p", "# GHz S RI R 50\n1 nan 0\n", "not finite"),
        ("a.s1p", "# GHz S RI R 50\n1 1 0\n1 1 0\n", "wavelengths must increase"),
        ("a.dat", "hello\n", "line 1: 'hello' is neither a port nor the head of a block"),
        ("a.dat", '("port 1","TE",1,"port 1",1,"transmission")\n1 2 3\n', "line 2: the head of a block is followed"),
        ("a.dat", '("port 1","TE",1,"port 1",1,"transmission")\n(2,3)\n1 2 3\n', "a block of 2 rows ends after 1"),
        ("a.dat", '("port 1","TE",1,"port 1",1,"transmission")\n(1,3)\n1 2\n', "line 3: a row has frequency"),
        ("a.csv", "wavelength,x\n", "line 1: the first column must be wl_um"),
        ("a.csv", "wl_um,S11\n", "line 1: column 'S11' is not"),
        ("a.csv", 'wl_um,"re S(a,a)"\n1.5\n', "line 2: 1 fields, expected 2"),
        ("a.csv", 'wl_um,"re S(a,a)"\n1.5,x\n', "line 2: a field is no number"),
        ("a.csv", 'wl_um,"re S(a,a)"\n1.5,nan\n', "an amplitude is no number"),
        ("a.npz", "text", "this is no file of S-parameters"),
        ("a.xyz", "text", "no S-parameter format has the suffix '.xyz'"),
    ],
)
def test_damage_is_named_with_file_and_line(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        fields.read(tmp_path / name)
    assert message in str(caught.value)
    assert str(tmp_path / name) in str(caught.value)


def test_files_that_cannot_be_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        fields.read(tmp_path / "nowhere.s2p")
    with pytest.raises(UsageError, match="a Touchstone file of 3 ports, but there are 2"):
        fields.write(sample(2), tmp_path / "x.s3p")
    with pytest.raises(UsageError, match="no S-parameter format has the suffix"):
        fields.write(sample(2), tmp_path / "x.dat")
    unknown: Any = sample(2)
    unknown.s[:, 0, 0] = np.nan
    with pytest.raises(InputError, match="cannot stand in a Touchstone file"):
        fields.write(unknown, tmp_path / "x.s2p")


def test_other_wavelengths_are_interpolated_in_size_and_phase() -> None:
    wl = np.linspace(1.5, 1.6, 201)
    settings = {"length_um": 30.0, "n_eff": 2.4, "n_g": 4.2, "wl0_um": 1.55, "loss_db_per_cm": 2.0}
    one = MODELS["guide"](wl, **settings)
    between = np.array([1.51234, 1.5777])
    found = SParameters(one.ports, wl, one.s).at(between)
    assert np.abs(found.s - MODELS["guide"](between, **settings).s).max() < 1e-3
    assert not found.notes
    rough = SParameters(one.ports, wl[::5], one.s[::5]).at(between)
    assert rough.notes[0].startswith("phases turn by up to 0.9 rad")
    with pytest.raises(InputError, match=r"S-parameters cover 1\.5 to 1\.6 um, but 1\.7 to 1\.7 um"):
        SParameters(one.ports, wl, one.s).at(1.7)


def test_ports_are_found_by_name() -> None:
    given = sample(3)
    assert np.array_equal(given.between("port 0", "port 2"), given.s[:, 2, 0])
    assert np.array_equal(given.only(("port 2", "port 0")).s, given.s[:, [2, 0]][:, :, [2, 0]])
    with pytest.raises(UsageError, match="no port is named 'port 9'"):
        given.between("port 9", "port 0")
    with pytest.raises(InputError, match="same name"):
        SParameters(("a", "a"), WL, sample(2).s)
