"""From bytes to columns: finding out what a file is, and taking a gdstk library apart into flat arrays."""

from __future__ import annotations
