"""What is kept of persons, for the API and for the pages: how the services are asked, and how it is shown."""

from storage_service.console.persons.elsewhere import AskedElsewhere
from storage_service.console.persons.shown import exported, report_shown

__all__ = ["AskedElsewhere", "exported", "report_shown"]
