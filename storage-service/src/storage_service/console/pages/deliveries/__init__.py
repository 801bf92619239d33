"""The page *Deliveries*: what failed, is held, or is tried again; why; and to send it again, one, some or all."""

from storage_service.console.pages.deliveries.views import routes

__all__ = ["routes"]
