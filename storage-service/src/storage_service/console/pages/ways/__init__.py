"""Signing in without a password: by a passkey, or at a provider of single sign-on."""

from __future__ import annotations

from flask import Blueprint

from storage_service.console.pages.frame.renderer import Pages
from storage_service.console.pages.ways import making, oidc, using
from storage_service.console.parts import Parts


def routes(parts: Parts, pages: Pages) -> Blueprint:
    """Return the views."""
    views = Blueprint("ways", __name__)
    for each in (oidc, using, making):
        each.add_views(views, parts, pages)
    return views
