"""The inbox: what came in, found, listed as it comes, and worked on many at a time; and the saved views beside it."""

from storage_service.console.pages.inbox.routes import routes

__all__ = ["routes"]
