"""The page *Forms*: what came to each, how to post to it, what is wrong with its definition, and a test of it."""

from storage_service.console.pages.forms.views import routes

__all__ = ["routes"]
