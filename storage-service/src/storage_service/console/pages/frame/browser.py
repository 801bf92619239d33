"""Knows the browser that a request comes from, and lets it in and out: for all ways to sign in."""

from __future__ import annotations

from flask import Response, request

from shared.public_addresses import Network
from storage_service.accounts.sessions import IN_ALL
from storage_service.console.access import source_of
from storage_service.console.pages.frame import going
from storage_service.console.pages.frame.cookies import DEVICE, SESSION, Cookies
from storage_service.console.pages.frame.reached import Reached, reached

DEVICE_S = 400 * 86_400
"""Seconds that a browser is known as one that has signed in before; browsers keep no cookie longer."""


class Browser:
    """The browser of the request that is worked on."""

    def __init__(self, cookies: Cookies, proxies: tuple[Network, ...]) -> None:
        self._cookies = cookies
        self._proxies = proxies

    def source(self) -> str | None:
        """Return its network address."""
        return source_of(request, self._proxies)

    def agent(self) -> str | None:
        """Return what it says of itself."""
        return request.headers.get("User-Agent")

    def reached(self) -> Reached:
        """Return by which address it has reached us."""
        return reached(request, self._proxies)

    def device(self) -> str | None:
        """Return the token by which it is known as one that has signed in before."""
        return self._cookies.read(request, DEVICE)

    def session(self) -> str | None:
        """Return the token of its session, which may have ended."""
        return self._cookies.read(request, SESSION)

    def let_in(self, token: str, device: str | None, then: str | None) -> Response:
        """Sign it in by a session that has begun, and send it on to an address of ours."""
        answer = going.to(then or going.HOME)
        self._cookies.set(answer, request, SESSION, token, int(IN_ALL.total_seconds()))
        if device is not None:
            self._cookies.set(answer, request, DEVICE, device, DEVICE_S)
        return answer

    def let_out(self) -> Response:
        """Sign it out; what its forms are checked by stays, so that what is typed in another tab can still be sent."""
        answer = going.to("/console/sign-in")
        self._cookies.remove(answer, request, SESSION)
        return answer
