"""The guides as CSV: one row per waveguide, with name, cell and cross-section in words and the places of its ends."""

from __future__ import annotations

import csv
from typing import TextIO

from waveguard.exports.found import Found
from waveguard.exports.names import instance_names
from waveguard.exports.tables_json import plain
from waveguard.units import um_to_nm

HEAD = ("waveguide", "name", "cell", "top", "cross_section")
ENDS = ("x_a_nm", "y_a_nm", "x_b_nm", "y_b_nm")
STATED = "stated_length_nm"
SLOT = ("gap_nm", "gap_min_nm", "gap_error_nm", "rail_nm", "rail_min_nm", "rail_error_nm")
"""Of slot guides; written where there are some."""
SEGMENTED = ("pitch_nm", "duty_cycle")
"""Of rows of boxes; empty for solid guides."""


def write_guides_csv(found: Found, out: TextIO) -> None:
    """Write the table; an unknown number is an empty field."""
    waveguides, devices, ports = (found.table(name) for name in ("waveguides", "devices", "ports"))
    columns = [column for column in waveguides if column not in ("device", "cross_section")]
    names, slots = instance_names(found), found.table("slots")
    row_of_slot = {int(waveguide): k for k, waveguide in enumerate(slots.get("waveguide", ()))}
    slot_columns = SLOT if row_of_slot else ()
    writer = csv.writer(out, lineterminator="\n")
    slot_head = [f"slot_{column}" for column in slot_columns]
    writer.writerow([*HEAD, *columns, *ENDS, STATED, *slot_head, *SEGMENTED])
    for row, device in enumerate(waveguides.get("device", ())):
        head = [
            row,
            names[int(device)],
            found.cell_names[int(devices["cell"][device])],
            found.cell_names[int(devices["top"][device])],
            found.cross_section(int(waveguides["cross_section"][row])),
        ]
        values = [plain(waveguides[column][row], column) for column in columns]
        for side in ("port_a", "port_b"):
            port = int(waveguides[side][row])
            values += [plain(ports[axis][port], axis) if port >= 0 else None for axis in ("x_nm", "y_nm")]
        stated = um_to_nm(float(found.stated_length_um[row])) if len(found.stated_length_um) else None
        values.append(None if stated is None else plain(stated, STATED))
        k = row_of_slot.get(row)
        values += [None if k is None else plain(slots[column][k], column) for column in slot_columns]
        divided = found.segmented.get(row, (None, None))
        values += [plain(value, column) for value, column in zip(divided, SEGMENTED, strict=True)]
        writer.writerow(head + ["" if value is None else value for value in values])
