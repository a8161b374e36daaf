"""Rules: one file each below this package, found by walking it.

A rule sees `Context` and yields `Finding`s. It never imports the compiled core, another rule or a report.
"""

from __future__ import annotations

from waveguard.rules._bounds import BEYOND_BOUNDS
from waveguard.rules._context import Context, Facts, LayoutProblem
from waveguard.rules._registry import HEADINGS, Rule, all_rules, rule, selected_rules
from waveguard.rules._run import Judgement, judge

__all__ = [
    "BEYOND_BOUNDS",
    "HEADINGS",
    "Context",
    "Facts",
    "Judgement",
    "LayoutProblem",
    "Rule",
    "all_rules",
    "judge",
    "rule",
    "selected_rules",
]
