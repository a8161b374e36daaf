"""OP001: links that do not have the margin the budget asks for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from waveguard.findings import Finding
from waveguard.rules import Context, rule
from waveguard.rules import _words as words

if TYPE_CHECKING:
    from waveguard.analyses.budget import LinkResult

LARGEST = 3


@rule("OP001", severity="error", since="0.1")
def link_margin(ctx: Context) -> Iterator[Finding]:
    """Link without enough light.

    What: a link of the budget whose received power, that is laser power less the loss of the worst path and the extra
        losses, exceeds the sensitivity of the receiver by less than the margin asked for; or to which no path leads.
    Why: below the sensitivity the link has errors; the margin covers ageing, temperature and the spread of the process.
    Fix: the hint names the largest losses; shorten the path, take out crossings, use better couplers, or more power.
    Limits: margin_db of the link, else of the whole budget file.
    Not checked: interference of several paths: the loss is that of the worst one alone, which is the one that loses
        most. Not evaluated, so that the run is incomplete: paths round a loop, whose resonance is not solved, or
        through devices without a model; parts stated for another wavelength or polarisation than the budget's; margins
        that neighbours may use up, or neighbours nearer than the minimum spacing whose coupling is not known.
    """
    budget = ctx.facts.budget
    if budget is None or not budget.links:
        ctx.not_applicable("no budget with links was given")
        return
    for link in budget.links:
        if link.state == "not_evaluated":
            ctx.not_evaluated("links", 1, f"{link.name}: {link.reason}")
            continue
        ctx.looked_at("links", 1)
        if link.state == "fail":
            yield _judge(ctx, link)


def _judge(ctx: Context, link: LinkResult) -> Finding:
    place = ctx.place(link.x_nm, link.y_nm, top=link.top)
    ends = f"link {link.name} from {link.from_name} to {link.to_name}"
    if not math.isfinite(link.margin_db):
        return ctx.finding(
            f"{ends}: {link.reason or 'no path'}", place, facts=[link.name], hint="see CN001 for open ports"
        )
    losses = sorted(link.ledger, key=lambda item: (-item[1], item[0]))[:LARGEST]
    return ctx.finding(
        f"{ends} has a margin of {words.db(link.margin_db)}, {words.db(link.required_margin_db)} needed: "
        f"{link.laser_power_dbm:.2f} dBm less {words.db(link.path_loss_db + link.extra_loss_db)} gives "
        f"{link.received_dbm:.2f} dBm, sensitivity {link.sensitivity_dbm:.2f} dBm",
        place,
        facts=[link.name],
        measured=link.margin_db,
        limit=link.required_margin_db,
        unit="dB",
        hint="the largest losses: " + ", ".join(f"{cause} {words.db(loss_db)}" for cause, loss_db in losses),
    )
