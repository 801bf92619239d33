"""Jobs: what is done to many submissions, how far it is, to stop it, to undo it."""

from storage_service.console.pages.jobs.routes import routes

__all__ = ["routes"]
