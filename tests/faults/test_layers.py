"""Waveguides of two materials on one chip: what lies on different layers does not meet."""

from __future__ import annotations

import gdstk
import pytest

from faults import compare
from variants import cut

SILICON, NITRIDE = (1, 0), (4, 0)


def cross(layer: tuple[int, int], width_um: float) -> gdstk.Library:
    """Return a waveguide of silicon and one across it."""
    library = gdstk.Library("cross", unit=1e-6, precision=1e-9)
    ends = [((0, -0.25), (40, 0.25), SILICON), ((20 - width_um / 2, -30), (20 + width_um / 2, 30), layer)]
    library.new_cell("cross").add(*[gdstk.rectangle(a, b, layer=one, datatype=kind) for a, b, (one, kind) in ends])
    return library


@pytest.mark.parametrize("is_merged", [False, True])
@pytest.mark.parametrize(("layer", "width_um", "codes"), [(SILICON, 0.5, {"CN005"}), (NITRIDE, 0.75, set())])
def test_waveguides_cross_where_they_are_on_one_layer(
    layer: tuple[int, int], width_um: float, codes: set[str], is_merged: bool
) -> None:
    library = cross(layer, width_um)
    run = compare.checked(cut.merged(library) if is_merged else library)
    assert {one.code for one in run.findings if one.severity.reaches(run.fail_on)} == codes
