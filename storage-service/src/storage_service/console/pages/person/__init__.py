"""The pages of what a person asks: what is kept of them, a copy of it, and that it be erased."""

from storage_service.console.pages.person.routes import routes

__all__ = ["routes"]
