"""`python -m waveguard` is the command `waveguard`."""

from __future__ import annotations

import sys

from waveguard.cli import main

sys.exit(main())
