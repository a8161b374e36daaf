"""Files of an extraction look as they did when somebody last read them."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from waveguard.exports import export_for


@pytest.mark.parametrize("suffix", [".routes.csv", ".yaml", ".netlist.json", ".spi", ".csv", ".svg"])
def test_an_extraction_in_text(suffix: str, sample_found: Any, golden: Callable[[str, str], None]) -> None:
    name = f"sample_found{suffix}"
    out = StringIO()
    export_for(Path(name)).write(sample_found, out)
    golden(name, out.getvalue())
