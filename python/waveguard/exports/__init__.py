"""Files of an extraction: what was found in a layout, in the formats of the programs that go on with it.

One writer per file; `registry` knows their suffixes. Nothing is judged here. Writers see `Found`, which is plain data:
only `gather` knows where it comes from.
"""

from __future__ import annotations

from waveguard.exports.found import Facts, Found, Terminal
from waveguard.exports.registry import Export, all_exports, export_for

__all__ = ["Export", "Facts", "Found", "Terminal", "all_exports", "export_for"]
