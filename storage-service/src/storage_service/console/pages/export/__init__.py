"""Export: what a query finds, as a file, in the form that somebody chooses."""

from storage_service.console.pages.export.routes import routes

__all__ = ["routes"]
