"""How somebody gets in and out: signing in and out, the links that make an account, and a forgotten password."""

from __future__ import annotations

from flask import Blueprint

from storage_service.console.pages.entry import forgotten, joining, sign_in
from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.parts import Parts


def routes(parts: Parts, pages: Pages) -> Blueprint:
    """Return the views."""
    views = Blueprint("entry", __name__)
    for each in (sign_in, joining, forgotten):
        each.add_views(views, parts, pages)
    return views
