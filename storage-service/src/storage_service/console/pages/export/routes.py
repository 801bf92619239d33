"""Connects the addresses of the export."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from shared.query import QueryError, parse
from storage_service.accounts.asker import Asker
from storage_service.console.access import asker, needs
from storage_service.console.downloads import NAMES, Downloads
from storage_service.console.pages.frame.renderer import Pages, reader_zone
from storage_service.console.parameters import Parameters
from storage_service.console.parts import Parts
from storage_service.records import COUNTED_MOST, Count, QueryTookTooLong

EXPORT = "/console/export"

FORMATS = (
    ("csv", "CSV", "a table for spreadsheets and programs"),
    ("xlsx", "Excel", "a workbook; takes longer where there are very many"),
    ("ndjson", "NDJSON", "a JSON object in each line, for programs"),
    ("json", "JSON", "one document, for programs"),
)

_QUERY_CHARACTERS = 10_000


def routes(parts: Parts, pages: Pages) -> Blueprint:
    """Return the views."""
    views = Blueprint("export_pages", __name__)
    downloads = Downloads(parts)

    @views.get(EXPORT)
    @needs("export")
    def options() -> Response:
        given = Parameters(request, "q", "columns", "tz", others=True)
        zone = given.zone() if given.text("tz") else reader_zone()
        text, who = request.args.get("q", "")[:_QUERY_CHARACTERS], asker()
        count, mistake = _count(parts, text, who, zone)
        content: dict[str, Any] = {
            "text": text,
            "mistake": mistake,
            "count": count,
            "formats": FORMATS,
            "columns": request.args.get("columns", ""),
            "zone": str(zone),
            "back": f"/console/inbox?{urlencode({'q': text})}",
        }
        return pages.page("export/export.html", 400 if mistake else 200, **content)

    @views.get(f"{EXPORT}/file")
    @needs("export")
    def file() -> Response:
        given = Parameters(request, "q", "tz", *NAMES, others=True)
        return downloads.answer(given, given.query(), given.zone(), asker())

    return views


def _count(parts: Parts, text: str, who: Asker, zone: tzinfo) -> tuple[Count | None, str | None]:
    """Return how many a query finds, None where that takes too long to find out; and what is wrong with it.

    The count that the file itself brings is exact.
    """
    try:
        query = parse(text) if text.strip() else None
        return parts.records.count(query, who.forms, COUNTED_MOST, zone=zone, me=who.name), None
    except QueryError as error:
        return None, f"The query is wrong {error}."
    except QueryTookTooLong:
        return None, None
