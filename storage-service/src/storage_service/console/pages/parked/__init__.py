"""The page *Parked messages*: what no service could work on, of both, for whoever runs the installation."""

from storage_service.console.pages.parked.views import routes

__all__ = ["routes"]
