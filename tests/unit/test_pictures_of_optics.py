"""Pictures of loss, crosstalk and spectra: what stands in them, and that nothing covers anything else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

import waveguard
from waveguard.fields.plot import figure_of as spectrum_of
from waveguard.fields.sparameters import SParameters
from waveguard.optics import CrosstalkReport, LossReport
from waveguard.optics.pictures import figure_of

KIT = "siepic-ebeam"


@pytest.fixture(scope="module")
def lost(demo_dir: Path) -> LossReport:
    return waveguard.loss(demo_dir / "mzi_link.gds", KIT, wavelengths_um=[1.54, 1.55, 1.56])


@pytest.fixture(scope="module")
def disturbed(demo_dir: Path) -> CrosstalkReport:
    return waveguard.crosstalk(demo_dir / "mzi_link.gds", KIT)


def names_beside(axes: Axes) -> list[Text]:
    return [text for text in axes.get_yticklabels() if text.get_text()]


def assert_readable(figure: Figure) -> None:
    """No two names beside axes lie on each other, and the axes have most of the width and some height."""
    figure.draw_without_rendering()
    for axes in figure.axes:
        inside = axes.get_window_extent()
        names = sorted(text.get_window_extent().y0 for text in names_beside(axes))
        height = max((text.get_window_extent().height for text in names_beside(axes)), default=0.0)
        assert (np.diff(names) > 0.7 * height).all()
        assert inside.height > 0.4 * figure.dpi
        if axes.get_label() != "<colorbar>":
            assert inside.width > 0.4 * figure.get_window_extent().width


def test_a_path_has_one_bar_at_its_worst_wavelength(lost: LossReport) -> None:
    bars, spectrum = figure_of(lost).axes
    names = [text.get_text() for text in names_beside(bars)]
    assert len(names) == 3
    assert len({name.partition(",")[0] for name in names}) == 3
    assert all(name.endswith(("1.54 µm", "1.56 µm")) for name in names)
    # The bars of all causes end where the worst loss of each path is.
    ends = [
        max(patch.get_x() + patch.get_width() for patch in bars.patches if patch.get_y() < k < patch.get_y() + 0.75)
        for k in range(3)
    ]
    assert ends == pytest.approx(
        [lost.paths["loss_db"][lost.paths["from"] == name.partition(" ")[0]].max() for name in names]
    )
    assert len(spectrum.get_lines()) == 3


def test_pictures_can_be_read_however_long_the_names(lost: LossReport, disturbed: CrosstalkReport) -> None:
    long = "a_very_long_name_of_a_grating_coupler@(1234.567,8901.234)"
    paths = {**lost.paths, "to": np.array([f"{name}_{long}" for name in lost.paths["to"]])}
    assert_readable(figure_of(replace(lost, paths=paths)))
    victims = {**disturbed.victims, "victim": np.array([f"{name}_{long}" for name in disturbed.victims["victim"]])}
    aggressors = {
        **disturbed.aggressors,
        **{
            role: np.array([f"{name}_{long}" for name in disturbed.aggressors[role]])
            for role in ("victim", "aggressor")
        },
    }
    assert_readable(figure_of(disturbed))
    assert_readable(figure_of(replace(disturbed, victims=victims, aggressors=aggressors)))


def test_a_dollar_in_the_name_of_a_cell_is_no_formula(disturbed: CrosstalkReport) -> None:
    guides = {role: np.array(["Waveguide$7"] * len(disturbed.pairs[role])) for role in ("guide", "neighbour")}
    pairs = figure_of(replace(disturbed, pairs={**disturbed.pairs, **guides})).axes[1]
    assert names_beside(pairs)
    for text in names_beside(pairs):
        assert text.get_text() == "Waveguide$7 | Waveguide$7"
        assert not text.get_parse_math()


def test_weak_coupling_is_drawn_or_said(disturbed: CrosstalkReport) -> None:
    level = np.full(len(disturbed.pairs["coupled_db"]), -95.0)
    level[0] = -300.0
    pairs = figure_of(replace(disturbed, pairs={**disturbed.pairs, "coupled_db": level})).axes[1]
    assert pairs.get_xlim()[0] == -140.0
    assert [text.get_text().strip() for text in pairs.texts] == ["below -140 dB"]
    assert sorted(patch.get_width() for patch in pairs.patches) == pytest.approx([0.0, *[45.0] * (len(level) - 1)])


def test_a_spectrum_of_which_nothing_is_known_says_so() -> None:
    grid = np.array([1.54, 1.55, 1.56])
    dark = SParameters(("a$1", "b$2"), grid, np.full((3, 2, 2), np.nan, dtype=np.complex128))
    (panel,) = spectrum_of(dark).axes
    assert [text.get_text() for text in panel.texts] == ["nothing is known to come out with more than -80 dB"]
    assert panel.get_xlim() == (1.54, 1.56)
