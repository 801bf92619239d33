"""The page *Spam*: what is done against it, what it is learned from, how good it is; and what owners may change."""

from storage_service.console.pages.spam.routes import routes

__all__ = ["routes"]
