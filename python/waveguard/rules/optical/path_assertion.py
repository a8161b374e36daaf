"""OP002: statements of the budget about paths that do not hold."""

from __future__ import annotations

import math
from collections.abc import Iterator

from waveguard.findings import Finding
from waveguard.rules import Context, rule


@rule("OP002", severity="error", since="0.1")
def path_assertion(ctx: Context) -> Iterator[Finding]:
    """Statement about a path that does not hold.

    What: an assertion of the budget file that is false: a loss above its limit, two lengths that differ by more than
        stated, too little isolation between two places.
    Why: somebody wrote the statement down because the design relies on it.
    Fix: change the layout until it holds, or the statement if it asks for more than the design needs.
    Limits: those of the statement.
    Not checked: statements that cannot be evaluated (no path through a device without model, a length that was not
        measured); they make the run incomplete.
    """
    budget = ctx.facts.budget
    if budget is None or not budget.assertions:
        ctx.not_applicable("no budget with assertions was given")
        return
    for assertion in budget.assertions:
        if assertion.state == "not_evaluated":
            ctx.not_evaluated("assertions", 1, f"{assertion.text}: {assertion.reason}")
            continue
        ctx.looked_at("assertions", 1)
        if assertion.state == "fail":
            known = math.isfinite(assertion.measured)
            found = f"found {assertion.measured:.6g} {assertion.unit}" if known else "no value"
            reason = f" ({assertion.reason})" if assertion.reason else ""
            yield ctx.finding(
                f"{assertion.text} does not hold: {found}{reason}",
                ctx.place(assertion.x_nm, assertion.y_nm, top=assertion.top),
                facts=[assertion.text],
                measured=assertion.measured if known else None,
                limit=assertion.limit,
                unit=assertion.unit,
            )
