"""S-parameters between named ports over a grid of wavelengths, with what is known about their quality."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from difflib import get_close_matches

import numpy as np
import numpy.typing as npt

from waveguard.errors import InputError, UsageError

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]
Bools = npt.NDArray[np.bool_]

COARSE_RAD = np.pi / 4
"""Phases that turn by more between two rows make an interpolation rough."""
FAINT = 1e-3
"""Passages that are weaker everywhere do not count there."""


def checked_grid(wl_um: npt.ArrayLike) -> Floats:
    """Return wavelengths as an array; InputError unless they are positive and increase."""
    grid = np.atleast_1d(np.asarray(wl_um, dtype=np.float64))
    if not grid.size or grid.ndim != 1 or not np.all(np.isfinite(grid)) or grid.min() <= 0:
        raise InputError("wavelengths must be positive numbers, and at least one")
    if np.any(np.diff(grid) <= 0):
        raise InputError("wavelengths must increase from row to row")
    return grid


@dataclass(frozen=True)
class SParameters:
    """Amplitudes `s[wavelength, out, in]`; a wave along +z goes as exp(+iβz), power is |s|²."""

    ports: tuple[str, ...]
    wl_um: Floats
    """Wavelengths, increasing."""
    s: Complexes
    unknown: Bools | None = None
    """Pairs (out, in) that a device without a model can change; their amplitudes are NaN. None for no such pair."""
    residual: Floats | None = None
    """By wavelength, what is missing in the solved equations, relative."""
    largest_singular_value: Floats | None = None
    """By wavelength, a lower bound that is close where it is near one; at most one when the circuit is passive."""
    gaps: tuple[str, ...] = ()
    """Devices without a model, in words."""
    unknown_couplings: tuple[str, ...] = ()
    """Guides side by side whose coupling nothing is known of, so that it was left out, in words."""
    notes: tuple[str, ...] = ()
    """What was assumed or left out, in words."""
    needed_step_um: float | None = None
    """Step between wavelengths that the spectrum needs, as far as that is known; a note says where it is finer than
    the one at hand."""
    figures: dict[str, int] = field(default_factory=dict)
    """Counts for people: instances, joined ports, loops."""

    def __post_init__(self) -> None:
        n = len(self.ports)
        if len(set(self.ports)) != n:
            raise InputError("two ports have the same name", hint="give every port a name of its own")
        if self.s.shape != (len(self.wl_um), n, n):
            raise InputError(f"amplitudes of shape {self.s.shape} do not fit {len(self.wl_um)} wavelengths, {n} ports")
        checked_grid(self.wl_um)

    def __len__(self) -> int:
        return len(self.wl_um)

    def port(self, name: str) -> int:
        """Return the number of a port; UsageError, with the nearest name, when there is none."""
        try:
            return self.ports.index(name)
        except ValueError:
            near = get_close_matches(name, self.ports, n=1, cutoff=0.3)
            hint = f"did you mean {near[0]}?" if near else f"ports: {', '.join(self.ports[:12])}"
            raise UsageError(f"no port is named '{name}'", hint=hint) from None

    def between(self, start: str, end: str) -> Complexes:
        """Return the amplitudes of light that goes in at `start` and comes out at `end`, by wavelength."""
        return np.asarray(self.s[:, self.port(end), self.port(start)])

    def power_db(self, start: str, end: str) -> Floats:
        """Return the level in dB of that light (negative; minus infinity for none)."""
        with np.errstate(divide="ignore"):
            return np.asarray(20.0 * np.log10(np.abs(self.between(start, end))))

    def group_delay_ps(self, start: str, end: str) -> Floats:
        """Return dφ/dω of the passage by wavelength, in ps; differences of neighbours, so at least two wavelengths."""
        if len(self.wl_um) < 2:
            raise UsageError("a group delay needs at least two wavelengths")
        omega = 2.0 * np.pi * 299.792458 / self.wl_um
        return np.asarray(np.gradient(np.unwrap(np.angle(self.between(start, end))), omega))

    @property
    def undersampled(self) -> bool:
        """True when the spectrum is known to need a finer grid."""
        if self.needed_step_um is None or len(self.wl_um) < 2:
            return False
        return float(np.diff(self.wl_um).max()) > self.needed_step_um

    def rows(self, at: npt.NDArray[np.int64]) -> SParameters:
        """Return some of the wavelengths, by their numbers."""
        residual, largest = self.residual, self.largest_singular_value
        return replace(
            self,
            wl_um=self.wl_um[at],
            s=self.s[at],
            residual=None if residual is None else residual[at],
            largest_singular_value=None if largest is None else largest[at],
        )

    def only(self, ports: tuple[str, ...]) -> SParameters:
        """Return the same circuit with fewer ports, in the order given; at the others nothing comes in."""
        at = [self.port(name) for name in ports]
        unknown = None if self.unknown is None else self.unknown[np.ix_(at, at)]
        return replace(self, ports=ports, s=self.s[:, at][:, :, at], unknown=unknown)

    def at(self, wl_um: npt.ArrayLike) -> SParameters:
        """Return the amplitudes at other wavelengths: size and unwrapped phase interpolated between the rows.

        Wavelengths outside the rows are refused. Rows must be close enough that no phase turns by more than half.
        """
        wanted = np.atleast_1d(np.asarray(wl_um, dtype=np.float64))
        low, high = float(self.wl_um[0]), float(self.wl_um[-1])
        slack = 1e-9 * high
        if wanted.min() < low - slack or wanted.max() > high + slack:
            raise InputError(
                f"S-parameters cover {low:.6g} to {high:.6g} um, but {wanted.min():.6g} to {wanted.max():.6g} um are "
                "asked for",
                hint="choose wavelengths inside that range",
            )
        if np.array_equal(wanted, self.wl_um):
            return self
        n = len(self.ports)
        flat = self.s.reshape(len(self.wl_um), -1)
        size, phase = np.abs(flat), np.unwrap(np.angle(flat), axis=0)
        turn = np.abs(np.diff(phase, axis=0))[:, size.max(axis=0) > FAINT]
        notes = self.notes
        if turn.size and float(turn.max()) > COARSE_RAD:
            notes = (
                *notes,
                f"phases turn by up to {float(turn.max()):.1f} rad from row to row: what lies between is rough",
            )
        new = np.empty((len(wanted), n * n), dtype=np.complex128)
        for k in range(n * n):
            new[:, k] = np.interp(wanted, self.wl_um, size[:, k]) * np.exp(
                1j * np.interp(wanted, self.wl_um, phase[:, k])
            )
        return SParameters(self.ports, wanted, new.reshape(-1, n, n), notes=notes)

    def to_sax(self) -> dict[tuple[str, str], Complexes]:
        """Return them as a SAX `SDict`: amplitudes by (port in, port out)."""
        return {
            (start, end): np.asarray(self.s[:, k, i])
            for i, start in enumerate(self.ports)
            for k, end in enumerate(self.ports)
        }

    @property
    def complete(self) -> bool:
        """True when no pair is unknown."""
        return self.unknown is None or not bool(self.unknown.any())
