"""A part of IN001: shapes that lie on a waveguide in an even row are one finding: a grating or fill drawn over it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from waveguard.rules import LayoutProblem

ON_GUIDE, ROW_ON_GUIDE = "shape-on-guide", "row-on-guide"
LEAST = 5
"""From so many shapes on a row is one."""
UNEVEN = 0.02
"""They lie on one line, each as far from the next as the others, within this part of that distance;"""
MOST_UNEVEN = 2
"""but for so many, as the first and the last, which are cut where the row ends."""


def with_rows(problems: Iterable[LayoutProblem]) -> Iterator[LayoutProblem]:
    """Return the problems in order, those that are one row as one in the place of the first."""
    listed = list(problems)
    groups: dict[tuple[int, str, str], list[int]] = {}
    for number, one in enumerate(listed):
        if one.code == ON_GUIDE:
            groups.setdefault((one.top, one.cell, one.subject), []).append(number)
    rows = {own[0]: own for own in groups.values() if _is_row([listed[k] for k in own])}
    in_rows = {number for own in rows.values() for number in own}
    for number, one in enumerate(listed):
        if number not in in_rows:
            yield one
        elif number in rows:
            members = [listed[k] for k in rows[number]]
            at_nm = _places(members).mean()
            yield LayoutProblem(
                ROW_ON_GUIDE, one.cell, one.subject, float(at_nm.real), float(at_nm.imag), len(members), one.top
            )


def _places(problems: list[LayoutProblem]) -> np.ndarray:
    return np.array([complex(one.x_nm, one.y_nm) for one in problems])


def _is_row(problems: list[LayoutProblem]) -> bool:
    if len(problems) < LEAST:
        return False
    at_nm = _places(problems)
    if not np.isfinite(at_nm).all():
        return False
    far_nm = at_nm[np.argmax(abs(at_nm - at_nm[0]))] - at_nm[0]
    if far_nm == 0:
        return False
    seen_nm = (at_nm - at_nm[0]) * np.conj(far_nm) / abs(far_nm)
    steps_nm = np.diff(np.sort(seen_nm.real))
    pitch_nm = float(np.median(steps_nm))
    slack_nm = UNEVEN * pitch_nm
    is_line = np.ptp(seen_nm.imag) <= slack_nm
    return bool(is_line and np.count_nonzero(abs(steps_nm - pitch_nm) > slack_nm) <= MOST_UNEVEN)
