"""Words and numbers of the reports for people: plurals, rounded values, rows set in columns, colour."""

from __future__ import annotations

from collections.abc import Sequence

from waveguard.findings import Cell, Severity

STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
SEVERITY_STYLE = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}

# Digits after the point by unit: as many as mean something on a 1 nm grid and at 0.01 dB.
DIGITS = {"um": 3, "µm": 3, "nm": 1, "dB": 2, "dBm": 2, "dB/cm": 2, "um2": 1, "µm2": 1}


def pretty_unit(unit: str) -> str:
    """Unit as people write it: "um2" becomes "µm²"."""
    return unit.replace("um", "µm").replace("m2", "m²")


def plural(count: int, noun: str) -> str:
    """Count with its noun: "1 device", "48 devices"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def number(value: float, unit: str = "") -> str:
    """Number rounded as its unit deserves, without the unit."""
    text = f"{value:.{DIGITS[unit]}f}" if unit in DIGITS else f"{value:.4g}"
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text


def shorten(text: str, room: int) -> str:
    """Text, or its beginning when it is longer than there is room."""
    return text if len(text) <= room else f"{text[: room - 1].rstrip()}…"


def cell_text(value: Cell, unit: str) -> str:
    """Text of one value of a table; an unknown number is a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value, unit)
    return str(value)


def paint(text: str, *styles: str, color: bool) -> str:
    """Text in a style when colour is wanted, else as it is."""
    if not color or not styles:
        return text
    codes = ";".join(STYLES[style] for style in styles)
    return f"\x1b[{codes}m{text}\x1b[0m"


def columns(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> list[str]:
    """Header and rows as lines with aligned columns; `right` says which columns hold numbers."""
    widths = [max(len(line[i]) for line in (header, *rows)) for i in range(len(header))]
    lines = []
    for line in (header, *rows):
        parts = [
            text.rjust(width) if is_right else text.ljust(width)
            for text, width, is_right in zip(line, widths, right, strict=True)
        ]
        lines.append("  ".join(parts).rstrip())
    return lines
