"""Devices of a PDK: which cells are what, and the numbers of their models.

The fact a newcomer would get wrong: the first entry that matches wins, so the special patterns stand before the general
ones; and a `black_box` is no error but a listed gap: paths through it have no loss.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Literal, get_args

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from waveguard.pdk.quantity import Part, Quantity, Sourced, Text, nearest
from waveguard.pdk.sections import Name, Polarisation

Role = Literal["auto", "device", "guide", "circuit", "ignore"]
Kind = Literal[
    "guide",
    "splitter_1x2",
    "splitter_1xn",
    "coupler_2x2",
    "crossing",
    "fibre_coupler",
    "edge_coupler",
    "laser",
    "detector",
    "terminator",
    "taper",
    "two_port",
    "ring_add_drop",
    "mux",
    "black_box",
    "ignore",
]
KINDS: tuple[str, ...] = get_args(Kind)

# Parameters each kind may carry. Losses are positive dB, levels (crosstalk, reflection, isolation) negative dB.
PARAMETERS: dict[str, tuple[str, ...]] = {
    "guide": (),
    "splitter_1x2": ("excess_loss_db", "first_fraction", "reflection_db", "isolation_db"),
    "splitter_1xn": ("excess_loss_db", "reflection_db", "isolation_db"),
    "coupler_2x2": ("excess_loss_db", "cross_fraction", "reflection_db", "isolation_db"),
    "crossing": ("loss_db", "crosstalk_db", "reflection_db"),
    "fibre_coupler": ("loss_db", "bandwidth_1db_nm", "reflection_db"),
    "edge_coupler": ("loss_db", "reflection_db"),
    "laser": ("loss_db", "power_dbm", "reflection_db"),
    "detector": ("loss_db", "responsivity_a_per_w", "reflection_db"),
    "terminator": ("reflection_db",),
    "taper": ("loss_db", "reflection_db"),
    "two_port": ("loss_db", "reflection_db"),
    "ring_add_drop": (
        "through_loss_db",
        "drop_loss_db",
        "crosstalk_db",
        # For fields: where it resonates.
        "round_trip_um",
        "n_eff",
        "n_g",
        "coupling_fraction",
        "drop_coupling_fraction",
        "loss_db_per_cm",
    ),
    "mux": ("loss_db", "crosstalk_db", "reflection_db"),
    "black_box": (),
    "ignore": (),
}
REQUIRED: dict[str, tuple[str, ...]] = {
    "splitter_1x2": ("excess_loss_db",),
    "splitter_1xn": ("excess_loss_db",),
    "coupler_2x2": ("excess_loss_db", "cross_fraction"),
    "crossing": ("loss_db",),
    "fibre_coupler": ("loss_db",),
    "edge_coupler": ("loss_db",),
    "laser": ("loss_db",),
    "detector": ("loss_db",),
    "taper": ("loss_db",),
    "two_port": ("loss_db",),
    "ring_add_drop": ("through_loss_db", "drop_loss_db"),
    "mux": ("loss_db",),
}


class SParameterFile(Sourced):
    """Measured or simulated S-parameters of a device, in a file beside the PDK."""

    file: Text
    """Touchstone `.sNp`, `.npz`, `.csv`, or a Lumerical table `.dat` or `.sparam`; relative to the TOML file."""
    ports: dict[str, Text] = Field(default_factory=dict)
    """Port of the model -> its name (or number, from 1) in the file; the same names when absent."""
    time_sign: Literal[1, -1] | None = None
    """Sign of iωt in the file: +1 where a longer guide has a smaller phase. Touchstone is +1 when absent, others -1."""
    mode: Text | None = None
    """Mode to take from a file with several, or `all` for ports called `port@mode`."""


class DevicePattern(Part):
    """Cells that are one device: found by cell name, by the component text in the cell, or by kfactory function."""

    name: Name
    title: Text | None = None
    cells: tuple[Text, ...] = ()
    """fnmatch patterns on the cell name without KLayout's `$1` endings."""
    components: tuple[Text, ...] = ()
    """fnmatch patterns on the component text of the cell (SiEPIC `Component=…`)."""
    functions: tuple[Text, ...] = ()
    """fnmatch patterns on kfactory's function_name."""
    role: Role = "auto"
    kind: Kind
    model: Text | None = None
    """Model file; the kind's own model when absent."""
    cross_section: Name | None = None
    wavelength_um: float | None = Field(default=None, gt=0)
    polarisation: Polarisation | None = None
    ports: dict[str, tuple[Text, ...]] = Field(default_factory=dict)
    """Port of the model -> names that files use for it, e.g. `in = ["opt1", "o1"]`."""
    ignored_ports: tuple[Text, ...] = ()
    """fnmatch patterns on names of ports that metadata state and that are marks for alignment, no way in or out."""
    params: dict[str, Quantity] = Field(default_factory=dict)
    sparameters: SParameterFile | None = None
    """Amplitudes for fields, in place of the model of the kind."""
    note: Text | None = None

    @model_validator(mode="after")
    def _parameters_of_the_kind(self) -> DevicePattern:
        known = PARAMETERS[self.kind]
        for key, quantity in self.params.items():
            if key not in known:
                meant = nearest(key, known)
                raise PydanticCustomError(
                    "unknown_key",
                    "unknown key 'params.{key}' for kind {kind}{hint}",
                    {
                        "key": key,
                        "kind": self.kind,
                        "hint": f", nearest known key '{meant}'"
                        if meant
                        else f" (known: {', '.join(known) or 'none'})",
                        "nearest": meant or "",
                        "at": ("params", key),
                    },
                )
            level = key in {"crosstalk_db", "reflection_db", "isolation_db"}
            sign_wrong = quantity.value > 0 if level else quantity.value < 0 and key != "power_dbm"
            if sign_wrong or (key.endswith("_fraction") and not 0 <= quantity.value <= 1):
                raise PydanticCustomError(
                    "parameter_range",
                    "params.{key} = {value} is out of range ({rule})",
                    {
                        "key": key,
                        "value": quantity.value,
                        "at": ("params", key),
                        "rule": "levels are negative dB" if level else "losses are positive dB, fractions 0 to 1",
                    },
                )
        for key in REQUIRED.get(self.kind, ()):
            if key not in self.params:
                raise PydanticCustomError(
                    "missing_parameter", "kind {kind} needs params.{key}", {"kind": self.kind, "key": key}
                )
        if not (self.cells or self.components or self.functions):
            raise PydanticCustomError("no_pattern", "give at least one of cells, components, functions")
        return self

    def matches(self, cell: str, component: str | None, function: str | None) -> bool:
        """True when the names of a cell fit one of the patterns. Case counts."""
        return (
            any(fnmatchcase(cell, pattern) for pattern in self.cells)
            or (component is not None and any(fnmatchcase(component, pattern) for pattern in self.components))
            or (function is not None and any(fnmatchcase(function, pattern) for pattern in self.functions))
        )
