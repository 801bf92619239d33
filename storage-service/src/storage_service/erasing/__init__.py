"""Erases submissions: one procedure, whoever asks for it, that takes all that is known of one and leaves its key."""

from storage_service.erasing.beside import Beside, Forgets
from storage_service.erasing.erasing import AT_ONCE, Erasing
from storage_service.erasing.journal import Journal, KeptNowhere, journal_of

__all__ = ["AT_ONCE", "Beside", "Erasing", "Forgets", "Journal", "KeptNowhere", "journal_of"]
