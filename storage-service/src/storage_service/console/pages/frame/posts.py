"""Lets a post pass that comes from a page of ours: by Flask-WTF's token, and by what the browser says of its origin."""

from __future__ import annotations

from flask import Flask, Request
from flask_wtf.csrf import CSRFError, CSRFProtect

from shared.public_addresses import Network
from shared.web.refusals import refused
from storage_service.console.pages.frame.reached import reached

READS = frozenset({"GET", "HEAD"})

FIELDS_MOST = 4000
"""More than any form of ours has. What is not taken is written back: of a body of `&`, a page of many megabytes."""


def check_fields(asked: Request) -> None:
    """Refuse a form with too many fields before it is read, whoever sends it; raises `Refused` (413)."""
    if asked.mimetype == "application/x-www-form-urlencoded" and asked.get_data().count(b"&") >= FIELDS_MOST:
        raise refused(413, "TOO_MANY_FIELDS", f"This form has too many fields: {FIELDS_MOST} at most.")


class Posts:
    """The guard of an application's posts. The token counts for as long as the browser's cookie: a page that was left
    open over night can still be sent, and in two tabs it is the same one."""

    def __init__(self, app: Flask, proxies: tuple[Network, ...]) -> None:
        app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # the gate asks, for pages alone
        app.config["WTF_CSRF_TIME_LIMIT"] = None
        app.config["WTF_CSRF_SSL_STRICT"] = False  # the scheme is the gateway's: see `is_of_ours`
        self._protect = CSRFProtect(app)
        self._proxies = proxies

    def is_good(self, asked: Request) -> bool:
        """Return whether a request only reads, or was sent by a page of ours."""
        if asked.method in READS:
            return True
        if not self.is_of_ours(asked):
            return False
        try:
            self._protect.protect()
        except CSRFError:
            return False
        return True

    def is_of_ours(self, asked: Request) -> bool:
        """Return whether the browser says that a page of this very origin sends it; one that says nothing is believed.

        It refuses the pages of a neighbour, `other.example.org`, which might have set a cookie of theirs here.
        """
        site = asked.headers.get("Sec-Fetch-Site")
        if site is not None:
            return site == "same-origin"
        origin = asked.headers.get("Origin")
        return origin is None or origin.lower() == reached(asked, self._proxies).origin
