"""Names of a budget file → terminals and guides, with errors that say what would have been right."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from waveguard.assembly.terminals import at_name
from waveguard.errors import BudgetError

if TYPE_CHECKING:
    from waveguard.budget import Budget
    from waveguard.circuit import CircuitModel

MAX_LISTED = 5


class Names:
    """Looks names up."""

    def __init__(self, budget: Budget, model: CircuitModel) -> None:
        self.budget, self.model = budget, model

    def terminal(self, name: str, role: str, *key: str | int) -> int:
        """Return the terminal of that name; `role` is `source` or `sink`, `key` where the name stands in the file."""
        terminals = self.model.terminals
        found = terminals.find(name)
        fits = terminals.is_in if role == "source" else terminals.is_out
        usable = [k for k in found if fits[k]]
        if len(usable) == 1:
            return usable[0]
        if usable:
            listed = ", ".join(terminals.places[k] for k in usable[:MAX_LISTED])
            raise self._error(f"'{name}' is the name of {len(usable)} terminals: {listed}", key, "write one of these")
        if found:
            way = "enters" if role == "source" else "leaves"
            kind = terminals.kind[found[0]]
            raise self._error(f"'{name}' is a {kind.replace('_', ' ')}: no light {way} there", key, "swap from and to?")
        near = terminals.nearest(name)
        if not len(terminals):
            message = "the circuit has no terminals: no fibre coupler, laser, detector or stated port was found"
            raise self._error(f"no terminal is called '{name}': {message}", key, "see `waveguard extract`")
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise self._error(f"no terminal is called '{name}'", key, f"{hint}`waveguard extract` lists all terminals")

    def guide(self, name: str, number: int) -> int:
        """Return a guide by the name of its cell, or by `<cell>@(x,y)` of its first port."""
        guides, devices = self.model.tables.waveguides, self.model.tables.devices
        wanted = name.casefold()
        known: dict[str, list[int]] = {}
        for row, device in enumerate(guides.device.tolist()):
            cell = self.model.cell_names[int(devices.cell[device])]
            known.setdefault(cell.casefold(), []).append(row)
            port = int(guides.port_a[row])
            if port >= 0:
                place = at_name(cell, *self._position(port))
                known.setdefault(place.casefold(), []).append(row)
        found = known.get(wanted, [])
        lengths = {round(float(guides.centerline_length_nm[row]), 3) for row in found}
        if len(lengths) == 1:
            return found[0]
        if found:
            listed = ", ".join(at_name(name, *self._position(int(guides.port_a[row]))) for row in found[:MAX_LISTED])
            message = f"'{name}' is the name of {len(found)} guides of different lengths: {listed}"
            raise self._error(message, ("assert", number, "check"), "write one of these")
        near = get_close_matches(wanted, list(known), n=3, cutoff=0.4)
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        raise self._error(
            f"no guide is called '{name}'", ("assert", number, "check"), f"{hint}`waveguard extract` lists all guides"
        )

    def device(self, row: int) -> str:
        """Return a name of a device for messages."""
        devices = self.model.tables.devices
        cell = self.model.cell_names[int(devices.cell[row])]
        return at_name(cell, float(devices.x_nm[row]), float(devices.y_nm[row]))

    def port(self, port: int) -> str:
        """Return a name of a port for messages."""
        ports = self.model.tables.ports
        device = int(self.model.port_device[port])
        cell = self.model.cell_names[int(self.model.tables.devices.cell[device])]
        return f"{ports.name[port]} of {at_name(cell, *self._position(port))}".removeprefix(" of ")

    def _position(self, port: int) -> tuple[float, float]:
        ports = self.model.tables.ports
        return float(ports.x_nm[port]), float(ports.y_nm[port])

    def _error(self, message: str, key: tuple[str | int, ...], hint: str) -> BudgetError:
        line = self.budget.line(*key)
        return BudgetError(message, path=self.budget.path, place=f"line {line}" if line else None, hint=hint)
