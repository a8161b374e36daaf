"""The JSON form of a run: what programs read, apart from how the program holds it.

These models are the published schema (`schema/run-1.json`). A field may be added within a version; to change or
remove one takes the next version. Times are null unless asked for, so that the same input gives the same bytes.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from waveguard import findings
from waveguard.findings import Run

Box = tuple[float, float, float, float]


class Model(BaseModel):
    """Base of all parts of the document."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class PlaceDocument(Model):
    """Where something is, in µm in the frame of the top cell."""

    top: str
    cell: str
    x_um: float | None
    y_um: float | None
    bbox_um: Box | None


class RelatedDocument(Model):
    """A second place that belongs to a finding."""

    message: str
    place: PlaceDocument


class FindingDocument(Model):
    """One thing a rule objects to; `measured` and `limit` are in `unit`."""

    code: str
    severity: Literal["error", "warning", "info"]
    message: str
    place: PlaceDocument
    measured: float | None
    limit: float | None
    unit: str
    related: tuple[RelatedDocument, ...]
    hint: str
    fingerprint: str


class GapDocument(Model):
    """Objects that a rule should have judged and could not."""

    subject: str
    count: int
    reason: str
    asked: bool


class RuleDocument(Model):
    """What became of a rule."""

    code: str
    title: str
    state: Literal["ran", "not_applicable", "not_evaluated"]
    reason: str
    looked_at: dict[str, int]
    gaps: tuple[GapDocument, ...]
    n_findings: int


class CoverageItemDocument(Model):
    """How much of one kind of thing was understood; null is not known."""

    kind: str
    top: str
    total: float
    explained: float | None
    share: float | None
    unit: str


class UnexplainedDocument(Model):
    """Core shapes that belong to no device and no waveguide."""

    place: PlaceDocument
    area_um2: float
    reason: str
    count: int


class CoverageDocument(Model):
    """What part of the file was understood."""

    items: tuple[CoverageItemDocument, ...]
    unexplained: tuple[UnexplainedDocument, ...]


class ColumnDocument(Model):
    """A column of a table."""

    name: str
    unit: str
    title: str


class TableDocument(Model):
    """A result table, row by row; null is an unknown number."""

    name: str
    title: str
    columns: tuple[ColumnDocument, ...]
    rows: tuple[tuple[bool | int | float | str | None, ...], ...]


class InputDocument(Model):
    """A file the run depended on."""

    role: Literal["layout", "pdk", "budget"]
    name: str
    sha256: str
    n_bytes: int | None
    format: str


class AssumptionDocument(Model):
    """A number without a source that had a part in the result; without a value, what a loss leaves out."""

    name: str
    value: str
    note: str


class IncompleteDocument(Model):
    """Something asked for that could not be evaluated."""

    subject: str
    reason: str
    internal: bool


class PdkDocument(Model):
    """The PDK that judged."""

    name: str
    version: str


class RunDocument(Model):
    """A whole run of waveguard."""

    model_config = ConfigDict(title="waveguard run, version 1")

    schema_version: Literal[1] = 1
    tool: Literal["waveguard"] = "waveguard"
    verdict: Literal["clean", "findings", "incomplete", "internal error"]
    exit_code: Annotated[int, Field(ge=0, le=3)]
    fail_on: Literal["error", "warning", "info"] | None
    allow_incomplete: bool
    versions: dict[str, str]
    inputs: tuple[InputDocument, ...]
    pdk: PdkDocument
    tops: tuple[str, ...]
    counts: dict[str, int]
    findings: tuple[FindingDocument, ...]
    rules: tuple[RuleDocument, ...]
    incomplete: tuple[IncompleteDocument, ...]
    coverage: CoverageDocument
    tables: tuple[TableDocument, ...]
    assumptions: tuple[AssumptionDocument, ...]
    timings_s: dict[str, float] | None = None


def _known(value: float | None) -> float | None:
    """Number, or None when it is not known: JSON has no NaN."""
    return None if value is None or math.isnan(value) else value


def _place(place: findings.Place) -> PlaceDocument:
    return PlaceDocument(top=place.top, cell=place.cell, x_um=place.x_um, y_um=place.y_um, bbox_um=place.bbox_um)


def _finding(finding: findings.Finding) -> FindingDocument:
    return FindingDocument(
        code=finding.code,
        severity=finding.severity.value,
        message=finding.message,
        place=_place(finding.place),
        measured=finding.measured,
        limit=finding.limit,
        unit=finding.unit,
        related=tuple(RelatedDocument(message=other.message, place=_place(other.place)) for other in finding.related),
        hint=finding.hint,
        fingerprint=finding.fingerprint,
    )


def _rule(status: findings.RuleStatus) -> RuleDocument:
    return RuleDocument(
        code=status.code,
        title=status.title,
        state=status.state,
        reason=status.reason,
        looked_at=dict(status.looked_at),
        gaps=tuple(
            GapDocument(subject=gap.subject, count=gap.count, reason=gap.reason, asked=gap.asked) for gap in status.gaps
        ),
        n_findings=status.n_findings,
    )


def _coverage(coverage: findings.Coverage) -> CoverageDocument:
    items = tuple(
        CoverageItemDocument(
            kind=item.kind,
            top=item.top,
            total=item.total,
            explained=_known(item.explained),
            share=_known(item.share),
            unit=item.unit,
        )
        for item in coverage.items
    )
    unexplained = tuple(
        UnexplainedDocument(place=_place(rest.place), area_um2=rest.area_um2, reason=rest.reason, count=rest.count)
        for rest in coverage.unexplained
    )
    return CoverageDocument(items=items, unexplained=unexplained)


def _table(table: findings.ResultTable) -> TableDocument:
    columns = tuple(ColumnDocument(name=column.name, unit=column.unit, title=column.title) for column in table.columns)
    return TableDocument(name=table.name, title=table.title, columns=columns, rows=table.rows)


def document(run: Run, *, timings: bool) -> RunDocument:
    """Return the document of a run, with the times of its stages when asked for."""
    return RunDocument(
        verdict=run.verdict.value,
        exit_code=run.exit_code,
        fail_on=None if run.fail_on is None else run.fail_on.value,
        allow_incomplete=run.allow_incomplete,
        versions=dict(run.versions),
        inputs=tuple(
            InputDocument(role=file.role, name=file.name, sha256=file.sha256, n_bytes=file.n_bytes, format=file.format)
            for file in run.inputs
        ),
        pdk=PdkDocument(name=run.pdk_name, version=run.pdk_version),
        tops=run.tops,
        counts=dict(run.counts),
        findings=tuple(_finding(finding) for finding in run.findings),
        rules=tuple(_rule(status) for status in run.rules),
        incomplete=tuple(
            IncompleteDocument(subject=item.subject, reason=item.reason, internal=item.internal)
            for item in run.incomplete
        ),
        coverage=_coverage(run.coverage),
        tables=tuple(_table(table) for table in run.tables),
        assumptions=tuple(
            AssumptionDocument(name=item.name, value=item.value, note=item.note) for item in run.assumptions
        ),
        timings_s=dict(run.timings) if timings else None,
    )
