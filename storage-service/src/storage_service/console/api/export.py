"""`GET /v1/export`: what a query finds, as a file."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request

from shared.web.schemas import TEXT, Schema, a_list, an_object, ref
from storage_service.console.access import asker, needs
from storage_service.console.answers import JSON
from storage_service.console.describing import Described, parameter
from storage_service.console.downloads import FORMATS, NAMES, Downloads
from storage_service.console.parameters import LINE_CHARACTERS, QUERY, ZONE, Parameters
from storage_service.console.parts import Parts


def routes(parts: Parts) -> Blueprint:
    """Return the views."""
    views = Blueprint("export", __name__)
    downloads = Downloads(parts)

    @views.get("/v1/export")
    @needs("export")
    def export() -> Response:
        given = Parameters(request, "q", "tz", *NAMES)
        return downloads.answer(given, given.query(), given.zone(), asker())

    return views


def described() -> Described:
    """Describe it."""
    file = {"schema": {"type": "string"}}
    workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    kinds = {
        "text/csv": file,
        "application/x-ndjson": file,
        workbook: file,
        "application/zip": file,
        JSON: {"schema": ref("Exported")},
    }
    flag = {"enum": ["1", "0", "true", "false"], "default": "0"}
    return {
        "GET /v1/export": {
            "summary": "All that a query finds, as a file, newest first",
            "parameters": [
                QUERY,
                parameter("format", "What the file is.", enum=list(FORMATS), default="csv"),
                parameter("columns", _COLUMNS, maxLength=LINE_CHARACTERS),
                ZONE,
                parameter("bom", "CSV begins with U+FEFF, as Excel wants it.", **flag),
                parameter("labels", "The forms' labels stand on top of the columns.", **flag),
                parameter("unseal", "Sealed fields in the clear: the key needs the scope `unseal`, too.", **flag),
                parameter("files", _FILES, enum=["none", "zip"], default="none"),
                parameter("count", "`0`: begin at once where nothing has to be counted.", **{**flag, "default": "1"}),
            ],
            "responses": {
                "200": {
                    "description": "The file. Its end is only good if the transfer ended well.",
                    "headers": {"X-Rows-Expected": {"schema": TEXT, "description": "How many rows there will be."}},
                    "content": kinds,
                }
            },
        }
    }


def schemas() -> Mapping[str, Schema]:
    """Describe the file that is one JSON document."""
    submission = {"type": "object", "description": "As in a list, without counts and labels; or the columns asked for."}
    whole = an_object(submissions=a_list(submission), complete={"const": True}, rows={"type": "integer"})
    return {"Exported": whole}


_FILES = (
    "`zip`: a ZIP of the table, of `files.csv`, and of all files that came, in a folder for each submission. "
    "`X-Files-Expected` and `X-Bytes-Expected` say how much that is."
)
_COLUMNS = (
    'Which, in this order, as a line of CSV: `name,"PLZ, Ort",accepted_at`; `field.id` for a field that is called `id`.'
)
