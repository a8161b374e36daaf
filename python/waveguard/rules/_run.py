"""Runs rules one after the other and keeps their mistakes to themselves.

The fact a newcomer would get wrong: a rule that raises has not passed. Its findings so far are dropped, it is not
evaluated, and the run ends as an internal error.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from waveguard.findings import NOT_SELECTED, Finding, Incomplete, RuleStatus
from waveguard.rules._context import Context, Facts
from waveguard.rules._registry import Rule, all_rules


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules said: findings in the order found, one status per rule, and what they could not answer."""

    findings: tuple[Finding, ...]
    statuses: tuple[RuleStatus, ...]
    incomplete: tuple[Incomplete, ...]


def judge(
    facts: Facts, codes: Collection[str], *, progress: Callable[[str, int, int], object] | None = None
) -> Judgement:
    """Run the rules of these codes; the others are listed as not selected."""
    findings: list[Finding] = []
    statuses: list[RuleStatus] = []
    incomplete: list[Incomplete] = []
    rules = all_rules()
    for number, rule in enumerate(rules):
        if progress is not None:
            progress("judge", number, len(rules))
        if rule.code not in codes:
            statuses.append(RuleStatus(rule.code, rule.title, "not_applicable", NOT_SELECTED))
            continue
        found, status, missing = _judge_one(rule, facts)
        findings += found
        statuses.append(status)
        incomplete += missing
    return Judgement(tuple(findings), tuple(statuses), tuple(incomplete))


def _judge_one(rule: Rule, facts: Facts) -> tuple[list[Finding], RuleStatus, list[Incomplete]]:
    context = Context(facts, rule)
    try:
        found = list(rule.judge(context))
    except Exception as error:  # noqa: BLE001 (whatever it is: one broken rule must not hide the others)
        reason = f"{type(error).__name__}: {error}"
        status = RuleStatus(rule.code, rule.title, "not_evaluated", f"internal error: {reason}")
        return [], status, [Incomplete(f"rule {rule.code}", reason, internal=True)]
    status = context.status(len(found))
    missing = [
        Incomplete(f"rule {rule.code}", f"{gap.count:,} {gap.subject} not evaluated: {gap.reason}")
        for gap in status.gaps
        if gap.asked
    ]
    return found, status, missing
