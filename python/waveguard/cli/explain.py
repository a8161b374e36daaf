"""`waveguard explain`: the documentation of a rule, which is its docstring."""

from __future__ import annotations

import difflib
from typing import Annotated

import typer

from waveguard.cli import _output


def explain(
    code: Annotated[
        str | None,
        typer.Argument(metavar="CODE", help="Code of a rule, such as CN001; without it, all rules are listed."),
    ] = None,
) -> int:
    """Explain a rule: what it finds, why that matters, how to mend it."""
    from waveguard.errors import UsageError
    from waveguard.rules import all_rules

    rules = {rule.code: rule for rule in all_rules()}
    if code is None:
        lines = [f"{rule.code}  {rule.severity.value:7}  {rule.title}\n" for rule in rules.values()]
        _output.write_stdout(lambda out: out.writelines(lines))
        return 0
    wanted = code.upper()
    if wanted not in rules:
        near = difflib.get_close_matches(wanted, rules, n=3, cutoff=0.3)
        by_name = [rule.code for rule in rules.values() if code.lower() in (rule.name, rule.title.lower())]
        guess = by_name or near or list(rules)
        raise UsageError(
            f"unknown rule: {code}", hint=f"the nearest is {', '.join(guess)}; `waveguard explain` lists all"
        )
    rule = rules[wanted]
    text = f"{rule.code} ({rule.severity.value}, since {rule.since})\n\n{rule.documentation.strip()}\n"
    _output.write_stdout(lambda out: out.write(text))
    return 0
