"""The pages of owners of the installation: users, keys, hooks, retention, and the audit."""

from __future__ import annotations

from flask import Blueprint, Response

from storage_service.console.access import needs
from storage_service.console.pages.frame import going
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.pages.settings import audit, hooks, keys, retention, user, users
from storage_service.console.parts import Parts


def routes(parts: Parts, pages: Pages) -> Blueprint:
    """Return the views."""
    views = Blueprint("settings", __name__)

    @views.get("/console/settings")
    @needs("admin")
    def first() -> Response:
        return going.to("/console/settings/users")

    for one in (users, user, keys, hooks, retention, audit):
        one.add(views, parts, pages)
    return views
