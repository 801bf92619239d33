"""`/v1/users`: who may sign in, who is invited, and what each may do."""

from storage_service.console.api.users.describing import described, schemas
from storage_service.console.api.users.views import routes

__all__ = ["described", "routes", "schemas"]
