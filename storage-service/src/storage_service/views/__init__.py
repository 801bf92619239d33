"""Saved views: a query under a name, with the columns and the time zone in which it is shown."""

from storage_service.views.repository import VIEWS_MOST, NameTaken, NoView, TooManyViews, Views
from storage_service.views.view import BadView, View, Written

__all__ = ["VIEWS_MOST", "BadView", "NameTaken", "NoView", "TooManyViews", "View", "Views", "Written"]
