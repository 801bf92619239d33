"""`/v1/suppressions`: addresses that are sent no mail."""

from storage_service.console.api.suppressions.describing import described, schemas
from storage_service.console.api.suppressions.views import routes

__all__ = ["described", "routes", "schemas"]
