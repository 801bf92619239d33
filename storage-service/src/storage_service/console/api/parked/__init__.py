"""`/v1/parked`: the messages of storage and of notify that wait for a person."""

from storage_service.console.api.parked.describing import described, schemas
from storage_service.console.api.parked.views import routes

__all__ = ["described", "routes", "schemas"]
