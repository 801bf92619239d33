"""The page *Suppression*: addresses that are sent no mail; to look one up, to add one, to take one back."""

from storage_service.console.pages.suppression.routes import routes

__all__ = ["routes"]
