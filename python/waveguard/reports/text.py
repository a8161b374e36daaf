"""Report for people: what is wrong, where, and what was not looked at.

The worst comes first and the verdict last, where the eye is when the command ends. Long lists are capped and say
so. Coordinates are in µm in the frame of the top cell.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TextIO, TypeVar

from waveguard.findings import NOT_SELECTED, ColumnInfo, Finding, Place, ResultTable, Run, Severity, Verdict
from waveguard.reports._registry import ReportOptions, report
from waveguard.reports._words import SEVERITY_STYLE, cell_text, columns, number, paint, plural, pretty_unit, shorten

LONGEST_CELL = 40
# Width that a line with a note of the PDK may take.
NOTE_LINE = 100
SHORTEST_NOTE = 24
# Shapes that were not understood are named one by one in EX001; here stand the largest.
MAX_UNEXPLAINED = 5
VERDICT_STYLE = {
    Verdict.CLEAN: "green",
    Verdict.FINDINGS: "red",
    Verdict.INCOMPLETE: "yellow",
    Verdict.INTERNAL_ERROR: "red",
}
CORE_KINDS = ("core area",)
SUMMARY_COUNTS = (("devices", "device"), ("nets", "net"), ("waveguides", "guide"))
Item = TypeVar("Item")


@report("text", suffix=".txt")
def write(run: Run, out: TextIO, options: ReportOptions) -> None:
    """Write the run as text."""
    sections = (_inputs, _findings, _tables, _not_judged, _coverage, _assumptions, _notes, _incomplete)
    for section in sections:
        lines = list(section(run, options))
        if lines:
            out.write("\n".join(lines) + "\n\n")
    out.write(_verdict(run, options) + "\n")
    out.write(summary(run, timings=options.timings) + "\n")


def summary(run: Run, *, timings: bool) -> str:
    """Return the one line that says it all."""
    found = [
        plural(run.n_findings(severity), noun)
        for severity, noun in ((Severity.ERROR, "error"), (Severity.WARNING, "warning"), (Severity.INFO, "note"))
        if run.n_findings(severity) or severity is Severity.ERROR
    ]
    seen = ", ".join(plural(run.count(name), noun) for name, noun in SUMMARY_COUNTS)
    parts = [f"{', '.join(found)} in {seen}"]
    share = core_share(run)
    parts.append("coverage unknown" if share is None else f"coverage {_percent(share)}")
    if timings and run.timings:
        parts.append(f"{total_s(run):.2f} s")
    return "; ".join(parts)


def total_s(run: Run) -> float:
    """Time of the whole run."""
    stages = dict(run.timings)
    return stages.get("total", sum(stages.values()))


def core_share(run: Run) -> float | None:
    """Part of the core area that was understood, over all top cells; None when there is no core."""
    areas = [item for item in run.coverage.items if item.kind in CORE_KINDS]
    total = sum(item.total for item in areas)
    return sum(item.explained for item in areas) / total if total > 0 else None


def _percent(share: float) -> str:
    # Rounding must not turn "nearly all" into "all".
    percent = min(100 * share, 99.9) if share < 1 else 100.0
    return f"{percent:.1f} %"


def _shown(items: Sequence[Item], options: ReportOptions) -> Sequence[Item]:
    """Return the items for which there is room."""
    return items[: options.max_rows or None]


def _more(items: Sequence[object], shown: Sequence[object], noun: str = "") -> Iterator[str]:
    """Say how many items are not shown."""
    left = len(items) - len(shown)
    if left:
        what = f" {noun if left == 1 else noun + 's'}" if noun else ""
        yield f"  … and {left} more{what}, all in the JSON report"


def _heading(text: str, options: ReportOptions) -> str:
    return paint(text, "bold", color=options.color)


def _inputs(run: Run, options: ReportOptions) -> Iterator[str]:
    versions = dict(run.versions)
    head = f"waveguard {versions.get('waveguard', '')}".rstrip()
    names = [f"{file.name} ({file.format})" if file.format else file.name for file in run.inputs if file.role != "pdk"]
    pdk = f"PDK {run.pdk_name} {run.pdk_version}".rstrip()
    yield paint(" · ".join([head, *names, pdk]), "dim", color=options.color)


def _findings(run: Run, options: ReportOptions) -> Iterator[str]:
    titles = {status.code: status.title for status in run.rules}
    several_tops = len(run.tops) > 1
    groups = itertools.groupby(run.findings, key=lambda finding: (finding.severity, finding.code))
    for index, ((severity, code), members) in enumerate(groups):
        group = list(members)
        if index:
            yield ""
        style = SEVERITY_STYLE[severity]
        title = titles.get(code, "")
        head = paint(f"{severity.value} {code}", style, "bold", color=options.color)
        yield f"{head} {_heading(title, options)}: {plural(len(group), 'finding')}".replace("  ", " ")
        shown = _shown(group, options)
        for finding in shown:
            yield from _finding(finding, several_tops=several_tops, options=options)
        yield from _more(group, shown)


def _finding(finding: Finding, *, several_tops: bool, options: ReportOptions) -> Iterator[str]:
    where = place_text(finding.place, several_tops=several_tops)
    yield f"  {paint(where, 'cyan', color=options.color)}  {finding.message}" if where else f"  {finding.message}"
    if finding.hint:
        yield f"      hint: {finding.hint}"
    for other in finding.related[:2]:
        there = place_text(other.place, several_tops=False)
        yield f"      {other.message} at {there}" if there else f"      {other.message}"


def place_text(place: Place, *, several_tops: bool) -> str:
    """Place as people write it: "(60.000, 635.020) µm in loop_2"."""
    parts = []
    if place.x_um is not None and place.y_um is not None:
        parts.append(f"({number(place.x_um, 'um')}, {number(place.y_um, 'um')}) µm")
    if place.cell and place.cell != place.top:
        parts.append(f"in {place.cell}")
    if several_tops and place.top:
        parts.append(f"of {place.top}")
    return " ".join(parts)


def _tables(run: Run, options: ReportOptions) -> Iterator[str]:
    wanted = [table for table in run.tables if table.rows]
    for index, table in enumerate(wanted):
        if index:
            yield ""
        yield _heading(table.title or table.name, options)
        yield from _table(table, options, several_tops=len(run.tops) > 1)


def _table(table: ResultTable, options: ReportOptions, *, several_tops: bool) -> Iterator[str]:
    shown = _shown(table.rows, options)
    # A column without any value, or with the one top cell in every row, would only take room.
    kept = [
        i
        for i, column in enumerate(table.columns)
        if any(row[i] not in (None, "") for row in shown) and (several_tops or column.name != "top")
    ]
    heads = {i: _column_head(table.columns[i]) for i in kept}
    texts = [{i: cell_text(row[i], table.columns[i].unit) for i in kept} for row in shown]
    # What is long gets a line of its own below its row; so the columns stay narrow enough for a terminal.
    short = [i for i in kept if max(len(text[i]) for text in texts) <= LONGEST_CELL]
    right = [all(isinstance(row[i], (int, float)) or row[i] is None for row in shown) for i in short]
    lines = columns([heads[i] for i in short], [[text[i] for i in short] for text in texts], right)
    yield f"  {lines[0]}"
    for row, text, line in zip(shown, texts, lines[1:], strict=True):
        yield f"  {line}"
        yield from (f"      {heads[i]}: {text[i]}" for i in kept if i not in short and row[i] not in (None, ""))
    yield from _more(table.rows, shown, "row")


def _column_head(column: ColumnInfo) -> str:
    """Name of a column for people: "worst_loss_db" in dB becomes "worst loss (dB)"."""
    if not column.unit:
        return column.name.replace("_", " ")
    ending = "_" + column.unit.lower().replace("/", "_per_")
    return f"{column.name.removesuffix(ending).replace('_', ' ')} ({pretty_unit(column.unit)})"


def _not_judged(run: Run, options: ReportOptions) -> Iterator[str]:
    rows = []
    for status in run.rules:
        if status.state == "not_evaluated" and not status.gaps:
            rows.append((status.code, status.title, "–", status.reason))
        rows += [(status.code, status.title, f"{gap.count} {gap.subject}", gap.reason) for gap in status.gaps]
    if rows:
        yield _heading("Not evaluated", options)
        shown = _shown(rows, options)
        lines = columns(("rule", "title", "what", "why"), shown, (False,) * 4)
        yield from (f"  {line}" for line in lines)
        yield from _more(rows, shown)
    if run.rules:
        ran = sum(status.state == "ran" for status in run.rules)
        idle = [status for status in run.rules if status.state == "not_applicable"]
        unasked = [status.code for status in idle if status.reason == NOT_SELECTED]
        empty = [status.code for status in idle if status.reason != NOT_SELECTED]
        parts = [f"{plural(ran, 'rule')} ran"]
        parts += [f"nothing to judge for {', '.join(empty)}"] if empty else []
        parts += [f"not selected: {', '.join(unasked)}"] if unasked else []
        yield "; ".join(parts)


def _coverage(run: Run, options: ReportOptions) -> Iterator[str]:
    if not run.coverage.items:
        return
    yield _heading("Coverage", options)
    rows = []
    for item in run.coverage.items:
        share = "–" if item.share is None else _percent(item.share)
        unit = f" {pretty_unit(item.unit)}" if item.unit else ""
        explained, total = (_amount(value, item.unit) for value in (item.explained, item.total))
        rows.append((item.kind, item.top, f"{explained} of {total}{unit}", share))
    header = ("what", "top cell", "understood", "share")
    shown = _shown(rows, options)
    yield from (f"  {line}" for line in columns(header, shown, (False, False, True, True)))
    yield from _more(rows, shown, "row")
    rest = run.coverage.unexplained
    largest = rest[: min(MAX_UNEXPLAINED, options.max_rows)] if options.max_rows else rest
    for shape in largest:
        where = place_text(shape.place, several_tops=len(run.tops) > 1)
        shapes = f" in {plural(shape.count, 'shape')}" if shape.count > 1 else ""
        yield f"  not understood: {where}  {number(shape.area_um2, 'um2')} µm²{shapes}  {shape.reason}"
    yield from _more(rest, largest, "place")


def _amount(value: float, unit: str) -> str:
    """Amount of a kind: areas with the digits of their unit, counts as they are."""
    return number(value, unit) if unit else f"{value:.10g}"


def _assumptions(run: Run, options: ReportOptions) -> Iterator[str]:
    numbers = [item for item in run.assumptions if item.value]
    if numbers:
        yield _heading("Assumed numbers (the PDK names no source)", options)
        shown = _shown(numbers, options)
        room = max(SHORTEST_NOTE, NOTE_LINE - max(len(item.name) + len(item.value) for item in shown))
        rows = [(item.name, item.value, shorten(item.note, room)) for item in shown]
        yield from (f"  {line}" for line in columns(("number", "value", "note"), rows, (False, False, False)))
        yield from _more(numbers, shown)


def _notes(run: Run, options: ReportOptions) -> Iterator[str]:
    # What a loss leaves out is said in full: half of it would be worth nothing.
    notes = [item for item in run.assumptions if not item.value]
    if notes:
        yield _heading("Left out, taken as zero or without a source", options)
        shown = _shown(notes, options)
        yield from (f"  {item.name}: {item.note}" for item in shown)
        yield from _more(notes, shown)


def _incomplete(run: Run, options: ReportOptions) -> Iterator[str]:
    if not run.incomplete:
        return
    yield _heading("Incomplete", options)
    shown = _shown(run.incomplete, options)
    for item in shown:
        kind = "internal error, please report: " if item.internal else ""
        yield f"  {item.subject}: {kind}{item.reason}"
    yield from _more(run.incomplete, shown)


def _verdict(run: Run, options: ReportOptions) -> str:
    verdict = run.verdict
    accepted = ", but for what is incomplete and accepted" if run.incomplete and verdict is Verdict.CLEAN else ""
    text = f"verdict: {verdict.value}{accepted} (exit code {run.exit_code})"
    return paint(text, VERDICT_STYLE[verdict], "bold", color=options.color)
