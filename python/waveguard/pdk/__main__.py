"""`python -m waveguard.pdk > pdk/schema.json` writes the JSON Schema of PDK files."""

from __future__ import annotations

import sys

from waveguard.pdk.schema import json_schema

if __name__ == "__main__":
    sys.stdout.write(json_schema())
