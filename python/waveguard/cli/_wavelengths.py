"""Wavelengths as text on the command line, the same for every command."""

from __future__ import annotations

import math

HINT = "write um: 1.55, several as 1.53,1.55, first:last:step as 1.53:1.57:0.01, or first:last:number as 1.5:1.6:101"
LEAST_NUMBER = 2.0
"""A third part that is a whole number from this on counts wavelengths: no step of light is 2 um."""
LONGEST_UM = 20.0
SHORTEST_NM = 200.0
"""A number from this on was meant in nm."""


def wavelengths_um(text: str, most: int) -> list[float]:
    """Return the wavelengths of texts such as `1.55`, `1.53,1.55`, `1.53:1.57:0.01` or `1.5:1.6:101`.

    Raises
    ------
    UsageError
        The text is none of these, there are more than `most`, or one is no optical wavelength.
    """
    from waveguard.errors import UsageError
    from waveguard.units import nm_to_um

    found: list[float] = []
    for part in (one.strip() for one in text.split(",")):
        try:
            numbers = [float(one) for one in part.split(":")]
            if len(numbers) not in (1, 3):
                raise ValueError
        except ValueError:
            raise UsageError(f"'{part}' is no wavelength", hint=HINT) from None
        for number in numbers[:2]:
            if not 0.0 < number <= LONGEST_UM:
                hint = f"write {nm_to_um(number):g}" if number >= SHORTEST_NM else HINT
                raise UsageError(f"'{part}': {number:g} um is no optical wavelength", hint=hint)
        found += _row(part, numbers, most) if len(numbers) == 3 else numbers
    return found


def _row(text: str, numbers: list[float], most: int) -> list[float]:
    from waveguard.errors import UsageError

    first, last, third = numbers
    if last < first:
        raise UsageError(f"'{text}': the first wavelength is larger than the last", hint=HINT)
    if math.isfinite(third) and third >= LEAST_NUMBER and third.is_integer():
        count = int(third)
        steps = [first + (last - first) * k / (count - 1) for k in range(count)] if count <= most else []
    elif 0.0 < third <= last - first or (third > 0.0 and first == last):
        number = (last - first) / third
        count = int(number + 1e-6) + 1 if number < most else most + 1
        steps = [first + k * third for k in range(count)] if count <= most else []
    else:
        raise UsageError(f"'{text}': {third:g} is neither a step from the first to the last nor a number", hint=HINT)
    if not steps:
        raise UsageError(f"'{text}': more than {most:,} wavelengths", hint=HINT)
    return [round(one, 9) for one in steps]
