"""A bend is judged by the width that its guide has there, whatever shapes the guide is drawn with."""

from __future__ import annotations

import gdstk
import numpy as np
import pytest

from variants.circuits import Style, circuit
from variants.curves import Piece, arc, chained, straight, taper
from variants.parts import Part
from variants.shapes import SHAPES
from waveguard import engine

NARROW_UM, WIDE_UM = 0.5, 2.0
RADIUS_UM = 8.0
"""Wide enough for a narrow guide, and far too tight for a wide one."""


def pieces(bend_um: float, wide_um: float) -> list[Piece]:
    """Return a guide that is wide along a straight, with a bend of some width before its tapers or behind them."""
    bend = arc(RADIUS_UM, np.pi / 2, bend_um)
    widened = [taper(20.0, NARROW_UM, WIDE_UM), straight(wide_um, WIDE_UM)]
    if bend_um == WIDE_UM:
        widened.append(bend)
    widened.append(taper(20.0, WIDE_UM, NARROW_UM))
    return [straight(10.0, NARROW_UM), *([bend] if bend_um == NARROW_UM else []), *widened, straight(10.0, NARROW_UM)]


def drawn(chain: list[Piece], style: Style = "flat") -> gdstk.Library:
    part = Part("tapered")
    part.add_chain(chain)
    return circuit([part], [33.0]).library(style)


def codes(library: gdstk.Library) -> list[str]:
    return [one.code for one in engine.check(library, pdk="siepic-ebeam").findings if str(one.severity) == "error"]


@pytest.mark.parametrize("variant", SHAPES)
@pytest.mark.parametrize("wide_um", [5.0, 200.0])
def test_a_narrow_bend_of_a_guide_with_a_wide_stretch_is_none_of_a_wide_guide(wide_um: float, variant: str) -> None:
    for chain in (pieces(NARROW_UM, wide_um), [chained(pieces(NARROW_UM, wide_um))]):
        assert codes(SHAPES[variant](drawn(chain), 7)) == []


@pytest.mark.parametrize("variant", [name for name in SHAPES if "cut" not in name])
def test_a_wide_bend_is_one_of_a_wide_guide_however_long_the_narrow_one_is(variant: str) -> None:
    chain = pieces(WIDE_UM, 5.0)
    chain[-1] = straight(300.0, NARROW_UM)
    for one in (chain, [chained(chain)]):
        assert codes(SHAPES[variant](drawn(one), 7)) == ["WG001"]
