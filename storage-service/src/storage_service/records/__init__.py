"""Finds submissions for their owners: by a query, in pages, one, counted, or all of them."""

from storage_service.records.bounded import QUERY_SECONDS_MOST, QueryTookTooLong
from storage_service.records.counting import Counting, FormCounts
from storage_service.records.cursors import Cursor, CursorError
from storage_service.records.record import Record
from storage_service.records.search import COUNTED_MOST, PAGE_MOST, Count, Page, Records

__all__ = [
    "COUNTED_MOST",
    "PAGE_MOST",
    "QUERY_SECONDS_MOST",
    "Count",
    "Counting",
    "Cursor",
    "CursorError",
    "FormCounts",
    "Page",
    "QueryTookTooLong",
    "Record",
    "Records",
]
