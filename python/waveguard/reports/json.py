"""Report for programs: JSON with a published, versioned schema.

Keys keep the order of the schema, lists the order of the run, which is sorted; so equal runs are equal bytes.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import TextIO

from waveguard.findings import Run
from waveguard.reports._document import RunDocument, document
from waveguard.reports._registry import ReportOptions, report

SCHEMA_FILE = "schema/run-1.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


@report("json", suffix=".json")
def write(run: Run, out: TextIO, options: ReportOptions) -> None:
    """Write the run as JSON."""
    content = document(run, timings=options.timings).model_dump(mode="json")
    json.dump(content, out, indent=1, ensure_ascii=False, allow_nan=False)
    out.write("\n")


def schema_text() -> str:
    """Return the JSON Schema as it should be published, made from the models."""
    schema = {"$schema": DIALECT, **RunDocument.model_json_schema(mode="serialization")}
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def published_schema() -> str:
    """Return the JSON Schema as it is published inside the package."""
    return resources.files("waveguard.reports").joinpath(SCHEMA_FILE).read_text(encoding="utf-8")
