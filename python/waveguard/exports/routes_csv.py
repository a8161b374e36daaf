"""The routes as CSV: guides joined end to end, as one way, with the names of what they lead from and to."""

from __future__ import annotations

import csv
from typing import TextIO

from waveguard.exports.found import Found
from waveguard.exports.names import port_labels
from waveguard.exports.tables_json import plain_column

HEAD = ("route", "from", "to", "cross_section_name")


def write_routes_csv(found: Found, out: TextIO) -> None:
    """Write the table; an unknown number is an empty field, and a ring leads from nowhere to nowhere."""
    table, labels = found.table("routes"), port_labels(found)
    columns = {name: plain_column(values, name) for name, values in table.items()}
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*HEAD, *columns])
    for row in range(found.rows("routes")):
        ends = (int(table[side][row]) for side in ("port_a", "port_b"))
        head = [row, *(labels[port] if port >= 0 else "" for port in ends)]
        head.append(found.cross_section(int(table["cross_section"][row])))
        values = (column[row] for column in columns.values())
        writer.writerow(head + ["" if value is None else value for value in values])
