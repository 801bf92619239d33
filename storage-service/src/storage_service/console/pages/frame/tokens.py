"""Keeps what the tokens of forms are checked by, and notices, in a signed cookie: Flask's session, for pages alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Flask, Request, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask.wrappers import Response

from shared.messaging.failures import DependencyUnavailable
from storage_service.console.access import is_page
from storage_service.console.pages.frame.cookies import PATH, TOKENS, Cookies

KEPT = timedelta(days=30)


class PageSessions(SecureCookieSessionInterface):
    """Sessions that only pages have. `secret` is the installation's, the same for each console; it may raise
    `DependencyUnavailable`: until it is known, there is no session."""

    digest_method = staticmethod(hashlib.sha256)

    def __init__(self, cookies: Cookies, secret: Callable[[], bytes]) -> None:
        self._cookies = cookies
        self._secret = secret

    def prepare(self, app: Flask) -> None:
        """Make the secret known to the application; raises `DependencyUnavailable`."""
        if not app.secret_key:
            app.secret_key = self._secret().hex()

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Return what the cookie says; None, for which there is a session that takes nothing, where none may be."""
        if not is_page(request) or not self._cookies.are_kept(request):
            return None
        try:
            self.prepare(app)
        except DependencyUnavailable:  # the gate says so
            return None
        return super().open_session(app, request)

    def get_expiration_time(self, app: Flask, session: SessionMixin) -> datetime:  # noqa: ARG002
        """Return when the cookie ends: as late as a session may, so that a page that is open still fits to it."""
        return datetime.now(UTC) + KEPT

    def save_session(self, app: Flask, session: SecureCookieSession, response: Response) -> None:  # type: ignore[override]
        """Set the cookie where something has changed."""
        if is_page(request):
            super().save_session(app, session, response)

    def get_cookie_name(self, app: Flask) -> str:  # noqa: ARG002
        """Return its name."""
        return self._cookies.name(request, TOKENS)

    def get_cookie_path(self, app: Flask) -> str:  # noqa: ARG002
        """Return the pages' path."""
        return PATH

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002
        """Return whether it is for https alone."""
        return self._cookies.is_secure(request)

    def get_cookie_httponly(self, app: Flask) -> bool:  # noqa: ARG002
        """Return True: no script reads it."""
        return True

    def get_cookie_samesite(self, app: Flask) -> str:  # noqa: ARG002
        """Return `Lax`: a link from elsewhere finds the reader signed in, a post does not."""
        return "Lax"
