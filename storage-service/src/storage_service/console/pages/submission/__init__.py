"""The page of one submission, and what can be done with it there."""

from storage_service.console.pages.submission.routes import routes

__all__ = ["routes"]
