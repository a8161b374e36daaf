"""Fields of whole circuits: complex S-parameters from a layout or a netlist, and S-parameter files.

`from_netlist` takes a netlist as SAX and gdsfactory write it, `from_layout` a circuit that was extracted, `read` a file
of measured or simulated S-parameters; all return `SParameters`. `sax_from_layout` hands an extracted circuit to SAX.
"""

from __future__ import annotations

from waveguard.fields.files import read, write
from waveguard.fields.layout import from_layout, sax_from_layout
from waveguard.fields.netlist import from_netlist
from waveguard.fields.sparameters import SParameters

__all__ = ["SParameters", "from_layout", "from_netlist", "read", "sax_from_layout", "write"]
