"""Finds submissions for their owners: by a query, in pages, one, counted, or all of them."""

from storage_service.records.arrivals import Arrivals, Crowded, Ended, Watch
from storage_service.records.bounded import QUERY_SECONDS_MOST, QueryTookTooLong
from storage_service.records.counting import Counting, FormCounts
from storage_service.records.cursors import Cursor, CursorError
from storage_service.records.hints import Hints
from storage_service.records.pages import Count, Page
from storage_service.records.record import OptInState, Record
from storage_service.records.search import COUNTED_MOST, PAGE_MOST, SETTLED, Records

__all__ = [
    "COUNTED_MOST",
    "PAGE_MOST",
    "QUERY_SECONDS_MOST",
    "SETTLED",
    "Arrivals",
    "Count",
    "Counting",
    "Crowded",
    "Cursor",
    "CursorError",
    "Ended",
    "FormCounts",
    "Hints",
    "OptInState",
    "Page",
    "QueryTookTooLong",
    "Record",
    "Records",
    "Watch",
]
