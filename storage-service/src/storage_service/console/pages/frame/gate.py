"""Lets nobody to a page who may not see it: a session opens pages, and a key none of them."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, g, request

from shared.public_addresses import Network
from shared.web.refusals import refused
from storage_service.accounts.sessions import Sessions
from storage_service.accounts.user import asker_of
from storage_service.console.access import OPEN, SIGNED_IN, is_page, needed, source_of
from storage_service.console.pages.frame import current, going
from storage_service.console.pages.frame.cookies import SESSION, Cookies
from storage_service.console.pages.frame.posts import READS, Posts, check_fields
from storage_service.console.pages.frame.renderer import Pages, is_part_wanted
from storage_service.console.pages.frame.tokens import PageSessions
from storage_service.console.pages.frame.typed import Typed

STATIC = "static.asset"
"""The one view that is for everybody and knows nobody: nothing is asked of the database for it."""


class Gate:
    """Guards an application's pages, once it is closed. `secret` is what cookies are signed by, the same for all."""

    def __init__(
        self,
        sessions: Sessions,
        secret: Callable[[], bytes],
        cookies: Cookies,
        proxies: tuple[Network, ...],
        pages: Pages,
    ) -> None:
        self._sessions = sessions
        self._secret = secret
        self._cookies = cookies
        self._proxies = proxies
        self._pages = pages

    def close(self, app: Flask) -> None:
        """Guard each page of an application from now on."""
        kept, posts = PageSessions(self._cookies, self._secret), Posts(app, self._proxies)
        app.session_interface = kept

        @app.before_request
        def check() -> Response | None:
            if not is_page(request) or request.endpoint == STATIC:
                return None
            check_fields(request)
            kept.prepare(app)
            self._recognise()
            if request.endpoint is None:
                return None
            if not posts.is_good(request):
                return self._not_ours(is_harmless=posts.is_of_ours(request))
            return self._allowed(needed(app, request.endpoint))

    def _recognise(self) -> None:
        token = self._cookies.read(request, SESSION)
        source = source_of(request, self._proxies)
        found = self._sessions.of(token, source) if token else None
        if found is not None:
            current.keep(found, asker_of(found.user, source))

    def _allowed(self, scope: str) -> Response | None:
        if scope == OPEN:
            return None
        if current.signed_in() is None:
            return self._signed_out()
        if scope == SIGNED_IN:
            g.asker = current.whole_asker()
            return None
        if not current.may(scope):
            raise refused(403, "ROLE", "Your role does not allow this. Whoever owns the installation may change it.")
        g.asker = current.whole_asker().narrowed(scope)
        return None

    def _signed_out(self) -> Response:
        """Answer whoever is not signed in, or not any more. What they typed comes back to them."""
        if is_part_wanted() or "text/event-stream" in request.headers.get("Accept", ""):
            return self._pages.bare("You are signed out.", 401)
        if request.method in READS:
            return going.to(going.sign_in_address(going.here()))
        return self._pages.page("frame/typed.html", 401, why="signed out", typed=Typed.of(request), can_be_sent=True)

    def _not_ours(self, *, is_harmless: bool) -> Response:
        """Answer a post without a good token: shown as text, it harms nobody, whoever has written it.

        It may be sent by a button only where the browser itself says that it was typed into a page of ours.
        """
        can_be_sent = is_harmless and request.headers.get("Sec-Fetch-Site") == "same-origin"
        if is_part_wanted():
            return self._pages.notice("This page was open for too long. Copy what you typed, and load it anew.", 400)
        return self._pages.page(
            "frame/typed.html", 400, why="too old", typed=Typed.of(request), can_be_sent=can_be_sent
        )
