"""Names short enough for a table or an axis."""

from __future__ import annotations


def shortened(name: str, room: int) -> str:
    """Return a name of at most `room` characters, its middle left out: places stand at its end and tell names apart.

    >>> shortened("grating_coupler_elliptical@(27.164,814)", 24)
    'grating_co…@(27.164,814)'
    """
    if len(name) <= room:
        return name
    end = name.rfind("@") if "@" in name else name.rfind(" at ")
    tail = name[end:] if end >= 0 and len(name) - end < room - 1 else name[len(name) - room // 2 :]
    return f"{name[: room - 1 - len(tail)]}…{tail}"
