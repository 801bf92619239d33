"""What a person asks: to see all that is kept of them, to have it, and to have it erased."""

from storage_service.subjects.elsewhere import Elsewhere, Page, ParkedCopy
from storage_service.subjects.person import ADDRESSES_MOST, BadPerson, Person, person_of
from storage_service.subjects.report import Report
from storage_service.subjects.subjects import Busy, Erased, Incomplete, Subjects
from storage_service.subjects.suppressed import SuppressedAddress

__all__ = [
    "ADDRESSES_MOST",
    "BadPerson",
    "Busy",
    "Elsewhere",
    "Erased",
    "Incomplete",
    "Page",
    "ParkedCopy",
    "Person",
    "Report",
    "Subjects",
    "SuppressedAddress",
    "person_of",
]
