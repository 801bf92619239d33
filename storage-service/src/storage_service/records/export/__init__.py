"""Writes submissions out as files: CSV, NDJSON, JSON and XLSX, a part at a time, however many there are."""

from storage_service.records.export.asked import COLUMNS_ASKED_MOST, Asked, ColumnsError, Format, named_columns
from storage_service.records.export.columns import COLUMNS_MOST
from storage_service.records.export.exporter import Export, Exporter
from storage_service.records.export.places import AllTaken, Place, Places

__all__ = [
    "COLUMNS_ASKED_MOST",
    "COLUMNS_MOST",
    "AllTaken",
    "Asked",
    "ColumnsError",
    "Export",
    "Exporter",
    "Format",
    "Place",
    "Places",
    "named_columns",
]
