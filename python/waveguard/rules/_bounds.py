"""Problems that say what the extraction left out because a bound of the PDK was reached.

A run with one of them is incomplete, whatever rules are selected: the rules saw only a part.
"""

from __future__ import annotations

BEYOND_BOUNDS: dict[str, str] = {
    "not-placed": "devices were not placed",
    "ports-too-dense": "ports have more others around them than were looked at",
    "runs-not-sought": "waveguides have more neighbours than were looked at",
    "crossings-not-sought": "waveguides have more crossings than were looked for",
    "overlaps-not-sought": "devices have more overlaps than were looked for",
    "copies-not-read": "copies of pins, markers or shapes were not read",
    "pins-not-read": "devices have more pins than were read",
}
"""What was left out, by code; the subject of the problem names the bound."""
