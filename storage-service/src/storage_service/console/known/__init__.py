"""All that is known of one submission, for whoever shows it: the API, and the console's page."""

from storage_service.console.known.submission import Known, known

__all__ = ["Known", "known"]
